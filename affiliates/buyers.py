"""Who the buyer of an order is, and what they did before it (docs/domain.md §3.3).

A buyer is known by the click id that the shop reports, and by the visitor key that this click
carries. What is found is barred here, with the reason, where it cannot earn from the order;
`affiliates.attribution` chooses among the rest.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q

from affiliates.models import (
    FIRST_POLICY,
    Attribution,
    AttributionPolicy,
    AttributionRule,
    CodeBinding,
    Touch,
    TouchKind,
    Visitor,
    code_key,
)
from affiliates.queries import policies_at
from merchants.models import Order, OrderState

CLICKS_PER_ORDER = 200  # of one buyer in one shop, the newest; older ones are not looked at
CLAIM_CODE = re.compile("[A-Z2-7]{16}")  # what campaigns.claims makes


@dataclass(slots=True)
class Seen:
    """A click that was looked at for an order, and why it cannot win ("" if it can).

    `across`: it led to another shop of an event that counts across shops.

    Or a `code` that is bound to an affiliate: it says whose the order is as a click does, at the
    moment of the order; its touch is no row.
    """

    touch: Touch
    barred: str = ""
    code: str = ""
    across: bool = False


@dataclass(slots=True)
class Buyer:
    """What is known of the buyer of an order: how they were recognised, and their clicks."""

    policy: AttributionPolicy = FIRST_POLICY  # in force when the order was placed
    identity: str = "none"
    unknown: str = ""  # why there is nobody to look at
    named: Seen | None = None  # the click that the shop reported
    coupon: Seen | None = None  # the claim of the coupon that the order used
    seen: list[Seen] = field(default_factory=list)  # newest first, `named` among them
    codes: list[Seen] = field(default_factory=list)  # whose the reported code is and was


def buyers_of(orders: Iterable[Order]) -> dict[int, Buyer]:
    """By order. Four statements: the policies, the touches that the shops named, those buyers'
    other clicks, and those in other shops of an event; one more where coupons were claimed, and
    where shops named codes of their own."""
    orders = list(orders)
    policies = policies_at(order.placed_at for order in orders)
    ids = {order.click_id for order in orders if order.click_id}
    ids |= {code for order in orders if (code := claim_code(order.coupon_code))}
    named = _named(ids, policies)
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
    known = [
        (order, clicks[order.pk], policies[order.placed_at])
        for order in orders
        if order.pk in clicks
    ]
    history, across = _history(known), _across(known)
    used = _used_elsewhere(claims)
    codes = _codes(orders)
    buyers: dict[int, Buyer] = {}
    taken: set[int] = set()  # by an earlier order of the same batch
    for order in sorted(orders, key=lambda order: (order.placed_at, order.pk)):
        claim, policy = claims.get(order.pk), policies[order.placed_at]
        buyers[order.pk] = buyer = _with_coupon(
            order,
            _buyer(order, policy, clicks.get(order.pk), history[order.pk], across[order.pk]),
            claim,
            used=order.pk in used or (claim is not None and claim.pk in taken),
        )
        buyer.codes = codes[order.pk]
        if claim and buyer.identity == "coupon" and order.state != OrderState.VOID:
            taken.add(claim.pk)
    return buyers


def _named(ids: set[str], policies: Mapping[datetime, AttributionPolicy]) -> dict[str, Touch]:
    """The touches of these click ids: looked for in the windows of their orders (by the moment of
    placing), where nearly all of them lie; only the rest in all the months that are kept."""
    if not ids:
        return {}
    since = min(at - timedelta(days=policy.window_days) for at, policy in policies.items())
    near = Touch.objects.filter(click_id__in=ids, touched_at__range=(since, max(policies)))
    found = {touch.click_id: touch for touch in near}
    if missing := ids - found.keys():
        found |= {touch.click_id: touch for touch in Touch.objects.filter(click_id__in=missing)}
    return found


def touches_of(known: Iterable[tuple[int | None, datetime | None]]) -> dict[int, Touch]:
    """The touches of these keys and moments, as long as they are kept."""
    moments = {pk: moment for pk, moment in known if pk and moment}
    if not moments:
        return {}
    span = (min(moments.values()), max(moments.values()))
    return Touch.objects.filter(touched_at__range=span).in_bulk(moments)


def claim_code(coupon_code: str) -> str:
    """The code of a claimed coupon, however the shop writes it; "" for the shop's own coupons."""
    code = "".join(code_key(coupon_code).split()).replace("-", "").upper()
    return code if CLAIM_CODE.fullmatch(code) else ""


def _codes(orders: Iterable[Order]) -> dict[int, list[Seen]]:
    """By order: the affiliates that the code of its shop was ever bound to, the latest first.

    Shops write a code in any case (some shop systems always in small letters): see `code_key`.
    """
    found: dict[int, list[Seen]] = defaultdict(list)
    asked: dict[tuple[int, str], list[Order]] = defaultdict(list)
    for order in orders:
        key = code_key(order.coupon_code)
        if key and not claim_code(order.coupon_code):
            asked[order.shop_id, key].append(order)
    if not asked:
        return found
    bindings = CodeBinding.objects.filter(coupon__shop__in={shop for shop, _code in asked})
    lasted = bindings.filter(Q(ends_at=None) | Q(ends_at__gt=F("starts_at")))
    named = lasted.filter(key__in={key for _shop, key in asked})
    for binding in named.select_related("coupon").order_by("-starts_at", "-pk"):
        for order in asked.get((binding.coupon.shop_id, binding.key), ()):
            found[order.pk].append(_bound(order, binding))
    return found


def touch_by_code(order: Order, affiliate_id: int, zone_id: int) -> Touch:
    """What a bound code says of its order, in the form of a touch. It is never written."""
    return Touch(
        affiliate_id=affiliate_id,
        zone_id=zone_id,
        shop_id=order.shop_id,
        touched_at=order.placed_at,
    )


def _bound(order: Order, binding: CodeBinding) -> Seen:
    touch = touch_by_code(order, binding.affiliate_id, binding.zone_id)
    barred = ""
    if binding.starts_at > order.placed_at:
        barred = "code_not_yet"
    elif binding.ends_at and binding.ends_at <= order.placed_at:
        barred = "code_ended"
    return Seen(touch, barred, code=binding.coupon.code)


def _buyer(
    order: Order,
    policy: AttributionPolicy,
    named: Touch | None,
    others: list[Touch],
    across: list[Touch],
) -> Buyer:
    if named is None:
        return Buyer(policy, unknown="unknown_click" if order.click_id else "no_click_id")
    elsewhere = {touch.pk for touch in across}
    touches = {touch.pk: touch for touch in [*others, *across, named]}.values()
    newest_first = sorted(touches, key=lambda touch: (touch.touched_at, touch.pk), reverse=True)
    seen = [
        Seen(
            touch,
            _barred(order, touch, policy, across=touch.pk in elsewhere),
            across=touch.pk in elsewhere,
        )
        for touch in newest_first
    ]
    return Buyer(
        policy,
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


def _barred(order: Order, touch: Touch, policy: AttributionPolicy, *, across: bool) -> str:
    """Why this click cannot earn from this order; "" if it can."""
    if touch.shop_id != order.shop_id and not across:
        return "click_of_another_shop"
    if touch.visitor != Visitor.HUMAN:
        return "not_human"
    if touch.touched_at > order.placed_at:
        return "after_order"
    if touch.touched_at < order.placed_at - timedelta(days=policy.window_days):
        return "too_old"
    wait = timedelta(seconds=policy.stand_down_seconds)
    # Nobody finds, fills and sends a basket in seconds: something fired its own link at the till.
    fired = touch.kind == TouchKind.CLICK and order.placed_at - touch.touched_at < wait
    return "stand_down" if fired else ""


def _history(
    named: Sequence[tuple[Order, Touch, AttributionPolicy]],
) -> dict[int, list[Touch]]:
    """Per order the newest clicks of its visitor in its shop and window: an index walk each."""
    found: dict[int, list[Touch]] = defaultdict(list)
    asked = [
        (order, touch.visitor_key, policy.window_days)
        for order, touch, policy in named
        if touch.visitor_key
    ]
    if not asked:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT asked.order_id, t.id, t.touched_at
            FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[], %s::int[])
                AS asked(order_id, visitor_key, shop_id, placed_at, days)
            CROSS JOIN LATERAL (
                SELECT id, touched_at FROM affiliates_touch
                WHERE visitor_key = asked.visitor_key AND visitor_key <> ''
                    AND shop_id = asked.shop_id AND visitor = %s
                    AND touched_at BETWEEN asked.placed_at - asked.days * interval '24 hours'
                        AND asked.placed_at
                ORDER BY touched_at DESC, id DESC LIMIT %s
            ) t
            """,
            [
                [order.pk for order, _key, _days in asked],
                [key for _order, key, _days in asked],
                [order.shop_id for order, _key, _days in asked],
                [order.placed_at for order, _key, _days in asked],
                [days for _order, _key, days in asked],
                Visitor.HUMAN,
                CLICKS_PER_ORDER,
            ],
        )
        rows = cursor.fetchall()
    touches = touches_of((touch_id, touched_at) for _order_id, touch_id, touched_at in rows)
    for order_id, touch_id, _touched_at in rows:
        found[order_id].append(touches[touch_id])
    return found


def _across(
    named: Sequence[tuple[Order, Touch, AttributionPolicy]],
) -> dict[int, list[Touch]]:
    """Per order the clicks of its buyer in other shops, on links that were made for an event which
    counts across shops, while the event ran and both merchants took part in it. The named click is
    among them without a visitor, too."""
    found: dict[int, list[Touch]] = defaultdict(list)
    if not named:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT asked.order_id, t.id, t.touched_at
            FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[], %s::bigint[],
                        %s::bigint[], %s::timestamptz[], %s::int[])
                AS asked(order_id, visitor_key, touch_id, touched_at, shop_id, merchant_id,
                         placed_at, days)
            CROSS JOIN LATERAL (
                (SELECT id, link_id, shop_id, visitor, touched_at FROM affiliates_touch
                 WHERE visitor_key = asked.visitor_key AND visitor_key <> ''
                     AND touched_at BETWEEN asked.placed_at - asked.days * interval '24 hours'
                         AND asked.placed_at
                 ORDER BY touched_at DESC, id DESC LIMIT %s)
                UNION
                SELECT id, link_id, shop_id, visitor, touched_at FROM affiliates_touch
                WHERE id = asked.touch_id AND touched_at = asked.touched_at
            ) t
            JOIN affiliates_link l ON l.id = t.link_id
            JOIN merchants_plan other ON other.id = l.plan_id
            JOIN merchants_event e ON e.id = other.event_id AND e.cross_shop
                AND e.state IN ('published', 'ended')
            JOIN merchants_plan own ON own.event_id = e.id AND own.merchant_id = asked.merchant_id
            WHERE t.shop_id <> asked.shop_id AND t.visitor = %s
                AND t.touched_at >= greatest(e.starts_at, own.starts_at, other.starts_at)
                AND t.touched_at < least(e.ends_at, own.ends_at, other.ends_at)
            ORDER BY asked.order_id, t.id
            """,
            [
                [order.pk for order, _touch, _policy in named],
                [touch.visitor_key for _order, touch, _policy in named],
                [touch.pk for _order, touch, _policy in named],
                [touch.touched_at for _order, touch, _policy in named],
                [order.shop_id for order, _touch, _policy in named],
                [order.merchant_id for order, _touch, _policy in named],
                [order.placed_at for order, _touch, _policy in named],
                [policy.window_days for _order, _touch, policy in named],
                CLICKS_PER_ORDER,
                Visitor.HUMAN,
            ],
        )
        rows = cursor.fetchall()
    touches = touches_of((touch_id, touched_at) for _order_id, touch_id, touched_at in rows)
    for order_id, touch_id, _touched_at in rows:
        found[order_id].append(touches[touch_id])
    return found
