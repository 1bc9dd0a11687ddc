"""What is sold: the sixteen categories and the kinds of product on their shelves."""

from dataclasses import dataclass
from functools import cache

from alliance.demo.content import table
from alliance.demo.names import (
    Material,
    Row,
    Tone,
    Words,
    audience,
    choices,
    material,
    size,
    tones,
    words,
)

SEASONS = {
    "spring": (3, 4, 5),
    "summer": (5, 6, 7, 8),
    "autumn": (9, 10, 11),
    "winter": (11, 12, 1),
}


@dataclass(frozen=True, slots=True)
class Category:
    """One shelf of the alliance. Rates are commission rates in basis points."""

    code: str
    name: Words
    low_rate_bps: int
    high_rate_bps: int
    full_refund_bps: int  # of 10,000 orders received, this many come back whole
    part_refund_bps: int
    shelf: float  # how much of the alliance's assortment it is, about 1


@dataclass(frozen=True, slots=True)
class Kind:
    """What products of a sort have in common, and the facts in which they may differ."""

    code: str
    category: str
    drawing: str
    name: Words
    also: str  # other Chinese words that buyers search for; no new fact
    low_yuan: int
    high_yuan: int
    tones: tuple[Tone, ...]
    styles: tuple[Words, ...]
    materials: tuple[Material, ...]
    features: tuple[tuple[Words, ...], ...]  # of each group, a product has one at most
    audiences: tuple[Words, ...]
    sizes: tuple[Words, ...]
    pack_unit: str
    pack_counts: tuple[int, ...]
    months: tuple[int, ...]  # when it sells best; empty: all year
    share: int


@cache
def categories() -> dict[str, Category]:
    return {code: _category(code, row) for code, row in table("categories").items()}


@cache
def kinds() -> dict[str, Kind]:
    return {
        code: _kind(code, category, row)
        for category in categories()
        for code, row in table(f"kinds/{category}").items()
    }


def _category(code: str, row: Row) -> Category:
    return Category(
        code=code,
        name=words(row["name"]),
        low_rate_bps=row["rate_bps"][0],
        high_rate_bps=row["rate_bps"][1],
        full_refund_bps=row["refund_bps"][0],
        part_refund_bps=row["refund_bps"][1],
        shelf=row["shelf"],
    )


def _kind(code: str, category: str, row: Row) -> Kind:
    unit, *counts = row.get("pack", "个 1").split()
    return Kind(
        code=code,
        category=category,
        drawing=row.get("draw", code),
        name=words(row["name"]),
        also=row.get("also", ""),
        low_yuan=row["price"][0],
        high_yuan=row["price"][1],
        tones=tones(row["tone"], row.get("form", "colour")),
        styles=choices(row["style"]),
        materials=tuple(material(key) for key in row.get("material", "").split()),
        features=tuple(choices(group) for group in row["feature"]),
        audiences=tuple(audience(key) for key in row.get("who", "").split()),
        sizes=tuple(size(text) for text in row.get("size", "").split(";") if text),
        pack_unit=unit,
        pack_counts=tuple(int(count) for count in counts),
        months=SEASONS.get(row.get("season", ""), ()),
        share=row.get("share", 2),
    )
