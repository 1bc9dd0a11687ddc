"""An affiliate's home and orders: what came in, in which state, and why."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from affiliates import queries as affiliate_queries
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.explanations import explain
from affiliates.models import Affiliate, AffiliateState
from affiliates.queries import Clicks
from alliance.kernel import clock
from alliance.kernel.exports import csv_response
from alliance.kernel.http import page_or_part
from alliance.kernel.money import Money
from campaigns import queries as campaigns
from commissions import charts, lookup, queries, receipts
from commissions.forms import AffiliateOrderFilter, OrderNumberForm
from commissions.models import CommissionState
from commissions.models.commission import CommissionQuerySet
from commissions.narrowing import narrowed
from commissions.queries import Earned
from commissions.refunds import records_of
from commissions.reporting import groups

PER_PAGE = 25
SHOWN_DAYS = 30
METRICS = (
    charts.Metric("estimated", gettext_lazy("Estimated commission"), money=True),
    charts.Metric("orders", gettext_lazy("Orders"), money=False),
    charts.Metric("clicks", gettext_lazy("Clicks"), money=False),
    charts.Metric("visitors", gettext_lazy("Visitors"), money=False),
)


def currency_of(request: AffiliateRequest, affiliate: Affiliate) -> tuple[str, list[str]]:
    """The currency the page speaks of, and those there are to choose from."""
    known = queries.currencies_of(affiliate, settings.ALLIANCE["CURRENCY"])
    said = request.GET.get("currency", "")
    return (said if said in known else known[0]), known


# --- Home ----------------------------------------------------------------------------------------


@require_GET
@affiliate_required
def home(request: AffiliateRequest) -> HttpResponse:
    """Today and this month beside yesterday and last month; balances; what comes next."""
    affiliate = request.affiliate
    currency, currencies = currency_of(request, affiliate)
    today = clock.business_day()
    first = min(clock.previous_month(today), today - timedelta(days=SHOWN_DAYS - 1))
    days = queries.earned_by_day(affiliate, currency, first, today)
    clicks = affiliate_queries.clicks_by_day(affiliate, first, today)
    metric = charts.chosen(METRICS, request.GET.get("metric", ""))
    chart = _chart(metric, days, clicks, today, currency)
    if request.headers.get("HX-Request"):
        part = {"chart": chart, "metric": metric, "metrics": METRICS, "currency": currency}
        return page_or_part(request, "commissions/affiliate_home.html", part, part="chart")
    settles_on, month = receipts.next_settlement()
    balances = queries.balances_of(affiliate, currency)
    recent = list(_mine(request).filter(currency=currency)[:6])
    context = {
        "currency": currency,
        "out_of_money": affiliate_queries.merchants_out_of_money(request.user),
        "currencies": currencies,
        "figures": _figures(days, clicks, today, currency),
        "balances": balances,
        "settles_on": settles_on,
        "to_settle": queries.to_settle(affiliate, currency, month),
        "settles_month": receipts.month_words(month),
        "obstacles": _obstacles(affiliate, currency, balances),
        "cases": queries.violations_open(affiliate),
        "chart": chart,
        "metric": metric,
        "metrics": METRICS,
        "recent": [(row, receipts.reason(row)) for row in recent],
        "is_new": not recent and not affiliate_queries.links_for(request.user).exists(),
    }
    return render(request, "commissions/affiliate_home.html", context)


@require_GET
@affiliate_required
def days_csv(request: AffiliateRequest) -> HttpResponse:
    """The days of the chart, with everything that it can draw and what came beside people."""
    currency, _currencies = currency_of(request, request.affiliate)
    today = clock.business_day()
    first = today - timedelta(days=SHOWN_DAYS - 1)
    days = queries.earned_by_day(request.affiliate, currency, first, today)
    clicks = affiliate_queries.clicks_by_day(request.affiliate, first, today)
    header = (
        _("Day"), _("Currency"), _("Estimated commission"), _("Confirmed"), _("Settled"),
        _("Orders"), _("Clicks"), _("Visitors"), _("Bots"), _("Link previews"),
    )  # fmt: skip
    rows = (
        (
            day,
            currency,
            Money(earned.estimated_minor, currency),
            Money(earned.confirmed_minor, currency),
            Money(earned.settled_minor, currency),
            earned.orders,
            *(getattr(clicks[day], name) for name in affiliate_queries.FIGURES),
        )
        for day, earned in days.items()
    )
    return csv_response("days", header, rows)


def _figures(
    days: dict[date, Earned], clicks: dict[date, Clicks], today: date, currency: str
) -> list[dict[str, Any]]:
    """Two rows of cards: today beside yesterday, this month beside the last."""
    month, yesterday = clock.month_start(today), today - timedelta(days=1)
    before = clock.previous_month(today)

    def total(start: date, end: date) -> tuple[Earned, Clicks]:
        inside = [day for day in days if start <= day <= end]
        earned = sum((days[day] for day in inside), Earned())
        return earned, sum((clicks[day] for day in inside), Clicks())

    def row(
        title: str, now: tuple[Earned, Clicks], then: tuple[Earned, Clicks], then_words: str
    ) -> dict[str, Any]:
        def money(name: str) -> tuple[str, str]:
            return tuple(  # type: ignore[return-value]
                Money(getattr(earned, name), currency).localized() for earned in (now[0], then[0])
            )

        cards = [
            (_("Estimated commission"), "coins", *money("estimated_minor")),
            (_("Orders"), "receipt", now[0].orders, then[0].orders),
            (_("Clicks"), "hand-click", now[1].clicks, then[1].clicks),
            (_("Confirmed"), "clipboard-check", *money("confirmed_minor"))
            if title == _("Today")
            else (_("Settled"), "circle-check", *money("settled_minor")),
        ]
        return {
            "title": title, "then": then_words, "cards": cards, "visitors": now[1].visitors,
        }  # fmt: skip

    return [
        row(_("Today"), total(today, today), total(yesterday, yesterday), _("Yesterday")),
        row(
            _("This month"),
            total(month, today),
            total(before, month - timedelta(days=1)),
            _("Last month"),
        ),
    ]


def _chart(
    metric: charts.Metric,
    days: dict[date, Earned],
    clicks: dict[date, Clicks],
    today: date,
    currency: str,
) -> dict[str, Any] | None:
    shown = [today - timedelta(days=i) for i in range(SHOWN_DAYS - 1, -1, -1)]
    values = {
        "estimated": lambda day: days[day].estimated_minor,
        "orders": lambda day: days[day].orders,
        "clicks": lambda day: clicks[day].clicks,
        "visitors": lambda day: clicks[day].visitors,
    }[metric.name]
    return charts.by_day(metric, {day: values(day) for day in shown}, currency)


def _obstacles(affiliate: Affiliate, currency: str, balances: queries.Balances) -> list[str]:
    """What stands between the affiliate and their money, in sentences."""
    waiting = queries.waiting_of(affiliate, currency)
    found = []
    if affiliate.state != AffiliateState.ACTIVE:
        found.append(_("Your account is not active: withdrawals are closed meanwhile."))
    if balances.debt:
        found.append(
            _("%(amount)s of refunds after settlement is repaid first.")
            % {"amount": balances.debt.localized()}
        )
    if count := waiting.get(CommissionState.ESTIMATED, 0):
        found.append(
            ngettext(
                "%(count)d order line is paid, but the buyer has not received the goods yet.",
                "%(count)d order lines are paid, but the buyers have not received the goods yet.",
                count,
            )
            % {"count": count}
        )
    if count := waiting.get(CommissionState.UNFUNDED, 0):
        found.append(
            ngettext(
                "%(count)d order line waits for the merchant to top up.",
                "%(count)d order lines wait for their merchants to top up.",
                count,
            )
            % {"count": count}
        )
    if queries.payee_of(affiliate) is None:
        found.append(_("You have not told us yet where to send the money."))
    return found


# --- Orders --------------------------------------------------------------------------------------


def _mine(request: AffiliateRequest) -> CommissionQuerySet:
    return queries.commissions_for(request.user).filter(affiliate=request.affiliate)


@require_GET
@affiliate_required
def orders(request: AffiliateRequest) -> HttpResponse:
    form = AffiliateOrderFilter(request.GET)
    found = queries.commissions_found(_mine(request), **form.values())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "filtered": bool(form.values()),
        "narrowed": narrowed(
            request.GET, form.values(), groups.OF_AFFILIATES, named=bool(page.object_list)
        ),
        "page": page,
        "rows": [(row, receipts.reason(row)) for row in page],
        "lookup": OrderNumberForm(),
    }
    return page_or_part(request, "commissions/affiliate_orders.html", context, part="rows")


@require_GET
@affiliate_required
def orders_csv(request: AffiliateRequest) -> HttpResponse:
    """The list as it stands on the screen, all pages of it."""
    found = queries.commissions_found(_mine(request), **AffiliateOrderFilter(request.GET).values())
    header = (
        _("Order number"), _("Line"), _("Shop"), _("Product"), _("Placed at"), _("State"),
        _("Why"), _("Currency"), _("Paid"), _("Refunded"), _("Rate in %"), _("Commission"),
        _("Your share"), _("Service fee"), _("Yours"), _("Goods received at"), _("Settled with"),
    )  # fmt: skip
    return csv_response("orders", header, _csv_rows(found))


def _csv_rows(found: CommissionQuerySet) -> Iterator[tuple[Any, ...]]:
    for row in found.iterator(chunk_size=2000):
        line, currency = row.line, row.currency
        yield (
            line.order.external_id,
            line.external_id,
            line.order.shop.name,
            line.title or (line.product.name if line.product else ""),
            row.placed_at,
            row.standing_words,
            receipts.reason(row),
            currency,
            Money(line.amount_minor, currency),
            Money(line.refunded_minor, currency),
            f"{row.rate_bps // 100}.{row.rate_bps % 100:02d}",
            Money(row.commission_minor, currency),
            Money(row.publisher_minor, currency),
            Money(row.tech_fee_minor, currency),
            row.net,
            row.confirmed_at,
            f"{row.settled_month:%Y-%m}" if row.settled_month else "",
        )


@require_GET
@affiliate_required
def order_find(request: AffiliateRequest) -> HttpResponse:
    """Where is my order? One's own leads to the receipt, others get what may be said."""
    form = OrderNumberForm(request.GET if "number" in request.GET else None)
    answers = None
    if form.is_bound and form.is_valid():
        number = form.cleaned_data["number"]
        answers = lookup.ask(user=request.user, affiliate=request.affiliate, number=number)
    return render(request, "commissions/order_find.html", {"form": form, "answers": answers})


@require_GET
@affiliate_required
def receipt(request: AffiliateRequest, pk: int) -> HttpResponse:
    """One commission: every figure with its arithmetic, every step with its reason."""
    mine = _mine(request).select_related(
        "attribution", "line__attribution__plan", "line__attribution__terms"
    )
    commission = get_object_or_404(mine, pk=pk)
    decision = commission.line.attribution
    context = {
        "commission": commission,
        "line": commission.line,
        "reason": receipts.reason(commission),
        "waterfall": receipts.waterfall(commission, campaigns.grants_of(commission.line_id)),
        "refunds": [
            record
            for record in records_of(request.affiliate, queries.refunds_of_line(commission.line_id))
            if record.payee.pk == commission.pk
        ],
        "revisions": receipts.revisions(commission, queries.steps_of(commission)),
        "decision": decision,
        "partner_bps": commission.partner_bps - commission.second_bps,
        "explanation": explain(decision, viewer=request.affiliate),
    }
    return render(request, "commissions/receipt.html", context)
