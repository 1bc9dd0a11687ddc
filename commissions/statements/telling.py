"""A row as a person reads it, the same on the page and on paper."""

from dataclasses import dataclass

from babel.numbers import get_decimal_symbol, get_group_symbol
from django.utils.translation import get_language, to_locale

from alliance.kernel.money import exponent, percent
from commissions.statements.canonical import Row
from commissions.statements.kinds import KINDS


class Figures:
    """Minor units as the active language writes them, without the currency: 1,234.56; "" for 0."""

    def __init__(self, currency: str) -> None:
        locale = to_locale(get_language() or "en")
        self._digits = exponent(currency)
        group = get_group_symbol(locale).replace("\u202f", "\u00a0")  # no font has the narrow one
        self._rates: dict[str, str] = {}
        self._signs = str.maketrans({",": group, ".": get_decimal_symbol(locale)})

    def __call__(self, minor: int) -> str:
        if not minor:
            return ""
        whole, part = divmod(abs(minor), 10**self._digits)
        text = f"{whole:,}" + (f".{part:0{self._digits}d}" if self._digits else "")
        return ("-" if minor < 0 else "") + text.translate(self._signs)

    def rate(self, bps: object) -> str:
        """Basis points as the language writes a rate; nothing for none."""
        key = str(bps or "")
        if key not in self._rates:
            self._rates[key] = percent(int(key)) if key else ""
        return self._rates[key]


@dataclass(frozen=True, slots=True)
class Told:
    """The words of one row; `amount` is what it did to an affiliate's money."""

    kind: str
    day: str
    what: str
    order: str
    title: str
    base: str
    rate: str
    share: str
    fee: str
    amount: str
    wallet: str
    reserved: str


def tell(row: Row, figures: Figures) -> Told:
    words, of = row.words, row.figures
    reference, title = _plain(words["reference"]), _plain(words["title"])
    moved = next((of[name] for name in MOVED if of.get(name)), 0)
    return Told(
        kind=row.kind,
        day=str(words["day"]),
        what=str(KINDS.get(row.kind, row.kind)),
        order=_plain(words["order"]),
        title=f"{reference}: {title}" if reference and title else reference or title,
        base=figures(of["base"]),
        rate=figures.rate(words["rate_bps"]),
        share=figures(of.get("share", 0) + of.get("subsidy", 0)),
        fee=figures(-of.get("tech_fee", 0)),
        amount=figures(moved),
        wallet=figures(of.get("wallet", 0)),
        reserved=figures(of.get("reserved", 0)),
    )


MOVED = ("payable", "frozen", "debt", "paid")


def _plain(value: object) -> str:
    """Without the apostrophe that keeps a spreadsheet from running it."""
    return str(value or "").removeprefix("'")
