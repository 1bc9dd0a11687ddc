"""What other systems are told about money and cases (docs/webhooks.md, docs/postbacks.md)."""

# ruff: noqa: S608 - nothing but this module's own constants is put into the SQL

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import Side
from alliance.kernel.outbox import (
    EVENTS,
    HEARS,
    INTO,
    EventKind,
    facts_write,
    happened,
    key_of,
    listening,
    side_of,
    stamp,
    stamp_sql,
)
from commissions.models import Commission, Payout, Settlement, Violation, ViolationFact

_SETTLED = "commission.settled"

# --- Commissions ----------------------------------------------------------------------------------

# Of each commission among `facts` (commission_id, kind, state, why), for who owns it.
_FIGURES = f"""
    'commission', c.id, 'revision', c.revision, 'role', c.role, 'state', f.state, 'why', f.why,
    'order', o.external_id, 'line', l.external_id, 'shop', o.shop_id,
    'product', l.product_id, 'title', l.title, 'quantity', l.quantity, 'currency', c.currency,
    'sale_minor', l.amount_minor - l.refunded_minor, 'rate_bps', c.rate_bps,
    'placed_at', {stamp_sql("c.placed_at")}, 'confirmed_at', {stamp_sql("c.confirmed_at")},
"""
# A claim's click id is its buyer's coupon: whoever has it can spend it.
_OF_AFFILIATE = """
    'net_minor', c.net_minor, 'publisher_minor', c.publisher_minor,
    'subsidy_minor', c.subsidy_minor, 'tech_fee_minor', c.tech_fee_minor,
    'site', z.site_id, 'zone', a.zone_id,
    'click_id', coalesce(CASE t.kind WHEN 'click' THEN t.click_id END, ''),
    'subs', coalesce(a.subs, '{}')
"""
_OF_MERCHANT = """
    'cost_minor', c.commission_minor + c.special_fee_minor + c.merchant_subsidy_minor,
    'affiliate', c.affiliate_id
"""
_COMMISSIONS = f"""{INTO} (
    SELECT e.id AS endpoint_id, e.state, f.kind, json_build_object({_FIGURES} {{figures}}) AS data
    FROM ({{facts}}) AS f
    JOIN commissions_commission c ON c.id = f.commission_id AND c.{{side}}_id = ANY(%(keys)s)
    JOIN kernel_endpoint e ON e.organisation = '{{side}}:' || c.{{side}}_id AND {HEARS}
        AND f.kind = ANY(e.kinds)
    JOIN merchants_orderline l ON l.id = c.line_id
    JOIN merchants_order o ON o.id = l.order_id
    LEFT JOIN affiliates_attribution a ON a.id = c.attribution_id
    LEFT JOIN affiliates_adzone z ON z.id = a.zone_id
    LEFT JOIN affiliates_touch t ON t.id = a.touch_id AND t.touched_at = a.touched_at
    WHERE e.form = 'webhook' OR (
        c.role = 'affiliate'
        AND e.only IN ('', 'zone:' || a.zone_id, 'site:' || z.site_id)
    )
    ORDER BY c.id, e.id
) AS told"""
_BOOKED = """
    SELECT * FROM unnest(%(pks)s::bigint[], %(kinds)s::text[], %(states)s::text[], %(whys)s::text[])
        AS booked(commission_id, kind, state, why)
"""
_TURNED = f"""
    SELECT commission_id, '{_SETTLED}'::text AS kind, 'settled'::text AS state,
           'settled'::text AS why
    FROM commissions_settlementline WHERE settlement_id = %(settlement)s AND NOT correction
"""
Booked = tuple[Commission, str, str, str]  # with the state before and after, and why it moved


def commissions_tell(booked: Iterable[Booked]) -> None:
    """Whom each of these belongs to, and whose order it was: it moved, or its figures did."""
    rows = [(one, _kind(one, before, after), after, why) for one, before, after, why in booked]
    owners = {f"affiliate:{one.affiliate_id}" for one, *_rest in rows}
    owners |= {f"merchant:{one.merchant_id}" for one, *_rest in rows}
    _tell(
        _BOOKED,
        listening(*{kind for _one, kind, *_rest in rows}, among=owners),
        pks=[one.pk for one, *_rest in rows],
        kinds=[kind for _one, kind, _state, _why in rows],
        states=[state for _one, _kind, state, _why in rows],
        whys=[why for *_rest, why in rows],
    )


def _kind(commission: Commission, before: str, after: str) -> str:
    moved = after != before or commission.revision == 1
    return f"commission.{after if moved else 'corrected'}"


def _tell(facts: str, hearing: Iterable[str], **values: Any) -> None:
    figures = {Side.AFFILIATE: _OF_AFFILIATE, Side.MERCHANT: _OF_MERCHANT}
    for side in Side:
        if keys := [key_of(one) for one in hearing if side_of(one) == side]:
            sql = _COMMISSIONS.format(figures=figures[side], facts=facts, side=side.value)
            facts_write(sql, keys=keys, **values)


# --- Settlements ----------------------------------------------------------------------------------

_SHARES = f"""{INTO} (
    SELECT e.id AS endpoint_id, e.state, 'settlement.closed' AS kind, json_build_object(
        'settlement', s.settlement_id, 'month', %(month)s::text, 'currency', %(currency)s::text,
        'commissions', s.commissions, 'net_minor', s.net_minor,
        'debt_repaid_minor', s.debt_repaid_minor, 'corrections', s.corrections,
        'corrected_minor', s.corrected_minor
    ) AS data
    FROM commissions_settlementshare s
    JOIN kernel_endpoint e ON e.organisation = 'affiliate:' || s.affiliate_id AND {HEARS}
        AND 'settlement.closed' = ANY(e.kinds)
    WHERE s.settlement_id = %(settlement)s ORDER BY s.affiliate_id, e.id
) AS told"""


def settlement_tell(settlement: Settlement) -> None:
    """It is closed: each affiliate of its share, and of each commission that it settled."""
    if listening("settlement.closed"):
        month, currency = f"{settlement.month:%Y-%m}", settlement.currency
        facts_write(_SHARES, settlement=settlement.pk, month=month, currency=currency)
    _tell(_TURNED, listening(_SETTLED), settlement=settlement.pk)


# --- Payouts, cases -------------------------------------------------------------------------------


def payout_happened(payout: Payout, fact: str, reason: str = "") -> None:
    """It was requested, paid, failed or came back."""
    happened(
        f"payout.{fact}",
        whom=[f"affiliate:{payout.affiliate_id}"],
        data={
            "payout": payout.pk,
            "state": fact,
            "currency": payout.currency,
            "amount_minor": payout.amount_minor,
            "tax_minor": payout.tax_minor,
            "net_minor": payout.net.minor,
            "reason": reason,
            "requested_at": stamp(payout.created_at),
        },
    )


def case_happened(case: Violation, fact: ViolationFact) -> None:
    happened(
        "violation.changed",
        whom=[f"affiliate:{case.affiliate_id}"],
        data={
            "violation": case.pk,
            "number": case.number,
            "fact": fact.value,
            "state": case.state,
            "reason": case.reason,
            "target": case.target,
            "appeal_until": stamp(case.appeal_until),
        },
    )


# --- What can be subscribed to --------------------------------------------------------------------

# A partner's or an intermediary's commission has neither click nor place; its affiliate's has.
_COMMISSION: Mapping[str, Any] = {
    "commission": 812,
    "revision": 2,
    "role": "affiliate",
    "state": "confirmed",
    "why": "confirmed",
    "order": "A-1001",
    "line": "A-1001-1",
    "shop": 3,
    "product": 41,
    "title": "Green tea",
    "quantity": 1,
    "currency": "CNY",
    "sale_minor": 19900,
    "rate_bps": 1200,
    "placed_at": "2026-06-18T04:00:00Z",
    "confirmed_at": "2026-06-25T04:00:00Z",
}
OF_AFFILIATE: Mapping[str, Any] = {
    "net_minor": 1934,
    "publisher_minor": 2149,
    "subsidy_minor": 0,
    "tech_fee_minor": 215,
    "site": 5,
    "zone": 12,
    "click_id": "k3v9x2m8q4w7",
    "subs": ["spring", "", "", "", ""],
}
OF_MERCHANT: Mapping[str, Any] = {"cost_minor": 2388, "affiliate": 7}


def sample_of(kind: str, side: Side) -> dict[str, Any]:
    """The data of an event as that side sees them, to try a receiver with."""
    more = OF_AFFILIATE if side == Side.AFFILIATE else OF_MERCHANT
    return {**EVENTS[kind].sample, **(more if kind.startswith("commission.") else {})}


_COMMISSION_EVENTS: dict[str, str | Promise] = {
    "placed": _("A commission is to come: its order is not paid yet"),
    "unfunded": _("A commission waits for the merchant's funds"),
    "estimated": _("A commission was estimated: its order is paid"),
    "confirmed": _("A commission was confirmed: the goods were received"),
    "frozen": _("A commission was frozen"),
    "settled": _("A commission was settled"),
    "void": _("A commission is void"),
    "corrected": _("A commission's figures changed: a refund, a correction"),
}
EVENTS |= {
    f"commission.{fact}": EventKind(words, frozenset(Side), _COMMISSION)
    for fact, words in _COMMISSION_EVENTS.items()
}
_AFFILIATES = frozenset({Side.AFFILIATE})
_PAYOUT = {
    "payout": 31,
    "state": "paid",
    "currency": "CNY",
    "amount_minor": 50000,
    "tax_minor": 0,
    "net_minor": 50000,
    "reason": "",
    "requested_at": "2026-06-24T01:00:00Z",
}
EVENTS |= {
    "settlement.closed": EventKind(
        _("A month was settled"),
        _AFFILIATES,
        {
            "settlement": 4,
            "month": "2026-06",
            "currency": "CNY",
            "commissions": 210,
            "net_minor": 406140,
            "debt_repaid_minor": 0,
            "corrections": 1,
            "corrected_minor": -1934,
        },
    ),
    "payout.requested": EventKind(_("A withdrawal was requested"), _AFFILIATES, _PAYOUT),
    "payout.paid": EventKind(_("A withdrawal was paid"), _AFFILIATES, _PAYOUT),
    "payout.failed": EventKind(_("A withdrawal failed"), _AFFILIATES, _PAYOUT),
    "payout.returned": EventKind(_("A withdrawal came back"), _AFFILIATES, _PAYOUT),
    "violation.changed": EventKind(
        _("A violation case was opened, or moved on"),
        _AFFILIATES,
        {
            "violation": 6,
            "number": "V6",
            "fact": "opened",
            "state": "open",
            "reason": 26,
            "target": "order",
            "appeal_until": "2026-07-01T15:59:59Z",
        },
    ),
}
