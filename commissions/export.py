"""The general ledger as a journal that beancount, hledger and ledger read (docs/ledger.md).

Amounts are whole minor units in a commodity of their own (CNYMINOR): written as 100.00 CNY, some
of these programs would tolerate half a fen. A debit is positive there, so their balances are ours
with the other sign: cash is what the platform has, a wallet what it owes.
"""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from alliance.kernel import clock

# By the last part of the code. What is not named here is owed to somebody: Liabilities.
ROOTS = {
    "campaigns": "Expenses",
    "cash": "Assets",
    "debt": "Assets",
    "in_flight": "Liabilities",
    "share": "Income",
    "special_fee": "Income",
    "subsidy": "Expenses",
    "tax_withheld": "Liabilities",
    "tech_fee": "Income",
    "write_off": "Expenses",
}
_PART = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_CHOSEN = "(%(currency)s::text IS NULL OR {table}.currency = %(currency)s)"

_EXTENT = f"""
    SELECT min(effective_on), max(effective_on) FILTER (WHERE effective_on <= %(until)s),
           (SELECT array_agg(DISTINCT a.currency) FROM commissions_account a
            WHERE {_CHOSEN.format(table="a")})
    FROM commissions_entry
"""
_ACCOUNTS = f"""
    SELECT a.code, array_agg(a.currency ORDER BY a.currency) FROM commissions_account a
    WHERE {_CHOSEN.format(table="a")} GROUP BY a.code ORDER BY a.code
"""
_LINES = f"""
    SELECT e.id, e.key, e.effective_on, e.recorded_at,
           d.code, c.code, l.amount_minor, l.currency
    FROM commissions_entry e
    JOIN commissions_line l ON l.entry_id = e.id
    JOIN commissions_account d ON d.id = l.debit_id
    JOIN commissions_account c ON c.id = l.credit_id
    WHERE e.effective_on <= %(until)s AND {_CHOSEN.format(table="l")}
    ORDER BY e.effective_on, e.id, l.id
"""
# What is stored, where something is stored, less what was booked after the last day.
_BALANCES = f"""
    WITH moved AS (
        SELECT account_id, sum(minor) AS minor,
               coalesce(sum(minor) FILTER (WHERE effective_on > %(until)s), 0) AS later
        FROM (
            SELECT entry_id, debit_id AS account_id, -amount_minor AS minor FROM commissions_line
            UNION ALL
            SELECT entry_id, credit_id, amount_minor FROM commissions_line
        ) AS side JOIN commissions_entry e ON e.id = side.entry_id
        GROUP BY account_id
    )
    SELECT a.code, a.currency,
           (coalesce(b.balance_minor, m.minor, 0) - coalesce(m.later, 0))::bigint
    FROM commissions_account a
    LEFT JOIN commissions_balance b ON b.account_id = a.id
    LEFT JOIN moved m ON m.account_id = a.id
    WHERE {_CHOSEN.format(table="a")} ORDER BY a.code, a.currency
"""


def name_of(code: str) -> str:
    """merchant:12:wallet → Liabilities:Merchant:12:Wallet. ValueError where no way leads back."""
    parts = code.split(":")
    if not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"account {code!r} has no name that the other programs could read")
    root = ROOTS.get(parts[-1], "Liabilities")
    return ":".join([root, *(part.capitalize().replace("_", "-") for part in parts)])


def code_of(name: str) -> str:
    """The account of ours that a name of theirs means."""
    return name.partition(":")[2].lower().replace("-", "_")


def commodity_of(currency: str) -> str:
    """Letters only: the one kind of name that all three read without quotes."""
    return f"{currency}MINOR"


@dataclass(frozen=True, slots=True)
class Posted:
    """One entry as it is written down: legs are (code, minor units as a debit, currency)."""

    pk: int
    key: str
    day: date
    recorded_at: datetime
    legs: list[tuple[str, int, str]]


Balances = Iterator[tuple[str, str, int]]


class Dialect(ABC):
    """How one program wants to read it."""

    @abstractmethod
    def head(self, currencies: list[str], first: date, last: date) -> Iterator[str]: ...

    @abstractmethod
    def account(self, name: str, currencies: list[str], first: date) -> str: ...

    @abstractmethod
    def entry(self, posted: Posted) -> Iterator[str]: ...

    @abstractmethod
    def closing(self, day: date, balances: Balances) -> Iterator[str]: ...

    def legs(self, posted: Posted) -> Iterator[str]:
        for code, minor, currency in posted.legs:
            yield f"  {name_of(code)}  {minor} {commodity_of(currency)}\n"


class Beancount(Dialect):
    def head(self, currencies: list[str], first: date, last: date) -> Iterator[str]:
        yield f'option "title" "Taoke Alliance, {first} to {last}"\n'
        for currency in currencies:
            yield f'option "operating_currency" "{commodity_of(currency)}"\n'

    def account(self, name: str, currencies: list[str], first: date) -> str:
        return f"{first} open {name} {','.join(map(commodity_of, currencies))}\n"

    def entry(self, posted: Posted) -> Iterator[str]:
        yield f'\n{posted.day} * "{posted.key}"\n  entry: {posted.pk}\n'
        yield f'  recorded: "{posted.recorded_at:%Y-%m-%dT%H:%M:%S.%fZ}"\n'
        yield from self.legs(posted)

    def closing(self, day: date, balances: Balances) -> Iterator[str]:
        yield "\n"
        for code, currency, minor in balances:  # as of the morning of the day after
            morning = day + timedelta(days=1)
            yield f"{morning} balance {name_of(code)}  {-minor} {commodity_of(currency)}\n"


class Hledger(Dialect):
    def head(self, currencies: list[str], first: date, last: date) -> Iterator[str]:
        yield f"; Taoke Alliance, {first} to {last}\n"
        for currency in currencies:
            yield f"commodity 1000. {commodity_of(currency)}\n"

    def account(self, name: str, currencies: list[str], first: date) -> str:
        return f"account {name}\n"

    def entry(self, posted: Posted) -> Iterator[str]:
        yield f"\n{posted.day} * ({posted.pk}) {posted.key}\n"
        yield f"  ; recorded: {posted.recorded_at:%Y-%m-%dT%H:%M:%S.%fZ}\n"
        yield from self.legs(posted)

    def closing(self, day: date, balances: Balances) -> Iterator[str]:
        yield f"\n{day} * closing balances\n"
        for code, currency, minor in balances:
            unit = commodity_of(currency)
            yield f"  {name_of(code)}  0 {unit} = {-minor} {unit}\n"


class Ledger(Hledger):
    def head(self, currencies: list[str], first: date, last: date) -> Iterator[str]:
        yield f"; Taoke Alliance, {first} to {last}\ntag recorded\n"
        for currency in currencies:
            yield f"commodity {commodity_of(currency)}\n"


DIALECTS: dict[str, type[Dialect]] = {
    "beancount": Beancount,
    "hledger": Hledger,
    "ledger": Ledger,
}


def journal(
    program: str, *, currency: str | None = None, until: date | None = None
) -> Iterator[str]:
    """The journal, piece by piece: all of one moment, in memory that does not grow with the books.

    `until` is the last business day that is told; everything if it is left out. The closing
    assertions come from the balances that are stored, so that whoever reads the journal checks
    them against the lines.
    """
    dialect = DIALECTS[program]()
    asked = {"currency": currency, "until": until or clock.LAST_DAY}
    with transaction.atomic(durable=True):
        first, last, currencies = _extent(asked)
        yield from dialect.head(currencies, first, last)
        for code, held in _stream(_ACCOUNTS, asked):
            yield dialect.account(name_of(code), held, first)
        for posted in _entries(asked):
            yield from dialect.entry(posted)
        yield from dialect.closing(last, _stream(_BALANCES, asked))


def _extent(asked: dict[str, Any]) -> tuple[date, date, list[str]]:
    """First and last day, and the currencies. From here on the transaction sees one moment."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(_EXTENT, asked)
        first, last, currencies = cursor.fetchone()
    today = min(clock.business_day(), asked["until"])
    return min(first or today, today), max(last or today, today), currencies or []


def _entries(asked: dict[str, Any]) -> Iterator[Posted]:
    for (pk, key, day, recorded_at), rows in groupby(
        _stream(_LINES, asked), key=itemgetter(0, 1, 2, 3)
    ):
        legs: list[tuple[str, int, str]] = []
        for *_entry, debit, credit, minor, currency in rows:
            legs += [(debit, minor, currency), (credit, -minor, currency)]
        yield Posted(pk, key, day, recorded_at, legs)


def _stream(sql: str, asked: dict[str, Any]) -> Iterator[Any]:
    """Rows through a cursor that stays at the server."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, asked)
        yield from cursor
