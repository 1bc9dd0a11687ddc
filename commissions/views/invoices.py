"""A merchant's invoices: the list, each with the order lines behind it, as page, PDF and CSV."""

from collections.abc import Sequence
from typing import Any

from babel.dates import format_date, format_skeleton
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.kernel.exports import csv_response
from alliance.kernel.money import Money
from commissions import documents, queries
from commissions.documents import Column
from commissions.models import ChargeKind, Invoice, InvoiceLine
from merchants.access import MerchantRequest, merchant_required

PER_PAGE = 24


def month_name(invoice: Invoice) -> str:
    return str(format_skeleton("yMMMM", invoice.month, locale=to_locale(get_language() or "en")))


def _lines(invoice: Invoice) -> Sequence[InvoiceLine]:
    return sorted(invoice.lines.all(), key=lambda line: line.pk)


@require_GET
@merchant_required
def invoices(request: MerchantRequest) -> HttpResponse:
    rows = queries.invoices_for(request.user).filter(merchant=request.merchant)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": [(invoice, month_name(invoice)) for invoice in page]}
    return render(request, "commissions/invoices.html", context)


@require_GET
@merchant_required
def invoices_csv(request: MerchantRequest) -> HttpResponse:
    header = (
        _("Number"), _("Kind"), _("Month"), _("Issued on"), _("Currency"), _("Total"),
    )  # fmt: skip
    rows = queries.invoices_for(request.user).filter(merchant=request.merchant)
    return csv_response(
        "invoices",
        header,
        (
            (
                str(invoice),
                invoice.kind,
                f"{invoice.month:%Y-%m}",
                invoice.issued_on,
                invoice.currency,
                invoice.total,
            )
            for invoice in rows
        ),
    )


@require_GET
@merchant_required
def invoice(request: MerchantRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.invoices_for(request.user), pk=pk)
    context = {"invoice": found, "lines": _lines(found), "month": month_name(found)}
    return render(request, "commissions/invoice.html", context)


@require_GET
@merchant_required
def invoice_csv(request: MerchantRequest, pk: int) -> HttpResponse:
    """Every order line that the invoice is the sum of."""
    found = get_object_or_404(queries.invoices_for(request.user), pk=pk)
    header = (
        _("Booked at"), _("Order number"), _("Line"), _("Affiliate"), _("What"), _("Currency"),
        _("Amount"),
    )  # fmt: skip
    return csv_response(
        str(found),
        header,
        (
            (
                row.at,
                row.order,
                row.line,
                row.affiliate,
                ChargeKind(row.kind).label,
                found.currency,
                Money(row.amount_minor, found.currency),
            )
            for row in queries.details_of(found)
        ),
    )


@require_GET
@merchant_required
def invoice_pdf(request: MerchantRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(queries.invoices_for(request.user), pk=pk)
    response = HttpResponse(drawn(found), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def drawn(invoice: Invoice) -> bytes:
    """The invoice on paper, in the reader's language."""
    locale = to_locale(get_language() or "en")
    columns = [
        Column(_("What"), 6),
        Column(_("Order lines"), 2, right=True),
        Column(_("Amount"), 2, right=True),
    ]
    rows: list[tuple[Any, ...]] = [
        (line.words, line.count, line.amount.localized()) for line in _lines(invoice)
    ]
    rows.append((_("Total"), "", invoice.total.localized()))
    return documents.document(
        title=f"{invoice.kind} {invoice}",
        issuer=invoice.issuer,
        recipient=invoice.recipient,
        facts=[
            (_("Number"), str(invoice)),
            (_("Issued on"), format_date(invoice.issued_on, "long", locale=locale)),
            (_("Month"), month_name(invoice)),
            (_("Currency"), invoice.currency),
        ],
        body=[documents.table(columns, rows, totals=1), documents.gap(), *_notes(invoice)],
        footer=" · ".join(invoice.issuer[:2]),
    )


def _notes(invoice: Invoice) -> list[Any]:
    said = (
        _("The amount was taken from your wallet when the orders were received: nothing is due."),
        _("What came back after refunds went into your wallet at once."),
        _("The order lines behind each sum are in the CSV file of this invoice."),
    )
    return [documents.paragraph(sentence, quiet=True) for sentence in said]
