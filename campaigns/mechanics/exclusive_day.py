"""A day of one brand or category, shared by both kinds: an exclusive rate, and a pot for all."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Self

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


class ExclusiveDay(Rules):
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


def day_of(owner: str, *, stranger: Text, **kind: Any) -> Mechanic:
    """The mechanic of such a day. `owner` is the name of the rule, and of the fact about a product,
    that says whose day it is; `stranger` what speaks against products of others."""

    def belongs(rules: ExclusiveDay, facts: OrderFacts | ProductFacts) -> bool:
        """Whatever the case of the letters."""
        mine, whose = getattr(facts, owner), getattr(rules, owner)
        return bool(mine.strip().casefold() == whose.strip().casefold())

    def on_order(rules: ExclusiveDay, facts: OrderFacts) -> Reward | None:
        """The exclusive rate that the merchant promised for the day."""
        return raised(facts, raise_bps=rules.raise_bps) if belongs(rules, facts) else None

    def on_close(rules: ExclusiveDay, standings: Sequence[StandingFacts]) -> list[Award]:
        return gmv_pot.shared(rules.pot, standings)

    def owes(rules: ExclusiveDay) -> int:
        return gmv_pot.greatest(rules.pot)

    def objections(rules: ExclusiveDay, product: ProductFacts) -> list[Text]:
        said = [] if belongs(rules, product) else [stranger % {"name": getattr(rules, owner)}]
        return said + rate_objections(product, raise_bps=rules.raise_bps)

    def promises(rules: ExclusiveDay, currency: str) -> list[str]:
        words = gettext("“%(name)s”: at least %(percent)s of the usual commission rate.")
        named = {"name": getattr(rules, owner), "percent": percent(BPS + rules.raise_bps)}
        return [words % named, *gmv_pot.promises(rules.pot, currency)]

    return Mechanic(
        promises=promises,
        on_order=on_order,
        on_close=on_close,
        owes=owes,
        objections=objections,
        merchants_enrol=True,
        shortest=DAY,
        longest=DAY,
        **kind,
    )
