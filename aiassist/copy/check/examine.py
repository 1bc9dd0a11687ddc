"""All rules, over one text."""

import re
from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from aiassist.copy.check import folding, injection, label, outside, truth
from aiassist.copy.check.channels import ROOMS
from aiassist.copy.check.lexicon import Hit, lexicon
from aiassist.copy.check.rules import PRIVACY, TRUTH, WHY, Rule, Source
from aiassist.copy.check.verdict import Channel, Facts, Finding, Level

_WHOLE = {Rule.PERSONAL, Rule.LINK, Rule.INJECTION}
_LONG = {Rule.LENGTH, Rule.NUMBER}  # nothing is found as a part of these


def examine(
    text: str, facts: Facts | None, channel: Channel, language: str, at: datetime
) -> tuple[Finding, ...]:
    """What is found, in the order of the text; what concerns the whole of it first."""
    found = [
        *_worded(text, facts, language),
        *_led_out(text, facts, language),
        *_told(text),
        *label.findings(text, language, *_label_words()),
        *_long(text, channel),
        *(_true(text, facts, language, at) if facts else ()),
    ]
    return tuple(sorted(_once(found), key=lambda one: (one.start, one.end)))


def _once(found: list[Finding]) -> Iterator[Finding]:
    """Without what lies inside something larger: a telephone number is one finding, not four."""
    whole, worded = {}, {}  # the largest finding at each place
    for one in sorted(found, key=_size):
        for place in range(one.start, one.end):
            if one.rule in _WHOLE:
                whole[place] = one
            if one.rule not in _LONG:
                worded[place] = one
    for one in found:
        around = worded if one.rule == Rule.NUMBER else whole
        larger = around.get(one.start)
        part = larger and one.end <= larger.end and _size(one) < _size(larger)
        if one.start == one.end or not part:
            yield one


def _size(one: Finding) -> tuple[int, str]:
    return one.end - one.start, one.rule.value


def _label_words() -> tuple[str, str]:
    return (
        _("The label is missing at the beginning: alone, in the first line and before any link."),
        _("An advertisement may not say that it is none."),
    )


def _worded(text: str, facts: Facts | None, language: str) -> Iterator[Finding]:
    said = _letters(facts.said) if facts else ""
    brands = _letters(facts.attributes) if facts else ""
    quoted = _quoted(text, facts.title) if facts else set()
    codes = _in_codes(text, facts.codes) if facts else set()
    for hit in lexicon(language).hits(text):
        entry, level, why = hit.entry, hit.entry.level, str(WHY[hit.entry.rule])
        if {hit.start, hit.end - 1} <= codes:
            continue
        if entry.rule == Rule.CLAIM:
            if facts is None:
                level, why = Level.REVIEW, _("Nothing backs this yet: choose the product.")
            elif _backed(hit, said):
                continue
        elif entry.rule == Rule.ELSEWHERE:
            if _backed(hit, brands):
                continue
        elif _named(hit) and hit.start in quoted:
            continue
        words = text[hit.start : hit.end]
        yield Finding(
            entry.rule, level, hit.start, hit.end, words, why, entry.source, entry.instead
        )


def _named(hit: Hit) -> bool:
    """Whether it may be part of a name: a superlative that neither German nor English law bars as
    such. Chinese law does, in a title as elsewhere."""
    entry = hit.entry
    return (entry.rule, entry.level) == (Rule.ABSOLUTE, Level.REVIEW) and entry.language != "zh"


def _quoted(text: str, title: str) -> set[int]:
    """Where the text has the title in one piece: whole, or five or more of its first words."""
    folded, name = folding.words(text), folding.words(title).signs.split()
    for many in range(len(name), min(len(name), 5) - 1, -1):
        words = re.escape(" ".join(name[:many]))
        spots = [one.span() for one in re.finditer(rf"(?<![^ ]){words}(?![^ ])", folded.signs)]
        if name and spots:
            spans = (folded.span(*spot) for spot in spots)
            return {place for start, end in spans for place in range(start, end)}
    return set()


def _in_codes(text: str, codes: frozenset[str]) -> set[int]:
    """Where the text has our own share codes: chance may spell "3c", a seal, in them."""
    written = (re.compile(re.escape(code), re.IGNORECASE) for code in codes)
    found = (one.span() for code in written for one in code.finditer(text))
    return {place for span in found for place in range(*span)}


def _letters(words: tuple[str, ...]) -> str:
    return "\n".join(folding.letters(one).signs for one in words)


def _backed(hit: Hit, said: str) -> bool:
    return any(folding.letters(word).signs in said for word in {*hit.entry.means, hit.entry.word})


def _led_out(text: str, facts: Facts | None, language: str) -> Iterator[Finding]:
    folded = folding.plain(text)
    hosts, codes = (facts.hosts, facts.codes) if facts else (frozenset[str](), frozenset[str]())
    sources = {Rule.PERSONAL: PRIVACY[language], Rule.LINK: Source.HOUSE}
    for rule, first, last in outside.spots(folded, hosts, codes):
        start, end = folded.span(first, last)
        why = str(WHY[rule])
        yield Finding(rule, Level.BLOCK, start, end, text[start:end], why, sources[rule])


def _told(text: str) -> Iterator[Finding]:
    why = str(WHY[Rule.INJECTION])
    for start, end in injection.spots(text):
        yield Finding(Rule.INJECTION, Level.BLOCK, start, end, text[start:end], why, Source.HOUSE)


def _long(text: str, channel: Channel) -> Iterator[Finding]:
    most = ROOMS[channel].most
    if len(text) > most:
        words = {"most": most, "length": len(text)}
        why = _("It has %(length)s characters, of which %(most)s are taken here.") % words
        yield Finding(Rule.LENGTH, Level.BLOCK, most, len(text), text[most:], why, Source.HOUSE)


def _true(text: str, facts: Facts, language: str, at: datetime) -> Iterator[Finding]:
    figures = list(truth.findings(text, facts, language, at))
    yield from figures
    now = truth.Truth(facts, at, language)
    rule = Rule.COUPON_OVER if now.over else Rule.COUPON
    folded = folding.plain(text)
    known = {place for one in figures for place in range(one.start, one.end)}
    for pattern, why in _coupon_words(facts, now):
        for match in re.finditer(pattern, folded.signs):
            start, end = folded.span(*match.span())
            if start not in known:
                yield Finding(rule, Level.BLOCK, start, end, text[start:end], why, TRUTH[language])


def _coupon_words(facts: Facts, now: truth.Truth) -> Iterator[tuple[str, str]]:
    """What may not be said of the coupon even without a figure, and why."""
    if facts.coupon is None:
        yield truth.COUPON_WORDS, _("There is no coupon for this product.")
    elif now.over:
        yield truth.COUPON_WORDS, _("The coupon does not count now.")
    elif facts.coupon.threshold:
        amount = facts.coupon.threshold.localized()
        yield truth.NO_THRESHOLD, _("The coupon counts from %(amount)s.") % {"amount": amount}
