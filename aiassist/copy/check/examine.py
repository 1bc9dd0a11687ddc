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


def _once(found: list[Finding]) -> list[Finding]:
    """Without what lies inside something larger: a telephone number is one finding, not four."""
    return [one for one in found if not any(_part(one, other) for other in found)]


def _part(one: Finding, other: Finding) -> bool:
    if one.rule != Rule.NUMBER and other.rule not in _WHOLE:
        return False
    larger = (other.end - other.start, other.rule) > (one.end - one.start, one.rule)
    return larger and one.start < one.end and other.start <= one.start and one.end <= other.end


def _label_words() -> tuple[str, str]:
    return (
        _("The label is missing at the beginning: alone, in the first line and before any link."),
        _("An advertisement may not say that it is none."),
    )


def _worded(text: str, facts: Facts | None, language: str) -> Iterator[Finding]:
    known = "\n".join(folding.letters(one).signs for one in facts.said) if facts else ""
    for hit in lexicon(language).hits(text):
        entry, words = hit.entry, text[hit.start : hit.end]
        if entry.rule != Rule.CLAIM:
            why = str(WHY[entry.rule])
            yield Finding(
                entry.rule, entry.level, hit.start, hit.end, words, why, entry.source, entry.instead
            )
        elif facts is None or not _backed(hit, known):
            level = entry.level if facts else Level.REVIEW
            why = (
                _("Neither the title nor an attribute says so.")
                if facts
                else _("Nothing backs this yet: choose the product.")
            )
            yield Finding(Rule.CLAIM, level, hit.start, hit.end, words, why, entry.source)


def _backed(hit: Hit, known: str) -> bool:
    return any(folding.letters(word).signs in known for word in {*hit.entry.means, hit.entry.word})


def _led_out(text: str, facts: Facts | None, language: str) -> Iterator[Finding]:
    folded = folding.plain(text)
    known = "\n".join(folding.plain(one).signs for one in facts.attributes) if facts else ""
    hosts, codes = (facts.hosts, facts.codes) if facts else (frozenset[str](), frozenset[str]())
    words = {
        Rule.PERSONAL: (
            _("Data of a person do not belong into an advertisement."),
            PRIVACY[language],
        ),
        Rule.LINK: (_("Leads elsewhere than your own link."), Source.HOUSE),
        Rule.ELSEWHERE: (_("Names another platform."), Source.HOUSE),
    }
    for rule, start, end in outside.spots(folded, known, hosts, codes):
        first, last = folded.span(start, end)
        why, source = words[rule]
        yield Finding(rule, Level.BLOCK, first, last, text[first:last], why, source)


def _told(text: str) -> Iterator[Finding]:
    why = _("Speaks to a program, not to a reader.")
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
    folded = folding.plain(text)
    for pattern, why in _coupon_words(facts, now):
        for match in re.finditer(pattern, folded.signs):
            start, end = folded.span(*match.span())
            if not any(one.start <= start < one.end for one in figures):
                rule = Rule.COUPON_OVER if now.over else Rule.COUPON
                yield Finding(rule, Level.BLOCK, start, end, text[start:end], why, TRUTH[language])


def _coupon_words(facts: Facts, now: truth.Truth) -> Iterator[tuple[str, str]]:
    """What may not be said of the coupon even without a figure, and why."""
    if facts.coupon is None:
        yield truth.COUPON_WORDS, _("There is no coupon for this product.")
    elif now.over:
        yield truth.COUPON_WORDS, _("The coupon does not count now.")
    elif facts.coupon.threshold:
        yield (
            truth.NO_THRESHOLD,
            _("The coupon counts from %(amount)s.")
            % {"amount": facts.coupon.threshold.localized()},
        )
