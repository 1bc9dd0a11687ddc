"""The rules of the machine for statements: told at once or months later, a statement closes with
what was so when its month was closed, and whoever reads it without us finds it whole."""

from datetime import date

from hypothesis.stateful import precondition, rule

from alliance.kernel import clock
from commissions import queries, tasks
from commissions.models import Settlement, Statement
from commissions.services.statements import statements_issue
from commissions.statements import keys
from commissions.statements.file import file_of
from commissions.verify import verify
from tests.commissions.statements.files import verdict
from tests.proof.trade import Trade

Owner = tuple[str, int]  # its kind, and its key


class Telling(Trade):
    @precondition(lambda self: self.untold)
    @rule()
    def the_settlements_are_told(self):
        """Of the last month, or of several at a time."""
        self.seen["told together"] += len(self.untold) > 1
        self.seen["told late"] += self._moved_since()
        with clock.at(self.now):
            tasks.statements_sweep()
            tasks.statements_sweep()
        self.untold.clear()
        self._read()

    @precondition(lambda self: len(self.untold) > 1)
    @rule()
    def a_later_settlement_is_to_be_told_first(self):
        *_earlier, last = Settlement.objects.order_by("month")
        with clock.at(self.now):
            assert statements_issue(last) == 0
        self.seen["waits for an earlier one"] += 1

    def finish(self) -> None:
        """One month more, so that all that happened is told."""
        self.to_settlement_day()
        self.settled_by(self.settle_by_hand)
        self.the_settlements_are_told()
        assert verify() == []
        self.seen["machines"] += 1

    def _moved_since(self) -> bool:
        """Whether a balance is no longer what it was at the last closing."""
        held = self.held()
        return any(held[who] != figures for who, figures in self.closings[self.untold[-1]].items())

    def _read(self) -> None:
        """Every statement there is, against the model and by the verifier that shares no code."""
        before: dict[Owner, Statement] = {}
        files: dict[int, bytes] = {}
        known = [key.public for key in queries.statement_keys()]
        assert known == [keys.public()]
        told: dict[tuple[Owner, date], Statement] = {}
        for one in Statement.objects.order_by("pk"):
            owner = (one.kind, one.affiliate_id or one.merchant_id)
            earlier = before.get(owner)
            files[one.pk] = "".join(file_of(one, queries.statement_lines(one))).encode()
            code, said = verdict(
                files[one.pk], *known, previous=files[earlier.pk] if earlier else None
            )
            assert code == 0, said
            told[owner, one.month] = before[owner] = one
            self.seen.update(f"row {kind}" for kind in one.sums)
        settled = list(self.closings)
        for at, affiliate in enumerate(self.world.affiliates):
            so = {month: figures[at] for month, figures in self.closings.items()}
            self._compare(("affiliate", affiliate.pk), so, told)
        so = {month: so for month, so in self.month_ends.items() if month <= settled[-1]}
        self._compare(("merchant", self.cast.merchant.pk), so, told)

    @staticmethod
    def _compare(
        owner: Owner,
        so: dict[date, dict[str, int]],
        told: dict[tuple[Owner, date], Statement],
    ) -> None:
        """Each statement closes with what was so then; where there is none, nothing had changed."""
        last: dict[str, int] | None = None
        for month, figures in so.items():
            statement = told.get((owner, month))
            if statement is None:
                assert last is None or figures == last, (owner, month)
            else:
                assert statement.closing == figures, (owner, month)
            last = figures
