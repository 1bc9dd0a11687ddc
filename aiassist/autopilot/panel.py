"""Cohorts laid out as units × days, and what has not yet happened in them added."""

from dataclasses import dataclass

import numpy as np

from aiassist.autopilot.facts import Array, History, Policy

WINDOW = 150  # days that are looked back
RECENT = 28  # days of experience from which delays are read
NEIGHBOURS = 3  # days on each side that say how a day's cancellations will go
FORGET = 0.97  # a day, of what a unit's cancellations say


@dataclass
class Panel:
    """Units × days, the last column yesterday. Counts so far; `ripe` the share that has come."""

    first: int
    rate_log: Array  # nan: no cohort
    coupon: Array
    clicks: Array
    orders: Array
    cancels: Array
    refunds: Array
    gmv: Array
    ripe: Array  # by day: orders
    ripe_cancels: Array
    ripe_refunds: Array

    @property
    def days(self) -> int:
        return self.clicks.shape[1]

    @property
    def there(self) -> Array:
        return ~np.isnan(self.rate_log)


def panel_of(history: History, size: int, today: int) -> Panel:
    first = max(today - WINDOW, int(history.day.min(initial=today)))
    days = today - first
    kept = (history.day >= first) & (history.day < today)
    cell = history.unit[kept] * days + (history.day[kept] - first)

    def sums(column: Array) -> Array:
        found: Array = np.bincount(cell, column[kept], size * days).reshape(size, days)
        return found

    # Where a rate changed at noon, the day counts with the mean of its clicks.
    weight = history.clicks + 1e-6
    total = sums(weight)
    with np.errstate(invalid="ignore"):
        rate_log = sums(weight * np.log(np.maximum(history.rate_bps, 1))) / total
        coupon = np.nan_to_num(sums(weight * history.coupon_bps) / total)
    come, cancelled, refunded = _ripeness(history.aged, first, days)
    return Panel(
        first,
        rate_log,
        coupon,
        clicks=sums(history.clicks),
        orders=sums(history.orders),
        cancels=sums(history.cancels),
        refunds=sums(history.refunds),
        gmv=sums(history.gmv_minor),
        ripe=come,
        ripe_cancels=cancelled,
        ripe_refunds=refunded,
    )


def _ripeness(aged: Array, first: int, days: int) -> tuple[Array, Array, Array]:
    """By day of clicks, the share of its orders, cancels and refunds that has happened by now.

    Orders by chain ladder, the others by what each age had for every order that there will be;
    both from the latest RECENT days that have reached the age.
    """
    ages = int(aged[:, 1].max(initial=0)) + 1
    inside = aged[(aged[:, 0] >= first) & (aged[:, 0] < first + days)]
    grown = np.zeros((3, days, ages))
    for kind in range(3):
        np.add.at(grown[kind], (inside[:, 0] - first, inside[:, 1]), inside[:, 2 + kind])
    age = np.clip(days - 1 - np.arange(days), 0, ages - 1)
    come = _ladder(grown[0])[age]
    ultimate = grown[0].sum(axis=1) / come
    cancelled, refunded = (_ripe(_by_age(grown[kind], ultimate), age) for kind in (1, 2))
    return come, cancelled, refunded


def _ladder(grown: Array) -> Array:
    """The share that has come at each age."""
    days, ages = grown.shape
    total = np.cumsum(grown, axis=1)
    more = np.ones(ages)
    for age in range(1, min(ages, days)):
        seen = slice(max(0, days - age - RECENT), days - age)
        more[age] = total[seen, age].sum() / max(total[seen, age - 1].sum(), 1e-9)
    more = np.where(more < 1, 1, more)
    return np.asarray(np.maximum(1 / (np.cumprod(more[::-1])[::-1] / more), 0.02))


def _by_age(grown: Array, ultimate: Array) -> Array:
    days, ages = grown.shape
    found = np.zeros(ages)
    for age in range(min(ages, days)):
        seen = slice(max(0, days - age - RECENT), days - age)
        found[age] = grown[seen, age].sum() / max(ultimate[seen].sum(), 1e-9)
    return found


def _ripe(intensity: Array, age: Array) -> Array:
    total = intensity.sum()
    return np.cumsum(intensity)[age] / total if total > 0 else np.ones(len(age))


@dataclass
class Fate:
    """What cohorts will have come to: units × days of net GMV and of GMV that is paid for."""

    orders: Array
    net: Array
    paid: Array
    value: Array  # of an order, by unit
    keeps: Array  # share of an order's GMV that is paid for, of clicks of tomorrow, by unit
    nets: Array  # share that is net


def fate_of(panel: Panel, conversion: Array, policy: Policy) -> Fate:
    """`conversion`: units × days, the orders that a click is expected to bring."""
    orders = panel.orders + (1 - panel.ripe) * panel.clicks * conversion
    value = _value(panel)
    cancelled, cancel_share = _losses(panel.cancels, orders, panel.ripe_cancels)
    refunded, refund_share = _losses(panel.refunds, orders, panel.ripe_refunds)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = np.where(panel.orders > 0, panel.gmv / panel.orders, 0)
    pending = orders - panel.orders
    gmv = panel.orders * own + pending * value[:, None]
    each = np.divide(gmv, orders, out=np.zeros_like(gmv), where=orders > 0)
    net = np.maximum(gmv - (cancelled + refunded) * each, 0)
    paid = net if policy.clawback else np.maximum(gmv - cancelled * each, 0)
    nets = np.clip(1 - cancel_share - refund_share, 0.01, 1)
    keeps = nets if policy.clawback else np.clip(1 - cancel_share, 0.01, 1)
    return Fate(orders, net, paid, value, keeps, nets)


def _value(panel: Panel) -> Array:
    """An order's mean by unit, of few orders drawn towards that of all."""
    orders, gmv = panel.orders.sum(axis=1), panel.gmv.sum(axis=1)
    mean = gmv.sum() / max(orders.sum(), 1)
    found: Array = (gmv + 5 * mean) / (orders + 5)
    return found


def _losses(lost: Array, orders: Array, ripe: Array) -> tuple[Array, Array]:
    """Those to be expected in each cohort in the end, and the share of tomorrow's, by unit."""
    fade = FORGET ** np.arange(lost.shape[1])[::-1]
    exposed = orders * ripe
    share = _share((lost * fade).sum(axis=1), (exposed * fade).sum(axis=1))
    expected = share[:, None] * exposed
    near = np.ones(2 * NEIGHBOURS + 1)
    seen = np.convolve(lost.sum(axis=0), near, "same") + 30
    thought = np.convolve(expected.sum(axis=0), near, "same") + 30
    factor = seen / thought
    final = lost + share[:, None] * factor * orders * (1 - ripe)
    last = factor[-8:].mean() if len(factor) else 1.0
    return final, np.minimum(share * last, 0.95)


def _share(lost: Array, exposed: Array) -> Array:
    """Beta-binomial, its prior by moments over the units that have enough to say."""
    mean = lost.sum() / max(exposed.sum(), 1e-9)
    told = exposed > 20
    if told.sum() < 5 or mean <= 0:
        return np.asarray((lost + 20 * mean) / (exposed + 20))
    raw = lost[told] / exposed[told]
    spread = max(raw.var() - float((mean * (1 - mean) / exposed[told]).mean()), 1e-6)
    weight = float(np.clip(mean * (1 - mean) / spread - 1, 2, 200))
    return np.asarray((lost + weight * mean) / (exposed + weight))
