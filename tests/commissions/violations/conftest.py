"""Two orders of May, received; three people who may open and decide cases."""

from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from commissions import tasks
from commissions.services.appeals import appeal_decide, appeal_file
from commissions.services.violations import violation_open
from commissions.verify import verify
from tests.cast import cast_make, staff_make

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
RECEIVED = MAY + timedelta(days=5)


class Court:
    """The cast, and those who judge: opened by `anna`, answered by `ben` and `cora`."""

    def __init__(self) -> None:
        with clock.at(MAY - timedelta(days=1)):
            self.cast = cast_make()
        self.anna, self.ben, self.cora = (staff_make(StaffRole.RISK) for _n in range(3))

    def order(self, number="T1", received=True, at=MAY, **changes):
        with clock.at(at):
            made = self.cast.sold(number, **changes)
        if not received:
            return made
        with clock.at(at + timedelta(days=5)):
            return self.cast.received(number, placed_at=made.placed_at, paid_at=made.placed_at)

    def open(self, target, *, follow=True, **said):
        """A case for traffic hijacking, by Anna, and what follows from it at once."""
        case = violation_open(
            actor=self.anna,
            target=target,
            **{"reason": 25, "consequence": "invalidate", "text": "Seen in the log.", **said},
        )
        if follow:
            tasks.violation_apply(case.pk)
        return case

    def appeal(self, case, text="It was me who recommended it."):
        return appeal_file(actor=self.cast.lin, violation=case, text=text)

    def answer(self, appeal, by, *, grant):
        appeal_decide(actor=by, appeal=appeal, grant=grant, answer="We looked at it.")
        tasks.violation_apply(appeal.violation_id)

    @contextmanager
    def after(self, **delta):
        with clock.at(clock.now() + timedelta(**delta)):
            yield

    def balances(self):
        """Frozen, pending, payable of the affiliate and the merchant's wallet, as decimals."""
        return tuple(
            str(self.cast.balance(code).decimal)
            for code in (
                f"affiliate:{self.cast.affiliate.pk}:frozen",
                f"affiliate:{self.cast.affiliate.pk}:pending",
                f"affiliate:{self.cast.affiliate.pk}:payable",
                f"merchant:{self.cast.merchant.pk}:wallet",
            )
        )


@pytest.fixture
def court(transactional_db):
    made = Court()
    with clock.at(RECEIVED + timedelta(days=1)):
        yield made
    assert verify() == []
