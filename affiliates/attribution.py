"""Whose order it is (docs/domain.md §3.3): decided once per order line, kept with its reason.

A coupon that was claimed through an affiliate, in a campaign that promises it, decides first: the
order that uses it is that affiliate's, whatever the buyer clicked on.

Else the buyer is known by the click id that the shop reports with the order, and by the visitor key
that this click carries. Looked at are the buyer's clicks in the shop, by people, in the window
before the order was placed (a claim is a click, too). The last click on the bought product wins;
else the last click in the shop.

A click earns if its affiliate was active when it was made: no other click is ever recorded as one.
A freeze after the click leaves the order where it belongs (the money waits meanwhile); an affiliate
that is closed when the order comes does not get it, and the next click is asked.

The terms are those that the winning click was promised for the bought product: what its affiliate's
plans and its link gave at that moment (affiliates.promised). Without terms the line is nobody's:
the click was not promised anything. What others had a part in the order at that moment is decided
with it (affiliates.parts).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from affiliates import queries
from affiliates.models import (
    Affiliate,
    AffiliateState,
    Attribution,
    AttributionRule,
    Touch,
    TouchKind,
    Visitor,
)
from affiliates.parts import Parts, Won, parts_at
from affiliates.promised import Ask, wanted_for
from alliance.kernel import clock
from merchants.models import Order, OrderLine, OrderState
from merchants.plans import Found
from merchants.services.top_ns import terms_take

POLICY = 4  # raise it whenever a rule here changes: receipts say by which rules they were decided
CLICKS_PER_ORDER = 200  # of one buyer in one shop, the newest; older ones are not looked at
CLAIM_CODE = re.compile("[A-Z2-7]{16}")  # what campaigns.claims makes
SHOWN = 20  # of them written into the receipt


@dataclass(slots=True)
class Seen:
    """A click that was looked at for an order, and why it cannot win ("" if it can)."""

    touch: Touch
    barred: str = ""


@dataclass(slots=True)
class Buyer:
    """What is known of the buyer of an order: how they were recognised, and their clicks."""

    identity: str = "none"
    unknown: str = ""  # why there is nobody to look at
    named: Seen | None = None  # the click that the shop reported
    coupon: Seen | None = None  # the claim of the coupon that the order used
    seen: list[Seen] = field(default_factory=list)  # newest first, `named` among them


@dataclass(slots=True)
class Choice:
    """The click that won a line, if one did, and the word for why."""

    winner: Touch | None
    rule: AttributionRule
    why: str


def attribute(lines: Sequence[OrderLine]) -> dict[int, Attribution]:
    """The decision on each line, by its primary key: the one there is, or one made now.

    The lines carry `order` (locked by the caller, in its transaction) and `product`. A constant
    number of statements, however many lines.
    """
    decided = {
        row.line_id: row for row in Attribution.objects.filter(line__in=[line.pk for line in lines])
    }
    if fresh := [line for line in lines if line.pk not in decided]:
        for made in Attribution.objects.bulk_create(_decide(fresh)):
            decided[made.line_id] = made
    return decided


def _decide(lines: Sequence[OrderLine]) -> list[Attribution]:
    orders = {line.order_id: line.order for line in lines}
    buyers = _buyers(orders.values())
    shares = _bar_the_closed(buyers.values())
    choices = {line.pk: _choose(line, buyers[line.order_id]) for line in lines}
    terms = _terms(lines, choices)
    won = {
        line.pk: _won(line, winner, terms[line.pk])
        for line in lines
        if (winner := choices[line.pk].winner) and terms[line.pk]
    }
    others = parts_at(set(won.values()))
    moment = clock.now()
    made = []
    for line in lines:
        choice = choices[line.pk]
        found = terms.get(line.pk)
        row = Attribution(line=line, rule=AttributionRule.NONE, decided_at=moment)
        parts = Parts()
        if choice.winner and found:
            agreed = shares[choice.winner.affiliate_id]
            parts = others[won[line.pk]].within(found.rate_bps, agreed)
            _give(row, choice, choice.winner, found, parts, agreed)
        row.receipt = _receipt(line, buyers[line.order_id], choice, found, parts)
        made.append(row)
    return made


def _terms(lines: Sequence[OrderLine], choices: Mapping[int, "Choice"]) -> dict[int, Found]:
    """By line that somebody has won: what the click was promised. First pieces go to the orders
    that were placed first."""
    asks = {
        line.pk: ask_of(line, winner)
        for line in sorted(lines, key=lambda line: (line.order.placed_at, line.pk))
        if (winner := choices[line.pk].winner) is not None
    }
    wanted = wanted_for(asks.values())
    found = terms_take([wanted[ask] for ask in asks.values()])
    return {pk: found[wanted[ask]] for pk, ask in asks.items()}


def ask_of(line: OrderLine, touch: Touch) -> Ask:
    """What the line's winning click was promised, as a question."""
    return Ask(
        affiliate_id=touch.affiliate_id,
        merchant_id=line.order.merchant_id,
        product_id=line.product_id,
        category_id=line.product.category_id if line.product else None,
        at=touch.touched_at,
        link_id=touch.link_id,
        clicked=_clicked(line, touch),
        pieces=line.quantity,
        line_id=line.pk,
    )


def _clicked(line: OrderLine, touch: Touch) -> bool:
    return line.product_id is not None and touch.product_id == line.product_id


def _won(line: OrderLine, touch: Touch, found: Found) -> Won:
    # docs/domain.md §2.5: no service fee for what the buyer had not clicked on.
    plan_id = found.plan_id if _clicked(line, touch) else None
    return Won(touch.affiliate_id, touch.zone_id, touch.touched_at, plan_id)


def _give(
    row: Attribution, choice: Choice, winner: Touch, found: Found, parts: Parts, agreed_bps: int
) -> None:
    row.rule = choice.rule
    row.affiliate_id, row.zone_id, row.touch_id = winner.affiliate_id, winner.zone_id, winner.pk
    row.plan_id, row.terms_id = found.plan_id, found.terms_id
    row.special_bps = parts.special_bps
    row.rate_bps = found.rate_bps - parts.special_bps
    row.partner_id, row.partner_share_bps = parts.partner_id, parts.partner_share_bps
    row.share_bps = agreed_bps - parts.partner_share_bps
    row.intermediary_id, row.service_bps = parts.intermediary_id, parts.service_bps


def _choose(line: OrderLine, buyer: Buyer) -> Choice:
    """The coupon, else the last click on the product, else in the shop, else nobody and why."""
    if buyer.coupon and not buyer.coupon.barred:
        return Choice(buyer.coupon.touch, AttributionRule.COUPON, "coupon")
    able = [seen.touch for seen in buyer.seen if not seen.barred and seen is not buyer.coupon]
    same = (t for t in able if line.product_id and t.product_id == line.product_id)
    if winner := next(same, None):
        return Choice(winner, AttributionRule.SAME_PRODUCT, "same_product")
    if able:
        return Choice(able[0], AttributionRule.SAME_SHOP, "same_shop")
    # Nobody's. The click that the shop reported is the one that people ask about.
    why = buyer.named.barred if buyer.named else buyer.unknown
    return Choice(None, AttributionRule.NONE, why)


# --- Who the buyer is, and which clicks are theirs ---------------------------------------------


def _buyers(orders: Iterable[Order]) -> dict[int, Buyer]:
    """By order. Two statements: the touches that the shops named, and those buyers' other clicks;
    a third where coupons were claimed."""
    orders = list(orders)
    ids = {order.click_id for order in orders if order.click_id}
    ids |= {code for order in orders if (code := claim_code(order.coupon_code))}
    named = {touch.click_id: touch for touch in Touch.objects.filter(click_id__in=ids)}
    claims = {
        order.pk: touch
        for order in orders
        if (touch := named.get(claim_code(order.coupon_code))) and touch.kind == TouchKind.CLAIM
    }
    clicks = {
        order.pk: touch
        for order in orders
        if (touch := named.get(order.click_id) or claims.get(order.pk))
    }
    history = _history([(order, clicks[order.pk]) for order in orders if order.pk in clicks])
    used = _used_elsewhere(claims)
    buyers: dict[int, Buyer] = {}
    taken: set[int] = set()  # by an earlier order of the same batch
    for order in sorted(orders, key=lambda order: (order.placed_at, order.pk)):
        claim = claims.get(order.pk)
        buyers[order.pk] = buyer = _with_coupon(
            order,
            _buyer(order, clicks.get(order.pk), history[order.pk]),
            claim,
            used=order.pk in used or (claim is not None and claim.pk in taken),
        )
        if claim and buyer.identity == "coupon" and order.state != OrderState.VOID:
            taken.add(claim.pk)
    return buyers


def claim_code(coupon_code: str) -> str:
    """The code of a claimed coupon, however the shop writes it; "" for the shop's own coupons."""
    code = "".join(coupon_code.split()).replace("-", "").upper()
    return code if CLAIM_CODE.fullmatch(code) else ""


def _buyer(order: Order, named: Touch | None, others: list[Touch]) -> Buyer:
    if named is None:
        return Buyer(unknown="unknown_click" if order.click_id else "no_click_id")
    touches = {touch.pk: touch for touch in [*others, named]}.values()
    newest_first = sorted(touches, key=lambda touch: (touch.touched_at, touch.pk), reverse=True)
    seen = [Seen(touch, _barred(order, touch)) for touch in newest_first]
    return Buyer(
        identity="visitor" if named.visitor_key else "click_id",
        named=next(each for each in seen if each.touch.pk == named.pk),
        seen=seen,
    )


def _with_coupon(order: Order, buyer: Buyer, claim: Touch | None, *, used: bool) -> Buyer:
    """The buyer, and the claim of the coupon where its campaign says that it decides."""
    if claim is None or claim.expires_at is None:
        return buyer
    if claim.shop_id != order.shop_id:
        barred = "click_of_another_shop"
    elif claim.touched_at > order.placed_at:
        barred = "after_order"
    elif claim.expires_at < order.placed_at:
        barred = "coupon_expired"
    else:
        barred = "coupon_used" if used else ""
    buyer.coupon = Seen(claim, barred)
    if not barred:
        buyer.identity = "coupon"
        others = [seen for seen in buyer.seen if seen.touch.pk != claim.pk]
        buyer.seen = [buyer.coupon, *others]
    elif not any(seen.touch.pk == claim.pk for seen in buyer.seen):  # as a click it may count
        buyer.seen.append(buyer.coupon)
    return buyer


def _used_elsewhere(claims: Mapping[int, Touch]) -> set[int]:
    """The orders whose coupon another order has used that has not come to nothing."""
    if not claims:
        return set()
    uses: dict[int, set[int]] = defaultdict(set)
    used = Attribution.objects.filter(
        touch__in=[touch.pk for touch in claims.values()], rule=AttributionRule.COUPON
    ).exclude(
        Q(line__order__state=OrderState.VOID)
        | Q(line__refunded_minor__gt=0, line__refunded_minor=F("line__amount_minor"))
    )
    for touch_id, order_id in used.values_list("touch", "line__order"):
        uses[touch_id].add(order_id)
    return {order_id for order_id, touch in claims.items() if uses[touch.pk] - {order_id}}


def _barred(order: Order, touch: Touch) -> str:
    """Why this click cannot earn from this order; "" if it can."""
    if touch.shop_id != order.shop_id:
        return "click_of_another_shop"
    if touch.visitor != Visitor.HUMAN:
        return "not_human"
    if touch.touched_at > order.placed_at:
        return "after_order"
    window = timedelta(days=settings.ALLIANCE["ATTRIBUTION_WINDOW_DAYS"])
    return "too_old" if touch.touched_at < order.placed_at - window else ""


def _history(named: Sequence[tuple[Order, Touch]]) -> dict[int, list[Touch]]:
    """Per order the newest clicks of its visitor in its shop and window: an index walk each."""
    found: dict[int, list[Touch]] = defaultdict(list)
    asked = [(order, touch.visitor_key) for order, touch in named if touch.visitor_key]
    if not asked:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT asked.order_id, t.id
            FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[])
                AS asked(order_id, visitor_key, shop_id, placed_at)
            CROSS JOIN LATERAL (
                SELECT id FROM affiliates_touch
                WHERE visitor_key = asked.visitor_key AND visitor_key <> ''
                    AND shop_id = asked.shop_id AND visitor = %s
                    AND touched_at BETWEEN asked.placed_at - make_interval(days => %s)
                        AND asked.placed_at
                ORDER BY touched_at DESC, id DESC LIMIT %s
            ) t
            """,
            [
                [order.pk for order, _key in asked],
                [key for _order, key in asked],
                [order.shop_id for order, _key in asked],
                [order.placed_at for order, _key in asked],
                Visitor.HUMAN,
                settings.ALLIANCE["ATTRIBUTION_WINDOW_DAYS"],
                CLICKS_PER_ORDER,
            ],
        )
        pairs = cursor.fetchall()
    touches = Touch.objects.in_bulk({touch_id for _order_id, touch_id in pairs})
    for order_id, touch_id in pairs:
        found[order_id].append(touches[touch_id])
    return found


def _bar_the_closed(buyers: Iterable[Buyer]) -> dict[int, int]:
    """Bar the clicks of affiliates that are closed; return everybody's share of the commission."""
    buyers = list(buyers)
    ids = {seen.touch.affiliate_id for buyer in buyers for seen in buyer.seen}
    affiliates = Affiliate.objects.in_bulk(ids)
    for buyer in buyers:
        for seen in buyer.seen:
            state = affiliates[seen.touch.affiliate_id].state
            if not seen.barred and state not in {AffiliateState.ACTIVE, AffiliateState.FROZEN}:
                seen.barred = "affiliate_not_active"
    return {pk: queries.share_of(affiliate) for pk, affiliate in affiliates.items()}


# --- The receipt ---------------------------------------------------------------------------------


def _receipt(
    line: OrderLine, buyer: Buyer, choice: Choice, found: Found | None, parts: Parts
) -> dict[str, Any]:
    """What was looked at and why each click won or lost: codes and facts, words come later."""
    no_terms = choice.winner is not None and not found
    # The winner and the reported click first, then the newest.
    ranked = sorted(
        buyer.seen, key=lambda seen: (seen.touch is not choice.winner, seen is not buyer.named)
    )
    looked_at = []
    for seen in ranked[:SHOWN]:
        won = seen.touch is choice.winner
        looked_at.append(
            {
                "click_id": seen.touch.click_id,
                "affiliate_id": seen.touch.affiliate_id,
                "touched_at": seen.touch.touched_at.astimezone(UTC).isoformat(),
                "product_id": seen.touch.product_id,
                "verdict": "won" if won and not no_terms else "lost",
                "why": ("no_terms" if no_terms else choice.why)
                if won
                else seen.barred or _beaten(line, seen.touch, choice),
            }
        )
    return {
        "policy": POLICY,
        "window_days": settings.ALLIANCE["ATTRIBUTION_WINDOW_DAYS"],
        "identity": buyer.identity,
        "looked_at": looked_at,
        "more": len(ranked) - len(looked_at),
        "why": "no_terms" if no_terms else choice.why,
        "terms": list(found.why) if found else [],
        "parts": parts.as_json(),
    }


def _beaten(line: OrderLine, touch: Touch, choice: Choice) -> str:
    if choice.rule == AttributionRule.COUPON:
        return "coupon_won"
    by_product = choice.rule == AttributionRule.SAME_PRODUCT
    return (
        "product_click_won" if by_product and touch.product_id != line.product_id else "later_click"
    )
