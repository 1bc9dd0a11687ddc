"""What has to be true in the morning: the database against what everybody was told."""

from collections.abc import Iterator

from alliance.season.shops import Sale, Shops
from commissions.models import Commission
from commissions.verify import verify
from merchants.models import Order, Refund


def faults(shops: Shops) -> list[str]:
    """Sentences; empty means that everything agrees."""
    return [*verify(), *_orders(shops)]


def _orders(shops: Shops) -> Iterator[str]:
    """Each order is there once, as its shop last reported it, and has been looked at."""
    there = {order.external_id: order for order in Order.objects.prefetch_related("lines")}
    if extra := there.keys() - shops.sales.keys():
        yield f"{len(extra)} orders are there that no shop reported"
    back = dict(Refund.objects.filter(state="applied").values_list("external_id", "amount_minor"))
    looked_at = set(Commission.objects.values_list("line__order__external_id", flat=True))
    for number, sale in shops.sales.items():
        order = there.get(number)
        if order is None:
            yield f"order {number} was taken and is lost"
        elif order.processed_version != order.version:
            yield f"order {number} waits still"
        elif number not in looked_at:
            yield f"order {number} came by a link and earned nothing"
        else:
            yield from _order(order, sale, back)


def _order(order: Order, sale: Sale, back: dict[str, int]) -> Iterator[str]:
    paid = sum(line.amount_minor for line in order.lines.all())
    if (order.state, paid) != (sale.state, sale.amount_minor):
        yield f"order {sale.number} is {order.state} {paid}, its shop said {sale.state}"
    for number, minor in sale.refunds.items():
        if back.get(number) != minor:
            yield f"refund {number} of {minor} is {back.get(number)}"
