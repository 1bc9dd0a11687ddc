"""A merchant's home, and what each affiliate brought and cost."""

from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from affiliates.queries import FIGURES, Clicks, clicks_by_affiliate, clicks_of_merchant
from alliance.kernel import clock
from alliance.kernel.exports import csv_response
from alliance.kernel.http import page_or_part
from alliance.kernel.money import Money, percent
from commissions import charts, queries
from commissions.first_steps import first_steps_shown
from commissions.forms import PeriodFilter
from commissions.queries import Brought, Sold
from merchants.access import MerchantRequest, merchant_required

PER_PAGE = 25
TOP = 5
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
    start = today - timedelta(days=29)
    days = queries.sold_by_day(merchant, start - timedelta(days=30), today)
    metric = charts.chosen(METRICS, request.GET.get("metric", ""))
    clicks = clicks_of_merchant(merchant, start, today)
    chart = _chart(metric, {day: days[day] for day in days if day >= start}, clicks, currency)
    if request.headers.get("HX-Request"):
        part = {"chart": chart, "metric": metric, "metrics": METRICS}
        return page_or_part(request, "commissions/merchant_home.html", part, part="chart")
    now = sum((sold for day, sold in days.items() if day >= start), Sold())
    before = sum((sold for day, sold in days.items() if day < start), Sold())
    brought = queries.brought_by_affiliate(request.user, merchant, start, today)
    brought.sort(key=lambda row: -row.sales_minor)
    total = queries.orders_placed(merchant, start)
    wallet = queries.wallet_of(merchant)
    context = {
        "figures": _figures(now, before, total, currency),
        "steps": first_steps_shown(merchant, wallet),
        "wallet": wallet,
        "todo": _todo(queries.things_to_do(merchant)),
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


def _figures(now: Sold, before: Sold, total: int, currency: str) -> list[dict[str, Any]]:
    cards: list[dict[str, Any]] = [
        {
            "label": _("Sales through affiliates"),
            "icon": "shopping-cart",
            "value": Money(now.sales_minor, currency).localized(),
            "delta": _delta(now.sales_minor, before.sales_minor),
        },
        {
            "label": _("Commission"),
            "icon": "coins",
            "value": Money(now.cost_minor, currency).localized(),
            "delta": _delta(now.cost_minor, before.cost_minor),
        },
        {"label": _("Return"), "icon": "target-arrow", "roi": now.roi_centi},
        {
            "label": _("Orders"),
            "icon": "receipt",
            "value": str(now.orders),
            "delta": _delta(now.orders, before.orders),
            "note": _("%(part)s of all your paid orders")
            % {"part": percent(now.orders * 100 // total * 100 if total else 0)},
        },
    ]
    return cards


def _delta(now: int, before: int) -> int | None:
    """Whole percent against the 30 days before; None where there is nothing to compare with."""
    return (now - before) * 100 // before if before else None


def _chart(
    metric: charts.Metric, days: dict[date, Sold], clicks: dict[date, Clicks], currency: str
) -> dict[str, Any] | None:
    if metric.name in FIGURES:
        return charts.by_day(
            metric, {day: getattr(came, metric.name) for day, came in clicks.items()}, currency
        )
    name = {"sales": "sales_minor", "cost": "cost_minor", "orders": "orders"}[metric.name]
    return charts.by_day(metric, {day: getattr(sold, name) for day, sold in days.items()}, currency)


def _todo(has: dict[str, int]) -> list[dict[str, str]]:
    todo = []
    if has["applications"]:
        words = ngettext(
            "%(count)d affiliate has applied for a targeted plan.",
            "%(count)d affiliates have applied for targeted plans.",
            has["applications"],
        ) % {"count": has["applications"]}
        todo.append((words, "users", reverse("merchants:plans")))
    if has["refunds"]:
        words = ngettext(
            "%(count)d refund fits no order. Say which one it belongs to.",
            "%(count)d refunds fit no order. Say which ones they belong to.",
            has["refunds"],
        ) % {"count": has["refunds"]}
        todo.append((words, "receipt-refund", reverse("commissions:merchant_refunds")))
    return [{"text": text, "icon": icon, "url": url} for text, icon, url in todo]


# --- Affiliates ----------------------------------------------------------------------------------

SORTS = {
    "name": lambda row: row.name.casefold(),
    "clicks": lambda row: row.clicks,
    "orders": lambda row: row.orders,
    "sales": lambda row: row.sales_minor,
    "cost": lambda row: row.cost_minor,
    "roi": lambda row: row.roi_centi or 0,
    "refunds": lambda row: row.refunded_bps,
    "first": lambda row: row.first_at,
    "last": lambda row: row.last_at,
}


def _brought(request: MerchantRequest, form: PeriodFilter) -> tuple[list[Brought], str]:
    start, end = form.days()
    rows = queries.brought_by_affiliate(request.user, request.merchant, start, end)
    came = clicks_by_affiliate(request.merchant, start, end)
    for row in rows:
        clicks = came.get(row.affiliate_id, Clicks())
        row.clicks, row.visitors = clicks.clicks, clicks.visitors
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
    context = {
        "form": PeriodFilter(initial={"period": form.chosen}),
        "sort": sort,
        "columns": _columns(sort),
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
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
        "refunds": _("Refunded"),
        "first": _("First order"),
        "last": _("Last order"),
    }
    return [
        {
            "name": name,
            "label": label,
            "sort": name if sort == f"-{name}" or (name == "name" and sort != name) else f"-{name}",
            "direction": {name: "ascending", f"-{name}": "descending"}.get(sort, ""),
            "amount": "" if name in {"name", "first", "last"} else "amount",
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
        _("Sales"), _("Commission"), _("Return"), _("Refunded in %"), _("First order"),
        _("Last order"),
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
                _hundredths(row.refunded_bps),
                row.first_at,
                row.last_at,
            )
            for row in rows
        ),
    )


def _hundredths(value: int | None) -> str:
    return "" if value is None else f"{value // 100}.{value % 100:02d}"
