"""Tokens that only have to be recognised: 256 bits of chance, so a plain hash is enough."""

import hashlib
import secrets


def token_make() -> str:
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
