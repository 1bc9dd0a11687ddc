"""Which angle earns most by the click: pure figures, no database (docs/copy.md).

Compared is net commission that is settled, for each click that is old enough to be. Products differ
more than texts do, so chance is weighed by products: a Bayesian bootstrap gives each product a
random weight, the same in all angles, and asks how often an angle comes out best.

Nobody wins by being looked at often. There are looks at fixed sizes only, each twice the one
before, and the chance of naming a wrong one is shared out among them: a half of ERROR to the first,
a quarter to the second, and so on.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ERROR = 0.05  # of ever naming one that is not the best
FIRST_LOOK = 400  # clicks of each angle at the first look; twice as many at the next
LOOKS = 8
LEAST_ORDERS = 20  # that are settled, of each angle
LEAST_PRODUCTS = 20  # with clicks, in all
DRAWS = 4_000
REFUNDS_WORSE = 0.10  # of orders: so much more come back than of the first angle
REFUNDS_SURE = 0.95
REFUNDS_LEAST = 30  # orders, of either
_SEED = 618


class Row(NamedTuple):
    """What one angle did for one product by the clicks of one day. Minor units."""

    angle: str
    product: int
    day: date
    clicks: int
    net_minor: int = 0
    orders: int = 0


@dataclass(frozen=True, slots=True)
class Arm:
    """One angle so far. `best`: how likely it is the best, at the last look; None before any."""

    angle: str
    clicks: int
    orders: int
    net_minor: int
    refunded: int  # of `bought` orders
    bought: int
    best: float | None = None
    stopped: bool = False

    @property
    def per_thousand_minor(self) -> int:
        """Settled net commission of a thousand clicks."""
        return self.net_minor * 1000 // self.clicks if self.clicks else 0

    @property
    def best_bps(self) -> int | None:
        """Whole percent: more is not known."""
        return None if self.best is None else int(self.best * 100) * 100

    @property
    def refund_bps(self) -> int:
        return self.refunded * 10_000 // self.bought if self.bought else 0


@dataclass(frozen=True, slots=True)
class Contest:
    """`look`: how many were taken; `sure`: what the last one asked for; `winner`: who met it."""

    arms: list[Arm]
    look: int = 0
    sure: float = 0.0
    winner: str = ""
    next_clicks: int = FIRST_LOOK


def judge(
    rows: Collection[Row], bought: dict[str, tuple[int, int]], angles: Iterable[str], first: str
) -> Contest:
    """`bought`: by angle (orders, of them refunded or cancelled); `first` is the yardstick."""
    halted = set(stopped(bought, angles, first))
    racing = [angle for angle in angles if angle not in halted]
    look, until = _last_look(rows, racing)
    best = _chances(rows, racing, until) if until else {}
    sure = 1 - ERROR / 2**look if look else 0.0
    winner = next((angle for angle, chance in best.items() if chance >= sure), "")
    arms = [_arm(angle, rows, bought, best, angle in halted) for angle in angles]
    return Contest(arms, look, sure, winner, FIRST_LOOK * 2**look)


def _arm(
    angle: str,
    rows: Collection[Row],
    bought: dict[str, tuple[int, int]],
    best: dict[str, float],
    stopped: bool,
) -> Arm:
    mine = [row for row in rows if row.angle == angle]
    orders, refunded = bought.get(angle, (0, 0))
    return Arm(
        angle,
        clicks=sum(row.clicks for row in mine),
        orders=sum(row.orders for row in mine),
        net_minor=sum(row.net_minor for row in mine),
        refunded=refunded,
        bought=orders,
        best=best.get(angle),
        stopped=stopped,
    )


def _last_look(rows: Collection[Row], racing: list[str]) -> tuple[int, date | None]:
    """How many looks were taken, and the day that the last one looks at: the first by which each
    angle had enough clicks and orders. It does not depend on when somebody asks."""
    if len({row.product for row in rows}) < LEAST_PRODUCTS or len(racing) < 2:
        return 0, None
    clicks, orders = dict.fromkeys(racing, 0), dict.fromkeys(racing, 0)
    products: set[int] = set()
    look, until = 0, None
    ordered = sorted((row for row in rows if row.angle in clicks), key=lambda row: row.day)
    for place, row in enumerate(ordered):
        clicks[row.angle] += row.clicks
        orders[row.angle] += row.orders
        products.add(row.product)
        last_of_day = place + 1 == len(ordered) or ordered[place + 1].day > row.day
        while (
            last_of_day
            and look < LOOKS
            and min(clicks.values()) >= FIRST_LOOK * 2**look
            and min(orders.values()) >= LEAST_ORDERS
            and len(products) >= LEAST_PRODUCTS
        ):
            look, until = look + 1, row.day
    return look, until


def _chances(rows: Collection[Row], racing: list[str], until: date) -> dict[str, float]:
    """How likely each angle is the best, by what was there on that day."""
    seen = [row for row in rows if row.day <= until and row.angle in racing]
    place = {product: at for at, product in enumerate(sorted({row.product for row in seen}))}
    clicks, net = (np.zeros((len(place), len(racing))) for _each in range(2))
    for row in seen:
        at = place[row.product], racing.index(row.angle)
        clicks[at] += row.clicks
        net[at] += row.net_minor
    return dict(zip(racing, chances(clicks, net), strict=True))


def chances(clicks: NDArray[np.float64], net: NDArray[np.float64]) -> list[float]:
    """For each column (an angle; rows are products) how often it earns most by the click."""
    dice = np.random.default_rng(_SEED)
    weights = dice.exponential(size=(DRAWS, len(clicks)))
    by_click = (weights @ net) / np.maximum(weights @ clicks, 1e-9)
    best = by_click.argmax(axis=1)
    return [float((best == column).mean()) for column in range(clicks.shape[1])]


def stopped(bought: dict[str, tuple[int, int]], angles: Iterable[str], first: str) -> list[str]:
    """The angles of which clearly more orders come back than of the first one."""
    return [angle for angle in angles if _comes_back(bought, angle, first)]


def _comes_back(bought: dict[str, tuple[int, int]], angle: str, first: str) -> bool:
    """Whether clearly more orders come back than of the first angle."""
    if angle == first:
        return False
    (orders, back), (least, least_back) = bought.get(angle, (0, 0)), bought.get(first, (0, 0))
    if min(orders, least) < REFUNDS_LEAST:
        return False
    dice = np.random.default_rng(_SEED)
    mine = dice.beta(1 + back, 1 + orders - back, DRAWS)
    theirs = dice.beta(1 + least_back, 1 + least - least_back, DRAWS)
    return bool((mine > theirs + REFUNDS_WORSE).mean() >= REFUNDS_SURE)
