"""Matched products as an affiliate sees them: what can still be promoted, and why it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
        found.append(Matched(offer, _why(known.get(place["because"]), place["raised"])))
    return found, matches.made_at


def _why(because: Product | None, raised: int) -> str:
    if because is None:
        words = _("Others of your kind promote it.")
    else:
        named = Truncator(because.name).chars(NAME)
        words = _("Goes with “%(product)s”.") % {"product": named}
    if raised > 0:
        said = ngettext(
            "Its commission raised it by %(count)d place.",
            "Its commission raised it by %(count)d places.",
            raised,
        )
        words = _("%(reason)s %(more)s") % {"reason": words, "more": said % {"count": raised}}
    return words
