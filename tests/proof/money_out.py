"""The rules of the machine for money on its way out: withdrawals, their tax, debts let go."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from alliance.kernel import clock
from alliance.kernel.money import Money
from commissions import tasks
from commissions.models import Payout
from commissions.services import payouts, taxes, write_offs
from tests.proof.model import Withdrawal, WriteOff
from tests.proof.trade import MINIMUM, Trade, some, who

OPEN = ("requested", "ready", "sending")


class MoneyOut(Trade):
    # --- Withdrawals -----------------------------------------------------------------------------

    @rule(who=who, tenths=st.sampled_from([10, 10, 10, 5, 11]))
    def somebody_withdraws(self, who, tenths):
        position = self.books.position(who)
        minor = max(position, MINIMUM) * tenths // 10
        busy = who in [one.who for one in self.books.out(*OPEN)]
        if self.frozen[who] or busy or not MINIMUM <= minor <= position:
            with self.refused():
                self.withdraw(who, minor)
            self.seen["withdrawal in debt"] += position < 0
            return
        month = clock.month_start(clock.business_day(self.now))
        with clock.at(self.now):
            made = self.withdraw(who, minor)
        self.books.withdrawals.append(
            Withdrawal(made.pk, who, minor, month, self.books.tax_on(who, minor, month))
        )
        assert made.tax_minor == self.books.withdrawals[-1].tax
        self.seen["withdrawn"] += 1

    @precondition(lambda self: self.books.out(*OPEN))
    @rule(at=st.integers(0, 1), fine=st.sampled_from([True, True, False]))
    def a_withdrawal_moves_on(self, at, fine):
        """Released or refused; sent, twice; arrived or returned."""
        under_way = self.books.out(*OPEN)
        one = under_way[at % len(under_way)]
        row = Payout.objects.get(pk=one.pk)
        if one.state == "ready":
            with clock.at(self.now):
                tasks.payout_send(one.pk)
                tasks.payout_send(one.pk)
            one.state = "ready" if self.frozen[one.who] else "sending"
        elif not fine:
            self._back(one, "refused payout" if one.state == "requested" else "failed payout")
            with clock.at(self.now):
                payouts.payout_fail(payout=row, reason="no", actor=self.cast.finance2)
        elif one.state == "sending":
            with self.refused():
                payouts.payout_mark_paid(payout=row, rail_ref="B1", actor=self.cast.finance)
            with clock.at(self.now):
                payouts.payout_mark_paid(payout=row, rail_ref="B1", actor=self.cast.finance2)
            one.state = "paid"
            self.seen["paid out"] += 1
        elif self.frozen[one.who]:
            with self.refused():
                payouts.payout_release(actor=self.cast.finance, payout=row)
            self.seen["held by a freeze"] += 1
        else:
            with self.refused():
                payouts.payout_release(actor=self.world.users[one.who], payout=row)
            with clock.at(self.now):
                payouts.payout_release(actor=self.cast.finance, payout=row)
            one.state = "ready"

    def _back(self, one: Withdrawal, what: str) -> None:
        self.seen[what] += 1
        self.seen["failed into a debt"] += self.books.position(one.who) < 0
        self.books.come_back(one, "failed")
        self.seen["tax given back"] += one.tax_back > 0

    @precondition(lambda self: self.books.out("paid", "failed"))
    @rule(back=some, paid=st.booleans())
    def what_is_over_is_told_again(self, back, paid):
        over = self.books.out("paid", "failed")
        row = Payout.objects.get(pk=over[-1 - back % len(over)].pk)
        with self.refused():
            if paid:
                payouts.payout_mark_paid(payout=row, rail_ref="B2", actor=self.cast.finance2)
            else:
                payouts.payout_fail(payout=row, reason="again", actor=self.cast.finance2)
        with clock.at(self.now):
            tasks.payout_send(row.pk)
            tasks.payouts_reconcile()
        for one in self.books.out("ready"):
            one.state = "ready" if self.frozen[one.who] else "sending"
        self.seen["told after the end"] += 1

    # --- The tax office --------------------------------------------------------------------------

    @precondition(lambda self: any(one.tax for one in self.books.withdrawals))
    @rule(fine=st.sampled_from([True, True, False]))
    def the_tax_of_last_month_is_paid(self, fine):
        cast, month = self.cast, clock.previous_month(self.now.date())
        owed = self.books.owed_to_the_office(month)
        if sum(owed.values()) <= 0:
            with self.refused():
                taxes.tax_remittance_prepare(actor=cast.finance, month=month, currency="CNY")
            return
        with clock.at(self.now):
            made = taxes.tax_remittance_prepare(actor=cast.finance, month=month, currency="CNY")
        with self.refused():
            taxes.tax_remittance_confirm(actor=cast.finance, remittance=made, reference="T")
        with clock.at(self.now):
            if not fine:
                taxes.tax_remittance_drop(actor=cast.finance2, remittance=made)
                return
            taxes.tax_remittance_confirm(actor=cast.finance2, remittance=made, reference="T")
        for one in self.books.withdrawals:
            one.remitted += owed.get(one.pk, 0)
        with self.refused():
            taxes.tax_remittance_confirm(actor=cast.finance2, remittance=made, reference="T")
        self.seen["tax remitted"] += 1

    # --- Debts let go ----------------------------------------------------------------------------

    @precondition(lambda self: min(self.books.position(0), self.books.position(1)) < 0)
    @rule(tenths=st.sampled_from([10, 5, 11]), borne=st.booleans(), fine=st.booleans())
    def a_debt_is_let_go(self, tenths, borne, fine):
        cast, who = self.cast, int(self.books.position(1) < self.books.position(0))
        debt = -self.books.position(who)
        minor = max(debt * tenths // 10, 1)
        facts = {
            "affiliate": self.world.affiliates[who],
            "amount": Money(minor, "CNY"),
            "reason": "gone",
            "merchant": cast.merchant if borne else None,
        }
        if minor > debt:
            with self.refused():
                write_offs.write_off_request(actor=cast.finance, **facts)
            return
        with clock.at(self.now):
            made = write_offs.write_off_request(actor=cast.finance, **facts)
        with self.refused():
            write_offs.write_off_approve(actor=cast.finance, write_off=made)
        if borne and minor > self.books.wallet + self.books.credit:
            with self.refused():
                write_offs.write_off_approve(actor=cast.finance2, write_off=made)
            fine = False
        with clock.at(self.now):
            if not fine:
                write_offs.write_off_refuse(actor=cast.finance2, write_off=made)
                return
            write_offs.write_off_approve(actor=cast.finance2, write_off=made)
        self.books.write_offs.append(WriteOff(who, minor, borne))
        with self.refused():
            write_offs.write_off_approve(actor=cast.finance2, write_off=made)
        self.seen["debt let go"] += 1
