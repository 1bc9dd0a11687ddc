"""The words of words/*.toml, and where a text uses them, hidden or not.

One pass each with Aho-Corasick: over the letters, over the letters as they sound (最 spelled zui,
or another character read alike), over Latin words, and over those with figures for letters.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import ahocorasick

from aiassist.copy.check import folding
from aiassist.copy.check.folding import Folded
from aiassist.copy.check.rules import BACKING, Rule, Source
from aiassist.copy.check.verdict import Level

WORDS = Path(__file__).parent / "words"
_HAN = re.compile(r"[㐀-鿿]")
_NEVER_LAST = "最第"  # a clause does not end with these: what stands before and after is one word
_ENDS = re.compile(r"[。!！?？;；\n]")
_PARTS = re.compile(r"[,，。!！?？;；:\n]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A word or phrase. Of a claim, `means` are the words that back it."""

    word: str
    rule: Rule
    level: Level
    language: str
    source: Source
    instead: str | None = None
    means: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found in text[start:end] of the original."""

    entry: Entry
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The entries of some languages, ready to be looked for."""

    letters: ahocorasick.Automaton
    sounds: ahocorasick.Automaton
    words: ahocorasick.Automaton
    leet: ahocorasick.Automaton
    allowed: ahocorasick.Automaton
    allowed_words: ahocorasick.Automaton

    def hits(self, text: str) -> list[Hit]:
        """Every use of an entry, the longest where several overlap, in the order of the text."""
        letters, latin = folding.letters(text), folding.words(text)
        free = _Free([*_spans(self.allowed, letters), *_spans(self.allowed_words, latin)])
        found = [
            *self._written(letters),
            *self._sounding(letters),
            *self._latin(latin),
            *self._leet(latin, text),
        ]
        return _longest(hit for hit in found if not free.covers(hit))

    def _written(self, letters: Folded) -> Iterator[Hit]:
        for start, end, entry in _found(self.letters, letters.signs):
            if _in_one(letters, start, end) and _whole(letters, start, end):
                yield Hit(entry, *letters.span(start, end))

    def _sounding(self, letters: Folded) -> Iterator[Hit]:
        heard = folding.sounds(letters)
        for first, after, entry in _found(self.sounds, heard.signs):
            parts = heard.letters[first:after]
            start, end = parts[0][0], parts[-1][1]
            level = _alike([letters.signs[a:b] for a, b in parts], entry)
            if level and _in_one(letters, start, end) and _whole(letters, start, end):
                yield Hit(replace(entry, level=level), *letters.span(start, end))

    def _latin(self, latin: Folded) -> Iterator[Hit]:
        for start, end, entry in _found(self.words, latin.signs):
            if _whole(latin, start, end):
                yield Hit(entry, *latin.span(start, end))

    def _leet(self, latin: Folded, text: str) -> Iterator[Hit]:
        read = folding.leet(latin, text)
        for start, end, entry in _found(self.leet, read.signs):
            if latin.signs[start:end] != read.signs[start:end] and _whole(read, start, end):
                hit = Hit(entry, *latin.span(start, end))
                if any(not c.isalpha() for c in text[hit.start : hit.end].replace(" ", "")):
                    yield hit


def lexicon(language: str) -> Lexicon:
    """What is barred in a text of this language. Chinese law holds for Chinese words in any."""
    return _built("de" if language == "de" else "en")


@cache
def _built(latin: str) -> Lexicon:
    mine = [entry for entry in entries() if entry.language in {"zh", latin}]
    zh = [entry for entry in mine if entry.language == "zh"]
    others = [entry for entry in mine if entry.language == latin]
    free = allowed()
    return Lexicon(
        letters=_automaton((form, entry) for entry in zh for form in _written_forms(entry.word)),
        sounds=_automaton(
            (sound, entry) for entry in zh if len(entry.word) > 1 for sound in _spoken(entry.word)
        ),
        words=_automaton((form, entry) for entry in others for form in _latin_forms(entry.word)),
        leet=_automaton(
            (folding.leet_word(form), entry)
            for entry in others
            for form in _latin_forms(entry.word)
        ),
        allowed=_automaton(
            (folding.letters(one.word).signs, one) for one in free if one.language == "zh"
        ),
        allowed_words=_automaton(
            (folding.words(one.word).signs, one) for one in free if one.language == latin
        ),
    )


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry of the files."""
    return tuple(entry for topic in _topics() for entry in _entries(topic))


@cache
def allowed() -> tuple[Entry, ...]:
    """The phrases that may be used though a barred word is part of them."""
    return tuple(
        Entry(word, Rule(topic["rule"]), Level.REVIEW, block["language"], Source(block["source"]))
        for topic in _topics()
        for block in topic.get("words", ())
        for word in block["allow"]
    )


def _topics() -> Iterator[dict[str, Any]]:
    for path in sorted(WORDS.glob("*.toml")):
        yield tomllib.loads(path.read_text())


def _entries(topic: dict[str, Any]) -> Iterator[Entry]:
    rule = Rule(topic["rule"])
    for block in topic.get("words", ()):
        level, source = Level(block["level"]), Source(block["source"])
        instead = block.get("replace", {})
        for word in block["list"]:
            yield Entry(word, rule, level, block["language"], source, instead.get(word))
    for block in topic.get("claims", ()):
        for group in block["groups"]:
            for word in (one for one in group if not one.isdigit()):  # 304 only backs steel
                yield from _claims(word, frozenset(group), rule, Level(block["level"]))


def _claims(word: str, means: frozenset[str], rule: Rule, level: Level) -> Iterator[Entry]:
    """A Chinese claim counts in every text, a Latin one in texts of both Latin languages."""
    for language in ["zh"] if _HAN.search(word) else ["de", "en"]:
        yield Entry(word, rule, level, language, BACKING[language], means=means)


def _automaton(pairs: Iterable[tuple[str, Entry]]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    known: dict[str, list[Entry]] = defaultdict(list)
    for form, entry in pairs:
        known[form].append(entry)
    for form, some in known.items():
        automaton.add_word(form, (len(form), _merged(some)))
    automaton.make_automaton()
    return automaton


def _merged(some: list[Entry]) -> list[Entry]:
    """One claim may be in several groups: any of their words backs it."""
    claims = [entry for entry in some if entry.means]
    means = frozenset().union(*(entry.means for entry in claims))
    merged = [replace(claims[0], means=means)] if claims else []
    return merged + [entry for entry in some if not entry.means]


def _found(automaton: ahocorasick.Automaton, folded: str) -> Iterator[tuple[int, int, Entry]]:
    """Where entries start and end among the signs."""
    if len(automaton):
        for last, (length, some) in automaton.iter(folded):
            for entry in some:
                yield last + 1 - length, last + 1, entry


def _written_forms(word: str) -> set[str]:
    """With 一 and 1 in each other's places."""
    form = folding.letters(word).signs
    return {"".join(signs) for signs in product(*("一1" if c in "一1" else c for c in form))}


def _latin_forms(word: str) -> set[str]:
    """As it is written, in one piece as in a hashtag or nearly so, and with ae for ä."""
    spelled = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    forms = (folding.words(one).signs for one in (word, spelled))
    return {
        "".join(parts)
        for form in forms
        for parts in product(*((c, "") if c == " " else (c,) for c in form))
    }


def _spoken(word: str) -> set[str]:
    return folding.spoken(folding.letters(word).signs)


@cache
def _letters(word: str) -> str:
    return folding.letters(word).signs


def _alike(signs: list[str], entry: Entry) -> Level | None:
    """How sure it is that these signs, which sound like the entry, mean it.

    Spelled in pinyin beside a character of it, or at length: as sure as the word itself. One other
    character in a longer word: somebody should look.
    """
    word = _letters(entry.word)
    if len(word) != len(signs) or not all(map(_HAN.match, word)):
        return None
    spelled = [sign for sign in signs if sign.isascii()]
    same = sum(sign == char for sign, char in zip(signs, word, strict=True))
    other = len(signs) - same - len(spelled)
    if spelled and not other and (same or len("".join(spelled)) >= 6):
        return entry.level
    return Level.REVIEW if other == 1 and not spelled and same >= 2 else None


def _in_one(letters: Folded, start: int, end: int) -> bool:
    """That no end of a sentence parts the signs, unless it is there to hide that they are one."""
    gaps = letters.gaps[start + 1 : end]
    if not any(map(_ENDS.search, gaps)):
        return True
    if letters.signs[start] in _NEVER_LAST:
        return True
    return len(gaps) > 1 and len(set(gaps)) == 1


def _whole(folded: Folded, start: int, end: int) -> bool:
    """That a find does not begin or end inside a Latin word or a number."""
    edges = [(start - 1, start), (end - 1, end)]
    return not any(
        left >= 0 and right < len(folded.signs) and not folded.gaps[right]
        and _same_run(folded.signs[left], folded.signs[right])
        for left, right in edges
    )  # fmt: skip


def _same_run(left: str, right: str) -> bool:
    latin = left.isalpha() and right.isalpha() and not (_HAN.match(left) or _HAN.match(right))
    return latin or (left.isdigit() and right.isdigit())


def _spans(automaton: ahocorasick.Automaton, folded: Folded) -> Iterator[tuple[int, int]]:
    """Where allowed phrases stand: whole, and within one clause."""
    for start, end, _entry in _found(automaton, folded.signs):
        parted = any(map(_PARTS.search, folded.gaps[start + 1 : end]))
        if not parted and _whole(folded, start, end):
            yield folded.span(start, end)


class _Free:
    """Allowed phrases. A find that lies in one, or begins in one, is none: words are read from the
    left."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        self._ends: dict[int, int] = {}  # of the longest phrase from here
        self._inside: set[int] = set()  # places where a phrase has begun and not ended
        for start, end in spans:
            self._ends[start] = max(end, self._ends.get(start, 0))
            self._inside.update(range(start + 1, end))

    def covers(self, hit: Hit) -> bool:
        return hit.start in self._inside or self._ends.get(hit.start, 0) >= hit.end


def _longest(hits: Iterable[Hit]) -> list[Hit]:
    """Of overlapping finds the worst, then the longest."""

    def order(hit: Hit) -> tuple[bool, int, int]:
        return hit.entry.level != Level.BLOCK, -hit.size, hit.start

    kept: list[Hit] = []
    taken: set[int] = set()
    for hit in sorted(hits, key=order):
        places = range(hit.start, hit.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)
