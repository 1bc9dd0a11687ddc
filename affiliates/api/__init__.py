"""The REST calls of affiliates: what can be promoted, their ad zones and links."""

from rest_framework.request import Request

from affiliates.models import Affiliate
from alliance.kernel.models import ApiKey, User


class AffiliateCall(Request):
    """What a call carries once IsAffiliate let it in."""

    user: User
    auth: ApiKey
    affiliate: Affiliate
