"""A merchant's orders with what each line cost, and refunds that fit none of them."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from affiliates.explanations import explain
from alliance.kernel.exports import csv_response
from alliance.kernel.http import key_in, page_or_part
from alliance.kernel.money import Money
from commissions import queries, tasks
from commissions.forms import MerchantOrderFilter, OrderNumberForm
from commissions.narrowing import narrowed
from commissions.refunds import came_back
from commissions.reporting import groups
from merchants.access import MerchantRequest, merchant_required
from merchants.models import OrderLine, Refund
from merchants.services.refunds import refund_match

PER_PAGE = 25
CANDIDATES = 20


def _lines(request: MerchantRequest, form: MerchantOrderFilter) -> QuerySet[OrderLine]:
    mine = queries.lines_sold_for(request.user).filter(order__merchant=request.merchant)
    return queries.lines_found(mine, **form.values())


@require_GET
@merchant_required
def orders(request: MerchantRequest) -> HttpResponse:
    form = MerchantOrderFilter(request.GET)
    refunds = queries.refunds_for(request.user).filter(shop__merchant=request.merchant)
    page = Paginator(_lines(request, form), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "filtered": bool(form.values()),
        "narrowed": narrowed(
            request.GET, form.values(), groups.OF_MERCHANTS, named=bool(page.object_list)
        ),
        "page": page,
        "refunds": refunds.count(),
    }
    return page_or_part(request, "commissions/merchant_orders.html", context, part="rows")


@require_GET
@merchant_required
def orders_csv(request: MerchantRequest) -> HttpResponse:
    """The list as it stands on the screen, all pages of it."""
    header = (
        _("Order number"), _("Line"), _("Shop"), _("Product"), _("Quantity"), _("Placed at"),
        _("Paid at"), _("Received at"), _("Order state"), _("Currency"),
        pgettext("amount", "Paid"), _("Refunded"), _("Affiliate"), _("Member id"),
        _("Rate in %"), _("Commission"), _("Commission state"),
    )  # fmt: skip
    found = _lines(request, MerchantOrderFilter(request.GET))
    return csv_response("orders", header, _csv_rows(found))


def _csv_rows(found: QuerySet[OrderLine]) -> Iterator[tuple[Any, ...]]:
    for line in found.iterator(chunk_size=2000):
        order, commission = line.order, queries.due_of(line)
        yield (
            order.external_id,
            line.external_id,
            order.shop.name,
            line.title,
            line.quantity,
            order.placed_at,
            order.paid_at,
            order.received_at,
            order.get_state_display(),
            line.currency,
            Money(line.amount_minor, line.currency),
            Money(line.refunded_minor, line.currency),
            *(
                (
                    commission.affiliate.name,
                    commission.affiliate_id,
                    f"{commission.rate_bps // 100}.{commission.rate_bps % 100:02d}",
                    queries.cost_of(line),
                    commission.standing_words,
                )
                if commission
                else (None,) * 5
            ),
        )


@require_GET
@merchant_required
def order(request: MerchantRequest, pk: int) -> HttpResponse:
    """One order: its lines, refunds, who brought it and why, and what it cost."""
    mine = queries.orders_reported_for(request.user).filter(merchant=request.merchant)
    found = get_object_or_404(mine, pk=pk)
    lines = [
        (
            line,
            queries.due_of(line),
            explain(line.attribution, viewer=None) if hasattr(line, "attribution") else [],
            _refunds(line),
        )
        for line in found.lines.all()
    ]
    return render(request, "commissions/merchant_order.html", {"order": found, "lines": lines})


def _refunds(line: OrderLine) -> list[tuple[Refund, Money | None]]:
    """The refunds of a line, and what each brought back to the wallet."""
    rows = queries.refunds_of_line(line.pk)
    back = came_back(line, line.commissions.all()) if rows else {}
    return [(row, back.get(row.pk)) for row in rows]


# --- Refunds that wait for a person --------------------------------------------------------------


@require_GET
@merchant_required
def refunds(request: MerchantRequest) -> HttpResponse:
    found = queries.refunds_for(request.user).filter(shop__merchant=request.merchant)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "commissions/merchant_refunds.html", {"page": page})


@require_http_methods(["GET", "POST"])
@merchant_required
def refund(request: MerchantRequest, pk: int) -> HttpResponse:
    """Look for the line that a refund belongs to (GET, by order number) and say so (POST)."""
    waiting = queries.refunds_for(request.user).filter(shop__merchant=request.merchant)
    found = get_object_or_404(waiting, pk=pk)
    if request.method == "POST":
        lines = queries.lines_to_refund(request.user, found, "", anywhere=True)
        line = get_object_or_404(lines, pk=key_in(request.POST.get("line", "")))
        order_pk = refund_match(refund=found, line=line, actor=request.user)
        tasks.orders_process.delay_on_commit([order_pk])  # type: ignore[attr-defined]
        messages.success(
            request,
            _("Refund %(refund)s now belongs to order %(order)s. The commission follows at once.")
            % {"refund": found.external_id, "order": line.order.external_id},
        )
        return redirect("commissions:merchant_refunds")
    form = OrderNumberForm(request.GET if "number" in request.GET else None)
    number = form.cleaned_data["number"] if form.is_bound and form.is_valid() else ""
    context = {
        "refund": found,
        "form": form,
        "number": number,
        "lines": queries.lines_to_refund(request.user, found, number)[:CANDIDATES],
    }
    return render(request, "commissions/merchant_refund.html", context)
