"""What leads out of the text: people's data, foreign links and share codes, other platforms."""

import re
from collections.abc import Iterator
from functools import cache

import phonenumbers
from publicsuffixlist import PublicSuffixList
from stdnum import iban, luhn
from stdnum.cn import ric

from aiassist.copy.check.folding import Folded
from aiassist.copy.check.phrases import either, phrases
from aiassist.copy.check.rules import Rule
from alliance.kernel.hosts import ascii_host

Spot = tuple[Rule, int, int]  # in the folded text

_CN_DIGIT = dict(
    zip("零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖幺", "0012345678912345678" + "91", strict=True)
)
_OUT = phrases("outside")
_DOT = r"\s?(?:\.|。|\(dot\)|\[dot\]|点)\s?"
_EMAIL = re.compile(
    rf"[\w.+-]+\s?(?:@|\(at\)|\[at\]|艾特)\s?[\w-]+(?:{_DOT}[\w-]+)*{_DOT}[a-z]{{2,}}"
)
_CHAT = re.compile(
    rf"(?:加?(?<![a-z]){either(_OUT['chat'])}|(?:加|➕|\+)\s?(?:v|微|薇|我))\s?(?:号|id|群|:|：|是|=)*\s?"
    r"(?=[a-z_-]*[\d_-])[a-z\d][a-z\d_-]{4,19}"
)
_ADDRESS = re.compile(
    r"[㐀-鿿]{2,7}(?:省|市|区|县)[㐀-鿿\d]{1,16}?(?:路|街|道|巷|弄|村|小区|大厦)"
    r"[㐀-鿿\d]{0,8}?\d+(?:号|弄|室|栋|幢|单元)"
    r"|\b[a-z][a-z-]+(?:strasse|str\.|weg|platz|allee) \d{1,4}[a-z]?,? \d{5} [a-z]+"
)
_CARD = re.compile(r"(?<!\d)(?:\d{15,19}|\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?)(?!\d)")
_ID = re.compile(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dx](?!\d)")
_SPACE = r"[ .·*_-]"
_MOBILE = re.compile(
    rf"(?<!\d)(?:\+?86[ -]?)?1(?:[3-9]\d({_SPACE}{{0,2}})\d{{4}}\1\d{{4}}"
    rf"|({_SPACE})[3-9](?:\2\d){{9}})(?!\d)"
)
_IBAN = re.compile(r"\b[a-z]{2}\d{2}(?:\s?[a-z\d]{4}){3,7}(?:\s?[a-z\d]{1,3})?\b")
_URL = re.compile(r"(?:h(?:tt|xx)ps?\s?[:：]\s?/\s?/|www\s?\.)\s?[^\s，。！；、）)】」]+")
_HOST = re.compile(
    rf"(?<![\w@.-])((?:[a-z\d㐀-鿿-]+{_DOT})+([a-z]{{2,18}}))(?!\w)(?:/[^\s，。！；）)】]*)?"
)
_CODE = re.compile(r"([¥￥€$£₤₳₴¢《])\s?([a-z\d]{8,14})\s?([¥￥€$£₤₳₴¢《》])")
_ELSEWHERE = re.compile(either(_OUT["elsewhere"]))
_ENDINGS = frozenset(_OUT["endings"])


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


def spots(
    folded: Folded, known: str, hosts: frozenset[str], codes: frozenset[str]
) -> Iterator[Spot]:
    """In the `plain` folded text. `known` is what the merchant says: names in it may be used."""
    signs = folded.signs
    yield from _people(signs)
    yield from ((Rule.LINK, *span) for span in _links(signs, hosts))
    ours = {code.casefold() for code in codes}
    for match in _CODE.finditer(signs):
        mixed = re.search(r"\d", match[2]) and re.search(r"[a-z]", match[2])
        if mixed and match[2] not in ours:
            yield Rule.LINK, *match.span()
    for match in _ELSEWHERE.finditer(signs):
        if match[0] not in known and not _inside_latin(signs, match.start(), match.end()):
            yield Rule.ELSEWHERE, *match.span()


def _inside_latin(signs: str, start: int, end: int) -> bool:
    def latin(sign: str) -> bool:
        return sign.isascii() and sign.isalnum()

    return latin(signs[start]) and (latin(signs[start - 1 : start]) or latin(signs[end : end + 1]))


def _people(signs: str) -> Iterator[Spot]:
    digits = "".join(_CN_DIGIT.get(sign, sign) for sign in signs)
    for pattern, counts in (
        (_EMAIL, _always), (_CHAT, _always), (_ADDRESS, _always), (_MOBILE, _always),
        (_ID, lambda written: ric.is_valid(_bare(written).upper())),
        (_CARD, lambda written: luhn.is_valid(_bare(written))),
        (_IBAN, lambda written: iban.is_valid(_bare(written).upper(), check_country=False)),
    ):  # fmt: skip
        for match in pattern.finditer(digits if pattern in {_MOBILE, _ID, _CARD} else signs):
            if counts(match[0]):
                yield Rule.PERSONAL, *match.span()
    for number in phonenumbers.PhoneNumberMatcher(signs, None):  # with +49 or the like in front
        yield Rule.PERSONAL, number.start, number.end
    for match in re.finditer(r"(?<![\d-])0\d{2,4}[-/]\d{6,8}(?!\d)", signs):
        yield Rule.PERSONAL, *match.span()


def _always(_written: str) -> bool:
    return True


def _bare(written: str) -> str:
    return re.sub(r"[\s-]", "", written)


def _links(signs: str, hosts: frozenset[str]) -> Iterator[tuple[int, int]]:
    for match in _URL.finditer(signs):
        written = re.sub(r"^h\w+s?\s?[:：]\s?/\s?/\s?", "", match[0])
        host = written.split("/")[0].split("?")[0].split("#")[0]
        if "@" in host or (ascii_host(host.split(":")[0]) not in hosts and host not in hosts):
            yield match.span()
    for match in _HOST.finditer(signs):
        *_names, name, ending = re.split(_DOT, match[1])
        host = re.sub(_DOT, ".", match[1])
        known = ending in _ENDINGS and _suffixes().publicsuffix(host) != host
        if known and host not in hosts and re.fullmatch(r"[a-z\d-]{2,}", name):
            yield match.span()
