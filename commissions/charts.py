"""What the chart on a page shows: a configuration for static/js/app.js."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_skeleton
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, to_locale

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
    metric: Metric,
    values: Mapping[date, int],
    currency: str,
    *,
    skeleton: str = "MMMd",
    before: Iterable[int] = (),
) -> dict[str, Any] | None:
    """A line over the days, with that of as many days `before` them below it; None where there is
    nothing to draw."""
    before = list(before)
    if not any(values.values()) and not any(before):
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
                },
                *([_before(before)] if any(before) else []),
            ],
        },
        "options": {"currency": currency, "digits": exponent(currency)} if metric.money else {},
    }


def _before(values: list[int]) -> dict[str, Any]:
    return {
        "label": gettext("The days before"),
        "data": values,
        "cubicInterpolationMode": "monotone",
        "borderDash": [4, 4],
        "borderWidth": 1.5,
        "quiet": True,  # not in the colour of a thing of its own
    }
