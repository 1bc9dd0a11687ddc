"""Debts that are open: whose, how much, since when, and which are old."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    CharField,
    DateTimeField,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Replace

from affiliates.models import Affiliate
from alliance.kernel import clock
from commissions.models import Commission, Debt
from merchants.models import Merchant

OLD = 2  # settlements that have not repaid it (docs/domain.md §4.3)

# When the balance of the account left zero for the last time.
_SINCE = """(
    SELECT min(opened.recorded_at) FROM commissions_entry opened JOIN (
        SELECT l.entry_id FROM commissions_line l
        WHERE commissions_account.id IN (l.debit_id, l.credit_id) AND l.entry_id > coalesce((
            SELECT max(step.entry_id) FROM (
                SELECT m.entry_id, sum(sum(
                    CASE WHEN m.credit_id = commissions_account.id THEN m.amount_minor
                         ELSE -m.amount_minor END
                )) OVER (ORDER BY m.entry_id) AS balance
                FROM commissions_line m
                WHERE commissions_account.id IN (m.debit_id, m.credit_id) GROUP BY m.entry_id
            ) AS step WHERE step.balance = 0
        ), 0)
    ) AS after ON after.entry_id = opened.id
)"""


def debts_all() -> QuerySet[Any]:
    """The debt accounts of affiliates: each with `owed_minor` (positive), `since` (None if
    nothing is owed), `affiliate_id` and `affiliate_name`."""
    owner = Cast(Replace(F("owner"), Value("affiliate:"), Value("")), BigIntegerField())
    return Debt.objects.filter(
        kind="debt"
    ).annotate(
        owed_minor=-F("guarded__balance_minor"),
        since=RawSQL(_SINCE, [], output_field=DateTimeField()),  # noqa: S611 - nothing put in
        affiliate_id=owner,
        affiliate_name=Subquery(
            Affiliate.objects.filter(pk=OuterRef("affiliate_id")).values("name")[:1],
            output_field=CharField(),
        ),
    )


def debts_open() -> QuerySet[Any]:
    """Those of affiliates who owe."""
    return debts_all().filter(guarded__balance_minor__lt=0)


def debts_old() -> QuerySet[Any]:
    """Those that OLD settlement days have passed without repaying."""
    return debts_open().filter(since__lt=old_before())


def merchants_of_debt(debt: Debt) -> QuerySet[Merchant]:
    """For whom the affiliate ever earned in that currency: one of them may bear the loss."""
    sold_for = Commission.objects.filter(affiliate=debt.affiliate_pk, currency=debt.currency)
    return Merchant.objects.filter(pk__in=sold_for.values("merchant")).order_by("name")


def old_before() -> datetime:
    """A debt from before this moment has seen OLD settlement days."""
    day = clock.business_day()
    for _cycle in range(OLD):
        day = _settlement_day_before(day)
    return clock.day_start(day)


def _settlement_day_before(day: date) -> date:
    this = day.replace(day=settings.ALLIANCE["SETTLEMENT_DAY"])
    return this if this < day else clock.previous_month(day).replace(day=this.day)
