"""An affiliate's refunds: what came back to buyers, and what each of them cost."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from affiliates.access import AffiliateRequest, affiliate_required
from alliance.kernel.exports import csv_response
from alliance.kernel.money import Money
from commissions import queries
from commissions.refunds import records_of
from merchants.models import Refund

PER_PAGE = 25
CHUNK = 500


@require_GET
@affiliate_required
def refunds(request: AffiliateRequest) -> HttpResponse:
    found = queries.refunds_of(request.user, request.affiliate)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "records": records_of(request.affiliate, list(page))}
    return render(request, "commissions/affiliate_refunds.html", context)


@require_GET
@affiliate_required
def refunds_csv(request: AffiliateRequest) -> HttpResponse:
    header = (
        _("Order number"), _("Line"), _("Shop"), _("Refund"), _("When"), _("Wire code"),
        _("State"), _("Currency"), _("Refunded"), _("Commission given back"),
        _("Service fee given back"), _("Subsidy given back"), _("Together"),
    )  # fmt: skip
    found = queries.refunds_of(request.user, request.affiliate)
    return csv_response("refunds", header, _csv_rows(request, found))


def _csv_rows(request: AffiliateRequest, found: QuerySet[Refund]) -> Iterator[tuple[Any, ...]]:
    rows = found.iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        for record in records_of(request.affiliate, chunk):
            line, refund = record.payee.line, record.refund
            yield (
                line.order.external_id,
                line.external_id,
                line.order.shop.name,
                refund.external_id,
                refund.refunded_at,
                int(record.status),
                record.status.label,
                refund.currency,
                Money(refund.amount_minor, refund.currency),
                record.commission,
                record.tech_fee,
                record.subsidy,
                record.whole,
            )
