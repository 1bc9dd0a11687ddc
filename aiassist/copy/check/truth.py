"""Whether what a text says in figures is so, at a moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _

from aiassist.copy.check import folding, reading
from aiassist.copy.check.page import Kind, Mention, Role
from aiassist.copy.check.phrases import either, phrases
from aiassist.copy.check.rules import TRUTH, Rule
from aiassist.copy.check.verdict import Facts, Finding, Level
from alliance.kernel.clock import ZONE
from alliance.kernel.money import exponent
from alliance.kernel.templatetags.alliance import moment

# Words that speak of a coupon without a figure.
COUPON_WORDS = either(phrases("figures")["coupon"]["spoken_of"])
NO_THRESHOLD = either(phrases("figures")["coupon"]["no_threshold"])
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Truth:
    """The facts as they stand at a moment."""

    facts: Facts
    at: datetime
    language: str

    @cached_property
    def today(self) -> date:
        return self.at.astimezone(ZONE).date()

    @cached_property
    def usable(self) -> bool:
        """That a coupon can be used now, on one piece."""
        coupon = self.facts.coupon
        if coupon is None or not coupon.usable(self.at):
            return False
        return coupon.threshold is None or coupon.threshold.minor <= self.facts.price.minor

    @cached_property
    def over(self) -> bool:
        return self.facts.coupon is not None and not self.facts.coupon.usable(self.at)

    @cached_property
    def saved(self) -> Decimal:
        """The part of the price that the coupon saves, in percent."""
        if not self.usable or not self.facts.price.minor:
            return Decimal(0)
        paid = Decimal(self.facts.after.minor) / Decimal(self.facts.price.minor)
        return (1 - paid) * 100

    @cached_property
    def backed(self) -> set[tuple[Decimal, str]]:
        return reading.backed(self.facts.said, self.language)

    @cached_property
    def titles(self) -> str:
        return "\n".join(folding.plain(one).signs for one in self.facts.said)

    def ends(self) -> list[date]:
        """The last day of the coupon; of one that ends at midnight, both days."""
        end = self.facts.ends()
        if end is None:
            return []
        return [end.date(), (end - timedelta(seconds=1)).date()]

    def starts(self) -> list[date]:
        coupon = self.facts.coupon
        return [coupon.starts_at.astimezone(ZONE).date()] if coupon else []

    def to_come(self) -> bool:
        """That the coupon's beginning is news: otherwise a moment without a word is its end."""
        return self.facts.coupon is not None and self.at < self.facts.coupon.starts_at


@dataclass(frozen=True, slots=True)
class _Wrong:
    rule: Rule
    why: str
    level: Level = Level.BLOCK


def findings(text: str, facts: Facts, language: str, at: datetime) -> Iterator[Finding]:
    """What is said in figures, or of a coupon, and is not so."""
    folded = folding.plain(text)
    truth = Truth(facts, at, language)
    if at - facts.as_of > facts.good_for:
        yield Finding(
            Rule.STALE,
            Level.BLOCK,
            0,
            0,
            "",
            _("The facts are too old to vouch for them."),
            TRUTH[language],
        )
    for mention in reading.mentions(folded.signs, language):
        if wrong := _judge(mention, truth, folded.signs[mention.start : mention.end]):
            start, end = folded.span(mention.start, mention.end)
            yield Finding(
                wrong.rule, wrong.level, start, end, text[start:end], wrong.why, TRUTH[language]
            )


def _judge(mention: Mention, truth: Truth, written: str) -> _Wrong | None:
    """A year or a model's number may stand as the title has it, unless something ends with it."""
    named = mention.kind in {Kind.DAY, Kind.BARE} and mention.ends is None
    if named and written in truth.titles:
        return None
    return _JUDGES[mention.kind](mention, truth)


def _money(mention: Mention, truth: Truth) -> _Wrong | None:
    facts, role = truth.facts, mention.role
    if role in {Role.COUPON, Role.AFTER, Role.THRESHOLD} and (wrong := _coupon(truth, role)):
        return wrong
    true = _amounts(role, truth)
    if mention.value is None:
        return _Wrong(Rule.PRICE, _("This amount cannot be read."))
    minor = mention.value.scaleb(exponent(facts.price.currency))
    right_money = not mention.unit or facts.price.currency in mention.unit.split()
    if right_money and (minor > true[0] if role == Role.BELOW else minor in true):
        return None
    said = facts.price if not true else type(facts.price)(true[0], facts.price.currency)
    rule = Rule.COUPON if role in {Role.COUPON, Role.THRESHOLD} else Rule.PRICE
    return _Wrong(rule, _("It is %(true)s.") % {"true": said.localized()})


def _amounts(role: Role, truth: Truth) -> list[int]:
    """The true amounts in minor units, the likeliest first."""
    facts, coupon = truth.facts, truth.facts.coupon
    price = facts.price.minor
    after = facts.after.minor if truth.usable else price
    threshold = [coupon.threshold.minor] if coupon and coupon.threshold else []
    return {
        Role.PRICE: [after, price],
        Role.BELOW: [after],
        Role.AFTER: [after],
        Role.LIST: [price],
        Role.COUPON: [coupon.face.minor] if coupon else [],
        # “ab 79 €” is a price as well
        Role.THRESHOLD: [*threshold, *([after, price] if truth.language == "de" else [])],
    }[role]


def _coupon(truth: Truth, role: Role) -> _Wrong | None:
    """Why nothing may be said of a coupon, if so. A price in the hand needs none."""
    if truth.facts.coupon is None:
        no_coupon = _Wrong(Rule.COUPON, _("There is no coupon for this product."))
        return None if role == Role.AFTER or truth.language == "de" else no_coupon
    return _over(truth) if truth.over else None


def _over(truth: Truth) -> _Wrong:
    coupon = truth.facts.coupon
    assert coupon is not None  # noqa: S101 - only asked where there is one
    if truth.at < coupon.starts_at:
        return _Wrong(Rule.COUPON_OVER, _("The coupon does not count yet."))
    if coupon.left == 0:
        return _Wrong(Rule.COUPON_OVER, _("No coupons are left."))
    return _Wrong(Rule.COUPON_OVER, _("The coupon has ended."))


def _saved(mention: Mention, truth: Truth) -> _Wrong | None:
    """A part saved may be rounded, but to nobody's harm: 29.6 % are “29 %”, not “30 %”."""
    if truth.over:
        return _over(truth)
    claimed = mention.value
    if claimed is not None and mention.kind == Kind.PAID:
        claimed = 100 - claimed
    step = 10 if mention.kind == Kind.PAID and mention.value and mention.value % 10 == 0 else 1
    if claimed is not None and truth.saved and 0 <= truth.saved - claimed < step:
        return None
    words = {"percent": f"{truth.saved:.1f}"}
    return _Wrong(Rule.DISCOUNT, _("The coupon saves %(percent)s %% of the price.") % words)


def _percent(mention: Mention, truth: Truth) -> _Wrong | None:
    if mention.value is not None and (mention.value, "%") in truth.backed:
        return None
    return _Wrong(Rule.DISCOUNT, _("Neither the title nor an attribute says this percentage."))


def _day(mention: Mention, truth: Truth) -> _Wrong | None:
    if truth.over and mention.ends is not None:
        return _over(truth)
    ends, starts = truth.ends(), truth.starts()
    either = [*ends, *starts] if truth.to_come() else ends
    true = {True: ends, False: starts, None: either}[mention.ends]
    if any(_is_day(mention, day, truth) for day in (*true, *truth.facts.days)):
        return None
    return _Wrong(Rule.DATE, _no_end(truth))


def _is_day(mention: Mention, day: date, truth: Truth) -> bool:
    if mention.value is not None:
        return day == truth.today + timedelta(days=int(mention.value))
    return (day.month, day.day) in mention.days and mention.year in {None, day.year}


def _no_end(truth: Truth) -> str:
    end = truth.facts.ends()
    if end is None:
        return _("The facts know no such date.")
    return _("The coupon ends on %(when)s.") % {"when": moment(end)}


def _hour(mention: Mention, truth: Truth) -> _Wrong | None:
    """24:00 is the midnight that a coupon ends at, or the last minute before it."""
    end, coupon = truth.facts.ends(), truth.facts.coupon
    if end is None or coupon is None:
        return _Wrong(Rule.DATE, _("The facts know no such hour."))
    start = coupon.starts_at.astimezone(ZONE)
    begins = mention.ends is False or (mention.ends is None and truth.to_come())
    turn = start if begins else end
    true = {turn.hour * 60 + turn.minute}
    if 0 in true or 23 * 60 + 59 in true:
        true |= {0, 24 * 60, 23 * 60 + 59}
    return None if mention.value in true else _Wrong(Rule.DATE, _no_end(truth))


def _left(mention: Mention, truth: Truth) -> _Wrong | None:
    if truth.over:
        return _over(truth)
    end, coupon = truth.facts.ends(), truth.facts.coupon
    if mention.unit == "coupons" and coupon and coupon.left is not None:
        true = mention.value == coupon.left
        return (
            None
            if true
            else _Wrong(Rule.COUPON, _("%(left)s coupons are left.") % {"left": coupon.left})
        )
    if mention.unit in {"coupons", "pieces"} or end is None or mention.value is None:
        return _Wrong(Rule.NUMBER, _("The facts do not say how much is left."))
    if mention.unit == "d":
        days = {(day - truth.today).days for day in truth.ends()}
        true = bool({mention.value, mention.value - 1} & days)
    else:
        unit = _HOUR if mention.unit == "h" else _HOUR / 60
        true = 0 <= mention.value - Decimal((end - truth.at) / unit) < 1
    return None if true else _Wrong(Rule.DATE, _no_end(truth))


def _sold(mention: Mention, truth: Truth) -> _Wrong | None:
    sold, said = truth.facts.sold, mention.value
    if sold is None or said is None:
        return _Wrong(Rule.SOLD, _("The facts do not say how many were sold."))
    exact = said == sold or (
        said >= 1000 and 0 <= sold - said < Decimal(10) ** (said.adjusted() - 1)
    )
    if exact or (mention.about and said <= sold):
        return None
    return _Wrong(Rule.SOLD, _("%(sold)s were sold in 30 days.") % {"sold": sold})


def _size(mention: Mention, truth: Truth) -> _Wrong | None:
    if mention.value is not None and (mention.value, mention.unit) in truth.backed:
        return None
    return _Wrong(Rule.NUMBER, _("No fact has this number. Is it true?"), Level.REVIEW)


_JUDGES = {
    Kind.MONEY: _money,
    Kind.PAID: _saved,
    Kind.OFF: _saved,
    Kind.PERCENT: _percent,
    Kind.DAY: _day,
    Kind.HOUR: _hour,
    Kind.LEFT: _left,
    Kind.SOLD: _sold,
    Kind.SIZE: _size,
    Kind.BARE: _size,
}
