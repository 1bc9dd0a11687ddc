"""What came through links, by day: people's clicks, how many people they were, and the others.

From the figures that are counted once a minute (affiliates.services.figures), so that a page costs
the same however much was clicked, and stays when the clicks are gone.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from affiliates.models import Affiliate, ClickDay
from merchants.models import Merchant

# Who clicked, in SQL: who let us know them again by the visitor key; others by the address that
# they came from; of whom nothing is known, by the click itself.
VISITOR = "coalesce(nullif({0}.visitor_key, ''), nullif({0}.ip_key, ''), {0}.click_id)"
FIGURES = ("clicks", "visitors", "bots", "previews")


@dataclass(slots=True)
class Clicks:
    """Of a day, or of several: people's clicks, visitors (each once a day), bots and previews."""

    clicks: int = 0
    visitors: int = 0
    bots: int = 0
    previews: int = 0

    def __add__(self, other: "Clicks") -> "Clicks":
        return Clicks(
            self.clicks + other.clicks,
            self.visitors + other.visitors,
            self.bots + other.bots,
            self.previews + other.previews,
        )


def clicks_by_day(affiliate: Affiliate, start: date, end: date) -> dict[date, Clicks]:
    """The affiliate's, on each business day from `start` to `end`, both included."""
    return _by_day(
        ClickDay.objects.filter(affiliate=affiliate, merchant=None, zone=None), start, end
    )


def has_clicks(affiliate: Affiliate) -> bool:
    """Whether a person has ever clicked on a link of the affiliate's."""
    return ClickDay.objects.filter(
        affiliate=affiliate, merchant=None, zone=None, clicks__gt=0
    ).exists()


def clicks_by_zone(affiliate: Affiliate, start: date, end: date) -> dict[int, Clicks]:
    """By ad zone, on the business days from `start` to `end`, both included."""
    rows = ClickDay.objects.filter(affiliate=affiliate, zone__isnull=False, link=None)
    return _summed(rows.filter(day__range=(start, end)), "zone")


def clicks_of_merchant(merchant: Merchant, start: date, end: date) -> dict[date, Clicks]:
    """Into the merchant's shops, on each business day from `start` to `end`, both included."""
    return _by_day(ClickDay.objects.filter(merchant=merchant, affiliate=None), start, end)


def clicks_of_all(start: date, end: date) -> dict[date, Clicks]:
    """Everybody's, on each business day from `start` to `end`, both included."""
    return _by_day(ClickDay.objects.filter(merchant=None, affiliate=None), start, end)


def clicks_by_affiliate(
    merchant: Merchant, start: date | None, end: date | None
) -> dict[int, Clicks]:
    """By affiliate, into the merchant's shops, on the days from `start` to `end` (None: no end)."""
    rows = ClickDay.objects.filter(merchant=merchant, affiliate__isnull=False)
    if start:
        rows = rows.filter(day__gte=start)
    if end:
        rows = rows.filter(day__lte=end)
    return _summed(rows, "affiliate")


def _by_day(rows: QuerySet[ClickDay], start: date, end: date) -> dict[date, Clicks]:
    days = {start + timedelta(days=i): Clicks() for i in range((end - start).days + 1)}
    return days | _summed(rows.filter(day__range=(start, end)), "day")


def _summed(rows: QuerySet[ClickDay], by: str) -> dict[Any, Clicks]:
    sums = rows.order_by().values_list(by).annotate(*(Sum(name) for name in FIGURES))
    return {key: Clicks(*figures) for key, *figures in sums}
