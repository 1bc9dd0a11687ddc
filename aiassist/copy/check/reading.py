"""What a text says in figures: amounts, percentages, dates, hours, numbers sold, sizes.

No figure is read twice and none is left over: what nothing understands is a bare number.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from aiassist.copy.check import folding
from aiassist.copy.check.figures import CN, NUM, SCALE, spelled_pattern
from aiassist.copy.check.page import Kind, Mention, Page
from aiassist.copy.check.phrases import either, phrases

_SAID = phrases("figures")
_AMOUNTS, _DAYS, _PERCENTS, _SOLD = (
    {name: either(some) for name, some in _SAID[part].items()}
    for part in ("amounts", "days", "percents", "sold")
)
_NUMBER = rf"{NUM}(?:\s?{SCALE})?"
_WORDED = spelled_pattern()
_ANY = rf"{_NUMBER}|{CN}|{_WORDED}"


def _by_word(part: str) -> dict[str, str]:
    """A table of words by what they mean, turned round."""
    return {word: meaning for meaning, words in _SAID[part].items() for word in words}


def _longest_first(words: dict[str, str]) -> str:
    return either(sorted(map(re.escape, words), key=len, reverse=True))


_CURRENCIES = {sign: " ".join(codes) for sign, codes in _SAID["currencies"].items()}
_SIGN = _longest_first(_CURRENCIES)
_UNITS, _MONTHS, _TODAY, _LEFT = map(_by_word, ("units", "months", "today", "left"))
_UNIT, _MONTH, _OF = map(_longest_first, (_UNITS, _MONTHS, _LEFT))
_NAMES = rf"(?<![\d.¥€$]){either(_SAID['names']['sales'])}(?![\d元块折%])"
_OUR_LINKS = r"(?:https?://|www\.)[^\s，。]+"
_OUR_CODES = r"[¥￥](?=\d*[a-z])[a-z\d]{6,14}[¥￥]"


def mentions(signs: str, language: str) -> list[Mention]:
    """Every figure of a folded text, in its order."""
    page = Page(signs, language)
    page.pass_over(_OUR_LINKS)
    page.pass_over(_OUR_CODES)
    page.pass_over(_NAMES)
    readers = (_days, _left, _hours, _percents, _amounts, _sold, _sizes, _bare)
    return sorted((one for read in readers for one in read(page)), key=lambda one: one.start)


def _days(page: Page) -> Iterator[Mention]:
    def day(match: re.Match[str]) -> Mention:
        parts = match.groupdict()
        month = Decimal(_MONTHS.get(parts["m"], 0)) or page.number(parts["m"]) or 0
        year = parts.get("y")
        return Mention(
            Kind.DAY,
            *match.span(),
            year=int(year) % 2000 + 2000 if year else None,
            days=((int(month), int(page.number(parts["d"]) or 0)),),
            ends=page.ends(*match.span()),
        )

    year = r"(?:,? ?(?P<y>20\d\d))?"
    yield from page.take(r"(?P<y>20\d\d)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})(?:日|号)?", day)
    yield from page.take(r"(?P<m>\d{1,2})月(?P<d>\d{1,2})(?:日|号)?", day)
    yield from page.take(rf"(?P<m>{CN})月(?P<d>{CN})(?:日|号)", day)
    yield from page.take(
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? ?(?P<m>{_MONTH})\b\.?{year}", day
    )
    yield from page.take(rf"\b(?P<m>{_MONTH})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b{year}", day)
    if page.language == "de":
        dotted = r"(?<![\d.])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>20\d\d|\d\d)?(?!\d)"
        yield from page.take(dotted, day)
    yield from page.take(
        r"(?<![\d./])(\d{1,2})[./](\d{1,2})(?![\d./%元块折€$])(?:日|号)?",
        lambda match: _short_day(page, match),
    )
    yield from page.take(_longest_first(_TODAY), lambda match: _today(page, match))
    yield from page.take(
        _DAYS["last"], lambda match: Mention(Kind.DAY, *match.span(), Decimal(0), ends=True)
    )


def _short_day(page: Page, match: re.Match[str]) -> Mention | None:
    """6/18, 18/6, 6.18: a date with a stroke, or where something begins or ends with it."""
    first, second = int(match[1]), int(match[2])
    days = tuple(
        (month, day)
        for month, day in ((first, second), (second, first))
        if 1 <= month <= 12 and 1 <= day <= 31
    )
    ends = page.ends(*match.span())
    dated = ends is not None or "/" in match[0] or match[0][-1] in "日号"
    return Mention(Kind.DAY, *match.span(), days=days, ends=ends) if days and dated else None


def _today(page: Page, match: re.Match[str]) -> Mention | None:
    """Today or tomorrow, where something is said to begin or end with it."""
    ends = page.ends(*match.span())
    around = page.before(match.start()) + page.after(match.end())
    if ends is None and re.search(_DAYS["only"], around):
        ends = True
    if ends is None:
        return None
    return Mention(Kind.DAY, *match.span(), Decimal(_TODAY[match[0]]), ends=ends)


def _left(page: Page) -> Iterator[Mention]:
    yield from page.take(
        rf"{_DAYS['left']}\s*({_ANY})\s*({_OF})(?:e?[ns])?",
        lambda m: Mention(Kind.LEFT, *m.span(), page.number(m[1]), unit=_LEFT[m[2]]),
    )


def _hours(page: Page) -> Iterator[Mention]:
    def hour(match: re.Match[str]) -> Mention:
        parts = match.groupdict()
        hours = page.number(parts["h"]) or Decimal(0)
        late = re.match(_DAYS["late"], parts.get("part") or "") and hours < 12
        minutes = (hours + 12 if late else hours) * 60 + int(parts.get("min") or 0)
        return Mention(Kind.HOUR, *match.span(), minutes, ends=page.ends(*match.span()))

    part = f"(?P<part>{_DAYS['part']})?"
    yield from page.take(
        rf"{part}(?P<h>\d{{1,2}}):(?P<min>\d\d)(?::\d\d)?(?: ?uhr| ?(?:am|pm))?", hour
    )
    not_a_clock = "(?!击|赞|评|滴|心|缀|单)"
    minutes = r"(?:(?P<min>\d{1,2})分?)?"
    yield from page.take(rf"{part}(?P<h>\d{{1,2}})点{not_a_clock}{minutes}", hour)
    yield from page.take(rf"(?P<part>{_DAYS['part']})(?P<h>{CN})点{not_a_clock}{minutes}", hour)
    yield from page.take(r"(?P<h>\d{1,2}) ?uhr", hour)
    yield from page.take(r"(?<!\w)(?P<h>\d{1,2}) ?(?P<part>am|pm|a\.m\.|p\.m\.)(?!\w)", hour)


def _percents(page: Page) -> Iterator[Mention]:
    def paid(match: re.Match[str]) -> Mention:
        value = page.number(match[1])
        return Mention(Kind.PAID, *match.span(), value and value * (1 if value >= 10 else 10))

    def percent(match: re.Match[str]) -> Mention:
        before, after = page.before(match.start()), page.after(match.end())
        saved = re.search(rf"{_PERCENTS['saved_before']}[^\d]{{0,6}}$", before)
        saved = saved or re.match(rf"\s*{_PERCENTS['saved_after']}", after)
        return Mention(Kind.OFF if saved else Kind.PERCENT, *match.span(), page.number(match[1]))

    yield from page.take(rf"({NUM}|{CN})折(?!叠|扣|磨|合|痕|射|线|返|纸|页|角|后)", paid)
    yield from page.take(
        _PERCENTS["half"], lambda match: Mention(Kind.PAID, *match.span(), Decimal(50))
    )
    yield from page.take(rf"({NUM}|{_WORDED})\s?(?:%|percent|prozent|个点)", percent)
    yield from page.take(rf"百分之({CN})", percent)


def _amounts(page: Page) -> Iterator[Mention]:
    def amount(match: re.Match[str]) -> Mention:
        parts = match.groupdict()
        value, codes = page.number(match["n"]), _CURRENCIES.get(parts.get("sign") or "", "")
        if parts.get("tenths") and value is not None:
            value += (page.number(parts["tenths"]) or 0) / Decimal(10)
        span = match.span("n") if "sign" not in parts else match.span()
        return Mention(Kind.MONEY, *span, value, page.role(*span), codes)

    yield from page.take(
        rf"(?P<n>{NUM}|{CN})(?P<sign>块|元)(?P<tenths>\d|[一二两三四五六七八九])(?:毛|角)?"
        rf"(?![\d.]|{CN}|个|件|片)",
        amount,
    )
    yield from page.take(rf"(?P<sign>{_SIGN})\s?(?P<n>{_NUMBER})", amount)
    yield from page.take(rf"(?P<n>{_ANY})\s?(?P<sign>{_SIGN})(?![a-z])", amount)
    yield from page.take(rf"(?<![\d.,])(?P<n>{_NUMBER})(?=(?:元|块)?{_AMOUNTS['after']})", amount)
    other = rf"(?!\s*(?:{_UNIT}|天|人|次|分|小时|步|点|月|日|号)(?![a-z]))(?![.,]?\d)"
    yield from page.take(rf"{_AMOUNTS['before']}[\s:：]{{0,2}}(?P<n>{_NUMBER}){other}", amount)


def _sold(page: Page) -> Iterator[Mention]:
    def sold(match: re.Match[str]) -> Mention:
        around = page.before(match.start(), 10)[-6:] + match[0] + page.after(match.end(), 3)
        about = bool(re.search(rf"[+＋多]|{_SOLD['about']}", around))
        return Mention(Kind.SOLD, *match.span(), page.number(match[1]), about=about)

    piece = r"(?:人|件|单|个|笔|份|pieces|stuck|mal)?"
    yield from page.take(
        rf"{_SOLD['before']}[\s:：]*{_SOLD['about']}?\s*({_NUMBER}|{CN})\s*[+＋]?\s*{piece}", sold
    )
    yield from page.take(rf"({_NUMBER}|{CN})\s*[+＋]?\s*多?{piece}\s*{_SOLD['after']}", sold)


def _sizes(page: Page) -> Iterator[Mention]:
    def size(match: re.Match[str]) -> Mention:
        return Mention(Kind.SIZE, *match.span(), page.number(match[1]), unit=_UNITS[match[2]])

    yield from page.take(rf"(?<![\d.,])({NUM})\s?-?({_UNIT})(?![a-z])", size)
    # 一 and 两 count nothing in 一瓶搞定; what other figures count has to be so
    several = "[二三四五六七八九十百千][一二三四五六七八九十百千]*"
    yield from page.take(rf"(?<![一二两三四五六七八九十百千])({several})({_UNIT})", size)


def _bare(page: Page) -> Iterator[Mention]:
    def bare(match: re.Match[str]) -> Mention | None:
        """The number of a point in a list is none."""
        line = page.signs[: match.start()].rpartition("\n")[2]
        first = re.fullmatch(r"\W*(?:广告|anzeige|werbung|ad)?\W*", line)
        point = first and re.match(r"\s?[.、)）:：]|\s", page.signs[match.end() :])
        if point and len(match[0]) < 3:
            return None
        return Mention(Kind.BARE, *match.span(), page.number(match[1]))

    yield from page.take(rf"({_NUMBER})", bare)


def backed(facts: tuple[str, ...], language: str) -> set[tuple[Decimal, str]]:
    """The sizes and bare numbers of a merchant's own words: (number, unit), unit "" for any."""
    known: set[tuple[Decimal, str]] = set()
    for fact in facts:
        page = Page(folding.plain(fact).signs, language)
        for match in re.finditer(rf"({NUM})\s?-?({_UNIT}|%)?(?![a-z])", page.signs):
            value, unit = page.number(match[1]), match[2] or ""
            if value is not None:
                known |= {(value, _UNITS.get(unit, unit)), (value, "")}
        for match in re.finditer(rf"([一二两三四五六七八九十百]+)({_UNIT})", page.signs):
            value = page.number(match[1])
            if value is not None:
                known.add((value, _UNITS[match[2]]))
    return known
