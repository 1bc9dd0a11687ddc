"""The key that statements are signed with: Ed25519 over the last hash of the chain.

The private key is the operator's (STATEMENT_KEY or STATEMENT_KEY_FILE, 64 hex digits); outside
production one is derived from SECRET_KEY. Each public key that ever signed is kept in a row of its
own (models.StatementKey) and published for ever.
"""

import hashlib
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings


def public() -> str:
    """The public key of today, as hex."""
    return _private(settings.STATEMENT_KEY).public_key().public_bytes_raw().hex()


def key_id(public_key: str) -> str:
    """The short name of a public key: the beginning of its SHA-256."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]


def sign(head: str) -> str:
    """The signature over the 32 bytes of a head hash, both as hex."""
    return _private(settings.STATEMENT_KEY).sign(bytes.fromhex(head)).hex()


def holds(public_key: str, head: str, signature: str) -> bool:
    """Whether the signature is by the owner of that key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(signature), bytes.fromhex(head)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


@cache
def _private(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
