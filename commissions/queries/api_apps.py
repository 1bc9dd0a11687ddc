"""Tools of affiliates: for the people who made them, and for the gateway that they knock at."""

from django.db.models import QuerySet

from affiliates.models import AffiliateState
from affiliates.queries import acting_for, membership_in
from alliance.kernel import clock
from alliance.kernel.models import User
from commissions.models import ApiApp, ApiSession
from commissions.tokens import digest_of


def api_apps_for(user: User) -> QuerySet[ApiApp]:
    """The apps of the user's affiliate that work, the newest first."""
    mine = ApiApp.objects.filter(affiliate=acting_for(user), revoked_at=None)
    return mine.order_by("-pk")


def api_sessions_for(user: User) -> QuerySet[ApiSession]:
    """Who may act for the user's affiliate: sessions that were not taken back, the newest first."""
    mine = ApiSession.objects.filter(affiliate=acting_for(user), revoked_at=None)
    return (
        mine.filter(app__revoked_at=None).select_related("app__affiliate", "user").order_by("-pk")
    )


def api_app_with(key: str) -> ApiApp | None:
    """For everybody: who has no secret can do nothing with it."""
    rows = ApiApp.objects.filter(key=key, revoked_at=None)
    return rows.select_related("affiliate", "user").first()


def api_session_of(app: ApiApp, token: str) -> ApiSession | None:
    """The open session that the app's token stands for."""
    rows = ApiSession.objects.filter(
        app=app, digest=digest_of(token), revoked_at=None, until__gt=clock.now()
    )
    return rows.select_related("affiliate", "user").first()


def acts_for_affiliate(user: User, affiliate_pk: int, *, changes: bool) -> bool:
    """Whether a tool may still act as this person for the affiliate: viewers' tools only look."""
    place = membership_in(user, f"affiliate:{affiliate_pk}")
    if place is None or not user.is_active or place.affiliate.state == AffiliateState.CLOSED:
        return False
    return place.may_change or not changes
