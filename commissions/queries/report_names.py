"""What the rows of a report are called: of keys that its query has found, which asked whose."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model

from affiliates.models import AdZone, Affiliate
from campaigns.models import Campaign
from merchants.models import Plan, Product, Shop

_ROWS: dict[str, tuple[type[Model], Callable[[Any], str]]] = {
    "zone": (AdZone, lambda zone: zone.name),
    "relation": (Affiliate, lambda affiliate: affiliate.name),
    "affiliate": (Affiliate, lambda affiliate: affiliate.name),
    "product": (Product, lambda product: product.name),
    "shop": (Shop, lambda shop: shop.name),
    "plan": (Plan, lambda plan: plan.name),
    "campaign": (Campaign, lambda campaign: campaign.name),
}


def names_of(by: str, keys: Iterable[str]) -> dict[str, str]:
    """By key, of those that are numbers of rows. One statement."""
    if by not in _ROWS:
        return {}
    model, name = _ROWS[by]
    pks = [int(key) for key in keys if key.isdecimal()]
    return {str(pk): name(row) for pk, row in model._default_manager.in_bulk(pks).items()}
