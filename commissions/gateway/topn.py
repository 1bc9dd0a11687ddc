"""`topn_info`: a higher rate for a product's first pieces (docs/domain.md §2.2), while some are
left or are to come."""

from collections.abc import Iterable, Sequence
from typing import Any

from affiliates.queries import Offer, first_pieces_of
from alliance.kernel import clock
from commissions.gateway.call import Call
from commissions.gateway.items import percent
from merchants.models import Product

_ASKED = 1  # get_topn_rate


def topn_told(
    offers: Sequence[Offer], found: Iterable[dict[str, Any]], within: str = ""
) -> list[dict[str, Any]]:
    """What is told of the offers, with their first pieces in it, in the part `within`. Not told
    where the affiliate earns more by another plan. One statement."""
    stocks, now = first_pieces_of(offer.product for offer in offers), clock.now()
    told = list(found)
    for offer, one in zip(offers, told, strict=True):
        stock = stocks.get(offer.product.pk)
        if stock is None or (stock.starts_at <= now and stock.rate_bps < offer.rate_bps):
            continue
        place = one[within] if within else one
        place["topn_info"] = {
            "topn_quantity": stock.left,
            "topn_total_count": stock.pieces,
            "topn_start_time": stock.starts_at,
            "topn_end_time": stock.ends_at,
            "topn_rate": percent(stock.rate_bps),
        }
    return told


def topn_asked(call: Call) -> bool:
    return call.args.get("get_topn_rate") == _ASKED


def topn_in_force(call: Call, product: Product, rate_bps: int) -> dict[str, Any] | None:
    """The same for one link, if it is asked for, runs and is what the link earns; moments are in
    milliseconds here."""
    stock = first_pieces_of([product]).get(product.pk) if topn_asked(call) else None
    if stock is None or stock.starts_at > clock.now() or stock.rate_bps < rate_bps:
        return None
    return {
        "topn_quantity": stock.left,
        "topn_total_count": stock.pieces,
        "topn_start_time": int(stock.starts_at.timestamp() * 1000),
        "topn_end_time": int(stock.ends_at.timestamp() * 1000),
    }
