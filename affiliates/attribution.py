"""Whose order it is (docs/domain.md §3.3): decided once per order line, kept with its reason.

A coupon that was claimed through an affiliate, in a campaign that promises it, decides first: the
order that uses it is that affiliate's, whatever the buyer clicked on.

A code of the shop that is bound to an affiliate says whose the order is without any click; the
policy puts it before the clicks or behind them.

Else the buyer is known by the click id that the shop reports with the order, and by the visitor key
that this click carries (affiliates.buyers). Looked at are the buyer's clicks in the shop, by
people, in the window before the order was placed (a claim is a click, too), but for the last
seconds. The last click on the bought product wins; else the last click in the shop; else the last
one in another shop of an event that counts across shops. Window and seconds are those of the policy
in force when the order was placed.

A click earns if its affiliate was active when it was made: no other click is ever recorded as one.
A freeze after the click leaves the order where it belongs (the money waits meanwhile); an affiliate
that is closed when the order comes does not get it, and the next click is asked.

The terms are those that the winning click was promised for the bought product: what its affiliate's
plans and its link gave at that moment (affiliates.promised); for a code, at the moment of the
order. Without terms the line is nobody's: nothing was promised. What others had a part in the order
at that moment is decided with it (affiliates.parts).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from affiliates import queries
from affiliates.buyers import Buyer, Seen, buyers_of
from affiliates.models import (
    Affiliate,
    AffiliateState,
    Attribution,
    AttributionRule,
    Precedence,
    StandDown,
    Touch,
)
from affiliates.parts import Parts, Won, parts_at
from affiliates.promised import Ask, wanted_for
from alliance.kernel import clock
from alliance.kernel.bulk import insert_many
from merchants.models import OrderLine, OrderState
from merchants.plans import Found
from merchants.services.top_ns import terms_take

RULES = 6  # raise it whenever a rule here changes: receipts say by which rules they were decided
SHOWN = 20  # of the clicks that were looked at are written into the receipt


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
        buyers = buyers_of({line.order_id: line.order for line in fresh}.values())
        for made in insert_many(_decide(fresh, buyers)):
            decided[made.line_id] = made
        _note_stand_downs(fresh, buyers)
    return decided


def _decide(lines: Sequence[OrderLine], buyers: Mapping[int, Buyer]) -> list[Attribution]:
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
    that were placed first, and last to those that have come to nothing, which give them back."""
    asks = {
        line.pk: ask_of(line, winner)
        for line in sorted(lines, key=_turn)
        if (winner := choices[line.pk].winner) is not None
    }
    wanted = wanted_for(asks.values())
    found = terms_take([wanted[ask] for ask in asks.values()])
    return {pk: found[wanted[ask]] for pk, ask in asks.items()}


def _turn(line: OrderLine) -> tuple[bool, datetime, int]:
    return line.order.state == OrderState.VOID, line.order.placed_at, line.pk


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
    row.touched_at = winner.touched_at if winner.pk else None  # a code is no touch
    subs = [winner.sub1, winner.sub2, winner.sub3, winner.sub4, winner.sub5]
    row.subs = subs if any(subs) else []
    row.plan_id, row.terms_id = found.plan_id, found.terms_id
    row.special_bps = parts.special_bps
    row.rate_bps = found.rate_bps - parts.special_bps
    row.partner_id, row.partner_share_bps = parts.partner_id, parts.partner_share_bps
    row.second_partner_id, row.second_share_bps = parts.second_id, parts.second_share_bps
    row.share_bps = agreed_bps - parts.partner_share_bps
    row.intermediary_id, row.service_bps = parts.intermediary_id, parts.service_bps


def _choose(line: OrderLine, buyer: Buyer) -> Choice:
    """The claimed coupon, the bound code, the last click on the product, in the shop, in another
    shop of an event; or nobody, and why. The policy may put the code behind the clicks."""
    if buyer.coupon and not buyer.coupon.barred:
        return Choice(buyer.coupon.touch, AttributionRule.COUPON, "coupon")
    bound = next((seen.touch for seen in buyer.codes if not seen.barred), None)
    by_code = Choice(bound, AttributionRule.CODE, "code") if bound else None
    if by_code and buyer.policy.precedence == Precedence.CODE_FIRST:
        return by_code
    free = [seen for seen in buyer.seen if not seen.barred and seen is not buyer.coupon]
    able = [seen.touch for seen in free if not seen.across]
    same = (t for t in able if line.product_id and t.product_id == line.product_id)
    if winner := next(same, None):
        return Choice(winner, AttributionRule.SAME_PRODUCT, "same_product")
    if able:
        return Choice(able[0], AttributionRule.SAME_SHOP, "same_shop")
    if across := next((seen.touch for seen in free if seen.across), None):
        return Choice(across, AttributionRule.CROSS_SHOP, "cross_shop")
    if by_code:
        return by_code
    # Nobody's. The click that the shop reported is the one that people ask about, then its code.
    asked_about = [buyer.named] if buyer.named else buyer.codes
    why = next((seen.barred for seen in asked_about if seen), buyer.unknown)
    return Choice(None, AttributionRule.NONE, why)


def _bar_the_closed(buyers: Iterable[Buyer]) -> dict[int, int]:
    """Bar the clicks of affiliates that are closed; return everybody's share of the commission."""
    buyers = list(buyers)
    ids = {seen.touch.affiliate_id for buyer in buyers for seen in [*buyer.seen, *buyer.codes]}
    affiliates = Affiliate.objects.in_bulk(ids)
    for buyer in buyers:
        for seen in [*buyer.seen, *buyer.codes]:
            state = affiliates[seen.touch.affiliate_id].state
            if not seen.barred and state not in {AffiliateState.ACTIVE, AffiliateState.FROZEN}:
                seen.barred = "affiliate_not_active"
    return {pk: queries.share_of(affiliate) for pk, affiliate in affiliates.items()}


def _note_stand_downs(lines: Iterable[OrderLine], buyers: Mapping[int, Buyer]) -> None:
    """For the risk desk: each click that was barred as coming seconds before the order, once."""
    noted = [
        StandDown(
            order=order,
            touch_id=seen.touch.pk,
            affiliate_id=seen.touch.affiliate_id,
            zone_id=seen.touch.zone_id,
            after_ms=(order.placed_at - seen.touch.touched_at) // timedelta(milliseconds=1),
        )
        for order in {line.order_id: line.order for line in lines}.values()
        for seen in buyers[order.pk].seen
        if seen.barred == "stand_down"
    ]
    if noted:
        StandDown.objects.bulk_create(noted, ignore_conflicts=True)


# --- The receipt ---------------------------------------------------------------------------------


def _receipt(
    line: OrderLine, buyer: Buyer, choice: Choice, found: Found | None, parts: Parts
) -> dict[str, Any]:
    """What was looked at and why each click won or lost: codes and facts, words come later."""
    no_terms = choice.winner is not None and not found
    # The winner and the reported click first, then codes, then the newest.
    ranked = sorted(
        [*buyer.codes, *buyer.seen],
        key=lambda seen: (seen.touch is not choice.winner, seen is not buyer.named),
    )
    looked_at = []
    for seen in ranked[:SHOWN]:
        won = seen.touch is choice.winner
        looked_at.append(
            {
                **({"code": seen.code} if seen.code else {"click_id": seen.touch.click_id}),
                "affiliate_id": seen.touch.affiliate_id,
                "touched_at": seen.touch.touched_at.astimezone(UTC).isoformat(),
                "product_id": seen.touch.product_id,
                "verdict": "won" if won and not no_terms else "lost",
                "why": ("no_terms" if no_terms else choice.why)
                if won
                else seen.barred or _beaten(line, seen, choice),
            }
        )
    return {
        "rules": RULES,
        "policy": {
            "version": buyer.policy.version,
            "window_days": buyer.policy.window_days,
            "precedence": buyer.policy.precedence,
            "stand_down_seconds": buyer.policy.stand_down_seconds,
        },
        "identity": buyer.identity,
        "looked_at": looked_at,
        "more": len(ranked) - len(looked_at),
        "why": "no_terms" if no_terms else choice.why,
        "terms": list(found.why) if found else [],
        "parts": parts.as_json(),
    }


def _beaten(line: OrderLine, seen: Seen, choice: Choice) -> str:
    """Why what might have won did not."""
    if choice.rule in (AttributionRule.COUPON, AttributionRule.CODE):
        return f"{choice.rule}_won"
    if seen.code:
        return "click_won"
    if seen.across and choice.rule != AttributionRule.CROSS_SHOP:
        return "shop_click_won"
    by_product = choice.rule == AttributionRule.SAME_PRODUCT
    other = by_product and seen.touch.product_id != line.product_id
    return "product_click_won" if other else "later_click"
