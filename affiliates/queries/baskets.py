"""Baskets, as the affiliate's team sees them."""

from django.db.models import Count, QuerySet

from affiliates.models import Affiliate, Basket, BasketItem
from affiliates.queries.members import acting_for
from affiliates.queries.products import products_known
from alliance.kernel.models import User
from merchants.models import Product


def baskets_for(user: User) -> QuerySet[Basket]:
    """The user's baskets, the one used last first, each with how many products are in it
    (`size`)."""
    rows = Basket.objects.filter(affiliate=acting_for(user)).select_related("affiliate")
    return rows.annotate(size=Count("items")).order_by("-updated_at", "-pk")


def baskets_of(affiliate: Affiliate) -> QuerySet[Basket]:
    """Those of an affiliate, for a tool that acts for it, the one used last first."""
    return Basket.objects.filter(affiliate=affiliate).order_by("-updated_at", "-pk")


def products_in(basket: Basket) -> list[Product]:
    """What is in it, what was added last first."""
    keys = list(basket.items.order_by("-added_at", "-pk").values_list("product", flat=True))
    found = products_known().in_bulk(keys)
    return [found[key] for key in keys]


def basketed(affiliate: Affiliate, products: list[int]) -> dict[int, int]:
    """Of these products those that are in a basket of the affiliate's: in which (the newest)."""
    rows = BasketItem.objects.filter(basket__affiliate=affiliate, product__in=products)
    return dict(rows.order_by("pk").values_list("product", "basket"))
