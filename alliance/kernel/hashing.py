"""Keyed hashes of what must not be read again: visitors, addresses, requests."""

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings


def keyed(salt: str, value: str) -> bytes:
    """32 bytes; the same as Django's `salted_hmac(salt, value, algorithm="sha256")`, which works
    its key out each time."""
    return hmac.digest(_key(salt, settings.SECRET_KEY), value.encode(), "sha256")


@lru_cache(256)
def _key(salt: str, secret: str) -> bytes:
    return hashlib.sha256((salt + secret).encode()).digest()
