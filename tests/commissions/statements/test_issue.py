"""What a statement says, when it is made, and that it never changes."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections, transaction

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import AuditEvent, StaffRole
from alliance.kernel.money import cny
from commissions import chart, ledger, tasks
from commissions.ledger import Move
from commissions.models import Settlement, Statement, StatementKey
from commissions.queries import statement_lines
from commissions.services import settlements, statements
from commissions.services.statements import statements_issue
from commissions.services.violations import violation_open, violation_release
from commissions.statements import keys
from commissions.statements.affiliate_rows import BooksDisagree
from commissions.statements.canonical import FORMS, read
from commissions.statements.file import Broken, file_of
from commissions.statements.kinds import waterfall
from merchants.models import OrderLine
from tests.cast import staff_make
from tests.commissions.statements.conftest import (
    JULY_20,
    JUNE,
    JUNE_20,
    MAY,
    pay_out,
    sell,
    settle,
)
from tests.commissions.statements.files import verify_statement

pytestmark = pytest.mark.django_db(transaction=True)

SETTLED = {
    "estimated": 2149, "base": 19900, "commission": 2388, "share": 2149, "tech_fee": 215,
    "net": 1934, "payable": 1934,
}  # fmt: skip


def rows(statement):
    """Per row its kind, the order or what else it refers to, and the figures that are not zero."""
    found = [read(line, FORMS[statement.kind]) for line in list(statement_lines(statement))[2:]]
    return [
        (
            row.kind,
            row.words["order"] or row.words["reference"],
            {name: minor for name, minor in row.figures.items() if minor},
        )
        for row in found
    ]


def csv(statement):
    return "".join(file_of(statement, statement_lines(statement))).encode()


def affiliates():
    return list(Statement.objects.filter(kind="affiliate").order_by("pk"))


def merchants():
    return list(Statement.objects.filter(kind="merchant").order_by("pk"))


# --- What it says --------------------------------------------------------------------------------


def test_a_month_line_by_line_and_the_next_one(told):
    first, second = affiliates()

    assert rows(first) == [
        ("opening", "", {}),
        ("settled", "T1", SETTLED),
        ("settled", "T2", SETTLED),
        ("closing", "", {"payable": 3868}),
        ("total", "", {name: 2 * minor for name, minor in SETTLED.items()}),
    ]
    corrected = {"base": -5000, "commission": -600, "share": -540, "tech_fee": -54, "net": -486}
    assert rows(second)[:-1] == [
        ("opening", "", {"payable": 3868}),
        ("settled", "T3", SETTLED),
        ("corrected", "T1", {**corrected, "payable": -486}),
        ("withdrawn", f"payout:{told.affiliate.payouts.get().pk}:requested", {"payable": -1900}),
        ("paid", "BANK-77", {"paid": 1900}),
        ("closing", "", {"payable": 3416}),
    ]
    line = read(list(statement_lines(second))[4], FORMS["affiliate"])
    assert line.words["reference"] == "R7"
    assert line.words["day"] == "2026-06-23"


def test_numbers_heads_and_figures_lead_from_one_to_the_next(told):
    first, second = affiliates()

    pk = told.affiliate.pk
    assert (first.number, second.number) == (f"A{pk}-CNY-0001", f"A{pk}-CNY-0002")
    assert (second.previous, second.opening) == (first, first.closing)
    assert told.balance(chart.payable(pk)) == second.closes_with == cny("34.16")


def test_the_waterfall_tells_the_same_in_steps(told):
    blocks = waterfall(affiliates()[1])

    assert [[(step.label, step.amount) for step in block.steps] for block in blocks] == [
        [
            ("Estimated when the orders were paid", cny("21.49")),
            ("Confirmed", cny("21.49")),
            ("Technical service fee", cny("-2.15")),
            ("Settled", cny("19.34")),
        ],
        [
            ("Available before", cny("38.68")),
            ("Settled", cny("19.34")),
            ("Corrected", cny("-4.86")),
            ("Withdrawal", cny("-19.00")),
            ("Available now", cny("34.16")),
        ],
        [
            ("Withdrawals paid", cny("19.00")),
            ("Arrived on your account", cny("19.00")),
        ],
    ]


def test_what_was_refunded_before_the_settlement_stands_beside_the_estimate(cast):
    sell(cast, "T1", MAY)
    with clock.at(MAY + timedelta(days=6)):
        cast.refunded("50.00", "T1")
    settle(JUNE_20)

    settled = rows(affiliates()[0])[1]
    assert (settled[2]["estimated"], settled[2]["share"], settled[2]["net"]) == (2149, 1609, 1448)
    steps = waterfall(affiliates()[0])[0].steps
    assert ("Refunded or corrected before the settlement", cny("-5.40")) in [
        (step.label, step.amount) for step in steps
    ]


def test_a_refund_beyond_what_is_available_is_debt_and_repaid_first(cast):
    sell(cast, "T1", MAY)
    settle(JUNE_20)
    pay_out(cast, "19.00", JUNE_20 + timedelta(days=2))
    with clock.at(JUNE_20 + timedelta(days=3)):
        cast.refunded("199.00", "T1")
    sell(cast, "T2", JUNE)
    settle(JULY_20)

    second = affiliates()[1]
    moves = [(kind, figures) for kind, _order, figures in rows(second) if "debt" in kind]
    assert moves == [
        ("debt_taken", {"payable": 1900, "debt": -1900}),
        ("debt_repaid", {"payable": -1900, "debt": 1900}),
    ]
    assert second.closing == {"payable": 34, "frozen": 0, "debt": 0}


def test_frozen_money_is_told_when_it_is_frozen_and_when_it_is_released(cast):
    anna, bo = staff_make(StaffRole.RISK), staff_make(StaffRole.RISK)
    sell(cast, "T1", MAY)
    sell(cast, "T2", MAY)
    with clock.at(MAY + timedelta(days=10)):
        case = violation_open(
            actor=anna,
            target=cast.commission("T2"),
            reason=25,
            consequence="points",
            text="Seen in the log.",
        )
        tasks.violation_apply(case.pk)
    settle(JUNE_20)
    with clock.at(JUNE_20 + timedelta(hours=1)):
        violation_release(actor=bo, violation=case, words="It was not so.")
        tasks.violation_apply(case.pk)
    settle(JULY_20)

    first, second = affiliates()
    assert rows(first)[1:-2] == [("settled", "T1", SETTLED), ("frozen", "T2", {"frozen": 1934})]
    assert first.closing == {"payable": 1934, "frozen": 1934, "debt": 0}
    assert rows(second)[1:-2] == [("settled", "T2", SETTLED), ("released", "T2", {"frozen": -1934})]


def test_what_another_entry_moved_is_told_with_its_key(cast):
    sell(cast, "T1", MAY)
    with clock.at(MAY + timedelta(days=20)):
        payable = chart.payable(cast.affiliate.pk)
        ledger.post(key="gift:1:given", moves=[Move(cny("5.00"), chart.SHARE, payable)])
    settle(JUNE_20)

    assert ("moved", "gift:1:given", {"payable": 500}) in rows(affiliates()[0])
    with clock.at(JUNE_20):  # the books of the alliance know no gifts
        ledger.post(key="gift:1:taken", moves=[Move(cny("5.00"), payable, chart.SHARE)])
    settle(JULY_20)
    assert ("moved", "gift:1:taken", {"payable": -500}) in rows(affiliates()[1])


def test_a_merchants_calendar_month(told):
    may, june = merchants()

    assert rows(may)[:-1] == [
        ("opening", "", {}),
        ("reserved", "T1", {"base": 19900, "commission": 2388, "wallet": -2388, "reserved": 2388}),
        ("charged", "T1", {"reserved": -2388}),
        ("reserved", "T2", {"base": 19900, "commission": 2388, "wallet": -2388, "reserved": 2388}),
        ("charged", "T2", {"reserved": -2388}),
        ("top_up", told.merchant.top_ups.get().reference, {"wallet": 1_000_000}),
        ("closing", "", {"wallet": 995_224}),
    ]
    assert rows(june)[-3] == (
        "given_back",
        "T1",
        {"base": -5000, "commission": -600, "wallet": 600},
    )
    assert june.closing == {"wallet": 993_436, "reserved": 0}
    assert told.balance(chart.wallet(told.merchant.pk)) == june.closes_with


def test_a_merchant_is_told_of_months_that_were_settled_late(cast):
    sell(cast, "T1", MAY)
    sell(cast, "T2", JUNE)
    settle(JULY_20)

    assert [(s.month.month, s.previous is None) for s in merchants()] == [(5, True), (6, False)]
    assert [row[1] for row in rows(affiliates()[0]) if row[0] == "settled"] == ["T1", "T2"]


# --- The same bytes, for ever --------------------------------------------------------------------


def test_nothing_that_changes_later_changes_a_statement(told):
    before = [csv(statement) for statement in Statement.objects.order_by("pk")]
    told.affiliate.payouts.update(rail_ref="another")
    OrderLine.objects.update(title="renamed")
    Affiliate.objects.update(name="Renamed")
    with clock.at(JULY_20 + timedelta(hours=1)):
        told.refunded("10.00", "T2", "R8")
        assert statements_issue(Settlement.objects.last()) == 0

    assert [csv(statement) for statement in Statement.objects.order_by("pk")] == before
    told.affiliate.payouts.update(rail_ref="BANK-77")


def test_the_file_verifies_and_names_the_one_before(told):
    first, second = affiliates()
    key = bytes.fromhex(keys.public())

    said = verify_statement.verify(csv(second), [key], csv(first))
    assert said.endswith(f"it follows {first.number}.")
    assert "Lin's picks for 2026-06 is whole" in said
    for statement in merchants():
        assert verify_statement.verify(csv(statement), [key])


@pytest.mark.parametrize("table", ["statement", "statementpart", "statementkey"])
def test_the_database_refuses_to_change_what_was_told(told, sql, table):
    for change in (f"UPDATE commissions_{table} SET", f"DELETE FROM commissions_{table} WHERE"):
        column = {"statement": "rows = rows", "statementpart": "place = place"}.get(
            table, "public = public"
        )
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            sql(f"{change} {column}")


def test_lines_that_are_not_those_that_were_signed_are_not_handed_out(told):
    statement = affiliates()[0]
    kept = list(statement_lines(statement))
    kept[3] = kept[3].replace("1934", "9934")

    with pytest.raises(Broken):
        list(file_of(statement, kept))


# --- When it is made -----------------------------------------------------------------------------


def closed(moment=JUNE_20):
    with clock.at(moment):
        month = clock.previous_month(clock.business_day())
        return settlements.settlement_run(month=month, currency="CNY")


def test_issuing_again_makes_nothing_new(told):
    with clock.at(JULY_20 + timedelta(minutes=5)):
        assert [statements_issue(one) for one in Settlement.objects.order_by("pk")] == [0, 0]
        tasks.statements_sweep()

    assert (len(affiliates()), len(merchants())) == (2, 2)
    assert AuditEvent.objects.filter(verb="statements.issued").count() == 2


def test_cut_off_in_the_middle_the_sweep_goes_on(cast, monkeypatch):
    sell(cast, "T1", MAY)
    settlement = closed()
    signing, calls = keys.sign, []

    def dies(head):
        calls.append(head)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return signing(head)

    monkeypatch.setattr(keys, "sign", dies)
    with clock.at(JUNE_20), pytest.raises(KeyboardInterrupt):
        statements_issue(settlement)
    assert (len(affiliates()), len(merchants())) == (1, 0)
    assert Settlement.objects.get().told_at is None

    with clock.at(JUNE_20 + timedelta(minutes=5)):
        tasks.statements_sweep()
    assert (len(affiliates()), len(merchants())) == (1, 1)
    assert Settlement.objects.get().told_at is not None


def test_two_workers_at_once_make_one_of_each(cast):
    sell(cast, "T1", MAY)
    settlement = closed()
    barrier, made = threading.Barrier(2), []

    def work():
        try:
            barrier.wait()
            with clock.at(JUNE_20):
                made.append(statements_issue(settlement))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(made) == 2
    assert (len(affiliates()), len(merchants())) == (1, 1)


def test_a_later_month_waits_for_the_statements_of_the_one_before(cast):
    sell(cast, "T1", MAY)
    first = closed()
    sell(cast, "T2", JUNE)
    second = closed(JULY_20)

    with clock.at(JULY_20):
        assert statements_issue(second) == 0
        assert statements_issue(first) == 2
        assert statements_issue(second) == 2
    assert [row[1] for row in rows(affiliates()[1]) if row[0] == "settled"] == ["T2"]


def test_statements_wait_for_postings_that_were_under_way(cast, monkeypatch):
    """A line that has its number but is not committed must not fall between two statements."""
    sell(cast, "T1", MAY)
    monkeypatch.setattr(statements, "PATIENCE", 0.2)
    posted, go_on = threading.Event(), threading.Event()

    def post():
        try:
            with clock.at(MAY + timedelta(days=20)), transaction.atomic():
                move = Move(cny("1.00"), chart.CASH, chart.wallet(cast.merchant.pk))
                ledger.post(key="top_up:0:received", moves=[move])
                posted.set()
                go_on.wait(20)
                transaction.set_rollback(True)
        finally:
            connections.close_all()

    thread = threading.Thread(target=post)
    thread.start()
    posted.wait(20)
    settlement = closed()
    with clock.at(JUNE_20):
        assert statements_issue(settlement) == 0
    assert not Statement.objects.exists()
    go_on.set()
    thread.join()
    with clock.at(JUNE_20):
        assert statements_issue(settlement) == 2


def test_rows_that_do_not_lead_to_the_ledger_are_not_signed(cast, monkeypatch):
    sell(cast, "T1", MAY)
    settlement = closed()
    monkeypatch.setattr(statements.affiliate_rows, "rows", lambda window: iter(()))

    with clock.at(JUNE_20), pytest.raises(BooksDisagree, match="its rows lead to"):
        statements_issue(settlement)
    assert not Statement.objects.exists()
    monkeypatch.undo()
    with clock.at(JUNE_20):
        assert statements_issue(settlement) == 2


def test_beat_settles_and_a_worker_is_woken_for_the_statements(cast, monkeypatch):
    sell(cast, "T1", MAY)
    woken = []
    monkeypatch.setattr(tasks.statements_issue, "delay", woken.append)
    with clock.at(JUNE_20):
        tasks.settlement_monthly()
        assert woken == [Settlement.objects.get().pk]
        tasks.statements_issue(woken[0])

    assert (len(affiliates()), len(merchants())) == (1, 1)


def test_an_open_settlement_owes_no_statement(cast):
    sell(cast, "T1", MAY)
    with clock.at(JUNE_20):
        settlement = settlements.settlement_open(month=MAY.date(), currency="CNY")
        assert statements_issue(settlement) == 0


# --- Keys ----------------------------------------------------------------------------------------


def test_after_a_change_of_keys_the_old_statements_keep_theirs(told, settings):
    old = keys.public()
    before = csv(affiliates()[1])
    settings.STATEMENT_KEY = "ab" * 32
    sell(told, "T4", JULY_20 - timedelta(days=15))
    settle(JULY_20 + timedelta(days=31))

    third = affiliates()[2]
    new = keys.public()
    assert [key.public for key in StatementKey.objects.order_by("first_used_at")] == [old, new]
    both = [bytes.fromhex(key) for key in (new, old)]
    assert verify_statement.verify(csv(third), both, before)
    with pytest.raises(verify_statement.Fault, match="signed with another key"):
        verify_statement.verify(csv(third), both[1:])
