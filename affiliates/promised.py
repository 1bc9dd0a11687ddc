"""What an affiliate is promised for a product, through which link, at a moment.

`merchants.plans` decides; here it learns who asks: in which targeted and self-chosen plans the
affiliate was at that moment, and what its link was made for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from affiliates.models import Link, PlanMember
from merchants.models import Product
from merchants.plans import Asker, Found, Wanted, terms_at


class Ask(NamedTuple):
    """An affiliate's question. `link_id`: through which link; `clicked`: the product is the one
    that the buyer clicked on; for an order line also its key and pieces."""

    affiliate_id: int
    merchant_id: int
    product_id: int | None
    category_id: int | None
    at: datetime
    link_id: int | None = None
    clicked: bool = True
    pieces: int = 1
    line_id: int | None = None


def wanted_for(asks: Iterable[Ask]) -> dict[Ask, Wanted]:
    """The questions as `merchants.plans` understands them: two statements at most."""
    asks = list(dict.fromkeys(asks))
    links = _links({ask.link_id for ask in asks if ask.link_id})
    places = _places({ask.affiliate_id for ask in asks}, {ask.merchant_id for ask in asks})
    wanted = {}
    for ask in asks:
        made = links.get(ask.link_id or 0, _Made(None, dx=False))
        by = Asker(
            joined=frozenset(
                place.plan_id
                for place in places[ask.affiliate_id, ask.merchant_id]
                if place.at(ask.at)
            ),
            plan_id=made.plan_id,
            general=made.dx,
            clicked=ask.clicked,
        )
        wanted[ask] = Wanted(
            ask.merchant_id, ask.product_id, ask.category_id, ask.at, by, ask.pieces, ask.line_id
        )
    return wanted


def promised(
    products: Collection[Product],
    affiliate_id: int,
    at: datetime,
    *,
    plan_id: int | None = None,
    general: bool = False,
) -> dict[int, Found]:
    """By product (with its shop): what a plain link of the affiliate's would earn it, or one that
    is made for an event's plan, or for the general plan only."""
    asks = {
        product.pk: Ask(affiliate_id, product.shop.merchant_id, product.pk, product.category_id, at)
        for product in products
    }
    plain = wanted_for(asks.values())
    wanted = {
        pk: plain[ask]._replace(by=plain[ask].by._replace(plan_id=plan_id, general=general))
        for pk, ask in asks.items()
    }
    found = terms_at(wanted.values())
    return {pk: found[one] for pk, one in wanted.items()}


class _Made(NamedTuple):
    """What a link was made for."""

    plan_id: int | None
    dx: bool


@dataclass(frozen=True, slots=True)
class _Place:
    plan_id: int
    starts_at: datetime
    ends_at: datetime | None

    def at(self, moment: datetime) -> bool:
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)


def _links(pks: Collection[int]) -> dict[int, _Made]:
    if not pks:
        return {}
    rows = Link.objects.filter(pk__in=pks).values_list("pk", "plan", "dx")
    return {pk: _Made(plan_id, dx) for pk, plan_id, dx in rows}


def _places(
    affiliates: Collection[int], merchants: Collection[int]
) -> dict[tuple[int, int], list[_Place]]:
    """By affiliate and merchant: in which plans, from when until when."""
    found: dict[tuple[int, int], list[_Place]] = defaultdict(list)
    rows = PlanMember.objects.filter(
        affiliate__in=affiliates, plan__merchant__in=merchants, starts_at__isnull=False
    )
    for affiliate_id, merchant_id, plan_id, starts_at, ends_at in rows.values_list(
        "affiliate", "plan__merchant", "plan", "starts_at", "ends_at"
    ):
        if starts_at:
            place = _Place(plan_id, starts_at, ends_at)
            found[affiliate_id, merchant_id].append(place)
    return found
