"""What the optimiser is told: who could be paid how much for what, and what clicks have brought.

An affiliate who brings much is a unit of its own for each product group; those who bring little
are told together, by their tier. A day's rate is that of the orders which its clicks brought, else
what the plans paid at noon.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from affiliates.models import Affiliate, AffiliateState, PlanMember, PlanMemberState
from affiliates.promised import Ask, wanted_for
from aiassist.autopilot import Aged, Cohort, History, Policy, Unit
from aiassist.models import (
    Autopilot,
    AutopilotDecision,
    AutopilotGroup,
    AutopilotPolicy,
    DecisionState,
    GroupKind,
    KeptPlan,
)
from aiassist.queries.cohorts import Sold, clicks_of, happened_to, of_days, sold_of
from aiassist.services.autopilot.kept import Holder, kept_plans, rates_announced, scope_of
from alliance.kernel import clock
from merchants.models import Plan, Product, Terms
from merchants.plans import Asker, Wanted, terms_at

DAYS = 150  # of clicks that are looked at: as far as the optimiser looks back
HEADS = 40  # affiliates with a plan of their own
HEAD_ORDERS = 20  # in these days, at least
RESTS = timedelta(days=14)  # what a person rolled back is left alone
GRID = 50
_NOON = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of the optimiser's in our words. `own_bps`: what the merchant's own plans pay it;
    `kept_bps`: what was last announced in its kept plan, 0 for nothing."""

    holder: Holder
    group: AutopilotGroup
    own_bps: int
    kept_bps: int
    tier_bps: int  # of one who is to have a plan of its own: what its tier's pays
    held: bool  # not to be changed

    @property
    def key(self) -> str:
        return f"{self.holder.key}:{self.group.key}"

    @property
    def least_bps(self) -> int:
        """Less than the merchant's own plans pay would change nothing: the best rate counts."""
        return max(self.group.least_bps, self.own_bps)


@dataclass(frozen=True)
class Told:
    """Everything that a night's look goes by."""

    policy: Policy
    units: list[Unit]
    history: History
    places: dict[str, Place]
    orders: int  # that it can learn from
    sold: list[Sold]  # since it began, however long ago, and DAYS back at least
    tiers: dict[int, list[int]] = field(default_factory=dict)  # affiliates who are told together


def told_of(autopilot: Autopilot, today: date) -> Told:
    """As of the end of yesterday. A dozen statements, however many affiliates there are."""
    policy = autopilot.policy
    since = today - timedelta(days=DAYS)
    groups = list(policy.groups.select_related("category").order_by("pk"))
    sold = sold_of(policy, since=min(since, autopilot.began_on), until=today)
    recent = [one for one in sold if one.day >= since]
    clicks = clicks_of(policy, since=since, until=today)
    kept = kept_plans(autopilot)
    holders, tiers = _holders(policy, kept, recent, {pk for pk, _group, _day in clicks})
    places = _places(
        autopilot, sorted(set(holders.values()), key=lambda holder: holder.key), groups, kept
    )
    timeline = _Timeline(autopilot, groups, since, today)
    cohorts = list(_cohorts(holders, places, recent, clicks, timeline, since, today))
    aged = [
        Aged(one.day.toordinal(), *one[1:]) for one in happened_to(policy, since=since, until=today)
    ]
    units = [_unit(place) for place in places.values()]
    return Told(
        policy=_policy(autopilot, places.values(), sold, today),
        orders=sum(one.orders for one in recent),
        units=units,
        history=History.of(units, cohorts, aged),
        places=places,
        sold=sold,
        tiers=tiers,
    )


def _holders(
    policy: AutopilotPolicy,
    kept: Mapping[Holder, KeptPlan],
    sold: Sequence[Sold],
    clicked: Iterable[int],
) -> tuple[dict[int, Holder], dict[int, list[int]]]:
    """By affiliate with whom it is told, and by tier those who are told together."""
    orders: dict[int, int] = defaultdict(int, dict.fromkeys(clicked, 0))
    for one in sold:
        orders[one.affiliate] += one.orders
    pinned = set(policy.pinned.values_list("pk", flat=True))
    known = {holder.affiliate for holder in kept if holder.affiliate}
    many = sorted(
        (pk for pk in orders if orders[pk] >= HEAD_ORDERS), key=lambda pk: (-orders[pk], pk)
    )
    heads = known | set(many[: max(HEADS - len(known), 0)])
    active = Affiliate.objects.filter(pk__in=orders, state=AffiliateState.ACTIVE)
    holders: dict[int, Holder] = {}
    tiers: dict[int, list[int]] = defaultdict(list)
    for pk, tier in active.order_by("pk").values_list("pk", "tier"):
        if pk in heads or pk in pinned:
            holders[pk] = Holder(affiliate=pk)
        else:
            holders[pk] = Holder(tier=tier)
            tiers[tier].append(pk)
    return holders, dict(tiers)


def _places(
    autopilot: Autopilot,
    holders: Sequence[Holder],
    groups: Sequence[AutopilotGroup],
    kept: Mapping[Holder, KeptPlan],
) -> dict[str, Place]:
    announced = rates_announced(kept, groups)
    own = _own_rates(autopilot, holders, groups, kept)
    pinned = set(autopilot.policy.pinned.values_list("pk", flat=True))
    resting = _resting(autopilot)
    from_tier = _from_tiers(kept)
    found = {}
    for holder in holders:
        for group in groups:
            place = Place(
                holder=holder,
                group=group,
                own_bps=own[holder, group.pk],
                kept_bps=announced.get((holder, group.pk), 0),
                tier_bps=announced.get((from_tier.get(holder.affiliate, holder), group.pk), 0),
                held=holder.affiliate in pinned
                or (holder, group.key) in resting
                or own[holder, group.pk] >= group.most_bps
                or not own[holder, group.pk],  # nothing is promised there: not ours to begin
            )
            found[place.key] = place
    return found


def _from_tiers(kept: Mapping[Holder, KeptPlan]) -> dict[int | None, Holder]:
    """By affiliate: the tier in whose plan it is."""
    tiers = {row.plan_id: holder for holder, row in kept.items() if holder.tier is not None}
    places = PlanMember.objects.filter(plan__in=tiers, state=PlanMemberState.APPROVED)
    own = {holder.affiliate for holder in kept}
    return {
        pk: tiers[plan] for pk, plan in places.values_list("affiliate", "plan") if pk not in own
    }


def _resting(autopilot: Autopilot) -> set[tuple[Holder, str]]:
    """What a person rolled back lately."""
    rows = AutopilotDecision.objects.filter(
        night__autopilot=autopilot,
        state=DecisionState.ROLLED_BACK,
        decided_at__gte=clock.now() - RESTS,
    ).select_related("group")
    return {(Holder(row.affiliate_id, row.tier), row.group.key) for row in rows}


def _sample(group: AutopilotGroup) -> Product | None:
    """The product by which a group of chosen ones is asked about."""
    return group.products.order_by("pk").first() if group.kind == GroupKind.PRODUCTS else None


def _own_rates(
    autopilot: Autopilot,
    holders: Sequence[Holder],
    groups: Sequence[AutopilotGroup],
    kept: Mapping[Holder, KeptPlan],
) -> dict[tuple[Holder, int], int]:
    """What holders are promised now without the autopilot, also by other plans that they are in."""
    now, merchant = clock.now(), autopilot.merchant_id
    ours = frozenset(KeptPlan.objects.filter(autopilot=autopilot).values_list("plan", flat=True))
    asked: dict[tuple[Holder, int], Wanted] = {}
    asks: dict[tuple[Holder, int], Ask] = {}
    for group in groups:
        sample = _sample(group)
        product = sample.pk if sample else None
        category = sample.category_id if sample else group.category_id
        for holder in holders:
            if holder.affiliate:
                asks[holder, group.pk] = Ask(holder.affiliate, merchant, product, category, now)
            else:
                asked[holder, group.pk] = Wanted(merchant, product, category, now)
    wanted = wanted_for(asks.values())
    for place, ask in asks.items():
        one = wanted[ask]
        asked[place] = one._replace(by=one.by._replace(joined=one.by.joined - ours))
    found = terms_at(asked.values())
    return {place: found[one].rate_bps for place, one in asked.items()}


class _Timeline:
    """What was promised at noon of each day: by the merchant's own plans to everybody, and by kept
    plans to their holders."""

    def __init__(
        self, autopilot: Autopilot, groups: Sequence[AutopilotGroup], since: date, today: date
    ) -> None:
        self._own = _own_by_day(autopilot, groups, since, today)
        self._kept: dict[tuple[Holder, int], list[tuple[datetime, int]]] = defaultdict(list)
        scopes = {scope_of(group): group.pk for group in groups}
        rows = KeptPlan.objects.filter(autopilot=autopilot).select_related("plan").order_by("pk")
        holders = {row.plan_id: Holder(row.affiliate_id, row.tier) for row in rows}
        terms = Terms.objects.filter(plan__in=holders).order_by("starts_at", "created_at", "pk")
        for plan, product, category, rate, starts_at in terms.values_list(
            "plan", "product", "category", "rate_bps", "starts_at"
        ):
            if (group := scopes.get((product, category))) is not None:
                self._kept[holders[plan], group].append((starts_at, rate))
        for row in rows:
            self._ended(row.plan, holders[row.plan_id], groups)

    def _ended(self, plan: Plan, holder: Holder, groups: Sequence[AutopilotGroup]) -> None:
        if plan.ends_at:
            for group in groups:
                if (holder, group.pk) in self._kept:
                    self._kept[holder, group.pk].append((plan.ends_at, 0))
                    self._kept[holder, group.pk].sort()

    def rate(self, holder: Holder, group: int, day: date) -> int:
        own = self._own.get((group, day), 0)
        steps = self._kept.get((holder, group))
        if not steps:
            return own
        place = bisect_right(steps, clock.day_start(day) + _NOON, key=lambda step: step[0])
        return max(own, steps[place - 1][1] if place else 0)


def _own_by_day(
    autopilot: Autopilot, groups: Sequence[AutopilotGroup], since: date, today: date
) -> dict[tuple[int, date], int]:
    days = [since + timedelta(days=n) for n in range((today - since).days)]
    asked = {}
    for group in groups:
        sample = _sample(group)
        product = sample.pk if sample else None
        category = sample.category_id if sample else group.category_id
        for day in days:
            at = clock.day_start(day) + _NOON
            asked[group.pk, day] = Wanted(autopilot.merchant_id, product, category, at, Asker())
    found = terms_at(asked.values())
    return {place: found[one].rate_bps for place, one in asked.items()}


@dataclass(slots=True)
class _Sum:
    orders: int = 0
    cancelled: int = 0
    refunded: float = 0.0
    gross: int = 0
    promised: int = 0
    clicks: int = 0


def _cohorts(
    holders: Mapping[int, Holder],
    places: Mapping[str, Place],
    sold: Sequence[Sold],
    clicks: Mapping[tuple[int, int, date], int],
    timeline: _Timeline,
    since: date,
    today: date,
) -> Iterable[Cohort]:
    """A row for each unit and day from its first click on, also where there were none."""
    sums: dict[tuple[Holder, int], dict[date, _Sum]] = defaultdict(lambda: defaultdict(_Sum))
    for one in sold:
        if one.group and (holder := holders.get(one.affiliate)):
            total = sums[holder, one.group][one.day]
            total.orders += one.orders
            total.cancelled += one.cancelled
            total.refunded += one.refunded
            total.gross += one.gross_minor
            total.promised += one.promised
    for (affiliate, group, day), count in clicks.items():
        if holder := holders.get(affiliate):
            sums[holder, group][day].clicks += count
    for place in places.values():
        days = sums.get((place.holder, place.group.pk), {})
        day = min(days, default=today)
        while day < today:
            total = days.get(day, _Sum())
            rate = (
                round(total.promised / total.gross)
                if total.gross
                else timeline.rate(place.holder, place.group.pk, day)
            )
            yield Cohort(
                unit=place.key,
                day=day.toordinal(),
                rate_bps=rate,
                coupon_bps=0,
                clicks=max(total.clicks, total.orders),
                orders=total.orders,
                cancels=total.cancelled,
                refunds=round(total.refunded),
                gmv_minor=total.gross,
            )
            day += timedelta(days=1)


def _unit(place: Place) -> Unit:
    return Unit(
        key=place.key,
        tier=f"tier-{place.holder.tier}" if place.holder.affiliate is None else "head",
        rate_bps=max(place.own_bps, place.kept_bps, place.tier_bps),
        coupon_bps=0,
        manual_rate_bps=place.own_bps,
        pinned=place.held,
        min_rate_bps=place.least_bps,
        max_rate_bps=max(place.group.most_bps, place.least_bps),
    )


def _policy(
    autopilot: Autopilot, places: Iterable[Place], sold: Sequence[Sold], today: date
) -> Policy:
    signed = autopilot.policy
    left = max((signed.ends_on - today).days + 1, 1)
    spent = of_days(list(sold), autopilot.began_on, today).cost_minor
    groups = [place.group for place in places] or list(signed.groups.all())
    return Policy(
        roi_target=signed.roi_target_centi / 100,
        today=today.toordinal(),
        first_day=autopilot.began_on.toordinal(),
        days_left=left,
        min_rate_bps=min(group.least_bps for group in groups),
        max_rate_bps=max(group.most_bps for group in groups),
        # The optimiser knows one budget; a day's is what the days left may cost at most.
        budget_minor=min(signed.budget_minor, spent + signed.budget_day_minor * left),
        grid_bps=GRID,
        fee_bps=_beside_bps(sold),
        clawback=True,
        roi_floor=signed.roi_floor_centi / signed.roi_target_centi,
        holdout_bps=signed.held_out_bps,
        seed=autopilot.merchant_id,
    )


def _beside_bps(sold: Sequence[Sold]) -> int:
    """What the merchant paid beside the promised rates (service fees, subsidies), in basis points
    of these."""
    promised = sum(one.kept_promised for one in sold) / 10_000
    cost = sum(one.cost_minor for one in sold)
    return min(max(round((cost / promised - 1) * 10_000), 0), 10_000) if promised else 0
