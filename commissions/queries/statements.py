"""Statements: who still owes which, and what of them a person may see."""

import zlib
from collections.abc import Iterator
from datetime import date
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import ngettext

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.progress import Progress
from alliance.kernel.templatetags.alliance import number
from commissions.models import (
    Settlement,
    SettlementState,
    Statement,
    StatementKey,
    StatementPart,
)
from commissions.models.statement import LINES_A_PART
from merchants.models import Merchant

BEFORE_ROWS = 3  # the lines of the head, of the columns and of the opening figures

# Whoever the settlement says something of, and whose money moved since the one before.
_AFFILIATES = """
    SELECT affiliate_id FROM (
        SELECT affiliate_id FROM commissions_settlementshare WHERE settlement_id = %(settlement)s
        UNION
        SELECT split_part(a.owner, ':', 2)::bigint
        FROM commissions_line l
        JOIN commissions_account a ON a.id IN (l.debit_id, l.credit_id)
        WHERE l.id > %(after)s AND l.id <= %(through)s AND l.currency = %(currency)s
          AND a.owner LIKE 'affiliate:%%' AND a.kind IN ('payable', 'frozen', 'debt')
    ) moved
    WHERE NOT EXISTS (
        SELECT FROM commissions_statement s
        WHERE s.settlement_id = %(settlement)s AND s.affiliate_id = moved.affiliate_id
    )
    ORDER BY affiliate_id
"""
_MONTHS = """
    SELECT DISTINCT date_trunc('month', e.effective_on)::date
    FROM commissions_account a
    JOIN commissions_line l ON a.id IN (l.debit_id, l.credit_id)
    JOIN commissions_entry e ON e.id = l.entry_id
         AND e.effective_on >= %(from)s AND e.effective_on < %(to)s
    WHERE a.owner = %(owner)s AND a.currency = %(currency)s AND a.kind IN ('wallet', 'reserved')
    ORDER BY 1
"""

# --- What is owed --------------------------------------------------------------------------------


def settlements_untold(*, before: Settlement | None = None) -> QuerySet[Settlement]:
    """Closed settlements that owe statements, first one first; of `before`, those it waits for."""
    owing = Settlement.objects.filter(state=SettlementState.CLOSED, told_at=None)
    if before:
        owing = owing.filter(currency=before.currency, month__lt=before.month)
    return owing.order_by("month", "currency")


def settlement_before(settlement: Settlement) -> Settlement | None:
    """The last closed one of the same currency."""
    return (
        Settlement.objects.filter(
            state=SettlementState.CLOSED,
            currency=settlement.currency,
            month__lt=settlement.month,
        )
        .order_by("-month")
        .first()
    )


def affiliates_untold(settlement: Settlement, after: Settlement | None) -> list[int]:
    """Keys of the affiliates that the settlement owes a statement."""
    facts: dict[str, Any] = {
        "settlement": settlement.pk,
        "currency": settlement.currency,
        "through": settlement.posted_through,
        "after": after.posted_through if after else 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(_AFFILIATES, facts)
        return [pk for (pk,) in cursor.fetchall()]


def merchants_untold(settlement: Settlement) -> list[int]:
    """Keys of the merchants that may have a month to be told, up to the settlement's."""
    told = Statement.objects.filter(
        merchant__isnull=False, month=settlement.month, currency=settlement.currency
    )
    trading = Merchant.objects.filter(currency=settlement.currency)
    return list(
        trading.exclude(pk__in=told.values("merchant")).order_by("pk").values_list("pk", flat=True)
    )


def statements_progress(settlement: Settlement) -> Progress | None:
    """How far the statements of a closed settlement are: those of affiliates, of whom it is known
    whom it concerns; None before it is closed and when the last one is written."""
    if settlement.state != SettlementState.CLOSED or settlement.told_at is not None:
        return None
    left = len(affiliates_untold(settlement, settlement_before(settlement)))
    made = Statement.objects.filter(settlement=settlement).count()
    words = ngettext(
        "%(count)s statement of an affiliate is written.",
        "%(count)s statements of affiliates are written.",
        made,
    )
    return Progress(made, made + left, words % {"count": number(made)})


def months_untold(merchant_pk: int, settlement: Settlement) -> list[date]:
    """The months after the merchant's last statement in which its money moved."""
    last = last_statement(merchant=merchant_pk, currency=settlement.currency)
    facts: dict[str, Any] = {
        "owner": f"merchant:{merchant_pk}",
        "currency": settlement.currency,
        "from": clock.next_month(last.month) if last else clock.FIRST_DAY,
        "to": clock.next_month(settlement.month),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, facts)
        return [month for (month,) in cursor.fetchall()]


def last_statement(
    *, currency: str, affiliate: Affiliate | None = None, merchant: Merchant | int | None = None
) -> Statement | None:
    """The owner's last one in that currency."""
    whose = Q(affiliate=affiliate) if affiliate else Q(merchant=merchant)
    mine = Statement.objects.filter(whose, currency=currency).select_related("settlement")
    return mine.order_by("-pk").first()


# --- What may be seen ----------------------------------------------------------------------------


def statements_for(user: User) -> QuerySet[Statement]:
    """The statements of the user's affiliate and merchant, newest first."""
    affiliates = Affiliate.objects.filter(members__user=user)
    merchants = Merchant.objects.filter(members__user=user)
    return (
        Statement.objects.filter(Q(affiliate__in=affiliates) | Q(merchant__in=merchants))
        .select_related("affiliate", "merchant", "settlement", "previous", "key")
        .order_by("-pk")
    )


def statement_keys() -> QuerySet[StatementKey]:
    """Every key that ever signed, newest first."""
    return StatementKey.objects.order_by("-first_used_at", "key_id")


def statement_lines(statement: Statement, start: int = 0) -> Iterator[str]:
    """The canonical lines as they were signed, from line `start` on, a part in memory at a time."""
    parts = statement.parts.filter(place__gte=start // LINES_A_PART).order_by("place")
    skip = start % LINES_A_PART
    for text in parts.values_list("text", flat=True).iterator(chunk_size=2):
        yield from _lines(text)[skip:]
        skip = 0


def statements_lines(
    of: QuerySet[Statement] | None = None,
) -> Iterator[tuple[int, Iterator[str]]]:
    """The lines of these statements (or all), by their keys, a few parts in memory at a time."""
    parts = StatementPart.objects.order_by("statement_id", "place")
    if of is not None:
        parts = parts.filter(statement__in=of.values("pk"))
    texts = parts.values_list("statement_id", "text").iterator(chunk_size=50)
    for statement_pk, own in groupby(texts, key=itemgetter(0)):
        yield statement_pk, (line for _pk, text in own for line in _lines(text))


def _lines(text: bytes | memoryview) -> list[str]:
    return zlib.decompress(bytes(text)).decode().split("\n")


def statement_rows(statement: Statement, start: int = 0, count: int | None = None) -> Iterator[str]:
    """The lines of the rows from row `start` on, without the figures before and after them."""
    left = statement.rows - start
    return islice(
        statement_lines(statement, BEFORE_ROWS + start), min(left, left if count is None else count)
    )
