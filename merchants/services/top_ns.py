"""The first pieces of a product: taken once, never oversold, given back when an order comes to
nothing (docs/domain.md §2.1).

Whoever takes holds the stocks, in key order, until the end of the transaction. An order line gets
the rate for all of its pieces or for none.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from alliance.kernel import clock
from alliance.kernel.bulk import update_many
from merchants.models import OrderLine, OrderState, PieceStock, PieceTake, PlanKind
from merchants.plans import Found, PlanFacts, Wanted, as_filed, choose, plans_for


def terms_take(wanted: Sequence[Wanted]) -> dict[Wanted, Found]:
    """`merchants.plans.terms_at` for order lines that are decided on now, in their order.

    Where first pieces count for a line, they are its own from now on. The caller's transaction
    holds the orders. Two statements more than asking, four where something is taken.
    """
    if not wanted:
        return {}
    plans = plans_for(wanted)
    then = as_filed(wanted, plans)
    stocks = _held(
        {one.id for each in plans.values() for one in each if one.kind == PlanKind.TOPN},
        {one.product_id for one in wanted} - {None},
    )
    found, takes = {}, []
    for one in wanted:
        offered = [_with_left(plan, stocks) for plan in plans.get(one.merchant_id, ())]
        found[one] = terms = choose(offered, then[one])
        if terms.kind == PlanKind.TOPN:
            stock = stocks[terms.plan_id]
            stock.taken += one.pieces
            takes.append(PieceTake(line_id=one.line_id or 0, stock=stock, pieces=one.pieces))
    PieceTake.objects.bulk_create(takes)
    update_many({take.stock for take in takes}, ["taken"])
    return found


def pieces_give_back(lines: Iterable[OrderLine]) -> int:
    """Whatever lines of void orders have taken is there for others again. Returns the pieces.

    The lines carry their locked `order`. Holds the stocks of all of the lines' products: whoever
    takes some next does not wait for them in another order.
    """
    lines = list(lines)
    products = {line.product_id for line in lines} - {None}
    stocks = {
        stock.pk: stock
        for stock in PieceStock.objects.select_for_update(no_key=True)
        .filter(product__in=products)
        .order_by("pk")
    }
    void = [line.pk for line in lines if line.order.state == OrderState.VOID]
    if not stocks or not void:
        return 0
    returned: dict[int, int] = defaultdict(int)
    takes = list(PieceTake.objects.filter(line__in=void, given_back_at=None))
    for take in takes:
        take.given_back_at = clock.now()
        returned[take.stock_id] += take.pieces
    for pk, pieces in returned.items():
        stocks[pk].taken -= pieces
    update_many(takes, ["given_back_at"])
    update_many([stocks[pk] for pk in returned], ["taken"])
    return sum(returned.values())


def _held(plan_ids: Collection[int], products: Collection[int | None]) -> dict[int, PieceStock]:
    """By plan, locked, as they are now: of these products only, which `pieces_give_back` has locked
    before. One more, and two batches of orders could wait for each other in a circle."""
    if not plan_ids:
        return {}
    stocks = PieceStock.objects.select_for_update(no_key=True)
    rows = stocks.filter(plan__in=plan_ids, product__in=products)
    return {stock.plan_id: stock for stock in rows.order_by("pk")}


def _with_left(plan: PlanFacts, stocks: Mapping[int, PieceStock]) -> PlanFacts:
    return replace(plan, left=stocks[plan.id].left) if plan.id in stocks else plan
