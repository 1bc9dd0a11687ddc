"""Statements: the list, one of them as page, PDF and CSV, for affiliate and merchant; the keys."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from affiliates.access import AffiliateRequest, affiliate_required
from commissions import queries, receipts
from commissions.models import Statement
from commissions.statements import keys
from commissions.statements.canonical import FORMS, read
from commissions.statements.file import file_of
from commissions.statements.kinds import accounts, waterfall
from commissions.statements.pdf import statement_pdf
from commissions.statements.telling import Figures, tell
from merchants.access import MerchantRequest, merchant_required

PER_PAGE = 25
ROWS = 100
VERIFIER = settings.BASE_DIR / "docs" / "verify_statement.py"


def _affiliates(request: AffiliateRequest) -> QuerySet[Statement]:
    return queries.statements_for(request.user).filter(affiliate=request.affiliate)


def _merchants(request: MerchantRequest) -> QuerySet[Statement]:
    return queries.statements_for(request.user).filter(merchant=request.merchant)


# --- The affiliate's -----------------------------------------------------------------------------


@require_GET
@affiliate_required
def affiliate_list(request: AffiliateRequest) -> HttpResponse:
    return _list(request, _affiliates(request))


@require_GET
@affiliate_required
def affiliate_page(request: AffiliateRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(_affiliates(request), pk=pk))


@require_GET
@affiliate_required
def affiliate_csv(request: AffiliateRequest, pk: int) -> HttpResponse:
    return csv_of(get_object_or_404(_affiliates(request), pk=pk))


@require_GET
@affiliate_required
def affiliate_pdf(request: AffiliateRequest, pk: int) -> HttpResponse:
    return pdf_of(get_object_or_404(_affiliates(request), pk=pk))


# --- The merchant's ------------------------------------------------------------------------------


@require_GET
@merchant_required
def merchant_list(request: MerchantRequest) -> HttpResponse:
    return _list(request, _merchants(request))


@require_GET
@merchant_required
def merchant_page(request: MerchantRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(_merchants(request), pk=pk))


@require_GET
@merchant_required
def merchant_csv(request: MerchantRequest, pk: int) -> HttpResponse:
    return csv_of(get_object_or_404(_merchants(request), pk=pk))


@require_GET
@merchant_required
def merchant_pdf(request: MerchantRequest, pk: int) -> HttpResponse:
    return pdf_of(get_object_or_404(_merchants(request), pk=pk))


# --- Both ----------------------------------------------------------------------------------------


def _list(request: HttpRequest, found: QuerySet[Statement]) -> HttpResponse:
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [(statement, receipts.month_words(statement.month)) for statement in page]
    return render(request, "commissions/statements.html", {"page": page, "rows": rows})


def _page(request: HttpRequest, statement: Statement) -> HttpResponse:
    page = Paginator(range(statement.rows), ROWS).get_page(request.GET.get("page"))
    lines = queries.statement_rows(statement, start=ROWS * (page.number - 1), count=ROWS)
    figures, form = Figures(statement.currency), FORMS[statement.kind]
    context: dict[str, Any] = {
        "statement": statement,
        "month": receipts.month_words(statement.month),
        "blocks": waterfall(statement),
        "accounts": accounts(statement),
        "page": page,
        "rows": [tell(read(line, form), figures) for line in lines],
        "following": getattr(statement, "following", None),
    }
    return render(request, "commissions/statement.html", context)


def csv_of(statement: Statement) -> HttpResponse:
    """The canonical lines with their hashes and the signature, byte for byte the same each time."""
    pieces = file_of(statement, queries.statement_lines(statement))
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    return _download(response, f"{statement.number}.csv")


def pdf_of(statement: Statement) -> HttpResponse:
    paper = statement_pdf(statement, queries.statement_rows(statement))
    return _download(
        HttpResponse(paper, content_type="application/pdf"),
        f"{statement.number}.pdf",
    )


def _download(response: Any, name: str) -> Any:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


# --- For everybody -------------------------------------------------------------------------------


@require_GET
def key_list(request: HttpRequest) -> HttpResponse:
    """Every public key that statements were ever signed with, and the one of today."""
    context = {"keys": queries.statement_keys(), "today": keys.key_id(keys.public())}
    return render(request, "commissions/statement_keys.html", context)


@require_GET
def verifier(request: HttpRequest) -> FileResponse:
    """The verifier, to take along."""
    return FileResponse(
        Path(VERIFIER).open("rb"), as_attachment=True, filename=VERIFIER.name,
        content_type="text/x-python",
    )  # fmt: skip
