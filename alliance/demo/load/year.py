"""A year of clicks and orders, reported step by step as the shops knew them then."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from affiliates.models import Visitor
from affiliates.services import Click, touches_record
from affiliates.services.touches import click_id_make
from affiliates.visitors import visitor_key
from alliance.demo.dice import Dice
from alliance.demo.load.cases import ZONE_DAYS
from alliance.demo.load.promoters import links_plan
from alliance.demo.load.stage import CURRENCY, Seller, Stage
from alliance.demo.orders import OrderFacts, TouchFacts
from alliance.demo.people import DEMO_AFFILIATE
from alliance.kernel import clock
from commissions import pipeline
from merchants.models import OrderState
from merchants.services.orders import LineReport, OrderReport, RefundReport, orders_record

FINE_DAYS = 3  # the last days come one by one, so that they look lived in
BOT_BPS, PREVIEW_BPS = 300, 200  # of the clicks that came to nothing


def turns(stage: Stage) -> list[date]:
    """The settlement days of the year: each 20th."""
    days, day = [], stage.start.replace(day=20)
    while day <= stage.end:
        if day > stage.start:
            days.append(day)
        day = clock.next_month(day).replace(day=20)
    return days


def steps(stage: Stage) -> list[datetime]:
    """When shops report: before each settlement, after each of the last days, and now."""
    nights = [datetime.combine(day, time(1, 30), clock.ZONE) for day in turns(stage)]
    days = [clock.day_start(stage.end - timedelta(days=n)) for n in range(FINE_DAYS)]
    moments = {moment for moment in [*nights, *days] if moment < stage.now}
    return [*sorted(moments), stage.now]


@dataclass
class Year:
    """The orders and clicks of the year, sorted into steps."""

    stage: Stage
    orders: Sequence[OrderFacts]
    visits: Sequence[TouchFacts]
    ends: list[datetime] = field(init=False)
    reported: int = 0

    def __post_init__(self) -> None:
        stage = self.stage
        self.ends = steps(stage)
        self._click_ids: dict[str, str] = {}  # order number → id of the buyer's last click
        self._clicks = sorted(self._told_clicks(), key=lambda told: told[0].at)
        openings = [stage.ago(days=428), *self.ends]
        early = [moment for moment in openings[::3] if moment < stage.ago(days=ZONE_DAYS)]
        self._links = links_plan(
            stage, (told[0] for told in self._clicks), early, dear=DEMO_AFFILIATE
        )
        self._news = self._sorted_news()
        for number, (since, until) in enumerate(pairwise([openings[0], *self.ends])):
            stage.agenda.at(until, self._step, number, since)

    def _told_clicks(self) -> Iterator[tuple[TouchFacts, str, Visitor]]:
        for order in self.orders:
            for touch in order.touches:
                click_id = self._click_ids[order.number] = click_id_make()
                yield touch, click_id, Visitor.HUMAN
        dice = Dice("programs")
        for visit in self.visits:
            chance = dice.below(10_000)
            program = Visitor.PREVIEW if chance < BOT_BPS + PREVIEW_BPS else Visitor.HUMAN
            yield visit, click_id_make(), Visitor.BOT if chance < BOT_BPS else program

    def _sorted_news(self) -> list[dict[str, list[OrderFacts]]]:
        """Per step and shop, the orders of which something new is known."""
        news: list[dict[str, list[OrderFacts]]] = [defaultdict(list) for _end in self.ends]
        for order in self.orders:
            moments = [order.placed_at, order.paid_at, order.received_at, order.void_at]
            moments += [refund.at for refund in order.refunds]
            for step in sorted({bisect_left(self.ends, m) for m in moments if m is not None}):
                news[step][order.merchant].append(order)
        return news

    def _step(self, number: int, since: datetime) -> None:
        """What came in since the step before: clicks, reports, commissions."""
        until = clock.now()
        self._record_clicks(until)
        changed: list[int] = []
        for code, orders in self._news[number].items():
            changed += self._report(self.stage.sellers[code], orders, since, until)
        pipeline.orders_process(changed)
        self.reported += sum(
            since < order.placed_at for orders in self._news[number].values() for order in orders
        )
        share = f"{self.reported:,} of {len(self.orders):,} orders"
        self.stage.say(f"{clock.business_day(until):%d %b %Y}: {share}")

    def _record_clicks(self, until: datetime) -> None:
        cut = bisect_right(self._clicks, until, key=lambda told: told[0].at)
        fresh, self._clicks = self._clicks[:cut], self._clicks[cut:]
        born = f"{self.stage.start:%Y%m}"
        promoters, sellers = self.stage.promoters, self.stage.sellers
        clicks = []
        for touch, click_id, visitor in fresh:
            promoter = promoters[touch.affiliate]
            zone = promoter.zones[touch.site][touch.zone]
            seller = sellers[self._links.shop_of[touch.product]]
            human = visitor == Visitor.HUMAN
            clicks.append(
                Click(
                    link_id=self._links.keys[
                        touch.affiliate, touch.site, touch.zone, touch.product
                    ],
                    affiliate_id=promoter.affiliate.pk,
                    zone_id=zone.pk,
                    shop_id=seller.shop.pk,
                    product_id=seller.products[touch.product].pk,
                    click_id=click_id,
                    touched_at=touch.at,
                    visitor=visitor,
                    visitor_key=visitor_key(f"{born}.{touch.buyer}") if human else "",
                    sub1=touch.sub_id,
                )
            )
        touches_record(clicks)

    def _report(
        self, seller: Seller, orders: list[OrderFacts], since: datetime, until: datetime
    ) -> list[int]:
        reports = [self._report_of(order, seller, since, until) for order in orders]
        outcomes = orders_record(shop=seller.shop, reports=reports, actor=seller.user)
        for outcome in outcomes:
            if outcome.error:
                raise outcome.error
        return [o.order_pk for o in outcomes if o.order_pk and o.change in ("created", "changed")]

    def _report_of(
        self, order: OrderFacts, seller: Seller, since: datetime, until: datetime
    ) -> OrderReport:
        """The order as it stood at `until`, for whoever knows how it stood at `since`."""

        def known(moment: datetime | None) -> datetime | None:
            return moment if moment and moment <= until else None

        paid_at, received_at, void_at = map(
            known, (order.paid_at, order.received_at, order.void_at)
        )
        refunds = [
            (number, refund)
            for number, refund in enumerate(order.refunds, 1)
            if since < refund.at <= until
        ]
        state = OrderState.PAID if paid_at else OrderState.PLACED
        if received_at:
            state = OrderState.RECEIVED
        moments = [order.placed_at, paid_at, received_at, void_at, *(r.at for _n, r in refunds)]
        return OrderReport(
            external_id=order.number,
            state=OrderState.VOID if void_at else state,
            currency=CURRENCY,
            placed_at=order.placed_at,
            paid_at=paid_at,
            received_at=received_at,
            void_at=void_at,
            void_reason=order.void_reason if void_at else "",
            reported_at=max(moment for moment in moments if moment),
            click_id=self._click_ids.get(order.number, ""),
            coupon_code=seller.coupons.get(order.lines[0].product, "") if order.coupon_used else "",
            lines=_lines(order, seller) if order.placed_at > since else (),
            refunds=[
                RefundReport(
                    external_id=f"R{order.number}-{number}",
                    line_external_id=f"{order.number}-{refund.line + 1}",
                    amount_minor=refund.amount_minor,
                    refunded_at=refund.at,
                    reason=refund.reason,
                )
                for number, refund in refunds
            ],
        )


def _lines(order: OrderFacts, seller: Seller) -> list[LineReport]:
    return [
        LineReport(
            external_id=f"{order.number}-{number}",
            product_external_id=line.product,
            title=seller.products[line.product].title,
            quantity=line.quantity,
            amount_minor=line.amount_minor,
        )
        for number, line in enumerate(order.lines, 1)
    ]
