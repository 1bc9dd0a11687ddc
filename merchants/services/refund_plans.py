"""What follows from the refunds that a report brings: pure, no database (docs/domain.md §4.3).

- A refund is known by its number, which makes it safe to hear twice; the same number with another
  content is refused. Without a line it is spread over the order's lines by what is left of each.
- It is requested, succeeds or fails. Only one that succeeded takes money off its line; one that
  failed or was withdrawn gives it back, and that is final.
- One whose order or line we do not know waits. When its order comes it is taken up; if it does not
  fit then, it goes on waiting for a person.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from alliance.kernel.money import apportion
from merchants.models import Order, OrderLine, Refund, RefundState
from merchants.services.order_reports import (
    PART,
    OrderReport,
    OverRefund,
    Plan,
    RefundReport,
    RefundReused,
    RefundStep,
)

State = RefundState
MEANS = {
    "requested": State.REQUESTED,
    "succeeded": State.APPLIED,
    "failed": State.FAILED,
}


def plan_refunds(
    plan: Plan,
    report: OrderReport,
    order: Order | None,
    lines: Mapping[str, OrderLine],
    known: Mapping[str, Sequence[Refund]],
    waiting: Sequence[Refund],
) -> None:
    """Add to the plan what the report's refunds change, and those that waited for its order.

    `known`: by number what we hold of the refunds, one row per part. Raises OverRefund or
    RefundReused for the report's own; one that waited and does not fit just goes on waiting.
    """
    left = _left(plan, order, lines)
    # What failed goes first: it makes room for what succeeded in its place.
    for refund in sorted(report.refunds, key=lambda refund: refund.state != "failed"):
        facts = _facts(refund, report.external_id)
        held = known.get(refund.external_id, ())
        if held and not _same(held[0], facts, report.currency):
            raise RefundReused(refund=refund.external_id, recorded=held[0].facts)
        plan.refunds += _steps(refund, facts, left, held)
    own = {refund.external_id for refund in report.refunds}
    for row in waiting:
        if row.external_id not in own and row.state == State.UNMATCHED:
            plan.refunds += _taken_up(row, left)


def means(facts: Mapping[str, Any]) -> RefundState:
    """The state that a refund gets once its line is known."""
    return MEANS[facts.get("state", "succeeded")]


def _left(plan: Plan, order: Order | None, lines: Mapping[str, OrderLine]) -> dict[str, int]:
    """Per line: what may still be refunded."""
    if order is None:
        return {}
    paid = {name: line.amount_minor for name, line in lines.items()}
    paid |= {n: c["amount_minor"] for n, c in plan.lines.items() if "amount_minor" in c}
    back = {name: line.refunded_minor for name, line in lines.items()}
    return {name: paid[name] - back.get(name, 0) for name in sorted(paid)}


def _facts(refund: RefundReport, order: str) -> dict[str, Any]:
    facts = {
        **(refund.facts or {}),
        "order": order,
        "line": refund.line_external_id,
        "total_minor": refund.amount_minor,
    }
    if refund.state != "succeeded":
        facts["state"] = refund.state
    return facts


def _same(known: Refund, facts: Mapping[str, Any], currency: str) -> bool:
    """A replay has the same amount, and the same order and line if those were known before."""
    return known.currency == currency and all(
        known.facts.get(name, facts[name]) == facts[name]
        for name in ("order", "line", "total_minor")
    )


def _steps(
    refund: RefundReport, facts: dict[str, Any], left: dict[str, int], held: Sequence[Refund]
) -> list[RefundStep]:
    """From the state we hold to the one that was said."""
    state = MEANS[refund.state]
    if not held:
        if state == State.FAILED:  # remembered, so that an older "succeeded" changes nothing
            return [_step(refund, facts, state, None, refund.amount_minor)]
        return _placed(refund, facts, left, None)
    now = held[0].state
    if now == State.UNMATCHED:
        if state == State.FAILED:
            return [_moved(row, refund, state) for row in held]
        return _placed(refund, facts, left, held[0])
    if (now, state) == (State.REQUESTED, State.APPLIED):
        return [_paid(row, refund, facts, left) for row in held]
    if state == State.FAILED and now != State.FAILED:
        if now == State.APPLIED:
            _make_room(held, facts, left)
        return [_moved(row, refund, state) for row in held]
    return []


def _make_room(held: Sequence[Refund], facts: Mapping[str, Any], left: dict[str, int]) -> None:
    for row in held:
        if row.line and row.line.order.external_id == facts["order"]:
            left[row.line.external_id] += row.amount_minor


def _placed(
    refund: RefundReport, facts: dict[str, Any], left: dict[str, int], held: Refund | None
) -> list[RefundStep]:
    """The refund, on its line, spread over the order's lines, or put by."""
    wanted = refund.line_external_id
    if not left or (wanted and wanted not in left):
        if held is not None and held.facts.get("state") == facts.get("state"):
            return []  # it waits already
        return [_step(refund, facts, State.UNMATCHED, None, refund.amount_minor, held)]
    room = {wanted: left[wanted]} if wanted else left
    if refund.amount_minor > sum(room.values()):
        raise OverRefund(
            refund=refund.external_id,
            line=wanted,
            amount_minor=refund.amount_minor,
            left_minor=sum(room.values()),
        )
    state = MEANS[refund.state]
    steps: list[RefundStep] = []
    for name, part in zip(
        list(room), apportion(refund.amount_minor, list(room.values())), strict=True
    ):
        if part:
            step = _step(refund, facts, state, name, part, None if steps else held)
            if steps:
                step.external_id = f"{refund.external_id}{PART}{len(steps) + 1}"
            steps.append(step)
            if state == State.APPLIED:
                left[name] -= part
    return steps


def _paid(
    row: Refund, refund: RefundReport, facts: Mapping[str, Any], left: dict[str, int]
) -> RefundStep:
    """One that was requested has succeeded."""
    line = row.line
    if line is None:
        raise RefundReused(refund=row.external_id, recorded=row.facts)
    here = line.order.external_id == facts["order"]  # else a person matched it with another order
    room = left[line.external_id] if here else line.amount_minor - line.refunded_minor
    if row.amount_minor > room:
        raise OverRefund(
            refund=refund.external_id,
            line=line.external_id,
            amount_minor=row.amount_minor,
            left_minor=room,
        )
    if here:
        left[line.external_id] -= row.amount_minor
    return _moved(row, refund, State.APPLIED)


def _taken_up(row: Refund, left: dict[str, int]) -> list[RefundStep]:
    """A refund that came before its order, now that the order is here."""
    refund = RefundReport(
        external_id=row.external_id,
        line_external_id=row.facts.get("line", ""),
        amount_minor=row.amount_minor,
        refunded_at=row.refunded_at,
        reason=row.reason,
        state=row.facts.get("state", "succeeded"),
    )
    try:
        return _placed(refund, row.facts, left, row)
    except OverRefund:
        return []


def _step(
    refund: RefundReport,
    facts: dict[str, Any],
    state: RefundState,
    line: str | None,
    amount_minor: int,
    held: Refund | None = None,
) -> RefundStep:
    return RefundStep(state, refund.external_id, line, amount_minor, refund, facts, held)


def _moved(row: Refund, refund: RefundReport, state: RefundState) -> RefundStep:
    facts = {**row.facts, "state": refund.state}
    return RefundStep(state, row.external_id, None, row.amount_minor, refund, facts, row)
