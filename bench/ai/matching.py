"""Matching on published splits, ranked among all items, beside what papers report for them.

Gowalla as published with LightGCN: Recall@20 and nDCG@20 of the items that a tenth of each history
hides. Amazon Beauty as published with S3-Rec: the last item of each history is to be found.
Baseline: the most popular items. Nothing here is tuned on what is judged: the settings are the
papers' own, or were chosen on the item before the last.
"""

import gzip
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

import numpy as np
from scipy import sparse

from aiassist.matching import GraphFilter, NextItem

DATA = Path(os.environ.get("BENCH_DATA", Path(__file__).parents[3] / "shared/data"))
BATCH = 1_000
Histories = list[list[int]]


def run(small: bool = False) -> None:
    if small:
        histories = _made(300, 120)
        _hidden("made up", [h[:-2] for h in histories], [h[-2:] for h in histories], 120)
        _next("made up", histories, 120)
        return
    if not DATA.is_dir():
        print(f"  The published tables are not in {DATA}: name their place in BENCH_DATA")
        return
    train, test = _gowalla("train"), _gowalla("test")
    print("  Gowalla, published: GF-CF .1849/.1518, LightGCN .1830/.1554, EASE .1765/.1467")
    _hidden("Gowalla", train, test, 1 + max(map(max, train + test)))
    histories = _read(DATA / "amazon_beauty/Beauty.txt.gz")
    print("  Beauty, published: S3-Rec .0647/.0327, SASRec .0605/.0318")
    _next("Beauty", histories, 1 + max(map(max, histories)))


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


def _judged(
    scores: Callable[[Sequence[int]], np.ndarray], known: Histories, hidden: Histories, first: int
) -> tuple[float, float]:
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
