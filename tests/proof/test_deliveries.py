"""Every task's messages twice, at once, late and in reverse: the books end up the same.

The tasks come from Celery's registry: a new one fails here until a story (stories.py and its
neighbours) says what it has to do.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.test import TransactionTestCase

from affiliates.models import ClickDay, Touch
from affiliates.services.months import months_made
from affiliates.spool import spool
from aiassist.models import Autopilot, AutopilotNight
from alliance.celery import app
from alliance.kernel import clock
from alliance.kernel.models import Delivery, IdempotentCall, Notification
from campaigns.models import Campaign, Claim, CouponStock, Enrolment, Standing
from commissions import rails
from commissions.figures import accounts_with_balances
from commissions.models import (
    Account,
    Award,
    BankCredit,
    Commission,
    CommissionLine,
    DebtWriteOff,
    Invoice,
    Payout,
    Settlement,
    Statement,
    TopUp,
    VerifyRun,
    Violation,
)
from commissions.verify import verify
from merchants.models import ImportIssue, ImportRun, Merchant, Order, Plan, Product
from tests.cast import cast_make
from tests.processes import in_processes
from tests.proof import ai_stories, coupon_stories, goods_stories  # noqa: F401 - their stories
from tests.proof.stories import MAY, POLICY, STORIES, Bank, Messages, Story
from tests.rows import put_back, taken

pytestmark = pytest.mark.django_db(transaction=True)


# --- How they are delivered ----------------------------------------------------------------------


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


def twice_and_in_reverse(deliver: Callable[[Any], Any], messages: Messages) -> None:
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
    settings.ALLIANCE = {**settings.ALLIANCE, **POLICY}
    bank = Bank()
    bank.book = tmp_path / "book"
    monkeypatch.setitem(rails.RAILS, "bank", bank)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)


class Told:
    """A story, told once; how the world was then is put back for each way."""

    def __init__(self, story: Story, bank: Path) -> None:
        bank.write_text("")
        self.bank, self.months = bank, set(months_made())
        with clock.at(MAY - timedelta(days=1)):
            cast = cast_make()
        self.moment, self.messages = story(cast)
        assert self.messages
        cache.clear()
        self.rows, self.files = taken(), {path: path.read_bytes() for path in self._files()}

    def again(self) -> None:
        """As if nothing had been delivered."""
        TransactionTestCase._fixture_teardown(None)
        cache.clear()
        spool.close()
        for path in set(self._files()) - self.files.keys():
            path.unlink()
        for path, content in self.files.items():
            path.write_bytes(content)
        with connection.cursor() as cursor:
            for month in set(months_made()) - self.months:
                cursor.execute(f"DROP TABLE affiliates_touch_{month:%Y%m}")
        put_back(self.rows)

    def _files(self) -> list[Path]:
        folders = (self.bank.parent, settings.CLICKS_DIR, settings.TAKEOUT_DIR)
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]

    def books_after(
        self, name: str, way: Callable[[Callable[[Any], Any], Messages], None]
    ) -> dict[str, Any]:
        """What they say when the messages came that way, and the sweeps afterwards."""
        with clock.at(self.moment):
            way(lambda message: app.tasks[name](*message), self.messages)
            sweeps()
        assert verify() == []
        return books() | {"bank": re.sub(r"payout-\d+", "", self.bank.read_text())}


def books() -> dict[str, Any]:
    """All that matters, without keys: they go on counting."""
    return {
        "balances": sorted(
            (re.sub(r"\d+", "", account.code), account.balance_minor)
            for account in accounts_with_balances(Account.objects.all())
        ),
        "commissions": rows(Commission, "line__order__external_id", "state", "base_minor"),
        "steps": rows(CommissionLine, "commission__line__order__external_id", "net_minor"),
        "orders": rows(Order, "external_id", "state"),
        "payouts": rows(Payout, "state", "amount_minor"),
        "settlements": rows(Settlement, "month", "state"),
        "top-ups": rows(TopUp, "amount_minor", "state"),
        "products": rows(Product, "external_id", "price_minor", "rate_bps"),
        "messages": rows(Delivery, "kind", "state"),
        "imports": rows(ImportRun, "kind", "state", "counts"),
        "refused rows": rows(ImportIssue, "line_no", "code"),
        "calls": rows(IdempotentCall, "key"),
        "write-offs": rows(DebtWriteOff, "amount_minor", "state"),
        "invoices": rows(Invoice, "number", "total_minor"),
        "campaigns": rows(Campaign, "kind", "state"),
        "stocks": rows(CouponStock, "state", "set_aside_minor"),
        "claims": rows(Claim, "code", "slot", "state", "paid_minor"),
        "touches": rows(Touch, "kind", "affiliate__name"),
        "clicks": rows(ClickDay, "day", "clicks", "visitors"),
        "standings": rows(Standing, "final", "orders", "reward_minor"),
        "tasks": rows(Enrolment, "state", "reserved_minor", "reward_minor"),
        "awards": rows(Award, "state", "amount_minor", "booked_minor", "revision"),
        "bank": rows(BankCredit, "entry_ref", "state"),
        "cases": rows(Violation, "state", "hold"),
        "coverage": rows(Merchant, "coverage"),
        "statements": rows(Statement, "kind", "settlement__month"),
        "nights": rows(AutopilotNight, "day", "outcome"),
        "autopilots": rows(Autopilot, "state", "reason"),
        "kept": rows(Plan.objects.filter(by_autopilot=True), "state", "ends_at"),
        "stops": rows(Notification.objects.filter(kind="autopilot.stopped"), "kind"),
        "told": rows(Notification.objects.filter(kind__startswith="plan."), "kind"),
        "asked for": rows(VerifyRun.objects.filter(source="desk"), "state", "faults"),
    }


def rows(model: Any, *fields: str) -> list[tuple[Any, ...]]:
    found = model if isinstance(model, QuerySet) else model.objects
    return list(found.order_by(*fields).values_list(*fields))


def in_turn(deliver: Callable[[Any], Any], messages: Messages) -> None:
    for message in messages:
        deliver(message)


def test_every_task_says_what_it_has_to_do():
    app.loader.import_default_modules()
    assert {name for name in app.tasks if not name.startswith("celery.")} == set(STORIES)


def test_a_message_is_given_back_until_its_work_is_done():
    """Whoever dies over it has not acknowledged it. How long the work may take: an hour."""
    conf = app.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost) == (True, True)
    assert conf.worker_prefetch_multiplier == 1  # what a worker holds, the others cannot do
    assert conf.broker_transport_options["visibility_timeout"] == 3600
    assert conf.task_ignore_result is True  # the rows say what became of it


@pytest.mark.parametrize("name", sorted(STORIES))
def test_however_messages_come_the_books_are_the_same(name, eager, tmp_path):
    story = Told(STORIES[name], tmp_path / "book")
    expected = story.books_after(name, in_turn)
    for way in (twice_and_in_reverse, at_once, late):
        story.again()
        assert story.books_after(name, way) == expected, way.__name__
