"""Boards as an affiliate sees them: what can still be promoted, and why it stands there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from affiliates.models import Affiliate
from affiliates.queries import Offer, offers_of, products_known
from affiliates.services.standing import why_not
from alliance.kernel import clock
from alliance.kernel.money import Money
from alliance.kernel.templatetags.alliance import moment, number
from campaigns.models import Board, BoardKind
from campaigns.queries import campaigns_with_boards
from merchants.models import Product


@dataclass(frozen=True, slots=True)
class Ranked:
    """An offer, and why it is on the board, in a sentence."""

    offer: Offer
    why: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A board: `made_at` None where it was never ranked."""

    ranked: Sequence[Ranked]
    made_at: datetime | None


def shown(affiliate: Affiliate, kind: BoardKind, campaign: int | None = None) -> Shown:
    """The board without what cannot be promoted any more, or has another price since. A handful of
    statements."""
    board = Board.objects.filter(kind=kind, campaign=campaign).first()
    if board is None:
        return Shown([], None)
    places = {place["product"]: place for place in board.places}
    found = products_known().in_bulk(places)
    standing = [
        found[pk] for pk, place in places.items() if pk in found and _holds(found[pk], place)
    ]
    offers = offers_of(standing, affiliate=affiliate)
    ranked = [Ranked(offer, _why(places[offer.product.pk], offer.product)) for offer in offers]
    return Shown(ranked, board.made_at)


def campaigns_of(affiliate: Affiliate) -> list[Any]:
    """Campaigns that are for the affiliate and have a board, the next to end first."""
    return [board.campaign for board in campaigns_with_boards(affiliate)]


def _holds(product: Product, place: dict[str, Any]) -> bool:
    if not product.rate_bps or why_not(product):
        return False
    return place["fact"] != "price" or product.price_minor == place["now"]


def _why(place: dict[str, Any], product: Product) -> str:
    now, before = place["now"], place.get("before", 0)
    facts = {"now": number(now), "before": number(before)}
    match place["fact"]:
        case "sold":
            words = ngettext(
                "%(now)s sold in 7 days, %(before)s in the 7 before",
                "%(now)s sold in 7 days, %(before)s in the 7 before",
                now,
            )
        case "clicked":
            words = ngettext(
                "%(now)s click in 7 days, %(before)s in the 7 before",
                "%(now)s clicks in 7 days, %(before)s in the 7 before",
                now,
            )
        case "worth":
            worth = product.price.share(product.rate_bps)
            facts["worth"] = worth.localized()
            words = _("%(worth)s commission in all on each, %(now)s sold in 30 days")
        case "price":
            facts["before"] = Money(before, product.currency).localized()
            since = clock.day_start(date.fromisoformat(place["since"]))
            facts["since"] = moment(since, "date")
            words = _("Before at least %(before)s, since %(since)s")
        case _:
            words = _("Counts in the campaign, %(now)s sold in 30 days")
    return words % facts
