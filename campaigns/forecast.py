"""What a click on a product will bring, from what clicks brought. Pure.

A product with few clicks of its own is taken to be like its category, and a category like the whole
market: PRIOR clicks of the wider one are added to its own. So one lucky order is not a bestseller,
and a product that nobody has seen yet is judged by its price and rate.
"""

from dataclasses import dataclass

from alliance.kernel.money import BPS, half_up

PRIOR = 200  # clicks of the category that count beside a product's own
USUAL_BPS = 100  # one order in a hundred clicks, where nothing is known at all
MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Clicks by people and what came of them; amounts in minor units. `net_minor` is what
    affiliates got of the commission."""

    clicks: int = 0
    orders: int = 0
    net_minor: int = 0
    sold_minor: int = 0
    refunded_minor: int = 0

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            clicks=self.clicks + other.clicks,
            orders=self.orders + other.orders,
            net_minor=self.net_minor + other.net_minor,
            sold_minor=self.sold_minor + other.sold_minor,
            refunded_minor=self.refunded_minor + other.refunded_minor,
        )

    def __sub__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            clicks=self.clicks - other.clicks,
            orders=self.orders - other.orders,
            net_minor=self.net_minor - other.net_minor,
            sold_minor=self.sold_minor - other.sold_minor,
            refunded_minor=self.refunded_minor - other.refunded_minor,
        )

    @property
    def refund_bps(self) -> int | None:
        """The part of the sales that was sent back; None where nothing was sold."""
        return half_up(self.refunded_minor * BPS, self.sold_minor) if self.sold_minor > 0 else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Orders per click (basis points), and per click the net in millionths of a minor unit."""

    conversion_bps: int
    epc_micro: int


def forecast(
    own: Traffic, category: Traffic, market: Traffic, *, price_minor: int, rate_bps: int
) -> Forecast:
    """Of a product at that price and commission rate. `category` has the product in it, so that
    those without clicks are not judged worse than one that failed; `market` is the others."""
    of_market = _blend(market.orders * BPS, market.clicks, USUAL_BPS)
    of_category = _blend(category.orders * BPS, category.clicks, of_market)
    conversion = min(_blend(own.orders * BPS, own.clicks, of_category), BPS)
    # What an order of it would bring, as often as its category sells.
    expected = price_minor * rate_bps * of_category * MICRO // (BPS * BPS)
    return Forecast(conversion, _blend(own.net_minor * MICRO, own.clicks, expected))


def _blend(won: int, clicks: int, wider: int) -> int:
    """`won` over `clicks`, with PRIOR more clicks that won `wider` each."""
    return half_up(max(won, 0) + PRIOR * wider, clicks + PRIOR)
