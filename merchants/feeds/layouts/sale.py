"""What the layouts share: an order as an export has it, and how its cells are read."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _

from alliance.kernel.money import Money, apportion
from merchants.feeds.runs import RowFault
from merchants.services.order_reports import CLICK_ID_NAMES
from merchants.services.orders import LineReport

# In the order in which they are tried; Excel takes the seconds away when somebody saves in it.
_FORMATS = (
    "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
)  # fmt: skip
# "12,50" is no amount here: read as 1250 it would be a hundred times too much.
_GROUPED = re.compile(r"[^,]*|[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)
_MARKS = re.compile(r"[¥￥£€$\s\u00a0]|[A-Z]{3}$|^[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the file; columns by their names in lower case."""

    number: int
    cells: Mapping[str, str]
    raw: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    def any(self, *names: str) -> str:
        return next((self[name] for name in names if self[name]), "")


@dataclass(slots=True)
class Sale:
    """One order. `refunded_minor`: what came back so far, all together; a file like this does not
    say when, nor in which parts. `received`: goods have arrived, nobody says when."""

    state: str
    placed_at: datetime
    lines: Sequence[LineReport]
    currency: str = ""
    paid_at: datetime | None = None
    received: bool = False
    received_at: datetime | None = None
    void_at: datetime | None = None
    void_reason: str = ""
    click_id: str = ""
    coupon: str = ""
    refunded_minor: int = 0

    @property
    def minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@dataclass(slots=True)
class Item:
    """Pieces of one product, and what they weigh in the amount of the order."""

    product: str
    title: str
    quantity: int
    minor: int


def lines_of(items: Sequence[Item], total_minor: int | None = None) -> list[LineReport]:
    """Numbered by their product, so that the same file names the same lines again. With
    `total_minor` it is spread over them: a discount on the whole order belongs to all."""
    amounts = [item.minor for item in items]
    if total_minor is not None and sum(amounts) > 0:
        amounts = list(apportion(total_minor, amounts))
    times: Counter[str] = Counter()
    lines = []
    for item, minor in zip(items, amounts, strict=True):
        name = (item.product or item.title)[:64]
        times[name] += 1
        lines.append(
            LineReport(
                f"{name}:{times[name]}",
                item.product[:64],
                item.title[:200],
                item.quantity,
                minor,
            )
        )
    return lines


def amount(text: str, currency: str, name: str) -> int:
    """Minor units; an empty cell is nothing. RowFault for what is no amount."""
    text = _MARKS.sub("", text)
    if not text:
        return 0
    try:
        return Money.parse(text if _GROUPED.fullmatch(text) else "", currency).minor
    except ValueError:
        raise RowFault(
            "bad_amount", _("“%s” is not an amount.") % text[:40], field=name[:40]
        ) from None


def whole(text: str, name: str) -> int:
    """ "2" and "2.0" pieces; an empty cell is one. RowFault."""
    digits = re.fullmatch(r"(\d{1,7})(?:\.0{1,6})?", text.strip() or "1", re.ASCII)
    if not digits or not 1 <= int(digits[1]) <= 1_000_000:
        raise RowFault("bad_quantity", _("The quantity is not at least one."), field=name[:40])
    return int(digits[1])


def moment(text: str, name: str, zone: tzinfo) -> datetime | None:
    """None for an empty cell. RowFault for what is no moment."""
    if not text:
        return None
    for form in _FORMATS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - the zone comes below
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=zone)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise RowFault(
            "bad_moment", _("%(what)s: not a readable date.") % {"what": name}, field=name[:40]
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def needed(text: str, name: str, zone: tzinfo) -> datetime:
    found = moment(text, name, zone)
    if found is None:
        raise RowFault(
            "bad_moment", _("%(what)s: not a readable date.") % {"what": name}, field=name[:40]
        )
    return found


def click_id_in(pairs: Iterable[tuple[str, str]]) -> str:
    """Ours, out of (name, value) pairs that a shop keeps with an order, or an address in one.

    Buyers write those addresses: one that cannot be read says nothing, and hurts no order.
    """
    known: dict[str, str] = {}
    for name, value in pairs:
        plain = name.strip().casefold().lstrip("_").replace("-", "_").replace(" ", "_")
        if plain in CLICK_ID_NAMES and value.strip():
            known.setdefault(plain, value.strip())
        elif "click_id=" in value:
            try:
                query = parse_qs(urlsplit(value.strip()).query, max_num_fields=100)
            except ValueError:
                continue
            known.setdefault("click_id", query.get("click_id", [""])[0])
    return next((known[name][:64] for name in CLICK_ID_NAMES if known.get(name)), "")
