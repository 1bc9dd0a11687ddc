"""Orders as their shops report them. The latest word wins; a report is taken whole or not at all.

The road for one order and for a thousand is the same: a handful of statements per batch. Orders
are locked in the order of their keys, after new ones were begun in the order of their numbers, so
two batches can wait for each other but never in a circle.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.bulk import insert_many, update_many
from alliance.kernel.errors import DomainError, NotAllowed
from alliance.kernel.models import User
from merchants.happenings import orders_tell
from merchants.models import (
    Merchant,
    MerchantState,
    Order,
    OrderLine,
    OrderState,
    Product,
    Refund,
    RefundState,
    Shop,
)
from merchants.services.order_reports import (
    Change,
    LineReport,
    OrderReport,
    Outcome,
    OverRefund,
    Plan,
    RefundReport,
    RefundReused,
    RefundStep,
    as_meant,
    check_creation,
    check_report,
    plan_report,
)
from merchants.services.refund_plans import is_sum, plan_refunds
from merchants.services.refunds import (
    look_again,
    refund_match,
    refunds_keep,
    refunds_known,
    refunds_summed,
    refunds_waiting,
)

__all__ = [
    "LineReport",
    "OrderReport",
    "Outcome",
    "OverRefund",
    "RefundReport",
    "RefundReused",
    "orders_auto_receive",
    "orders_record",
    "refund_match",
    "refunds_keep",
]

BATCH = 1000
_ORDER_FIELDS = (
    "state",
    "placed_at",
    "deposit_paid_at",
    "paid_at",
    "received_at",
    "void_at",
    "void_reason",
    "click_id",
    "coupon_code",
    "reported_at",
    "version",
)
_LINE_FIELDS = (
    "product",
    "product_external_id",
    "title",
    "quantity",
    "amount_minor",
    "deposit_minor",
    "total_minor",
    "refunded_minor",
)
_REFUND_FIELDS = (
    "state",
    "line",
    "amount_minor",
    "refunded_at",
    "requested_at",
    "applied_at",
    "failed_at",
    "awaits",
    "facts",
)


def orders_record(
    *, shop: Shop, reports: Sequence[OrderReport], actor: User | None = None
) -> list[Outcome]:
    """Take what a shop reports of its orders; one outcome per report, in the same order.

    A report that is refused (its outcome carries the error) leaves no trace and never hurts the
    others. An order of a merchant who is not active is not begun, but one that was begun still
    hears of its receipt and refunds. A refund whose order or line we do not know is kept for
    review. `order_pk` of "created" and "changed" outcomes is what the commission pipeline wants.
    """
    outcomes: list[Outcome] = []
    for start in range(0, len(reports), BATCH):
        batch = _Batch(shop, reports[start : start + BATCH], actor)
        outcomes += look_again(batch.record)
    return outcomes


class _Batch:
    """What the database holds for the orders of a batch, and what the batch makes of it."""

    def __init__(self, shop: Shop, reports: Sequence[OrderReport], actor: User | None) -> None:
        self.shop = shop
        self.reports = [as_meant(report) for report in reports]
        self.actor = actor

    def _start(self) -> None:
        self.now = clock.now()
        self.merchant = Merchant.objects.get(pk=self.shop.merchant_id)
        self.begun: dict[str, Order] = {}
        self.orders: dict[str, Order] = {}
        self.lines: dict[str, dict[str, OrderLine]] = defaultdict(dict)
        self.refunds: dict[str, list[Refund]] = {}
        self.waiting: dict[str, list[Refund]] = defaultdict(list)
        self.sums: dict[str, list[Refund]] = defaultdict(list)
        self.products: dict[str, int] = {}
        self.new_lines: list[OrderLine] = []
        self.new_refunds: list[Refund] = []
        self.changed_orders: dict[str, Order] = {}
        self.changed_lines: dict[int, OrderLine] = {}
        self.changed_refunds: list[Refund] = []
        self.bumped: set[str] = set()

    def record(self) -> list[Outcome]:
        self._start()
        errors = [self._fault(report) for report in self.reports]
        good = [r for r, error in zip(self.reports, errors, strict=True) if error is None]
        self._begin(good)
        self._load(good)
        outcomes = [
            Outcome(report.external_id, None, "refused", error) if error else self._take(report)
            for report, error in zip(self.reports, errors, strict=True)
        ]
        self._write()
        self._audit(outcomes)
        return outcomes

    def _fault(self, report: OrderReport) -> DomainError | None:
        try:
            check_report(report, currency=self.merchant.currency, now=self.now)
        except DomainError as exc:
            return exc
        return None

    def _begin(self, reports: Sequence[OrderReport]) -> None:
        """Insert the orders we do not know yet, as version 0. Whoever inserts first goes on."""
        numbers = {report.external_id for report in reports}
        known = set(
            Order.objects.filter(shop=self.shop, external_id__in=numbers).values_list(
                "external_id", flat=True
            )
        )
        begun: dict[str, Order] = {}
        if self.merchant.state == MerchantState.ACTIVE:
            for report in reports:
                if report.external_id in known or report.external_id in begun:
                    continue
                try:
                    check_creation(report)
                except DomainError:
                    continue  # `_take` says so
                begun[report.external_id] = self._first_version(report)
        fresh = [begun[number] for number in sorted(begun)]
        try:
            with transaction.atomic():
                insert_many(fresh)
            self.begun = begun  # and locked: nobody else sees them yet
        except IntegrityError:  # somebody else began one of them a moment ago
            Order.objects.bulk_create(fresh, ignore_conflicts=True)

    def _first_version(self, report: OrderReport) -> Order:
        void = report.state == OrderState.VOID
        return Order(
            merchant=self.merchant,
            shop=self.shop,
            external_id=report.external_id,
            state=report.state,
            currency=report.currency,
            placed_at=report.placed_at,
            deposit_paid_at=report.deposit_paid_at,
            paid_at=report.paid_at,
            received_at=report.received_at,
            void_at=(report.void_at or report.reported_at) if void else None,
            void_reason=report.void_reason if void else "",
            click_id=report.click_id,
            coupon_code=report.coupon_code,
            reported_at=report.reported_at,
            version=0,
        )

    def _load(self, reports: Sequence[OrderReport]) -> None:
        numbers = {report.external_id for report in reports}
        refunds = {refund.external_id: refund for r in reports for refund in r.refunds}
        found = Order.objects.filter(
            Q(external_id__in=numbers - self.begun.keys()) | Q(pk__in=self._orders_of(refunds)),
            shop=self.shop,
        )
        held = {o.external_id: o for o in found.order_by("pk").select_for_update()}
        self.orders = {**self.begun, **held}
        by_pk = {order.pk: order for order in held.values()}
        for line in OrderLine.objects.filter(order__in=by_pk):
            line.order = by_pk[line.order_id]
            self.lines[line.order.external_id][line.external_id] = line
        lines_by_pk = {line.pk: line for each in self.lines.values() for line in each.values()}
        self.refunds = refunds_known(self.shop, refunds.values())
        for row in (row for rows in self.refunds.values() for row in rows):
            if row.line_id in lines_by_pk:
                row.line = lines_by_pk[row.line_id]
        for row in refunds_waiting(self.shop, numbers):
            same = self.refunds.get(row.external_id, [row])[0]  # one object for one row
            self.waiting[row.awaits].append(same)
        self.sums = refunds_summed(reports, self.refunds, self.waiting, lines_by_pk)
        wanted = {line.product_external_id for r in reports for line in r.lines} - {""}
        self.products = dict(
            Product.objects.filter(shop=self.shop, external_id__in=wanted).values_list(
                "external_id", "pk"
            )
        )

    def _orders_of(self, refunds: Iterable[str]) -> list[int]:
        """The orders of refunds that we hold: a person may have chosen others than the shop."""
        known = Refund.objects.filter(shop=self.shop, external_id__in=list(refunds))
        lines = set(known.exclude(line=None).values_list("line", flat=True))
        rows = OrderLine.objects.filter(pk__in=lines)
        return list(rows.values_list("order", flat=True)) if lines else []

    def _take(self, report: OrderReport) -> Outcome:
        number = report.external_id
        order = self.orders.get(number)
        try:
            if order is not None and order.version == 0:
                order = self._start_over(order, report)
            if order is None and not (report.refunds and not report.lines):
                check_creation(report)
                raise NotAllowed(_("This merchant is not active, so no new order is taken."))
            plan = plan_report(report, order, self.lines[number], self.products)
            plan_refunds(
                plan,
                report,
                order,
                self.lines[number],
                self.refunds,
                self.waiting[number],
                self.sums.get(number, ()),
            )
        except DomainError as exc:
            return Outcome(number, None, "refused", exc)
        is_new = order is not None and order.version == 0
        self._carry_out(plan, number, order)
        waiting = tuple(
            refund.external_id
            for refund in report.refunds
            if self.refunds[refund.external_id][0].state == RefundState.UNMATCHED
        )
        put_by = any(not step.moves_money for step in plan.refunds)
        if order is None:
            return Outcome(number, None, "changed" if put_by else "unchanged", None, waiting)
        change: Change = "stale" if plan.stale else "unchanged"
        if plan.matters:
            change = "created" if is_new else "changed"
            self._bump(order)
        elif put_by:
            change = "changed"
        return Outcome(number, order.pk, change, None, waiting)

    def _start_over(self, order: Order, report: OrderReport) -> Order | None:
        """The report that began the order may have been refused: nothing of it stays."""
        if not report.lines:
            return None
        check_creation(report)
        first = self._first_version(report)
        for name in _ORDER_FIELDS:
            setattr(order, name, getattr(first, name))
        return order

    def _bump(self, order: Order) -> None:
        """One batch is one version, however many reports of it spoke of the order."""
        if order.external_id not in self.bumped:
            order.version += 1
            self.bumped.add(order.external_id)
            self.changed_orders[order.external_id] = order

    def _carry_out(self, plan: Plan, number: str, order: Order | None) -> None:
        if order is not None:
            for name, value in plan.order.items():
                setattr(order, name, value)
                self.changed_orders[number] = order
            for line_number, fresh in plan.lines.items():
                self._line(order, line_number, fresh)
        for step in plan.refunds:
            self._refund(number, step)

    def _refund(self, number: str, step: RefundStep) -> None:
        refund = step.held or Refund(
            shop=self.shop,
            external_id=step.external_id,
            currency=self.merchant.currency,
            reason=step.report.reason[:200],
        )
        line = refund.line if step.line is None else self.lines[number][step.line]
        if step.moves_money and line is not None:
            line.refunded_minor += -step.amount_minor if step.applied_before else step.amount_minor
            if line.pk:
                self.changed_lines[line.pk] = line
            self._bump(line.order)
        if step.state == RefundState.APPLIED:
            refund.applied_at = self.now
        if step.state == RefundState.FAILED:
            refund.failed_at = step.report.refunded_at
        elif step.report.state == "requested":
            refund.requested_at = step.report.refunded_at
        if not (step.held and step.state == RefundState.FAILED):
            refund.refunded_at = step.report.refunded_at
        waits = step.state == RefundState.UNMATCHED
        refund.awaits = number if waits else ""
        refund.state, refund.line, refund.facts = step.state, line, step.facts
        refund.amount_minor = step.amount_minor
        if step.held:
            self.changed_refunds.append(refund)
            return
        self.new_refunds.append(refund)
        self.refunds.setdefault(step.report.external_id, []).append(refund)
        if waits:
            self.waiting[number].append(refund)
        if is_sum(refund.facts):
            self.sums[number].append(refund)

    def _line(self, order: Order, number: str, fresh: dict[str, object]) -> None:
        line = self.lines[order.external_id].get(number)
        if line is None:
            line = OrderLine(order=order, external_id=number, currency=order.currency)
            self.lines[order.external_id][number] = line
            self.new_lines.append(line)
        elif line.pk:
            self.changed_lines[line.pk] = line
        for name, value in fresh.items():
            setattr(line, name, value)

    def _write(self) -> None:
        # A first report that was refused after all leaves no empty order behind.
        empty = [order.pk for order in self.orders.values() if order.version == 0]
        if empty:
            Order.objects.filter(pk__in=empty).delete()
        update_many(self.changed_orders.values(), _ORDER_FIELDS)
        update_many(self.changed_lines.values(), _LINE_FIELDS)
        insert_many(self.new_lines)
        Refund.objects.bulk_create(self.new_refunds, batch_size=5000)
        saved = {refund.pk: refund for refund in self.changed_refunds if refund.pk}
        for refund in saved.values():
            refund.line = refund.line  # a line that was written just now has a key since
        update_many(saved.values(), _REFUND_FIELDS)

    def _audit(self, outcomes: Sequence[Outcome]) -> None:
        counts: dict[str, int] = defaultdict(int)
        for outcome in outcomes:
            counts[outcome.change] += 1
        if counts["created"] or counts["changed"]:
            audit.record("orders.recorded", self.shop, actor=self.actor, **counts)
            self._tell(outcomes)

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        """An order that was made and changed in one batch was made."""
        made = {one.order_pk for one in outcomes if one.order_pk and one.change == "created"}
        changed = {one.order_pk for one in outcomes if one.order_pk and one.change == "changed"}
        merchants = [self.shop.merchant_id]
        orders_tell("order.created", orders=made, merchants=merchants)
        orders_tell("order.changed", orders=changed - made, merchants=merchants)


@transaction.atomic
def orders_auto_receive(*, limit: int = BATCH) -> list[int]:
    """Goods count as received `auto_receive_days` after payment if the shop says nothing.

    Returns the keys of at most `limit` orders that changed; call again until it is empty.
    """
    days = F("merchant__auto_receive_days") * Value(timedelta(days=1))
    due = F("paid_at") + ExpressionWrapper(days, output_field=DurationField())
    orders = list(
        Order.objects.filter(state=OrderState.PAID, paid_at__lte=clock.now())
        .annotate(due_at=due)
        .filter(due_at__lte=clock.now())
        .order_by("pk")
        .select_for_update(of=("self",), skip_locked=True)[:limit]
    )
    per_merchant: dict[int, int] = defaultdict(int)
    for order in orders:
        order.state = OrderState.RECEIVED
        order.received_at = order.due_at
        order.version += 1
        per_merchant[order.merchant_id] += 1
    update_many(orders, ("state", "received_at", "version"))
    for merchant in Merchant.objects.filter(pk__in=per_merchant):
        audit.record("orders.auto_received", merchant, count=per_merchant[merchant.pk])
    orders_tell("order.changed", orders=[order.pk for order in orders], merchants=per_merchant)
    return [order.pk for order in orders]
