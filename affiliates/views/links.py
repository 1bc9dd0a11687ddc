"""The affiliate's links: what came through them, pause and resume."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from affiliates import queries, services
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.models import Link
from affiliates.services.links import SUBS
from alliance.kernel.exports import csv_response
from alliance.kernel.http import say_undoable

PER_PAGE = 25


@require_GET
@affiliate_required
def links(request: AffiliateRequest) -> HttpResponse:
    rows = queries.links_for(request.user)
    code = request.GET.get("code", "")
    if code:
        rows = rows.filter(code=code.lower())
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "code": code,
        "out_of_money": queries.merchants_out_of_money(request.user),
    }
    return render(request, "affiliates/links.html", context)


@require_GET
@affiliate_required
def links_csv(request: AffiliateRequest) -> HttpResponse:
    """The list as it stands on the screen, all pages of it."""
    header = (
        gettext("Link"), gettext("Leads to"), gettext("Shop"), gettext("Product"), "PID",
        gettext("Ad zone"), *SUBS, gettext("Made at"), gettext("Paused at"), gettext("Clicks"),
        gettext("Visitors"), gettext("Bots"), gettext("Link previews"),
    )  # fmt: skip
    return csv_response("links", header, _csv_rows(queries.links_for(request.user)))


def _csv_rows(rows: QuerySet[Link]) -> Iterator[tuple[Any, ...]]:
    for link in rows.iterator(chunk_size=2000):
        figures = (getattr(link, name) for name in queries.FIGURES)
        yield (
            services.link_address(link),
            link.url,
            link.shop.name,
            link.product.name if link.product else "",
            link.zone.pid,
            link.zone.name,
            *(getattr(link, name) for name in SUBS),
            link.created_at,
            link.paused_at,
            *figures,
        )


@require_POST
@affiliate_required
def pause(request: AffiliateRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(queries.links_for(request.user), pk=pk)
    services.link_pause(actor=request.user, link=link)
    words = gettext("The link is paused: it leads nowhere until you resume it.")
    say_undoable(request, words, url=reverse("affiliates:link_resume", args=[pk]))
    return redirect("affiliates:links")


@require_POST
@affiliate_required
def resume(request: AffiliateRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(queries.links_for(request.user), pk=pk)
    services.link_resume(actor=request.user, link=link)
    messages.success(request, gettext("The link leads to the shop again."))
    return redirect("affiliates:links")
