"""Every task's messages twice, at once, late and in reverse: the books end up the same.

The tasks come from Celery's registry: a new one fails here until STORIES says what it has to do.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase

from alliance.celery import app
from alliance.kernel import clock
from alliance.kernel.idempotency import once
from alliance.kernel.models import IdempotentCall
from commissions import chart, rails
from commissions.figures import accounts_with_balances
from commissions.models import (
    Account,
    Commission,
    CommissionLine,
    Payout,
    Settlement,
    TopUp,
)
from commissions.services import payouts, settlements
from commissions.verify import verify
from merchants.models import ImportIssue, ImportRun, Order, Product
from merchants.services.imports import import_begin, mapping_save
from merchants.services.orders import orders_record
from merchants.services.plans import terms_announce
from tests.cast import Cast, cast_make
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)

Messages = list[tuple[Any, ...]]
Story = Callable[[Cast], tuple[datetime, Messages]]
STORIES: dict[str, Story] = {}


def story_of(*names: str) -> Callable[[Story], Story]:
    """The story that gives these tasks something to do: when, and the messages (arguments)."""

    def register(story: Story) -> Story:
        STORIES.update(dict.fromkeys(names, story))
        return story

    return register


class Bank:
    """A rail whose every transfer is a line in a file that all processes write to."""

    book: Path

    def send(self, payout: Payout, *, key: str) -> str:
        with self.book.open("a") as book:
            book.write(f"{key} {payout.amount_minor}\n")
        return key.upper()

    def lookup(self, *, key: str) -> str:
        if f"{key} " not in self.book.read_text():
            raise rails.Refused("never heard of it")
        return key.upper()


def reported(cast: Cast, numbers: Sequence[int], **facts: Any) -> list[int]:
    """Paid orders that nobody has processed yet."""
    with clock.at(MAY):
        reports = [cast.report(f"T{n}", click_id=cast.click(), **facts) for n in numbers]
        return [outcome.order_pk for outcome in orders_record(shop=cast.shop, reports=reports)]


@story_of("commissions.tasks.orders_process")
def orders_wait(cast: Cast):
    return MAY, [([pk],) for pk in reported(cast, range(5))]


@story_of("commissions.tasks.orders_sweep")
def orders_wait_and_goods_count_as_received(cast: Cast):
    with clock.at(MAY):
        cast.sold("T9")
    reported(cast, range(5))
    return MAY + timedelta(days=16), [()]


@story_of("commissions.tasks.merchant_funded")
def orders_wait_for_money(cast: Cast):
    with clock.at(MAY):
        for n in range(3):
            cast.sold(f"T{n}", amount_minor=50_000_00)  # 6,000.00 each, of 10,000.00
        cast.top_up("10000.00")
    return MAY, [(cast.merchant.pk,)]


@story_of("commissions.tasks.unfunded_sweep")
def money_came_and_nobody_said_so(cast: Cast):
    moment, _messages = orders_wait_for_money(cast)
    return moment, [()]


@story_of("commissions.tasks.settlement_monthly")
def a_month_is_due(cast: Cast):
    with clock.at(MAY):
        for n in range(3):
            cast.sold(f"T{n}")
            cast.received(f"T{n}")
    return JUNE_20, [()]


def withdrawal(cast: Cast) -> Payout:
    """One that is released and goes by the bank."""
    a_month_is_due(cast)
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
    with clock.at(JUNE_20 + timedelta(days=1)):
        payout = payouts.payout_request(
            actor=cast.lin,
            affiliate=cast.affiliate,
            amount=cast.balance(chart.payable(cast.affiliate.pk)),
        )
        Payout.objects.filter(pk=payout.pk).update(rail="bank")
        payouts.payout_release(actor=cast.finance, payout=payout)
    return payout


@story_of("commissions.tasks.payout_send")
def a_withdrawal_is_released(cast: Cast):
    return JUNE_20 + timedelta(days=1), [(withdrawal(cast).pk,)]


@story_of("commissions.tasks.payouts_reconcile")
def nobody_heard_what_became_of_a_withdrawal(cast: Cast):
    payout = withdrawal(cast)
    with clock.at(JUNE_20 + timedelta(days=1)):
        claimed = payouts.payout_claim(payout_pk=payout.pk)
        rails.get("bank").send(claimed, key=f"payout-{payout.pk}")
    return JUNE_20 + timedelta(days=2), [()]


ORDERS = """number,state,placed,product,paid,click
A1,paid,2026-05-10 10:00,P1,199.00,{click}
A2,paid,2026-05-10 10:05,P1,99.00,{click}
A3,paid,2026-05-10 10:05,P1,nothing,{click}
"""
COLUMNS = {
    "order": "number",
    "state": "state",
    "placed_at": "placed",
    "product": "product",
    "amount": "paid",
    "click_id": "click",
}


def orders_file(cast: Cast) -> ImportRun:
    with clock.at(MAY):
        mapping_save(
            merchant=cast.merchant, kind="orders", columns=COLUMNS, options={}, actor=cast.chen
        )
        file = io.BytesIO(ORDERS.format(click=cast.click()).encode())
        return import_begin(
            shop=cast.shop, kind="orders", filename="orders.csv", file=file, actor=cast.chen
        )


@story_of("commissions.tasks.orders_import")
def an_order_file_came(cast: Cast):
    return MAY, [(orders_file(cast).pk,)]


@story_of("commissions.tasks.imports_sweep")
def a_worker_died_over_a_file(cast: Cast):
    run = orders_file(cast)
    ImportRun.objects.filter(pk=run.pk).update(counts={"rows": 0}, updated_at=MAY)
    return MAY + timedelta(hours=1), [()]


PRODUCTS = b"""id,title,link,price
P1,Vacuum flask,https://shop.chen.example/p/1,189.00 CNY
P2,Teapot,https://shop.chen.example/p/2,no price
P3,Kettle,https://shop.chen.example/p/3,259.00 CNY
"""


@story_of("merchants.tasks.products_import")
def a_product_file_came(cast: Cast):
    run = import_begin(
        shop=cast.shop, kind="products", filename="p.csv", file=io.BytesIO(PRODUCTS), actor=None
    )
    return MAY, [(run.pk,)]


@story_of("merchants.tasks.rates_refresh")
def a_cut_was_announced_for_today(cast: Cast):
    with clock.at(MAY):
        terms_announce(plan=cast.merchant.plans.get(), rate_bps=800, actor=cast.chen)
    return MAY + timedelta(days=1), [()]


@story_of("alliance.kernel.tasks.idempotent_calls_forget")
def calls_are_remembered(_cast: Cast):
    for number, moment in enumerate((MAY, MAY + timedelta(days=40))):
        with clock.at(moment):
            once(scope="s", key=f"K{number}", content={}, call=lambda: (200, {}))
        IdempotentCall.objects.filter(key=f"K{number}").update(created_at=moment)
    return MAY + timedelta(days=41), [()]


@story_of("commissions.tasks.ledger_verify")
def nothing_is_to_do(cast: Cast):
    a_month_is_due(cast)
    return MAY, [()]


# --- How they are delivered ----------------------------------------------------------------------


def twice(deliver: Callable[[Any], Any], messages: Messages) -> None:
    for message in messages:
        deliver(message)
        deliver(message)


def at_once(deliver: Callable[[Any], Any], messages: Messages) -> None:
    """Three workers get all of them, each in another order."""
    in_processes(
        *(
            lambda first=first: [deliver(m) for m in messages[first:] + messages[:first]]
            for first in range(3)
        )
    )


def late(deliver: Callable[[Any], Any], messages: Messages) -> None:
    """After the sweeps have done the work of lost messages."""
    sweeps()
    for message in messages:
        deliver(message)


def in_reverse(deliver: Callable[[Any], Any], messages: Messages) -> None:
    for message in reversed(messages * 2):
        deliver(message)


def sweeps() -> None:
    """Everything the beat does in a day."""
    for entry in app.conf.beat_schedule.values():
        app.tasks[entry["task"]]()


@pytest.fixture
def eager(monkeypatch, settings, tmp_path) -> Iterator[None]:
    """What a task sends on is delivered at once; withdrawals go to a bank."""
    app.loader.import_default_modules()
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    settings.MEDIA_ROOT = tmp_path
    bank = Bank()
    bank.book = tmp_path / "book"
    monkeypatch.setitem(rails.RAILS, "bank", bank)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


def told(
    story: Story, name: str, bank: Path, way: Callable[[Callable[[Any], Any], Messages], None]
) -> dict[str, Any]:
    """What the books say when the story's messages came that way, and the sweeps afterwards."""
    bank.write_text("")
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make()
    moment, messages = story(cast)
    assert messages
    with clock.at(moment):
        way(lambda message: app.tasks[name](*message), messages)
        sweeps()
    assert verify() == []
    said = books() | {"bank": re.sub(r"payout-\d+", "", bank.read_text())}
    TransactionTestCase._fixture_teardown(None)
    return said


def books() -> dict[str, Any]:
    """All that matters, without keys: they go on counting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, sum(amount_minor) FROM commissions_payout GROUP BY state")
        paid = cursor.fetchall()
    return {
        "balances": sorted(
            (re.sub(r"\d+", "", account.code), account.balance_minor)
            for account in accounts_with_balances(Account.objects.all())
        ),
        "commissions": rows(Commission, "line__order__external_id", "state", "base_minor"),
        "steps": rows(CommissionLine, "commission__line__order__external_id", "net_minor"),
        "orders": rows(Order, "external_id", "state"),
        "payouts": paid,
        "settlements": rows(Settlement, "month", "state"),
        "top-ups": rows(TopUp, "amount_minor", "state"),
        "products": rows(Product, "external_id", "price_minor", "rate_bps"),
        "imports": rows(ImportRun, "kind", "state", "counts"),
        "refused rows": rows(ImportIssue, "line_no", "code"),
        "calls": rows(IdempotentCall, "key"),
    }


def rows(model: Any, *fields: str) -> list[tuple[Any, ...]]:
    return list(model.objects.order_by(*fields).values_list(*fields))


def in_turn(deliver: Callable[[Any], Any], messages: Messages) -> None:
    for message in messages:
        deliver(message)


def test_every_task_says_what_it_has_to_do():
    app.loader.import_default_modules()
    assert {name for name in app.tasks if not name.startswith("celery.")} == set(STORIES)


@pytest.mark.parametrize("name", sorted(STORIES))
def test_however_messages_come_the_books_are_the_same(name, eager, tmp_path):
    expected = told(STORIES[name], name, tmp_path / "book", in_turn)
    for way in (twice, at_once, late, in_reverse):
        assert told(STORIES[name], name, tmp_path / "book", way) == expected, way.__name__
