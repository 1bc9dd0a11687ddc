"""A merchant's home, and what each affiliate brought and cost."""

from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from affiliates.queries import (
    FIGURES,
    Clicks,
    applications_waiting,
    clicks_by_affiliate,
    clicks_of_merchant,
)
from alliance.kernel import clock
from alliance.kernel.exports import csv_response
from alliance.kernel.http import page_or_part
from alliance.kernel.money import Money
from commissions import charts, queries
from commissions.first_steps import first_steps_shown
from commissions.forms import PeriodFilter
from commissions.merchant_todo import todo_of
from commissions.queries import Brought, Sold
from commissions.queries.reports_merchant import Figures, report_rows, report_total
from merchants.access import MerchantRequest, merchant_required

PER_PAGE = 25
TOP = 5
DAYS = 30
METRICS = (
    charts.Metric("sales", gettext_lazy("Sales"), money=True),
    charts.Metric("cost", gettext_lazy("Commission"), money=True),
    charts.Metric("orders", gettext_lazy("Orders"), money=False),
    charts.Metric("clicks", gettext_lazy("Clicks"), money=False),
    charts.Metric("visitors", gettext_lazy("Visitors"), money=False),
)


@require_GET
@merchant_required
def home(request: MerchantRequest) -> HttpResponse:
    """30 days of sales through affiliates, what they cost, and what wants to be done."""
    merchant, currency = request.merchant, request.merchant.currency
    today = clock.business_day()
    start = today - timedelta(days=DAYS - 1)
    earlier = start - timedelta(days=DAYS)
    days = queries.sold_by_day(merchant, earlier, today)
    metric = charts.chosen(METRICS, request.GET.get("metric", ""))
    clicks = clicks_of_merchant(merchant, earlier, today)
    chart = _chart(metric, days, clicks, start, currency)
    if request.GET.get("part") == "buyers":
        buyers = {"buyers": report_total(merchant, start, today)}
        return page_or_part(request, "commissions/merchant_home.html", buyers, part="buyers")
    if request.headers.get("HX-Request"):
        part = {"chart": chart, "metric": metric, "metrics": METRICS}
        return page_or_part(request, "commissions/merchant_home.html", part, part="chart")
    now = sum((sold for day, sold in days.items() if day >= start), Sold())
    brought = queries.brought_by_affiliate(request.user, merchant, start, today)
    brought.sort(key=lambda row: -row.sales_minor)
    wallet = queries.wallet_of(merchant)
    came = _came(clicks, start, today)
    context = {
        "now": now,
        "target": merchant.roi_target_centi,
        "conversion_bps": now.orders * 10_000 // came if came else 0,
        "before": sum((sold for day, sold in days.items() if day < start), Sold()),
        "came": came,
        "came_before": _came(clicks, earlier, start - timedelta(days=1)),
        "share_bps": _share(now.orders, queries.orders_placed(merchant, start)),
        # Who has bought before, only a walk over all that was ever sold says.
        "buyers": report_total(merchant, start, today) if queries.sold_little(merchant) else None,
        "steps": first_steps_shown(merchant, wallet),
        "wallet": wallet,
        "todo": todo_of(merchant, wallet),
        "chart": chart,
        "metric": metric,
        "metrics": METRICS,
        "top": [
            (row, row.sales_minor * 100 // now.sales_minor if now.sales_minor else 0)
            for row in brought[:TOP]
        ],
        "currency": currency,
    }
    return render(request, "commissions/merchant_home.html", context)


def _came(clicks: dict[date, Clicks], first: date, last: date) -> int:
    return sum(came.clicks for day, came in clicks.items() if first <= day <= last)


def _share(part: int, total: int) -> int:
    """In basis points, whole percent."""
    return part * 100 // total * 100 if total else 0


def _chart(
    metric: charts.Metric,
    days: dict[date, Sold],
    clicks: dict[date, Clicks],
    start: date,
    currency: str,
) -> dict[str, Any] | None:
    """The days from `start` on, and as many before them."""
    if metric.name in FIGURES:
        values = {day: getattr(clicks[day], metric.name) for day in days}
    else:
        name = {"sales": "sales_minor", "cost": "cost_minor", "orders": "orders"}[metric.name]
        values = {day: getattr(sold, name) for day, sold in days.items()}
    return charts.by_day(
        metric,
        {day: value for day, value in values.items() if day >= start},
        currency,
        before=[value for day, value in values.items() if day < start],
    )


# --- Affiliates ----------------------------------------------------------------------------------

SORTS = {
    "name": lambda row: row.name.casefold(),
    "clicks": lambda row: row.clicks,
    "orders": lambda row: row.orders,
    "sales": lambda row: row.sales_minor,
    "cost": lambda row: row.cost_minor,
    "roi": lambda row: row.roi_centi or 0,
    "new": lambda row: row.new,
    "returning": lambda row: row.returning,
    "refunds": lambda row: row.refunded_bps,
    "first": lambda row: row.first_at,
    "last": lambda row: row.last_at,
}


def _brought(request: MerchantRequest, form: PeriodFilter) -> tuple[list[Brought], str]:
    start, end = form.days()
    rows = queries.brought_by_affiliate(request.user, request.merchant, start, end)
    came = clicks_by_affiliate(request.merchant, start, end)
    buyers = {
        figures.key: figures
        for figures in report_rows(
            request.merchant, "affiliate", start or clock.FIRST_DAY, end or clock.business_day()
        )[0]
    }
    for row in rows:
        clicks = came.get(row.affiliate_id, Clicks())
        row.clicks, row.visitors = clicks.clicks, clicks.visitors
        known = buyers.get(str(row.affiliate_id), Figures())
        row.new, row.returning = known.new, known.returning
    sort = request.GET.get("sort", "")
    if sort.removeprefix("-") not in SORTS:
        sort = "-sales"
    rows.sort(key=lambda row: row.affiliate_id)
    rows.sort(key=SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    return rows, sort


@require_GET
@merchant_required
def affiliates(request: MerchantRequest) -> HttpResponse:
    """Who brought what, and what it cost."""
    form = PeriodFilter(request.GET)
    rows, sort = _brought(request, form)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    inside = queries.plans_of_affiliates(request.merchant, [row.affiliate_id for row in page])
    for row in page:
        row.plans = inside.get(row.affiliate_id, [])
    context = {
        "form": PeriodFilter(initial={"period": form.chosen}),
        "sort": sort,
        "columns": _columns(sort),
        "page": page,
        "applications": applications_waiting(request.user).count(),
        "target": request.merchant.roi_target_centi,
        "currency": request.merchant.currency,
    }
    return page_or_part(request, "commissions/merchant_affiliates.html", context, part="rows")


def _columns(sort: str) -> list[dict[str, str]]:
    """The headings, each with the sorting that a click on it asks for next."""
    labels = {
        "name": _("Affiliate"),
        "clicks": _("Clicks"),
        "orders": _("Orders"),
        "sales": _("Sales"),
        "cost": _("Commission"),
        "roi": _("Return"),
        "new": _("New buyers"),
        "returning": _("Returning"),
        "refunds": _("Refunded"),
        "last": _("Last order"),
    }
    return [
        {
            "name": name,
            "label": label,
            "sort": name if sort == f"-{name}" or (name == "name" and sort != name) else f"-{name}",
            "direction": {name: "ascending", f"-{name}": "descending"}.get(sort, ""),
            "amount": "" if name in {"name", "last"} else "amount",
        }
        for name, label in labels.items()
    ]


@require_GET
@merchant_required
def affiliates_csv(request: MerchantRequest) -> HttpResponse:
    rows, _sort = _brought(request, PeriodFilter(request.GET))
    currency = request.merchant.currency
    header = (
        _("Member id"), _("Affiliate"), _("Currency"), _("Clicks"), _("Visitors"), _("Orders"),
        _("Sales"), _("Commission"), _("Return"), _("New buyers"), _("Returning"),
        _("Refunded in %"), _("First order"), _("Last order"),
    )  # fmt: skip
    return csv_response(
        "affiliates",
        header,
        (
            (
                row.affiliate_id,
                row.name,
                currency,
                row.clicks,
                row.visitors,
                row.orders,
                Money(row.sales_minor, currency),
                Money(row.cost_minor, currency),
                _hundredths(row.roi_centi),
                row.new,
                row.returning,
                _hundredths(row.refunded_bps),
                row.first_at,
                row.last_at,
            )
            for row in rows
        ),
    )


def _hundredths(value: int | None) -> str:
    return "" if value is None else f"{value // 100}.{value % 100:02d}"
