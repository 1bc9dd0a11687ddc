"""618 in full swing: whatever today is, the season began twelve days ago and ends in eight."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from affiliates.models import Affiliate, Link
from alliance.demo.dice import Dice, Urn
from alliance.demo.load.campaigns import Plan, campaign_draft, campaign_start, propose
from alliance.demo.load.season_plans import (
    BARGAIN,
    CONSENT,
    COUPON,
    DOUBLE,
    OLD_TASK,
    PICKED,
    POT,
    RUNS,
    TASK,
    VOUCHER,
    Run,
)
from alliance.demo.load.stage import CURRENCY, Promoter, Stage
from alliance.demo.merchants import DEMO_MERCHANT
from alliance.demo.people import DEMO_AFFILIATE, Role, affiliates
from alliance.kernel import clock
from alliance.kernel.money import Money
from campaigns.claims import Through, claim
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CouponStock, EnrolmentState, Season, SlateItem
from campaigns.services.enrolments import enrolment_apply, enrolment_decide
from campaigns.services.seasons import season_make
from campaigns.services.stock import stock_make
from commissions import chart, ledger, pipeline, queries, tasks
from commissions.services.campaigns import campaign_pause
from commissions.services.coupons import stock_open
from commissions.services.tasks import task_accept
from commissions.services.wallets import top_up_announce, top_up_receive
from merchants.models import OrderState
from merchants.services.orders import LineReport, OrderReport, orders_record

PHASES = {"warm_up_from": 12, "opening_from": 6, "main_from": 2, "closing_from": -4, "ends_at": -8}
STOCK, VOUCHERS = 2_000, 10
TAKE_TASK, TAKE_DOUBLE = 14, 20  # affiliates, beside the demo's own
CASES = {  # how the large ones say what they plan; the second one waits for an answer
    "huisheng": "开门红三天首页焦点图，预计增量 30 万。",
    "shengqianbao": "主会场推送两次，凌晨档单独建联，目标增量 20 万。",
}
GOODS_COME = timedelta(days=12)
USED_BPS = 4_200  # of the coupons
PRICE_LEAST = 40_00  # of what is bought with one


def season_plan(stage: Stage, claims: int) -> None:
    """Put the season on the agenda, with so many coupons claimed."""
    plans = _Plans(stage)
    stage.agenda.at(stage.ago(days=14), plans.open_season)
    for run in RUNS:
        begins = _day(stage, run.begins)
        stage.agenda.at(begins - timedelta(days=run.made), plans.publish, run, begins)
    stage.agenda.at(stage.ago(hours=30), plans.ask_for_consent)
    stage.agenda.at(stage.ago(hours=9), plans.propose)
    stage.agenda.at(stage.ago(hours=5), plans.pause)
    for moment in _wakings(stage):
        stage.agenda.at(moment, wake)
    for number, moment in enumerate(_claim_moments(stage, claims)):
        stage.agenda.at(moment, plans.claim, number)


def wake() -> None:
    """What the beat does for campaigns, at the moments that change something."""
    tasks.campaigns_turn()
    tasks.campaigns_evaluate()
    tasks.awards_pay()


def _wakings(stage: Stage) -> Iterator[datetime]:
    """Each begin and end, each evaluation, and the settlement days between."""
    for run in RUNS:
        begins = _day(stage, run.begins)
        ends = begins + timedelta(days=run.lasts)
        moments = [begins, ends]
        if run.over:
            evaluated = _cut_off(ends) + timedelta(days=1)
            moments += [evaluated, *_settlements(evaluated.date(), stage)]
        for moment in moments:
            if moment < stage.now:
                yield moment + timedelta(minutes=1)


def _cut_off(ends: datetime) -> datetime:
    """The first 20th by which the goods have come: only then do the shops report again."""
    day = clock.business_day(ends + GOODS_COME)
    while day.day != 20:
        day += timedelta(days=1)
    return clock.day_start(day) + timedelta(hours=12)


def _settlements(since: date, stage: Stage) -> Iterator[datetime]:
    day = since
    while day < stage.end:
        if day.day == 20:
            yield clock.day_start(day) + timedelta(hours=2, minutes=30)
        day += timedelta(days=1)


def _day(stage: Stage, ago: float) -> datetime:
    return clock.day_start(stage.end) - timedelta(days=ago)


def _claim_moments(stage: Stage, claims: int) -> list[datetime]:
    """Spread over the days since the opening, more of them towards now."""
    dice = Dice("claims")
    opened = _day(stage, 6) + timedelta(hours=1)
    span = (stage.now - timedelta(minutes=20) - opened).total_seconds()
    return sorted(
        opened + timedelta(seconds=int(span * dice.roll() ** 0.6)) for _n in range(claims)
    )


class _Plans:
    """What the season's people do when their moment has come."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.campaigns: dict[str, Campaign] = {}
        self.stock: CouponStock | None = None
        self.season: Season | None = None
        brought = [one for one in affiliates().values() if not one.waiting and one.reach > 60]
        self.reach = Urn(
            [one.code for one in brought],
            [one.reach * (9 if one.code == DEMO_AFFILIATE else 1) for one in brought],
        )

    def open_season(self) -> None:
        self.season = season_make(
            actor=self.stage.staff["ops"],
            name=f"{self.stage.end.year} 618 年中大促",
            **{name: _day(self.stage, days) for name, days in PHASES.items()},
        )

    def publish(self, run: Run, begins: datetime) -> None:
        """Drafted by one person of operations, published by the other; then it is joined."""
        plan = run.plan
        lin = self.stage.promoters[DEMO_AFFILIATE]
        payable = ledger.balance(chart.payable(lin.affiliate.pk), CURRENCY)
        if plan.code == VOUCHER and payable.minor < 2 * plan.budget:
            return  # it has too little to give something away
        ends = begins + timedelta(days=run.lasts)
        campaign = campaign_draft(
            self.stage,
            plan,
            starts_at=begins,
            ends_at=ends,
            season=self.season,
            confirm_until=_cut_off(ends) if run.over else None,
        )
        self.campaigns[plan.code] = campaign
        if not run.publish:
            return
        if plan.merchant:
            self._pay_in(plan)
        campaign_start(self.stage, campaign, by=lin.user if plan.code == VOUCHER else None)
        if plan.code == COUPON:
            self.stock = self._open_stock(campaign, STOCK)
        elif plan.code == VOUCHER:
            self._open_stock(campaign, VOUCHERS)
        elif plan.code in (TASK, OLD_TASK):
            self._accept(campaign)
        elif plan.code == DOUBLE:
            for promoter in self._small(TAKE_DOUBLE):
                enrolment_apply(
                    actor=promoter.user, campaign=campaign, affiliate=promoter.affiliate
                )
        elif plan.code == POT:
            self._apply(campaign)

    def _pay_in(self, plan: Plan) -> None:
        """The merchant fills its wallet for its part."""
        seller = self.stage.sellers[plan.merchant]
        amount = Money(plan.budget, CURRENCY)
        made = top_up_announce(actor=seller.user, merchant=seller.merchant, amount=amount)
        top_up_receive(actor=self.stage.staff["finance"], top_up=made)

    def _open_stock(self, campaign: Campaign, size: int) -> CouponStock:
        ops = self.stage.staff["ops"]
        stock = stock_make(actor=ops, campaign=campaign, size=size)
        stock_open(actor=ops, stock=stock)
        stock.refresh_from_db()
        return stock

    def _small(self, many: int) -> list[Promoter]:
        """The demo's own affiliate, and others of its kind that have joined by now."""
        joined = clock.now() - timedelta(days=5)
        able = [
            one
            for one in self.stage.promoters.values()
            if one.facts.role is Role.SMALL and one.affiliate.created_at < joined
        ]
        able.sort(key=lambda one: (one.facts.code != DEMO_AFFILIATE, -one.facts.reach))
        return able[: many + 1]

    def _accept(self, campaign: Campaign) -> None:
        """Everybody who may: with a payee account, and long enough a member."""
        rules = MECHANICS[campaign.kind].parse(campaign.rules)
        for promoter in self._small(TAKE_TASK):
            affiliate = Affiliate.objects.get(pk=promoter.affiliate.pk)
            if not queries.task_refusals(campaign, affiliate, rules):
                task_accept(actor=promoter.user, campaign=campaign, affiliate=affiliate)

    def _apply(self, campaign: Campaign) -> None:
        """The first is let in; the other waits for whoever looks at the desk today."""
        for number, (code, case) in enumerate(CASES.items()):
            promoter = self.stage.promoters[code]
            made = enrolment_apply(
                actor=promoter.user, campaign=campaign, affiliate=promoter.affiliate, statement=case
            )
            if number == 0 and made.state == EnrolmentState.APPLIED:
                enrolment_decide(actor=self.stage.staff["ops"], enrolment=made, accept=True)

    def ask_for_consent(self) -> None:
        """A campaign of which the demo's merchant is asked to pay half."""
        begins = _day(self.stage, CONSENT.begins)
        ends = begins + timedelta(days=CONSENT.lasts)
        campaign_draft(
            self.stage,
            CONSENT.plan,
            starts_at=begins,
            ends_at=ends,
            season=self.season,
            agree=False,
        )

    def propose(self) -> None:
        """The demo's merchant would like two of its products to be picked."""
        seller, campaign = self.stage.sellers[DEMO_MERCHANT], self.campaigns[PICKED]
        plan = next(run.plan for run in RUNS if run.plan.code == PICKED)
        taken = SlateItem.objects.filter(campaign=campaign).values_list("product", flat=True)
        goods = [p for p in seller.products.values() if p.pk not in set(taken)]
        for product in sorted(goods, key=lambda p: (-p.sales_count, p.pk))[:2]:
            propose(seller, campaign, product, plan)

    def pause(self) -> None:
        campaign_pause(
            actor=self.stage.staff["ops"],
            campaign=self.campaigns[BARGAIN],
            reason="两家工厂的价格待核对，今晚恢复",
        )

    # --- Buyers with coupons ----------------------------------------------------------------------

    def claim(self, number: int) -> None:
        """A buyer claims a coupon through somebody's link; many use it in the next minutes."""
        dice = Dice("claim", number)
        link = self._link(dice)
        if self.stock is None or link is None or link.product is None:
            return
        taken = claim(
            stock_id=self.stock.pk,
            buyer_key=f"demo{number:028d}",
            request_key=f"demo-claim-{number}",
            through=Through(
                link_id=link.pk,
                affiliate_id=link.affiliate_id,
                zone_id=link.zone_id,
                shop_id=link.shop_id,
                product_id=link.product_id,
            ),
        )
        if taken.holds and dice.chance(USED_BPS):
            self._buy(number, link, taken.code, taken.face_minor)

    def _link(self, dice: Dice) -> Link | None:
        affiliate = self.stage.promoters[self.reach.draw(dice)].affiliate
        links = Link.objects.filter(
            affiliate=affiliate, paused_at=None, product__price_minor__gte=PRICE_LEAST
        )
        some = list(links.select_related("product__shop", "shop").order_by("pk")[:40])
        return dice.pick(some) if some else None

    def _buy(self, number: int, link: Link, code: str, face_minor: int) -> None:
        """The shop reports the order with the coupon at once."""
        now, product = clock.now(), link.product
        if product is None:
            return
        order = f"{clock.business_day():%Y%m%d}618{number:04d}"
        line = LineReport(
            external_id=f"{order}-1",
            product_external_id=product.external_id,
            title=product.title,
            quantity=1,
            amount_minor=product.price_minor - face_minor,
        )
        paid = now + timedelta(minutes=4)
        report = OrderReport(
            external_id=order,
            state=OrderState.PAID,
            currency=CURRENCY,
            placed_at=paid,
            paid_at=paid,
            reported_at=paid,
            click_id=code,
            coupon_code=code,
            lines=[line],
        )
        with clock.at(paid):
            (outcome,) = orders_record(shop=link.shop, reports=[report])
            if outcome.error:
                raise outcome.error
            if outcome.order_pk:
                pipeline.orders_process([outcome.order_pk])
