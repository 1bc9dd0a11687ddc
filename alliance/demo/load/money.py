"""The year's money: merchants' top-ups, the monthly settlement, affiliates' withdrawals."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from itertools import accumulate

from alliance.demo.catalogue import products
from alliance.demo.dice import Dice
from alliance.demo.load.shops import ON_CREDIT
from alliance.demo.load.stage import CURRENCY, Promoter, Seller, Stage
from alliance.demo.load.year import Year, turns
from alliance.demo.people import DEMO_AFFILIATE, Role
from alliance.kernel import clock
from alliance.kernel.limits import limit
from alliance.kernel.money import Money
from commissions import chart, ledger, queries, rails, tasks
from commissions.models import Payout
from commissions.services import (
    bank_files,
    payouts,
    periods,
    settlements,
    statements,
    taxes,
    wallets,
)

DRY = ("miaowang", "heluna")  # their last top-up was too small: buyers' orders wait for money
DRY_DAYS = 9
AHEAD = timedelta(days=75)  # how far a top-up is meant to reach
ROUND, ROUND_SMALL = 500_00, 50_00
WITHDRAWS_BPS, WITHDRAW_NOW_BPS = 2400, 4500  # of those with money; after the last settlement
WEEK, HALF_A_DAY = timedelta(days=7), timedelta(hours=12)
ACCOUNTS_AHEAD = timedelta(days=4)  # withdrawals to a newer account would be held
LEAST = 5_00  # that anybody bothers to withdraw
WAITING_FOR_RELEASE, BEING_SENT = 5, 4  # what finance finds on its desk today
NOTES = ("账号与户名不符，请核对后重新申请", "收款账户已注销，请更换账户")
BY_FILE = (Role.KA, Role.TRAFFIC)  # are paid by the bank's file, the others by hand
BANKS = ("支付宝", "招商银行", "中国工商银行", "微信支付", "中国建设银行")


class Wallets:
    """Merchants look at their wallet when a step begins, and top it up to last a while."""

    def __init__(self, stage: Stage, year: Year) -> None:
        self.stage = stage
        self._slips = 0
        rates = {product.code: product.rate_bps for product in products()}
        costs: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        for order in year.orders:
            if order.touches:
                due = sum(line.amount_minor * rates[line.product] for line in order.lines)
                costs[order.merchant].append((order.placed_at, due // 10_000))
        self._costs = {
            code: ([at for at, _due in known], [0, *accumulate(due for _at, due in known)])
            for code, known in costs.items()
        }
        begins = [clock.day_start(stage.start - timedelta(days=1)), *year.ends[:-1]]
        for begin, end in zip(begins, year.ends, strict=True):
            for number, code in enumerate(self._costs):
                moment = min(begin + timedelta(minutes=40 + 13 * number), end)
                stage.agenda.at(moment, self._look, stage.sellers[code], end)

    def _cost(self, code: str, since: datetime, until: datetime) -> int:
        """What the shop's orders of that time will cost; beyond today as in the last weeks."""
        moments, sums = self._costs[code]
        known = sums[bisect_right(moments, until)] - sums[bisect_left(moments, since)]
        if until <= self.stage.now:
            return known
        recent = sums[-1] - sums[bisect_left(moments, self.stage.ago(days=40))]
        return known + recent * (until - max(since, self.stage.now)).days // 40

    def _look(self, seller: Seller, until: datetime) -> None:
        code, now = seller.facts.code, clock.now()
        tight = code in DRY or code == ON_CREDIT
        if tight and now >= self.stage.ago(days=DRY_DAYS):
            return
        held = ledger.balance(chart.wallet(seller.merchant.pk), CURRENCY).minor
        if tight:
            until, margin = min(until, self.stage.ago(days=DRY_DAYS)), 75
        else:
            margin = 118
        if held >= self._cost(code, now, until) * margin // 100:
            return
        reach = until if tight else max(until, now + AHEAD)
        missing = self._cost(code, now, reach) * margin // 100 - held
        step = ROUND_SMALL if tight else ROUND
        amount = max(1, -(-missing // step)) * step
        self._top_up(seller, Money(amount, CURRENCY))

    def _top_up(self, seller: Seller, amount: Money) -> None:
        """Announced by the merchant; what is too much for one person is booked by another."""
        staff, merchant = self.stage.staff, seller.merchant
        if amount <= limit("TOP_UP_LIMIT_MINOR", CURRENCY):
            made = wallets.top_up_announce(actor=seller.user, merchant=merchant, amount=amount)
        else:
            self._slips += 1
            made = wallets.top_up_book(
                actor=staff["finance2"],
                merchant=merchant,
                amount=amount,
                receipt=f"{clock.business_day():%Y%m%d}{self._slips:06d}",
            )
        arrives = min(clock.now() + timedelta(minutes=35), self.stage.now)
        with clock.at(arrives):
            wallets.top_up_receive(actor=staff["finance"], top_up=made)
            tasks.merchant_funded(seller.merchant.pk)


def settlements_plan(stage: Stage) -> None:
    """On each 20th at two the month before settles; ten days later its books are closed."""
    days = turns(stage)
    rounds = [day for day in days if _opening(day) < stage.now]
    for day in days:
        night = datetime.combine(day, time(2), clock.ZONE)
        if night > stage.now:
            continue
        last = day == rounds[-1] if rounds else True
        stage.agenda.at(night - ACCOUNTS_AHEAD, _name_accounts, stage)
        stage.agenda.at(night, _settle, stage, day, last=last)
        closing = night + timedelta(days=10, hours=8)
        if closing < stage.now:
            stage.agenda.at(closing, _close_books, stage, day)


def _settle(stage: Stage, day: date, *, last: bool) -> None:
    month = clock.previous_month(day)
    for currency in settlements.currencies_due(month):
        settled = settlements.settlement_run(month=month, currency=currency)
        statements.statements_issue(settled)
    tasks.invoices_issue()
    _Withdrawals(stage, day, last=last).plan()


def _name_accounts(stage: Stage) -> None:
    """Whoever may want to withdraw says in time where to."""
    for promoter in stage.promoters.values():
        if promoter.affiliate.payee_accounts.exists():
            continue
        dice = Dice("payee", promoter.facts.code)
        by_file = promoter.facts.role in BY_FILE and "bank_file" in rails.offered([CURRENCY])
        payouts.payee_set(
            actor=promoter.user,
            affiliate=promoter.affiliate,
            holder=promoter.facts.name,
            institution=dice.pick(BANKS),
            number="6222" + "".join(str(dice.below(10)) for _digit in range(12)),
            rail="bank_file" if by_file else "manual",
        )


def _close_books(stage: Stage, day: date) -> None:
    """The month is closed, and the tax that was withheld in it goes to the tax office."""
    month, finance = clock.previous_month(day), stage.staff["finance"]
    periods.period_close(month=month, actor=finance)
    if queries.tax_to_remit(month, CURRENCY).exists():
        tax = taxes.tax_remittance_prepare(actor=finance, month=month, currency=CURRENCY)
        taxes.tax_remittance_confirm(
            actor=stage.staff["finance2"], remittance=tax, reference=f"TAX{month:%Y%m}"
        )


def _opening(day: date) -> datetime:
    """Withdrawals open on the day after the settlement; nobody is at the desk before nine."""
    return clock.day_start(day + timedelta(days=1)) + timedelta(hours=9)


class _Withdrawals:
    """Who takes money out in the week after a settlement, and how far each withdrawal gets."""

    def __init__(self, stage: Stage, day: date, *, last: bool) -> None:
        self.stage = stage
        self.last = last
        self.dice = Dice("withdrawals", day.isoformat())
        self.opening = _opening(day)
        self.span = min(WEEK, stage.now - self.opening)

    def plan(self) -> None:
        if self.span <= timedelta(0):
            return
        willing = [p for p in self.stage.promoters.values() if self._wants(p)]
        left_over = WAITING_FOR_RELEASE + BEING_SENT if self.last else 0
        for number, promoter in enumerate(willing):
            requested, released, finished = self._moments()
            get_release = not (self.last and number < WAITING_FOR_RELEASE)
            get_end = not (self.last and number < left_over)
            fails = get_end and self.dice.chance(500)
            self.stage.agenda.at(
                requested,
                self._request,
                promoter,
                released if get_release else None,
                finished if get_end else None,
                fails=fails,
            )

    def _wants(self, promoter: Promoter) -> bool:
        held = ledger.balance(chart.payable(promoter.affiliate.pk), CURRENCY).minor
        if held < max(limit("WITHDRAWAL_MIN_MINOR", CURRENCY).minor, LEAST):
            return False
        if promoter.facts.code == DEMO_AFFILIATE:
            return not self.last  # so that a visitor can withdraw something
        return self.dice.chance(WITHDRAW_NOW_BPS if self.last else WITHDRAWS_BPS)

    def _moments(self) -> tuple[datetime, ...]:
        """Requested, released, finished: in that order, and all of it in the past."""
        roll = self.dice.roll
        parts = (roll() * 0.35, 0.5 + roll() * 0.1, 0.75 + roll() * 0.25)
        return tuple(self._by_day(self.opening + self.span * part) for part in parts)

    def _by_day(self, moment: datetime) -> datetime:
        """What falls into the night happened half a day earlier, if there is a week's room."""
        at_work = 9 <= moment.astimezone(clock.ZONE).hour < 21
        if at_work or self.span < WEEK or moment - self.opening < HALF_A_DAY:
            return moment
        return moment - HALF_A_DAY

    def _request(
        self,
        promoter: Promoter,
        released: datetime | None,
        finished: datetime | None,
        *,
        fails: bool,
    ) -> None:
        """Ask for all that is payable, in whole yuan."""
        held = ledger.balance(chart.payable(promoter.affiliate.pk), CURRENCY).minor
        amount = Money(held // 100 * 100, CURRENCY)
        if not amount:
            return
        payout = payouts.payout_request(
            actor=promoter.user, affiliate=promoter.affiliate, amount=amount
        )
        if released:
            self.stage.agenda.at(released, self._release, payout, finished, fails=fails)

    def _release(self, payout: Payout, finished: datetime | None, *, fails: bool) -> None:
        finance = self.stage.staff["finance"]
        payouts.payout_release(actor=finance, payout=payout)
        if payout.rail != "bank_file":
            tasks.payout_send(payout.pk)
        elif finished:  # the others wait for the next file
            bank_files.bank_file_make(actor=finance, currency=CURRENCY, payout_pks=[payout.pk])
        if finished:
            self.stage.agenda.at(finished, self._finish, payout.pk, fails=fails)

    def _finish(self, pk: int, *, fails: bool) -> None:
        payout, finance2 = Payout.objects.get(pk=pk), self.stage.staff["finance2"]
        if fails:
            payouts.payout_fail(payout=payout, reason=self.dice.pick(NOTES), actor=finance2)
            return
        ref = f"{clock.business_day():%Y%m%d}{payout.pk:06d}"
        payouts.payout_mark_paid(payout=payout, rail_ref=ref, actor=finance2)
