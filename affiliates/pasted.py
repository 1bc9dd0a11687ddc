"""What somebody pasted: addresses, links of ours, share codes and product numbers out of a text.

Pure: whether there is anything behind them is for others to find out (affiliates.queries.finding).
Each pattern begins where a word begins and never goes back over what it has read, so that a hostile
text costs no more than a friendly one of its length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

LONGEST = 10_000  # characters that are read
MOST = 10  # things that are taken out of one text
# No 0/o, 1/i/l: a code may be read aloud or typed from paper. 31^10 is about 2^49.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_LENGTH = 10
CODE = rf"[{ALPHABET}]{{{CODE_LENGTH}}}"


class Kind(StrEnum):
    ADDRESS = "address"  # of whatever shop
    CODE = "code"  # of a link of ours: /r/…, /s/…, or between two ￥
    PRODUCT = "product"  # our own number of it, out of the address of its page here
    NUMBER = "number"  # a product's, its shop's or ours


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing that was pasted. `value`: the address, code or number. `longer`: the address as well,
    if the signs behind it that are not ASCII belong to it. `sure`: it can be nothing else; what is
    not sure is left out where there is nothing behind it."""

    kind: Kind
    value: str
    longer: str = ""
    sure: bool = True


# Signs of full width that addresses are made of. Those that end a sentence stay what they are.
_NARROW = {ord(sign) + 0xFEE0: sign for sign in "#%&-./:=@_+0123456789"} | {
    base + 0xFEE0 + step: chr(base + step) for base in (65, 97) for step in range(26)
}
_INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF, 0x00AD])

_LABEL = r"(?:[A-Za-z0-9_-]+|[^\W\x00-\x7f][\w-]*)"
_SIGNS = r"A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%|-"
# What ends an address in a chat, whatever stands behind it: white space, brackets, punctuation.
_BREAKS = r"\s<>\"`{}\\^，。！？；：、（）【】《》〈〉「」『』“”‘’…￥¥"
_TAIL = rf"(?P<tail>[/?#][{_SIGNS}]*)?(?P<more>(?:[^{_BREAKS}\x00-\x7f][^{_BREAKS}]*)?)"
_WEB = re.compile(
    rf"(?P<web>https?://(?:[^\s/?#@]*@)?{_LABEL}(?:\.{_LABEL})*\.?(?::\d{{1,5}})?){_TAIL}",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?<![\w@.:/-])(?P<web>(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}(?::\d{1,5})?)(?![\w@-])"
    rf"{_TAIL}",
    re.ASCII,
)
_TOKEN = re.compile(rf"[￥¥$€£]\s?({CODE})\s?[￥¥$€£]", re.IGNORECASE)
_LONE_CODE = re.compile(CODE)
_OWN_CODE = re.compile(rf"/[rs]/({CODE})/?", re.IGNORECASE)
_OWN_PRODUCT = re.compile(r"/affiliate/products/(\d{1,18})/?", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_NAMED = re.compile(r"\s*(?:#|(?:商品)?(?:id|编号)\s*[:=]?)\s*", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,;，；、]+")


def things_in(text: str, home: str) -> list[Thing]:
    """What the text holds, in its order, each once, at most MOST. `home`: our own address, to
    recognise our links by, as `https://alliance.example`."""
    text = text[:LONGEST].translate(_INVISIBLE)
    text = text.translate(_NARROW)
    found: list[tuple[int, Thing]] = []

    def taken(match: re.Match[str], thing: Thing | None) -> str:
        if thing:
            found.append((match.start(), thing))
        return " " * len(match[0])  # the others do not read it again

    own = _own(home)
    rest = _TOKEN.sub(lambda m: taken(m, Thing(Kind.CODE, m[1].lower())), text)
    rest = own.sub(lambda m: taken(m, _of_ours(m["path"])), rest)
    rest = _WEB.sub(lambda m: taken(m, _address(m, sure=True)), rest)
    rest = _BARE.sub(lambda m: taken(m, _address(m, sure=False)), rest)
    place = 0
    for line in rest.splitlines(keepends=True):
        found += [(place, thing) for thing in _numbers(line)]
        place += len(line)
    things = [thing for _place, thing in sorted(found, key=lambda one: one[0])]
    if len(things) == 1 and things[0].longer == text.strip():
        # On its own it is meant as it stands; in a sentence words may follow it at once.
        things = [replace(things[0], value=things[0].longer, longer=things[0].value)]
    return list(dict.fromkeys(things))[:MOST]


def unled(words: str, home: str = "") -> str:
    """Others' words in one line that leads nowhere: without share codes and web addresses, and
    without links of ours where `home` is given. Who shares a product's title would else share what
    its merchant put in there, above the way that earns."""
    plain = words.translate(_INVISIBLE).translate(_NARROW)
    ways = [_TOKEN, _own(home), _WEB] if home else [_TOKEN, _WEB]
    kept = plain
    while (less := _without(kept, ways)) != kept:  # what stood around one may be another now
        kept = less
    return " ".join((words if kept == plain else kept).split())


def _without(text: str, ways: Sequence[re.Pattern[str]]) -> str:
    for way in ways:
        text = way.sub(" ", text)
    return text


def addresses_within(url: str) -> list[str]:
    """The web addresses that an address carries in its query, as the tracking links of other
    networks do."""
    try:
        pairs = parse_qsl(urlsplit(url).query, max_num_fields=50)
    except ValueError:
        return []
    return [value for _name, value in pairs if value.startswith(("https://", "http://"))]


@lru_cache(maxsize=8)
def _own(home: str) -> re.Pattern[str]:
    """A page of ours, with or without https:// before it; or a product's page by its path alone."""
    netloc = re.escape(urlsplit(home).netloc)
    path = r"(?P<path>/[A-Za-z0-9/_.-]*)"
    return re.compile(
        rf"(?:(?:https?://|(?<![\w@.:/-])){netloc}|(?<!\S)(?=/affiliate/products/)){path}"
        r"(?:[?#][^\s]*)?",
        re.IGNORECASE,
    )


def _of_ours(path: str) -> Thing | None:
    if match := _OWN_CODE.fullmatch(path):
        return Thing(Kind.CODE, match[1].lower())
    if match := _OWN_PRODUCT.fullmatch(path):
        return Thing(Kind.PRODUCT, match[1])
    return None


def _address(match: re.Match[str], *, sure: bool) -> Thing:
    scheme = "" if sure else "https://"
    near = f"{scheme}{match['web']}{match['tail'] or ''}"
    if match["more"]:
        return Thing(Kind.ADDRESS, _ended(near), longer=_ended(near + match["more"]), sure=sure)
    return Thing(Kind.ADDRESS, _ended(near), sure=sure)


def _ended(url: str) -> str:
    """Without the punctuation of the sentence that it stood in."""
    while url and url[-1] in ".,;:!?'*)]|":
        if (url[-1] == ")" and url.count("(") >= url.count(")")) or (
            url[-1] == "]" and url.count("[") >= url.count("]")
        ):
            break
        url = url[:-1]
    return url


def _numbers(line: str) -> list[Thing]:
    """The numbers on a line that holds nothing else: in a sentence they are prices and dates."""
    named = _NAMED.match(line)
    words = _SEPARATORS.split(line[named.end() if named else 0 :].strip())
    if len(words) == 1 and _LONE_CODE.fullmatch(words[0]):
        # One code in twenty has no digit; it may be a word of ten letters, too.
        return [Thing(Kind.NUMBER, words[0], sure=any(map(str.isdigit, words[0])))]
    if not all(_NUMBER.fullmatch(word) and any(map(str.isdigit, word)) for word in words):
        return []
    return [Thing(Kind.NUMBER, word, sure=len(words) == 1) for word in words]
