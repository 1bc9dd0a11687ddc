"""By what a report may be grouped, and what its keys are called."""

from datetime import date, timedelta

from babel.dates import format_date, format_skeleton
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, pgettext_lazy, to_locale
from django.utils.translation import gettext_lazy as _

TIMES = ("day", "week", "month")
SUBS = ("sub1", "sub2", "sub3", "sub4", "sub5")
# Keys that are no day, no number of a row and no text of the affiliate's own.
OWN, SERVICE, OTHERS, REWARDS, NONE = "own", "service", "others", "rewards", "none"
TYPED = "="  # before what the affiliate wrote itself

Words = dict[str, str | Promise]
_TIMES: Words = {
    "day": pgettext_lazy("report", "Day"),
    "week": pgettext_lazy("report", "Week"),
    "month": pgettext_lazy("report", "Month"),
}
OF_AFFILIATES: Words = {
    **_TIMES,
    "zone": _("Ad zone"),
    "relation": _("Partner relation"),
    "product": _("Product"),
    "shop": _("Shop"),
    "campaign": _("Campaign"),
    "sub1": _("Sub-id 1"),
    "sub2": _("Sub-id 2"),
    "sub3": _("Sub-id 3"),
    "sub4": _("Sub-id 4"),
    "sub5": _("Sub-id 5"),
}
OF_MERCHANTS: Words = {
    **_TIMES,
    "affiliate": _("Affiliate"),
    "product": _("Product"),
    "plan": _("Plan"),
    "campaign": _("Campaign"),
}
_KNOWN: Words = {
    OWN: _("Brought by yourself"),
    SERVICE: _("As intermediary"),
    OTHERS: _("As partner or intermediary"),
    REWARDS: _("Rewards of campaigns"),
}
_WITHOUT: Words = {
    "zone": _("Without an ad zone"),
    "product": _("Product not on file"),
    "campaign": _("Without a campaign"),
    "plan": _("Without a plan"),
}


def words_of(by: str, key: str, names: dict[str, str]) -> str:
    """What a reader calls the group. `names`: those of rows, by key."""
    if by in TIMES:
        return time_words(by, date.fromisoformat(key))
    if key.startswith(TYPED):
        return key.removeprefix(TYPED) or gettext("Without a sub-id")
    if key == NONE:
        return str(_WITHOUT[by])
    return str(_KNOWN[key]) if key in _KNOWN else names.get(key, key)


def time_words(by: str, day: date) -> str:
    """The day, week or month that begins on a day."""
    locale = to_locale(get_language() or "en")
    if by == "month":
        return format_skeleton("yMMMM", day, locale=locale)
    if by == "week":
        last = day + timedelta(days=6)
        return (
            f"{format_date(day, 'medium', locale)} – {format_skeleton('MMMd', last, locale=locale)}"
        )
    return format_date(day, "medium", locale)


def days_of(by: str, key: str) -> tuple[date, date]:
    """First and last day of a group that is a time."""
    first = date.fromisoformat(key)
    if by == "month":
        return first, (first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return first, first + timedelta(days=6 if by == "week" else 0)
