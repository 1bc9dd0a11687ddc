"""What can be put right without deciding anything: a word, the label, the length."""

import re

from aiassist.copy.check import label
from aiassist.copy.check.channels import ROOMS
from aiassist.copy.check.rules import Rule
from aiassist.copy.check.verdict import Channel, Finding

# Where one sentence ends: a ? inside an address is no end.
_END = re.compile(r"(?<=[。！？\n])|(?<=[!?.]\s)")


def repaired(
    text: str, findings: tuple[Finding, ...], channel: Channel, language: str
) -> str | None:
    """The text with safe words in the place of unsafe ones, labelled and short enough.

    None when a finding needs a person: a wrong figure is not corrected, the text is written anew.
    """
    if any(one.instead is None and one.rule != Rule.LENGTH for one in findings):
        return None
    for one in reversed([one for one in findings if one.rule not in {Rule.LABEL, Rule.LENGTH}]):
        text = text[: one.start] + _cased(one) + text[one.end :]
    if not label.labelled(text, language):
        text = label.LABELS[language] + text.lstrip()
    return _shortened(text, ROOMS[channel].most)


def _cased(one: Finding) -> str:
    """What stands instead, with a capital where there was one."""
    instead = one.instead or ""
    return instead[:1].upper() + instead[1:] if one.words[:1].isupper() else instead


def _shortened(text: str, most: int) -> str | None:
    """Whole sentences left out from the end, but none with a link. None: that is not enough."""
    parts = _END.split(text)
    while sum(map(len, parts)) > most:
        loose = [
            at
            for at, part in enumerate(parts)
            if at and not re.search(r"https?://|[¥￥]\w{6,}", part)
        ]
        if not loose:
            return None
        del parts[loose[-1]]
    return "".join(parts).rstrip()
