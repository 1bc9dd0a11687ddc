"""Orders out of a file: upload, say what the columns mean, look at the preview, let it run."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alliance.kernel.http import page_or_part
from commissions import tasks
from merchants import queries as merchant_queries
from merchants.access import MerchantRequest, merchant_required
from merchants.feeds.layouts import LAYOUTS, layout_of
from merchants.feeds.table import Table
from merchants.forms import OrderUploadForm
from merchants.models import ImportKind, ImportRun, ImportState
from merchants.order_mapping import OrderMappingForm
from merchants.services.imports import (
    import_begin,
    import_finish,
    import_progress,
    import_source,
)


@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def upload(request: MerchantRequest) -> HttpResponse:
    """The file. What cannot be read as a table is refused before anything is kept; an export whose
    layout we know is read at once."""
    form = OrderUploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        header = Table(file).header
        layout = "" if form.cleaned_data["own"] else layout_of(header)
        file.seek(0)
        run = import_begin(
            shop=form.cleaned_data["shop"],
            kind=ImportKind.ORDERS,
            filename=file.name,
            file=file,
            actor=request.user,
            layout=layout,
        )
        if not layout:
            return redirect("commissions:order_mapping", run.pk)
        _begin(run)
        return redirect("merchants:import_run", run.pk)
    context = {"form": form, "layouts": [layout.LABEL for layout in LAYOUTS.values()]}
    return render(request, "commissions/order_import.html", context)


def _begin(run: ImportRun) -> None:
    import_progress(run=run, counts={"rows": 0}, issues=[])  # no longer waiting for its columns
    tasks.orders_import.delay_on_commit(run.pk)  # type: ignore[attr-defined]


def _waiting(request: MerchantRequest, pk: int) -> ImportRun:
    """A file of this merchant whose columns nobody has confirmed yet; else 404."""
    runs = merchant_queries.imports_for(request.user)
    return get_object_or_404(
        runs,
        pk=pk,
        merchant=request.merchant,
        kind=ImportKind.ORDERS,
        state=ImportState.RUNNING,
        counts={},
    )


@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def mapping(request: MerchantRequest, pk: int) -> HttpResponse:
    """Which column means what. Each change shows the first rows as they would be read; the button
    keeps the mapping for the next file, too, and starts."""
    run = _waiting(request, pk)
    mappings = merchant_queries.mappings_for(request.user)
    saved = mappings.filter(merchant=request.merchant, kind=ImportKind.ORDERS).first()
    kept = saved.options.get("encoding", "") if saved else ""
    with import_source(run) as file:
        said = request.POST.get("encoding", kept)
        known = dict(OrderMappingForm.base_fields["encoding"].choices)  # type: ignore[attr-defined]
        table = Table(file, said if said in known else "")
        facts: dict[str, Any] = {
            "header": table.header,
            "merchant": request.merchant,
            "saved": saved,
        }
        form = OrderMappingForm(request.POST or None, **facts)
        # What the file and the last mapping suggest is checked like an answer, for the preview.
        judged = form if form.is_bound else OrderMappingForm(_suggested(form), **facts)
        rows = judged.preview(file) if judged.is_valid() else []
    if "run" in request.POST and form.is_valid():
        form.save(request.user)
        _begin(run)
        return redirect("merchants:import_run", run.pk)
    context = {"run": run, "form": form, "rows": rows, "currency": request.merchant.currency}
    return page_or_part(request, "commissions/order_mapping.html", context, part="preview")


def _suggested(form: OrderMappingForm) -> dict[str, Any]:
    return {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}


@require_POST
@merchant_required(change=True)
def give_up(request: MerchantRequest, pk: int) -> HttpResponse:
    """Not this file after all."""
    import_finish(run=_waiting(request, pk), failure=_("Given up before it began."))
    return redirect("commissions:order_import")
