"""Secrets that must be said again one day: locked with SECRET_KEY, unreadable in a copy of the
database. What only has to be recognised is hashed instead (`hashing`)."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Locked(Exception):
    """None of the keys opens it: SECRET_KEY was changed without keeping the old one."""


def lock(purpose: str, text: str) -> str:
    """What is locked for one purpose opens for no other. Nothing stays nothing."""
    return _box(purpose).encrypt(text.encode()).decode() if text else ""


def unlock(purpose: str, locked: str) -> str:
    """Raises Locked."""
    try:
        return _box(purpose).decrypt(locked.encode()).decode() if locked else ""
    except InvalidToken:
        raise Locked from None


def _box(purpose: str) -> MultiFernet:
    """Locks with SECRET_KEY, and still opens what its predecessors (the fallbacks) locked."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(f"{purpose}:{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
