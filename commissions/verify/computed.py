"""Every commission computed anew: by SQL, all of them in one statement; and by Python, in turns.

`WORTH` is commissions.formulas.worth once more, written independently; `_ANEW` is
commissions.targets.target_of. tests/commissions/test_computed.py holds the twins together.
"""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from collections.abc import Iterator

from django.db.models import F
from django.db.models.functions import Mod
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from commissions.models import Commission
from commissions.models.commission import COMPONENTS
from commissions.targets import (
    parts_booked,
    parts_of,
    settled_through,
    standing_of,
    target_of,
)
from commissions.verify.base import STANDING, Invariant

IN_PYTHON = 20_000  # commissions that Python computes anew in one run


def _share(minor: str, bps: str) -> str:
    """Basis points of an amount, half up, both not negative."""
    return f"(({minor}) * {bps} * 2 + 10000) / 20000"


def worth(source: str) -> str:
    """`source` (base, role, rates and terms of a commission; a FROM item), and what it is due.

    OFFSET 0 keeps each step a step: otherwise each is written out wherever it is used.
    """
    return f"""
        SELECT c.*, c.base AS due_base_minor,
               e.commission AS due_commission_minor, e.publisher AS due_publisher_minor,
               e.commission - e.publisher AS due_platform_minor, t.fee AS due_tech_fee_minor,
               s.sums[1] AS due_subsidy_minor, s.sums[2] AS due_merchant_subsidy_minor,
               {_share("c.base", "c.special_bps")} AS due_special_fee_minor,
               e.publisher + s.sums[1] - t.fee AS due_net_minor
        FROM {source} AS c
        CROSS JOIN LATERAL (SELECT {_share("c.base", "c.rate_bps")} AS whole OFFSET 0) w
        CROSS JOIN LATERAL (SELECT {_share("w.whole", "c.share_bps")} AS shared OFFSET 0) h
        -- The larger remainder gets what is left over; where they are equal, the larger part.
        CROSS JOIN LATERAL (
            SELECT CASE WHEN c.partner_bps = 0 THEN 0
                        ELSE h.shared * c.partner_bps / c.share_bps
                             + CASE WHEN mod(h.shared * c.partner_bps, c.share_bps) * 2
                                         > c.share_bps - (c.partner_bps * 2 > c.share_bps)::int
                                    THEN 1 ELSE 0 END
                   END AS partner OFFSET 0
        ) p
        CROSS JOIN LATERAL (
            SELECT CASE WHEN c.second_bps = 0 THEN 0
                        ELSE p.partner * c.second_bps / c.partner_bps
                             + CASE WHEN mod(p.partner * c.second_bps, c.partner_bps) * 2
                                         > c.partner_bps - (c.second_bps * 2 > c.partner_bps)::int
                                    THEN 1 ELSE 0 END
                   END AS second OFFSET 0
        ) q
        CROSS JOIN LATERAL (
            SELECT CASE c.role WHEN 'partner' THEN p.partner - q.second WHEN 'second' THEN q.second
                               ELSE w.whole - p.partner END AS commission,
                   CASE c.role WHEN 'partner' THEN p.partner - q.second WHEN 'second' THEN q.second
                               ELSE h.shared - p.partner END AS publisher
            OFFSET 0
        ) e
        CROSS JOIN LATERAL (
            SELECT least({
        _share(
            "CASE c.tech_fee_base WHEN 'own_share' THEN e.publisher ELSE e.commission END",
            "c.tech_fee_bps",
        )
    }, e.publisher) AS fee OFFSET 0
        ) t
        -- Most have no subsidy: they are not asked for its parts.
        CROSS JOIN LATERAL (
            SELECT CASE WHEN c.subsidies <> '[]' THEN (
                SELECT ARRAY[sum(x.extra), sum({_share("x.extra", "x.merchant_bps")})]::bigint[]
                FROM (
                    SELECT {
        _share(f"least({_share('c.base', 'o.rate_bps')}, o.cap_minor)", "o.share_bps")
    } AS extra, o.merchant_bps
                    FROM jsonb_to_recordset(c.subsidies) AS o(
                        rate_bps bigint, cap_minor bigint, share_bps bigint, merchant_bps bigint)
                ) AS x
            ) ELSE '{{0,0}}' END AS sums OFFSET 0
        ) s
    """


_TOLD = f"""
    SELECT c.*, o.state AS order_state, o.received_at,
           CASE WHEN c.settled THEN 'settled' ELSE c.state END AS before,
           c.hold = 'barred' AND NOT c.settled AS barred,
           CASE WHEN o.state IN ('placed', 'void') OR (c.hold = 'barred' AND NOT c.settled) THEN 0
                ELSE l.amount_minor - l.refunded_minor END AS base
    FROM ({STANDING}) c
    JOIN merchants_orderline l ON l.id = c.line_id
    JOIN merchants_order o ON o.id = l.order_id AND o.version = o.processed_version
    WHERE c.state <> 'unfunded'
"""
_ANEW = f"""
    SELECT d.*, CASE
        WHEN d.settled THEN 'settled'
        WHEN d.order_state = 'void' OR d.barred THEN 'void'
        WHEN d.order_state = 'placed' THEN 'placed'
        WHEN d.due_commission_minor = 0 AND d.before NOT IN ('confirmed', 'frozen') THEN 'void'
        WHEN d.order_state = 'paid' THEN 'estimated'
        WHEN d.hold = 'frozen' THEN 'frozen'
        ELSE 'confirmed' END AS due_state
    FROM ({worth(f"({_TOLD})")}) AS d
"""
_DIFFERENT = (
    *((f"a.due_{name} <> a.{name}", name) for name in COMPONENTS),
    (
        "a.due_state IN ('confirmed', 'frozen') AND a.confirmed_at IS DISTINCT FROM a.received_at",
        "confirmed_at",
    ),
)
_NOT_AS_COMPUTED = f"""
    SELECT 'commission ' || a.id || ' is ' || a.before || ', its order says ' || a.due_state
           || ' (differs: ' || coalesce(nullif(concat_ws(', ',
               {", ".join(f"CASE WHEN {unlike} THEN '{name}' END" for unlike, name in _DIFFERENT)}
           ), ''), 'state') || ')'
    FROM ({_ANEW}) AS a
    WHERE a.due_state <> a.before OR {" OR ".join(f"({unlike})" for unlike, _name in _DIFFERENT)}
"""


def in_turn(whole: bool = False, *, most: int = IN_PYTHON) -> Iterator[str]:
    """What Python finds: of few commissions all, of many those whose turn it is today."""
    rows = Commission.objects.exclude(state="unfunded")
    turns = 1 if whole else -(-rows.count() // most)
    if turns > 1:
        turn = clock.business_day().toordinal() % turns
        rows = rows.alias(turn=Mod(F("pk"), turns)).filter(turn=turn)
    closed = settled_through()
    for commission in rows.select_related("line__order").iterator(chunk_size=2000):
        order = commission.line.order
        if order.version != order.processed_version:
            continue  # still in the queue: may differ
        before = standing_of(commission, closed)
        state, due = target_of(commission, commission.line, order, before)
        booked = parts_booked(commission)
        wrong = [name for name, minor in parts_of(due).items() if minor != booked[name]]
        if state in ("confirmed", "frozen") and commission.confirmed_at != order.received_at:
            wrong.append("confirmed_at")
        if state != before or wrong:
            yield (
                f"commission {commission.pk} is {before}, "
                f"its order says {state} (differs: {', '.join(wrong) or 'state'})"
            )


INVARIANTS = (
    Invariant(
        "commissions_follow_orders",
        _("Every commission is what its order and its frozen rates say."),
        ("commissions_commission WHERE state <> 'unfunded'",),
        _NOT_AS_COMPUTED,
        anew=in_turn,
    ),
)
