"""What a campaign, or another rate of a plan, would have made of orders that are over already.

The orders are played once more, in the order in which they were placed, through the same pure
functions that price them (campaigns.engine, commissions.parties, commissions.formulas); nothing is
written. Compared is what each order line is worth on what is left of it today: as it was priced,
and as it would be. A campaign is taken to run all of the time asked about, and whoever may enrol to
have enrolled; what it has really granted is left out of both sides (docs/campaigns.md#dry-run).
"""

import copy
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from affiliates.attribution import ask_of
from affiliates.buyers import touch_by_code, touches_of
from affiliates.models import Affiliate, Attribution, AttributionRule, Touch
from affiliates.parts import Parts, Won, parts_at
from affiliates.promised import wanted_for
from alliance.kernel import clock
from alliance.kernel.errors import DomainError
from alliance.kernel.models import User
from alliance.kernel.money import Money, half_up
from campaigns.engine import setting_of
from campaigns.facts import Award
from campaigns.limits import Limits
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, Grant
from campaigns.offers import by_line, decide, stacked, subsidy_of
from commissions import chart, grants
from commissions.formulas import Role, Worth
from commissions.models import Commission, CommissionState, Hold
from commissions.parties import payees_of
from commissions.queries.awards import reserve_of
from commissions.queries.standings import facts_of
from commissions.services.campaigns import paid_by
from commissions.services.standings import standings_played
from commissions.targets import given_of, subsidies_of, worth_of
from merchants.models import Merchant, OrderLine, OrderState, Plan
from merchants.plans import Change, Found, terms_if

State = CommissionState
CHUNK = 1000


class StillPlaying(DomainError):
    """Somebody has asked for a dry run before their last one was answered."""

    code = "still_playing"
    status = 429
    message = _("Your last dry run is still at work. Wait for its answer, then ask again.")


@dataclass(frozen=True, slots=True)
class RateChange:
    """Another commission rate of a plan, for a product, a category, or everything else in it. The
    plan may be one that nobody has opened (saved) yet."""

    plan: Plan
    rate_bps: int
    product_id: int | None = None
    category_id: int | None = None

    @property
    def terms(self) -> Change:
        """As the choice among plans takes it."""
        plan = self.plan
        opens = None if plan.pk else (plan.kind, plan.name)
        return Change(plan.pk or 0, self.rate_bps, self.product_id, self.category_id, opens)


@dataclass(frozen=True, slots=True)
class Effect:
    """On an affiliate or a merchant, in minor units: what it got or paid, and would have."""

    pk: int
    name: str
    before_minor: int
    after_minor: int

    @property
    def delta_minor(self) -> int:
        return self.after_minor - self.before_minor


@dataclass(slots=True)
class Report:
    """What it would have cost, and whom. Minor units of `currency`; below zero is a saving.

    `budget_minor` is what the campaign would have paid: `coupons_minor` of it for coupons, had each
    order used one, `awards_minor` at its close. `uncut_minor` is what it would have paid without
    the limits of its orders. `platform_minor` is what the alliance would keep more (below zero:
    less), its part of the budget taken off.
    Merchants' figures are costs with their part of the budget, affiliates' are earnings. `cut`
    counts lines by the limit that cut them, `full` those that found no place.
    """

    currency: str
    since: datetime
    until: datetime
    orders: int = 0
    lines: int = 0
    touched: int = 0
    budget_minor: int = 0
    uncut_minor: int = 0
    coupons_minor: int = 0
    awards_minor: int = 0
    platform_minor: int = 0
    cut: Counter[str] = field(default_factory=Counter)
    full: int = 0
    affiliates: list[Effect] = field(default_factory=list)
    merchants: list[Effect] = field(default_factory=list)

    @property
    def affiliates_minor(self) -> int:
        return sum(one.delta_minor for one in self.affiliates)

    @property
    def merchants_minor(self) -> int:
        return sum(one.delta_minor for one in self.merchants)

    @property
    def winners(self) -> list[Effect]:
        """Affiliates who would have earned more, the most first."""
        return [one for one in self.affiliates if one.delta_minor > 0]

    @property
    def losers(self) -> list[Effect]:
        """Affiliates who would have earned less, the most first."""
        return [one for one in reversed(self.affiliates) if one.delta_minor < 0]


def dry_run(change: Campaign | RateChange, since: datetime, until: datetime) -> Report:
    """Play orders placed from `since` to before `until` once more. Writes nothing.

    A constant number of statements for every thousand order lines.
    """
    played = _Campaign(change, since, until) if isinstance(change, Campaign) else _Rate(change)
    report = Report(played.currency, since, until)
    orders: set[int] = set()
    sums = _Sums(Counter(), Counter(), Counter(), Counter())
    for lines in _lines(played.orders, played.currency, since, until):
        report.lines += len(lines)
        orders.update(line.order_id for line in lines)
        for line, before, after in played.play(lines, _booked(lines)):
            report.touched += sums.add(line, before, after)
    report.orders = len(orders)
    played.finish(report, sums)
    report.platform_minor += sums.platform
    report.affiliates = _effects(sums.affiliates, sums.affiliates_now, Affiliate)
    report.merchants = _effects(sums.merchants, sums.merchants_now, Merchant)
    return report


@transaction.atomic
def dry_run_for(
    actor: User, change: Campaign | RateChange, since: datetime, until: datetime
) -> Report:
    """The same, one at a time for each person: it can take long. Raises StillPlaying."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('dry-run'), %s)", [actor.pk])
        if not cursor.fetchone()[0]:
            raise StillPlaying
    return dry_run(change, since, until)


# --- The orders as they were ---------------------------------------------------------------------


def _lines(
    orders: Mapping[str, Any], currency: str, since: datetime, until: datetime
) -> Iterator[list[OrderLine]]:
    """Attributed lines of paid orders, as they were placed, some at a time."""
    rows = (
        OrderLine.objects.filter(
            order__placed_at__gte=since,
            order__placed_at__lt=until,
            order__state__in=(OrderState.PAID, OrderState.RECEIVED),
            attribution__affiliate__isnull=False,
            currency=currency,
            **orders,
        )
        .select_related("order", "product__category", "attribution")
        .order_by("order__placed_at", "pk")
    )
    found = rows.iterator(chunk_size=CHUNK)
    while some := list(islice(found, CHUNK)):
        yield some


def _booked(lines: Iterable[OrderLine]) -> dict[int, Commission]:
    """By line: the affiliate's commission as it was priced; none where a case has barred it."""
    rows = Commission.objects.filter(line__in=lines, role=Role.AFFILIATE).exclude(hold=Hold.BARRED)
    return {row.line_id: row for row in rows}


def _priced(
    line: OrderLine, decision: Attribution, booked: Commission, given: Sequence[Grant]
) -> list[Commission]:
    """The commissions of a line with these grants, subsidies and fees as they were frozen."""
    frozen = [terms for terms, _subsidy in subsidies_of(booked) if terms.campaign_id is None]
    made = list(payees_of(line, decision, frozen, given))
    for one in made:
        one.tech_fee_bps, one.tech_fee_base = booked.tech_fee_bps, booked.tech_fee_base
    return made


def _granted(lines: Iterable[OrderLine], but: int | None) -> dict[int, list[Grant]]:
    """By line: what other campaigns have really granted."""
    rows = Grant.objects.filter(line__in=lines).exclude(campaign=but).order_by("campaign")
    found: dict[int, list[Grant]] = defaultdict(list)
    for grant in rows.select_related("campaign"):
        found[grant.line_id].append(grant)
    return found


Priced = tuple[OrderLine, Sequence[Commission], Sequence[Commission]]


class _Campaign:
    """With one campaign more."""

    def __init__(self, campaign: Campaign, since: datetime, until: datetime) -> None:
        planned = copy.copy(campaign)
        planned.starts_at, planned.ends_at = since, until
        planned.published_at = planned.closed_at = None
        self.campaign, self.currency = planned, campaign.currency
        self.orders = {"order__merchant": campaign.merchant_id} if campaign.merchant_id else {}
        planned.confirm_until = max(campaign.confirm_until, clock.now())
        self.limits = Limits(budget={campaign.pk: campaign.budget_minor})
        mechanic = MECHANICS[campaign.kind]
        coupon = mechanic.coupon and mechanic.coupon(mechanic.parse(campaign.rules))
        self.face = _mean(coupon.faces) if coupon else 0
        self.given = self.wanted = 0
        self.used: set[int] = set()
        self.cut: Counter[str] = Counter()

    def play(
        self, lines: Sequence[OrderLine], booked: Mapping[int, Commission]
    ) -> Iterator[Priced]:
        lines = [line for line in lines if line.pk in booked]
        decisions = {line.pk: line.attribution for line in lines}
        setting = setting_of([self.campaign], lines, decisions)
        setting.planned, setting.face_minor = True, self.face
        others = _granted(lines, self.campaign.pk)
        fresh = by_line(decide(setting, lines, decisions, self.limits, others))
        for line in lines:
            decision, held = decisions[line.pk], others.get(line.pk, [])
            before = _priced(line, decision, booked[line.pk], held)
            if not (mine := fresh.get(line.pk)):
                yield line, before, before
                continue
            after = _priced(
                line, decision, booked[line.pk], stacked([*held, *mine], line, decision)
            )
            self._take(line, after[0], mine[0])
            yield line, before, after

    def _take(self, line: OrderLine, own: Commission, grant: Grant) -> None:
        """Its money, as far as the limits reach: they are asked in the order of placing."""
        self.used.add(line.order_id)
        self.wanted += subsidy_of(grant, line.base).minor
        grants.fit(own, [grant], line, State.CONFIRMED, line.base, self.limits)
        self.given += grant.amount_minor
        if "cut" in grant.why:
            self.cut[grant.why["cut"]["by"]] += 1

    def finish(self, report: Report, sums: "_Sums") -> None:
        """Who pays the budget pays what was given of it."""
        campaign = self.campaign
        report.coupons_minor = self.face * len(self.used)
        earned = _awards(campaign)
        left = max(campaign.budget_minor - self.given - report.coupons_minor, 0)
        for award in earned:
            amount = min(award.amount_minor, left)
            left -= amount
            report.awards_minor += amount
            sums.affiliates_now[award.affiliate_id] += amount
        others = report.coupons_minor + report.awards_minor
        report.budget_minor = self.given + others
        report.uncut_minor = self.wanted + others
        report.cut, report.full = self.cut, self.limits.refused[campaign.pk]
        paid = paid_by(campaign, report.budget_minor)
        report.platform_minor -= paid.get(chart.CAMPAIGNS, 0)
        if campaign.merchant_id:
            sums.merchants_now[campaign.merchant_id] += paid.get(
                chart.wallet(campaign.merchant_id), 0
            )
        if campaign.host_id:
            sums.affiliates_now[campaign.host_id] -= paid.get(chart.payable(campaign.host_id), 0)


def _awards(campaign: Campaign) -> list[Award]:
    """What it would have paid at its close, who came first first; of tasks, as many as the budget
    holds the greatest reward of."""
    mechanic = MECHANICS[campaign.kind]
    if mechanic.on_close is None:
        return []
    rules = mechanic.parse(campaign.rules)
    standings = [row for row in standings_played(campaign) if row.orders]
    facts = facts_of(campaign, standings)
    reached = {row.affiliate_id: (row.reached_at or campaign.ends_at, row.pk) for row in standings}
    earned = sorted(mechanic.on_close(rules, facts), key=lambda one: reached[one.affiliate_id])
    if mechanic.most:
        earned = earned[: campaign.budget_minor // reserve_of(campaign)]
    at_most = campaign.per_affiliate_minor
    if at_most is None:
        return earned
    return [replace(one, amount_minor=min(one.amount_minor, at_most)) for one in earned]


def _mean(faces: Sequence[tuple[int, int]]) -> int:
    """What a coupon is worth on average, by the weights of its faces."""
    return half_up(
        sum(face * weight for face, weight in faces), sum(weight for _face, weight in faces)
    )


class _Rate:
    """At another rate of a plan. What campaigns have granted stays as it was frozen."""

    def __init__(self, change: RateChange) -> None:
        self.currency = change.plan.merchant.currency
        self.orders = {"order__merchant": change.plan.merchant_id}
        self.change = change.terms

    def play(
        self, lines: Sequence[OrderLine], booked: Mapping[int, Commission]
    ) -> Iterator[Priced]:
        lines = [line for line in lines if line.pk in booked]
        touches = touches_of(
            (line.attribution.touch_id, line.attribution.touched_at) for line in lines
        )
        # Of a line whose touch is not kept any more nobody knows what it was promised.
        lines = [line for line in lines if line.attribution.touch_id in {None, *touches}]
        asks = {line.pk: ask_of(line, _touch(line, touches)) for line in lines}
        wanted = wanted_for(asks.values())
        found_for = terms_if(wanted.values(), self.change)
        terms = {pk: found_for[wanted[ask]] for pk, ask in asks.items()}
        won = {
            line.pk: _won(line.attribution, asks[line.pk].at, terms[line.pk])
            for line in lines
            if terms[line.pk]
        }
        parts, others = parts_at(set(won.values())), _granted(lines, None)
        for line in lines:
            decision, held = line.attribution, others.get(line.pk, [])
            before = _priced(line, decision, booked[line.pk], held)
            after: list[Commission] = []
            if found := terms[line.pk]:
                again = _decided(decision, found, parts[won[line.pk]])
                after = _priced(line, again, booked[line.pk], held)
            yield line, before, after

    def finish(self, report: Report, sums: "_Sums") -> None:
        """Nobody else pays for it."""


def _touch(line: OrderLine, touches: Mapping[int, Touch]) -> Touch:
    """What brought the line; a code that is bound is no row."""
    decision = line.attribution
    if decision.touch_id is None:
        return touch_by_code(line.order, decision.affiliate_id or 0, decision.zone_id or 0)
    return touches[decision.touch_id]


def _won(decision: Attribution, at: datetime, found: Found) -> Won:
    plan_id = found.plan_id if decision.rule == AttributionRule.SAME_PRODUCT else None
    return Won(decision.affiliate_id or 0, decision.zone_id or 0, at, plan_id)


def _decided(decision: Attribution, found: Found, parts: Parts) -> Attribution:
    """The decision as it would have been, had those terms been in force."""
    agreed = decision.share_bps + decision.partner_share_bps
    parts, again = parts.within(found.rate_bps, agreed), copy.copy(decision)
    again.special_bps, again.rate_bps = parts.special_bps, found.rate_bps - parts.special_bps
    again.partner_id, again.partner_share_bps = parts.partner_id, parts.partner_share_bps
    again.second_partner_id, again.second_share_bps = parts.second_id, parts.second_share_bps
    again.share_bps = agreed - parts.partner_share_bps
    again.intermediary_id, again.service_bps = parts.intermediary_id, parts.service_bps
    return again


# --- What it comes to ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Sums:
    """What affiliates earn and merchants pay, before and now; what the alliance keeps more."""

    affiliates: Counter[int]
    affiliates_now: Counter[int]
    merchants: Counter[int]
    merchants_now: Counter[int]
    platform: int = 0

    def add(
        self, line: OrderLine, before: Sequence[Commission], after: Sequence[Commission]
    ) -> bool:
        """True if it makes a difference to anybody."""
        was = [(one, worth_of(one, line.base)) for one in before]
        now = was if after is before else [(one, worth_of(one, line.base)) for one in after]
        for (earn, pay), priced in (
            ((self.affiliates, self.merchants), was),
            ((self.affiliates_now, self.merchants_now), now),
        ):
            for one, due in priced:
                earn[one.affiliate_id] += due.net.minor
                pay[one.merchant_id] += due.cost.minor
        self.platform += _kept(now, line.base) - _kept(was, line.base)
        return [due for _one, due in was] != [due for _one, due in now]


def _kept(priced: Iterable[tuple[Commission, Worth]], base: Money) -> int:
    """What the alliance keeps of a line, its own subsidies taken off (those of campaigns are their
    budgets')."""
    return sum(
        due.cost.minor - due.net.minor + sum(given_of(one, base).values()) for one, due in priced
    )


def _effects(
    before: Counter[int], now: Counter[int], model: type[Affiliate] | type[Merchant]
) -> list[Effect]:
    """Those for whom it makes a difference, who has the most of it first."""
    pks = [pk for pk in before.keys() | now.keys() if before[pk] != now[pk]]
    names = dict(model._default_manager.filter(pk__in=pks).values_list("pk", "name"))
    found = [Effect(pk, names[pk], before[pk], now[pk]) for pk in pks]
    return sorted(found, key=lambda one: (-one.delta_minor, one.pk))
