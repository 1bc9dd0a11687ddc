"""A reward is told wherever money is told: statements, their file, the export, the pages."""

import subprocess
import sys

import pytest
from django.test import Client

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import queries
from commissions import tasks as jobs
from commissions.models import Settlement, Statement, StatementKey
from commissions.services import statements
from commissions.statements.file import file_of
from commissions.statements.kinds import waterfall
from tests.commissions.awards.conftest import EVALUATED, JULY_20, at, day

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(twenty_one):
    return twenty_one[0]


@pytest.fixture
def told(cast):
    """Paid on 20 July before June is settled; corrected on 1 August; both months are told."""
    at(EVALUATED)
    at(JULY_20, jobs.awards_pay, jobs.settlement_monthly)
    with clock.at(day(8, 1)):
        for n in (3, 4):
            cast.refunded("199.00", f"T{n}", refund=f"R{n}")
        jobs.campaigns_evaluate()
    with clock.at(day(7, 25)):
        cast.sold("T99")
    with clock.at(day(7, 28)):
        cast.received("T99", placed_at=day(7, 25), paid_at=day(7, 25))
    at(day(8, 20), jobs.settlement_monthly)
    with clock.at(day(8, 21)):
        for settlement in Settlement.objects.order_by("month"):
            statements.statements_issue(settlement)
    return Statement.objects.filter(affiliate=cast.affiliate).order_by("pk")


def text(statement):
    """The file that one downloads."""
    return "".join(file_of(statement, queries.statement_lines(statement)))


def test_statements_tell_the_reward_and_its_correction_by_the_campaigns_name(cast, told, tmp_path):
    june, july = told
    assert june.sums["awarded"] == {"rows": 1, "payable": 60_00}
    assert july.sums["award_revised"] == {"rows": 1, "payable": -48_00}
    [available] = [block for block in waterfall(june) if block.title == "What can be withdrawn"]
    assert [(step.label, step.amount) for step in available.steps] == [
        ("Available before", cny("0.00")),
        ("Settled", cny("406.14")),
        ("Campaign reward", cny("60.00")),
        ("Available now", cny("466.14")),
    ]
    assert "稳赚任务" in text(june)
    for statement in told:
        (tmp_path / f"{statement.number}.csv").write_text(text(statement))
    key = StatementKey.objects.get().public
    done = subprocess.run(
        [
            *(sys.executable, "docs/verify_statement.py", tmp_path / f"{july.number}.csv"),
            *("--key", key, "--previous", tmp_path / f"{june.number}.csv"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_earnings_page_and_its_file_list_the_reward(cast, told):
    client = Client()
    client.force_login(cast.lin)
    with clock.at(day(8, 22)):
        page = client.get("/affiliate/earnings/").content.decode()
        rows = client.get("/affiliate/earnings/rewards.csv").getvalue().decode()
    assert "稳赚任务" in page
    assert "CN¥12.00" in page
    assert ",CNY,12.00,12.00,2026-06," in rows
