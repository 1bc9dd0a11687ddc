"""Plans that are not for everybody: who may see them, apply, decide; and events."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext

from affiliates.models import (
    Affiliate,
    AffiliateKind,
    Attribution,
    Link,
    PlanMember,
    PlanMemberState,
    PlanRule,
    SiteState,
)
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money
from merchants.models import Event, EventState, Merchant, MerchantState, OrderState, Plan, PlanKind
from merchants.queries import plans_for

RECENT = timedelta(days=30)
HERE = (PlanMemberState.PENDING, PlanMemberState.APPROVED)


@dataclass(frozen=True, slots=True)
class Record:
    """What an affiliate has brought in the last 30 days: paid orders, and sales in the merchant's
    currency; whether it promotes the merchant."""

    orders: int
    gmv: Money
    approved_site: bool
    promotes: bool


def record_of(affiliate: Affiliate, merchant: Merchant) -> Record:
    """What a rule and a merchant judge by. Four statements."""
    lines = Attribution.objects.filter(
        affiliate=affiliate,
        decided_at__gte=clock.now() - RECENT,
        line__order__state__in=(OrderState.PAID, OrderState.RECEIVED),
    )
    own = lines.filter(line__currency=merchant.currency).aggregate(
        minor=Sum(F("line__amount_minor") - F("line__refunded_minor"))
    )
    return Record(
        orders=lines.aggregate(count=Count("line__order", distinct=True))["count"],
        gmv=Money(own["minor"] or 0, merchant.currency),
        approved_site=affiliate.sites.filter(state=SiteState.APPROVED).exists(),
        promotes=promoters_of(merchant).filter(pk=affiliate.pk).exists(),
    )


def lacking(rule: PlanRule, affiliate: Affiliate, record: Record) -> list[str]:
    """What the affiliate does not meet, in sentences; empty if it is let in."""
    least = Money(rule.least_gmv_minor, record.gmv.currency)
    said = []
    if rule.kinds and affiliate.kind not in rule.kinds:
        kinds = ", ".join(str(AffiliateKind(kind).label) for kind in rule.kinds)
        said.append(gettext("The plan is for: %(kinds)s.") % {"kinds": kinds})
    if affiliate.tier < rule.least_tier:
        said.append(
            gettext("The plan is for tier T%(tier)d and above.") % {"tier": rule.least_tier}
        )
    if record.orders < rule.least_orders:
        said.append(
            gettext("It takes %(count)d orders in the last 30 days.") % {"count": rule.least_orders}
        )
    if record.gmv < least:
        said.append(
            gettext("It takes sales of %(amount)s in the last 30 days.")
            % {"amount": least.localized()}
        )
    if rule.approved_site and not record.approved_site:
        said.append(gettext("It takes a site that the alliance has approved."))
    return said


def promoters_of(merchant: Merchant) -> QuerySet[Affiliate]:
    """Affiliates who have a link to the merchant's shops that leads there."""
    links = Link.objects.filter(affiliate=OuterRef("pk"), shop__merchant=merchant, paused_at=None)
    return Affiliate.objects.filter(Exists(links)).order_by("name", "pk")


# --- For affiliates ---


def places_for(user: User) -> QuerySet[PlanMember]:
    """The user's applications and places, the newest first."""
    mine = PlanMember.objects.filter(affiliate__members__user=user)
    return mine.select_related("plan__merchant").order_by("-pk")


def plans_to_apply_for(affiliate: Affiliate) -> QuerySet[Plan]:
    """Targeted plans of active merchants that go on, and that the affiliate is not in."""
    now = clock.now()
    here = PlanMember.objects.filter(plan=OuterRef("pk"), affiliate=affiliate, state__in=HERE)
    return (
        Plan.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=now),
            ~Exists(here),
            kind=PlanKind.SP,
            merchant__state=MerchantState.ACTIVE,
        )
        .select_related("merchant", "join_rule")
        .order_by("-pk")
    )


def events_shown() -> QuerySet[Event]:
    """Published events that are not over, the next to end first; for every affiliate."""
    published = Event.objects.filter(state=EventState.PUBLISHED, ends_at__gt=clock.now())
    return published.select_related("hosting__affiliate").order_by("ends_at", "pk")


def events_hosted_by(user: User) -> QuerySet[Event]:
    """Events that the user's team hosts, the newest first."""
    return (
        Event.objects.filter(hosting__affiliate__members__user=user)
        .annotate(taking_part=Count("plans", filter=Q(plans__state="active")))
        .order_by("-pk")
    )


# --- For merchants ---


def events_open() -> QuerySet[Event]:
    """Events in which merchants can enrol now."""
    now = clock.now()
    rows = Event.objects.filter(state=EventState.ENROLLING, enrol_until__gt=now)
    return rows.select_related("hosting__affiliate").order_by("enrol_until", "pk")


def places_in_plans_of(user: User) -> QuerySet[PlanMember]:
    """Everybody who has applied for, is or was in the plans of the user's merchant."""
    rows = PlanMember.objects.filter(plan__in=plans_for(user))
    return rows.select_related("plan__merchant", "affiliate").order_by("-pk")
