"""The REST calls whose outcome is an order, a commission or money, or that both sides have
(docs/api.md)."""

from typing import Any

from rest_framework.request import Request

from affiliates.access import IsAffiliate
from alliance.kernel.access import HasScope
from alliance.kernel.models import ApiKey, User
from merchants.access import IsMerchant


class PartnerCall(Request):
    """What a call carries once IsPartner let it in."""

    user: User
    auth: ApiKey


class IsPartner(HasScope):
    """A key of either side, as IsMerchant and IsAffiliate let it in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        key = request.auth
        ours = isinstance(key, ApiKey) and key.organisation.startswith("affiliate:")
        side = IsAffiliate() if ours else IsMerchant()
        if side.has_permission(request, view):
            return True
        return self.refused(side.code, side.message)
