"""What leads out of the text: people's data, foreign links and share codes."""

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
    r"(?<![a-z\d._+-])[a-z\d._+-]{1,64}\s?(?:@|\(at\)|\[at\]|艾特)"
    rf"\s?[\w-]+(?:{_DOT}[\w-]+)*{_DOT}[a-z]{{2,}}"
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
_LANDLINE = re.compile(r"(?<![\d-])0\d{2,4}[-/]\d{6,8}(?!\d)")
_IBAN = re.compile(r"\b[a-z]{2}\d{2}(?:\s?[a-z\d]{4}){3,7}(?:\s?[a-z\d]{1,3})?\b")
_URL = re.compile(r"(?:h(?:tt|xx)ps?\s?[:：]\s?/\s?/|www\s?\.)\s?[^\s，。！；、）)】」]+")
_SHORT = re.compile(r"https?://([^\s/]+)/[rs]/([a-z\d]{1,14})(?![^\s，。])")
_HOST = re.compile(
    rf"(?<![\w@.-])((?:(?:(?!点)[a-z\d㐀-鿿-]){{1,63}}{_DOT}){{1,8}}[a-z]{{2,18}})(?!\w)"
    r"(?:/[^\s，。！；）)】]*)?"
)
_CODE = re.compile(r"([¥￥€$£₤₳₴¢《])\s?([a-z\d]{8,14})\s?([¥￥€$£₤₳₴¢《》])")
_ENDINGS = frozenset(_OUT["endings"])


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True, accept_unknown=False)


def spots(folded: Folded, hosts: frozenset[str], codes: frozenset[str]) -> Iterator[Spot]:
    """In the `plain` folded text; `hosts` and `codes` are our own."""
    signs = folded.signs
    ours = {code.casefold() for code in codes}
    people = _people(_without_ways(signs, hosts, ours))
    yield from ((Rule.PERSONAL, *span) for span in people)
    yield from ((Rule.LINK, *span) for span in _links(signs, hosts))
    for match in _CODE.finditer(signs):
        mixed = re.search(r"\d", match[2]) and re.search(r"[a-z]", match[2])
        if mixed and match[2] not in ours:
            yield Rule.LINK, *match.span()


def _without_ways(signs: str, hosts: frozenset[str], codes: set[str]) -> str:
    """Blanks for our own short links and codes: chance may spell a messenger's name in them."""
    for match in (*_SHORT.finditer(signs), *_CODE.finditer(signs)):
        if match[2] in codes or match[1] in hosts:
            signs = signs[: match.start()] + " " * len(match[0]) + signs[match.end() :]
    return signs


def _host_of(url: str) -> str:
    written = re.sub(r"^h\w+s?\s?[:：]\s?/\s?/\s?", "", url)
    return re.split("[/?#]", written, maxsplit=1)[0]


def _people(signs: str) -> Iterator[tuple[int, int]]:
    digits = "".join(_CN_DIGIT.get(sign, sign) for sign in signs)
    for pattern in (_EMAIL, _CHAT, _ADDRESS, _LANDLINE):
        yield from (match.span() for match in pattern.finditer(signs))
    for pattern, valid in ((_MOBILE, bool), (_ID, ric.is_valid), (_CARD, luhn.is_valid)):
        for match in pattern.finditer(digits):
            if valid(_bare(match[0])):
                yield match.span()
    for match in _IBAN.finditer(signs):
        if iban.is_valid(_bare(match[0]), check_country=False):
            yield match.span()
    for number in phonenumbers.PhoneNumberMatcher(signs, None):  # with +49 or the like in front
        yield number.start, number.end


def _bare(written: str) -> str:
    return re.sub(r"[\s-]", "", written).upper()


def _links(signs: str, hosts: frozenset[str]) -> Iterator[tuple[int, int]]:
    for match in _URL.finditer(signs):
        host = _host_of(match[0])
        if "@" in host or (ascii_host(host.split(":")[0]) not in hosts and host not in hosts):
            yield match.span()
    for match in _HOST.finditer(signs):
        host = re.sub(_DOT, ".", match[1])
        if host not in hosts and _is_host(host, as_written=host == match[1]):
            yield match.span()


def _is_host(host: str, as_written: bool) -> bool:
    """Whether a name without https:// is one. With a 点 or a space for the dot only the usual
    endings count: 晚8点me is an hour."""
    *_parts, name, ending = host.split(".")
    usual = as_written or ending in _ENDINGS
    return bool(usual and re.fullmatch(r"[a-z\d-]{2,}", name) and _suffixes().privatesuffix(host))
