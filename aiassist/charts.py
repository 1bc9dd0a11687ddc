"""What the chart of the autopilot shows: a configuration for static/js/app.js."""

from typing import Any

from babel.dates import format_skeleton
from django.utils.translation import get_language, gettext, to_locale

from aiassist.models import Autopilot
from aiassist.queries.autopilot import ROLLING, Standing


def returns(autopilot: Autopilot, standing: Standing) -> dict[str, Any] | None:
    """The return over the days of clicks, beside the one aimed for; None without any."""
    if not any(standing.rolling.values()):
        return None
    locale = to_locale(get_language() or "en")
    days = list(standing.rolling)
    target = autopilot.policy.roi_target_centi / 100
    return {
        "type": "line",
        "data": {
            "labels": [format_skeleton("MMMd", day, locale=locale) for day in days],
            "datasets": [
                {
                    "label": gettext("Return, %(days)d days") % {"days": ROLLING},
                    "data": [
                        None if one is None else one / 100 for one in standing.rolling.values()
                    ],
                    "cubicInterpolationMode": "monotone",
                },
                {
                    "label": gettext("Aimed for"),
                    "data": [target if day >= autopilot.began_on else None for day in days],
                    "borderDash": [4, 4],
                    "borderWidth": 1.5,
                    "quiet": True,
                },
            ],
        },
        "options": {},
    }
