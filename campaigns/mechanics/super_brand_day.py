"""Super brand day 超级品牌日 (docs/domain.md §5): one day, one brand.

Its products earn an exclusive rate, and all affiliates share a pot that grows with their sales.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Self

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from alliance.kernel.money import BPS, percent
from campaigns.facts import Award, OrderFacts, ProductFacts, Reward, StandingFacts
from campaigns.mechanics import gmv_pot
from campaigns.mechanics.base import Mechanic, Rules, Text, Words
from campaigns.mechanics.gmv_pot import PotStep
from campaigns.mechanics.raised import raised, rate_objections

DAY = timedelta(hours=24)


class SuperBrandDay(Rules):
    brand: Annotated[
        str,
        Field(min_length=1, max_length=80),
        Words(_("Brand"), _("As its products name it.")),
    ]
    raise_bps: Annotated[
        int,
        Field(ge=0, le=90_000),
        Words(
            _("Raised by at least"),
            _("Of the usual rate: 30 percent make at least 13 percent of 10 percent."),
        ),
    ] = 3_000
    pot: Annotated[
        tuple[PotStep, ...],
        Field(max_length=20),
        Words(_("Shared pot"), _("For example 8,000.00 from sales of 500,000.00 on.")),
    ] = gmv_pot.DEFAULT

    @model_validator(mode="after")
    def pot_grows(self) -> Self:
        gmv_pot.check(self.pot)
        return self


def belongs(rules: SuperBrandDay, brand: str) -> bool:
    """Whether it is the day's own brand, whatever the case of its letters."""
    return brand.strip().casefold() == rules.brand.strip().casefold()


def on_order(rules: SuperBrandDay, facts: OrderFacts) -> Reward | None:
    """The exclusive rate that the merchant promised for the day."""
    if not belongs(rules, facts.brand):
        return None
    return raised(facts, raise_bps=rules.raise_bps)


def on_close(rules: SuperBrandDay, standings: Sequence[StandingFacts]) -> list[Award]:
    return gmv_pot.shared(rules.pot, standings)


def owes(rules: SuperBrandDay) -> int:
    return gmv_pot.greatest(rules.pot)


def objections(rules: SuperBrandDay, product: ProductFacts) -> list[Text]:
    said: list[Text] = []
    if not belongs(rules, product.brand):
        said.append(_("It is not of the brand “%(name)s”.") % {"name": rules.brand})
    return said + rate_objections(product, raise_bps=rules.raise_bps)


def promises(rules: SuperBrandDay, currency: str) -> list[str]:
    words = gettext("“%(name)s”: at least %(percent)s of the usual commission rate.")
    said = words % {"name": rules.brand, "percent": percent(BPS + rules.raise_bps)}
    return [said, *gmv_pot.promises(rules.pot, currency)]


MECHANIC = Mechanic(
    kind="super_brand_day",
    label=_("Super brand day"),
    about=_(
        "For 24 hours the products of one brand earn an exclusive rate, and all affiliates share a "
        "pot that grows with what they sell together."
    ),
    rules=SuperBrandDay,
    promises=promises,
    on_order=on_order,
    on_close=on_close,
    owes=owes,
    objections=objections,
    merchants_enrol=True,
    shortest=DAY,
    longest=DAY,
)
