"""Posting to the general ledger, and reading it. docs/ledger.md has worked numbers.

`post` is the only way in: one call of the SQL function `ledger_post` (migration 0002), which takes
the key, refuses closed periods, writes the lines and moves the guarded balances in key order.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.errors import DomainError, KeyReused
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions.models import Account, Balance, Line


class InsufficientFunds(DomainError):
    """The database refused: an account would have gone beyond its limit."""

    code = "insufficient_funds"
    message = _("There is not enough money in the account for this.")


class PeriodClosed(DomainError):
    """The month of the business day is closed."""

    code = "period_closed"
    message = _("The books of that month are closed.")


@dataclass(frozen=True, slots=True)
class Move:
    """`amount` (positive) leaves `debit` and arrives on `credit` (account codes, see chart)."""

    amount: Money
    debit: str
    credit: str


@dataclass(frozen=True, slots=True)
class Posted:
    """The entry, and whether it had been there before."""

    entry_id: int
    replayed: bool


def net(moves: Iterable[Move]) -> list[Move]:
    """The moves summed by account pair and currency, opposite ones set off, zeros left out.

    In a fixed order, so the same facts always make the same entry.
    """
    sums: dict[tuple[str, str, str], int] = {}
    for move in moves:
        debit, credit, minor = move.debit, move.credit, move.amount.minor
        if debit > credit:
            debit, credit, minor = credit, debit, -minor
        pair = (debit, credit, move.amount.currency)
        sums[pair] = sums.get(pair, 0) + minor
    return [
        Move(Money(minor, currency), debit, credit)
        if minor > 0
        else Move(Money(-minor, currency), credit, debit)
        for (debit, credit, currency), minor in sorted(sums.items())
        if minor
    ]


def post(
    *,
    key: str,
    moves: Sequence[Move],
    actor: User | None = None,
) -> Posted:
    """Write one entry. `key` is noun:pk:fact; posting the same moves under it again is harmless.

    The entry belongs to today's business day. Raises KeyReused when the key
    was used for other moves, InsufficientFunds, PeriodClosed; ValueError for no moves at all.
    """
    if not moves:
        raise ValueError(f"entry {key} moves nothing")
    rows = json.dumps([[m.debit, m.credit, m.amount.minor, m.amount.currency] for m in moves])
    moment = clock.now()
    try:
        # A savepoint, so that a refusal leaves the caller's transaction usable.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT entry_id, replayed FROM ledger_post(%s, %s, %s, %s, %s::jsonb)",
                [
                    key,
                    clock.business_day(moment),
                    moment,
                    actor.pk if actor else None,
                    rows,
                ],
            )
            entry_id, replayed = cursor.fetchone()
    except DatabaseError as exc:
        raise _refusal(exc, key) from exc
    return Posted(entry_id, replayed)


def _refusal(exc: DatabaseError, key: str = "") -> Exception:
    cause = exc.__cause__
    state = getattr(cause, "pgcode", "")
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", "") or ""
    if isinstance(exc, IntegrityError) and constraint.startswith("balance_not_"):
        return InsufficientFunds()
    if state == "TK001":
        return KeyReused(key=key)
    if state == "TK002":
        return PeriodClosed()
    return exc


def balance(code: str, currency: str) -> Money:
    """Credits minus debits. Guarded accounts answer from their row, others from their lines."""
    found = (
        Balance.objects.filter(account__code=code, account__currency=currency)
        .values_list("balance_minor", flat=True)
        .first()
    )
    if found is None:
        found = _total(credit__code=code, currency=currency) - _total(
            debit__code=code, currency=currency
        )
    return Money(found, currency)


def _total(**side: str) -> int:
    return Line.objects.filter(**side).aggregate(total=Sum("amount_minor"))["total"] or 0


def last_line() -> int:
    """The newest ledger line that can be seen; 0 while there is none."""
    return Line.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def lock(accounts: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Lock the guarded balances of (code, currency) pairs in key order; returns them (minor units).

    Take every guarded account of a transaction in one call, before the first posting: then no two
    transactions wait for each other in a circle. An account never used has no row and counts 0.
    """
    rows = (
        Balance.objects.select_for_update(of=("self",))
        .filter(
            account__code__in={code for code, _currency in accounts},
            account__currency__in={currency for _code, currency in accounts},
        )
        .order_by("account_id")
        .values_list("account__code", "account__currency", "balance_minor")
    )
    len(rows)  # waits; an account that was made meanwhile is seen by a second look only
    found = dict.fromkeys(accounts, 0)
    found.update({(code, currency): minor for code, currency, minor in rows.all()})
    return found


@transaction.atomic
def floor_set(*, code: str, currency: str, floor: Money) -> None:
    """How far the guarded account may go down. Raises InsufficientFunds if it is lower already."""
    account, _made = Account.objects.get_or_create(
        code=code,
        currency=currency,
        defaults={"owner": code.rpartition(":")[0], "kind": code.rpartition(":")[2]},
    )
    Balance.objects.get_or_create(account=account)
    try:
        with transaction.atomic():
            Balance.objects.filter(account=account).update(floor_minor=floor.minor)
    except IntegrityError as exc:
        raise _refusal(exc) from exc
