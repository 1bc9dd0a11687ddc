"""What speaks against a product on a slate: the mechanic's own words, from what we know of it."""

from alliance.kernel.columns import Text
from alliance.kernel.errors import Invalid
from campaigns.facts import ProductFacts
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, SlateItem
from merchants.models import Product


def facts_of(
    product: Product,
    *,
    rate_bps: int | None = None,
    service_bps: int = 0,
    price_minor: int | None = None,
) -> ProductFacts:
    """The product as a mechanic sees it, with what its merchant offers for the campaign. Stock,
    market and returns are not known here, and no rule about them is asked."""
    return ProductFacts(
        product_id=product.pk,
        price_minor=product.price_minor if price_minor is None else price_minor,
        category=product.category.slug if product.category else "",
        brand=product.brand,
        rate_bps=product.rate_bps,
        offered_bps=rate_bps or 0,
        service_bps=service_bps,
        rating_centi=product.shop.score_centi or None,  # nobody rated it yet
    )


def objections(campaign: Campaign, facts: ProductFacts) -> list[Text]:
    """In sentences; empty: nothing. Rules that do not parse object to nothing: they are said
    elsewhere."""
    mechanic = MECHANICS[campaign.kind]
    if mechanic.objections is None:
        return []
    try:
        rules = mechanic.parse(campaign.rules, currency=campaign.currency)
    except Invalid:
        return []
    return mechanic.objections(rules, facts)


def objections_to(item: SlateItem) -> list[Text]:
    """Of what is proposed, as it is proposed."""
    offered = facts_of(
        item.product,
        rate_bps=item.rate_bps,
        service_bps=item.service_bps,
        price_minor=item.price_minor,
    )
    return objections(item.campaign, offered)
