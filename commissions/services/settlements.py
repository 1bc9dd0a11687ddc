"""The month's turn (docs/domain.md §4.4): open → built → closed.

Building is a preview and may be repeated; closing takes what is true then, in one transaction of
set-based SQL. No commission is touched by it: those that settle with the month or an earlier one
are settled because the month is (docs/adr/0014).
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
from commissions.happenings import settlement_tell
from commissions.ledger import Move
from commissions.models import Commission, CommissionLine, Settlement, SettlementState
from commissions.models.commission import COMPONENTS
from commissions.targets import settled_through
from merchants.models import Merchant

_PARTS = ", ".join(COMPONENTS)
# What a settlement tells: the commissions that it settles, and what changed of settled ones since
# the settlement before (that was booked at once; only its telling waits for the month's turn).
_DUE = f"""
    SELECT affiliate_id, id AS commission_id, revision, false AS correction, {_PARTS}
    FROM commissions_commission
    WHERE currency = %(currency)s AND settles_in > %(after)s AND settles_in <= %(month)s
"""
_CORRECTED = f"""
    SELECT l.affiliate_id, l.commission_id, l.revision, true AS correction,
           {", ".join(f"l.{name}" for name in COMPONENTS)}
    FROM commissions_commissionline l
    JOIN commissions_commission c ON c.id = l.commission_id AND c.currency = %(currency)s
    WHERE l.state = 'settled' AND l.id > %(told)s
"""
# A settlement's lines are a partition of their own. It is filled before it joins the others: then
# its indexes are built once, out of rows that lie in order (docs/adr/0015).
_OWN = "commissions_settlementline_%(settlement)s"
_LINES = f"""
    CREATE TABLE {_OWN}
        (LIKE commissions_settlementline INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    INSERT INTO {_OWN}
        (settlement_id, affiliate_id, commission_id, revision, correction, {_PARTS})
    SELECT %(settlement)s, told.* FROM ({_DUE} UNION ALL {_CORRECTED}) AS told
    ORDER BY affiliate_id, commission_id, revision;
    ALTER TABLE commissions_settlementline
        ATTACH PARTITION {_OWN} FOR VALUES IN (%(settlement)s);
    CREATE TRIGGER commissions_settlementline_no_truncate BEFORE TRUNCATE ON {_OWN}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""
_SHARES = """
    INSERT INTO commissions_settlementshare
        (settlement_id, affiliate_id, commissions, publisher_minor, tech_fee_minor, subsidy_minor,
         net_minor, debt_repaid_minor, corrections, corrected_minor, digest)
    SELECT %(settlement)s, affiliate_id, count(*) FILTER (WHERE NOT correction),
           coalesce(sum(publisher_minor) FILTER (WHERE NOT correction), 0),
           coalesce(sum(tech_fee_minor) FILTER (WHERE NOT correction), 0),
           coalesce(sum(subsidy_minor) FILTER (WHERE NOT correction), 0),
           coalesce(sum(net_minor) FILTER (WHERE NOT correction), 0),
           0, count(*) FILTER (WHERE correction),
           coalesce(sum(net_minor) FILTER (WHERE correction), 0), {digest}
    FROM ({source}) AS told GROUP BY affiliate_id ORDER BY affiliate_id
"""
# Fixed-width binary, in a fixed order: there is one way only to write it down (docs/ledger.md).
DIGEST = "encode(sha256(string_agg({fields}, ''::bytea ORDER BY commission_id, revision)), 'hex')"
DIGEST = DIGEST.format(
    fields=" || ".join(f"int8send({name})" for name in ("commission_id", "revision", *COMPONENTS))
)
_TOLD = "SELECT * FROM commissions_settlementline WHERE settlement_id = %(settlement)s"


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
    settlement = Settlement.objects.filter(month=month, currency=currency).first()
    if settlement and settlement.state == SettlementState.CLOSED:
        return settlement
    last = settled_through().get(currency)
    if last and last >= month:
        raise Invalid(
            _("A later month is settled already: what is late for this one comes with the next."),
            field="month",
        )
    settlement, made = Settlement.objects.get_or_create(month=month, currency=currency)
    if made:
        audit.record("settlement.opened", settlement, actor=actor)
    return settlement


@transaction.atomic
def settlement_build(*, settlement: Settlement, actor: User | None = None) -> Settlement:
    """Work out who gets what, without moving money. May be repeated until the settlement closes."""
    locked = _locked(settlement)
    locked.shares.all().delete()
    _run(_SHARES.format(source=f"{_DUE} UNION ALL {_CORRECTED}", digest="''"), _facts(locked))
    locked.state, locked.built_at = SettlementState.BUILT, clock.now()
    locked.save(update_fields=["state", "built_at"])
    audit.record("settlement.built", locked, actor=actor)
    return locked


@transaction.atomic(durable=True)
def settlement_close(*, settlement: Settlement, actor: User | None = None) -> Settlement:
    """BUILT → CLOSED: pending becomes payable (a debt is repaid first), in one entry.

    What changed since the last building is taken as it is now. Orders wait for it meanwhile: the
    pipeline holds the same lock shared. All of it happens or nothing: whoever is cut off in the
    middle begins again. Raises WrongState unless built.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlement'), 0)")
        cursor.execute("SET LOCAL work_mem = '256MB'")  # a million lines are sorted in memory
    locked = _locked(settlement)
    if locked.state != SettlementState.BUILT:
        raise WrongState(_("Build the settlement and look at it before you close it."))
    previewed = dict(locked.shares.values_list("affiliate_id", "net_minor"))
    locked.shares.all().delete()
    facts = _facts(locked)
    _run(_LINES, facts)
    _run(_SHARES.format(source=_TOLD, digest=DIGEST), facts)
    actual = dict(locked.shares.values_list("affiliate_id", "net_minor"))
    _post(locked, {pk: net for pk, net in actual.items() if net}, actor)
    last = CommissionLine.objects.order_by("-pk").values_list("pk", flat=True).first()
    locked.told_through = last or 0
    locked.posted_through = ledger.last_line()
    locked.state, locked.closed_at, locked.closed_by = SettlementState.CLOSED, clock.now(), actor
    locked.save(update_fields=["state", "closed_at", "closed_by", "told_through", "posted_through"])
    audit.record(
        "settlement.closed",
        locked,
        actor=actor,
        affiliates=len(actual),
        net_minor=sum(actual.values()),
        changed_since_built=sorted(
            pk for pk in previewed.keys() | actual.keys() if previewed.get(pk) != actual.get(pk)
        )[:100],
    )
    settlement_tell(locked)
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
    closed = settled_through()
    used = Merchant.objects.order_by().values_list("currency", flat=True).distinct()
    return sorted(
        currency
        for currency in used
        if Commission.objects.filter(
            currency=currency,
            settles_in__lte=month,
            settles_in__gt=closed.get(currency, date.min),
        ).exists()
    )


def _locked(settlement: Settlement) -> Settlement:
    locked = Settlement.objects.select_for_update().get(pk=settlement.pk)
    if locked.state == SettlementState.CLOSED:
        raise WrongState(_("This settlement is closed. Corrections go into the next one."))
    return locked


def _facts(settlement: Settlement) -> dict[str, Any]:
    """What the statements ask for: the months after the last closed one, up to this one."""
    closed = Settlement.objects.filter(
        currency=settlement.currency, state=SettlementState.CLOSED
    ).order_by("-month")
    last = closed.first()
    if last and last.month >= settlement.month:
        raise WrongState(_("A later month is settled already."))
    return {
        "settlement": settlement.pk,
        "currency": settlement.currency,
        "month": settlement.month,
        "after": last.month if last else date.min,
        "told": last.told_through if last else 0,
    }


def _run(sql: str, facts: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, facts)


# Every balance that the entry may touch, in key order; of them, the debts.
_DEBTS = """
    WITH locked AS (
        SELECT a.owner, a.kind, b.balance_minor
        FROM commissions_balance b JOIN commissions_account a ON a.id = b.account_id
        WHERE a.currency = %(currency)s AND a.kind IN ('pending', 'payable', 'debt')
          AND a.owner IN (
            SELECT 'affiliate:' || affiliate_id FROM commissions_settlementshare
            WHERE settlement_id = %(settlement)s AND net_minor > 0
          )
        ORDER BY b.account_id FOR UPDATE OF b
    )
    SELECT split_part(owner, ':', 2)::bigint, balance_minor
    FROM locked WHERE kind = 'debt' AND balance_minor < 0
"""
_REPAID = """
    UPDATE commissions_settlementshare s SET debt_repaid_minor = repaid.minor
    FROM unnest(%(affiliates)s::bigint[], %(minors)s::bigint[]) AS repaid(affiliate_id, minor)
    WHERE s.settlement_id = %(settlement)s AND s.affiliate_id = repaid.affiliate_id
"""


def _post(settlement: Settlement, due: dict[int, int], actor: User | None) -> None:
    """One entry for the whole settlement; what repays a debt is noted in the share."""
    currency = settlement.currency
    with connection.cursor() as cursor:
        cursor.execute(_DEBTS, {"settlement": settlement.pk, "currency": currency})
        owed = {(chart.debt(pk), currency): minor for pk, minor in cursor.fetchall()}
    moves = debts.through_debt(
        [
            Move(Money(net, currency), debit=chart.pending(pk), credit=chart.payable(pk))
            for pk, net in due.items()
        ],
        owed,
    )
    if not moves:
        return
    ledger.post(key=f"settlement:{settlement.pk}:closed", moves=moves, actor=actor)
    by_account = {move.credit: move.amount.minor for move in moves}
    repaid = {pk: by_account[chart.debt(pk)] for pk in due if chart.debt(pk) in by_account}
    if repaid:
        facts = {"affiliates": list(repaid), "minors": list(repaid.values())}
        _run(_REPAID, {"settlement": settlement.pk, **facts})
