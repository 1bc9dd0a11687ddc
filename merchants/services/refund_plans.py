"""What follows from the refunds that a report brings: pure, no database (docs/domain.md §4.3).

- A refund is known by its number, which makes it safe to hear twice; the same number with another
  content is refused. Without a line it is spread over the order's lines by what is left of each.
- What a shop's system says by itself (`capped`) is never refused for its amount: that would shut
  out whatever else it says of the order, again and again.
- It is requested, succeeds or fails. Only one that succeeded takes money off its line; one that
  failed or was withdrawn gives it back, and that is final.
- One whose order or line we do not know waits. When its order comes it is taken up; if it does not
  fit then, it goes on waiting for a person.
- An export says of an order how much came back in all, and no numbers. What its sum had more than
  we knew counts like a refund, until one that is in it comes under its number: this takes its
  place, and the rest of the sum stays. So the same refund counts once, whoever tells of it first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from alliance.kernel.money import apportion
from merchants.models import Order, OrderLine, Refund, RefundState
from merchants.services.order_reports import (
    PART,
    SUM,
    OrderReport,
    OverRefund,
    Plan,
    RefundReport,
    RefundReused,
    RefundStep,
)

State = RefundState
OPEN = frozenset({State.REQUESTED, State.UNMATCHED})  # known, and has taken nothing yet
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
    sums: Sequence[Refund] = (),
) -> None:
    """Add to the plan what the report's refunds change, and those that waited for its order.

    `known`: by number what we hold of the refunds, one row per part. `sums`: what exports' sums
    had more, the oldest first. Raises OverRefund or RefundReused for the report's own; one that
    waited and does not fit just goes on waiting.
    """
    left = _left(plan, order, lines)
    taking = _taking(report, known, waiting, left)
    rest = _withdrawn(plan, sums, taking, report, left)
    # What failed goes first: it makes room for what succeeded in its place.
    for refund in sorted(report.refunds, key=lambda refund: refund.state != "failed"):
        held = known.get(refund.external_id, ())
        if refund.capped and (not held or held[0].state == State.UNMATCHED):
            refund = _fitting(_without(refund, taking), left)  # noqa: PLW2901
        if not refund.amount_minor:
            continue
        facts = _facts(refund, report.external_id)
        if held and not _same(held[0], facts, report.currency, capped=refund.capped):
            raise RefundReused(refund=refund.external_id, recorded=held[0].facts)
        plan.refunds += _steps(refund, facts, left, held)
    own = {refund.external_id for refund in report.refunds}
    for row in waiting:
        if row.external_id not in own and row.state == State.UNMATCHED:
            plan.refunds += _taken_up(row, left)
    if rest is not None:
        rest = _fitting(rest, left)
        if rest.amount_minor:
            plan.refunds += _placed(rest, _facts(rest, report.external_id), left, None)


def is_sum(facts: Mapping[str, Any] | None) -> bool:
    return facts is not None and facts.get("by") == SUM["by"]


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


def _fitting(refund: RefundReport, left: Mapping[str, int]) -> RefundReport:
    """As much of it as is left: of its line, else of the order; maybe nothing."""
    if not left or refund.amount_minor <= left.get(refund.line_external_id, 0):
        return refund
    most = min(refund.amount_minor, sum(left.values()))
    return replace(refund, line_external_id="", amount_minor=most)


def _same(known: Refund, facts: Mapping[str, Any], currency: str, *, capped: bool) -> bool:
    """A replay has the same amount, and the same order and line if those were known before."""
    names = ("order",) if capped else ("order", "line", "total_minor")
    return known.currency == currency and all(
        known.facts.get(name, facts[name]) == facts[name] for name in names
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
    try:
        return _placed(_as_said(row), row.facts, left, row)
    except OverRefund:
        return []


def _as_said(row: Refund) -> RefundReport:
    return RefundReport(
        external_id=row.external_id,
        line_external_id=row.facts.get("line", ""),
        amount_minor=row.amount_minor,
        refunded_at=row.refunded_at,
        reason=row.reason,
        state=row.facts.get("state", "succeeded"),
    )


# --- The sums of exports --------------------------------------------------------------------------


def _taking(
    report: OrderReport,
    known: Mapping[str, Sequence[Refund]],
    waiting: Sequence[Refund],
    left: Mapping[str, int],
) -> list[RefundReport]:
    """The refunds with a number that begin to take money off the order now."""
    own = {refund.external_id: refund for refund in report.refunds}
    late = [
        _as_said(row)
        for row in waiting
        if row.external_id not in own and row.state == State.UNMATCHED
    ]
    return [
        refund
        for refund in [*own.values(), *late]
        if not is_sum(refund.facts)
        and MEANS[refund.state] == State.APPLIED
        and (not refund.line_external_id or refund.line_external_id in left)
        and all(_begins(row, report.external_id) for row in known.get(refund.external_id, ()))
    ]


def _without(refund: RefundReport, taking: Sequence[RefundReport]) -> RefundReport:
    """A sum: without the refunds that waited for its order, which are in it."""
    if not is_sum(refund.facts):
        return refund
    more = refund.amount_minor - sum(one.amount_minor for one in taking)
    return replace(refund, amount_minor=max(more, 0))


def _begins(row: Refund, order: str) -> bool:
    elsewhere = row.line is not None and row.line.order.external_id != order
    return row.state in OPEN and not elsewhere


def _withdrawn(
    plan: Plan,
    sums: Sequence[Refund],
    taking: Sequence[RefundReport],
    report: OrderReport,
    left: dict[str, int],
) -> RefundReport | None:
    """Take the sums back if any of these refunds is in them; return what of them is none of these.

    A refund made after the export is in no sum of it. Whether one of before is, nobody can say: it
    counts as if. The next export has the sum of then, and what is missing.
    """
    rows = [row for row in sums if row.state == State.APPLIED]
    within = 0
    for refund in taking:
        until = sum(
            row.amount_minor
            for row in rows
            if not refund.dated or refund.refunded_at <= row.refunded_at
        )
        within += min(refund.amount_minor, max(until - within, 0))
    if not within:
        return None
    _make_room(rows, {"order": report.external_id}, left)
    at = max(refund.refunded_at for refund in taking)
    for row in rows:
        gone = replace(_as_said(row), refunded_at=at, state="failed")
        plan.refunds.append(_moved(row, gone, State.FAILED))
    newest, rest = rows[-1], sum(row.amount_minor for row in rows) - within
    number = newest.facts.get("rest_of") or newest.external_id.partition(PART)[0]
    facts = {**SUM, "rest_of": number}
    return RefundReport(f"{number}/{rest}", "", rest, newest.refunded_at, facts=facts)


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
