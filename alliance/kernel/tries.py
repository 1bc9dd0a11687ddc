"""How often somebody may do something: counted in the cache, and not at all while that is away.

Keys and signatures cannot be guessed, but whoever tries to keeps us busy. So an address that was
wrong too often is not even looked at for a while (SECURITY.md).
"""

import ipaddress

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

WRONG_MOST = 30  # of one address
SECONDS = 60
TOO_MANY = _("Too many wrong keys or signatures came from your address.")


def count(key: str, seconds: int) -> int:
    """How often this was called with the key, since a first time at most `seconds` ago."""
    if cache.add(key, 1, timeout=seconds):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # it expired in between
        cache.add(key, 1, timeout=seconds)
        return 1


def wrong(what: str, address: str) -> None:
    """Something was wrong that came from this address."""
    count(_key(what, address), SECONDS)


def barred(what: str, address: str) -> bool:
    """Whether too much was wrong that came from there just now."""
    return int(cache.get(_key(what, address)) or 0) >= WRONG_MOST


def _key(what: str, address: str) -> str:
    """Of IPv6 the network of a household: it has more addresses than anybody could count."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return f"wrong:{what}:"
    if found.version == 6:
        address = str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return f"wrong:{what}:{address}"
