"""What an affiliate may look up of products: which can be promoted, and which suit it."""

from typing import Any, Literal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import Field

from affiliates import queries as affiliate_queries
from affiliates.queries import Offer, Wish
from aiassist import for_you
from aiassist.assistant.tools.words import MOST, Args, Link, Nothing, Result, Scope, said
from alliance.kernel.money import percent
from alliance.kernel.templatetags.alliance import joined


class Products(Args):
    words: str = Field("", description="words in the title; empty for all")
    rate_from_bps: int = Field(0, ge=0, le=10_000, description="commission of at least, bps")
    price_to_minor: int | None = Field(None, ge=0, lt=10**15, description="price at most")
    coupon_only: bool = False
    sort: Literal["sales", "rate", "earning", "price", "-price"] = "earning"


def products_find(scope: Scope, args: Products) -> Result:
    """What can be promoted now and fits: on sale, of a merchant that can pay."""
    found, wish = _found(args)
    page = f"{reverse('affiliates:products')}?{urlencode(_picking(wish))}"
    sources = [Link(_("Products"), page)]
    if not found:
        words = _("Nothing that can be promoted now fits that. Try fewer words or a lower rate.")
        return Result([words], {"found": 0}, sources)
    offers = affiliate_queries.offers_of(found, affiliate=scope.affiliate)
    sentences = [
        _("These can be promoted now; their merchants have the money for it:"),
        *map(offered, offers),
    ]
    return Result(
        sentences,
        {"products": list(map(offer_facts, offers))},
        sources + list(map(product_page, offers)),
        [make_link(offers[0])],
    )


def _found(args: Products) -> tuple[list[Any], Wish]:
    """As it was said, and with the endings of its words cut off if nothing fits so."""
    for words in dict.fromkeys([args.words, *_stems(args.words)]):
        wish = Wish(
            words=words,
            rate_from=args.rate_from_bps,
            price_to=args.price_to_minor,
            coupon_only=args.coupon_only,
            sort=args.sort,
        )
        if found := affiliate_queries.products_offered(wish, size=MOST).products:
            return found, wish
    return [], wish


def _stems(words: str) -> list[str]:
    """Shoes is shoe, Jacken is Jacke."""
    each = words.split()
    return [
        " ".join(word[:-cut] if len(word) > cut + 2 else word for word in each) for cut in (1, 2)
    ]


def _picking(wish: Wish) -> dict[str, Any]:
    """The same in the list of products, as far as its form can say it."""
    steps = [bps for bps in (500, 1000, 2000, 3000) if bps <= wish.rate_from]
    asked = {
        "words": wish.words,
        "rate": max(steps, default=""),
        "coupon": "on" if wish.coupon_only else "",
        "sort": "" if wish.sort == "sales" else wish.sort,
    }
    return {name: value for name, value in asked.items() if value}


def offered(offer: Offer) -> str:
    return _("“%(name)s” pays %(rate)s: %(earning)s for you of %(price)s.") % {
        "name": said(offer.product.name),
        "rate": percent(offer.rate_bps),
        "earning": offer.earning.localized(),
        "price": offer.price.localized(),
    }


def offer_facts(offer: Offer) -> dict[str, Any]:
    return {
        "title": said(offer.product.name),
        "rate_bps": offer.rate_bps,
        "price_minor": offer.price.minor,
        "earning_minor": offer.earning.minor,
        "currency": offer.price.currency,
    }


def product_page(offer: Offer) -> Link:
    page = reverse("affiliates:product", args=[offer.product.pk])
    return Link(said(offer.product.name), page)


def make_link(offer: Offer) -> Link:
    form = f"{reverse('campaigns:convert')}?{urlencode({'text': offer.product.url})}"
    return Link(_("Make a link for “%(name)s”") % {"name": said(offer.product.name)}, form)


def products_for_me(scope: Scope, args: Nothing) -> Result:
    """What suits the affiliate, with the reason."""
    matched, _made_at = for_you.shown(scope.affiliate)
    sources = [Link(_("For you"), reverse("aiassist:for_you"))]
    if not matched:
        words = _("Nothing is matched to you yet: it is done every night, from your links on.")
        return Result([words], {"found": 0}, sources)
    first = matched[:MOST]
    offers = [one.offer for one in first]
    return Result(
        [joined(offered(one.offer), one.why) for one in first],
        {"products": [{**offer_facts(one.offer), "why": one.why} for one in first]},
        sources + list(map(product_page, offers)),
        [make_link(offers[0])],
    )
