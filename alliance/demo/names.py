"""Words in three languages, and how a product's facts become its title in each of them."""

import re
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from alliance.demo.content import table

Row: TypeAlias = dict[str, Any]


class Words(NamedTuple):
    """One meaning, said in Chinese, English and German."""

    zh: str
    en: str
    de: str


NOTHING = Words("", "", "")
LATE = {"colour", "glaze"}  # forms of a tone that stand at the end of a title


class Tone(NamedTuple):
    """What tells two of a kind apart: a colour, a flavour, a scent, a design; and its colours."""

    name: Words
    main: str
    accent: str
    form: str


class Material(NamedTuple):
    """German needs two: the first half of a compound, and what stands after "aus"."""

    name: Words
    after_aus: str


class Said(NamedTuple):
    """The facts of one product as words, ready to be put in the order of each language."""

    brand: Words
    noun: Words
    also: str
    style: Words
    material: Material | None
    features: tuple[Words, ...]
    audience: Words
    size: Words
    pack: Words
    tone: Tone


def words(text: str) -> Words:
    """Read "Chinese|English|German"."""
    zh, en, de = text.strip().split("|")
    return Words(zh, en, de)


def choices(text: str) -> tuple[Words, ...]:
    """Read alternatives divided by semicolons."""
    return tuple(words(part) for part in text.split(";")) if text.strip() else ()


@cache
def material(key: str) -> Material:
    zh, en, de, after_aus = table("words")["materials"][key].split("|")
    return Material(Words(zh, en, de), after_aus)


@cache
def audience(key: str) -> Words:
    return words(table("words")["audiences"][key])


@cache
def tones(name_or_list: str, form: str) -> tuple[Tone, ...]:
    """A palette of words.toml by name, or one written out where it is used."""
    found = []
    for part in table("words")["tones"].get(name_or_list, name_or_list).split(";"):
        zh, en, de, main, *more = part.strip().split("|")
        found.append(Tone(Words(zh, en, de), main, more[0] if more else "", form))
    return tuple(found)


def size(text: str) -> Words:
    """ "1.5 l", "150x200 cm", "S-XXL", or a size written out in three languages."""
    if "|" in text:
        return words(text)
    number, _, unit = text.strip().partition(" ")
    if not unit:
        span = number.replace("-", "–")
        return Words(f"{number}码", f"Sizes {span}", f"Gr. {span}")
    zh, en, de = table("words")["units"][unit].split("|")
    tight = number.replace("x", "×")
    german = number.replace(".", ",").replace("x", " × ")
    return Words(tight + zh, number.replace("x", " × ") + en, german + de)


def pack(unit: str, count: int) -> Words:
    """ "3 to a pack" in the counting words of each language; nothing for a single piece."""
    if count < 2:
        return NOTHING
    en, de = table("words")["packs"][unit].split("|")
    return Words(f"{count}{unit}装", en.format(count), de.format(count))


def tone_words(tone: Tone) -> Words:
    """The tone as its form says it: "Tomato Flavour", "in Taubenblau", or nothing."""
    if tone.form == "none":
        return NOTHING
    zh, en, de = table("words")["forms"][tone.form].split("|")
    return Words(zh.format(tone.name.zh), en.format(tone.name.en), de.format(tone.name.de))


def title(said: Said, manner: int) -> Words:
    """The product's title in three languages. `manner` (0 to 2) varies the Chinese word order."""
    return Words(_chinese(said, manner), _english(said), _german(said))


def _chinese(said: Said, manner: int) -> str:
    """The way listings read there: brand, what it is, then every word a buyer might search for."""
    tone = tone_words(said.tone).zh
    inner, outer = ("", tone) if said.tone.form in LATE else (tone, "")
    made_of = said.material.name.zh if said.material else ""
    noun = f"{said.style.zh}{made_of}{inner}{said.noun.zh}"
    features = [feature.zh for feature in said.features]
    amount = _amount(said.size.zh, said.pack.zh)
    if manner == 0:
        parts = [said.brand.zh + noun + said.audience.zh + "".join(features) + said.also]
        parts += [amount, outer]
    elif manner == 1:
        parts = [said.brand.zh, noun + features[0], *features[1:], said.audience.zh + said.also]
        parts += [outer, amount]
    else:
        parts = [f"【{said.brand.zh}】{outer}{noun}", "".join(features), said.audience.zh, amount]
    return _tidy(" ".join(part for part in parts if part))


def _amount(size: str, pack: str) -> str:
    """ "100g×2袋", but "A5 3本装"."""
    if not (size and pack) or not size[0].isdigit() or "×" in size or "-" in size:
        return f"{size} {pack}"
    return f"{size}×{pack.removesuffix('装')}"


def _english(said: Said) -> str:
    made_of = said.material.name.en if said.material else ""
    tone = tone_words(said.tone).en
    head = [said.brand.en, said.style.en, made_of, said.noun.en]
    if said.tone.form in {"extract", "origin"}:
        head, tone = [*head, tone], ""
    return _listing([*head, said.audience.en], [f.en for f in said.features], said, tone, "en")


def _german(said: Said) -> str:
    """Adjectives stay behind the noun, as on German shop pages: nothing has to be inflected."""
    noun, tone = said.noun.de, tone_words(said.tone).de
    if said.material:
        short = len(noun) <= 7 and noun.isalpha()
        front = said.material.name.de
        noun = front + noun.lower() if short else f"{noun} aus {said.material.after_aus}"
    head = [said.brand.de, noun]
    if said.tone.form in {"extract", "origin"}:
        head, tone = [*head, tone], ""
    features = [said.style.de, *(feature.de for feature in said.features)]
    return _listing([*head, said.audience.de], features, said, tone, "de")


def _listing(head: list[str], features: list[str], said: Said, tone: str, language: str) -> str:
    early, late = ("", tone) if said.tone.form in LATE else (tone, "")
    amount = [getattr(said.size, language), getattr(said.pack, language)]
    parts = [" ".join(part for part in head if part), early, *features, *amount, late]
    return ", ".join(part for part in parts if part)


def _tidy(text: str) -> str:
    """Chinese and Latin or digits get no blank between them twice, and none at the ends."""
    return re.sub(r" {2,}", " ", text).strip()
