"""Links for many products in one go: out of a basket, or chosen on a page."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from affiliates import queries, services
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.forms import LinkForm
from affiliates.pasted import Kind, Thing
from affiliates.queries import Target
from affiliates.services.baskets import PRODUCTS
from affiliates.services.links import SUBS
from alliance.kernel.errors import Invalid
from alliance.kernel.exports import csv_response
from alliance.kernel.http import key_in
from campaigns import sharing, tasks
from campaigns.sharing import Card
from merchants.models import Product

PICTURES = 10  # fetched at once, for the posters that are looked at first


@require_http_methods(["GET", "POST"])
@affiliate_required(change=True)
def bulk(request: AffiliateRequest) -> HttpResponse:
    """The products of a basket (?basket=), or those that are posted; with an ad zone on the form
    their links are made. Each that cannot be promoted says why. Asking twice is harmless."""
    products = _products(request)
    asked = "zone" in request.POST
    form = LinkForm(
        request.POST if asked else None,
        user=request.user,
        initial={"zone": queries.zone_usual(request.user)},
    )
    cards = _cards(request, form, products) if asked and form.is_valid() else None
    for card in (cards or [])[:PICTURES]:
        tasks.picture_ask(card.made.product if card.share else None)
    made = [card.share for card in cards or [] if card.share]
    context = {
        "form": form,
        "products": products,
        "most": PRODUCTS,
        "cards": cards,
        "made": made,
        "refused": len(cards or []) - len(made),
        "addresses": "\n".join(share.address for share in made),
        "words": "\n\n".join(share.words for share in made),
        "asked": request.POST,
    }
    return render(request, "campaigns/bulk.html", context)


@require_POST
@affiliate_required(change=True)
def bulk_csv(request: AffiliateRequest) -> HttpResponse:
    """The same as a file, what cannot be promoted with its reason."""
    form = LinkForm(request.POST, user=request.user)
    if not form.is_valid():
        raise Invalid
    header = (
        _("Product"), _("Shop"), _("Currency"), _("Price"), pgettext("price", "With coupon"),
        _("Rate in %"), _("You earn"), _("What to share"), _("Link"), _("Coupon page"),
        _("Share code"), "PID",
        *SUBS, _("Words to share"), _("Why not"),
    )  # fmt: skip
    return csv_response("links", header, _rows(_cards(request, form, _products(request))))


def _products(request: AffiliateRequest) -> list[Product]:
    if key := request.GET.get("basket", ""):
        mine = queries.baskets_for(request.user).filter(affiliate=request.affiliate)
        return queries.products_in(get_object_or_404(mine, pk=key_in(key)))
    keys = [key_in(key) for key in request.POST.getlist("product")[:PRODUCTS]]
    found = queries.products_known().in_bulk(keys)
    return [found[key] for key in dict.fromkeys(keys) if key in found]


def _cards(request: AffiliateRequest, form: LinkForm, products: Sequence[Product]) -> list[Card]:
    made = services.links_convert(
        actor=request.user,
        affiliate=request.affiliate,
        zone=form.cleaned_data["zone"],
        sights=[Target(Thing(Kind.PRODUCT, str(one.pk)), one.shop, one) for one in products],
        subs=form.subs(),
        event=form.event,
        dx=form.general,
    )
    return sharing.cards_of(made, request.affiliate)


def _rows(cards: Sequence[Card]) -> Iterator[tuple[Any, ...]]:
    for card in cards:
        product, share = card.made.product, card.share
        if product is None:
            continue
        about = (product.name, product.shop.name, product.currency)
        if share is None:
            yield (*about, product.price, *[""] * (9 + len(SUBS)), card.made.why_not)
            continue
        link = share.link
        page = share.address if share.by_coupon_page else share.second_page
        yield (
            *about,
            share.price,
            share.after,
            f"{card.rate_bps // 100}.{card.rate_bps % 100:02d}",
            card.earning,
            share.address,
            services.link_address(link),
            page,
            share.token,
            link.zone.pid,
            *(getattr(link, name) for name in SUBS),
            share.words,
            "",
        )
