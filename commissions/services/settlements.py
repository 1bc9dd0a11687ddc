"""The month's turn (docs/domain.md §4.4): open → built → closed.

Building is a preview and may be repeated; closing takes what is true then, in one transaction.
"""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import chart, debts, ledger
from commissions.ledger import Move
from commissions.models import Commission, CommissionState, Settlement, SettlementState
from commissions.models.settlement import SettlementShare

# Everything received before the end of the month that no settlement has taken yet: what came in
# late for an earlier month is taken along.
_DUE = """
    SELECT affiliate_id, count(*) AS commissions, sum(publisher_minor)::bigint AS publisher_minor,
           sum(tech_fee_minor)::bigint AS tech_fee_minor, sum(net_minor)::bigint AS net_minor
    FROM {source} GROUP BY affiliate_id ORDER BY affiliate_id
"""
_DUE_NOW = _DUE.format(
    source="""(
        SELECT * FROM commissions_commission
        WHERE state = 'confirmed' AND currency = %(currency)s AND confirmed_at < %(before)s
    ) AS due"""
)
_TAKE = f"""
    WITH due AS (
        SELECT id FROM commissions_commission
        WHERE state = 'confirmed' AND currency = %(currency)s AND confirmed_at < %(before)s
        ORDER BY id FOR UPDATE
    ), taken AS (
        UPDATE commissions_commission c
        SET state = 'settled', settlement_id = %(settlement)s, updated_at = %(now)s
        FROM due WHERE c.id = due.id RETURNING c.*
    )
    {_DUE.format(source="taken")}
"""


def settlement_day(month: date) -> date:
    """The day on which `month` settles: the alliance's day of the month that follows."""
    return clock.next_month(month).replace(day=settings.ALLIANCE["SETTLEMENT_DAY"])


@transaction.atomic
def settlement_open(*, month: date, currency: str, actor: User | None = None) -> Settlement:
    """The settlement of a calendar month (its first day); the same one when it is there already.

    Raises Invalid while the month is not over.
    """
    month = clock.month_start(month)
    if clock.next_month(month) > clock.business_day():
        raise Invalid(_("A month can be settled when it is over."), field="month")
    settlement, made = Settlement.objects.get_or_create(month=month, currency=currency)
    if made:
        audit.record("settlement.opened", settlement, actor=actor)
    return settlement


@transaction.atomic
def settlement_build(*, settlement: Settlement, actor: User | None = None) -> Settlement:
    """Work out who gets what, without moving money. May be repeated until the settlement closes."""
    locked = _locked(settlement)
    _write_shares(locked, _rows(_DUE_NOW, locked))
    locked.state, locked.built_at = SettlementState.BUILT, clock.now()
    locked.save(update_fields=["state", "built_at"])
    audit.record("settlement.built", locked, actor=actor)
    return locked


@transaction.atomic(durable=True)
def settlement_close(*, settlement: Settlement, actor: User | None = None) -> Settlement:
    """BUILT → CLOSED: pending becomes payable (a debt is repaid first), in one entry.

    What changed since the last building is taken as it is now. Raises WrongState unless built.
    """
    locked = _locked(settlement)
    if locked.state != SettlementState.BUILT:
        raise WrongState(_("Build the settlement and look at it before you close it."))
    previewed = dict(locked.shares.values_list("affiliate_id", "net_minor"))
    rows = _rows(_TAKE, locked)
    repaid = _post(locked, rows, actor)
    _write_shares(locked, rows, repaid)
    locked.state, locked.closed_at, locked.closed_by = SettlementState.CLOSED, clock.now(), actor
    locked.save(update_fields=["state", "closed_at", "closed_by"])
    actual = {row["affiliate_id"]: row["net_minor"] for row in rows}
    audit.record(
        "settlement.closed",
        locked,
        actor=actor,
        affiliates=len(rows),
        net_minor=sum(actual.values()),
        changed_since_built=sorted(
            pk for pk in previewed.keys() | actual.keys() if previewed.get(pk) != actual.get(pk)
        )[:100],
    )
    return locked


def settlement_run(*, month: date, currency: str, actor: User | None = None) -> Settlement:
    """Open, build and close in one go: what the calendar does on the settlement day."""
    settlement = settlement_open(month=month, currency=currency, actor=actor)
    if settlement.state == SettlementState.CLOSED:
        return settlement
    return settlement_close(
        settlement=settlement_build(settlement=settlement, actor=actor), actor=actor
    )


def currencies_due(month: date) -> list[str]:
    """The currencies in which something waits for the settlement of `month`."""
    return sorted(
        Commission.objects.filter(
            state=CommissionState.CONFIRMED,
            confirmed_at__lt=clock.day_start(clock.next_month(month)),
        )
        .values_list("currency", flat=True)
        .distinct()
    )


def _locked(settlement: Settlement) -> Settlement:
    locked = Settlement.objects.select_for_update().get(pk=settlement.pk)
    if locked.state == SettlementState.CLOSED:
        raise WrongState(_("This settlement is closed. Corrections go into the next one."))
    return locked


def _rows(sql: str, settlement: Settlement) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "currency": settlement.currency,
                "before": clock.day_start(clock.next_month(settlement.month)),
                "settlement": settlement.pk,
                "now": clock.now(),
            },
        )
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _write_shares(
    settlement: Settlement, rows: list[dict[str, Any]], repaid: dict[int, int] | None = None
) -> None:
    settlement.shares.all().delete()
    SettlementShare.objects.bulk_create(
        [
            SettlementShare(
                settlement=settlement,
                debt_repaid_minor=(repaid or {}).get(row["affiliate_id"], 0),
                **row,
            )
            for row in rows
        ],
        batch_size=2000,
    )


def _post(settlement: Settlement, rows: list[dict[str, Any]], actor: User | None) -> dict[int, int]:
    """One entry for the whole settlement; returns what each affiliate repaid of a debt."""
    currency = settlement.currency
    due = {row["affiliate_id"]: row["net_minor"] for row in rows if row["net_minor"]}
    accounts = debts.accounts_of(due) | {chart.pending(pk) for pk in due}
    balances = ledger.lock({(code, currency) for code in accounts})
    moves = debts.through_debt(
        [
            Move(Money(net, currency), debit=chart.pending(pk), credit=chart.payable(pk))
            for pk, net in due.items()
        ],
        balances,
    )
    if moves:
        ledger.post(key=f"settlement:{settlement.pk}:closed", moves=moves, actor=actor)
    repaid = {move.credit: move.amount.minor for move in moves if move.credit.endswith(debts.DEBT)}
    return {pk: repaid[chart.debt(pk)] for pk in due if chart.debt(pk) in repaid}
