"""Who belongs to which affiliate, and how the affiliate stands."""

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from affiliates.models import Affiliate, AffiliateMember, AffiliateState
from alliance.kernel.access import api_keys_of, keys_in
from alliance.kernel.models import ApiKey, AuditEvent, User


def memberships_of(user: User) -> QuerySet[AffiliateMember]:
    """Every affiliate whose team the user is in; those that are not closed come first, then the
    one that they chose last, then the newest. By a key it is the key's alone."""
    closed = ExpressionWrapper(
        Q(affiliate__state=AffiliateState.CLOSED), output_field=BooleanField()
    )
    mine = AffiliateMember.objects.filter(user=user).select_related("affiliate")
    if user.acts_for:
        mine = mine.filter(affiliate__in=keys_in(user.acts_for, "affiliate"))
    return mine.order_by(closed, F("chosen_at").desc(nulls_last=True), "-pk")


def membership_of(user: User) -> AffiliateMember | None:
    """The user's place in the affiliate in which they act."""
    return memberships_of(user).first()


def acting_for(user: User) -> QuerySet[AffiliateMember, int]:
    """The affiliate that `membership_of` names, as a part of another query. Somebody in two teams
    has the rights of the one in which they act, so they see the rows of that one only."""
    return memberships_of(user).values_list("affiliate", flat=True)[:1]


def membership_in(user: User, organisation: str) -> AffiliateMember | None:
    """The user's place in the organisation that an API key names ("affiliate:<id>")."""
    rows = AffiliateMember.objects.filter(
        user=user, affiliate__in=keys_in(organisation, "affiliate")
    )
    return rows.select_related("affiliate").first()


def api_keys_for(user: User) -> QuerySet[ApiKey]:
    """Keys of the team in which the user acts that still work."""
    membership = membership_of(user)
    return api_keys_of(*([f"affiliate:{membership.affiliate_id}"] if membership else []))


def share_of(affiliate: Affiliate) -> int:
    """The affiliate's share of a commission, in basis points: agreed, or the alliance's usual."""
    usual: int = settings.ALLIANCE["SHARE_BPS"]
    return usual if affiliate.share_bps is None else affiliate.share_bps


def reason_of_state(affiliate: Affiliate) -> str:
    """What operations wrote when they rejected, froze or closed the affiliate; "" if nothing."""
    events = AuditEvent.objects.filter(
        object_type=affiliate._meta.label_lower,
        object_id=str(affiliate.pk),
        verb__in=["affiliate.rejected", "affiliate.frozen", "affiliate.closed"],
    )
    last = events.order_by("-at", "-pk").first()
    return last.data.get("reason", "") if last else ""
