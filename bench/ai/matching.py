"""Matching on published splits, ranked among all items, beside what papers report for them; and
what it knows of items and people that nobody has seen act.

Gowalla as published with LightGCN: Recall@20 and nDCG@20 of the items that a tenth of each history
hides. Amazon Beauty as published with S3-Rec: the last item of each history is to be found.
Baseline: the most popular items. Nothing here is tuned on what is judged: the settings are the
papers' own, or were chosen on the item before the last.

Cold start, on a split of our own: a tenth of Beauty's items lose all of their interactions, and a
tenth of its people are known by two attributes only, those that the first half of their history has
most of. The second half is judged. Commission: every item gets one by chance (log-normal).
"""

import gzip
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

import numpy as np
from scipy import sparse

from aiassist.matching import Alike, Content, GraphFilter, Matcher, NextItem, by_worth

DATA = Path(os.environ.get("BENCH_DATA", Path(__file__).parents[3] / "shared/data"))
BATCH = 1_000
Histories = list[list[int]]
Scores = Callable[[Sequence[int]], np.ndarray]


def run(small: bool = False) -> None:
    if small:
        histories = _made(300, 120)
        _hidden("made up", [h[:-2] for h in histories], [h[-2:] for h in histories], 120)
        _next("made up", histories, 120)
        _cold("made up", histories, {item: [f"shelf {item // 20}"] for item in range(120)}, 120)
        return
    if not DATA.is_dir():
        print(f"  The published tables are not in {DATA}: name their place in BENCH_DATA")
        return
    train, test = _gowalla("train"), _gowalla("test")
    print("  Gowalla, published: GF-CF .1849/.1518, LightGCN .1830/.1554, EASE .1765/.1467")
    _hidden("Gowalla", train, test, 1 + max(map(max, train + test)))
    histories = _read(DATA / "amazon_beauty/Beauty.txt.gz")
    print("  Beauty, published: S3-Rec .0647/.0327, SASRec .0605/.0318")
    items = 1 + max(map(max, histories))
    _next("Beauty", histories, items)
    with gzip.open(DATA / "amazon_beauty/item2attributes.json.gz", "rt") as file:
        marks = {int(item): [str(one) for one in some] for item, some in json.load(file).items()}
    _cold("Beauty", histories, marks, items)


def _hidden(name: str, train: Histories, test: Histories, items: int) -> None:
    """Recall and nDCG of the first twenty, of people who have something hidden."""
    began, taken = process_time(), _matrix(train, items)
    popular = np.asarray(taken.sum(axis=0))
    model = GraphFilter(taken)
    plain = _judged(lambda rows: np.repeat(popular, len(rows), axis=0), train, test, 20)
    ours = _judged(lambda rows: model.scores(taken[rows]), train, test, 20)
    for label, (recall, gain) in {"most popular": plain, "graph filter": ours}.items():
        print(f"  {name:10}{label:16}Recall@20 {recall:.4f}   nDCG@20 {gain:.4f}")
    print(f"  {name:10}nDCG to that of the most popular: ratio {ours[1] / plain[1]:.1f}")
    print(f"  {name:10}{process_time() - began:.0f} s of CPU, all ranked for {len(train):,} people")


def _next(name: str, histories: Histories, items: int) -> None:
    """How often the last item is among the first ten, and its nDCG."""
    began, known, last = process_time(), [h[:-1] for h in histories], [h[-1:] for h in histories]
    popular = np.asarray(_matrix(known, items).sum(axis=0))
    model = NextItem(known, items)
    plain = _judged(lambda rows: np.repeat(popular, len(rows), axis=0), known, last, 10)
    ours = _judged(lambda rows: model.scores([known[row] for row in rows]), known, last, 10)
    for label, (hits, gain) in {"most popular": plain, "next item": ours}.items():
        print(f"  {name:10}{label:16}HR@10 {hits:.4f}   nDCG@10 {gain:.4f}")
    print(f"  {name:10}{process_time() - began:.0f} s of CPU, all ranked for {len(known):,} people")
    _paid(name, model, known, last, items)


def _paid(name: str, model: NextItem, known: Histories, last: Histories, items: int) -> None:
    """What letting commission change the order costs in what people really took, and brings."""
    worth = np.random.default_rng(618).lognormal(0, 0.7, items)
    some = range(0, len(known), max(1, len(known) // 2_000))
    first = min(40, items // 2)
    earned = np.zeros(2)

    def ranked(rows: Sequence[int], paid: int) -> np.ndarray:
        scores = np.array(model.scores([known[some[row]] for row in rows]), np.float32)
        for row, place in zip(scores, rows, strict=True):
            row[known[some[place]]] = 0
            best = np.argsort(-row, kind="stable")[:200]
            relevance = np.maximum(row[best], 0)
            if paid:
                best = best[by_worth(relevance, worth[best], first)]
            shown = best[:first]
            earned[paid] += (np.maximum(row[shown], 0) * worth[shown]).sum()
            row[best] = np.arange(len(best), 0, -1) + row.max()
        return scores

    theirs, wanted = [known[row] for row in some], [last[row] for row in some]
    plain = _judged(lambda rows: ranked(rows, 0), theirs, wanted, first)[1]
    paid = _judged(lambda rows: ranked(rows, 1), theirs, wanted, first)[1]
    print(
        f"  {name:10}commission in the order: nDCG@{first} {plain:.4f} to {paid:.4f}"
        f" (ratio {paid / plain:.3f}), expected commission shown {earned[1] / earned[0]:.3f} times"
    )


def _cold(name: str, histories: Histories, marks: dict[int, list[str]], items: int) -> None:
    """New items and new people, three seeds: nDCG@20 beside the most popular of what is theirs."""
    rows = [_cold_once(histories, marks, items, seed) for seed in (1, 2, 3)]
    for label in rows[0]:
        got = [row[label] for row in rows]
        print(f"  {name:10}{label:42}nDCG@20 {np.mean(got):.4f} ({min(got):.4f} to {max(got):.4f})")
    mean = {label: float(np.mean([row[label] for row in rows])) for label in rows[0]}
    for who in ("new items", "new people"):
        ratio = mean[f"{who}, ours"] / mean[f"{who}, most popular by attribute"]
        print(f"  {name:10}{who} to the most popular by attribute: ratio {ratio:.1f}")


def _cold_once(
    histories: Histories, marks: dict[int, list[str]], items: int, seed: int
) -> dict[str, float]:
    chance = np.random.default_rng(seed)
    new = np.zeros(items, bool)
    new[chance.choice(items, items // 10, replace=False)] = True
    order = np.concatenate([np.flatnonzero(~new), np.flatnonzero(new)])  # the new ones last
    place = np.argsort(order)
    known = int((~new).sum())
    beside = [marks.get(int(item), []) for item in order]
    seen = [[int(place[item]) for item in history] for history in histories]
    train = [[item for item in history if item < known] for history in seen]
    hidden = [[item for item in history if item >= known] for history in seen]
    content = Content([""] * items, beside)
    like = content.alike(np.arange(known, items), np.arange(known))
    matcher = Matcher(train, known, like, few=items)
    popular = _popular_by_mark(train, beside, items)
    people = [person for person in range(len(train)) if train[person]]
    some = sorted(chance.choice(people, min(4_000, len(people)), replace=False).tolist())
    only_new = np.where(np.arange(items) < known, -1.0, 0.0)
    gain: dict[str, float] = {}

    def judged(
        label: str, scores: Callable[[Sequence[int]], np.ndarray], wanted: Histories
    ) -> None:
        gain[label] = _judged(scores, [train[p] for p in some], wanted, 20)[1]

    theirs = [hidden[person] for person in some]
    judged(
        "new items, most popular by attribute",
        lambda rows: np.repeat((popular + 1e6 * only_new)[None], len(rows), axis=0),
        theirs,
    )
    judged(
        "new items, ours",
        lambda rows: matcher.scores([train[some[row]] for row in rows]) + 1e6 * only_new,
        theirs,
    )
    gain |= _strangers(seen, beside, items, chance)
    return gain


def _strangers(
    seen: Histories, beside: list[list[str]], items: int, chance: np.random.Generator
) -> dict[str, float]:
    """People of whom only what they say is known."""
    strangers = set(chance.choice(len(seen), len(seen) // 10, replace=False).tolist())
    rest = [history for person, history in enumerate(seen) if person not in strangers]
    said, wanted = [], []
    for person in sorted(strangers):
        half = len(seen[person]) // 2
        said.append(_most(seen[person][:half], beside))
        wanted.append(seen[person][half:])
    alike = Alike([_most(history, beside) for history in rest], _matrix(rest, items))
    has = [set(some) for some in beside]
    popular = np.asarray(_matrix(rest, items).sum(axis=0)).ravel()

    def fitting(rows: Sequence[int]) -> np.ndarray:
        return np.array([[len(has[i] & set(said[row])) for i in range(items)] for row in rows])

    def ours(rows: Sequence[int]) -> np.ndarray:
        return alike.scores([said[row] for row in rows]) * (fitting(rows) + 0.1)

    known: Histories = [[] for _ in wanted]
    return {
        "new people, most popular": _judged(
            lambda rows: np.repeat(popular[None], len(rows), axis=0), known, wanted, 20
        )[1],
        "new people, most popular by attribute": _judged(
            lambda rows: (fitting(rows) > 0) * popular, known, wanted, 20
        )[1],
        "new people, ours": _judged(ours, known, wanted, 20)[1],
    }


def _most(history: list[int], beside: list[list[str]]) -> list[str]:
    """The two marks that a history has most of."""
    counts = Counter(mark for item in history for mark in beside[item])
    return [mark for mark, _count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:2]]


def _popular_by_mark(train: Histories, beside: list[list[str]], items: int) -> np.ndarray:
    """For each item how popular its marks' items are on average."""
    often = Counter(item for history in train for item in history)
    total, count = Counter[str](), Counter[str]()
    for item, marks in enumerate(beside):
        for mark in marks:
            total[mark] += often[item]
            count[mark] += 1
    means = [[total[mark] / count[mark] for mark in marks] for marks in beside]
    return np.array([np.mean(one) if one else 0.0 for one in means])


def _judged(scores: Scores, known: Histories, hidden: Histories, first: int) -> tuple[float, float]:
    """Mean recall and nDCG of the `first` items that are not known, over who hides some."""
    discounts = 1 / np.log2(np.arange(2, first + 2))
    people = [person for person, items in enumerate(hidden) if items]
    recall = gain = 0.0
    for start in range(0, len(people), BATCH):
        some = people[start : start + BATCH]
        for person, row in zip(some, np.array(scores(some), np.float32), strict=True):
            row[known[person]] = -np.inf
            best = np.argpartition(-row, first)[:first]
            best = best[np.argsort(-row[best], kind="stable")]
            wanted = set(hidden[person])
            hits = np.array([item in wanted for item in best])
            recall += hits.sum() / len(wanted)
            gain += (hits * discounts).sum() / discounts[: len(wanted)].sum()
    return recall / len(people), gain / len(people)


def _matrix(histories: Histories, items: int) -> sparse.csr_matrix:
    rows = np.repeat(np.arange(len(histories)), [len(h) for h in histories])
    columns = np.concatenate([np.array(h, int) for h in histories])
    cells = (np.ones(len(columns), np.float32), (rows, columns))
    taken = sparse.csr_matrix(cells, shape=(len(histories), items))
    taken.data[:] = 1
    return taken


def _gowalla(part: str) -> Histories:
    return _read(DATA / f"gowalla/{part}.txt.gz")


def _read(path: Path) -> Histories:
    """A line for each person: a number, then the items."""
    with gzip.open(path, "rt") as lines:
        return [[int(item) for item in line.split()[1:]] for line in lines]


def _made(people: int, items: int) -> Histories:
    """Each person walks through one of six shelves, in its order, leaving some out."""
    chance = np.random.default_rng(618)
    shelf = items // 6
    return [
        [
            int(person % 6 * shelf + item)
            for item in sorted(chance.choice(shelf, size=8, replace=False))
        ]
        for person in range(people)
    ]
