"""The rules of the machine for cases: an order's money held back, given free or taken for good."""

from dataclasses import dataclass
from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from alliance.kernel import clock
from commissions import tasks
from commissions.models import Commission, Violation
from commissions.services.violations import violation_open, violation_release
from tests.proof.model import Line, Sale
from tests.proof.trade import Trade, some

OPEN_FOR = ("placed", "unfunded", "estimated", "confirmed")


@dataclass
class Case:
    """`due`: nobody has brought the commission after it yet."""

    row: Violation
    sale: Sale
    line: Line
    state: str = "open"
    due: bool = True
    decided_at: datetime | None = None

    def wants(self, hold: str) -> None:
        self.due, self.line.wanted = True, hold

    @property
    def astray(self) -> bool:
        wanted, hold = self.line.wanted, self.line.hold
        return self.line.state != "settled" and not (
            hold == wanted or (wanted == "frozen" and hold == "barred")
        )


class Cases(Trade):
    @rule(back=some, told=st.booleans())
    def an_order_is_looked_into(self, back, told):
        looked_at = [id(case.line) for case in self.cases]
        free = [
            (sale, line, said.external_id)
            for sale in reversed(self.books.sales)
            for line, said in zip(sale.lines, sale.report.lines, strict=True)
            if line.state in OPEN_FOR and id(line) not in looked_at
        ]
        if not free:
            return
        sale, line, number = free[back % len(free)]
        with clock.at(self.now):
            row = violation_open(
                actor=self.cast.finance,
                target=Commission.objects.get(line__external_id=number),
                reason=25,
                consequence="invalidate",
                text="look",
            )
        self.cases.append(Case(row, sale, line))
        self.cases[-1].wants("frozen")
        if told:
            self._apply(self.cases[-1])
            self.seen["order frozen"] += line.state == "frozen"

    @precondition(lambda self: [case for case in self.cases if case.state != "released"])
    @rule(at=st.integers(0, 3), told=st.booleans())
    def a_case_is_released(self, at, told):
        """Also one that was upheld, as long as that can be undone."""
        cases = [case for case in self.cases if case.state != "released"]
        case = cases[at % len(cases)]
        if case.decided_at and (self.now - case.decided_at).days >= 15:
            return
        self.seen["freed again"] += case.line.state == "frozen"
        with clock.at(self.now):
            violation_release(actor=self.cast.finance2, violation=case.row, words="not proven")
        case.state = "released"
        case.wants("")
        if told:
            self._apply(case)

    @precondition(lambda self: self.cases)
    @rule()
    def cases_are_swept(self):
        self.cases_expire()
        with clock.at(self.now):
            tasks.violations_sweep()

    def cases_expire(self) -> None:
        """Nobody appealed within the time: the money is the merchant's again."""
        for case in self.cases:
            if case.state == "open" and self.now >= case.row.appeal_until:
                case.state, case.decided_at = "upheld", self.now
                case.wants("barred")
        for case in self.cases:
            before = case.line.state
            self._model_apply(case)
            self.seen["taken for good"] += before == "frozen" and case.line.state == "void"

    def _apply(self, case: Case) -> None:
        self._model_apply(case)
        with clock.at(self.now):
            tasks.violation_apply(case.row.pk)

    def _model_apply(self, case: Case) -> None:
        if case.due and case.astray:
            self.books.process([case.sale])
        case.due = False
