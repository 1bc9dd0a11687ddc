"""Texts about made-up products: true ones, and ones with one thing wrong; the same for a seed.

What the sentences say of price, coupon, dates and sales is put in from the facts, in one of the
ways that people write it.
"""

import random
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from aiassist.copy.check import CouponFacts, Facts
from alliance.kernel.clock import ZONE
from alliance.kernel.money import Money

LINK = "https://t.example.com/r/k7"
LABEL = {"zh": "【广告】", "de": "Anzeige: ", "en": "Ad: "}
CURRENCY = {"zh": "CNY", "de": "EUR", "en": "EUR"}
SAID = tomllib.loads((Path(__file__).parent / "texts.toml").read_text())


@dataclass(frozen=True, slots=True)
class Case:
    """A text, its facts and moment, and what is wrong with it ("" for nothing)."""

    text: str
    language: str
    facts: Facts
    at: datetime
    wrong: str


def cases(seed: int, count: int, wrong: bool, titles: list[str] | None = None) -> Iterator[Case]:
    """`count` texts of the three languages, Chinese most often; `titles` instead of ours."""
    chance = random.Random(seed)
    kinds = list(_WRONG)
    for number in range(count):
        case = None
        while case is None:
            language = "zh" if titles else chance.choices(["zh", "de", "en"], [6, 2, 2])[0]
            facts, at = _facts(chance, language, titles)
            template = chance.choice(SAID["sentences"][language])
            kind = kinds[number % len(kinds)] if wrong else ""
            case = _case(chance, language, facts, at, template, kind)
        yield case


def _facts(
    chance: random.Random, language: str, titles: list[str] | None
) -> tuple[Facts, datetime]:
    currency = CURRENCY[language]
    price = chance.choice([990, 1990, 4900, 5900, 7990, 9900, 12900, 25900, 49900, 129900])
    face = max(100, price * chance.choice([5, 10, 15, 20, 30, 40]) // 10_000 * 100)
    at = datetime(2026, 6, chance.randint(1, 12), chance.randint(8, 21), tzinfo=ZONE)
    last = at.date() + timedelta(days=chance.randint(2, 12))
    end = datetime(last.year, last.month, last.day, chance.choice([20, 22, 23]), tzinfo=ZONE)
    facts = Facts(
        title=chance.choice(titles or SAID["titles"][language]),
        price=Money(price, currency),
        as_of=at,
        coupon=CouponFacts(Money(face, currency), at - timedelta(days=40), end),
        sold=chance.choice([87, 432, 1200, 8600, 12_345, 23_000, 104_500]),
        hosts=frozenset({"t.example.com"}),
    )
    return facts, at


def _case(
    chance: random.Random, language: str, facts: Facts, at: datetime, template: str, kind: str
) -> Case | None:
    """None when the template has nothing of what is to go wrong."""
    end = facts.ends()
    assert end is not None
    assert facts.coupon is not None
    said = {
        "price": facts.price, "after": facts.after, "face": facts.coupon.face,
        "sold": facts.sold, "end": end, "percent": _saved(facts),
    }  # fmt: skip
    if kind:
        needs, change = _WRONG[kind]
        if not any(f"{{{slot}}}" in template for slot in needs):
            return None
        said, facts, at = change(chance, said, facts, at)
    sentence = template.format(**_slots(chance, language, facts, at, said))
    tail = chance.choice(["", f" {LINK}", f"\n{LINK}"])
    return Case(LABEL[language] + sentence + tail, language, facts, at, kind)


def _saved(facts: Facts) -> Decimal:
    return (1 - Decimal(facts.after.minor) / Decimal(facts.price.minor)) * 100


def _slots(
    chance: random.Random, language: str, facts: Facts, at: datetime, said: "Said"
) -> dict[str, str]:
    paid = 100 - said["percent"]
    above = said["after"].minor // 100 // 10 * 10 + 10
    return {
        "t": facts.title,
        "p": _amount(chance, language, said["price"]),
        "a": _amount(chance, language, said["after"]),
        "f": _amount(chance, language, said["face"]),
        "s": _count(chance, language, said["sold"]),
        "d": _day(chance, language, said["end"]),
        "h": _hour(chance, language, said["end"]),
        "n": str((said["end"].date() - at.date()).days),
        "o": str(int(said["percent"])),
        "k": f"{_up(paid):f}",
        "x": str(above if said["after"] == facts.after else said["after"].minor // 100),
    }


def _up(paid: Decimal) -> Decimal:
    """7折 for what costs 69.4 %: rounded against the one who praises."""
    return (paid.to_integral_value(ROUND_CEILING) / 10).normalize()


def _amount(chance: random.Random, language: str, money: Money) -> str:
    whole, cents = divmod(money.minor, 100)
    plain = f"{whole}" if not cents else f"{money.decimal}"
    if language == "de":
        german = f"{whole:,}".replace(",", ".")
        german += f",{cents:02}" if cents else chance.choice(["", ",00"])
        return chance.choice([f"{german} €", f"{german} Euro", f"{german} EUR"])
    if language == "en":
        return chance.choice([f"€{plain}", f"€{money.decimal:,}", f"{plain} euros"])
    ways = [
        f"{plain}元",
        f"¥{plain}",
        f"￥{money.decimal}",
        f"{plain}块",
        plain.translate(_WIDE) + "元",
    ]
    if not cents and whole < 100:
        ways.append(f"{_chinese(whole)}元")
    return chance.choice(ways)


_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def _chinese(number: int) -> str:
    signs = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if not tens:
        return signs[ones]
    return ("" if tens == 1 else signs[tens]) + "十" + (signs[ones] if ones else "")


def _count(chance: random.Random, language: str, sold: int) -> str:
    if language == "zh" and sold >= 10_000:
        return chance.choice([f"{sold // 1000 / 10:g}万", f"{sold}", f"{sold // 10_000}万+"])
    if language == "de":
        return f"{sold:,}".replace(",", ".")
    return chance.choice([f"{sold:,}", str(sold)]) if language == "en" else str(sold)


def _day(chance: random.Random, language: str, end: datetime) -> str:
    if language == "zh":
        plain = f"{end.month}月{end.day}"
        spelled = f"六月{_chinese(end.day)}日"
        ways = [f"{plain}日", f"{plain}号", f"{end:%Y-%m-%d}", f"{end.month}/{end.day}", spelled]
        return chance.choice(ways)
    if language == "de":
        return chance.choice([f"{end.day}. Juni", f"{end:%d.%m.%Y}", f"{end:%d.%m.}"])
    return chance.choice(
        [f"June {end.day}", f"{end.day} June", f"Jun {end.day}, 2026", f"{end:%Y-%m-%d}"]
    )


def _hour(chance: random.Random, language: str, end: datetime) -> str:
    if language == "zh":
        return chance.choice([f"{end.hour}点", f"{end.hour}:00", f"晚上{end.hour - 12}点"])
    return f"{end.hour} Uhr" if language == "de" else f"{end.hour}:00"


# --- What goes wrong: the slots that show it, and how ---

Said = dict[str, Any]
_Change = Callable[[random.Random, Said, Facts, datetime], tuple[Said, Facts, datetime]]


def _other(chance: random.Random, money: Money) -> Money:
    """Another amount: some cents less, a tenth, two figures changed round."""
    ways = [money.minor - 100, money.minor - 10, money.minor // 10 // 10 * 10, money.minor + 1000]
    figures = str(money.minor)
    ways.append(int(figures[1::-1] + figures[2:]))
    ways = [minor for minor in ways if minor > 0 and minor != money.minor]
    return Money(chance.choice(ways), money.currency)


def _said(**changes: Callable[[random.Random, Said, Facts], Any]) -> _Change:
    def change(
        chance: random.Random, said: Said, facts: Facts, at: datetime
    ) -> tuple[Said, Facts, datetime]:
        new = {name: how(chance, said, facts) for name, how in changes.items()}
        return said | new, facts, at

    return change


def _facts_changed(how: Callable[[Facts, datetime], tuple[Facts, datetime]]) -> _Change:
    return lambda _chance, said, facts, at: (said, *how(facts, at))


def _ended(facts: Facts, _at: datetime) -> tuple[Facts, datetime]:
    assert facts.coupon is not None
    later = facts.coupon.ends_at + timedelta(minutes=1)
    return replace(facts, as_of=later), later


def _spent(facts: Facts, at: datetime) -> tuple[Facts, datetime]:
    assert facts.coupon is not None
    return replace(facts, coupon=replace(facts.coupon, left=0)), at


def _raised(facts: Facts, at: datetime) -> tuple[Facts, datetime]:
    """The merchant has raised the price since the text was written."""
    return replace(facts, price=Money(facts.price.minor + 500, facts.price.currency)), at


def _sooner_or_later(chance: random.Random, said: Said, facts: Facts) -> datetime:
    """Two days less than are left, or three more where there are few."""
    left = (said["end"].date() - facts.as_of.date()).days
    return said["end"] + timedelta(days=-2 if left > 3 else 3)


def _too_low(_chance: random.Random, said: Said, _facts: Facts) -> Money:
    return Money(said["after"].minor * 8 // 1000 * 10, said["after"].currency)


def _old(facts: Facts, at: datetime) -> tuple[Facts, datetime]:
    return replace(facts, as_of=at - timedelta(days=2)), at


_COUPON = ("f", "a")
_WRONG: dict[str, tuple[tuple[str, ...], _Change]] = {
    "price after coupon": (("a",), _said(after=lambda c, s, f: _other(c, s["after"]))),
    "list price": (("p",), _said(price=lambda c, s, f: _other(c, s["price"]))),
    "coupon": (("f",), _said(face=lambda c, s, f: _other(c, s["face"]))),
    "roles changed": (
        ("f", "p"),
        _said(face=lambda c, s, f: s["after"], price=lambda c, s, f: s["after"]),
    ),
    "day": (
        ("d",),
        _said(end=lambda c, s, f: s["end"] + timedelta(days=c.choice([-1, 1, 2, 7]))),
    ),
    "hour": (("h",), _said(end=lambda c, s, f: s["end"].replace(hour=21))),
    "days left": (("n",), _said(end=_sooner_or_later)),
    "sold": (("s",), _said(sold=lambda c, s, f: s["sold"] * c.choice([2, 10]))),
    "percentage": (
        ("o", "k"),
        _said(percent=lambda c, s, f: s["percent"] + c.choice([2, 10, 25])),
    ),
    "below": (("x",), _said(after=_too_low)),
    "coupon ended": (_COUPON, _facts_changed(_ended)),
    "coupon spent": (_COUPON, _facts_changed(_spent)),
    "price raised": (("p", "a"), _facts_changed(_raised)),
    "facts old": (("t",), _facts_changed(_old)),
}
