"""Which orders count for a guaranteed task (docs/domain.md §5.1). Pure.

An order of a refused size and a second one of the same buyer never count. Of what is left, as many
count as leaves enough distinct buyers and no shop with too large a part: `n` orders need
ceil(n × buyers_bps) distinct buyers, and one shop may bring floor(n × shop_bps) of them, though
always one. The largest ones count. One more order, later than the others, never makes it less.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from alliance.kernel.money import BPS
from campaigns.facts import OrderOfTask


class ValidRules(Protocol):
    """What is asked here; 0 is no bound."""

    @property
    def least_base_minor(self) -> int: ...
    @property
    def buyer_day_orders(self) -> int: ...
    @property
    def buyer_orders(self) -> int: ...
    @property
    def distinct_buyers_bps(self) -> int: ...
    @property
    def one_shop_bps(self) -> int: ...


class LeftOut(StrEnum):
    """Why an order does not count (yet)."""

    SMALL = "small"
    SAME_BUYER_DAY = "same_buyer_day"
    SAME_BUYER = "same_buyer"
    ONE_SHOP = "one_shop"  # until other shops catch up
    FEW_BUYERS = "few_buyers"  # until others buy


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which orders count, by line, and why the others do not."""

    counted: tuple[OrderOfTask, ...]
    left_out: dict[int, LeftOut]

    @property
    def gmv_minor(self) -> int:
        return sum(order.base_minor for order in self.counted)

    @property
    def buyers(self) -> int:
        return _distinct(self.counted)


def valid_orders(rules: ValidRules, orders: Iterable[OrderOfTask]) -> Verdict:
    """Judges the orders of one affiliate in one task; their order does not matter."""
    by_time = sorted(orders, key=lambda order: (order.placed_at, order.line_id))
    left_out: dict[int, LeftOut] = {}
    fine = _one_by_one(rules, by_time, left_out)
    buyers_allow = _by_buyers(rules, fine)
    count = next(n for n in range(buyers_allow, -1, -1) if _by_shops(rules, fine, n) >= n)
    in_shop = _of_one_shop(rules, count)
    taken: Counter[int] = Counter()
    counted: list[OrderOfTask] = []
    for order in sorted(fine, key=lambda each: (-each.base_minor, each.placed_at, each.line_id)):
        if taken[order.shop_id] >= in_shop and len(counted) < count:
            left_out[order.line_id] = LeftOut.ONE_SHOP
        elif len(counted) >= count:
            shops = count < buyers_allow
            left_out[order.line_id] = LeftOut.ONE_SHOP if shops else LeftOut.FEW_BUYERS
        else:
            taken[order.shop_id] += 1
            counted.append(order)
    return Verdict(tuple(counted), left_out)


def _one_by_one(
    rules: ValidRules, by_time: Sequence[OrderOfTask], left_out: dict[int, LeftOut]
) -> list[OrderOfTask]:
    fine: list[OrderOfTask] = []
    of_buyer: Counter[str] = Counter()
    of_day: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for order in by_time:
        known = order.buyer != ""
        if order.base_minor < max(rules.least_base_minor, 1):
            left_out[order.line_id] = LeftOut.SMALL
        elif known and 0 < rules.buyer_day_orders <= of_day[order.day][order.buyer]:
            left_out[order.line_id] = LeftOut.SAME_BUYER_DAY
        elif known and 0 < rules.buyer_orders <= of_buyer[order.buyer]:
            left_out[order.line_id] = LeftOut.SAME_BUYER
        else:
            of_buyer[order.buyer] += 1
            of_day[order.day][order.buyer] += 1
            fine.append(order)
    return fine


def _by_buyers(rules: ValidRules, orders: Sequence[OrderOfTask]) -> int:
    """How many orders the distinct buyers allow: the greatest n with ceil(n × bps) of them."""
    if not rules.distinct_buyers_bps:
        return len(orders)
    return min(len(orders), _distinct(orders) * BPS // rules.distinct_buyers_bps)


def _by_shops(rules: ValidRules, orders: Sequence[OrderOfTask], count: int) -> int:
    """How many orders there are if no shop brings more than its part of `count`."""
    at_most = _of_one_shop(rules, count)
    of_shop = Counter(order.shop_id for order in orders)
    return sum(min(brought, at_most) for brought in of_shop.values())


def _distinct(orders: Iterable[OrderOfTask]) -> int:
    """A buyer that the shop does not tell is somebody of its own."""
    named: set[str] = set()
    unnamed = 0
    for order in orders:
        if order.buyer:
            named.add(order.buyer)
        else:
            unnamed += 1
    return len(named) + unnamed


def _of_one_shop(rules: ValidRules, count: int) -> int:
    """How many of `count` orders one shop may bring."""
    return max(1, count * rules.one_shop_bps // BPS) if rules.one_shop_bps else count
