"""How well each product suits an affiliate, and what speaks for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from aiassist.matching import Alike, Content, Matcher, matrix
from aiassist.services.matching.goods import Goods
from aiassist.services.matching.taken import Taken
from aiassist.services.matching.wishes import Wishes

KNOWN = 50  # clicks after which what an affiliate did counts as much as what it said
UNSAID = 0.05  # the part that its mere kind has, where it did something
UNPROVEN = 0.5  # the weight of what nobody took, for who took nothing
OTHER = 0.1  # of what is outside its interests, beside what is inside
BEYOND = 0.3  # of what costs less or more than its audience pays
FAVOURED = 1.0  # how much more suits what its goal names


@dataclass(frozen=True, slots=True)
class Suited:
    """An affiliate with its products' `relevance`: a number for each place of the goods, 0 for what
    does not suit, is its own already, or cannot be promoted."""

    affiliate: int
    wishes: Wishes
    relevance: np.ndarray
    said: np.ndarray  # the part of it that its audience has
    history: Sequence[int]
    suiting: "Suiting"

    def reason(self, place: int) -> tuple[str, int | None]:
        """A word for what speaks most for the product (`aiassist.for_you` has the sentences), and
        the other product that it names, as a place."""
        return self.suiting.reason(self, place)


class Suiting:
    """Ready to say of each affiliate what suits it."""

    def __init__(self, goods: Goods, taken: Taken, wishes: dict[int, Wishes]) -> None:
        self._goods, self._taken, self._wishes = goods, taken, wishes
        self._place = {pk: place for place, pk in enumerate(goods.keys[: goods.taken].tolist())}
        everybody = sorted(taken.histories)
        histories = [self._history(pk) for pk in everybody]
        places = np.arange(len(goods.keys))
        content = Content(goods.titles, goods.marks)
        self._like = content.alike(places[goods.taken :], places[: goods.taken])
        self._matcher = Matcher(histories, goods.taken, self._like)
        traits = [self._traits(pk) for pk in everybody]
        self._alike = Alike(traits, matrix(histories, goods.taken))

    def each(self, affiliates: Sequence[int]) -> Iterator[Suited]:
        histories = [self._history(pk) for pk in affiliates]
        did = self._matcher.scores(histories)
        shared = self._alike.scores([self._traits(pk) for pk in affiliates])
        said = np.hstack([shared, UNPROVEN * (self._like @ shared.T).T])
        for row, affiliate in enumerate(affiliates):
            wishes, history = self._wishes[affiliate], histories[row]
            part = self._part_of_what_is_said(affiliate, wishes, history)
            by_audience = part * _of_one(said[row] * self._wanted(wishes))
            relevance = (1 - part) * did[row] + by_audience
            if wishes.favoured:
                relevance *= 1 + FAVOURED * np.isin(self._goods.keys, list(wishes.favoured))
            relevance[history] = 0
            relevance[~self._goods.open] = 0
            yield Suited(affiliate, wishes, relevance, by_audience, history, self)

    def reason(self, suited: Suited, place: int) -> tuple[str, int | None]:
        if suited.said[place] * 2 <= suited.relevance[place]:
            spoken = self._matcher.speaks_most(suited.history, place)
            if spoken is not None:
                return ("with" if place < self._goods.taken else "like"), spoken
        if self._goods.category[place] in suited.wishes.interests:
            return "interest", None
        return ("audience" if suited.wishes.said else "kind"), None

    def _wanted(self, wishes: Wishes) -> np.ndarray:
        goods = self._goods
        wanted: np.ndarray = np.ones(len(goods.keys))
        if wishes.interests:
            wanted = np.isin(goods.category, list(wishes.interests)) + OTHER
        beyond = np.zeros(len(goods.keys), bool)
        if wishes.price_from is not None:
            beyond |= goods.price < wishes.price_from
        if wishes.price_to is not None:
            beyond |= goods.price > wishes.price_to
        beyond &= np.array([one == wishes.currency for one in goods.currency], bool)
        return np.where(beyond, BEYOND * wanted, wanted)

    def _part_of_what_is_said(
        self, affiliate: int, wishes: Wishes, history: Sequence[int]
    ) -> float:
        if not history:
            return 1.0
        return KNOWN / (KNOWN + self._taken.clicks_by[affiliate]) if wishes.said else UNSAID

    def _traits(self, affiliate: int) -> frozenset[str]:
        """What it said, and the categories it takes most of: so who said nothing is alike to others
        as well."""
        wishes = self._wishes.get(affiliate)
        traits = wishes.traits if wishes else frozenset[str]()
        category = self._goods.category[self._history(affiliate)]
        kinds, counts = np.unique(category[category > 0], return_counts=True)
        most = kinds[np.argsort(-counts, kind="stable")[:2]]
        return traits | {f"interest:{pk}" for pk in most.tolist()}

    def _history(self, affiliate: int) -> list[int]:
        return [self._place[pk] for pk in self._taken.histories.get(affiliate, ())]


def _of_one(scores: np.ndarray) -> np.ndarray:
    """The best becomes 1."""
    most = scores.max(initial=0)
    return scores / most if most > 0 else scores
