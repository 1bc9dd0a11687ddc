"""Guaranteed-earnings task 稳赚任务 (docs/domain.md §5.1): do this, earn at least that.

Three modes. A *ladder* pays for the steps that were reached; a *floor* tops the commission up to a
guaranteed sum for those who made the effort; *per order* adds a bonus to each of the first orders.
What it comes to is a function of the standing alone, so a refund after the payment is the same
function again: `clawback`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Self

from django.db.models import TextChoices
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from alliance.kernel.money import BPS, Money, half_up, percent
from alliance.kernel.templatetags.alliance import number
from campaigns.facts import ApplicantFacts, Award, StandingFacts
from campaigns.mechanics.base import Bps, Count, Fault, Mechanic, Minor, Rules, Text, Words

LADDER, FLOOR, PER_ORDER = (("mode", each) for each in ("ladder", "floor", "per_order"))


class Mode(TextChoices):
    LADDER = "ladder", _("Ladder: a reward for each number of orders")
    FLOOR = "floor", _("Floor: a guaranteed sum for the effort")
    PER_ORDER = "per_order", _("Per order: a bonus on each of the first orders")


class Metric(TextChoices):
    ORDERS = "orders", _("Orders")
    GMV = "gmv", _("Sales")


class Stack(TextChoices):
    MAX = "max", _("The best step reached")
    SUM = "sum", _("All steps reached together")


class Tier(Rules):
    """A step of the ladder: from so many orders (or sales) on, so much."""

    orders: Annotated[Count, Words(_("From orders"), _("Where the ladder counts orders."))] = 0
    gmv_minor: Annotated[Minor, Words(_("From sales"), _("Where the ladder counts sales."))] = 0
    reward_minor: Annotated[Minor, Words(_("Reward"))] = 0
    reward_bps: Annotated[
        Bps, Words(_("Or percent of the sales"), _("Instead of a fixed reward."))
    ] = 0


class GuaranteedTask(Rules):
    mode: Annotated[Mode, Words(_("What it pays for"))] = Mode.LADDER
    metric: Annotated[Metric, Words(_("The ladder counts"), when=LADDER)] = Metric.ORDERS
    stack: Annotated[Stack, Words(_("The ladder pays"), when=LADDER)] = Stack.MAX
    tiers: Annotated[
        tuple[Tier, ...],
        Field(max_length=20),
        Words(_("Steps"), _("For example 5 orders: 12.00, 20 orders: 60.00."), when=LADDER),
    ] = (
        Tier(orders=1, reward_minor=200),
        Tier(orders=5, reward_minor=1_200),
        Tier(orders=20, reward_minor=6_000),
    )
    guaranteed_minor: Annotated[
        Minor,
        Words(
            _("Guaranteed sum"),
            _("The commission of the task's orders is topped up to it. For example 30.00."),
            when=FLOOR,
        ),
    ] = 3_000
    effort_links: Annotated[Count, Words(_("Effort: links to different products"), when=FLOOR)] = 20
    effort_clicks: Annotated[Count, Words(_("Effort: valid clicks"), when=FLOOR)] = 200
    effort_visitors: Annotated[Count, Words(_("Effort: different visitors"), when=FLOOR)] = 100
    effort_days: Annotated[Count, Words(_("Effort: active days"), when=FLOOR)] = 5
    bonus_minor: Annotated[
        Minor, Words(_("Bonus per order"), _("For example 1.00."), when=PER_ORDER)
    ] = 100
    first_orders: Annotated[
        Count, Words(_("For the first orders"), _("For example 50."), when=PER_ORDER)
    ] = 50
    cap_minor: Annotated[
        Minor,
        Words(
            _("At most per affiliate"),
            _("Is reserved when the task is accepted. 0: what the rules above come to."),
        ),
    ] = 0
    least_base_minor: Annotated[
        Minor, Words(_("An order counts from"), _("What is left of it after refunds."))
    ] = 500
    buyer_day_orders: Annotated[
        Count, Words(_("Orders of one buyer per day"), _("0: no bound."))
    ] = 1
    buyer_orders: Annotated[Count, Words(_("Orders of one buyer in all"), _("0: no bound."))] = 3
    distinct_buyers_bps: Annotated[
        Bps,
        Words(_("Different buyers at least"), _("Else a person looks first. 0: no bound.")),
    ] = 8_000
    one_shop_bps: Annotated[
        Bps, Words(_("From one shop at most"), _("Else a person looks first. 0: no bound."))
    ] = 6_000
    least_age_days: Annotated[
        Count, Words(_("Member for days"), _("Before a task can be accepted."))
    ] = 3
    month_tasks: Annotated[Count, Words(_("Tasks per affiliate and month"), _("0: no bound."))] = 3
    month_minor: Annotated[
        Minor, Words(_("At most per affiliate and month"), _("Over all tasks. 0: no bound."))
    ] = 50_000
    accept_hours: Annotated[
        Count,
        Field(gt=0),
        Words(_("Hours to accept an offer"), _("Then its place is free for somebody else.")),
    ] = 48

    @model_validator(mode="after")
    def makes_sense(self) -> Self:
        if self.mode is Mode.LADDER:
            self._check_ladder()
        if most(self) <= 0:
            field = {Mode.FLOOR: "guaranteed_minor", Mode.PER_ORDER: "bonus_minor"}
            raise Fault(_("These rules never pay anything."), field=field.get(self.mode, "tiers"))
        return self

    def _check_ladder(self) -> None:
        if not self.tiers:
            raise Fault(_("A ladder has at least one step."), field="tiers")
        steps = [_threshold(self, tier) for tier in self.tiers]
        if steps != sorted(set(steps)) or steps[0] <= 0:
            raise Fault(_("Each step of the ladder is above the one before."), field="tiers")
        if any(bool(tier.reward_minor) == bool(tier.reward_bps) for tier in self.tiers):
            raise Fault(
                _("A step has either a fixed reward or a percentage of the sales."), field="tiers"
            )
        if any(tier.reward_bps for tier in self.tiers) and not self.cap_minor:
            raise Fault(
                _("A percentage of the sales needs a limit per affiliate."), field="cap_minor"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an affiliate is. With what is `missing` (orders, gmv_minor, links, clicks, visitors,
    active_days) the reward becomes `next_minor`; None: there is nothing more to reach."""

    reward_minor: int
    next_tier: Tier | None = None
    next_minor: int | None = None
    missing: dict[str, int] = field(default_factory=dict)


def reward(rules: GuaranteedTask, standing: StandingFacts) -> int:
    """What the task comes to at that standing, minor units, from 0 to `most`."""
    if rules.mode is Mode.LADDER:
        earned = _ladder(rules, standing)
    elif rules.mode is Mode.FLOOR:
        earned = 0 if effort_missing(rules, standing) else _top_up(rules, standing)
    else:
        earned = rules.bonus_minor * min(standing.orders, rules.first_orders)
    return min(earned, most(rules))


def most(rules: GuaranteedTask) -> int:
    """The greatest reward of one affiliate: what accepting the task reserves."""
    if rules.mode is Mode.LADDER:
        fixed = [tier.reward_minor for tier in rules.tiers]
        if any(tier.reward_bps for tier in rules.tiers):
            return rules.cap_minor
        bound = sum(fixed) if rules.stack is Stack.SUM else max(fixed, default=0)
    elif rules.mode is Mode.FLOOR:
        bound = rules.guaranteed_minor
    else:
        bound = rules.bonus_minor * rules.first_orders
    return min(bound, rules.cap_minor) if rules.cap_minor else bound


def progress(rules: GuaranteedTask, standing: StandingFacts) -> Progress:
    """The reward so far, and what the next step asks for."""
    now = reward(rules, standing)
    if rules.mode is Mode.LADDER:
        return _next_step(rules, standing, now)
    if rules.mode is Mode.FLOOR:
        missing = effort_missing(rules, standing)
        then = min(_top_up(rules, standing), most(rules))
        return Progress(reward_minor=now, next_minor=then if missing else None, missing=missing)
    then = min(now + rules.bonus_minor, most(rules))
    if standing.orders >= rules.first_orders or then <= now:
        return Progress(reward_minor=now)
    return Progress(reward_minor=now, next_minor=then, missing={"orders": 1})


def effort_missing(rules: GuaranteedTask, standing: StandingFacts) -> dict[str, int]:
    """What an income guarantee still asks for, by the name of the fact; empty when it is met."""
    asked = {
        "links": (rules.effort_links, standing.links),
        "clicks": (rules.effort_clicks, standing.clicks),
        "visitors": (rules.effort_visitors, standing.visitors),
        "active_days": (rules.effort_days, standing.active_days),
    }
    return {name: least - have for name, (least, have) in asked.items() if have < least}


def refusals(rules: GuaranteedTask, applicant: ApplicantFacts) -> list[Text]:
    """Why somebody may not accept it now, in sentences; empty: it may."""
    said: list[Text] = []
    if applicant.age_days < rules.least_age_days:
        said.append(
            _("You can accept tasks after %(days)s days as a member.")
            % {"days": rules.least_age_days}
        )
    if not applicant.named:
        said.append(_("Please say first where your money is to go."))
    if applicant.running:
        said.append(_("You already have a task that runs: finish it first."))
    if rules.month_tasks and applicant.this_month >= rules.month_tasks:
        said.append(_("You have had all tasks of this month."))
    elif rules.month_minor and applicant.month_minor + most(rules) > rules.month_minor:
        said.append(_("With this task you could earn more than tasks may pay in a month."))
    return said


def on_close(rules: GuaranteedTask, standings: Sequence[StandingFacts]) -> list[Award]:
    """One award for each affiliate that earned something."""
    earned = [(standing, reward(rules, standing)) for standing in standings]
    return [
        Award(affiliate_id=standing.affiliate_id, amount_minor=amount, why=_why(rules, standing))
        for standing, amount in earned
        if amount
    ]


def _why(rules: GuaranteedTask, standing: StandingFacts) -> dict[str, int | str]:
    why: dict[str, int | str] = {
        "mode": rules.mode.value,
        "orders": standing.orders,
        "gmv_minor": standing.gmv_minor,
        "most_minor": most(rules),
    }
    if rules.mode is Mode.FLOOR:
        why["guaranteed_minor"] = rules.guaranteed_minor
        why["commission_minor"] = standing.commission_minor
    return why


def _threshold(rules: GuaranteedTask, tier: Tier) -> int:
    return tier.orders if rules.metric is Metric.ORDERS else tier.gmv_minor


def _value(rules: GuaranteedTask, standing: StandingFacts) -> int:
    return standing.orders if rules.metric is Metric.ORDERS else standing.gmv_minor


def _ladder(rules: GuaranteedTask, standing: StandingFacts) -> int:
    value = _value(rules, standing)
    return _paid(rules, [t for t in rules.tiers if _threshold(rules, t) <= value], standing)


def _paid(rules: GuaranteedTask, reached: Sequence[Tier], standing: StandingFacts) -> int:
    each = [
        tier.reward_minor or half_up(max(standing.gmv_minor, 0) * tier.reward_bps, BPS)
        for tier in reached
    ]
    return sum(each) if rules.stack is Stack.SUM else max(each, default=0)


def _top_up(rules: GuaranteedTask, standing: StandingFacts) -> int:
    return max(0, rules.guaranteed_minor - max(0, standing.commission_minor))


def _next_step(rules: GuaranteedTask, standing: StandingFacts, now: int) -> Progress:
    value = _value(rules, standing)
    ahead = [tier for tier in rules.tiers if _threshold(rules, tier) > value]
    if not ahead:
        return Progress(reward_minor=now)
    following = ahead[0]
    reached = rules.tiers[: rules.tiers.index(following) + 1]
    then = min(_paid(rules, reached, standing), most(rules))
    name = "orders" if rules.metric is Metric.ORDERS else "gmv_minor"
    return Progress(
        reward_minor=now,
        next_tier=following,
        next_minor=then,
        missing={name: _threshold(rules, following) - value},
    )


def promises(rules: GuaranteedTask, currency: str) -> list[str]:
    if rules.mode is Mode.FLOOR:
        words = gettext("At least %(amount)s in commission for your effort.")
        return [words % {"amount": Money(rules.guaranteed_minor, currency).localized()}]
    if rules.mode is Mode.PER_ORDER:
        words = ngettext(
            "%(amount)s on top for your first %(count)s order.",
            "%(amount)s on top for each of your first %(count)s orders.",
            rules.first_orders,
        )
        bonus = Money(rules.bonus_minor, currency).localized()
        return [words % {"amount": bonus, "count": number(rules.first_orders)}]
    return [
        gettext("%(what)s: %(amount)s")
        % {"what": asked(rules, tier, currency), "amount": pays(tier, currency)}
        for tier in rules.tiers
    ]


def asked(rules: GuaranteedTask, tier: Tier, currency: str) -> str:
    """What a step asks for: “5 orders”."""
    if rules.metric is Metric.ORDERS:
        words = ngettext("%(count)s order", "%(count)s orders", tier.orders)
        return words % {"count": number(tier.orders)}
    return gettext("%(amount)s of sales") % {"amount": Money(tier.gmv_minor, currency).localized()}


def pays(tier: Tier, currency: str) -> str:
    """What a step pays: an amount, or a percentage of the sales."""
    if tier.reward_bps:
        return gettext("%(percent)s of the sales") % {"percent": percent(tier.reward_bps)}
    return Money(tier.reward_minor, currency).localized()


MECHANIC = Mechanic(
    kind="guaranteed_task",
    label=_("Guaranteed-earnings task"),
    about=_(
        "Affiliates accept a task and are sure of a reward for orders or effort. The whole reward "
        "is set aside when the task is accepted."
    ),
    rules=GuaranteedTask,
    promises=promises,
    on_close=on_close,
    most=most,
    enrols=True,
    audience=("small",),
)
