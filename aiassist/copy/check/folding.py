"""A text as readers see it, whatever was done to hide it from a list of words.

Folding leaves a short alphabet: compatibility forms, width, case, tone marks and letters that look
alike become one; traditional characters become simplified; what is no letter and no figure falls
away. Each sign remembers where it came from, so that a find can be marked in the original.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import opencc

# Letters of other alphabets that are drawn like ours.
_ALIKE = dict(
    zip(
        "авеёгзіїјкмнорѕстухьԁԛԝһӏαβγεηικνορτυχωɑɡı",
        "abeer3iijkmhopsctyxbdqwhlabyenikvoptuxwagi",
        strict=True,
    )
)
# Characters that are used because they look like another, and hardly ever for their own sake.
_ALIKE |= dict(zip("蕞冣朂㝡苐壹弌", "最最最最第一一", strict=True))
_STROKES = "丨丶丿亅丷ㅣ"  # characters by their number, signs between others by their use
# Figures and signs in the place of letters, and l, which is read as i on both sides.
_LEET = dict(zip("013457@$€|l", "oieastaseii", strict=True))
_SYLLABLE = 0xE000  # in the private use area: a syllable is one sign, too
_HAN = re.compile(r"[㐀-鿿]")
_LATIN_RUN = re.compile(r"[a-z]+")
_FIRST = re.compile(r"(?<![\w#&])[#＃] ?1(?![\w.,:)])")
_LONGEST_RUN = 24  # letters of pinyin in one piece


@dataclass(frozen=True, slots=True)
class Folded:
    """Signs, and for each the span of the original that it stands for.

    `gaps[i]` is what fell away right before sign i: "" for nothing.
    """

    signs: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    gaps: tuple[str, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where signs[start:end] stands in the original."""
        return self.starts[start], self.ends[end - 1]


@dataclass(frozen=True, slots=True)
class _Sign:
    sign: str
    start: int
    end: int
    gap: str = ""


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _forms(char: str) -> str:
    """One character in its plain form: compatibility, case, figures; "" for what is not seen."""
    if unicodedata.category(char) in {"Mn", "Me", "Cf", "Cc"} and char not in "\n\t\r":
        return ""
    if char == "，":  # it would become a sign that may stand inside a number
        return char
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", char).casefold()
    if plain.isascii():
        return plain
    parted = unicodedata.normalize("NFD", plain)
    if not "a" <= parted[0] <= "z":
        return plain
    return "".join(c for c in parted if unicodedata.category(c) != "Mn")


def _folded(signs: Iterable[_Sign]) -> Folded:
    kept = list(signs)
    return Folded(
        "".join(one.sign for one in kept),
        tuple(one.start for one in kept),
        tuple(one.end for one in kept),
        tuple(one.gap for one in kept),
    )


def plain(text: str) -> Folded:
    """Every visible sign, with spaces and punctuation: what numbers and dates are looked for in."""
    return _folded(
        _Sign(sign, at, at + 1)
        for at, char in enumerate(text)
        for sign in (" " if char.isspace() and char != "\n" else _forms(char))
    )


@cache
def _letter(sign: str) -> str:
    alike = _ALIKE.get(sign, sign)
    return _converter().convert(alike) if _HAN.match(alike) else alike


def letters(text: str) -> Folded:
    """Letters and figures only, simplified: what Chinese words are looked for in."""
    kept: list[_Sign] = []
    gap = ""
    for at, char in enumerate(text):
        for form in _forms(char):
            sign = _letter(form)
            if sign.isalnum() and sign not in _STROKES:
                kept.append(_Sign(sign, at, at + 1, gap))
                gap = ""
            else:
                gap += sign
    return _folded(kept)


def words(text: str) -> Folded:
    """Latin words with one space between them; letters that stand alone in a row are one word.
    #1 is read as it is said: no 1."""
    kept: list[_Sign] = []
    for at, char in enumerate(text):
        for form in "no " if _FIRST.match(text, at) else _forms(char):
            sign = _letter(form)
            if sign.isalnum() and sign not in _STROKES:
                kept.append(_Sign(sign, at, at + 1))
            elif sign in "'’":
                continue
            elif sign in ".!?" and kept and kept[-1].sign != " ":
                kept.append(_Sign(" ", at, at + 1, sign))
            elif not kept or kept[-1].sign != " ":
                kept.append(_Sign(" ", at, at + 1, ""))
    signs = "".join(one.sign for one in kept)
    spelled = {
        at
        for run in re.finditer(r"(?<![^ ])(?:[^\W\d] ){2,}[^\W\d](?![^ ])", signs)
        for at in range(*run.span())
        if signs[at] == " "
    }
    return _folded(one for at, one in enumerate(kept) if at not in spelled)


def leet(folded: Folded, text: str) -> Folded:
    """The same words where figures stand for letters; l and i are one."""
    original = [text[start] for start in folded.starts]
    signs = [
        _LEET.get(char, _LEET.get(sign, sign))
        if sign == "l" or _beside_letter(folded.signs, at)
        else sign
        for at, (sign, char) in enumerate(zip(folded.signs, original, strict=True))
    ]
    return Folded("".join(signs), folded.starts, folded.ends, folded.gaps)


def leet_word(word: str) -> str:
    return word.replace("l", "i")


def _beside_letter(signs: str, at: int) -> bool:
    return signs[max(at - 1, 0) : at].isalpha() or signs[at + 1 : at + 2].isalpha()


@dataclass(frozen=True, slots=True)
class Sounds:
    """The letters as they sound: a sign for each syllable, spelled in Chinese or in Latin.

    `letters[i]` are the signs of the folded text that sound i was read from.
    """

    signs: str
    letters: tuple[tuple[int, int], ...]


def sounds(folded: Folded) -> Sounds:
    signs: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(folded.signs):
        run = _LATIN_RUN.match(folded.signs, at)
        syllables = _syllables(run.group()) if run else None
        for syllable in syllables or ():
            signs.append(_sound(syllable))
            spans.append((at, at + len(syllable)))
            at += len(syllable)
        if not syllables:
            signs.append(_sound_of(folded.signs[at]))
            spans.append((at, at + 1))
            at += 1
    return Sounds("".join(signs), tuple(spans))


def spoken(word: str) -> set[str]:
    """How a word may sound: read in context, and sign by sign."""
    alone = "".join(map(_sound_of, word))
    if not all(map(_HAN.match, word)):
        return {alone}
    return {alone, "".join(map(_sound, _read(word)))}


@cache
def _sound_of(sign: str) -> str:
    return _sound(_read(sign)[0]) if _HAN.match(sign) else sign


def _read(word: str) -> list[str]:
    from pypinyin import lazy_pinyin  # its dictionaries are long: only who checks a text waits

    return lazy_pinyin(word)


@cache
def _numbers() -> dict[str, int]:
    """Every syllable of Mandarin without its tone, numbered."""
    from pypinyin.constants import PINYIN_DICT

    read = ",".join(PINYIN_DICT.values()).replace("ü", "v")
    bare = "".join(c for c in unicodedata.normalize("NFD", read) if unicodedata.category(c) != "Mn")
    spelled = {syllable for syllable in bare.split(",") if syllable.isascii()}
    return {syllable: number for number, syllable in enumerate(sorted(spelled))}


def _sound(syllable: str) -> str:
    number = _numbers().get(syllable)
    return syllable[:1] if number is None else chr(_SYLLABLE + number)


@lru_cache(maxsize=4096)
def _syllables(run: str) -> tuple[str, ...] | None:
    """The run of letters as pinyin, the longest syllables first; None if it is something else."""
    if not run:
        return ()
    if len(run) > _LONGEST_RUN:
        return None
    for length in range(min(6, len(run)), 1, -1):
        if run[:length] in _numbers():
            rest = _syllables(run[length:])
            if rest is not None:
                return (run[:length], *rest)
    return None
