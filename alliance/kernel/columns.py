"""Columns of the operations desk: amounts, rates, states and links as a person reads them.

Each works in a list (`list_display`) and on an object's page (`readonly_fields`).
"""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from alliance.kernel import trail
from alliance.kernel.money import Money, percent
from alliance.kernel.templatetags import alliance as say

Text = str | Promise
Column = Callable[[Any], Any]

STATE = _("state")


def _column(name: str, label: Text, ordering: str | None, show: Column) -> Column:
    def column(obj: Any) -> Any:
        return show(obj)

    column.__name__ = name
    column.short_description = label  # type: ignore[attr-defined]
    column.admin_order_field = ordering  # type: ignore[attr-defined]
    return column


def amount(name: str, label: Text, *, currency: str = "currency", sign: int = 1) -> Column:
    """The minor units in attribute `name`, with the currency found at `currency`.

    Both may be paths ("line.currency"). `sign=-1` turns it round.
    """
    get, get_currency = attrgetter(name), attrgetter(currency)

    def show(obj: Any) -> SafeString | str:
        minor = get(obj)
        return "–" if minor is None else money(sign * minor, get_currency(obj))

    return _column(name.replace(".", "_"), label, name.replace(".", "__"), show)


def money(minor: int, currency: str) -> SafeString:
    """An amount in figures of one width; below zero it is red."""
    text = Money(minor, currency).localized()
    return format_html('<span class="desk-num{}">{}</span>', " desk-neg" if minor < 0 else "", text)


def plain(name: str, label: Text) -> Column:
    """The value as it is, under a better heading."""
    get = attrgetter(name)
    return _column(name.replace(".", "_"), label, name.replace(".", "__"), get)


def rate(name: str, label: Text) -> Column:
    """Basis points as a percentage."""
    return _column(name, label, name, lambda obj: say.percent(getattr(obj, name)))


def state(name: str = "state", label: Text = STATE) -> Column:
    """A choice field as a coloured badge; the colours are those of the other pages."""
    get = attrgetter(name)
    head, _dot, field = name.rpartition(".")
    owner = attrgetter(head) if head else lambda obj: obj

    def show(obj: Any) -> SafeString:
        return badge(get(obj), getattr(owner(obj), f"get_{field}_display")())

    return _column(name.replace(".", "_"), label, name.replace(".", "__"), show)


def badge(value: str, label: Text) -> SafeString:
    return format_html(
        '<span class="desk-state" data-colour="{}">{}</span>', say.state_colour(value), label
    )


def moment(name: str, label: Text) -> Column:
    """A moment as the alliance's clock shows it, never broken over two lines."""
    get = attrgetter(name)

    def show(obj: Any) -> SafeString | str:
        value: datetime | None = get(obj)
        return format_html('<span class="desk-when">{}</span>', say.moment(value))

    return _column(name.replace(".", "_"), label, name.replace(".", "__"), show)


def span(since: datetime, until: datetime) -> SafeString:
    """From when to when."""
    return format_html(
        '<span class="desk-when">{}</span> – <span class="desk-when">{}</span>',
        say.moment(since),
        say.moment(until),
    )


def linked(name: str, label: Text, *, text: Callable[[Any], Text] = str) -> Column:
    """A related object (a path is fine) with a way to its page, named by `text(object)`."""
    get = attrgetter(name)

    def show(obj: Any) -> SafeString | str:
        related = _reached(get, obj)
        return link_to(related, text(related)) if related else "–"

    column = _column(name.replace(".", "_"), label, None, show)
    column.leads = True  # type: ignore[attr-defined]
    return column


def _reached(get: Column, obj: Any) -> Any:
    try:
        return get(obj)
    except AttributeError:  # something on the path is empty (RelatedObjectDoesNotExist is one)
        return None


def link_to(obj: Model | None, text: Text = "") -> SafeString | str:
    """The object's name, leading to its page of the desk if it has one."""
    if obj is None:
        return "–"
    return link(url_of(obj._meta.label_lower, obj.pk), text or str(obj))


def link_to_named(label: str, pk: str) -> SafeString | str:
    """An object known by label and key only, as the audit trail keeps it."""
    try:
        name = apps.get_model(label)._meta.verbose_name
    except LookupError:  # a model that is gone; its history stays
        name = label.rpartition(".")[2]
    return link(url_of(label, pk), f"{name} {pk}")


def organisation() -> Column:
    """Whose it is ("affiliate:12"), with a way to their page."""

    def show(obj: Any) -> SafeString | str:
        side, _colon, pk = obj.organisation.partition(":")
        return link_to_named(f"{side}s.{side}", pk)

    return _column("whose", _("organisation"), "organisation", show)


def link(url: str, text: Text) -> SafeString | str:
    return format_html('<a class="text-link" href="{}">{}</a>', url, text) if url else str(text)


def url_of(label: str, pk: Any) -> str:
    """The page of an object named by label ("merchants.order") and key; "" if there is none."""
    try:
        return reverse(f"admin:{label.lower().replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return ""


def with_note(value: Any, note: Text) -> SafeString:
    """A value and, more quietly, how it came about."""
    return format_html('{} <span class="desk-note">{}</span>', value, note)


def lines(sentences: list[str]) -> SafeString:
    """Sentences as a list."""
    items = format_html_join("", "<li>{}</li>", ((sentence,) for sentence in sentences))
    return format_html('<ul class="desk-lines">{}</ul>', items)


def facts(data: dict[str, Any], currency: str = "", model: type[Model] | None = None) -> SafeString:
    """The data of an audit event, one fact a line: plain values, and within `changes` pairs of
    [before, after]. What is a field of `model` has its name, and a choice its label. Rates in
    percent, moments by the alliance's clock; amounts as money where the currency is known, else in
    minor units as written."""
    return _Reader(currency, model).lines(data)


class _Reader:
    """How the data of an event is told."""

    def __init__(self, currency: str, model: type[Model] | None) -> None:
        self.currency = currency
        self.fields = {field.name: field for field in model._meta.fields} if model else {}
        self.label = model._meta.label_lower if model else ""

    def lines(self, data: dict[str, Any], *, pairs: bool = False) -> SafeString:
        lines = (self._line(key, value, pairs=pairs) for key, value in data.items())
        return format_html_join("", "<div><b>{}</b> {}</div>", lines)

    def _line(self, key: str, value: Any, *, pairs: bool) -> tuple[Text, SafeString | str]:
        if isinstance(value, dict):
            return self._name(key), self.lines(value, pairs=True)
        if pairs and _is_pair(value):
            return self._name(key), f"{self._said(key, value[0])} → {self._said(key, value[1])}"
        if isinstance(value, list):
            return self._name(key), ", ".join(self._said(key, one) for one in value) or "–"
        return self._name(key), self._said(key, value)

    def _name(self, key: str) -> Text:
        if key in self.fields:
            return self.fields[key].verbose_name
        short = key.removesuffix("_bps")
        if self.currency:
            short = short.removesuffix("_minor")
        return trail.NAMES.get(key) or trail.NAMES.get(short) or short.replace("_", " ")

    def _said(self, key: str, value: Any) -> str:
        if value in (None, "", [], {}):
            return "–"
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        if isinstance(value, int) and key.endswith("_bps"):
            return percent(value)
        if isinstance(value, int) and key.endswith("_minor") and self.currency:
            return Money(value, self.currency).localized()
        if isinstance(value, str) and (key.endswith(("_at", "_from", "_until"))):
            return _moment(value)
        if isinstance(value, dict):
            return ", ".join(f"{self._name(k)} {self._said(k, one)}" for k, one in value.items())
        if isinstance(value, list):
            return "; ".join(self._said(key, one) for one in value)
        if tell := trail.CODES.get(f"{self.label}.{key}"):
            return str(tell(str(value)))
        labels: dict[Any, Any] = dict(self.fields[key].flatchoices) if key in self.fields else {}
        return str(labels.get(value, value)) if isinstance(value, str | int) else str(value)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return say.moment(moment) if moment.tzinfo else text


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2
