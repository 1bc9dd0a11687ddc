"""The columns of a report: the same on the screen, in the file and in the mail."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency, format_decimal
from django.utils.functional import Promise
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from alliance.kernel.money import Money, exponent, half_up, percent

Part = tuple[int, int]  # so much of so much


@dataclass(frozen=True, slots=True)
class Column:
    """A figure by name. What it is (`kind`): a "count"; "money" in minor units; or a part of
    something: "each" (money for each), "rate" (in percent), "ratio" (so many times)."""

    name: str
    label: str | Promise
    kind: str = "count"

    def value(self, figures: Any) -> Any:
        return getattr(figures, self.name)

    def shown(self, figures: Any, currency: str) -> str:
        """As the reader writes it; a dash where there is nothing to say."""
        value, locale = self.value(figures), to_locale(get_language() or "en")
        if value is None:
            return "–"
        match self.kind:
            case "count":
                return format_decimal(value, locale=locale)
            case "money":
                return Money(value, currency).localized()
            case "each":
                each = _hundredths(value).scaleb(-exponent(currency))
                if abs(each) >= 1:  # small change matters where there is nothing else
                    return format_currency(each, currency, locale=locale)
                return format_currency(each, currency, locale=locale, decimal_quantization=False)
            case "rate":
                return percent(_bps(value))
            case _:
                return format_decimal(_hundredths(value), "#,##0.00", locale=locale)

    def filed(self, figures: Any, currency: str) -> Any:
        """For a file: plain decimals, rates in percent, empty where there is nothing to say."""
        value = self.value(figures)
        if value is None or self.kind == "count":
            return value
        match self.kind:
            case "money":
                return Money(value, currency)
            case "each":
                return f"{_hundredths(value).scaleb(-exponent(currency)):f}"
            case "rate":
                return f"{Decimal(_bps(value)).scaleb(-2):.2f}"
            case _:
                return f"{_hundredths(value):.2f}"

    @property
    def heading(self) -> str:
        """In a file, where a rate has no sign of its own."""
        return f"{self.label} (%)" if self.kind == "rate" else str(self.label)

    def change(self, now: Any, before: Any) -> int | None:
        """Whole percent against before; None where there is nothing to compare with."""
        new, old = self.value(now), self.value(before)
        if self.kind in ("count", "money"):
            new, old = (new or 0, 1), (old or 0, 1)
        if new is None or old is None or not old[0]:
            return None
        return half_up(100 * (new[0] * old[1] - old[0] * new[1]), abs(old[0]) * new[1])


def _hundredths(part: Part) -> Decimal:
    return Decimal(half_up(100 * part[0], part[1])).scaleb(-2)


def _bps(part: Part) -> int:
    return half_up(10_000 * part[0], part[1])


OF_AFFILIATES = (
    Column("clicks", _("Clicks")),
    Column("visitors", _("Visitors")),
    Column("orders", _("Orders")),
    Column("amount", _("Paid by buyers"), "money"),
    Column("estimated", _("Estimated"), "money"),
    Column("confirmed", _("Confirmed"), "money"),
    Column("settled", _("Settled"), "money"),
    Column("refunded", _("Refunded"), "money"),
    Column("epc", _("Per click"), "each"),
    Column("conversion", _("Conversion"), "rate"),
)
OF_MERCHANTS = (
    Column("orders", _("Orders")),
    Column("amount", _("Paid by buyers"), "money"),
    Column("refunded", _("Refunded"), "money"),
    Column("commission", _("Commission"), "money"),
    Column("service", _("Service fees"), "money"),
    Column("subsidy", _("Subsidies"), "money"),
    Column("roi", _("Return"), "ratio"),
    Column("new", _("From new buyers")),
    Column("returning", _("From returning buyers")),
)
