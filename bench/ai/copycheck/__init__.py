"""The check of promotional texts: what it finds, what it lets through, and whom it wrongs.

Baseline: the same words in a plain list that folds width and case. Texts, disguises and orders are
made here from seeds that nothing was tuned on; titles are real ones, judged by hand where they are
blocked.
"""

import csv
import gzip
import hashlib
import os
import random
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import process_time

from aiassist.copy.check import Channel, Facts, Level, Rule, Verdict, check, neutralised
from alliance.kernel.money import Money
from bench.ai.copycheck.disguises import Planted, planted
from bench.ai.copycheck.texts import LABEL, Case, cases

HERE = Path(__file__).parent
DATA = Path(os.environ.get("BENCH_DATA", HERE.parents[3] / "shared/data"))
PICTURE = HERE.parents[2] / "docs/pictures/copycheck.png"
SEED = 20_260_618
AT = datetime(2026, 6, 1, 4, tzinfo=UTC)
_FIGURES = {
    Rule.PRICE, Rule.COUPON, Rule.COUPON_OVER, Rule.STALE, Rule.DISCOUNT, Rule.DATE, Rule.SOLD,
    Rule.NUMBER, Rule.LENGTH,
}  # fmt: skip


def run(small: bool = False) -> None:
    share = 20 if small else 1
    _facts(500 // share)
    _words(3000 // share, draw=not small)
    _orders()
    _clean()
    if DATA.is_dir() and not small:
        _titles()
        _english_titles()
    elif not small:
        print(f"  The real titles are not in {DATA}: name their place in BENCH_DATA")


def judged(case: Case) -> Verdict:
    return check(case.text, case.facts, Channel.MOMENTS, case.language, case.at)


def _facts(count: int) -> None:
    """Texts with one fact wrong must not go out, true ones must."""
    wrong = [case for case in cases(SEED, count, wrong=True) if judged(case).usable is not None]
    refused = [case for case in cases(SEED + 1, count, wrong=False) if not judged(case).passes]
    print(f"  facts     let through with a wrong fact: {len(wrong)} of {count}")
    print(f"  facts     refused though true: {len(refused)} of {count}")
    for case in (*wrong, *refused):
        print(f"            {case.wrong or 'true'}: {case.text!r}")


def _words(count: int, draw: bool) -> None:
    """Barred words, hidden; by rule, and by the way of hiding."""
    some = list(planted(SEED, count))
    began = process_time()
    found = [one for one in some if _found(one)]
    spent = (process_time() - began) / count
    plain = [one for one in some if _plainly_in(one)]
    false = Counter(one.rule for case in _innocent() for one in judged(case).findings)
    for rule in sorted({one.entry.rule for one in some}):
        mine = [one for one in some if one.entry.rule == rule]
        hits = sum(one in found for one in mine)
        precise = hits / (hits + false[rule]) if hits else 0.0
        print(f"  words     {rule:14}recall {hits / len(mine):.3f}   precision {precise:.3f}")
    _compare("words", count, count - len(found), count - len(plain))
    print(f"  words     {spent * 1000:.1f} ms of CPU a text")
    if draw:
        _draw(some, {id(one) for one in found}, {id(one) for one in plain})


def _found(one: Planted) -> bool:
    """Something is found where the word was planted."""
    verdict = check(one.text, None, Channel.MOMENTS, one.entry.language, AT)
    return any(hit.start < one.end and one.start < hit.end for hit in verdict.findings)


def _plainly_in(one: Planted) -> bool:
    """As a list of words finds it that folds width and case."""
    plain, word = (unicodedata.normalize("NFKC", s).casefold() for s in (one.text, one.entry.word))
    return word in plain


def _compare(what: str, count: int, ours: int, plain: int) -> None:
    print(f"  {what:10}missed of {count:,}: {ours}, by a plain list {plain:,}")
    print(f"  {what:10}plain list's misses to ours: ratio {plain / max(ours, 1):.0f}")


def _innocent() -> Iterator[Case]:
    """Sentences with nothing wrong in them."""
    for language, sentences in tomllib.loads((HERE / "clean.toml").read_text()).items():
        for sentence in sentences:
            facts = Facts(title=sentence, price=Money(9900, "CNY"), as_of=AT)
            yield Case(LABEL[language] + sentence, language, facts, AT, "")
    yield from cases(SEED + 2, 300, wrong=False)


def _clean() -> None:
    sentences = list(_innocent())
    wronged = [case.text for case in sentences if not judged(case).passes]
    print(f"  clean     found fault with: {len(wronged)} of {len(sentences)}: {wronged}")


def orders() -> Iterator[tuple[str, str, str]]:
    """Hostile titles: the title, what it wants to see, and the language."""
    for line in tomllib.loads((HERE / "orders.toml").read_text())["titles"].strip().splitlines():
        title, wish = line.split(" | ")
        chinese = any("㐀" <= sign <= "鿿" for sign in title)
        german = any(word in title.split() for word in _GERMAN)
        yield title, wish, "zh" if chinese else "de" if german else "en"


_GERMAN = {
    "Leinenhemd.", "Trinkflasche.", "Kopfhörer.", "Lampe.", "Kaffee.", "Rucksack.", "Hemd.",
    "Flasche.",
}  # fmt: skip


def obeyed() -> Iterator[tuple[str, str | None, str]]:
    """What a generator would write that copies each title, or does as it is told.

    The wish, what the check lets out, and the title made harmless.
    """
    for title, wish, language in orders():
        facts = Facts(title=title, price=Money(9900, "CNY"), as_of=AT)
        for said in (title, wish):
            verdict = check(LABEL[language] + said, facts, Channel.MOMENTS, language, AT)
            yield wish, verdict.usable, neutralised(title)


def _orders() -> None:
    done = list(obeyed())
    out = [wish for wish, usable, _ in done if usable and wish.casefold() in usable.casefold()]
    left = {wish for wish, _, title in done if wish.casefold() in title.casefold()}
    print(f"  orders    obeyed and let through: {len(out)} of {len(done)}: {out}")
    print(f"  orders    wishes left in the titles made harmless: {len(left)} of {len(done) // 2}")


def _titles() -> None:
    """Real titles: blocked by words, links, people's data or orders; the figures need facts."""
    with gzip.open(DATA / "cn_product_titles/titles.csv.gz", "rt") as lines:
        titles = [row["title"] for row in csv.DictReader(lines)]
    blocked = [title for title in titles if _blocked(title)]
    kinds = Counter(_judgement(title) for title in blocked)
    plain = sum(any(word in title for word in _public_list()) for title in titles)
    print(f"  titles    blocked: {len(blocked)} of {len(titles):,}: {dict(kinds)}")
    false = kinds["lawful"] + kinds["not judged"]
    print(f"  titles    false blocks: {false / len(titles):.2%}")
    print(f"  titles    a public list's hits to ours: ratio {plain / len(blocked):.0f}")
    real = cases(SEED + 3, 1000, wrong=False, titles=titles)
    verdicts = [judged(case) for case in real]
    stopped = sum(verdict.blocked for verdict in verdicts)
    looked = sum(not verdict.passes and not verdict.blocked for verdict in verdicts)
    print(f"  titles    of 1,000 true texts {stopped} are blocked, {looked} to be looked at")


def _english_titles() -> None:
    """8,000 English ones: blocked as titles, and with a superlative if somebody wrote them as a
    text. A shop's address in a title is none of the words' business."""
    with gzip.open(DATA / "product_titles_ditto/titles.csv.gz", "rt") as lines:
        titles = [row["title"] for row in csv.DictReader(lines)]
    some = random.Random(SEED).sample(titles, 8000)
    blocked = [title for title in some if _blocked(title, "en", {*_FIGURES, Rule.LINK})]
    looked = [title for title in some if Rule.ABSOLUTE in _rules(title)]
    print(f"  titles    English, blocked: {len(blocked)} of {len(some):,}: {blocked}")
    print(f"  titles    English, with a superlative: {len(looked)} of {len(some):,}: {looked[:20]}")


def _blocked(title: str, language: str = "zh", without: Iterable[Rule] = _FIGURES) -> bool:
    facts = Facts(title=title, price=Money(9900, "CNY"), as_of=AT)
    found = check(LABEL[language] + title, facts, Channel.MOMENTS, language, AT).findings
    return any(one.level == Level.BLOCK and one.rule not in without for one in found)


def _rules(text: str) -> set[Rule]:
    return {one.rule for one in check(text, None, Channel.MOMENTS, "en", AT).findings}


def _judgement(title: str) -> str:
    digest = hashlib.sha256(title.encode()).hexdigest()[:8]
    kinds = tomllib.loads((HERE / "titles.toml").read_text())
    return next((kind for kind, known in kinds.items() if digest in known.split()), "not judged")


@cache
def _public_list() -> list[str]:
    """Words that three of four public lists have in common."""
    return (DATA / "adlaw_words/core_3plus.txt").read_text().split()


def _draw(some: Iterable[Planted], found: set[int], plain: set[int]) -> None:
    """Recall by the way of hiding, ours beside a plain list's."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    ways = sorted({one.way for one in some})
    by_way = {way: [id(one) for one in some if one.way == way] for way in ways}
    figure, axes = plt.subplots(figsize=(8, 4.6), layout="constrained")
    for offset, (label, hits, colour) in enumerate(
        (("plain list", plain, "#c9ced6"), ("this check", found, "#e8590c"))
    ):
        shares = [sum(one in hits for one in by_way[way]) / len(by_way[way]) for way in ways]
        places = [at + 0.38 * offset for at in range(len(ways))]
        bars = axes.barh(places, shares, height=0.36, color=colour, label=label)
        axes.bar_label(bars, [f"{share:.1%}" for share in shares], padding=4, fontsize=8)
    axes.set_yticks([at + 0.19 for at in range(len(ways))], ways)
    axes.set_xlim(0, 1.1)
    axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        f"Barred words found, of {len(list(some)):,}, by the way they are hidden", loc="left"
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, frameon=False)
    figure.savefig(PICTURE, dpi=120)
