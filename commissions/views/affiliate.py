"""An affiliate's orders: what came in, in which state, and why."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.explanations import explain
from affiliates.models import Affiliate
from alliance.kernel.exports import csv_response
from alliance.kernel.http import page_or_part
from alliance.kernel.money import Money
from campaigns import queries as campaigns
from commissions import lookup, queries, receipts
from commissions.forms import AffiliateOrderFilter, OrderNumberForm
from commissions.models.commission import CommissionQuerySet
from commissions.narrowing import narrowed
from commissions.refunds import records_of
from commissions.reporting import groups

PER_PAGE = 25


def currency_of(request: AffiliateRequest, affiliate: Affiliate) -> tuple[str, list[str]]:
    """The currency the page speaks of, and those there are to choose from."""
    known = queries.currencies_of(affiliate, settings.ALLIANCE["CURRENCY"])
    said = request.GET.get("currency", "")
    return (said if said in known else known[0]), known


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
        _("Why"), _("Currency"), pgettext("amount", "Paid"), _("Refunded"), _("Rate in %"),
        _("Commission"), _("Your share"), _("Service fee"), _("Yours"), _("Goods received at"),
        _("Settled with"),
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
