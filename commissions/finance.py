"""What the finance page reads: the trial balance, money on its way, and who owes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet, Sum

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.money import Money
from commissions import figures
from commissions.models import Balance, Payout, PayoutState, Settlement

OLD = timedelta(days=3)  # money that is on its way for longer is pointed at

_TRIAL = """
    SELECT a.currency, split_part(a.owner, ':', 1) AS whose, a.kind, count(*)::bigint,
           coalesce(sum(moved.debit), 0)::bigint, coalesce(sum(moved.credit), 0)::bigint
    FROM commissions_account a
    LEFT JOIN (
        SELECT account_id, sum(debit) AS debit, sum(credit) AS credit FROM (
            SELECT debit_id AS account_id, amount_minor AS debit, 0 AS credit FROM commissions_line
            UNION ALL
            SELECT credit_id, 0, amount_minor FROM commissions_line
        ) AS side GROUP BY account_id
    ) AS moved ON moved.account_id = a.id
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A kind of account: everything that ever left it and came to it (minor units)."""

    whose: str  # affiliate, merchant, platform
    kind: str
    accounts: int
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        return self.credit_minor - self.debit_minor


@dataclass(frozen=True, slots=True)
class Trial:
    """The trial balance of one currency; the total of the balances is zero."""

    currency: str
    rows: list[TrialRow]

    @property
    def debit_minor(self) -> int:
        return sum(row.debit_minor for row in self.rows)

    @property
    def credit_minor(self) -> int:
        return sum(row.credit_minor for row in self.rows)

    @property
    def balance_minor(self) -> int:
        return sum(row.balance_minor for row in self.rows)


def trial_balance() -> list[Trial]:
    """Debits and credits per currency, out of the lines themselves: each account of the platform,
    and those of affiliates and merchants by kind."""
    with connection.cursor() as cursor:
        cursor.execute(_TRIAL)
        found = cursor.fetchall()
    by_currency: dict[str, list[TrialRow]] = {}
    for currency, *row in found:
        by_currency.setdefault(currency, []).append(TrialRow(*row))
    return [Trial(currency, rows) for currency, rows in by_currency.items()]


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """Withdrawals of one state and currency that have left the payable account."""

    state: str
    label: str
    count: int
    amount: Money
    oldest: datetime
    old: int  # of them, those that wait for longer than OLD


def in_flight() -> list[OnItsWay]:
    """Money between an affiliate's request and the rail's word, the oldest first."""
    rows = (
        Payout.objects.exclude(state__in=(PayoutState.PAID, PayoutState.FAILED))
        .order_by()
        .values("state", "currency")
        .annotate(
            count=Count("pk"),
            total=Sum("amount_minor"),
            oldest=Min("created_at"),
            old=Count("pk", filter=Q(created_at__lt=clock.now() - OLD)),
        )
        .order_by("oldest")
    )
    return [
        OnItsWay(
            state=row["state"],
            label=str(PayoutState(row["state"]).label),
            count=row["count"],
            amount=Money(row["total"], row["currency"]),
            oldest=row["oldest"],
            old=row["old"],
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Debts:
    """What affiliates owe in one currency, and who owes most."""

    total: Money
    count: int
    largest: list[tuple[Affiliate, Money]]


def debts(largest: int = 5) -> list[Debts]:
    """Clawed back beyond what was payable, per currency, as positive amounts."""
    owing = Balance.objects.filter(account__kind="debt", balance_minor__lt=0)
    totals = (
        owing.order_by("account__currency")
        .values_list("account__currency")
        .annotate(Sum("balance_minor"), Count("pk"))
    )
    return [
        Debts(
            total=Money(-minor, currency),
            count=count,
            largest=_largest(owing.filter(account__currency=currency), largest),
        )
        for currency, minor, count in totals
    ]


def _largest(owing: QuerySet[Balance], count: int) -> list[tuple[Affiliate, Money]]:
    rows = owing.select_related("account").order_by("balance_minor", "pk")[:count]
    found = [
        (int(row.account.owner.rpartition(":")[2]), Money(-row.balance_minor, row.account.currency))
        for row in rows
    ]
    affiliates = Affiliate.objects.in_bulk([pk for pk, _owed in found])
    return [(affiliates[pk], owed) for pk, owed in found]


def recent_settlements(count: int = 6) -> QuerySet[Settlement]:
    """The latest months, with what went to whom."""
    rows = figures.settlements_with_totals(Settlement.objects.select_related("closed_by"))
    return rows.order_by("-month", "currency")[:count]
