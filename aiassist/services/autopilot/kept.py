"""The plans that the autopilot keeps, and the rates in them (docs/adr/0020).

Each is a self-chosen plan for one affiliate, or for those of a tier who bring little each. It pays
beside the merchant's own plans, the best rate counts, and when it ends theirs are what is left.
Nothing here goes around a rule of rates: raises count at once, cuts from the next business day.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from affiliates.models import Affiliate, PlanMember, PlanMemberState
from affiliates.queries.places import promoters_of
from affiliates.services.places import place_give, place_take
from aiassist.models import Autopilot, AutopilotGroup, GroupKind, KeptPlan
from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from alliance.kernel.models import User
from merchants.locks import locks_of
from merchants.models import PlanKind, PlanState, Terms
from merchants.services.plans import plan_end, plan_open
from merchants.services.terms import next_day, product_rates_announce, terms_announce


class Holder(NamedTuple):
    """Who has a kept plan: an affiliate, or a tier of those who bring little."""

    affiliate: int | None = None
    tier: int | None = None

    @property
    def key(self) -> str:
        return f"affiliate-{self.affiliate}" if self.affiliate else f"tier-{self.tier}"


def kept_plans(autopilot: Autopilot) -> dict[Holder, KeptPlan]:
    """Those in force, by whom they are for. One that somebody ended otherwise is forgotten."""
    over = KeptPlan.objects.filter(autopilot=autopilot, ended_at=None)
    over.exclude(plan__state=PlanState.ACTIVE).update(ended_at=clock.now())
    rows = KeptPlan.objects.filter(autopilot=autopilot, ended_at=None).select_related(
        "plan__merchant", "affiliate"
    )
    return {Holder(row.affiliate_id, row.tier): row for row in rows}


def rates_announced(
    kept: Mapping[Holder, KeptPlan], groups: Sequence[AutopilotGroup]
) -> dict[tuple[Holder, int], int]:
    """The rate last announced in each kept plan for each group that has one; it may count from
    tomorrow only. One statement more than groups of chosen products."""
    scopes = {scope_of(group): group.pk for group in groups}
    holders = {row.plan_id: holder for holder, row in kept.items()}
    rows = Terms.objects.filter(plan__in=holders).order_by("created_at", "pk")
    found = {}
    for plan, product, category, rate in rows.values_list(
        "plan", "product", "category", "rate_bps"
    ):
        if (group := scopes.get((product, category))) is not None:
            found[holders[plan], group] = rate
    return found


def rate_set(
    *, autopilot: Autopilot, holder: Holder, group: AutopilotGroup, rate_bps: int, actor: User
) -> Terms:
    """From now on (a raise), or the next business day (a cut), the holder's plan pays this for the
    group; 0: nothing, so that the merchant's own plans count alone. In the caller's transaction.

    Raises WrongState (a rate lock holds the plan, the affiliate is not active or does not promote
    the shop, nothing changes), Invalid (outside of the alliance's bounds).
    """
    kept = kept_plans(autopilot).get(holder)
    if kept is None:
        kept = _open(autopilot, holder, actor)
    elif rate_bps < rates_announced({holder: kept}, [group]).get((holder, group.pk), 0):
        _must_be_unlocked(kept)
    if group.kind == GroupKind.PRODUCTS:
        rates = dict.fromkeys(group.products.values_list("pk", flat=True), rate_bps)
        terms = product_rates_announce(plan=kept.plan, rates=rates, actor=actor)
        if not terms:
            raise WrongState(_("The products of this group have that rate already."))
        return terms[0]
    return terms_announce(plan=kept.plan, rate_bps=rate_bps, category=group.category, actor=actor)


def rates_cap(*, autopilot: Autopilot, actor: User) -> None:
    """What is above the limits of the policy comes down to them with the day; what a rate lock
    holds stays until the lock ends, and the nights after it cut it."""
    groups = {group.pk: group for group in autopilot.policy.groups.all()}
    for (holder, group), rate in rates_announced(
        kept_plans(autopilot), list(groups.values())
    ).items():
        most = groups[group].most_bps
        if rate > most:
            with suppress(WrongState), transaction.atomic():
                rate_set(
                    autopilot=autopilot,
                    holder=holder,
                    group=groups[group],
                    rate_bps=most,
                    actor=actor,
                )


def scope_of(group: AutopilotGroup) -> tuple[int | None, int | None]:
    """Where a group's rate is read: chosen products have one together."""
    if group.kind == GroupKind.PRODUCTS:
        first = group.products.order_by("pk").values_list("pk", flat=True).first()
        return first, None
    return None, group.category_id


def _must_be_unlocked(kept: KeptPlan) -> None:
    until = locks_of([kept.plan_id]).after(kept.plan_id, None, next_day(), any_product=True)
    if until > next_day():
        raise WrongState(
            _("A rate lock holds this plan until %(until)s.")
            % {"until": clock.business_day(until).isoformat()}
        )


def _open(autopilot: Autopilot, holder: Holder, actor: User) -> KeptPlan:
    """A plan that pays nothing yet: what is narrower than the whole shop says so of itself, or it
    would get the rate of everything else."""
    with override(actor.language or settings.LANGUAGE_CODE):
        name = (
            _("Autopilot: %(name)s") % {"name": Affiliate.objects.get(pk=holder.affiliate).name}
            if holder.affiliate
            else _("Autopilot: tier T%(tier)d") % {"tier": holder.tier}
        )
    plan = plan_open(
        merchant=autopilot.merchant,
        name=name[:80],
        kind=PlanKind.ZX,
        by_autopilot=True,
        actor=actor,
    )
    for group in autopilot.policy.groups.exclude(kind=GroupKind.SHOP):
        if group.kind == GroupKind.PRODUCTS:
            rates = dict.fromkeys(group.products.values_list("pk", flat=True), 0)
            product_rates_announce(plan=plan, rates=rates, actor=actor)
        else:
            terms_announce(plan=plan, rate_bps=0, category=group.category, actor=actor)
    kept = KeptPlan.objects.create(
        autopilot=autopilot, affiliate_id=holder.affiliate, tier=holder.tier, plan=plan
    )
    if holder.affiliate:
        affiliate = Affiliate.objects.get(pk=holder.affiliate)
        place_give(actor=actor, plan=plan, affiliate=affiliate)
    return kept


def members_settle(
    *, autopilot: Autopilot, tiers: Mapping[int, Iterable[int]], actor: User
) -> None:
    """The plans of tiers have these affiliates in them, by tier, as far as they promote the shop.
    Who goes keeps the rates until the end of the day; who is to have a plan of its own stays until
    there is one, so that nobody falls between the two."""
    promoting = set(promoters_of(autopilot.merchant).values_list("pk", flat=True))
    kept = kept_plans(autopilot)
    own = {holder.affiliate for holder in kept if holder.affiliate}
    stay = {pk for members in tiers.values() for pk in members}
    for holder, row in kept.items():
        if holder.tier is None:
            continue
        wanted = set(tiers.get(holder.tier, ())) & promoting
        inside = _inside(row)
        moved = stay - wanted  # into another tier
        for pk in sorted(inside.keys() - wanted):
            if pk in own or pk in moved or pk not in promoting:
                place_take(actor=actor, place=inside[pk], reason=_moved_on())
        for affiliate in Affiliate.objects.filter(pk__in=wanted - inside.keys()).order_by("pk"):
            place_give(actor=actor, plan=row.plan, affiliate=affiliate)


def members_leave(*, autopilot: Autopilot, affiliates: Collection[int], actor: User) -> None:
    """These are in no plan of a tier from tomorrow on."""
    for row in kept_plans(autopilot).values():
        for pk, place in sorted(_inside(row).items()):
            if row.tier is not None and pk in affiliates:
                place_take(actor=actor, place=place, reason=_moved_on())


def _moved_on() -> str:
    return _("Your rate is set on its own from now on.")


def _inside(row: KeptPlan) -> dict[int, PlanMember]:
    places = PlanMember.objects.filter(plan=row.plan, state=PlanMemberState.APPROVED)
    return {place.affiliate_id: place for place in places.select_related("plan__merchant")}


def plans_end(
    *, autopilot: Autopilot, holders: Iterable[Holder] | None = None, actor: User | None
) -> int:
    """Their rates (all, if none are named) end with the business day, or when a rate lock does;
    the merchant's own plans are left. Returns how many."""
    wanted = None if holders is None else set(holders)
    ended = 0
    for holder, kept in sorted(kept_plans(autopilot).items(), key=lambda item: item[1].pk):
        if wanted is None or holder in wanted:
            plan_end(plan=kept.plan, actor=actor)
            KeptPlan.objects.filter(pk=kept.pk).update(ended_at=clock.now())
            ended += 1
    return ended
