"""The season's figures as series, the notes on them, and what a change is made of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
from django.db.models import QuerySet

from affiliates.models import Affiliate
from aiassist.anomalies import HISTORY, WEEK, Key, Part, Series, made_of
from aiassist.models import HOUR, AnomalyNote, HourFigure, Measure, NoteState, Source
from aiassist.queries import hours
from alliance.kernel import clock
from campaigns.models import Campaign, CampaignState, Season
from merchants.models import Merchant

MADE_OF = 3  # parts that are named
BEFORE = 4  # same hours before by which everybody's usual share is told
READILY = 1.5  # but for clicks, which rise least in a season
TRADE = "trade"
# measure: source, whether its amount is told, kin, whether it leads
SERIES = {
    Measure.CLICKS: (None, False, "clicks", True),
    Measure.CLAIMS: (Source.CLAIMS, False, "claims", True),
    Measure.ORDERS: (Source.ORDERS, False, TRADE, True),
    Measure.VALID: (Source.VALID, False, TRADE, False),
    Measure.SALES: (Source.ORDERS, True, TRADE, False),
    Measure.COMMISSION: (Source.COMMISSION, True, TRADE, False),
    Measure.RETURNS: (Source.RETURNS, False, "returns", False),
    Measure.GRANTED: (Source.GRANTED, False, "granted", False),
    Measure.BUDGET: (Source.GRANTED, True, "granted", False),
    Measure.REFUSALS: (Source.REFUSALS, False, "refusals", False),
    Measure.PAYOUTS: (Source.PAYOUTS, False, "payouts", False),
    Measure.INTAKE: (Source.INTAKE, False, "intake", False),
}
SPREAD = 2.0  # amounts of orders differ so much that an amount tells what half as many orders would

Figures = dict[tuple[Source | None, int | None], tuple[np.ndarray, np.ndarray]]


def in_season() -> bool:
    """Whether a season or a campaign is on."""
    now = clock.now()
    return (
        Season.objects.filter(warm_up_from__lte=now, ends_at__gt=now).exists()
        or Campaign.objects.filter(state=CampaignState.LIVE).exists()
    )


def series_now(last: datetime) -> list[Series]:
    """Every series, up to the hour that began `last`."""
    first = last - (HISTORY - 1) * HOUR
    figures = _figures(first, last)
    going = {note.key: note.began_at for note in notes_going()}
    live = set(Campaign.objects.filter(state=CampaignState.LIVE).values_list("pk", flat=True))
    made = []
    for measure, (source, amount, kin, leads) in SERIES.items():
        for (of, campaign), (counts, amounts) in figures.items():
            if of != source or (campaign is not None and campaign not in live):
                continue
            begun = going.get((measure, campaign))
            values = amounts if amount else counts
            made.append(
                Series(
                    key=(measure, campaign),
                    values=values,
                    kin=kin if campaign is None else f"{kin}:{campaign}",
                    unit=SPREAD * _each(counts, amounts) if amount else 1.0,
                    worth=1.0 if amount else _worth(measure, counts, amounts, figures),
                    exposed=_last_week(figures) if measure == Measure.RETURNS else None,
                    driver=_driver(measure, figures) if campaign is not None else None,
                    readily=1.0 if measure == Measure.CLICKS else READILY,
                    leads=leads and campaign is None,
                    out=_since(begun, first) if begun else None,
                )
            )
    return made


def _figures(first: datetime, last: datetime) -> Figures:
    """Counts and amounts by hour. What never came is nought once anything was counted at all, a
    campaign's from its first hour on."""
    begun = HourFigure.objects.filter(hour__gte=first).order_by("hour").first()
    found: Figures = {}
    nought = np.full((2, HISTORY), np.nan)
    if begun:
        nought[:, _place(begun.hour, first) :] = 0.0
    rows = HourFigure.objects.filter(hour__range=(first, last)).order_by("hour")
    for hour, source, campaign, count, amount in rows.values_list(
        "hour", "source", "campaign", "count", "amount_minor"
    ):
        place, key = _place(hour, first), (Source(source), campaign)
        if key not in found:
            began = nought.copy()
            began[:, : place if campaign is not None else 0] = np.nan
            found[key] = (began[0], began[1])
        found[key][0][place], found[key][1][place] = count, amount
    found[None, None] = _clicks(first, last)
    return found


def _clicks(first: datetime, last: datetime) -> tuple[np.ndarray, np.ndarray]:
    counts = np.full(HISTORY, np.nan)
    days = hours.clicks_by_hour(clock.business_day(first), clock.business_day(last))
    for place, hour in enumerate(hours.hours_between(first, last + HOUR)):
        of_day = days.get(clock.business_day(hour))
        if of_day:
            counts[place] = of_day[hour.astimezone(clock.ZONE).hour]
        elif days and clock.business_day(hour) > min(days):
            counts[place] = 0
    return counts, np.zeros(HISTORY)


def _place(hour: datetime, first: datetime) -> int:
    return round((hour - first) / HOUR)


def _since(begun: datetime, first: datetime) -> np.ndarray:
    return np.arange(HISTORY) >= _place(begun, first)


def _each(counts: np.ndarray, amounts: np.ndarray) -> float:
    """Minor units of one, on average."""
    return max(float(np.nansum(amounts) / max(np.nansum(counts), 1.0)), 1.0)


def _worth(measure: Measure, counts: np.ndarray, amounts: np.ndarray, figures: Figures) -> float:
    """Of one more of it, in minor units of what is sold; of a click what orders there are to it."""
    orders = figures.get((Source.ORDERS, None))
    if measure == Measure.CLICKS and orders:
        return float(np.nansum(orders[1]) / max(np.nansum(counts), 1.0))
    if measure in (Measure.INTAKE, Measure.GRANTED):
        return _each(*orders) if orders else 0.0
    if measure == Measure.REFUSALS:
        claims = figures.get((Source.CLAIMS, None))
        return _each(*claims) if claims else 0.0
    return _each(counts, amounts)


def _driver(measure: Measure, figures: Figures) -> np.ndarray | None:
    """What a campaign's figure goes with: claims with clicks, the rest with orders."""
    clicks = measure in (Measure.CLAIMS, Measure.REFUSALS)
    whole = figures.get((None, None) if clicks else (Source.ORDERS, None))
    return None if whole is None else whole[0]


def _last_week(figures: Figures) -> np.ndarray | None:
    """Orders of the seven days before each hour: what may come back."""
    orders = figures.get((Source.ORDERS, None))
    if orders is None:
        return None
    return np.convolve(np.nan_to_num(orders[0]), np.ones(WEEK))[:HISTORY]


# --- Notes ---


def notes_going() -> QuerySet[AnomalyNote]:
    """Those whose figure is not as usual again, put away or not."""
    return AnomalyNote.objects.filter(ended_at=None).order_by("pk")


def notes_open() -> QuerySet[AnomalyNote]:
    return AnomalyNote.objects.filter(state=NoteState.OPEN)


def notes_of(campaign: Campaign) -> QuerySet[AnomalyNote]:
    """Open ones of the campaign, the newest first."""
    return notes_open().filter(campaign=campaign).order_by("-began_at", "-pk")


# --- What it is made of ---


def parts_of(key: Key, hour: datetime, usual: float) -> list[tuple[str, str, Part[int]]]:
    """Kind, name and part of those who make up most of the change."""
    found = [
        (kind, part)
        for kind in _kinds(key)
        for part in made_of(
            _whose(key, kind, hour),
            [_whose(key, kind, before) for before in _before(key, hour)],
            usual=usual,
        )[:MADE_OF]
    ]
    names = {kind: _names(kind, [p.who for of, p in found if of == kind]) for kind in dict(found)}
    return [(kind, names[kind].get(part.who, str(part.who)), part) for kind, part in found]


def _kinds(key: Key) -> Iterator[str]:
    measure, campaign = key
    source = SERIES[Measure(measure)][0]
    if campaign is None and source in (Source.CLAIMS, Source.REFUSALS):
        yield "campaign"
    if source not in (Source.REFUSALS, Source.INTAKE):
        yield "affiliate"
    if source not in (Source.REFUSALS, Source.PAYOUTS):
        yield "merchant"


def _whose(key: Key, kind: str, hour: datetime) -> dict[int, float]:
    source, amount, _kin, _leads = SERIES[Measure(key[0])]
    rows = (
        hours.clicks_whose(kind, hour)
        if source is None
        else hours.whose(source, kind, hour, key[1])
    )
    return {who: float(pair[amount]) for who, pair in rows.items()}


def _before(key: Key, hour: datetime) -> list[datetime]:
    """The same hours of weeks before; of a campaign, of days."""
    step = timedelta(days=7 if key[1] is None else 1)
    return [hour - step * n for n in range(1, BEFORE + 1)]


def _names(kind: str, pks: list[int]) -> dict[int, str]:
    if kind == "affiliate":
        return dict(Affiliate.objects.filter(pk__in=pks).values_list("pk", "name"))
    if kind == "merchant":
        return dict(Merchant.objects.filter(pk__in=pks).values_list("pk", "name"))
    return dict(Campaign.objects.filter(pk__in=pks).values_list("pk", "name"))
