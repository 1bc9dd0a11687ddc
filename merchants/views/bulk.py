"""Changing many products at once: choose, see what would become of them, do it, watch it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alliance.kernel import clock
from alliance.kernel.http import key_in, page_or_part
from merchants import queries, tasks
from merchants.access import MerchantRequest, merchant_required
from merchants.forms import BulkForm, ProductFilterForm
from merchants.models import BulkLineState, Product
from merchants.services import bulk as services

PER_PAGE = 25
TICKED = 100  # products that are chosen one by one
SHOWN = 10  # products of a preview, and changes of before


@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def bulk(request: MerchantRequest) -> HttpResponse:
    """GET asks what shall be done, and with an answer shows what would become of each product; POST
    does what was shown."""
    asked = request.POST if request.method == "POST" else request.GET
    products, kept = _chosen(request, asked)
    form = BulkForm(asked if "deed" in asked else None, user=request.user)
    context: dict[str, Any] = {
        "form": form,
        "kept": kept,
        "everything": bool(asked.get("all")),
        "count": products.count(),
        "before": queries.bulk_edits_for(request.user)[:SHOWN],
    }
    if form.is_bound and form.is_valid():
        wish = form.wish()
        if request.method == "POST":
            edit = services.bulk_begin(
                merchant=request.merchant,
                products=products,
                wish=wish,
                seen=asked.get("seen", ""),
                actor=request.user,
            )
            tasks.bulk_go_on.delay_on_commit(edit.pk)  # type: ignore[attr-defined]
            return redirect("merchants:bulk_run", edit.pk)
        look = services.bulk_look(merchant=request.merchant, products=products, wish=wish)
        context |= {"look": look, "wish": wish, "shown": look.changing[:SHOWN], "now": clock.now()}
        context["names"] = {category.pk: category.name for category in queries.categories()}
    return render(request, "merchants/bulk.html", context)


def _chosen(
    request: MerchantRequest, asked: QueryDict
) -> tuple[QuerySet[Product], list[tuple[str, str]]]:
    """The products that were ticked, or all that fit the list's filters; and what says so, for the
    next step."""
    mine = queries.products_for(request.user)
    if asked.get("all"):
        narrowed = ProductFilterForm(asked)
        if not narrowed.is_valid():  # a list may leave such a filter out; a change of all may not
            return mine.none(), []
        values = dict(narrowed.cleaned_data)
        values.pop("sort", None)
        kept = [("all", "1"), *((name, value) for name, value in values.items() if value)]
        return queries.products_found(mine, **values), kept
    keys = sorted({key_in(one) for one in asked.getlist("product")[:TICKED]})
    return mine.filter(pk__in=keys), [("product", str(key)) for key in keys]


@require_GET
@merchant_required
def run(request: MerchantRequest, pk: int) -> HttpResponse:
    """How far it is; while it runs the page asks again by itself."""
    edit = get_object_or_404(queries.bulk_edits_for(request.user), pk=pk)
    lines = queries.bulk_lines_for(request.user).filter(edit=edit)
    refused = request.GET.get("refused") == "1" or (edit.refused and not edit.done)
    state = BulkLineState.REFUSED if refused else BulkLineState.DONE
    context = {
        "edit": edit,
        "work": queries.bulk_progress_of(edit),
        "page": Paginator(lines.filter(state=state), PER_PAGE).get_page(request.GET.get("page")),
        "refused": refused,
        "undoable": services.undoable(edit),
        "names": {category.pk: category.name for category in queries.categories()},
    }
    return page_or_part(request, "merchants/bulk_run.html", context, part="state")


@require_POST
@merchant_required(change=True)
def undo(request: MerchantRequest, pk: int) -> HttpResponse:
    """Take it back, where nobody has changed more meanwhile."""
    edit = get_object_or_404(queries.bulk_edits_for(request.user), pk=pk)
    back = services.bulk_undo(edit=edit, actor=request.user)
    tasks.bulk_go_on.delay_on_commit(back.pk)  # type: ignore[attr-defined]
    messages.success(request, _("It is being taken back."))
    return redirect("merchants:bulk_run", back.pk)
