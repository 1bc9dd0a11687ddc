"""Super U selection 超级U选 (docs/domain.md §5): small merchants enrol, a score picks, orders pay a
bonus.

The score is the predicted earning per click × predicted conversion × quality of the margin (the
commission rate without what is refunded). Each category has its own best.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from alliance.kernel.money import BPS, Money, percent
from campaigns.facts import OrderFacts, ProductFacts, Reward
from campaigns.mechanics.base import Bps, Count, Mechanic, Minor, Rules, Text, Words
from campaigns.mechanics.bonus import fixed


class SuperU(Rules):
    bonus_minor: Annotated[
        Minor,
        Field(gt=0, le=10_000),
        Words(_("Bonus per order"), _("Usual are 0.50, 1.00, 2.00 and 5.00.")),
    ] = 100
    least_base_minor: Annotated[
        Minor, Words(_("An order counts from"), _("What the buyer paid for the line."))
    ] = 500
    per_category: Annotated[
        Count,
        Field(gt=0, le=1_000),
        Words(_("Products per category"), _("The best by score. For example 20.")),
    ] = 20
    least_stock: Annotated[Count, Words(_("Pieces in stock at least"), _("For example 500."))] = 500
    least_rating_centi: Annotated[
        int,
        Field(ge=0, le=500),
        Words(_("Rating at least"), _("Stars of the shop. For example 4.6.")),
    ] = 460
    most_refund_bps: Annotated[
        Bps,
        Words(_("Refunds at most"), _("Where the average of its category is not known.")),
    ] = 1_000


def on_order(rules: SuperU, facts: OrderFacts) -> Reward | None:
    return fixed(facts, rules.bonus_minor, least_minor=rules.least_base_minor)


def objections(rules: SuperU, product: ProductFacts) -> list[Text]:
    """What a product lacks for the selection; what is not known is not asked."""
    said: list[Text] = []
    least_bps = product.category_rate_bps
    if least_bps is not None and product.best_bps < least_bps:
        said.append(
            _("Its commission rate is below %(rate)s, what the better quarter of its category has.")
            % {"rate": percent(least_bps)}
        )
    lowest = product.lowest_price_minor
    if lowest is not None and product.price_minor > lowest:
        said.append(_("It was cheaper in the last 30 days."))
    if product.stock is not None and product.stock < rules.least_stock:
        said.append(
            _("There must be %(pieces)s pieces of it in stock.") % {"pieces": rules.least_stock}
        )
    if product.rating_centi is not None and product.rating_centi < rules.least_rating_centi:
        said.append(
            _("Its rating is below %(stars)s stars.")
            % {"stars": f"{rules.least_rating_centi // 100}.{rules.least_rating_centi % 100:02}"}
        )
    most_bps = product.category_refund_bps
    most_bps = rules.most_refund_bps if most_bps is None else most_bps
    if product.refund_bps is not None and product.refund_bps > most_bps:
        said.append(_("More of it is sent back than %(rate)s.") % {"rate": percent(most_bps)})
    return said


def score(product: ProductFacts) -> int:
    """EPC × conversion × margin quality, a whole number to compare by; more is better."""
    kept_bps = BPS - min(product.refund_bps or 0, BPS)
    return product.epc_micro * product.conversion_bps * product.best_bps * kept_bps // BPS


def picks(
    rules: SuperU, products: Iterable[ProductFacts], taken: Mapping[str, int] | None = None
) -> list[int]:
    """The products to pick: the best of each category that nothing speaks against.

    `taken` are the places of a category that others have already. Ties go to the lower number.
    """
    fine = [product for product in products if not objections(rules, product)]
    places = Counter(taken or {})
    chosen: list[int] = []
    for product in sorted(fine, key=lambda p: (p.category, -score(p), p.product_id)):
        if places[product.category] < rules.per_category:
            places[product.category] += 1
            chosen.append(product.product_id)
    return chosen


def promises(rules: SuperU, currency: str) -> list[str]:
    words = gettext("%(amount)s on top for each valid order of at least %(least)s.")
    bonus, least = (Money(minor, currency) for minor in (rules.bonus_minor, rules.least_base_minor))
    return [words % {"amount": bonus.localized(), "least": least.localized()}]


MECHANIC = Mechanic(
    kind="super_u",
    label=_("Super U selection"),
    about=_(
        "Small merchants propose products, a score picks the best of each category, and each valid "
        "order of them pays a fixed bonus."
    ),
    rules=SuperU,
    promises=promises,
    on_order=on_order,
    objections=objections,
    picks=picks,
    merchants_enrol=True,
)
