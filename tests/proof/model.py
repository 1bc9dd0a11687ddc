"""The books as they have to be, in a few lines of Python that share nothing with the real ones."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from merchants.services.orders import OrderReport

RATE, SHARE, FEE, TAX = 1200, 9000, 1000, 700
BOOKED = ("estimated", "confirmed", "frozen", "settled")
CAME_BACK = ("failed", "returned")


def part(minor: int, bps: int) -> int:
    """Half up."""
    return (2 * minor * bps + 10_000) // 20_000


def price(base: int) -> int:
    """What a base costs the merchant."""
    return part(base, RATE)


def net(base: int) -> int:
    """What a base brings the affiliate."""
    share = part(price(base), SHARE)
    return share - part(share, FEE)


@dataclass
class Line:
    """`state` and `base` are those of the booked commission; "" means never looked at."""

    amount: int
    refunded: int = 0
    state: str = ""
    base: int = 0
    confirmed_at: datetime | None = None
    # What a case wants (frozen, barred or nothing), and what the commission was last told.
    wanted: str = ""
    hold: str = ""


@dataclass
class Sale:
    """`report` is the last one that counted; `waiting`: the pipeline has not seen it yet."""

    number: str
    brought_by: int | None
    report: OrderReport
    lines: list[Line]
    pk: int = 0
    waiting: bool = True

    @property
    def state(self) -> str:
        return self.report.state


@dataclass
class Withdrawal:
    """`tax` is kept back of `minor` and was `tax_back` given again; `remitted` is at the office."""

    pk: int
    who: int
    minor: int
    month: date
    tax: int
    state: str = "requested"
    tax_back: int = 0
    remitted: int = 0

    @property
    def came_back(self) -> bool:
        return self.state in CAME_BACK

    @property
    def net(self) -> int:
        return self.minor - self.tax

    @property
    def out(self) -> int:
        """What the affiliate has not got any more."""
        return self.tax - self.tax_back if self.came_back else self.minor


@dataclass
class WriteOff:
    """A debt let go; `borne` by the merchant or by the alliance."""

    who: int
    minor: int
    borne: bool


@dataclass
class Books:
    """One merchant's wallet, and what each affiliate (0, 1) earned and withdrew."""

    seen: Counter[str]
    sales: list[Sale] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    write_offs: list[WriteOff] = field(default_factory=list)
    top_ups: int = 0
    credit: int = 0

    def lines(self, *states: str, who: int | None = None) -> list[Line]:
        return [
            line
            for sale in self.sales
            for line in sale.lines
            if line.state in states and who in (None, sale.brought_by)
        ]

    @property
    def wallet(self) -> int:
        borne = sum(one.minor for one in self.write_offs if one.borne)
        return self.top_ups - borne - sum(price(line.base) for line in self.lines(*BOOKED))

    @property
    def reserved(self) -> int:
        return sum(price(line.base) for line in self.lines("estimated"))

    def frozen(self, who: int) -> int:
        return sum(net(line.base) for line in self.lines("frozen", who=who))

    def pending(self, who: int) -> int:
        return sum(net(line.base) for line in self.lines("confirmed", who=who))

    def position(self, who: int) -> int:
        """Settled and not withdrawn: what is payable, or, below zero, the debt."""
        settled = sum(net(line.base) for line in self.lines("settled", who=who))
        out = sum(one.out for one in self.withdrawals if one.who == who)
        return settled - out + sum(one.minor for one in self.write_offs if one.who == who)

    def out(self, *states: str) -> list[Withdrawal]:
        return [one for one in self.withdrawals if one.state in states]

    def _taxed(self, who: int, month: date) -> tuple[int, int]:
        """Income of a month, and the tax that was kept back of it."""
        mine = [one for one in self.withdrawals if (one.who, one.month) == (who, month)]
        income = sum(one.minor for one in mine if not one.came_back)
        return income, sum(one.tax - one.tax_back for one in mine)

    def tax_on(self, who: int, minor: int, month: date) -> int:
        """Of the month's whole income, less what was kept back before."""
        before, withheld = self._taxed(who, month)
        return max(part(before + minor, TAX) - withheld, 0)

    def come_back(self, one: Withdrawal, state: str) -> None:
        one.state = state
        left, withheld = self._taxed(one.who, one.month)
        one.tax_back = max(withheld - part(left, TAX), 0)

    def owed_to_the_office(self, month: date) -> dict[int, int]:
        """By withdrawal: the tax kept back up to that month, less what is there already."""
        over = [one for one in self.out("paid", *CAME_BACK) if one.month <= month]
        owed = {one.pk: one.tax - one.tax_back - one.remitted for one in over}
        return {pk: minor for pk, minor in owed.items() if minor}

    def process(self, sales: list[Sale]) -> None:
        """What the pipeline has to make of a batch: what frees money goes first."""
        steps = []
        for sale in sales:
            sale.waiting = False
            alive = sale.state in ("paid", "received")
            if sale.brought_by is not None:
                for line in sale.lines:
                    if line.state != "settled":
                        line.hold = line.wanted
                    counts = alive and (line.hold != "barred" or line.state == "settled")
                    steps.append((sale, line, line.amount - line.refunded if counts else 0))
        steps.sort(key=lambda step: price(step[2]) > price(step[1].base))
        for sale, line, due in steps:
            self._step(sale, line, due)

    def _step(self, sale: Sale, line: Line, due: int) -> None:
        before, state = line.state, self._state(sale, line, due)
        if price(due) - price(line.base) > max(self.wallet + self.credit, 0):
            if before in BOOKED:
                sale.waiting, due = True, line.base
                self.seen["rise unfunded"] += 1
            else:
                state, due = "unfunded", 0
                self.seen["unfunded"] += 1
        if before == "unfunded" and state in BOOKED:
            self.seen["funded"] += 1
        line.state, line.base = state, due
        if state in ("confirmed", "frozen"):
            line.confirmed_at = sale.report.received_at

    @staticmethod
    def _state(sale: Sale, line: Line, due: int) -> str:
        if line.state == "settled":
            return "settled"
        if line.hold == "barred":
            return "void"
        if sale.state in ("placed", "void"):
            return sale.state
        if not price(due) and line.state not in ("confirmed", "frozen"):
            return "void"
        if sale.state == "paid":
            return "estimated"
        return "frozen" if line.hold == "frozen" else "confirmed"

    def settle(self, before: datetime) -> None:
        """Everything received before that moment becomes payable."""
        for line in self.lines("confirmed"):
            if line.confirmed_at < before:
                line.state = "settled"
                self.seen["settled"] += 1
