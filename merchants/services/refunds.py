"""Refunds: known by their number, kept when they fit no order, matched by a person later."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import Merchant, Order, OrderLine, Refund, RefundState, Shop
from merchants.services.order_reports import (
    PART,
    SUM,
    OrderReport,
    Outcome,
    OverRefund,
    RefundReport,
    RefundReused,
    check_refund,
)
from merchants.services.refund_plans import MEANS, OPEN, is_sum, means

T = TypeVar("T")


def look_again(write: Callable[[], T]) -> T:
    """Run `write` in a transaction, and anew if somebody else wrote the same number first."""
    for _attempt in range(2):
        try:
            with transaction.atomic():
                return write()
        except IntegrityError:
            continue
    with transaction.atomic():
        return write()


def refunds_known(shop: Shop, reports: Iterable[RefundReport]) -> dict[str, list[Refund]]:
    """What we hold of these refunds, locked: by number the row of each part, the first one first.

    The parts of one that was spread over lines ("R1", "R1 ·2", …) are fetched where its state
    moves.
    """
    said = {report.external_id: report for report in reports}
    if not said:
        return {}
    mine = Refund.objects.filter(shop=shop).order_by("pk").select_for_update()
    known = {row.external_id: [row] for row in mine.filter(external_id__in=said)}
    spread = [
        Q(external_id__startswith=f"{number}{PART}")
        for number, (row,) in known.items()
        if row.line_id and not row.facts.get("line") and row.state != MEANS[said[number].state]
    ]
    if spread:
        for row in mine.filter(reduce(or_, spread)):
            known[row.external_id.partition(PART)[0]].append(row)
    return known


def refunds_waiting(shop: Shop, orders: Iterable[str]) -> Iterable[Refund]:
    """Refunds that came before their order, locked."""
    rows = Refund.objects.filter(shop=shop, awaits__in=list(orders)).exclude(awaits="")
    return rows.order_by("pk").select_for_update()


def refunds_summed(
    reports: Iterable[OrderReport],
    known: Mapping[str, Sequence[Refund]],
    waiting: Iterable[str],
    lines: Mapping[int, OrderLine],
) -> dict[str, list[Refund]]:
    """What exports' sums had more, the oldest first, locked: by number of the orders for which a
    refund under its own number may begin to count. `lines`: those of all orders, by key."""
    orders = set(waiting) | {
        report.external_id
        for report in reports
        for refund in report.refunds
        if not is_sum(refund.facts)
        and all(row.state in OPEN for row in known.get(refund.external_id, ()))
    }
    theirs = [pk for pk, line in lines.items() if line.order.external_id in orders]
    found: dict[str, list[Refund]] = defaultdict(list)
    if theirs:
        rows = Refund.objects.filter(line__in=theirs, state=RefundState.APPLIED)
        for row in rows.filter(facts__by=SUM["by"]).order_by("pk").select_for_update():
            row.line = line = lines[row.line_id or 0]
            found[line.order.external_id].append(row)
    return found


def refunds_keep(
    *, shop: Shop, refunds: Sequence[RefundReport], actor: User | None = None
) -> list[Outcome]:
    """Keep refunds that name no order for a person to match; one outcome each, in order.

    "changed" if it waits now, "unchanged" if it was heard before (and maybe matched since),
    "refused" with Invalid, or RefundReused for a number reported with another amount.
    """
    return look_again(lambda: _keep(shop, refunds, actor))


def _keep(shop: Shop, refunds: Sequence[RefundReport], actor: User | None) -> list[Outcome]:
    currency = Merchant.objects.values_list("currency", flat=True).get(pk=shop.merchant_id)
    known = {number: rows[0] for number, rows in refunds_known(shop, refunds).items()}
    outcomes: list[Outcome] = []
    fresh = []
    for refund in refunds:
        number, held = refund.external_id, known.get(refund.external_id)
        try:
            check_refund(refund, now=clock.now())
            if held is not None and held.facts.get("total_minor") != refund.amount_minor:
                raise RefundReused(refund=number)
        except DomainError as exc:
            outcomes.append(Outcome(number, None, "refused", exc))
            continue
        if held is not None:
            outcomes.append(Outcome(number, None, "unchanged"))
            continue
        known[number] = Refund(
            shop=shop,
            external_id=number,
            state=RefundState.UNMATCHED,
            amount_minor=refund.amount_minor,
            currency=currency,
            refunded_at=refund.refunded_at,
            reason=refund.reason[:200],
            facts={**(refund.facts or {}), "total_minor": refund.amount_minor},
        )
        fresh.append(known[number])
        outcomes.append(Outcome(number, None, "changed", None, (number,)))
    Refund.objects.bulk_create(fresh)
    if fresh:
        audit.record("refunds.kept", shop, actor=actor, count=len(fresh))
    return outcomes


@transaction.atomic
def refund_match(*, refund: Refund, line: OrderLine, actor: User | None) -> int:
    """A person says which line a waiting refund belongs to. Returns the order's key to process.

    Raises Invalid for a line of another shop or currency, OverRefund if the line has too little
    left, WrongState if somebody else matched it first.
    """
    order = Order.objects.select_for_update().get(pk=line.order_id)
    line = OrderLine.objects.select_for_update().get(pk=line.pk)
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    if refund.state != RefundState.UNMATCHED:
        raise WrongState
    if order.shop_id != refund.shop_id or line.currency != refund.currency:
        raise Invalid(_("The refund and the order belong to different shops or currencies."))
    left = line.amount_minor - line.refunded_minor
    if refund.amount_minor > left:
        raise OverRefund(amount_minor=refund.amount_minor, left_minor=left)
    refund.line, refund.state = line, means(refund.facts)
    refund.awaits = ""
    refund.applied_at = clock.now() if refund.state == RefundState.APPLIED else None
    refund.save(update_fields=["line", "state", "awaits", "applied_at"])
    if refund.state == RefundState.APPLIED:
        line.refunded_minor += refund.amount_minor
        line.save(update_fields=["refunded_minor"])
    order.version += 1
    order.save(update_fields=["version"])
    audit.record("refund.matched", refund, actor=actor, order=order.pk, line=line.pk)
    return order.pk
