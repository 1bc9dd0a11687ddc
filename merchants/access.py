"""Who may enter the merchant side: a team member by session, a team's key by REST."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from alliance.kernel.access import HasScope
from alliance.kernel.errors import NotAllowed
from alliance.kernel.http import acts_for
from alliance.kernel.models import ApiKey, MemberRole, User
from merchants import queries
from merchants.models import Merchant, MerchantMember

# What keys of merchants may be for (docs/api.md).
SCOPES = [
    ("orders:write", _("Report orders and refunds")),
    ("orders:read", _("Read orders")),
    ("products:write", _("Create and change products")),
    ("products:read", _("Read products")),
    ("coupons:read", _("Read coupons")),
    ("reports:read", _("Read reports")),
    ("wallet:read", _("Read the wallet")),
    ("webhooks:read", _("See webhooks and what was sent to them")),
    ("webhooks:write", _("Set up webhooks, which hear of what the key may read")),
]

View = Callable[..., HttpResponseBase]


class MerchantRequest(HttpRequest):
    """What a view behind `merchant_required` receives."""

    user: User
    merchant: Merchant
    membership: MerchantMember


def merchant_required(
    view: View | None = None, *, change: bool = False, owner: bool = False, own: bool = False
) -> Any:
    """Signed in and in a merchant's team: sets request.merchant and request.membership.

    Without a team the person is asked to join. A viewer may look but not change: unsafe methods
    are refused with NotAllowed, and with `change` the whole page is; `owner` lets owners only. With
    `own` a viewer may, too: it changes only what is the person's alone.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            member = queries.membership_of(request.user)
            if member is None:
                return redirect("merchants:join")
            changes = change or (request.method not in SAFE_METHODS and not own)
            if changes and not member.may_change:
                raise NotAllowed(_("You may look at this, but not change it."))
            if owner and member.role != MemberRole.OWNER:
                raise NotAllowed(_("Only an owner may do this."))
            acts_for(request, f"merchant:{member.merchant_id}")
            request.membership, request.merchant = member, member.merchant  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return guarded

    return decorate(view) if view is not None else decorate


class IsMerchant(HasScope):
    """The key belongs to a merchant's team, carries the view's `required_scope`, and its owner is
    still in the team, with the right to change for unsafe methods. Sets request.merchant."""

    side = "merchant"

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        key = cast(ApiKey, request.auth)
        member = queries.membership_of(key.user)
        if member is None:
            return False
        if request.method not in SAFE_METHODS and not member.may_change:
            return False
        cast(Any, request).merchant = member.merchant
        return True


class IsShop(HasScope):
    """The key is a shop's own (`shop_key_issue`), and whoever made it is still in the merchant's
    team and may change things: such a key only reports. Sets request.shop."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        key = cast(ApiKey, request.auth)
        shop = queries.shop_of_key(key)
        if shop is None or not queries.may_act_for(key.user, shop.merchant_id):
            return False
        cast(Any, request).shop = shop
        return True
