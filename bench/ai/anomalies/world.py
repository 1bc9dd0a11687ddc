"""An alliance hour by hour that is made up: weekdays, hours, good and bad days, a 618, and by
request something that is wrong with one of its figures.

What varies: a day as a whole (8 %), every figure for itself with a memory of some hours (10 %), and
chance. The season lifts clicks up to fourfold and orders up to ninefold, at its openings within an
hour.
"""

from dataclasses import dataclass

import numpy as np

from aiassist.anomalies import HISTORY, Key, Series

WEEKS = 18
HOURS = WEEKS * 168
LIFTED = (13 * 168, 16 * 168)  # the 618: three weeks
AVERAGE = 210_00.0  # of an order, minor units
# whole figures: kin, per hour of a middling alliance, how they follow the season
WHOLE = {
    "clicks": ("clicks", 2_000.0, 0.75),
    "claims": ("claims", 260.0, 1.0),
    "orders": ("trade", 95.0, 1.2),
    "refusals": ("refusals", 20.0, 1.0),
    "payouts": ("payouts", 0.4, 0.0),
    "intake": ("intake", 3.0, 0.6),
}
CAMPAIGNS = (
    (101, 0, 0.25),
    (102, 11 * 168 + 30, 0.2),
    (103, 13 * 168 + 20, 0.15),
)  # pk, from, share


@dataclass
class World:
    """Figures by hour; `judged_at` cuts what somebody knew at an hour."""

    figures: dict[Key, np.ndarray]

    def judged_at(self, hour: int, out: dict[Key, int] | None = None) -> list[Series]:
        """The series as of the end of that hour. `out`: since when a note of it is open."""
        first = max(0, hour + 1 - HISTORY)
        cut = {key: values[first : hour + 1] for key, values in self.figures.items()}
        back = np.convolve(cut["orders", None], np.ones(168))[: len(cut["orders", None])]
        made = []
        for key, values in cut.items():
            if np.isnan(values[-30:]).all():
                continue
            measure, campaign = key
            since = (out or {}).get(key)
            made.append(
                Series(
                    key=key,
                    values=values,
                    kin=_kin(measure) if campaign is None else f"{_kin(measure)}:{campaign}",
                    unit=2 * AVERAGE if measure == "sales" else 1.0,
                    worth=_worth(measure),
                    exposed=back if measure == "returns" else None,
                    driver=_driver(cut, measure) if campaign else None,
                    readily=1.0 if measure == "clicks" else 1.5,
                    leads=measure in ("clicks", "claims", "orders") and campaign is None,
                    out=None if since is None else np.arange(first, hour + 1) >= since,
                )
            )
        return made

    def planted(self, measure: str, factor: float, begins: int, hours: int) -> "World":
        """The same, with all that goes with the figure wrong for some hours."""
        figures = {key: values.copy() for key, values in self.figures.items()}
        span = slice(begins, begins + hours)
        chance = np.random.default_rng(begins)
        if measure.startswith("claims:"):
            key: Key = ("claims", int(measure.partition(":")[2]))
            figures["claims", None][span] += figures[key][span] * (factor - 1)
            figures[key][span] *= factor
        else:
            kin = ("orders", "valid", "sales") if measure == "orders" else (measure,)
            for name in kin:
                figures[name, None][span] *= factor
        for key, values in figures.items():
            if key[0] != "sales":  # whole numbers again, by chance up or down
                values[span] = np.floor(values[span] + chance.random(hours))
        return World(figures)


def world_make(seed: int, size: float = 1.0, *, season: bool = True) -> World:
    """`size` 1 is an alliance of 95 orders an hour; 0.1 one of ten."""
    chance = np.random.default_rng(seed)
    lift, days = _season() if season else np.ones(HOURS), _days(chance)
    figures: dict[Key, np.ndarray] = {}
    for measure, (_kin_of, level, follows) in WHOLE.items():
        mean = level * size * _pattern() * days * lift**follows * _wander(chance)
        figures[measure, None] = chance.poisson(mean).astype(float)
    orders = figures["orders", None]
    figures["valid", None] = chance.binomial(orders.astype(int), 0.93).astype(float)
    figures["sales", None] = np.maximum(
        chance.normal(orders * AVERAGE, np.sqrt(orders) * AVERAGE * 1.4), 0
    )
    back = np.convolve(orders, np.ones(168))[:HOURS] * 0.06 / 168
    figures["returns", None] = chance.poisson(back * _pattern() * _wander(chance)).astype(float)
    for campaign, begins, share in CAMPAIGNS:
        claims = chance.binomial(figures["claims", None].astype(int), share).astype(float)
        claims *= np.exp(chance.normal(0, 0.05, HOURS))
        granted = chance.binomial(orders.astype(int), share).astype(float)
        for name, values in (("claims", np.floor(claims)), ("granted", granted)):
            values[:begins] = np.nan
            figures[name, campaign] = values
    return World(figures)


def _pattern() -> np.ndarray:
    hours = np.arange(HOURS)
    clock, weekday = hours % 24, hours // 24 % 7
    of_day = (
        0.25 + 0.9 * np.exp(-((clock - 21) ** 2) / 18) + 0.6 * np.exp(-((clock - 12) ** 2) / 20)
    )
    of_day *= np.where(clock < 7, 0.3, 1.0)
    return of_day / of_day.mean() * np.where(weekday >= 5, 1.2, 0.92)


def _days(chance: np.random.Generator) -> np.ndarray:
    return np.repeat(np.exp(chance.normal(0, 0.08, HOURS // 24)), 24)


def _wander(chance: np.random.Generator, spread: float = 0.1, keeps: float = 0.8) -> np.ndarray:
    noise = chance.normal(0, spread * np.sqrt(1 - keeps**2), HOURS)
    log = np.zeros(HOURS)
    for hour in range(1, HOURS):
        log[hour] = keeps * log[hour - 1] + noise[hour]
    return np.exp(log)


def _season() -> np.ndarray:
    lift = np.ones(HOURS)
    first, last = LIFTED
    lift[first:last] = 1.6
    for day, evening in ((0, 6.0), (14, 4.0), (17, 5.0)):  # opening, main days, the eighteenth
        at = first + day * 24
        lift[at : at + 72] = 2.5
        lift[at + 20 : at + 24] = evening
        lift[at + 24 : at + 26] = evening * 0.7
    return lift


def _kin(measure: str) -> str:
    return (
        WHOLE[measure][0]
        if measure in WHOLE
        else {"valid": "trade", "sales": "trade"}.get(measure, measure)
    )


def _worth(measure: str) -> float:
    return {"clicks": AVERAGE / 20, "claims": 20_00.0, "sales": 1.0, "refusals": 20_00.0}.get(
        measure, AVERAGE
    )


def _driver(cut: dict[Key, np.ndarray], measure: str) -> np.ndarray:
    return cut["clicks" if measure == "claims" else "orders", None]
