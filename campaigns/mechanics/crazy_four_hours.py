"""Crazy four hours 疯抢4小时 (docs/domain.md §5): a raised rate for the first pieces.

The merchant's promise stands on the slate and cannot be taken back while the window is open. Who
comes after the first pieces of a product, earns its usual commission.
"""

from datetime import timedelta
from typing import Annotated

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from alliance.kernel.money import BPS, percent
from alliance.kernel.templatetags.alliance import number
from campaigns.facts import OrderFacts, ProductFacts, Reward
from campaigns.mechanics.base import Count, Mechanic, Rules, Text, Words
from campaigns.mechanics.raised import raised, rate_objections

WINDOW = timedelta(hours=4)


class CrazyFourHours(Rules):
    first_pieces: Annotated[
        Count,
        Field(gt=0),
        Words(_("First pieces"), _("Of each product, at the raised rate. For example 500.")),
    ] = 500
    raise_bps: Annotated[
        int,
        Field(ge=0, le=90_000),
        Words(
            _("Raised by at least"),
            _("Of the usual rate: 50 percent make at least 15 percent of 10 percent."),
        ),
    ] = 5_000


def on_order(rules: CrazyFourHours, facts: OrderFacts) -> Reward | None:
    """The promised rate for a line that lies within the first pieces as a whole."""
    if facts.product_pieces_before + facts.quantity > rules.first_pieces:
        return None
    return raised(facts, raise_bps=rules.raise_bps)


def objections(rules: CrazyFourHours, product: ProductFacts) -> list[Text]:
    said = rate_objections(product, raise_bps=rules.raise_bps)
    if product.stock is not None and product.stock < rules.first_pieces:
        said.append(
            _("There must be %(pieces)s pieces of it in stock.") % {"pieces": rules.first_pieces}
        )
    return said


def promises(rules: CrazyFourHours, currency: str) -> list[str]:
    words = gettext(
        "The first %(count)s pieces of each product earn at least %(percent)s of the usual "
        "commission rate."
    )
    return [
        words % {"count": number(rules.first_pieces), "percent": percent(BPS + rules.raise_bps)}
    ]


MECHANIC = Mechanic(
    kind="crazy_four_hours",
    label=_("Crazy four hours"),
    about=_("For four hours the first pieces of each product earn a raised commission rate."),
    rules=CrazyFourHours,
    promises=promises,
    on_order=on_order,
    asks=frozenset({"product_pieces_before"}),
    objections=objections,
    merchants_enrol=True,
    shortest=WINDOW,
    longest=WINDOW,
)
