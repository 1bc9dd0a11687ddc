"""Orders in a CSV file, by the column mapping that the merchant saved.

Each row has one fate: taken as an order line, applied as a refund, kept as a refund that waits for
a person, or refused with its number and reason. The counts and sums of the fates add up to the
file's. Memory stays flat: a first pass notes which orders do not stand together and what the
refunds ask for, so the second pass holds on to those only.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.kernel.errors import DomainError, Invalid
from merchants.feeds.matching import Bought, match
from merchants.feeds.order_columns import Options, OrderColumns, Row
from merchants.feeds.runs import OnChanged, Tally
from merchants.feeds.table import Table
from merchants.models import ColumnMapping, ImportKind, OrderState
from merchants.services.orders import (
    LineReport,
    OrderReport,
    Outcome,
    RefundReport,
    orders_record,
    refunds_keep,
)

KIND = ImportKind.ORDERS
LABEL = gettext_lazy("Orders (CSV with your own columns)")

BATCH_ORDERS, BATCH_LINES = 1000, 8000
# A report that only brings a refund must not outvote what the shop last said of the order.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def read(
    tally: Tally, file: BinaryIO, mapping: ColumnMapping | None, on_changed: OnChanged
) -> None:
    """Feed the file's orders and refunds to `orders_record`. Raises Invalid for a file or mapping
    that cannot be read at all; a bad row is refused by its number and hurts no other.

    Counts: rows; lines, refunds, unmatched, refused (rows) with their _minor sums, refused split
    into refused_plus_minor and refused_minus_minor; orders_created/changed/unchanged;
    refunds_new/unmatched_new.
    """
    if mapping is None:
        raise Invalid(_("Say first which column means what."))
    table = Table(file, Options.of(mapping.options).encoding)
    columns = OrderColumns(
        mapping.columns,
        mapping.options,
        header=table.header,
        currency=tally.run.merchant.currency,
    )
    _Reader(tally, table, columns, on_changed).run()


@dataclass(slots=True)
class _Sent:
    """A report on its way to `orders_record`, with the rows whose fate it decides."""

    report: OrderReport
    rows: Sequence[Row] = ()
    refund: "_RefundRow | None" = None


@dataclass(slots=True)
class _RefundRow:
    """A refund row, which may undo several lines: its fate is known when all parts are."""

    row: Row
    open_parts: int
    minor: Counter[str] = field(default_factory=Counter)
    errors: list[DomainError] = field(default_factory=list)
    new: bool = False


class _Reader:
    def __init__(
        self, tally: Tally, table: Table, columns: OrderColumns, on_changed: OnChanged
    ) -> None:
        self.tally = tally
        self.counts = tally.counts
        self.table = table
        self.columns = columns
        self.on_changed = on_changed
        self.scattered: dict[str, int] = {}  # order → its last row, if others stand between
        self.wanted: set[tuple[str, str]] = set()  # what refunds ask for
        self.bought: dict[tuple[str, str], list[Bought]] = defaultdict(list)
        self.sent: list[_Sent] = []
        self.lines_sent = 0
        tally.behind = self._behind
        self.kept: list[tuple[RefundReport, _RefundRow]] = []

    def run(self) -> None:
        self._look()
        for rows in self._orders():
            self._order(rows)
            if len(self.sent) >= BATCH_ORDERS or self.lines_sent >= BATCH_LINES:
                self._flush()
        self._flush()

    def _behind(self) -> tuple[int, int]:
        """Rows whose fate is decided, of all that the first pass has counted."""
        fates = ("lines", "refunds", "unmatched", "refused")
        return sum(self.counts[name] for name in fates), self.counts["rows"]

    def _look(self) -> None:
        """The first pass: which orders are scattered, what refunds will look for, how many rows."""
        seen: set[str] = set()
        last = ""
        for frame in self.table.chunks():
            self.counts["rows"] += len(frame)
            for number, order, key in self.columns.keys(frame):
                if (order != last and order in seen) or order in self.scattered:
                    self.scattered[order] = number
                if order != last:
                    seen.add(order)
                    last = order
                if key:
                    self.wanted.add(key)
        self.tally.save()

    def _orders(self) -> Iterator[list[Row]]:
        """Rows by order; a scattered order is held back until its last row has come."""
        held: dict[str, list[Row]] = defaultdict(list)
        rows = (row for frame in self.table.chunks() for row in self.columns.rows(frame))
        for order, group in groupby(rows, key=lambda row: row.order):
            together = list(group)
            if order in self.scattered:
                held[order] += together
                if together[-1].number < self.scattered[order]:
                    continue
                together = held.pop(order)
            yield together

    def _order(self, rows: list[Row]) -> None:
        good = []
        for row in rows:
            if row.fault:
                self._refuse(row, row.fault)
            else:
                good.append(row)
        times: Counter[str] = Counter()
        for row in good:
            if not row.line:
                name = row.product or row.title[:64]
                times[name] += 1
                row.line = f"{name}:{times[name]}"
        lines = [row for row in good if not row.is_refund]
        if lines:
            self._send_lines(lines)
        for row in good:
            if row.is_refund:
                self._send_refund(row)

    # --- Order lines ---

    def _send_lines(self, rows: list[Row]) -> None:
        head = rows[0]
        state = next((row.state for row in rows if row.state), self.columns.options.state)
        paid = state in {OrderState.PAID, OrderState.RECEIVED}
        placed_at = min(row.placed_at for row in rows if row.placed_at)
        presale = head.deposit_paid_at is not None
        paid_at = head.paid_at or (placed_at if paid and not presale else None)
        received = state == OrderState.RECEIVED
        report = OrderReport(
            external_id=head.order,
            state=state,
            currency=self.columns.currency,
            placed_at=placed_at,
            deposit_paid_at=head.deposit_paid_at,
            paid_at=paid_at,
            received_at=head.received_at or ((head.updated_at or paid_at) if received else None),
            reported_at=head.updated_at or self.tally.run.created_at,
            click_id=head.click_id,
            coupon_code=head.coupon,
            lines=[
                LineReport(row.line, row.product, row.title, row.quantity, row.minor, row.deposit)
                for row in rows
            ],
        )
        self.sent.append(_Sent(report, rows))
        self.lines_sent += len(rows)
        for row in rows:
            if row.key in self.wanted:
                self.bought[row.key].append(
                    Bought(row.order, row.line, placed_at, row.unit, row.quantity, row.minor)
                )

    # --- Refunds ---

    def _send_refund(self, row: Row) -> None:
        at = row.placed_at or _LONG_AGO
        pieces, minor = abs(row.quantity), abs(row.minor)
        candidates = self.bought.get(row.key, ()) if row.key else ()
        parts = match(candidates, pieces=pieces, minor=minor, unit=row.unit, at=at)
        refund = _RefundRow(row, len(parts) or 1)
        number = f"{row.order}:{row.line}"
        for place, part in enumerate(parts, 1):
            suffix = f"/{place}" if place > 1 else ""
            report = self._report(row, number + suffix, part.bought.line, part.minor)
            self._send_part(refund, part.bought.order, report)
        if parts:
            return
        if self.columns.options.refund_match == "order" and not candidates:
            # Its order came with an earlier file, or by another door, or not at all.
            line = f"{row.product}:1" if row.product else ""
            report = self._report(row, number, line, minor)
            self._send_part(refund, row.refund_of or row.order, report)
        else:
            self.kept.append((self._report(row, number, "", minor), refund))

    def _report(self, row: Row, number: str, line: str, minor: int) -> RefundReport:
        facts = {"product": row.product, "title": row.title, "pieces": abs(row.quantity)}
        at = row.placed_at or _LONG_AGO
        return RefundReport(number[:100], line, minor, at, facts={**facts, "row": row.number})

    def _send_part(self, refund: _RefundRow, order: str, report: RefundReport) -> None:
        self.sent.append(
            _Sent(
                OrderReport(
                    external_id=order,
                    state=OrderState.PLACED,
                    currency=self.columns.currency,
                    placed_at=_LONG_AGO,
                    reported_at=_LONG_AGO,
                    refunds=(report,),
                ),
                refund=refund,
            )
        )

    # --- What became of it ---

    def _flush(self) -> None:
        run = self.tally.run
        outcomes = orders_record(
            shop=run.shop, reports=[one.report for one in self.sent], actor=run.actor
        )
        for one, outcome in zip(self.sent, outcomes, strict=True):
            if one.refund:
                fate = "unmatched" if outcome.unmatched or not outcome.order_pk else "refunds"
                self._part_done(one.refund, one.report.refunds[0].amount_minor, fate, outcome)
            else:
                self._lines_done(one.rows, outcome)
        kept = refunds_keep(
            shop=run.shop, refunds=[report for report, _row in self.kept], actor=run.actor
        )
        for (report, refund), outcome in zip(self.kept, kept, strict=True):
            self._part_done(refund, report.amount_minor, "unmatched", outcome)
        self.sent, self.kept, self.lines_sent = [], [], 0
        self.tally.save()
        changed = {o.order_pk for o in outcomes if o.change in {"created", "changed"}} - {None}
        if changed:
            self.on_changed(sorted(pk for pk in changed if pk is not None))

    def _lines_done(self, rows: Sequence[Row], outcome: Outcome) -> None:
        if outcome.error:
            for row in rows:
                self._refuse(row, outcome.error)
            return
        self.counts["lines"] += len(rows)
        self.counts["lines_minor"] += sum(row.minor for row in rows)
        change = "unchanged" if outcome.change == "stale" else outcome.change
        self.counts[f"orders_{change}"] += 1

    def _part_done(self, refund: _RefundRow, minor: int, fate: str, outcome: Outcome) -> None:
        refund.open_parts -= 1
        refund.new |= outcome.change == "changed"
        if outcome.error:
            refund.errors.append(outcome.error)
            fate = "refused_minus"
        refund.minor[fate] += minor
        if refund.open_parts:
            return
        for name, amount in refund.minor.items():
            self.counts[f"{name}_minor"] += amount
        if refund.errors:
            row = refund.row
            self.tally.refuse(row.number, refund.errors[0], row.raw, external_id=row.order)
            return
        name = "unmatched" if refund.minor["unmatched"] else "refunds"
        self.counts[name] += 1
        self.counts[f"{name}_new"] += refund.new

    def _refuse(self, row: Row, error: DomainError) -> None:
        sign = "plus" if row.minor > 0 else "minus"
        self.counts[f"refused_{sign}_minor"] += abs(row.minor)
        self.tally.refuse(row.number, error, row.raw, external_id=row.order)
