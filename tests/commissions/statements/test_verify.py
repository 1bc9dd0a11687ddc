"""The books do not verify when a statement is missing, says something else, or was changed."""

import zlib
from datetime import timedelta

import pytest

from alliance.kernel import clock
from commissions.models import Statement, StatementPart
from commissions.services import settlements
from commissions.services.statements import statements_issue
from commissions.verify import verify
from commissions.verify.statements import in_turn
from tests.commissions.statements.conftest import JULY_20, JUNE_20, MAY, sell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def past(sql):
    """Change rows that the database refuses to change, as somebody with its password could."""

    def change(table, statement, *args):
        sql(f"ALTER TABLE commissions_{table} DISABLE TRIGGER USER")
        sql(statement, *args)
        sql(f"ALTER TABLE commissions_{table} ENABLE TRIGGER USER")

    return change


def found():
    with clock.at(JULY_20 + timedelta(days=1)):
        return verify()


def test_a_statement_that_is_missing(told, past):
    last = Statement.objects.filter(kind="affiliate").last()
    past("statementpart", "DELETE FROM commissions_statementpart WHERE statement_id = %s", last.pk)
    past("statement", "DELETE FROM commissions_statement WHERE id = %s", last.pk)

    said = f"affiliate {told.affiliate.pk} has no statement of settlement {last.settlement_id}"
    assert found() == [f"settlements_are_told: {said}"]
    with clock.at(JULY_20):  # told again, it is whole again
        assert statements_issue(last.settlement) == 1


def test_a_settlement_that_nobody_was_told_of_for_days(cast, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "STATEMENTS_WITHIN_DAYS": 3}
    sell(cast, "T1", MAY)
    with clock.at(JUNE_20):
        settlement = settlements.settlement_run(month=MAY.date(), currency="CNY")
        assert verify() == []
    with clock.at(JUNE_20 + timedelta(days=4)):
        assert verify() == [
            f"settlements_are_told: settlement {settlement.pk} closed on 2026-06-19 is not told"
        ]
        statements_issue(settlement)


@pytest.mark.parametrize(
    ("kind", "account", "minor"), [("affiliate", "payable", 3416), ("merchant", "wallet", 993436)]
)
def test_a_closing_figure_that_is_not_the_ledgers(told, past, kind, account, minor):
    last = Statement.objects.filter(kind=kind).last()
    change = "UPDATE commissions_statement SET closing = jsonb_set(closing, %s, %s) WHERE id = %s"
    past("statement", change, f"{{{account}}}", str(minor + 1), last.pk)

    said = f"statement {last.number} closes {account} with {minor + 1}, the ledger with {minor}"
    assert found() == [f"statements_close_as_booked: {said}"]
    past("statement", change, f"{{{account}}}", str(minor), last.pk)


def test_a_chain_that_does_not_hang_together(told, past):
    last = Statement.objects.filter(kind="affiliate").last()
    change = "UPDATE commissions_statement SET number = %s WHERE id = %s"
    past("statement", change, last.number.replace("0002", "0009"), last.pk)

    assert [fault.partition(":")[0] for fault in found()] == ["statements_are_chained"]
    past("statement", change, last.number, last.pk)


def test_a_line_that_was_changed_in_the_database(told, past):
    last = Statement.objects.filter(kind="affiliate").last()
    kept = bytes(StatementPart.objects.get(statement=last).text)
    forged = zlib.compress(zlib.decompress(kept).replace(b"1934", b"9934"))
    change = "UPDATE commissions_statementpart SET text = %s WHERE statement_id = %s"
    past("statementpart", change, forged, last.pk)

    assert found() == [
        f"statements_are_chained: the lines of statement {last.number} do not lead to its hash"
    ]
    past("statementpart", change, kept, last.pk)


def test_lines_that_are_gone_are_missed_of_their_statement_alone(told, past):
    first = Statement.objects.order_by("pk").first()
    kept = bytes(StatementPart.objects.get(statement=first).text)
    change = "DELETE FROM commissions_statementpart WHERE statement_id = %s"
    past("statementpart", change, first.pk)

    assert Statement.objects.count() > 2
    assert found() == [
        f"statements_are_chained: the lines of statement {first.number} do not lead to its hash"
    ]
    StatementPart.objects.create(statement=first, place=0, text=kept)
    assert found() == []


def test_a_signature_that_is_somebody_elses(told, past):
    last = Statement.objects.filter(kind="merchant").last()
    change = "UPDATE commissions_statement SET signature = %s WHERE id = %s"
    past("statement", change, "0" * 128, last.pk)

    assert found() == [f"statements_are_chained: statement {last.number} is not signed by its key"]
    past("statement", change, last.signature, last.pk)


def test_of_many_statements_the_new_ones_are_hashed_at_once_and_each_other_has_its_turn(told, past):
    change = "UPDATE commissions_statement SET signature = %s WHERE id = %s"
    signed = list(Statement.objects.order_by("pk").values_list("pk", "number", "signature"))
    for pk, _number, _signature in signed:
        past("statement", change, "0" * 128, pk)

    def faults(days, **how):
        with clock.at(JULY_20 + timedelta(days=days)):
            return [said.split()[1] for said in in_turn(**how)]

    everyone = [number for _pk, number, _signature in signed]
    new = list(Statement.objects.filter(signed_at__gte=JULY_20).values_list("number", flat=True))
    assert 0 < len(new) < len(everyone)
    assert set(new) <= set(faults(1, most=1))
    found = [faults(days, most=1) for days in range(10, 10 + len(everyone))]
    assert sorted(one for day in found for one in day) == sorted(everyone)  # each once
    assert max(map(len, found)) < len(everyone)
    assert faults(10, whole=True, most=1) == faults(10) == everyone

    for pk, _number, signature in signed:
        past("statement", change, signature, pk)
