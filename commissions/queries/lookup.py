"""Finding an order by its exact number, whoever's it is. Callers say only what they may."""

from affiliates.models import Affiliate, CodeBinding, Link
from merchants.models import OrderLine, Shop

MOST = 20


def lines_under_number(affiliate: Affiliate, number: str) -> list[OrderLine]:
    """Lines of all orders of that exact number in the shops that the affiliate promotes or ever
    did, newest order first, with their attribution (none yet: the order waits to be looked at). At
    most 20."""
    linked = Link.objects.filter(affiliate=affiliate).values("shop")
    coded = CodeBinding.objects.filter(affiliate=affiliate).values("coupon__shop")
    shops = Shop.objects.filter(pk__in=linked.union(coded))
    # Naming the shops lets the database walk the index (shop, number) once per shop.
    found = OrderLine.objects.prefetch_related("commissions").filter(
        order__shop__in=shops, order__external_id=number
    )
    return list(
        found.select_related("order__shop", "attribution").order_by(
            "-order__placed_at", "order_id", "pk"
        )[:MOST]
    )
