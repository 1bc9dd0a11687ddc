"""What our templates say: amounts, rates, moments, icons, the colour of a state."""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_timezone_name,
)
from babel.numbers import format_decimal
from django import template
from django.conf import settings
from django.core.paginator import Paginator
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.forms.boundfield import BoundWidget
from django.template.defaultfilters import stringfilter
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, to_locale

from alliance.kernel import clock
from alliance.kernel import money as amounts
from alliance.kernel.money import Money

logger = logging.getLogger(__name__)
register = template.Library()

# A space behind the end of a Chinese sentence: its sign has the room in it.
_AFTER_CHINESE = re.compile("(?<=[。！？；：]) ")
ICONS = settings.BASE_DIR / "static" / "vendor" / "tabler-icons"

# One colour per meaning, over the states of all models: done and paid is green, on its way is
# azure, waiting for somebody is yellow, stopped is red, over is grey.
STATE_COLOURS = {
    "unusual": "purple",
    "way": "green",
    "accepted": "azure",
    "active": "green",
    "ample": "green",
    "announced": "yellow",
    "applied": "yellow",
    "approved": "green",
    "assigned": "yellow",
    "built": "azure",
    "case": "red",
    "cleared": "green",
    "closed": "secondary",
    "confirmed": "azure",
    "coupon": "green",
    "dead": "red",
    "delivered": "green",
    "declined": "secondary",
    "dismissed": "secondary",
    "done": "green",
    "draft": "secondary",
    "dropped": "secondary",
    "due": "azure",
    "ended": "secondary",
    "enrolling": "azure",
    "entered": "yellow",
    "estimated": "azure",
    "evaluating": "yellow",
    "expired": "secondary",
    "failed": "red",
    "filed": "yellow",
    "frozen": "red",
    "granted": "green",
    "held": "azure",
    "lapsed": "secondary",
    "live": "green",
    "code": "purple",
    "lost": "secondary",
    "low": "yellow",
    "missed": "orange",
    "new": "azure",
    "none": "secondary",
    "offered": "yellow",
    "on": "green",
    "on_sale": "green",
    "open": "azure",
    "paid": "green",
    "paused": "orange",
    "pending": "azure",
    "planned": "azure",
    "placed": "secondary",
    "prepared": "yellow",
    "proposed": "yellow",
    "published": "green",
    "quit": "secondary",
    "ready": "azure",
    "received": "green",
    "refused": "red",
    "rejected": "red",
    "released": "green",
    "remitted": "green",
    "removed": "secondary",
    "requested": "yellow",
    "resolved": "green",
    "returned": "orange",
    "review": "yellow",
    "rolled_back": "orange",
    "running": "azure",
    "same_product": "green",
    "cross_shop": "azure",
    "same_shop": "azure",
    "scheduled": "azure",
    "sending": "azure",
    "settled": "green",
    "stopped": "red",
    "submitted": "yellow",
    "suggested": "yellow",
    "unfunded": "orange",
    "unmatched": "yellow",
    "upheld": "red",
    "used": "green",
    "void": "secondary",
    "waiting": "yellow",
    "week": "green",
    "weeks": "green",
    "withdrawn": "secondary",
}


def _locale() -> str:
    return to_locale(get_language() or "en")


@register.filter
def money(value: Money | int | str | None, currency: str = "") -> str:
    """{{ minor|money:currency }} or {{ money_object|money }}, as the reader writes it."""
    if value is None or value == "":
        return "–"
    return (value if isinstance(value, Money) else Money(int(value), currency)).localized()


@register.filter
def percent(bps: int | str | None) -> str:
    """Basis points → "12.34%"; trailing zeros are left out ("9%")."""
    return "–" if bps is None or bps == "" else amounts.percent(int(bps))


@register.filter
def change(whole: int) -> str:
    """A change in whole percent, with its sign: 12 → "+12%"."""
    return f"{'+' if whole > 0 else ''}{amounts.percent(whole * 100)}"


@register.filter
def number(value: int | str | None) -> str:
    """12345 → "12,345"."""
    return "–" if value is None or value == "" else format_decimal(value, locale=_locale())


@register.filter
def moment(value: datetime | None, style: str = "medium") -> str:
    """A moment as the alliance's clock shows it, in the reader's way of writing.

    Styles: "medium" (date and time), "date", "time", "near" (of today the time alone). The clock
    has twenty-four hours in every language: a season's hours are read beside each other.
    """
    if value is None:
        return "–"
    local, locale = value.astimezone(clock.ZONE), _locale()
    time = format_time(local, "HH:mm", tzinfo=clock.ZONE, locale=locale)
    if style == "time" or (style == "near" and local.date() == clock.business_day()):
        return time
    day = format_date(local, "medium", locale=locale)
    return day if style == "date" else f"{day} {time}"


@register.filter
def month(day: date) -> str:
    """ "June 2026", as the reader writes it."""
    return format_skeleton("yMMMM", day, locale=_locale())


def joined(*sentences: Any) -> str:
    """Those that say something, one after the other: with a space between them, though not behind
    the end of a Chinese one."""
    return _AFTER_CHINESE.sub("", " ".join(filter(None, map(str, sentences))))


@register.filter
def weekday(day: date) -> str:
    """ "Tue, Dec 1", as the reader writes it."""
    return format_skeleton("MMMEd", day, locale=_locale())


@register.simple_tag
def zone() -> str:
    """{% zone as time_zone %}: what the alliance's time is called: “China Time”."""
    return get_timezone_name(clock.ZONE, zone_variant="generic", locale=_locale())


@register.filter
def undo_of(message: Any) -> dict[str, Any] | None:
    """{% with undo=message|undo_of %}: where and with what a message can be taken back
    (alliance.kernel.http.say_undoable); None for most."""
    tags = getattr(message, "extra_tags", "") or ""
    return json.loads(tags) if tags.startswith("{") else None


@register.simple_tag
def present() -> str:
    """{% present %}: the moment at which the page was drawn, for paper."""
    return moment(clock.now())


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    """{{ rates|get:plan.pk }}: what stands under the key; None if nothing does."""
    return mapping.get(key)


@register.filter
def ago(value: datetime | None) -> str:
    """ "3 hours ago", "in 2 days"."""
    if value is None:
        return "–"
    distance: timedelta = value - clock.now()
    return format_timedelta(distance, add_direction=True, locale=_locale())


@register.filter
def elided(paginator: "Paginator[Any]", page: int) -> Iterable[str | int]:
    """Page numbers around `page`, with an ellipsis where many are left out."""
    return paginator.get_elided_page_range(page, on_each_side=2, on_ends=1)


@register.filter
@stringfilter
def state_colour(state: str) -> str:
    """The colour that stands for a state; a state nobody named yet is grey."""
    return STATE_COLOURS.get(state, "secondary")


@cache
def _drawing(name: str) -> str:
    """The paths of a vendored icon. Raises LookupError for a name that we do not carry."""
    file = ICONS / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not file.is_file():
        raise LookupError(f"no icon {name!r} in {ICONS}")
    svg = file.read_text(encoding="utf-8")
    paths = re.findall(r"<path (?!stroke=\"none\")[^>]*/>", svg)
    return "".join(paths)


@register.simple_tag
def icon(name: str, extra: str = "", label: str = "") -> SafeString:
    """{% icon "home" %}: an outline icon, silent for screen readers unless `label` says it.

    An unknown name fails in tests and development; in production it only leaves a gap.
    """
    try:
        paths = _drawing(name)
    except LookupError:
        if not settings.PRODUCTION:
            raise
        logger.exception("unknown icon")
        return SafeString("")
    spoken = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="icon{}" width="24" height="24" viewBox="0 0 24 24" fill="none"'
        ' stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
        ' focusable="false" {}>{}</svg>',
        f" {extra}" if extra else "",
        mark_safe(spoken),  # noqa: S308 - made by format_html or constant
        mark_safe(paths),  # noqa: S308 - our own vendored file
    )


@register.simple_block_tag
def capture(content: str) -> str:
    """{% capture as name %}…{% endcapture %}: rendered once, used in several places."""
    return mark_safe(content.strip())  # noqa: S308 - already escaped by the template engine


@register.filter
def field_kind(field: BoundField) -> str:
    """Which markup a form field wants: "check", "choices", "select", "hidden" or "input"."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, (RadioSelect, CheckboxSelectMultiple)):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "check"
    return "select" if isinstance(widget, Select) else "input"


@register.filter
def ticks(field: BoundField) -> list[BoundWidget]:
    """What can be ticked of a field of "choices", in the kit's classes."""
    for one in field.subwidgets:
        one.data["attrs"]["class"] = "form-check-input"
    return field.subwidgets


@register.filter
def styled(field: BoundField) -> SafeString:
    """The field's input in the kit's classes, tied to its help and errors for screen readers."""
    kind = field_kind(field)
    classes = {"check": "form-check-input", "select": "form-select", "input": "form-control"}
    attrs: dict[str, Any] = {}
    if kind in classes:
        own = field.field.widget.attrs.get("class", "")
        invalid = "is-invalid" if field.errors else ""
        attrs["class"] = " ".join(filter(None, (own, classes[kind], invalid)))
    described = []
    if field.help_text:
        described.append(f"{field.auto_id}_help")
    if field.errors:
        described.append(f"{field.auto_id}_errors")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)
