"""What changed, for whoever wants to follow it without missing anything (alliance.kernel.feed)."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet

from affiliates.models import Affiliate
from alliance.kernel import feed
from alliance.kernel.feed import BEGINNING, Place
from commissions.models import Settlement, SettlementState
from merchants.models import Merchant


class Source(NamedTuple):
    """Rows of one type: a table as `t` with a condition, and the values in it."""

    sql: str
    values: Sequence[Any] = ()


class Change(NamedTuple):
    """Something of that type, by its key, has come or changed."""

    type: str
    key: int


# A settlement is everybody's: with it all commissions of its currency that settle in its month or
# before are settled, none of which changes itself (docs/adr/0014).
_SETTLEMENTS = Source("commissions_settlement t WHERE t.state = 'closed'")


def settlements_closed() -> QuerySet[Settlement]:
    """Public: which months are settled."""
    return Settlement.objects.filter(state=SettlementState.CLOSED)


def sources_of_affiliate(affiliate: Affiliate) -> dict[str, Source]:
    return {
        "commission": Source("commissions_commission t WHERE t.affiliate_id = %s", [affiliate.pk]),
        "product": Source("merchants_product t WHERE true"),
        "settlement": _SETTLEMENTS,
    }


def sources_of_merchant(merchant: Merchant) -> dict[str, Source]:
    return {
        "order": Source("merchants_order t WHERE t.merchant_id = %s", [merchant.pk]),
        "product": Source(
            "merchants_product t WHERE t.shop_id IN"
            " (SELECT id FROM merchants_shop WHERE merchant_id = %s)",
            [merchant.pk],
        ),
        "settlement": _SETTLEMENTS,
    }


def changes_behind(
    sources: Mapping[str, Source], places: Mapping[str, Place], limit: int
) -> tuple[list[Change], dict[str, Place]]:
    """The next changes, in the order of their transactions, and how far each source is read now:
    where there are no more, up to the present, so that who asks again does not read others' rows
    once more."""
    present = feed.now()
    found = [
        [(place, name) for place in _next(source, places.get(name, BEGINNING), limit)]
        for name, source in sources.items()
    ]
    taken = list(heapq.merge(*found))[:limit]
    reached = dict(places) | {name: place for place, name in taken}
    if len(taken) < limit:
        reached |= {name: max(reached.get(name, present), present) for name in sources}
    return [Change(name, place.key) for place, name in taken], reached


def _next(source: Source, place: Place, limit: int) -> list[Place]:
    return feed.places_behind(source.sql, source.values, place, limit)
