"""Files that came in: bring products, watch a run, see what was refused and why."""

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alliance.kernel.exports import csv_response
from alliance.kernel.http import page_or_part
from merchants import queries, tasks
from merchants.access import MerchantRequest, merchant_required
from merchants.feeds.product_rows import COLUMNS
from merchants.forms import ProductUploadForm
from merchants.models import ChangeKind, ImportChange, ImportIssue, ImportKind
from merchants.services.imports import import_begin, import_missing_decide

PER_PAGE = 25


@require_http_methods(["GET", "POST"])
@merchant_required
def imports(request: MerchantRequest) -> HttpResponse:
    """The runs; POST takes a product file and shows its run."""
    form = ProductUploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        run = import_begin(
            shop=form.cleaned_data["shop"],
            kind=ImportKind.PRODUCTS,
            filename=file.name,
            file=file,
            actor=request.user,
            full=form.cleaned_data["full"],
        )
        tasks.products_import.delay_on_commit(run.pk)  # type: ignore[attr-defined]
        return redirect("merchants:import_run", run.pk)
    page = Paginator(queries.imports_for(request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "columns": COLUMNS,
        "shops": queries.shops_for(request.user).select_related("feed"),
    }
    return render(request, "merchants/imports.html", context)


@require_GET
@merchant_required
def run(request: MerchantRequest, pk: int) -> HttpResponse:
    """How a run stands; while it runs the page asks again by itself. What it changed of products
    can be narrowed to one kind of change."""
    row = get_object_or_404(queries.imports_for(request.user), pk=pk)
    issues = queries.issues_for(request.user).filter(run=row)
    changes = queries.changes_for(request.user).filter(run=row)
    kinds = queries.kinds_of(changes)
    if (kind := request.GET.get("change", "")) in ChangeKind.values:
        changes = changes.filter(kind=kind)
    context = {
        "run": row,
        "work": queries.progress_of(row),
        "page": Paginator(issues, PER_PAGE).get_page(request.GET.get("page")),
        "changes": Paginator(changes, PER_PAGE).get_page(request.GET.get("changes")),
        "kinds": kinds,
        "kind": kind,
        "table": row.layout in {"", "csv", "tsv"},
    }
    return page_or_part(request, "merchants/import_run.html", context, part="state")


@require_POST
@merchant_required(change=True)
def missing(request: MerchantRequest, pk: int) -> HttpResponse:
    """Whether products end that a full file did not list, where we did not dare to say so."""
    row = get_object_or_404(queries.imports_for(request.user), pk=pk)
    end = request.POST.get("end") == "yes"
    import_missing_decide(run=row, end=end, actor=request.user)
    messages.success(
        request,
        _("They end with the next business day.") if end else _("They stay on sale."),
    )
    return redirect("merchants:import_run", pk)


@require_GET
@merchant_required
def issues_csv(request: MerchantRequest, pk: int) -> HttpResponse:
    """The refused rows as they came, with number and reason, safe to open in a spreadsheet."""
    row = get_object_or_404(queries.imports_for(request.user), pk=pk)
    issues = queries.issues_for(request.user).filter(run=row)
    columns = list(dict.fromkeys(name for issue in issues[:200] for name, _cell in issue.raw))
    header = [_("Row"), _("Id"), _("Field"), _("Reason"), *columns]
    return csv_response(f"refused-rows-{row.pk}", header, _cells(issues, columns))


def _cells(issues: QuerySet[ImportIssue], columns: list[str]) -> Iterator[list[object]]:
    for issue in issues.iterator(chunk_size=2000):
        raw = dict(issue.raw)
        yield [
            issue.line_no,
            issue.external_id,
            issue.field,
            issue.reason,
            *(raw.get(name, "") for name in columns),
        ]


@require_GET
@merchant_required
def changes_csv(request: MerchantRequest, pk: int) -> HttpResponse:
    """What the run changed of products, a line for each field."""
    row = get_object_or_404(queries.imports_for(request.user), pk=pk)
    changes = queries.changes_for(request.user).filter(run=row)
    header = [_("Id"), _("Title"), pgettext("noun", "Change"), _("Field"), _("Before"), _("Now")]
    return csv_response(f"changes-{row.pk}", header, _fields(changes))


def _fields(changes: QuerySet[ImportChange]) -> Iterator[list[object]]:
    for change in changes.iterator(chunk_size=2000):
        head = [change.external_id, change.product.title, change.get_kind_display()]
        for name, (before, now) in change.fields.items() or [("", ("", ""))]:
            yield [*head, name, before, now]


@require_GET
@merchant_required
def sample(request: MerchantRequest) -> HttpResponse:
    """An empty product file with the header, and one row to write over."""
    shop = queries.shops_for(request.user).first()
    domain = shop.domains[0] if shop and shop.domains else "shop.example.com"
    row = {
        "id": "LJ-1",
        "title": "西湖龙井 明前特级 250g",
        "link": f"https://{domain}/products/LJ-1",
        "price": f"88.00 {request.merchant.currency}",
        "availability": "in_stock",
        "title_en": "Longjing tea, first harvest, 250 g",
        "commission_rate": "12.5",
    }
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="products.csv"'
    writer = csv.DictWriter(response, COLUMNS)
    writer.writeheader()
    writer.writerow(row)
    return response
