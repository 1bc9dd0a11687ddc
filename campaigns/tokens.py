"""Proof that the coupon page was opened: a token in its form, signed, for one visitor's one claim.

It is bound to the visitor's cookie, the page and the stock, and says when the page was opened. What
is chance in it names the request, so that a claim that is sent twice is one claim.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from functools import cache

from django.conf import settings

LASTS = 12 * 3600  # seconds: who opens the page in the morning may claim in the evening
_TIME, _NONCE, _MAC = 4, 12, 14  # bytes; together forty characters


def token_make(*, cookie: str, code: str, stock_id: int, moment: datetime) -> str:
    """The token of a page that is opened now by the visitor with that cookie."""
    said = int(moment.timestamp()).to_bytes(_TIME) + secrets.token_bytes(_NONCE)
    mac = _mac(_keys()[0], said, cookie, code, stock_id)
    return base64.urlsafe_b64encode(said + mac).decode()


def token_read(
    token: str, *, cookie: str, code: str, stock_id: int, moment: datetime
) -> str | None:
    """The key of the request, if the token was made for this visitor, page and stock and is not
    too old; else None."""
    if len(token) != 40 or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except ValueError:
        return None
    said, mac = raw[: _TIME + _NONCE], raw[_TIME + _NONCE :]
    if not any(
        hmac.compare_digest(mac, _mac(key, said, cookie, code, stock_id)) for key in _keys()
    ):
        return None
    age = moment.timestamp() - int.from_bytes(said[:_TIME])
    return said.hex() if -60 <= age <= LASTS else None


def _mac(key: bytes, said: bytes, cookie: str, code: str, stock_id: int) -> bytes:
    facts = said + f"|{stock_id}|{code}|{cookie}".encode()
    return hmac.digest(key, facts, "sha256")[:_MAC]


@cache
def _keys() -> tuple[bytes, ...]:
    return tuple(
        hashlib.sha256(b"campaigns.tokens:" + secret.encode()).digest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )
