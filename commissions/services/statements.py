"""Issuing statements: once per owner and settlement, signed, never changed (docs/statements.md).

The rows are the queue: whoever has no statement of a closed settlement gets one, each in a
transaction of its own; cut off in the middle, the next call goes on.
"""

import logging
import time
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import connection, transaction

from affiliates.models import Affiliate
from alliance.kernel import audit, clock
from commissions import notices, queries
from commissions.models import (
    Settlement,
    SettlementState,
    Statement,
    StatementKey,
    StatementKind,
    StatementPart,
)
from commissions.models.statement import LINES_A_PART
from commissions.statements import affiliate_rows, keys, merchant_rows
from commissions.statements.affiliate_rows import BooksDisagree, Window
from commissions.statements.canonical import NO_HEAD, Body, Chain, Head, Row
from commissions.statements.merchant_rows import Month
from merchants.models import Merchant

logger = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds for transactions that were under way
# Transactions of this database that have written something; a session's own is not waited for.
_RUNNING = """
    SELECT l.transactionid::text FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
      AND a.datname = current_database() AND l.pid <> pg_backend_pid()
"""


def statements_issue(settlement: Settlement) -> int:
    """Every statement that the closed settlement still owes; returns how many were made.

    Nothing yet if the ledger is not quiet in time, or an earlier settlement still owes some: the
    sweep calls again.
    """
    if settlement.state != SettlementState.CLOSED or queries.settlements_untold(before=settlement):
        return 0
    if not _quiet():
        logger.warning("settlement %s: postings under way, statements wait", settlement.pk)
        return 0
    after = queries.settlement_before(settlement)
    made = 0
    for pk in queries.affiliates_untold(settlement, after):
        made += _issue_affiliate(Window(pk, settlement, after))
    for pk in queries.merchants_untold(settlement):
        made += sum(_issue_merchant(month) for month in _months(pk, settlement))
    _finish(settlement, made)
    return made


def _quiet() -> bool:
    """Whether each transaction of before this call has ended: then what it posted is seen."""
    ends = time.monotonic() + PATIENCE
    waiting = _running()
    while waiting:
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
        waiting &= _running()
    return True


def _running() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING)
        return {xid for (xid,) in cursor.fetchall()}


@transaction.atomic
def _finish(settlement: Settlement, made: int) -> None:
    if Settlement.objects.filter(pk=settlement.pk, told_at=None).update(told_at=clock.now()):
        audit.record("statements.issued", settlement, count=made)


@transaction.atomic
def _issue_affiliate(window: Window) -> bool:
    affiliate = Affiliate.objects.select_for_update(no_key=True).get(pk=window.affiliate_id)
    settlement = window.settlement
    if Statement.objects.filter(settlement=settlement, affiliate=affiliate).exists():
        return False
    previous = queries.last_statement(affiliate=affiliate, currency=settlement.currency)
    if previous and previous.settlement:
        # Whoever had nothing to be told for a while is told since the last time.
        window = Window(affiliate.pk, settlement, previous.settlement)
    opening = previous.closing if previous else dict.fromkeys(affiliate_rows.ACCOUNTS, 0)
    _write(
        Statement(
            kind=StatementKind.AFFILIATE,
            affiliate=affiliate,
            settlement=settlement,
            month=settlement.month,
            currency=settlement.currency,
            previous=previous,
            opening=opening,
        ),
        affiliate,
        affiliate_rows.rows(window),
        affiliate_rows.closing(window, opening),
    )
    return True


@transaction.atomic
def _issue_merchant(month: Month) -> bool:
    merchant = Merchant.objects.select_for_update(no_key=True).get(pk=month.merchant_id)
    mine = {"month": month.month, "currency": month.currency}
    if Statement.objects.filter(merchant=merchant, **mine).exists():
        return False
    previous = queries.last_statement(merchant=merchant, currency=month.currency)
    opening = previous.closing if previous else merchant_rows.opening(month)
    _write(
        Statement(
            kind=StatementKind.MERCHANT,
            merchant=merchant,
            previous=previous,
            opening=opening,
            **mine,
        ),
        merchant,
        merchant_rows.rows(month),
        merchant_rows.closing(month, opening),
    )
    return True


def _months(merchant_pk: int, settlement: Settlement) -> Iterator[Month]:
    """The months since the merchant's last statement in which something moved."""
    for month in queries.months_untold(merchant_pk, settlement):
        yield Month(merchant_pk, month, settlement.currency)


def _write(
    statement: Statement, owner: Affiliate | Merchant, rows: Iterable[Row], booked: dict[str, int]
) -> None:
    """Chain, sign and keep the lines. Raises BooksDisagree unless they lead to what is booked."""
    previous, key = statement.previous, _key()
    statement.number = _number(statement, owner, previous)
    statement.key, statement.signed_at = key, clock.now()
    head = Head(
        number=statement.number,
        kind=statement.kind,
        owner=owner.pk,
        owner_name=owner.name,
        currency=statement.currency,
        month=statement.month,
        issued_at=statement.signed_at,
        key_id=key.key_id,
        previous_number=previous.number if previous else "",
        previous_head=previous.head if previous else NO_HEAD,
    )
    body, chain = Body(head, statement.opening, rows), Chain()
    parts: list[StatementPart] = []
    made = body.lines()
    while lines := list(islice(made, LINES_A_PART)):
        for line in lines:
            chain.add(line)
        text = zlib.compress("\n".join(lines).encode())
        parts.append(StatementPart(statement=statement, place=len(parts), text=text))
    if body.closing != booked:
        raise BooksDisagree(
            f"statement {statement.number}: its rows lead to {body.closing}, the ledger to {booked}"
        )
    statement.closing, statement.sums, statement.rows = body.closing, body.by_kind, body.count
    statement.head, statement.signature = chain.head, keys.sign(chain.head)
    statement.save()
    for part in parts:
        part.statement = statement
    StatementPart.objects.bulk_create(parts)
    notices.statement_tell(statement)


def _number(statement: Statement, owner: Affiliate | Merchant, previous: Statement | None) -> str:
    place = int(previous.number.rpartition("-")[2]) + 1 if previous else 1
    return f"{statement.kind[0].upper()}{owner.pk}-{statement.currency}-{place:04d}"


def _key() -> StatementKey:
    public = keys.public()
    key, _made = StatementKey.objects.get_or_create(
        key_id=keys.key_id(public), defaults={"public": public}
    )
    return key
