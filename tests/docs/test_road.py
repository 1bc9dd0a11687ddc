"""docs/road-of-an-order.md tells the truth: its entries are what the code really posts."""

import re
from datetime import date, datetime

import pytest

from alliance.kernel import clock
from alliance.kernel.money import Money
from commissions import chart, pipeline
from commissions.models import Entry
from commissions.services import payouts, settlements
from commissions.verify import verify
from tests.cast import Cast, cast_make
from tests.docs import DOCS

HEADING = re.compile(r"^#{2,3} ([\d.]+?)\.? ")
MOVE = re.compile(r"^ {4}(\S+) +→ +(\S+) +([\d.]+)$")
Move = tuple[str, str, str]


def told() -> dict[str, list[Move]]:
    """By number of the section: the moves that the page shows there."""
    sections: dict[str, list[Move]] = {}
    for line in (DOCS / "road-of-an-order.md").read_text().splitlines():
        if heading := HEADING.match(line):
            moves = sections.setdefault(heading[1], [])
        elif move := MOVE.match(line):
            moves.append((move[1], move[2], move[3]))
    return sections


class Road:
    """Walks the page's order, and notes what was posted since the last look."""

    def __init__(self) -> None:
        with self.on(6, 1, 9):
            self.cast: Cast = cast_make(wallet="500.00")
            payouts.payee_set(
                actor=self.cast.lin,
                affiliate=self.cast.affiliate,
                holder="Lin",
                institution="ICBC",
                number="6222 0000 0001",
            )
        self.seen = 0
        self.topped_up = self.posted()

    @staticmethod
    def on(month: int, day: int, hour: int):
        return clock.at(datetime(2026, month, day, hour, tzinfo=clock.ZONE))

    def posted(self) -> list[Move]:
        assert verify() == []
        fresh = Entry.objects.filter(pk__gt=self.seen).order_by("pk")
        moves = []
        for entry in fresh:
            self.seen = entry.pk
            for line in entry.lines.select_related("debit", "credit").order_by("pk"):
                codes = (re.sub(r":\d+:", ":1:", each.code) for each in (line.debit, line.credit))
                moves.append((*codes, str(Money(line.amount_minor, line.currency).decimal)))
        return moves

    def sell(self, number: str = "T1") -> None:
        with self.on(6, 15, 20):
            click_id = self.cast.click(at=clock.now())
        with self.on(6, 16, 10):
            report = self.cast.report(number, click_id=click_id, state="placed", paid_at=None)
            self.cast.record(report)
            assert self.posted() == []
            self.cast.record(self.cast.report(number, click_id=click_id))

    def receive(self) -> None:
        with self.on(6, 22, 18):
            self.cast.received(placed_at=self.placed, paid_at=self.placed)

    @property
    def placed(self) -> datetime:
        return self.cast.shop.orders.get(external_id="T1").placed_at

    def settle(self, month: int) -> None:
        with self.on(month + 1, 20, 2):
            settlements.settlement_run(month=date(2026, month, 1), currency="CNY")

    def withdraw(self) -> None:
        cast = self.cast
        with self.on(7, 21, 9):
            amount = cast.balance(chart.payable(cast.affiliate.pk))
            payout = payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=amount)
            payouts.payout_release(actor=cast.finance, payout=payout)
            claimed = payouts.payout_claim(payout_pk=payout.pk)
            payouts.payout_mark_paid(payout=claimed, rail_ref="ICBC-1", actor=cast.finance2)


@pytest.fixture
def road(transactional_db) -> Road:
    return Road()


def test_from_the_wallet_to_the_bank_account(road):
    page = told()

    assert road.topped_up == page["1"]
    road.sell()
    assert road.posted() == page["5"]
    road.receive()
    assert road.posted() == page["6"]
    road.settle(6)
    assert road.posted() == page["7"]
    road.withdraw()
    assert road.posted() == page["8"]
    at_the_end = {
        road.cast.balance(code).minor
        for code in (chart.CASH, chart.TECH_FEE, chart.SHARE, chart.wallet(road.cast.merchant.pk))
    }
    assert at_the_end == {-48066, 215, 239, 47612}


def test_a_refund_before_settlement(road):
    road.sell()
    road.receive()
    road.posted()
    with road.on(6, 28, 9):
        road.cast.refunded("50.00")

    assert road.posted() == told()["9.1"]


def test_a_refund_after_settlement(road):
    road.sell()
    road.receive()
    road.settle(6)
    road.posted()
    with road.on(7, 20, 9):
        road.cast.refunded("50.00")

    assert road.posted() == told()["9.2"]


def test_a_refund_after_the_payout_becomes_debt_and_is_repaid_first(road):
    road.sell()
    road.receive()
    road.settle(6)
    road.withdraw()
    road.posted()
    with road.on(7, 25, 9):
        road.cast.refunded("50.00")
    with road.on(7, 26, 10):
        click_id, placed_at = road.cast.click(), clock.now()
    with road.on(7, 28, 9):
        late = road.cast.report(
            "T2",
            click_id=click_id,
            state="received",
            placed_at=placed_at,
            paid_at=placed_at,
            received_at=clock.now(),
        )
        road.cast.record(late)
    road.settle(7)

    assert road.posted() == told()["9.3"]


def test_looking_again_posts_nothing(road):
    road.sell()
    road.posted()
    pipeline.orders_process(road.cast.shop.orders.values_list("pk", flat=True))

    assert road.posted() == []
