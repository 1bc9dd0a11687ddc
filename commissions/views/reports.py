"""Reports: what came in and what it earned or cost, by whatever the reader wants to compare."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from alliance.kernel import notices
from alliance.kernel.exports import csv_response
from alliance.kernel.http import key_in, say_undoable
from alliance.kernel.models import Side, User
from alliance.kernel.notice_kinds import Group
from commissions import charts
from commissions.forms import ReportDaysForm, ReportForm
from commissions.queries import report_names, reports, reports_merchant
from commissions.queries import reporting as kept
from commissions.reporting import columns, groups
from commissions.reporting.columns import Column
from commissions.reporting.groups import TIMES
from commissions.reporting.spans import Span, span_in
from commissions.services import reporting
from commissions.services.reporting import query_of
from commissions.views.affiliate import currency_of
from merchants.access import MerchantRequest, merchant_required

PER_PAGE = 31  # a month of days


class Report(ABC):
    """One side's report as the address asks for it: by what, over which days, in which order."""

    side: Side
    groupings: groups.Words
    columns: Sequence[Column]
    cards: Sequence[str]  # the figures above the table
    drawn: Sequence[str]  # what the chart can show; the first unless asked
    best: str  # by which rows are sorted unless asked
    orders: str  # the page of the orders behind a row
    currency: str
    currencies: Sequence[str] = ()

    def __init__(self, request: AffiliateRequest | MerchantRequest) -> None:
        asked = request.GET
        self.request = request
        self.by = by if (by := asked.get("by", "")) in self.groupings else "day"
        self.span = span_in(asked.dict())
        self.sort = asked.get("sort", "")
        if self.sort.removeprefix("-") not in self.sorts:
            self.sort = "-key" if self.by in TIMES else f"-{self.best}"
        named = {column.name: column for column in self.columns}
        drawn = [named[name] for name in self.drawn]
        self.metrics = [charts.Metric(c.name, c.label, money=c.kind == "money") for c in drawn]
        self.metric = charts.chosen(self.metrics, asked.get("metric", ""))

    @property
    def sorts(self) -> set[str]:
        """By name of a row no database can sort: it is the reader's language that says it."""
        own = self.by in TIMES or self.by in groups.SUBS
        return {column.name for column in self.columns} | ({"key"} if own else set())

    @abstractmethod
    def rows(self, limit: int | None = None, offset: int = 0) -> tuple[list[Any], int]:
        """Of the page, and how many there are in all."""

    @abstractmethod
    def total(self, span: Span) -> Any:
        """All rows of the span together."""

    @abstractmethod
    def narrowed(self, key: str) -> dict[str, Any] | None:
        """How the page of orders is asked for the group's; None if it cannot be."""

    def note(self, total: Any) -> str:
        """What a reader has to know about the figures of just this report."""
        return ""

    def link(self, key: str) -> str:
        """The orders behind a row; "" where there is no page of them."""
        start, end = self.span.start, self.span.end
        more: dict[str, Any] | None = {}
        if self.by in TIMES:
            first, last = groups.days_of(self.by, key)
            start, end = max(start, first), min(end, last)
        else:
            more = self.narrowed(key)
        if more is None:
            return ""
        return f"{reverse(self.orders)}?{urlencode({**more, 'start': start, 'end': end})}"

    def words(self, rows: Sequence[Any]) -> Iterator[str]:
        """What the rows are called."""
        names = report_names.names_of(self.by, (row.key for row in rows))
        return (groups.words_of(self.by, row.key, names) for row in rows)


class AffiliateReport(Report):
    side = Side.AFFILIATE
    groupings = groups.OF_AFFILIATES
    columns = columns.OF_AFFILIATES
    cards = ("clicks", "orders", "estimated", "epc")
    drawn = ("estimated", "orders", "clicks", "visitors", "amount")
    best = "estimated"
    orders = "commissions:affiliate_orders"
    request: AffiliateRequest

    def __init__(self, request: AffiliateRequest) -> None:
        super().__init__(request)
        self.currency, self.currencies = currency_of(request, request.affiliate)

    def rows(self, limit: int | None = None, offset: int = 0) -> tuple[list[Any], int]:
        return reports.report_rows(
            self.request.affiliate,
            self.currency,
            self.by,
            self.span.start,
            self.span.end,
            sort=self.sort,
            limit=limit,
            offset=offset,
        )

    def total(self, span: Span) -> reports.Figures:
        return reports.report_total(self.request.affiliate, self.currency, span.start, span.end)

    def narrowed(self, key: str) -> dict[str, Any] | None:
        if key.startswith(groups.TYPED):
            typed = key.removeprefix(groups.TYPED)
            return {self.by: typed} if typed else None
        if self.by == "relation":
            return {"through": key} if key != groups.REWARDS else None
        if key == groups.OTHERS:
            return {"through": key}
        return {self.by: key} if key.isdecimal() else None

    def note(self, total: reports.Figures) -> str:
        if self.by == "campaign":
            return _(
                "Clicks belong to no campaign. An order in several campaigns is in each of their "
                "rows, and once in the total."
            )
        if self.by in ("product", "shop"):
            return _("Visitors count once for each link and day.")
        return ""


class MerchantReport(Report):
    side = Side.MERCHANT
    groupings = groups.OF_MERCHANTS
    columns = columns.OF_MERCHANTS
    cards = ("amount", "refunded", "commission", "roi")
    drawn = ("amount", "commission", "orders", "refunded")
    best = "amount"
    orders = "commissions:merchant_orders"
    request: MerchantRequest

    def __init__(self, request: MerchantRequest) -> None:
        super().__init__(request)
        self.currency = request.merchant.currency

    def rows(self, limit: int | None = None, offset: int = 0) -> tuple[list[Any], int]:
        return reports_merchant.report_rows(
            self.request.merchant,
            self.by,
            self.span.start,
            self.span.end,
            sort=self.sort,
            limit=limit,
            offset=offset,
        )

    def total(self, span: Span) -> reports_merchant.Figures:
        return reports_merchant.report_total(self.request.merchant, span.start, span.end)

    def narrowed(self, key: str) -> dict[str, Any] | None:
        if not key.isdecimal():
            return None
        return {"bringer": key} if self.by == "affiliate" else {self.by: key, "brought": "yes"}

    def note(self, total: reports_merchant.Figures) -> str:
        known = total.new + total.returning
        words = ngettext(
            "New and returning: %(known)d of %(count)d order came from a buyer whom we can know "
            "again, by the visitor key of the click.",
            "New and returning: %(known)d of %(count)d orders came from buyers whom we can know "
            "again, by the visitor key of the click.",
            total.orders,
        ) % {"known": known, "count": total.orders}
        if self.by == "campaign":
            words += " " + _(
                "An order in several campaigns is in each of their rows, and once in the total."
            )
        return words


# --- Pages ---------------------------------------------------------------------------------------


@require_GET
@affiliate_required
def affiliate_report(request: AffiliateRequest) -> HttpResponse:
    return _page(AffiliateReport(request))


@require_GET
@affiliate_required
def affiliate_report_csv(request: AffiliateRequest) -> HttpResponse:
    return _file(AffiliateReport(request))


@require_GET
@merchant_required
def merchant_report(request: MerchantRequest) -> HttpResponse:
    return _page(MerchantReport(request))


@require_GET
@merchant_required
def merchant_report_csv(request: MerchantRequest) -> HttpResponse:
    return _file(MerchantReport(request))


def _saved(request: HttpRequest, side: Side) -> HttpResponse:
    query = query_of(request.POST.get("query", ""))
    name = request.POST.get("name", "")
    reporting.report_save(user=_person(request), side=side, name=name, query=query)
    messages.success(request, _("Saved. It stands above the report."))
    return _back(side, query)


def _forgotten(request: HttpRequest, side: Side) -> HttpResponse:
    name, query = request.POST.get("name", ""), query_of(request.POST.get("query", ""))
    kept = reporting.report_forget(user=_person(request), side=side, name=name)
    if kept is not None:
        save = reverse(f"commissions:{side.value}_report_save")
        words = _("The view “%(name)s” is removed.") % {"name": name}
        say_undoable(request, words, url=save, name=name, query=kept)
    return _back(side, query)


def _mailed(request: HttpRequest, side: Side) -> HttpResponse:
    on = request.POST.get("on") == "yes"
    notices.mails_choose(user=_person(request), choices={Group.REPORTS: on})
    query = query_of(request.POST.get("query", ""))
    if on:
        messages.success(request, _("You get the report of the week every Monday at nine."))
    else:
        again = reverse(f"commissions:{side.value}_report_mail")
        words = _("You get no more reports by e-mail.")
        say_undoable(request, words, url=again, on="yes", query=query)
    return _back(side, query)


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)  # behind a door


def _back(side: Side, query: str) -> HttpResponse:
    page = reverse(f"commissions:{side.value}_report")
    return redirect(f"{page}?{query}" if query else page)


@require_POST
@affiliate_required(own=True)
def affiliate_save(request: AffiliateRequest) -> HttpResponse:
    return _saved(request, Side.AFFILIATE)


@require_POST
@affiliate_required(own=True)
def affiliate_forget(request: AffiliateRequest) -> HttpResponse:
    return _forgotten(request, Side.AFFILIATE)


@require_POST
@affiliate_required(own=True)
def affiliate_mail(request: AffiliateRequest) -> HttpResponse:
    return _mailed(request, Side.AFFILIATE)


@require_POST
@merchant_required(own=True)
def merchant_save(request: MerchantRequest) -> HttpResponse:
    return _saved(request, Side.MERCHANT)


@require_POST
@merchant_required(own=True)
def merchant_forget(request: MerchantRequest) -> HttpResponse:
    return _forgotten(request, Side.MERCHANT)


@require_POST
@merchant_required(own=True)
def merchant_mail(request: MerchantRequest) -> HttpResponse:
    return _mailed(request, Side.MERCHANT)


def _page(report: Report) -> HttpResponse:
    request, span = report.request, report.span
    page, chart = _cut(report)
    total, before = report.total(span), report.total(span.before)
    rows = list(page.object_list)
    context = {
        "report": report,
        "form": ReportForm(report.groupings, initial=_chosen(report)),
        "days_form": ReportDaysForm(initial={"start": span.start, "end": span.end}),
        "kept": _kept(report),
        "group": report.groupings[report.by],
        "headings": [_heading("key", report.groupings[report.by], report), *(
            _heading(column.name, column.label, report) for column in report.columns
        )],
        "rows": [
            (words, report.link(row.key), _cells(report, row))
            for row, words in zip(rows, report.words(rows), strict=True)
        ],
        "page": page,
        "total": _cells(report, total),
        "before": _cells(report, before),
        "cards": _cards(report, total, before),
        "chart": chart,
        "metric": report.metric,
        "metrics": report.metrics,
        "currency": report.currency,
        "currencies": report.currencies,
        "note": report.note(total),
        "csv": f"commissions:{report.side}_report_csv",
        "home": f"commissions:{report.side}_report",
        "saved": kept.saved_reports_for(request.user, report.side),
        "query": query_of(request.GET.urlencode()),
        "weekly": kept.wants_weekly(request.user),
        "save": f"commissions:{report.side}_report_save",
        "forget": f"commissions:{report.side}_report_forget",
        "mail": f"commissions:{report.side}_report_mail",
    }  # fmt: skip
    return render(request, "commissions/report.html", context)


def _cut(report: Report) -> tuple[Page[Any], dict[str, Any] | None]:
    """The rows of the page that is asked for; where rows are times, what they draw."""
    number = max(1, min(key_in(report.request.GET.get("page", "")), 10_000))
    if report.by in TIMES:
        rows, _count = report.rows()
        values = {date.fromisoformat(row.key): getattr(row, report.metric.name) for row in rows}
        skeleton = "yMMM" if report.by == "month" else "MMMd"
        drawn = dict(sorted(values.items()))
        chart = charts.by_day(report.metric, drawn, report.currency, skeleton=skeleton)
        return Paginator(rows, PER_PAGE).get_page(number), chart
    rows, count = report.rows(PER_PAGE, (number - 1) * PER_PAGE)
    if not rows and number > 1:
        number = 1
        rows, count = report.rows(PER_PAGE)
    page: Page[Any] = Paginator(range(count), PER_PAGE).page(number)
    page.object_list = rows
    return page, None


def _chosen(report: Report) -> dict[str, str]:
    return {"by": report.by, "period": report.span.period}


def _kept(report: Report) -> dict[str, str]:
    """What a form of the page carries along, so that it changes nothing else."""
    names = ("sort", "metric", "currency")
    return {name: value for name in names if (value := report.request.GET.get(name, ""))}


def _heading(name: str, label: Any, report: Report) -> dict[str, Any]:
    """A heading, with the sorting that a click on it asks for next."""
    down = f"-{name}"
    return {
        "label": label,
        "sort": (name if report.sort == down else down) if name in report.sorts else "",
        "direction": {name: "ascending", down: "descending"}.get(report.sort, ""),
        "amount": "" if name == "key" else "amount",
    }


def _cells(report: Report, figures: Any) -> list[tuple[Column, str]]:
    return [(column, column.shown(figures, report.currency)) for column in report.columns]


def _cards(report: Report, total: Any, before: Any) -> list[dict[str, Any]]:
    named = {column.name: column for column in report.columns}
    return [
        {
            "label": named[name].label,
            "value": named[name].shown(total, report.currency),
            "delta": named[name].change(total, before),
            "before": named[name].shown(before, report.currency),
        }
        for name in report.cards
    ]


def _file(report: Report) -> HttpResponse:
    """Every row of the report, not only the page in view."""
    header = (report.groupings[report.by], _("Currency"), *(c.heading for c in report.columns))
    return csv_response(f"report-{report.by}", header, _filed(report))


def _filed(report: Report) -> Iterator[tuple[Any, ...]]:
    rows, _count = report.rows()
    keys = (row.key for row in rows) if report.by in TIMES else report.words(rows)
    for key, row in zip(keys, rows, strict=True):
        figures = (column.filed(row, report.currency) for column in report.columns)
        yield (key, report.currency, *figures)
