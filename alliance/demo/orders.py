"""A year of orders, as the shops would report them, and the clicks behind them.

Facts only: what the alliance makes of a click (who wins, what is owed) is its own business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alliance.demo.catalogue import ProductFacts
from alliance.demo.dice import Dice
from alliance.demo.market import BUYERS_PER_ORDER, Market
from alliance.demo.people import AffiliateFacts, Role
from alliance.demo.rhythm import GREAT, festival_factor
from alliance.demo.shelves import categories
from alliance.kernel import clock

ORGANIC_BPS = 1800  # came by themselves
STALE_BPS = 260  # of the others: the only click is older than the window
RIVAL_BPS = 700  # somebody else was clicked before
OTHER_PRODUCT_BPS = 1000  # clicked one thing, bought another of the same shop
UNPAID_BPS, CANCELLED_BPS = 300, 500
WINDOW = timedelta(days=15)
MINUTE, HOUR, DAY = 60, 3600, 86_400
# For the desk to look at (docs/risk.md): a lock screen sends clicks to everybody, and whoever buys
# within the window counts as its own; what people see beside the weather they buy days later.
ODD = {"zaoan": 6 * DAY, "tianqitong": 3 * DAY}  # from click to order, at least


@dataclass(frozen=True, slots=True)
class TouchFacts:
    """A click on an affiliate's link. `site` and `zone` count within the affiliate's."""

    affiliate: str
    site: int
    zone: int
    product: str
    buyer: str
    at: datetime
    sub_id: str


@dataclass(frozen=True, slots=True)
class LineFacts:
    """`amount_minor`: what the buyer pays for the line, after discounts and coupon."""

    product: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """Money back for a line (counted from 0) after the goods were received."""

    line: int
    amount_minor: int
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as far as it is known. `touches`: the buyer's clicks, the oldest first."""

    number: str
    merchant: str
    buyer: str
    coupon_used: bool
    placed_at: datetime
    paid_at: datetime | None
    received_at: datetime | None
    void_at: datetime | None
    void_reason: str
    lines: tuple[LineFacts, ...]
    refunds: tuple[RefundFacts, ...]
    touches: tuple[TouchFacts, ...]

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


def orders(
    seed: int, start: date, end: date, n: int, known_at: datetime | None = None
) -> Iterator[OrderFacts]:
    """`n` orders placed from `start` to `end` (business days), in the order of placing.

    What would happen after `known_at` (default: the end of `end`) is not told: an order may still
    be unpaid, on its way, or not yet returned.
    """
    known_at = known_at or clock.day_start(end + timedelta(days=1)) - timedelta(seconds=1)
    dice = Dice("orders", seed)
    market = Market(dice, start, end, known_at)
    for count, placed_at in enumerate(market.moments(n), 1):
        yield _order(market, dice, count, placed_at, max(1, int(n * BUYERS_PER_ORDER)))


def visits(
    seed: int, start: date, end: date, n: int, known_at: datetime | None = None
) -> Iterator[TouchFacts]:
    """`n` clicks by people who then bought nothing, in the order of clicking."""
    known_at = known_at or clock.day_start(end + timedelta(days=1)) - timedelta(seconds=1)
    dice = Dice("visits", seed)
    market = Market(dice, start, end, known_at)
    for count, at in enumerate(market.moments(n), 1):
        day = clock.business_day(at)
        affiliate = market.affiliate(day)
        yield _touch(dice, affiliate, market.product(affiliate, day), f"v{count:06d}", at)


def _order(market: Market, dice: Dice, count: int, placed_at: datetime, buyers: int) -> OrderFacts:
    day = clock.business_day(placed_at)
    affiliate = None if dice.chance(ORGANIC_BPS) else market.affiliate(day)
    product = market.product(affiliate, day)
    stale = affiliate is not None and dice.chance(STALE_BPS)
    buyer = f"n{count:06d}" if stale else f"b{int(buyers * dice.roll() * dice.roll()):06d}"
    lines, coupon_used = _lines(market, dice, product, day)
    touches = _touches(market, dice, affiliate, product, buyer, placed_at, stale)
    paid_at, received_at, void_at, reason = _course(dice, placed_at)
    refunds = _refunds(dice, product, lines, received_at) if received_at else ()

    def told(moment: datetime | None) -> datetime | None:
        return moment if moment and moment <= market.known_at else None

    return OrderFacts(
        number=f"{day:%Y%m%d}{count:07d}",
        merchant=product.merchant,
        buyer=buyer,
        coupon_used=coupon_used,
        placed_at=placed_at,
        paid_at=told(paid_at),
        received_at=told(received_at),
        void_at=told(void_at),
        void_reason=reason if told(void_at) else "",
        lines=lines,
        refunds=tuple(refund for refund in refunds if told(refund.at)),
        touches=touches,
    )


def _course(
    dice: Dice, placed_at: datetime
) -> tuple[datetime | None, datetime | None, datetime | None, str]:
    """Paid, received and void, as it will have been."""
    if dice.chance(UNPAID_BPS):
        return None, None, placed_at + timedelta(days=1), "超时未付款"
    wait = dice.between(5, 4 * MINUTE) if dice.chance(8800) else dice.between(4 * MINUTE, 20 * HOUR)
    paid_at = placed_at + timedelta(seconds=wait)
    if dice.chance(CANCELLED_BPS):
        return (
            paid_at,
            None,
            paid_at + timedelta(seconds=dice.between(HOUR // 2, 60 * HOUR)),
            ("买家申请退款"),
        )
    days = 2 + 7 * dice.roll() * dice.roll()
    return paid_at, paid_at + timedelta(seconds=int(days * DAY)), None, ""


def _lines(
    market: Market, dice: Dice, product: ProductFacts, day: date
) -> tuple[tuple[LineFacts, ...], bool]:
    """The product, now and then with others of the shop; a discount on great days."""
    bought = [product]
    for _ in range(2):
        other = market.another(product, day)
        if dice.chance(1000) and other not in bought:
            bought.append(other)
    percent = dice.pick((85, 88, 90, 95)) if festival_factor(day) >= GREAT else 100
    quantities = [dice.pick((1, 1, 1, 1, 1, 1, 1, 1, 2, 3)) for _ in bought]
    amounts = [
        item.price_minor * percent // 100 * quantity
        for item, quantity in zip(bought, quantities, strict=True)
    ]
    coupon = product.coupon
    coupon_used = coupon is not None and amounts[0] >= coupon.threshold_minor and dice.chance(6000)
    if coupon and coupon_used:
        amounts[0] -= coupon.face_minor
    listed = zip(bought, quantities, amounts, strict=True)
    return tuple(LineFacts(item.code, many, paid) for item, many, paid in listed), coupon_used


def _refunds(
    dice: Dice, product: ProductFacts, lines: tuple[LineFacts, ...], received_at: datetime
) -> tuple[RefundFacts, ...]:
    """Whole or in part, by category, within 30 days; most in the first week."""
    category, chance = categories()[product.category], dice.below(10_000)
    days = 1 + 29 * dice.roll() * dice.roll() * dice.roll()
    at = received_at + timedelta(seconds=int(days * DAY))
    if chance < category.full_refund_bps:
        reason = dice.pick(("七天无理由退货", "尺码不合适", "与描述不符", "不喜欢"))
        return tuple(RefundFacts(n, x.amount_minor, at, reason) for n, x in enumerate(lines))
    if chance < category.full_refund_bps + category.part_refund_bps:
        line = dice.below(len(lines))
        amount = lines[line].amount_minor * dice.between(10, 50) // 100
        return (RefundFacts(line, amount, at, dice.pick(("少件", "轻微破损", "补差价"))),)
    return ()


def _touches(
    market: Market,
    dice: Dice,
    affiliate: AffiliateFacts | None,
    product: ProductFacts,
    buyer: str,
    placed_at: datetime,
    stale: bool,
) -> tuple[TouchFacts, ...]:
    """The clicks behind an order: none, one, or two of which the last one counts."""
    if affiliate is None:
        return ()
    joined = clock.day_start(affiliate.joined_on(market.end))
    day = clock.business_day(placed_at)
    if stale and placed_at - joined > 2 * WINDOW:
        at = placed_at - WINDOW - timedelta(seconds=dice.between(HOUR, 10 * DAY))
        return (_touch(dice, affiliate, product, buyer, at),)
    at = max(placed_at - timedelta(seconds=_late(affiliate, _hesitation(dice))), joined)
    if dice.chance(RIVAL_BPS):
        rival = market.affiliate(day)
        before = at - timedelta(seconds=dice.between(HOUR, 3 * DAY))
        if rival != affiliate and before >= clock.day_start(rival.joined_on(market.end)):
            first = _touch(dice, rival, product, buyer, before)
            return first, _touch(dice, affiliate, product, buyer, at)
    clicked = market.another(product, day) if dice.chance(OTHER_PRODUCT_BPS) else product
    return (_touch(dice, affiliate, clicked, buyer, at),)


def _hesitation(dice: Dice) -> int:
    """Seconds from click to order: mostly minutes, at times days."""
    chance = dice.roll()
    if chance < 0.70:
        return dice.between(40, 2 * HOUR)
    return dice.between(2 * HOUR, 2 * DAY) if chance < 0.90 else dice.between(2 * DAY, 14 * DAY)


def _late(affiliate: AffiliateFacts, wait: int) -> int:
    """Of those who are odd, three orders in four come days after their click."""
    least = ODD.get(affiliate.code)
    return wait if least is None or wait % 4 == 0 else least + wait % (8 * DAY)


def _touch(
    dice: Dice, affiliate: AffiliateFacts, product: ProductFacts, buyer: str, at: datetime
) -> TouchFacts:
    site = dice.below(len(affiliate.sites))
    return TouchFacts(
        affiliate=affiliate.code,
        site=site,
        zone=dice.below(len(affiliate.sites[site].zones)),
        product=product.code,
        buyer=buyer,
        at=at,
        sub_id=_sub_id(dice, affiliate.role),
    )


def _sub_id(dice: Dice, role: Role) -> str:
    """Groups and channels tell their people apart; most others leave it empty."""
    match role:
        case Role.TUANZHANG:
            return f"group{dice.between(1, 12):02d}"
        case Role.CHANNEL:
            return f"c{dice.between(100, 139)}"
        case Role.TRAFFIC:
            return dice.pick(("push", "feed", "search", ""))
    return dice.pick(("", "", "am", "pm"))
