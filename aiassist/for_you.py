"""Matched products as an affiliate sees them: what can still be promoted, and why it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from affiliates.models import Affiliate
from affiliates.queries import Offer, offers_of, products_known
from affiliates.services.standing import why_not
from aiassist.models import Dismissal, Matches
from merchants.models import Product

NAME = 24  # signs of a title, in a reason


@dataclass(frozen=True, slots=True)
class Matched:
    """An offer, and why it is shown, in sentences."""

    offer: Offer
    why: str


def shown(affiliate: Affiliate) -> tuple[Sequence[Matched], datetime | None]:
    """What suits the affiliate, without what was dismissed or cannot be promoted any more; and as
    of when, None if it was never matched. A handful of statements."""
    matches = Matches.objects.filter(affiliate=affiliate).first()
    if matches is None:
        return [], None
    places = {place["product"]: place for place in matches.places}
    dismissed = Dismissal.objects.filter(affiliate=affiliate, product__in=list(places))
    gone = set(dismissed.values_list("product", flat=True))
    because = {place["because"] for place in places.values() if place["because"]}
    known = products_known().in_bulk({*places, *because})
    standing = [
        known[pk]
        for pk in places
        if pk not in gone and pk in known and known[pk].rate_bps and not why_not(known[pk])
    ]
    found = []
    for offer in offers_of(standing, affiliate=affiliate):
        place = places[offer.product.pk]
        found.append(Matched(offer, _why(place, offer.product, known.get(place["because"]))))
    return found, matches.made_at


def _why(place: dict[str, Any], product: Product, because: Product | None) -> str:
    words = _speaks(place.get("why"), product, because)
    if place.get("favoured"):
        words = _("%(reason)s %(more)s") % {
            "reason": words,
            "more": _("It counts in a campaign that your goal is about."),
        }
    raised = place["raised"]
    if raised > 0:
        said = ngettext(
            "Its commission raised it by %(count)d place.",
            "Its commission raised it by %(count)d places.",
            raised,
        )
        words = _("%(reason)s %(more)s") % {"reason": words, "more": said % {"count": raised}}
    return words


def _speaks(why: str | None, product: Product, because: Product | None) -> str:
    if because is not None:
        named = {"product": Truncator(because.name).chars(NAME)}
        if why == "like":
            return _("Resembles “%(product)s”, and nobody promotes it yet.") % named
        return _("Goes with “%(product)s”.") % named
    if why == "interest" and product.category is not None:
        interest = {"category": product.category.name}
        return _("Your audience is interested in “%(category)s”.") % interest
    if why == "audience":
        return _("Others with an audience like yours promote it.")
    return _("Others of your kind promote it.")
