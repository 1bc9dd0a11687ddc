"""Numbers as people write them: 1.2万, 1.200,50, 九块九, ninety-nine, neunundneunzig."""

import re
from decimal import Decimal, InvalidOperation
from functools import cache

from aiassist.copy.check.phrases import phrases

_CN_DIGITS = {
    sign: at
    for at, signs in enumerate(
        ("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for sign in signs
}
_CN_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_CN_SCALES = {"万": 10**4, "亿": 10**8}
_SCALES = {
    "万": 10**4, "w": 10**4, "千": 1000, "k": 1000, "亿": 10**8, "tsd": 1000, "mio": 10**6,
    "thousand": 1000, "tausend": 1000, "million": 10**6, "millions": 10**6, "millionen": 10**6,
}  # fmt: skip

NUM = r"(?:\d[\d.,]{0,18}\d|\d)"
CN = "[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]{1,12}"
SCALE = r"(?:万|亿|千|[wk](?![a-z])|tsd\.?|mio\.?|thousand|tausend|million(?:s|en)?)"


def decimal(written: str, language: str) -> Decimal | None:
    """1.234,5 in German, 1,234.5 elsewhere. Two places after either sign are always cents."""
    thousands = "." if language == "de" else ","
    grouped = re.fullmatch(rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+", written)
    if grouped:
        return Decimal(written.replace(thousands, ""))
    point = max(written.rfind("."), written.rfind(","))
    whole = re.sub(r"[.,]", "", written[: max(point, 0)]) if point >= 0 else written
    try:
        return Decimal(f"{whole}.{written[point + 1 :]}" if point >= 0 else whole)
    except InvalidOperation:
        return None


def chinese(written: str) -> Decimal | None:
    """三百二十 is 320, 一万二 is 12000, 二零二六 is 2026."""
    if not any(sign in _CN_UNITS or sign in _CN_SCALES for sign in written):
        return Decimal("".join(str(_CN_DIGITS[sign]) for sign in written)) if written else None
    total = section = digit = 0
    last = 1
    for sign in written:
        if sign in _CN_DIGITS:
            digit = _CN_DIGITS[sign]
            last = 1 if sign in "零〇" else last
        elif sign in _CN_UNITS:
            last = _CN_UNITS[sign]
            section, digit = section + (digit or 1) * last, 0
        else:
            last = _CN_SCALES[sign]
            total, section, digit = (total + (section + digit or 1)) * last, 0, 0
    return Decimal(total + section + digit * (last // 10 if last >= 100 else 1))


def number(written: str, language: str) -> Decimal | None:
    """Whatever was written, with its 万 or k."""
    written = written.strip(" +.")
    scale = re.search(SCALE + r"$", written)
    if scale and written[0].isdigit():
        value = decimal(written[: scale.start()].strip(), language)
        return value * _SCALES[scale.group().strip(".")] if value is not None else None
    if written[0].isdigit():
        return decimal(written, language)
    return (
        chinese(written) if re.fullmatch(CN, written) else spelled().get(written.replace("-", " "))
    )


@cache
def spelled() -> dict[str, Decimal]:
    """One to a hundred in English and German, umlauts folded."""
    words = {"a hundred": 100, "one hundred": 100, "hundert": 100, "einhundert": 100, "eins": 1}
    for language, join in (("en", "{tens} {one}"), ("de", "{one}und{tens}")):
        ones, tens = (
            phrases("figures")["spelled"][f"{language}_{part}"] for part in ("ones", "tens")
        )
        words |= {word: value for value, word in enumerate(ones, 1)}
        for ten, word in enumerate(tens, 2):
            words[word] = ten * 10
            words |= {
                join.format(tens=word, one=one): ten * 10 + value
                for value, one in enumerate(ones[:9], 1)
            }
    return {word: Decimal(value) for word, value in words.items()}


@cache
def spelled_pattern() -> str:
    words = sorted(spelled(), key=len, reverse=True)
    return r"\b(?:" + "|".join(word.replace(" ", "[ -]") for word in words) + r")\b"
