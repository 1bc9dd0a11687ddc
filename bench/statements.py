"""Statements of a settled month: issued, and put on paper.

Issuing reads the month's lines from the books, chains them by hashes, signs, and keeps them; beside
it the same lines are only read and written as CSV, without hash, signature or keeping. Paper is
beside the plain way to set a table with the same library. One statement of ten thousand rows shows
that memory stays flat. Each statement is checked by the verifier that partners use.
"""

import csv
import importlib.util
import io
import resource
from datetime import date
from statistics import median
from time import perf_counter
from types import ModuleType

from django.conf import settings

from alliance.kernel import clock
from bench.trade import trade_make
from bench.world import world_make
from commissions import documents, queries
from commissions.documents import Column
from commissions.models import Settlement, Statement
from commissions.services.settlements import settlement_run
from commissions.services.statements import statements_issue
from commissions.statements import affiliate_rows, keys
from commissions.statements.affiliate_rows import Window
from commissions.statements.canonical import FORMS, read
from commissions.statements.file import file_of
from commissions.statements.pdf import heading, statement_pdf, summary
from commissions.statements.telling import Figures, tell
from commissions.verify import verify

FIRST = date(2024, 1, 1)
CELLS = ("day", "what", "order", "title", "base", "rate", "share", "fee", "amount")


def run(small: bool = False) -> None:
    lines, affiliates, papers, long = (200, 20, 3, 150) if small else (50_000, 1_000, 60, 10_000)
    world = world_make(products=5, affiliates=1)
    trade_make(world, affiliates).month(FIRST, lines)
    settlement = settlement_run(month=FIRST, currency="CNY")
    issued, made = _issue(settlement)
    plain = _plainly(settlement)
    some = list(Statement.objects.filter(kind="affiliate").order_by("-rows", "pk")[:papers])
    rows = sum(statement.rows for statement in some)
    drawn, flowed = _seconds_each(some, statement_pdf), _seconds_each(some, _flowed)
    second = clock.next_month(FIRST)
    trade_make(world, 1).month(second, long)
    statements_issue(settlement_run(month=second, currency="CNY"))
    grown, long_seconds = _one(long)
    _prove(lines + long)
    print(f"  issued, signed, kept  : {lines / issued:10,.0f} lines/s, {made / issued:,.0f} each s")
    print(f"  read and written only : {lines / plain:10,.0f} lines/s")
    print(f"  ratio                 : {plain / issued:10.2f}")
    print(f"  on paper              : {rows / sum(drawn):10,.0f} lines/s")
    print(f"  the library's tables  : {rows / sum(flowed):10,.0f} lines/s")
    print(f"  ratio                 : {sum(flowed) / sum(drawn):10.1f}")
    print(f"  PDFs                  : {1 / median(drawn):10.1f}/s of {rows // len(some)} rows")
    print(f"  {long:,} rows on paper: {long_seconds:.1f} s, this process grew by {grown:.0f} MiB")


def _issue(settlement: Settlement) -> tuple[float, int]:
    start = perf_counter()
    made = statements_issue(settlement)
    return perf_counter() - start, made


def _plainly(settlement: Settlement) -> float:
    """The same rows as CSV, with nothing that makes them a statement."""
    start = perf_counter()
    for pk in settlement.shares.values_list("affiliate_id", flat=True).order_by("affiliate_id"):
        writer = csv.writer(io.StringIO())
        for row in affiliate_rows.rows(Window(pk, settlement, None)):
            writer.writerow([row.kind, *row.words.values(), *row.figures.values()])
    return perf_counter() - start


def _seconds_each(statements: list[Statement], draw: object) -> list[float]:
    times = []
    for statement in statements:
        start = perf_counter()
        draw(statement, queries.statement_rows(statement))  # type: ignore[operator]
        times.append(perf_counter() - start)
    return times


def _flowed(statement: Statement, lines: object) -> bytes:
    """The same with its rows as a table of the frame that all documents share."""
    figures, form = Figures(statement.currency), FORMS[statement.kind]
    told = [tell(read(line, form), figures) for line in lines]  # type: ignore[attr-defined]
    table = documents.table(
        [Column(name, right=name in CELLS[4:]) for name in CELLS],
        [[getattr(row, name) for name in CELLS] for row in told],
    )
    title, issuer, recipient, facts = heading(statement)
    return documents.document(
        title=title,
        issuer=issuer,
        recipient=recipient,
        facts=facts,
        body=[*summary(statement), table],
        footer=title,
    )


def _one(rows: int) -> tuple[float, float]:
    """MiB that this process grows by while it draws the longest statement, and seconds."""
    statement = Statement.objects.filter(kind="affiliate").order_by("-pk")[0]
    if statement.rows != rows:
        raise AssertionError(f"{statement.rows} rows instead of {rows}")
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, perf_counter()
    statement_pdf(statement, queries.statement_rows(statement))
    seconds = perf_counter() - start
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, seconds


def _prove(lines: int) -> None:
    verifier, key = _verifier(), bytes.fromhex(keys.public())
    start = perf_counter()
    statements = Statement.objects.filter(kind="affiliate").select_related("key")
    if sum(statements.values_list("rows", flat=True)) != lines:
        raise AssertionError("rows were lost")
    for statement in statements:
        pieces = file_of(statement, queries.statement_lines(statement))
        verifier.verify("".join(pieces).encode(), [key])
    print(f"  checked by the verifier: {len(statements):,} in {perf_counter() - start:.0f} s")
    if faults := verify():
        raise AssertionError(f"the books do not verify: {faults[:5]}")


def _verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "verify_statement", settings.BASE_DIR / "docs" / "verify_statement.py"
    )
    if spec is None or spec.loader is None:
        raise AssertionError("no verifier")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
