"""The report of the week: figures that are kept with the notification, and the words of them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from babel.dates import format_interval
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, pgettext, to_locale
from django.utils.translation import gettext_lazy as _

from affiliates import queries as affiliate_queries
from alliance.kernel.models import Side, User
from alliance.kernel.notice_kinds import Data, Words
from commissions.queries import currencies_of, report_names, reports, reports_merchant
from commissions.reporting import columns, groups
from commissions.reporting.columns import Column
from commissions.reporting.spans import Span
from merchants import queries as merchant_queries

BEST = 5


@dataclass(frozen=True, slots=True)
class _Side:
    """What is told on one side: the columns of its report; the best rows by what, and how much."""

    columns: Sequence[Column]
    figures: Callable[..., Any]
    by: str
    main: str
    title: str | Promise
    best: str | Promise

    def column(self) -> Column:
        return next(column for column in self.columns if column.name == self.main)


_SIDES = {
    Side.AFFILIATE: _Side(
        columns=columns.OF_AFFILIATES,
        figures=reports.Figures,
        by="product",
        main="estimated",
        title=_("%(name)s, %(days)s: %(figure)s estimated"),
        best=_("What brought most:"),
    ),
    Side.MERCHANT: _Side(
        columns=columns.OF_MERCHANTS,
        figures=reports_merchant.Figures,
        by="affiliate",
        main="amount",
        title=_("%(name)s, %(days)s: %(figure)s paid by buyers"),
        best=_("Who brought most:"),
    ),
}


def link_of(side: Side, week: date) -> str:
    """The report of the week, as a path of ours."""
    page = reverse(f"commissions:{side.value}_report")
    return f"{page}?by={_SIDES[side].by}&start={week}&end={week + timedelta(days=6)}"


def data_of(user: User, side: Side, week: date) -> dict[str, Any] | None:
    """The figures of the week from that Monday, and of the one before. None where nothing came in
    either, and for who is on that side no more."""
    span = Span(week, week + timedelta(days=6))
    found = (_affiliate if side == Side.AFFILIATE else _merchant)(user, span)
    if found is None:
        return None
    name, currency, now, before, rows = found
    if not any(any(value for value in asdict(one).values()) for one in (now, before)):
        return None
    with translation.override(user.language or settings.LANGUAGE_CODE):
        best = list(_named(_SIDES[side], rows))
    return {
        "name": name,
        "week": week.isoformat(),
        "currency": currency,
        "now": asdict(now),
        "before": asdict(before),
        "best": best,
    }


def _named(side: _Side, rows: Sequence[Any]) -> list[tuple[str, int]]:
    names = report_names.names_of(side.by, [row.key for row in rows])
    return [
        (groups.words_of(side.by, row.key, names), getattr(row, side.main))
        for row in rows
        if row.orders
    ]


def _affiliate(user: User, span: Span) -> Any:
    member = affiliate_queries.membership_of(user)
    if member is None:
        return None
    own, days, last = member.affiliate, (span.start, span.end), span.before
    currency = currencies_of(own, settings.ALLIANCE["CURRENCY"])[0]
    rows, _count = reports.report_rows(own, currency, "product", *days, limit=BEST)
    now = reports.report_total(own, currency, *days)
    return own.name, currency, now, reports.report_total(own, currency, last.start, last.end), rows


def _merchant(user: User, span: Span) -> Any:
    own, days, last = merchant_queries.merchant_of(user), (span.start, span.end), span.before
    if own is None:
        return None
    rows, _count = reports_merchant.report_rows(own, "affiliate", *days, limit=BEST)
    now = reports_merchant.report_total(own, *days)
    before = reports_merchant.report_total(own, last.start, last.end)
    return own.name, own.currency, now, before, rows


def words(side: Side) -> Callable[[Data], Words]:
    """What a reader is told, in their language: each figure with the week before in brackets."""
    told = _SIDES[side]

    def say(data: Data) -> Words:
        now, before = (told.figures(**data[name]) for name in ("now", "before"))
        week, currency = date.fromisoformat(data["week"]), data["currency"]
        main = told.column()
        title = str(told.title) % {
            "name": data["name"],
            "days": _days(week),
            "figure": main.shown(now, currency),
        }
        lines = [
            pgettext("a figure of the week", "%(label)s: %(now)s (%(before)s)")
            % {
                "label": column.label,
                "now": column.shown(now, currency),
                "before": column.shown(before, currency),
            }
            for column in told.columns
        ]
        parts = [gettext("In brackets the week before."), "\n".join(lines)]
        if data["best"]:
            best = [
                f"{place}. {name}: {main.shown(told.figures(**{told.main: minor}), currency)}"
                for place, (name, minor) in enumerate(data["best"], 1)
            ]
            parts.append("\n".join([str(told.best), *best]))
        return title, "\n\n".join(parts)

    return say


def _days(week: date) -> str:
    locale = to_locale(get_language() or "en")
    return format_interval(week, week + timedelta(days=6), "yMMMd", locale=locale)
