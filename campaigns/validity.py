"""Which orders count in a task or on a board, beside the campaign's own time and products."""

from dataclasses import dataclass, fields
from typing import Any

from campaigns.models import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """docs/domain.md §5.1. A mechanic's rules may say otherwise, under the same names.

    An order counts with at least `least_base_minor` left of it; of a buyer `buyer_day_orders` a day
    count, `buyer_orders` in all. Where fewer than `distinct_buyers_bps` of the orders are of
    different buyers, or one shop has more than `one_shop_bps` of them, a person looks at the reward
    before it is paid. Both are rounded up to whole orders; 0 is no bound.
    """

    least_base_minor: int = 0
    buyer_day_orders: int = 0
    buyer_orders: int = 0
    distinct_buyers_bps: int = 0
    one_shop_bps: int = 0

    @classmethod
    def of(cls, rules: Any) -> "Validity":
        """What the typed rules of a mechanic say."""
        return cls(
            **{
                field.name: getattr(rules, field.name)
                for field in fields(cls)
                if hasattr(rules, field.name)
            }
        )

    def doubts(self, standing: Standing) -> list[str]:
        """By name what a person should look at: buyers, one_shop."""
        n = standing.orders
        least_buyers = -(-n * self.distinct_buyers_bps // 10_000)
        found = []
        if standing.buyers < least_buyers:
            found.append("buyers")
        at_most = -(-n * self.one_shop_bps // 10_000)
        if self.one_shop_bps and standing.shop_orders > at_most:
            found.append("one_shop")
        return found
