"""A note on a figure in sentences: what it was, what is usual, and what it is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext, to_locale
from django.utils.translation import gettext_lazy as _

from aiassist.models import AnomalyNote
from alliance.kernel.money import Money, percent
from alliance.kernel.templatetags.alliance import joined, number

KINDS = {"affiliate": _("Affiliate"), "merchant": _("Merchant"), "campaign": _("Campaign")}


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a change, as it is shown."""

    kind: str
    name: str
    url: str
    value: str
    usual: str
    share: str


def figure(note: AnomalyNote, value: int) -> str:
    return Money(value, note.currency).localized() if note.is_money else number(value)


def title(note: AnomalyNote) -> str:
    """“Coupon claims of Tea days: 3,412 in an hour”"""
    name, value = note.get_measure_display(), figure(note, note.value)
    if note.campaign:
        said = {"name": name, "campaign": note.campaign.name, "value": value}
        return gettext("%(name)s, %(campaign)s: %(value)s in an hour") % said
    return gettext("%(name)s: %(value)s in an hour") % {"name": name, "value": value}


def compared(note: AnomalyNote) -> str:
    """“Usual at this hour 1,050 to 1,600: 2.1 times as much; more than in any hour before. Mostly
    Media A (71 %).”"""
    said = {"low": figure(note, note.low), "high": figure(note, note.high)}
    usual = gettext("Usual at this hour %(low)s to %(high)s:") % said
    return joined(usual, _far(note), _mostly(note))


def _far(note: AnomalyNote) -> str:
    if note.up:
        times = format_decimal(round(note.value / max(note.usual, 1), 1), locale=_locale())
        said = gettext("%(times)s times as much") % {"times": times}
        record = gettext("more than in any hour before")
    else:
        said = gettext("only %(share)s of it") % {
            "share": percent(round(note.value * 10_000 / max(note.usual, 1)))
        }
        record = gettext("less than in any hour before")
    if not note.record:
        return gettext("%(words)s.") % {"words": said}
    return gettext("%(said)s; %(record)s.") % {"said": said, "record": record}


def _locale() -> str:
    return to_locale(get_language() or "en")


def lasted(note: AnomalyNote) -> str:
    return ngettext("%(hours)d hour", "%(hours)d hours", note.hours) % {"hours": note.hours}


def _mostly(note: AnomalyNote) -> str:
    """Whose share of the change is greatest; "" where nobody's is great."""
    best: dict[str, Any] = max(note.parts, key=lambda one: one["share_bps"], default={})
    if not best:
        return ""
    share = percent(min(best["share_bps"], 10_000))
    return gettext("Mostly %(who)s (%(share)s).") % {"who": best["name"], "share": share}


def shares(note: AnomalyNote) -> Iterator[Share]:
    for part in note.parts:
        yield Share(
            str(KINDS[part["kind"]]),
            part["name"],
            reverse(f"admin:{_TABLES[part['kind']]}_change", args=[part["pk"]]),
            figure(note, part["value"]),
            figure(note, part["usual"]),
            percent(min(part["share_bps"], 10_000)),
        )


_TABLES = {
    "affiliate": "affiliates_affiliate",
    "merchant": "merchants_merchant",
    "campaign": "campaigns_campaign",
}


@dataclass(frozen=True, slots=True)
class Sketch:
    """Points of a small picture, 480 by 96: the line of values and the band that is usual."""

    line: str
    band: str
    x: float
    y: float

    width = 480
    height = 96


def sketch(note: AnomalyNote) -> Sketch | None:
    """The last 48 hours; None where there are none."""
    values = note.curve.get("values", [])
    lows, highs = note.curve.get("lows", []), note.curve.get("highs", [])
    if len(values) < 2:
        return None
    most = max(*values, *highs, 1)

    def at(place: int, value: float) -> tuple[float, float]:
        return (
            round(place * (Sketch.width - 12) / (len(values) - 1) + 6, 1),
            round(Sketch.height - 6 - value / most * (Sketch.height - 12), 1),
        )

    def points(row: list[float]) -> list[str]:
        return ["{},{}".format(*at(place, value)) for place, value in enumerate(row)]

    band = points(highs) + points(lows)[::-1]
    return Sketch(" ".join(points(values)), " ".join(band), *at(len(values) - 1, values[-1]))
