"""Closing a month of the books: after that, nothing is posted into it any more."""

from datetime import date

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from commissions.models import Period


@transaction.atomic(durable=True)
def period_close(*, month: date, actor: User | None = None) -> Period:
    """Close the books of a calendar month (its first day).

    Waits for postings under way (they hold the lock shared, see `ledger_post`). Raises Invalid
    while the month is not over, WrongState if it is closed already.
    """
    month = clock.month_start(month)
    if clock.next_month(month) > clock.business_day():
        raise Invalid(_("The books of a month can be closed when it is over."), field="month")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('ledger-period'), %s)",
            [month.year * 100 + month.month],
        )
    period, made = Period.objects.get_or_create(
        month=month, defaults={"closed_by": actor, "closed_at": clock.now()}
    )
    if not made:
        raise WrongState(_("The books of that month are closed already."))
    audit.record("period.closed", period, actor=actor)
    return period
