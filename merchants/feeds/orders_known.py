"""Orders out of exports whose layout we know (`layouts`), order by order.

Such a file tells of an order what is so now: how much came back in all, and that goods arrived, but
not when. So what it says is held against what we know already, and the difference is reported. A
refund that comes under its own number later replaces it (`refund_plans`): it counts once.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from alliance.kernel.errors import Invalid
from merchants import queries
from merchants.feeds.layouts import Layout
from merchants.feeds.layouts.sale import Sale, SourceRow
from merchants.feeds.runs import OnChanged, RowFault, Tally
from merchants.feeds.table import EXTRA, Table
from merchants.models import ColumnMapping, ImportKind, OrderState
from merchants.queries import OrderHeld
from merchants.services.order_reports import SUM
from merchants.services.orders import OrderReport, Outcome, RefundReport, orders_record

BATCH = 1000


class KnownOrders:
    """The feed of one layout."""

    KIND: ImportKind = ImportKind.ORDERS

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.LABEL: Any = layout.LABEL

    def read(
        self,
        tally: Tally,
        file: BinaryIO,
        mapping: ColumnMapping | None,
        on_changed: OnChanged,
    ) -> None:
        """Feed the file's orders to `orders_record`.

        Counts: rows, of which are refused; lines, refunds with their _minor sums;
        orders_created/changed/unchanged. Raises Invalid for a file without the layout's columns.
        """
        table = Table(file)
        if not self.layout.recognises({name.casefold() for name in table.header}):
            raise Invalid(_("The file is not an export of %(shop)s.") % {"shop": self.LABEL})
        reader = _Reader(tally, self.layout, on_changed)
        orders = iter(groupby(_rows(table, self.layout), key=lambda pair: pair[0]))
        while batch := [
            (number, [row for _number, row in rows]) for number, rows in islice(orders, BATCH)
        ]:
            reader.take(batch)


def _rows(table: Table, layout: Layout) -> Iterator[tuple[str, SourceRow]]:
    """Each row with the number of its order. One without a number goes on with the order above."""
    lower = {name: name.casefold() for name in table.header}
    last = ""
    for frame in table.chunks(BATCH):
        for number, record in zip(frame.index, frame.to_dict("records"), strict=True):
            raw = {str(name): str(cell) for name, cell in record.items() if name != EXTRA}
            row = SourceRow(number, {lower[name]: cell for name, cell in raw.items()}, raw)
            last = row.any(*layout.ORDER) or last
            yield last, row


class _Reader:
    def __init__(self, tally: Tally, layout: Layout, on_changed: OnChanged) -> None:
        self.tally, self.counts, self.run = tally, tally.counts, tally.run
        self.layout = layout
        self.on_changed = on_changed
        self.currency = self.run.merchant.currency
        self.seen: set[str] = set()

    def take(self, orders: Sequence[tuple[str, list[SourceRow]]]) -> None:
        held = queries.orders_held(self.run.shop, [number for number, _rows in orders])
        sent: list[tuple[OrderReport, list[SourceRow]]] = []
        for number, rows in orders:
            self.counts["rows"] += len(rows)
            try:
                sent.append((self._report(number, rows, held), rows))
            except Invalid as fault:
                self._refuse(number, rows, fault)
        outcomes = orders_record(
            shop=self.run.shop, reports=[report for report, _rows in sent], actor=self.run.actor
        )
        for (report, rows), outcome in zip(sent, outcomes, strict=True):
            self._done(report, rows, outcome)
        self.tally.save()
        changed = {o.order_pk for o in outcomes if o.change in {"created", "changed"}} - {None}
        if changed:
            self.on_changed(sorted(pk for pk in changed if pk is not None))

    def _report(
        self, number: str, rows: list[SourceRow], held: Mapping[str, OrderHeld]
    ) -> OrderReport:
        if not number:
            raise RowFault("no_order", _("The row has no order number."), field="order")
        if number in self.seen:
            raise RowFault(
                "order_again", _("This order came before, and not in one piece."), field="order"
            )
        self.seen.add(number)
        sale = self.layout.sale(rows, self.currency)
        if not sale.lines:
            raise RowFault("no_lines", _("The order has no items."), field="order")
        return report_of(
            number, sale, held.get(number), currency=self.currency, at=self.run.created_at
        )

    def _done(self, report: OrderReport, rows: list[SourceRow], outcome: Outcome) -> None:
        if outcome.error:
            self._refuse(report.external_id, rows, outcome.error)
            return
        self.counts["lines"] += len(report.lines)
        self.counts["lines_minor"] += sum(line.amount_minor for line in report.lines)
        self.counts["refunds"] += len(report.refunds)
        self.counts["refunds_minor"] += sum(refund.amount_minor for refund in report.refunds)
        change = "unchanged" if outcome.change == "stale" else outcome.change
        self.counts[f"orders_{change}"] += 1

    def _refuse(self, number: str, rows: list[SourceRow], fault: Any) -> None:
        for row in rows:
            self.tally.refuse(row.number, fault, row.raw, external_id=number)


def report_of(
    number: str, sale: Sale, held: OrderHeld | None, *, currency: str, at: datetime
) -> OrderReport:
    """What is new in the sale, as a report. `at`: when the file came.

    An order whose lines another door named keeps them: they would count twice.
    """
    paid = sale.state in {OrderState.PAID, OrderState.RECEIVED}
    paid_at, received_at = sale.paid_at, sale.received_at
    if held is not None and held.paid_at:
        paid_at = None
    elif paid and not paid_at:
        paid_at = sale.placed_at
    if sale.received and not received_at and not (held and held.received_at):
        received_at = max(filter(None, (at, paid_at)))
    ids = {line.external_id for line in sale.lines}
    strange = held is not None and not ids & set(held.lines)
    so_far = min(sale.refunded_minor, sale.minor)  # freight may come back, too
    came_back = so_far - (held.refunded_minor if held else 0)
    refund = RefundReport(f"{number}:{so_far}", "", came_back, at, facts=SUM, capped=True)
    return OrderReport(
        external_id=number,
        state=sale.state,
        currency=sale.currency.upper() or currency,
        placed_at=sale.placed_at,
        reported_at=at,
        paid_at=paid_at,
        received_at=received_at,
        void_at=sale.void_at,
        void_reason=sale.void_reason,
        click_id=sale.click_id,
        coupon_code=sale.coupon[:40],
        lines=() if strange else tuple(sale.lines),
        refunds=(refund,) if came_back > 0 else (),
    )
