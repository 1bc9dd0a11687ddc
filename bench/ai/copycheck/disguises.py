"""Barred words as people hide them, in sentences that are otherwise clean; the same for a seed."""

import random
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import opencc
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT

from aiassist.copy.check.lexicon import Entry, entries
from aiassist.copy.check.rules import Rule
from bench.ai.copycheck.texts import SAID

_APART = ["~", "*", "·", "-", "_", " ", ".", "★", "丨", "/", "❤", "、", "+", "^", "  ", "🔥", "，"]
_UNSEEN = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"]
_LOOKS = {
    "最": "蕞冣", "第": "苐", "一": "壹①１❶1", "1": "①１❶", "a": "аａ𝐚", "e": "еｅ𝑒", "o": "оοｏ",
    "i": "іｉ", "c": "сｃ", "p": "рｐ", "x": "хｘ", "t": "ｔ", "n": "ｎ", "s": "ｓ",
}  # fmt: skip
_FIGURES = {"e": "3", "a": "4", "i": "1", "o": "0", "s": "5"}


@dataclass(frozen=True, slots=True)
class Planted:
    """A text with a barred word in text[start:end], and how it was hidden."""

    text: str
    start: int
    end: int
    entry: Entry
    way: str


def planted(seed: int, count: int) -> Iterator[Planted]:
    """Words of every list but the claims', each hidden in one of the ways that it can be."""
    chance = random.Random(seed)
    words = [entry for entry in entries() if entry.rule != Rule.CLAIM]
    while count:
        entry = chance.choice(words)
        way = chance.choice(list(_WAYS))
        hidden = _WAYS[way](chance, entry.word, entry.language)
        if hidden and (hidden != entry.word or way == "as written"):
            count -= 1
            before, after = chance.choice(SAID["carriers"][entry.language]).split("{}")
            start, end = len(before), len(before + hidden)
            yield Planted(before + hidden + after, start, end, entry, way)


def _parted(chance: random.Random, word: str, language: str) -> str | None:
    """A sign between all letters, or in one place."""
    sign = chance.choice(_APART)
    if language != "zh":
        return sign.strip().join(word) if " " not in word and sign.strip() else None
    place = chance.randrange(1, len(word))
    return chance.choice([sign.join(word), word[:place] + sign + word[place:]])


def _unseen(chance: random.Random, word: str, _language: str) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + chance.choice(_UNSEEN) + word[place:]


def _wide(_chance: random.Random, word: str, language: str) -> str | None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word)
    return wide if wide != word and (language != "zh" or word.isascii()) else None


def _traditional(_chance: random.Random, word: str, _language: str) -> str:
    return _to_traditional().convert(word)


def _spelled(chance: random.Random, word: str, language: str) -> str | None:
    """One character in pinyin, with or without its tone."""
    han = [at for at, sign in enumerate(word) if "㐀" <= sign <= "鿿"]
    if language != "zh" or len(han) < 2 or len(han) < len(word):
        return None
    at = chance.choice(han)
    style = chance.choice([Style.NORMAL, Style.TONE])
    return word[:at] + lazy_pinyin(word, style=style)[at] + word[at + 1 :]


def _sounding(chance: random.Random, word: str, language: str) -> str | None:
    """One character of a longer word replaced by another that sounds alike."""
    if language != "zh" or len(word) < 3 or not all("㐀" <= sign <= "鿿" for sign in word):
        return None
    at = chance.randrange(len(word))
    alike = [sign for sign in _homophones()[lazy_pinyin(word[at])[0]] if sign != word[at]]
    return word[:at] + chance.choice(alike) + word[at + 1 :] if alike else None


def _looking(chance: random.Random, word: str, _language: str) -> str | None:
    places = [at for at, sign in enumerate(word) if sign in _LOOKS]
    if not places:
        return None
    at = chance.choice(places)
    return word[:at] + chance.choice(_LOOKS[word[at]]) + word[at + 1 :]


def _figures(chance: random.Random, word: str, language: str) -> str | None:
    places = [at for at, sign in enumerate(word) if sign in _FIGURES]
    if language == "zh" or not places:
        return None
    at = chance.choice(places)
    return word[:at] + _FIGURES[word[at]] + word[at + 1 :]


def _shouted(_chance: random.Random, word: str, _language: str) -> str:
    return word.upper()


def _tagged(_chance: random.Random, word: str, language: str) -> str | None:
    return "#" + word.title().replace(" ", "") if language != "zh" and " " in word else None


def _doubled(chance: random.Random, word: str, language: str) -> str | None:
    """Traditional, and parted."""
    return _parted(chance, _traditional(chance, word, language), language)


@cache
def _to_traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


@cache
def _homophones() -> dict[str, list[str]]:
    """The characters of the national standard's first level by their reading."""
    by_sound = defaultdict(list)
    for code in PINYIN_DICT:
        sign = chr(code)
        try:
            first_level = 0xB0A1 <= int.from_bytes(sign.encode("gb2312")) <= 0xD7F9
        except UnicodeEncodeError:
            continue
        if first_level and unicodedata.category(sign) == "Lo":
            by_sound[lazy_pinyin(sign)[0]].append(sign)
    return by_sound


_WAYS = {
    "as written": lambda _chance, word, _language: word,
    "parted": _parted,
    "unseen signs": _unseen,
    "wide letters": _wide,
    "traditional": _traditional,
    "pinyin": _spelled,
    "alike in sound": _sounding,
    "alike in looks": _looking,
    "figures": _figures,
    "capitals": _shouted,
    "hashtag": _tagged,
    "traditional, parted": _doubled,
}
