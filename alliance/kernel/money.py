"""Money: whole minor units and an ISO 4217 currency. Never a float.

Rounding happens in two places only: `share()` rounds half up, once; `split()` loses nothing.
Several steps in a row (commission, then the affiliate's share of it) each round their own result,
so every figure on a receipt can be checked with a pocket calculator (docs/adr/0003).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from django.utils.translation import get_language, to_locale

BPS = 10_000
_AMOUNT = re.compile(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})", re.ASCII)


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met. There is no exchange rate in here."""


@lru_cache(maxsize=200)  # of ISO codes; a file may name anything
def exponent(currency: str) -> int:
    """Digits of the minor unit: 2 for CNY, 0 for JPY."""
    return get_currency_precision(currency)


def half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator, rounded half away from zero. `denominator` is positive."""
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def apportion(minor: int, weights: Sequence[int]) -> list[int]:
    """Minor units shared out by whole, non-negative weights; the parts sum to `minor` exactly.

    Largest remainder; ties go to the larger weight, then to the earlier place. ValueError when the
    weights say nothing.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    sign, magnitude = (1, minor) if minor >= 0 else (-1, -minor)
    parts = [magnitude * weight // total for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda i: (-(magnitude * weights[i] % total), -weights[i], i)
    )
    for i in by_remainder[: magnitude - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole minor units: Money(8800, "CNY") is 88.00 yuan."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are whole numbers, not {self.minor!r}")

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """'1,234.567' → Money. Rounds half up to the minor unit.

        ValueError if it is no plain number of at most eighteen digits before and after the point:
        '1e999999999' would fill the memory.
        """
        plain = text.strip().replace(",", "")
        if not _AMOUNT.fullmatch(plain):
            raise ValueError(f"{text[:40]!r} is not an amount")
        numerator, denominator = Decimal(plain).scaleb(exponent(currency)).as_integer_ratio()
        return cls(half_up(numerator, denominator), currency)

    def share(self, bps: int) -> "Money":
        """`bps` basis points of the amount, rounded half up to the minor unit."""
        return Money(half_up(self.minor * bps, BPS), self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Parts in proportion to whole, non-negative weights (see `apportion`)."""
        return [Money(part, self.currency) for part in apportion(self.minor, weights)]

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.minor * count, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exactly."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    @property
    def plain(self) -> str:
        """The figure as programs write it: 1234.50."""
        return f"{self.decimal:.{exponent(self.currency)}f}"

    def __str__(self) -> str:
        return f"{self.plain} {self.currency}"

    def localized(self) -> str:
        """As the active language writes it: ¥88.00, 88,00 CN¥."""
        locale = to_locale(get_language() or "en")
        return format_currency(self.decimal, self.currency, locale=locale)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")


def percent(bps: int) -> str:
    """Basis points as the active language writes a rate: 1250 → "12.5%", "12,5 %"."""
    locale = to_locale(get_language() or "en")
    return format_percent(Decimal(bps) / BPS, locale=locale, decimal_quantization=False)


def hundredths(centi: int) -> str:
    """A figure in hundredths as the active language writes it: 460 → "4.60", "4,60"."""
    locale = to_locale(get_language() or "en")
    return format_decimal(Decimal(centi) / 100, "0.00", locale=locale)


def cny(text: str) -> Money:
    """cny("88.00"): short for tests and examples."""
    return Money.parse(text, "CNY")
