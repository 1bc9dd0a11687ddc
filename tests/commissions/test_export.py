"""The books in other programs' hands: they accept our export, total it as we do, refuse faults."""

import csv
import os
import re
import shutil
import subprocess
import sys
import tracemalloc
from datetime import datetime, timedelta

import pytest
from beancount import loader
from beancount.core import realization
from django.core.management import call_command
from django.test import TransactionTestCase
from hypothesis import given
from hypothesis import strategies as st

from affiliates.models import AdZone
from affiliates.services import affiliate_apply, link_create
from alliance.kernel import clock
from alliance.kernel.money import Money
from commissions import chart, figures, ledger
from commissions.export import ROOTS, code_of, commodity_of, journal, name_of
from commissions.ledger import Move
from commissions.models import Account, Entry
from commissions.services import payouts, settlements
from commissions.verify import verify
from tests.cast import cast_make, user_make

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)
END = datetime(2026, 6, 30, 12, tzinfo=clock.ZONE)

PROGRAMS = ("beancount", "hledger", "ledger")
CHECKS = {
    "beancount": [sys.executable, "-m", "beancount.scripts.check"],
    "hledger": ["hledger", "check", "--strict", "ordereddates", "-f"],
    "ledger": ["ledger", "balance", "--args-only", "--strict", "--pedantic", "--file"],
}


@pytest.fixture(autouse=True)
def _program(request):
    """Left out loudly where a program is missing; in CI that is a failure."""
    program = request.node.callspec.params.get("program") if _asks(request) else None
    if program in ("hledger", "ledger") and not shutil.which(program):
        said = f"no {program} here: its tests left out (apt-get install {program})"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)


def _asks(request):
    return hasattr(request.node, "callspec")


def read(program, journal):
    """The program reads the journal and checks it; its answer."""
    return subprocess.run(
        [*CHECKS[program], str(journal)], capture_output=True, text=True, check=False, timeout=60
    )


TOTALS = {
    "hledger": ["hledger", "balance", "--no-total", "--layout=bare", "-O", "csv", "-f"],
    "ledger": ["ledger", "balance", "--args-only", "--no-total", "--flat",
               "--balance-format", "%(account)\t%(display_total)\n", "--file"],
}  # fmt: skip


def totals(program, path):
    """What the program finds on each account: {(code, currency): our balance}."""
    found = _by_beancount(path) if program == "beancount" else _by_command(program, path)
    return {
        (code_of(name), unit.removesuffix("MINOR")): -minor for name, unit, minor in found if minor
    }


def _by_beancount(path):
    entries, errors, _options = loader.load_file(str(path))
    assert errors == []
    for real in realization.iter_children(realization.realize(entries)):
        for position in real.balance:
            yield real.account, position.units.currency, int(position.units.number)


def _by_command(program, path):
    said = subprocess.run(
        [*TOTALS[program], str(path)], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    if program == "hledger":
        rows = list(csv.reader(said.splitlines()))[1:]
        return [(name, unit, int(minor)) for name, unit, minor in rows]
    name, found = "", []
    for line in said.splitlines():  # a second currency stands on a line without the account's name
        *named, amount = line.split("\t")
        name = named[0] if named else name
        minor, _space, unit = amount.partition(" ")
        found.append((name, unit, int(minor)))
    return found


def ours():
    rows = figures.accounts_with_balances(Account.objects.all())
    return {(row.code, row.currency): row.balance_minor for row in rows if row.balance_minor}


# --- A book that was lived in ---------------------------------------------------------------------


def live():
    """Two affiliates, orders in every state, a settlement, a paid and a waiting withdrawal, a debt,
    and something in a second currency."""
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make()
        anna = user_make()
        other = affiliate_apply(user=anna, kind="small", name="Anna's finds")
        zone = AdZone.objects.get(site__affiliate=other)
        link = link_create(actor=anna, affiliate=other, zone=zone, product=cast.product)
    with clock.at(MAY):
        for number in ("T1", "T2", "T3", "T4"):
            cast.sold(number)
        for number in ("A1", "A2"):
            cast.sold(number, click_id=cast.click(link=link))
        cast.record(cast.report("T4", state="void", lines=()))
    with clock.at(MAY + timedelta(days=5)):
        for number in ("T1", "T2", "A1"):
            cast.received(number)
    with clock.at(MAY.replace(month=6, day=20)):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
    with clock.at(JUNE_22):
        for user, affiliate in ((cast.lin, cast.affiliate), (anna, other)):
            payouts.payee_set(
                actor=user, affiliate=affiliate, holder="H", institution="B", number="12345"
            )
            payouts.payout_request(
                actor=user, affiliate=affiliate, amount=cast.balance(chart.payable(affiliate.pk))
            )
        cast.refunded("100.00", "T1")
        assert verify() == []
        ledger.post(
            key="top_up:900:received",
            moves=[Move(Money(77, "USD"), chart.CASH, chart.wallet(cast.merchant.pk))],
        )
    return cast, other


@pytest.fixture(scope="module")
def book(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        made = live()
        yield made
        TransactionTestCase._fixture_teardown(None)


@pytest.fixture
def export(book, django_db_blocker, tmp_path):
    """Write the journal as the command does; the file."""

    def write(program, *options):
        path = tmp_path / f"books.{program}"
        with django_db_blocker.unblock(), clock.at(END):
            call_command("ledger_export", "--format", program, "--output", str(path), *options)
        return path

    return write


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_program_accepts_the_books_and_finds_our_balances(
    program, book, export, django_db_blocker
):
    path = export(program)

    answer = read(program, path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    with django_db_blocker.unblock():
        assert totals(program, path) == ours()
    cast, _other = book
    assert totals(program, path)[chart.CASH, "CNY"] == -1_000_000
    assert totals(program, path)[chart.wallet(cast.merchant.pk), "USD"] == 77
    assert totals(program, path)[chart.debt(cast.affiliate.pk), "CNY"] < 0


# --- What must be refused -------------------------------------------------------------------------


def blocks(path):
    """The journal's entries, between what comes before and after them."""
    head, *entries, closing = path.read_text().split("\n\n")
    return head, entries, closing


def one_more_in_a_leg(entries, _book):
    grown = re.sub(r"  (\d+) ", lambda m: f"  {int(m[1]) + 1} ", entries[1], count=1)
    return [entries[0], grown, *entries[2:]]


def moved_between_affiliates(entries, book):
    cast, other = book
    giver, taker = (name_of(chart.pending(pk)) for pk in (cast.affiliate.pk, other.pk))
    unit = commodity_of("CNY")
    moved = [line for line in entries[-1].splitlines() if not re.search(r" -?\d+ \w+$", line)]
    return [*entries, "\n".join([*moved, f"  {giver}  1 {unit}", f"  {taker}  -1 {unit}"])]


def dropped(entries, _book):
    return [entries[0], *entries[2:]]


def duplicated(entries, _book):
    return [*entries[:2], *entries[1:]]


FAULTS = (one_more_in_a_leg, moved_between_affiliates, dropped, duplicated)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_program_refuses_a_journal_that_was_tampered_with(program, fault, book, export):
    path = export(program)
    head, entries, closing = blocks(path)
    path.write_text("\n\n".join([head, *entries, closing]))
    assert read(program, path).returncode == 0

    path.write_text("\n\n".join([head, *fault(entries, book), closing]))

    assert read(program, path).returncode != 0


BEHIND_OUR_BACK = {
    "stored_balance": "UPDATE commissions_balance SET balance_minor = balance_minor {} 1"
    " WHERE account_id = (SELECT max(account_id) FROM commissions_balance)",
    "line": "UPDATE commissions_line SET amount_minor = amount_minor {} 1"
    " WHERE id = (SELECT min(id) FROM commissions_line)",
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("fault", BEHIND_OUR_BACK)
def test_the_program_finds_what_was_changed_behind_our_back(
    program, fault, book, export, sql, django_db_blocker
):
    def change(sign):
        with django_db_blocker.unblock():
            sql("ALTER TABLE commissions_line DISABLE TRIGGER USER")
            sql(BEHIND_OUR_BACK[fault].format(sign))
            sql("ALTER TABLE commissions_line ENABLE TRIGGER USER")

    change("+")
    try:
        assert read(program, export(program)).returncode != 0
    finally:
        change("-")
    assert read(program, export(program)).returncode == 0


# --- What is told ---------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
def test_one_currency_until_a_day_is_a_whole_journal_too(program, book, export):
    path = export(program, "--currency", "CNY", "--until", "2026-06-19")

    answer = read(program, path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    found = totals(program, path)
    cast, other = book
    assert found[chart.pending(cast.affiliate.pk), "CNY"] == 2 * 1934
    assert found[chart.pending(other.pk), "CNY"] == 1934
    assert not [code for code, _currency in found if code.endswith((":payable", ":debt"))]
    assert {currency for _code, currency in found} == {"CNY"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_before_the_first_day_there_is_an_empty_journal(program, book, export):
    path = export(program, "--until", "2020-01-01")

    assert read(program, path).returncode == 0
    assert totals(program, path) == {}


def test_each_entry_is_told_once_in_order_with_its_key(book, export, django_db_blocker):
    said = re.findall(r"^\S+ \* \((\d+)\) (\S+)$", export("hledger").read_text(), re.MULTILINE)

    with django_db_blocker.unblock():
        known = Entry.objects.order_by("effective_on", "pk").values_list("pk", "key")
        assert [(int(pk), key) for pk, key in said] == list(known)


def test_names_lead_back_to_the_accounts_they_stand_for(book, django_db_blocker):
    with django_db_blocker.unblock():
        codes = list(Account.objects.values_list("code", flat=True))

    assert [code_of(name_of(code)) for code in codes] == codes
    assert name_of("affiliate:12:payable") == "Liabilities:Affiliate:12:Payable"
    assert name_of("platform:tech_fee") == "Income:Platform:Tech-fee"


def test_each_account_of_the_platform_has_its_place_among_theirs():
    kinds = {
        value.removeprefix("platform:")
        for value in vars(chart).values()
        if isinstance(value, str) and value.startswith("platform:")
    }

    assert kinds - set(ROOTS) == set()


WORD = st.text("abc019", min_size=1, max_size=4)
PART = st.lists(WORD, min_size=1, max_size=3).map("_".join)


@given(st.lists(PART, min_size=2, max_size=4).map(":".join))
def test_any_code_that_can_be_named_is_found_again(code):
    assert code_of(name_of(code)) == code


@pytest.mark.parametrize("code", ["Platform:cash", "platform:tech-fee", "platform:", "a:b c"])
def test_a_code_that_could_not_be_told_apart_is_refused(code):
    with pytest.raises(ValueError, match="no name"):
        name_of(code)


@pytest.mark.django_db(transaction=True)
def test_memory_does_not_grow_with_the_books():
    assert _peak(until=150) < 1.5 * _peak(until=50)


def _peak(*, until):
    for number in range(until):
        moves = [Move(Money(1, "CNY"), chart.CASH, chart.wallet(n)) for n in range(1, 50)]
        ledger.post(key=f"top_up:{number}:received", moves=moves)
    tracemalloc.start()
    size = sum(map(len, journal("hledger")))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > until * 49 * 60
    return peak
