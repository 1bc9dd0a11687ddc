"""Plans that are not for everybody: who may see them, apply, decide; and events."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext

from affiliates.models import (
    Affiliate,
    AffiliateKind,
    Attribution,
    Link,
    PlanMember,
    PlanMemberState,
    PlanRule,
    Site,
    SiteState,
)
from affiliates.queries.members import acting_for
from affiliates.queries.products import products_known
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money
from merchants.models import (
    Event,
    EventState,
    Merchant,
    MerchantState,
    OrderState,
    Plan,
    PlanKind,
    PlanState,
    Product,
    ProductState,
    Terms,
)
from merchants.queries import plans_for

RECENT = timedelta(days=30)
REFUSED_FOR = timedelta(days=7)
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
    """What a rule and a merchant judge by."""
    return records_of([affiliate.pk], merchant)[affiliate.pk]


def records_of(affiliates: Collection[int], merchant: Merchant) -> dict[int, Record]:
    """The same for many at once: three statements."""
    lines = Attribution.objects.filter(
        affiliate__in=affiliates,
        decided_at__gte=clock.now() - RECENT,
        line__order__state__in=(OrderState.PAID, OrderState.RECEIVED),
    )
    own = Q(line__currency=merchant.currency)
    sums = {
        row["affiliate"]: (row["orders"], row["minor"] or 0)
        for row in lines.order_by()
        .values("affiliate")
        .annotate(
            orders=Count("line__order", distinct=True),
            minor=Sum(F("line__amount_minor") - F("line__refunded_minor"), filter=own),
        )
    }
    stand = Site.objects.filter(affiliate__in=affiliates, state=SiteState.APPROVED)
    approved = set(stand.values_list("affiliate", flat=True))
    promote = set(promoters_of(merchant).filter(pk__in=affiliates).values_list("pk", flat=True))
    found = {}
    for pk in affiliates:
        orders, minor = sums.get(pk, (0, 0))
        gmv = Money(minor, merchant.currency)
        found[pk] = Record(orders, gmv, pk in approved, pk in promote)
    return found


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
    mine = PlanMember.objects.filter(affiliate=acting_for(user))
    return mine.select_related("plan__merchant").order_by("-pk")


def place_in(affiliate: Affiliate, plan: Plan) -> PlanMember | None:
    """The affiliate's last application for the plan, or its place in it."""
    return PlanMember.objects.filter(affiliate=affiliate, plan=plan).order_by("-pk").first()


def applies_again_at(place: PlanMember | None) -> datetime | None:
    """From when on the affiliate may apply anew whose last place this is; None: now. A refusal or
    removal is not to be overrun: it holds for a week, to the day."""
    if place is None or place.state not in (PlanMemberState.REJECTED, PlanMemberState.REMOVED):
        return None
    again_at = clock.day_start(clock.business_day(place.decided_at) + REFUSED_FOR)
    return again_at if again_at > clock.now() else None


def plans_known(affiliate: Affiliate) -> QuerySet[Plan]:
    """Targeted plans of active merchants that go on, and self-chosen ones that the affiliate is
    in."""
    now = clock.now()
    inside = PlanMember.objects.filter(
        plan=OuterRef("pk"), affiliate=affiliate, state=PlanMemberState.APPROVED
    )
    return Plan.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now),
        Q(kind=PlanKind.SP) | Q(Exists(inside), kind=PlanKind.ZX),
        merchant__state=MerchantState.ACTIVE,
    ).select_related("merchant", "join_rule")


def plans_to_apply_for(affiliate: Affiliate) -> QuerySet[Plan]:
    """Targeted plans that the affiliate is not in and has not applied for."""
    here = PlanMember.objects.filter(plan=OuterRef("pk"), affiliate=affiliate, state__in=HERE)
    return plans_known(affiliate).filter(~Exists(here), kind=PlanKind.SP).order_by("-pk")


def events_shown() -> QuerySet[Event]:
    """Published events that are not over, the next to end first; for every affiliate."""
    published = Event.objects.filter(state=EventState.PUBLISHED, ends_at__gt=clock.now())
    return published.select_related("hosting__affiliate").order_by("ends_at", "pk")


def event_plans() -> QuerySet[Plan]:
    """Plans of published events that are not over: what links can be made for."""
    return Plan.objects.filter(event__in=events_shown(), state=PlanState.ACTIVE).select_related(
        "event", "merchant"
    )


def products_of(plans: QuerySet[Plan] | list[Plan]) -> QuerySet[Product]:
    """The products on sale that plans name one by one, each with the rate (`plan_bps`) that such a
    plan pays for it from now on, and that `plan`'s key; the highest rate first."""
    last = Terms.objects.filter(plan__in=plans, product=OuterRef("pk")).order_by(
        "-created_at", "-pk"
    )
    return (
        products_known()
        .filter(state=ProductState.ON_SALE, shop__merchant__state=MerchantState.ACTIVE)
        .annotate(
            plan_bps=Subquery(last.values("rate_bps")[:1]),
            plan=Subquery(last.values("plan")[:1]),
        )
        .filter(plan_bps__gt=0)
        .order_by("-plan_bps", "-sales_count", "-pk")
    )


def events_hosted_by(user: User) -> QuerySet[Event]:
    """Events that the user's team hosts, the newest first."""
    return (
        Event.objects.filter(hosting__affiliate=acting_for(user))
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


def applications_waiting(user: User) -> QuerySet[PlanMember]:
    """Of these, what nobody has decided yet, the oldest first."""
    return places_in_plans_of(user).filter(state=PlanMemberState.PENDING).order_by("pk")


def with_records(
    places: Iterable[PlanMember], merchant: Merchant
) -> list[tuple[PlanMember, Record]]:
    """Applications, each with what the affiliate has brought. Three statements."""
    places = list(places)
    records = records_of({place.affiliate_id for place in places}, merchant)
    return [(place, records[place.affiliate_id]) for place in places]


def rates_in(plan: Plan) -> dict[int, int]:
    """By product: the rate last announced in the plan, where it is above 0."""
    return rates_in_event(Plan.objects.filter(pk=plan.pk))


def rates_in_event(plans: QuerySet[Plan]) -> dict[int, int]:
    """The same over the plans of an event, of which each product is in one."""
    rows = Terms.objects.filter(plan__in=plans, product__isnull=False).order_by("created_at", "pk")
    last = dict(rows.values_list("product", "rate_bps"))
    return {pk: bps for pk, bps in last.items() if pk and bps}
