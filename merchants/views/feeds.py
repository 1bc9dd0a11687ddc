"""Where a shop's products are fetched by themselves: the address, how often, how it went."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alliance.kernel.http import say_undoable
from merchants import queries, tasks
from merchants.access import MerchantRequest, merchant_required
from merchants.forms import FeedForm
from merchants.models import ProductFeed
from merchants.services import product_feeds

LAST = 10  # runs that are shown


@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def feed(request: MerchantRequest, pk: int) -> HttpResponse:
    """The feed of a shop (`pk`); POST saves it, and it is fetched at once."""
    shop = get_object_or_404(queries.shops_for(request.user), pk=pk)
    row = queries.feeds_for(request.user).filter(shop=shop).first()
    form = FeedForm(request.POST or None, feed=row)
    if request.method == "POST" and form.save(shop, request.user):
        tasks.feed_fetch.delay_on_commit(form.result.pk)  # type: ignore[attr-defined]
        messages.success(request, _("Saved. The file is being fetched."))
        return redirect("merchants:feed", pk)
    runs = queries.imports_for(request.user).filter(feed=row)[:LAST] if row else []
    context = {"shop": shop, "feed": row, "form": form, "runs": runs}
    return render(request, "merchants/feed.html", context)


def _feed(request: MerchantRequest, pk: int) -> ProductFeed:
    return get_object_or_404(queries.feeds_for(request.user), shop=pk)


@require_POST
@merchant_required(change=True)
def fetch(request: MerchantRequest, pk: int) -> HttpResponse:
    """Now, and not when it is due."""
    row = _feed(request, pk)
    product_feeds.feed_hurry(feed=row, actor=request.user)
    tasks.feed_fetch.delay_on_commit(row.pk)  # type: ignore[attr-defined]
    messages.success(request, _("The file is being fetched."))
    return redirect("merchants:feed", pk)


@require_POST
@merchant_required(change=True)
def pause(request: MerchantRequest, pk: int) -> HttpResponse:
    """Pause it, or go on."""
    row = _feed(request, pk)
    if row.active:
        product_feeds.feed_pause(feed=row, actor=request.user)
        words = _("It is not fetched until you go on.")
        say_undoable(request, words, url=reverse("merchants:feed_pause", args=[pk]))
    else:
        product_feeds.feed_resume(feed=row, actor=request.user)
        messages.success(request, _("It is fetched again."))
    return redirect("merchants:feed", pk)


@require_POST
@merchant_required(change=True)
def remove(request: MerchantRequest, pk: int) -> HttpResponse:
    """Forget the address; the products stay."""
    product_feeds.feed_remove(feed=_feed(request, pk), actor=request.user)
    messages.success(request, _("The address is forgotten. The products stay as they are."))
    return redirect("merchants:imports")
