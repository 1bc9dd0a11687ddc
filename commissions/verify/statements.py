"""What was told: to everybody it concerns, as the books have it, in an unbroken chain."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Mod
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from commissions import queries
from commissions.models import Statement
from commissions.statements import keys
from commissions.statements.canonical import Chain
from commissions.verify.base import Invariant

HASHED = 20_000  # statements that are hashed anew in one run, beside the new ones
NEW = timedelta(days=2)

# Ledger lines by owner, kind of account and the cut that they fall before; statements at theirs;
# then what was booked up to each cut beside what the statement says.
_CLOSINGS = """
    SELECT 'statement ' || number || ' closes ' || kind || ' with ' || closing
           || ', the ledger with ' || booked
    FROM (
        SELECT number, kind, closing,
               (sum(delta) OVER (PARTITION BY owner, currency, kind ORDER BY cut))::bigint AS booked
        FROM (
            SELECT a.owner, a.currency, a.kind, side.cut, sum(side.delta) AS delta,
                   NULL::text AS number, NULL::bigint AS closing
            FROM commissions_account a
            JOIN ({sides}) side ON side.account_id = a.id
            WHERE a.kind IN ({kinds}) AND side.cut IS NOT NULL
            GROUP BY 1, 2, 3, 4
            UNION ALL
            SELECT s.kind || ':' || coalesce(s.affiliate_id, s.merchant_id), s.currency, k.kind,
                   {cut}, 0, s.number, coalesce((s.closing ->> k.kind)::bigint, 0)
            FROM commissions_statement s
            LEFT JOIN commissions_settlement x ON x.id = s.settlement_id
            CROSS JOIN (SELECT unnest(ARRAY[{kinds}]) AS kind) k
            WHERE s.kind = '{owners}'
        ) both_sides
    ) told
    WHERE number IS NOT NULL AND closing <> booked
"""
_SIDES = """
    SELECT l.debit_id AS account_id, -l.amount_minor AS delta, {cut} AS cut FROM {lines}
    UNION ALL
    SELECT l.credit_id, l.amount_minor, {cut} FROM {lines}
"""
_AFFILIATES = _CLOSINGS.format(
    owners="affiliate",
    kinds="'payable', 'frozen', 'debt'",
    cut="x.posted_through",
    sides=_SIDES.format(
        cut="""(
            SELECT min(y.posted_through) FROM commissions_settlement y
            WHERE y.state = 'closed' AND y.currency = l.currency AND y.posted_through >= l.id
        )""",
        lines="commissions_line l",
    ),
)
_MERCHANTS = _CLOSINGS.format(
    owners="merchant",
    kinds="'wallet', 'reserved'",
    cut="s.month",
    sides=_SIDES.format(
        cut="date_trunc('month', e.effective_on)::date",
        lines="commissions_line l JOIN commissions_entry e ON e.id = l.entry_id",
    ),
)


def _late(_whole: bool) -> Iterator[str]:
    """Settlements that closed a while ago and still owe statements."""
    since = clock.now() - timedelta(days=settings.ALLIANCE["STATEMENTS_WITHIN_DAYS"])
    for settlement in queries.settlements_untold().filter(closed_at__lt=since):
        yield f"settlement {settlement.pk} closed on {settlement.closed_at:%Y-%m-%d} is not told"


def _heads(of: QuerySet[Statement] | None) -> Iterator[tuple[int, str]]:
    """Where the lines that are kept lead to, by statement in the order of keys."""
    for statement_pk, lines in queries.statements_lines(of):
        chain = Chain()
        for line in lines:
            chain.add(line)
        yield statement_pk, chain.head


def in_turn(whole: bool = False, *, most: int = HASHED) -> Iterator[str]:
    """Hash every line that is kept, and look at every signature: of few statements all, of many
    those of the last days and those whose turn it is today. An archive of years is gone through in
    as many days as it holds times `most`."""
    rows = Statement.objects.all()
    turns = 1 if whole else -(-rows.count() // most)
    if turns > 1:
        turn = Q(turn=clock.business_day().toordinal() % turns)
        new = Q(signed_at__gte=clock.now() - NEW)
        rows = rows.alias(turn=Mod(F("pk"), turns)).filter(turn | new)
    heads = _heads(rows if turns > 1 else None)
    at: tuple[int, str] | None = (0, "")
    with transaction.atomic():  # else the database sets all the lines aside beforehand
        for statement in rows.select_related("key").order_by("pk").iterator():
            while at and at[0] < statement.pk:
                at = next(heads, None)
            if at != (statement.pk, statement.head):
                yield f"the lines of statement {statement.number} do not lead to its hash"
            elif not keys.holds(statement.key.public, statement.head, statement.signature):
                yield f"statement {statement.number} is not signed by its key"


INVARIANTS = (
    Invariant(
        "settlements_are_told",
        _("Every affiliate of a closed settlement has its statement soon."),
        ("commissions_settlementshare",),
        """
        SELECT 'affiliate ' || h.affiliate_id || ' has no statement of settlement ' || s.id
        FROM commissions_settlement s
        JOIN commissions_settlementshare h ON h.settlement_id = s.id
        LEFT JOIN commissions_statement t
            ON t.settlement_id = s.id AND t.affiliate_id = h.affiliate_id
        WHERE s.told_at IS NOT NULL AND t.id IS NULL
        """,
        _late,
    ),
    Invariant(
        "statements_close_as_booked",
        _("Every statement closes with what the ledger says that its owner held then."),
        ("commissions_statement",),
        f"{_AFFILIATES} UNION ALL {_MERCHANTS}",
    ),
    Invariant(
        "statements_are_chained",
        _(
            "Every statement opens as the one before it closed, names its number, leads line by "
            "line to its hash, and is signed."
        ),
        ("commissions_statement",),
        """
        SELECT 'statement ' || s.number || ' does not follow ' || coalesce(p.number, 'nothing')
        FROM commissions_statement s
        LEFT JOIN commissions_statement p ON p.id = s.previous_id
        WHERE p.id IS NULL AND s.number NOT LIKE '%-0001'
           OR p.id IS NOT NULL AND (
                (s.affiliate_id, s.merchant_id, s.currency)
                    IS DISTINCT FROM (p.affiliate_id, p.merchant_id, p.currency)
                OR s.opening <> p.closing OR s.month <= p.month
                OR split_part(s.number, '-', 3)::int <> split_part(p.number, '-', 3)::int + 1
           )
        """,
        in_turn,
    ),
)
