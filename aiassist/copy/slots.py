"""Slots: the places in a text that facts are filled into, once, when it is shown."""

import re
from collections.abc import Mapping

_SLOT = re.compile(r"\{([a-z_0-9]{1,30})\}")

# What a text may say, and nothing else. The last three lead to the product.
FACTS = frozenset(
    {
        "title_short", "shop", "category", "brand", "season", "campaign", "sold_30d", "price",
        "price_after_coupon", "coupon_amount", "coupon_code", "coupon_end",
    }
)  # fmt: skip
WAYS = frozenset({"link", "share_code", "door"})
SLOTS = FACTS | WAYS


def slots_in(text: str) -> set[str]:
    return set(_SLOT.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """In one pass: what a value looks like is never looked at. KeyError for a slot without one."""
    return _SLOT.sub(lambda match: values[match[1]], text)


def has_digit(text: str) -> bool:
    """In any script or shape: Ⅷ, ½ and ٣ too."""
    return any(sign.isnumeric() and not "㐀" <= sign <= "鿿" for sign in text)
