"""The general ledger: what `post` promises, and what the database refuses."""

import threading
from datetime import datetime

import pytest
from django.db import DatabaseError, connection, connections, transaction

from alliance.kernel import clock
from alliance.kernel.errors import KeyReused
from alliance.kernel.money import Money, cny
from commissions import chart, ledger
from commissions.ledger import InsufficientFunds, Move, PeriodClosed
from commissions.models import Account, Balance, Entry, Line
from commissions.services.periods import period_close

WALLET, RESERVED = chart.wallet(7), chart.reserved(7)


def top_up(amount="100.00", key="top_up:1:received"):
    return ledger.post(key=key, moves=[Move(cny(amount), debit=chart.CASH, credit=WALLET)])


@pytest.mark.django_db
def test_a_move_takes_from_the_debit_and_gives_to_the_credit():
    top_up("100.00")
    ledger.post(key="x:1:reserved", moves=[Move(cny("30.00"), debit=WALLET, credit=RESERVED)])

    assert ledger.balance(WALLET, "CNY") == cny("70.00")
    assert ledger.balance(RESERVED, "CNY") == cny("30.00")
    assert ledger.balance(chart.CASH, "CNY") == cny("-100.00")


@pytest.mark.django_db
def test_the_same_key_with_the_same_moves_is_one_entry():
    first, again = top_up(), top_up()

    assert again.entry_id == first.entry_id
    assert (first.replayed, again.replayed) == (False, True)
    assert ledger.balance(WALLET, "CNY") == cny("100.00")


@pytest.mark.django_db
def test_the_same_key_with_other_moves_is_refused():
    top_up("100.00")
    with pytest.raises(KeyReused):
        top_up("100.01")

    assert ledger.balance(WALLET, "CNY") == cny("100.00")
    assert Entry.objects.count() == 1


@pytest.mark.django_db
def test_a_guarded_account_does_not_go_below_its_floor():
    top_up("100.00")
    with pytest.raises(InsufficientFunds):
        ledger.post(key="x:1:r", moves=[Move(cny("100.01"), debit=WALLET, credit=RESERVED)])

    assert ledger.balance(WALLET, "CNY") == cny("100.00")
    assert Line.objects.count() == 1


@pytest.mark.django_db
def test_a_credit_line_lowers_the_floor_and_cannot_be_cut_below_what_is_used():
    ledger.floor_set(code=WALLET, currency="CNY", floor=cny("-50.00"))
    ledger.post(key="x:1:r", moves=[Move(cny("50.00"), debit=WALLET, credit=RESERVED)])

    with pytest.raises(InsufficientFunds):
        ledger.floor_set(code=WALLET, currency="CNY", floor=cny("-49.99"))
    assert ledger.balance(WALLET, "CNY") == cny("-50.00")


@pytest.mark.django_db
def test_a_debt_never_turns_into_a_credit():
    with pytest.raises(InsufficientFunds):
        ledger.post(key="x:1:r", moves=[Move(cny("1.00"), debit=chart.CASH, credit=chart.debt(1))])


@pytest.mark.django_db
def test_currencies_are_kept_apart():
    top_up("100.00")
    ledger.post(
        key="top_up:2:received",
        moves=[Move(Money(500, "EUR"), debit=chart.CASH, credit=WALLET)],
    )

    assert ledger.balance(WALLET, "CNY") == cny("100.00")
    assert ledger.balance(WALLET, "EUR") == Money(500, "EUR")


@pytest.mark.django_db
def test_platform_accounts_have_no_row_to_wait_for():
    top_up()

    assert not Balance.objects.filter(account__code=chart.CASH).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE commissions_line SET amount_minor = 1",
        "DELETE FROM commissions_line",
        "TRUNCATE commissions_line",
        "UPDATE commissions_entry SET key = 'other'",
        "DELETE FROM commissions_entry",
        "UPDATE commissions_account SET code = 'other'",
    ],
)
def test_the_database_refuses_to_rewrite_the_books(statement):
    top_up()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(("amount", "credit"), [("0", "other"), ("-5", "other"), ("5", "same")])
def test_the_database_refuses_a_line_that_moves_nothing(amount, credit):
    entry_id = top_up().entry_id
    wallet, cash = Account.objects.get(code=WALLET), Account.objects.get(code=chart.CASH)
    with pytest.raises(DatabaseError, match="line_"), transaction.atomic():
        connection.cursor().execute(
            "INSERT INTO commissions_line (entry_id, debit_id, credit_id, amount_minor, currency)"
            " VALUES (%s, %s, %s, %s, 'CNY')",
            [entry_id, wallet.pk, wallet.pk if credit == "same" else cash.pk, amount],
        )


@pytest.mark.django_db
def test_the_database_refuses_a_line_without_its_entry():
    top_up()
    wallet, cash = Account.objects.get(code=WALLET), Account.objects.get(code=chart.CASH)
    with pytest.raises(DatabaseError, match="without its entry"), transaction.atomic():
        connection.cursor().execute(
            "INSERT INTO commissions_line (entry_id, debit_id, credit_id, amount_minor, currency)"
            " VALUES (999999, %s, %s, 5, 'CNY')",
            [wallet.pk, cash.pk],
        )


def test_no_moves_are_no_entry():
    with pytest.raises(ValueError, match="moves nothing"):
        ledger.post(key="x:1:nothing", moves=[])


def test_net_sets_opposite_moves_off():
    moves = [
        Move(cny("5.00"), "a", "b"),
        Move(cny("2.00"), "b", "a"),
        Move(cny("1.00"), "c", "d"),
        Move(cny("1.00"), "d", "c"),
    ]
    assert ledger.net(moves) == [Move(cny("3.00"), "a", "b")]


@pytest.mark.django_db(transaction=True)
def test_a_closed_month_takes_no_more_postings():
    june = datetime(2026, 6, 30, 12, tzinfo=clock.ZONE)
    with clock.at(june):
        top_up()
    with clock.at(datetime(2026, 7, 21, tzinfo=clock.ZONE)):
        period_close(month=june.date())

    with clock.at(june), pytest.raises(PeriodClosed):
        top_up(key="top_up:2:received")
    with clock.at(june):  # what was there before may be repeated
        assert top_up().replayed
    assert ledger.balance(WALLET, "CNY") == cny("100.00")


@pytest.mark.django_db(transaction=True)
def test_thirty_two_writers_on_one_wallet_lose_nothing():
    top_up("100.00")
    refused = []

    def draw(n):
        try:
            with transaction.atomic():
                ledger.post(
                    key=f"x:{n}:reserved",
                    moves=[Move(cny("7.00"), debit=WALLET, credit=chart.reserved(n))],
                )
        except InsufficientFunds:
            refused.append(n)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=draw, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 32 - 14  # 14 x 7.00 fit into 100.00
    assert ledger.balance(WALLET, "CNY") == cny("2.00")


@pytest.mark.django_db(transaction=True)
def test_one_key_from_eight_threads_is_one_entry():
    barrier, ids = threading.Barrier(8), []

    def post():
        try:
            barrier.wait()
            ids.append(top_up().entry_id)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ids) == 8
    assert len(set(ids)) == 1
    assert ledger.balance(WALLET, "CNY") == cny("100.00")
