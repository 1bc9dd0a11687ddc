"""The forty shops."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from alliance.demo.content import table
from alliance.demo.dice import Dice
from alliance.demo.names import Row, Words, words
from alliance.demo.shelves import Category, categories, kinds

DEMO_MERCHANT = "chuiman"  # the shop of chen@demo.example


class Character(StrEnum):
    FLAGSHIP = "flagship"
    SMALL = "small"
    FACTORY = "factory"  # of an industrial belt: low prices, high rates
    SUPERMARKET = "supermarket"


@dataclass(frozen=True, slots=True)
class MerchantFacts:
    """A shop, its brand and what it pays by default."""

    code: str
    brand: Words
    shop: Words
    line: Words  # one sentence about itself
    city: Words
    domain: str  # registered for its landing pages; under .example
    character: Character
    score: int  # 487: buyers give 4.87 of 5
    since: int  # year in which the shop opened
    shelves: tuple[str, ...]  # category codes, the main one first
    kinds: tuple[str, ...]  # of those shelves
    general_bps: tuple[tuple[str, int], ...]  # general plan: category code, commission rate


@cache
def merchants() -> dict[str, MerchantFacts]:
    return {code: _merchant(code, row) for code, row in table("merchants").items()}


def _merchant(code: str, row: Row) -> MerchantFacts:
    chinese, latin = row["brand"].split("|")
    character, shelves = Character(row["character"]), tuple(row["shelves"].split())
    dice = Dice("merchant", code)
    return MerchantFacts(
        code=code,
        brand=Words(chinese, latin, latin),
        shop=words(row["shop"]),
        line=words(row["line"]),
        city=words(row["city"]),
        domain=f"{code}.example",
        character=character,
        score=row["score"],
        since=row["since"],
        shelves=shelves,
        kinds=_kinds(row, shelves),
        general_bps=tuple(
            (shelf, _general_rate(categories()[shelf], character, dice)) for shelf in shelves
        ),
    )


def _kinds(row: Row, shelves: tuple[str, ...]) -> tuple[str, ...]:
    everything = [kind.code for kind in kinds().values() if kind.category in shelves]
    chosen = row["kinds"].split() if "kinds" in row else everything
    if unknown := set(chosen) - set(everything):
        raise ValueError(f"not on the shelves {shelves}: {unknown}")
    return tuple(chosen)


def _general_rate(category: Category, character: Character, dice: Dice) -> int:
    """In the lower third of what the category pays; factories pay more than supermarkets do."""
    room = (category.high_rate_bps - category.low_rate_bps) // 3
    low = {Character.FACTORY: room // 2, Character.SMALL: room // 3}.get(character, 0)
    return category.low_rate_bps + dice.between(low, room) // 50 * 50
