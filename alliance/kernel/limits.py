"""Limits of the trade in money: one for every currency, or one for each (docs/settings.md)."""

import re
from collections.abc import Mapping

from django.conf import settings
from django.db.models import Q

from alliance.kernel.money import Money

_ONE = re.compile(r"-?\d{1,18}")
_EACH = re.compile(r"([A-Z]{3}):(-?\d{1,18})")

Limit = int | dict[str, int]


def parse(text: str) -> Limit:
    """`5000000`, or `CNY:5000000,EUR:600000`, in minor units. ValueError for anything else."""
    plain = "".join(text.split())
    if _ONE.fullmatch(plain):
        return int(plain)
    found = [_EACH.fullmatch(part) for part in plain.split(",")]
    named = {one[1]: int(one[2]) for one in found if one}
    if len(named) != len(found):
        raise ValueError("must be minor units, or CNY:…,EUR:… with each currency once")
    return named


def least(value: Limit) -> int:
    """The smallest figure that is said."""
    return min(value.values()) if isinstance(value, Mapping) else value


def within(name: str, comparison: str) -> Q:
    """Rows within the limit of their currency, by a lookup such as `amount_minor__lte`."""
    value: Limit = settings.ALLIANCE[name]
    if not isinstance(value, Mapping):
        return Q((comparison, value))
    found = Q(pk__in=[])
    for currency, minor in value.items():
        found |= Q((comparison, minor), currency=currency)
    return found


def limit(name: str, currency: str) -> Money:
    """The limit of that name in ALLIANCE; nothing at all for a currency that a list leaves out."""
    value: Limit = settings.ALLIANCE[name]
    minor = value.get(currency, 0) if isinstance(value, Mapping) else value
    return Money(minor, currency)
