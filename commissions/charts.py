"""What the chart on a page shows: a configuration for static/js/app.js."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_skeleton
from django.utils.functional import Promise
from django.utils.translation import get_language, to_locale

from alliance.kernel.money import exponent


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that can be drawn by day. Amounts (`money`) come in minor units."""

    name: str
    label: str | Promise
    money: bool


def chosen(metrics: Iterable[Metric], name: str) -> Metric:
    """The metric of that name, or the first."""
    known = list(metrics)
    return next((metric for metric in known if metric.name == name), known[0])


def by_day(
    metric: Metric, values: Mapping[date, int], currency: str, *, skeleton: str = "MMMd"
) -> dict[str, Any] | None:
    """A line over the days; None where there is nothing to draw."""
    if not any(values.values()):
        return None
    locale = to_locale(get_language() or "en")
    return {
        "type": "line",
        "data": {
            "labels": [format_skeleton(skeleton, day, locale=locale) for day in values],
            "datasets": [
                {
                    "label": str(metric.label),
                    "data": list(values.values()),
                    "cubicInterpolationMode": "monotone",  # never below zero between two days
                }
            ],
        },
        "options": {"currency": currency, "digits": exponent(currency)} if metric.money else {},
    }
