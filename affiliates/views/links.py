"""The affiliate's links: from any address, what came through them, pause and resume."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from affiliates import queries, services
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import AddressLinkForm
from alliance.kernel.http import key_in

PER_PAGE = 25


@require_http_methods(["GET", "POST"])
@affiliate_required
def links(request: AffiliateRequest) -> HttpResponse:
    """The list; POST makes a link from an address and comes back with it on top."""
    form = AddressLinkForm(
        request.POST or None,
        user=request.user,
        initial={"zone": queries.zone_used_last(request.user)},
    )
    if request.method == "POST" and form.is_valid():
        link = services.link_create(
            actor=request.user,
            affiliate=request.affiliate,
            zone=form.cleaned_data["zone"],
            url=form.cleaned_data["url"],
            subs=form.subs(),
        )
        return redirect(f"{request.path}?made={link.pk}")
    rows = queries.links_for(request.user)
    made = request.GET.get("made", "")
    context = {
        "form": form,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "out_of_money": queries.merchants_out_of_money(request.user),
        "made": rows.filter(pk=key_in(made)).first() if made else None,
    }
    return render(request, "affiliates/links.html", context)


@require_POST
@affiliate_required
def pause(request: AffiliateRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(queries.links_for(request.user), pk=pk)
    services.link_pause(actor=request.user, link=link)
    messages.success(request, gettext("The link is paused: it leads nowhere until you resume it."))
    return redirect("affiliates:links")


@require_POST
@affiliate_required
def resume(request: AffiliateRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(queries.links_for(request.user), pk=pk)
    services.link_resume(actor=request.user, link=link)
    messages.success(request, gettext("The link leads to the shop again."))
    return redirect("affiliates:links")
