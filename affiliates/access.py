"""Who may enter the affiliate's rooms: members on the pages, keys at the REST door."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from affiliates import queries
from affiliates.models import Affiliate, AffiliateMember, AffiliateState
from alliance.kernel.access import HasScope
from alliance.kernel.errors import NotAllowed
from alliance.kernel.http import acts_for
from alliance.kernel.models import ApiKey, MemberRole, User

# What keys of affiliates may be for (docs/api.md).
SCOPES = [
    ("products:read", _("Find products")),
    ("links:read", _("Read links and ad zones")),
    ("links:write", _("Make links")),
    ("commissions:read", _("Read orders, commissions and balances")),
    ("reports:read", _("Read clicks and reports")),
    ("webhooks:read", _("See webhooks and what was sent to them")),
    ("webhooks:write", _("Set up webhooks, which hear of what the key may read")),
]


class AffiliateRequest(HttpRequest):
    """What a view behind `affiliate_required` receives."""

    user: User
    affiliate: Affiliate
    membership: AffiliateMember


def affiliate_required(
    view: Callable[..., HttpResponse] | None = None,
    *,
    change: bool = False,
    owner: bool = False,
    own: bool = False,
) -> Any:
    """Signed in and a member of an affiliate: sets request.affiliate and request.membership.

    Others go to the page where one joins, and so does who still waits for approval. Viewers may
    not use unsafe methods, and with `change` not open the page at all (NotAllowed); `owner` lets
    owners only; with `own` viewers may: it changes only what is theirs alone. A frozen or closed
    affiliate may still look: services refuse.
    """

    def decorate(inner: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(inner)
        @login_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request = cast(AffiliateRequest, request)
            membership = queries.membership_of(request.user)
            if membership is None or membership.affiliate.state == AffiliateState.APPLIED:
                return redirect("affiliates:join")
            changes = change or (request.method not in SAFE_METHODS and not own)
            if changes and not membership.may_change:
                raise NotAllowed(_("Viewers may look, but not change anything."))
            if owner and membership.role != MemberRole.OWNER:
                raise NotAllowed(_("Only an owner may do this."))
            acts_for(request, f"affiliate:{membership.affiliate_id}")
            request.affiliate, request.membership = membership.affiliate, membership
            return inner(request, *args, **kwargs)

        return guarded

    return decorate(view) if view else decorate


class IsAffiliate(HasScope):
    """A key of an affiliate, held by one of its members, with the view's `required_scope`.

    Sets request.affiliate. A viewer's key may only read; nobody enters for a closed affiliate.
    """

    side = "affiliate"

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        key = cast(ApiKey, request.auth)
        membership = queries.membership_in(key.user, key.organisation)
        if membership is None or membership.affiliate.state == AffiliateState.CLOSED:
            return False
        cast(Any, request).affiliate = membership.affiliate
        return membership.may_change or request.method in SAFE_METHODS
