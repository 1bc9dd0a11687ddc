"""Industrial-belt bargain channel 产业带特价频道 (docs/domain.md §5): factory prices, fair rates.

A product is admitted by price (below a fixed one, or well below the market's) and by commission
rate; its orders earn a little extra, as long as the rate holds.
"""

from typing import Annotated, Self

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from alliance.kernel.money import BPS, Money, percent
from campaigns.facts import OrderFacts, ProductFacts, Reward
from campaigns.mechanics.base import Bps, Fault, Mechanic, Minor, Rules, Text, Words
from campaigns.mechanics.bonus import fixed


class BargainChannel(Rules):
    most_price_minor: Annotated[
        Minor,
        Words(_("Price at most"), _("Always admitted at that price. 0: only by the market.")),
    ] = 1_990
    most_of_median_bps: Annotated[
        Bps,
        Words(
            _("Or at most of the market's price"),
            _("Of the median of comparable products. For example 80 percent. 0: only by price."),
        ),
    ] = 8_000
    least_rate_bps: Annotated[
        Bps,
        Field(gt=0, le=9_000),
        Words(_("Commission rate at least"), _("For example 5 percent.")),
    ] = 500
    extra_minor: Annotated[Minor, Words(_("Extra per order"), _("For example 0.50. 0: none."))] = 50
    least_base_minor: Annotated[
        Minor, Words(_("An order counts from"), _("What the buyer paid for the line."))
    ] = 500

    @model_validator(mode="after")
    def admits_something(self) -> Self:
        if not self.most_price_minor and not self.most_of_median_bps:
            raise Fault(_("At these prices no product is admitted."), field="most_price_minor")
        return self


def cheap(rules: BargainChannel, *, price_minor: int, median_minor: int | None) -> bool:
    """Whether the price is low enough. Without a known market only the fixed price admits."""
    if price_minor <= rules.most_price_minor:
        return True
    return median_minor is not None and price_minor * BPS <= median_minor * rules.most_of_median_bps


def on_order(rules: BargainChannel, facts: OrderFacts) -> Reward | None:
    """The extra, and the promised rate where it is above the usual one."""
    rate_bps = max(facts.rate_bps, facts.slate_rate_bps)
    if rate_bps < rules.least_rate_bps:
        return None
    extra = fixed(facts, rules.extra_minor, least_minor=rules.least_base_minor)
    raised_bps = rate_bps if rate_bps > facts.rate_bps else None
    if extra is None and raised_bps is None:
        return None
    return Reward(
        rate_bps=extra.rate_bps if extra else 0,
        cap_minor=extra.cap_minor if extra else 0,
        commission_bps=raised_bps,
        why={"bonus_minor": rules.extra_minor if extra else 0, "rate_bps": rate_bps},
    )


def objections(rules: BargainChannel, product: ProductFacts) -> list[Text]:
    said: list[Text] = []
    median = product.median_price_minor
    if not cheap(rules, price_minor=product.price_minor, median_minor=median):
        said.append(_("It is not cheap enough for the channel."))
    if product.best_bps < rules.least_rate_bps:
        said.append(
            _("Its commission rate must be at least %(rate)s during the campaign.")
            % {"rate": percent(rules.least_rate_bps)}
        )
    return said


def promises(rules: BargainChannel, currency: str) -> list[str]:
    words = gettext("At least %(percent)s commission on each product.")
    said = [words % {"percent": percent(rules.least_rate_bps)}]
    if rules.extra_minor:
        words = gettext("%(amount)s on top for each valid order of at least %(least)s.")
        extra, least = (Money(m, currency) for m in (rules.extra_minor, rules.least_base_minor))
        said.append(words % {"amount": extra.localized(), "least": least.localized()})
    return said


MECHANIC = Mechanic(
    kind="bargain_channel",
    label=_("Bargain channel"),
    about=_(
        "Merchants from industrial belts offer low prices at a fair commission rate; each order "
        "earns a little extra."
    ),
    rules=BargainChannel,
    promises=promises,
    on_order=on_order,
    objections=objections,
    merchants_enrol=True,
)
