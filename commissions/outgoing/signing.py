"""Standard Webhooks (standardwebhooks.com): who sent a message, when, and that it is whole."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta

from alliance.kernel.lockbox import lock, unlock
from alliance.kernel.models import Endpoint

OVERLAP = timedelta(hours=24)  # in which the secret before signs, too
_PURPOSE = "endpoint"
_PREFIX = "whsec_"


def secret_new() -> str:
    return _PREFIX + b64encode(secrets.token_bytes(32)).decode()


def locked(secret: str) -> str:
    return lock(_PURPOSE, secret)


def secrets_of(endpoint: Endpoint, now: datetime) -> list[str]:
    """Those that sign at the moment, the newest first. Raises lockbox.Locked."""
    found = [unlock(_PURPOSE, endpoint.secret)]
    if endpoint.before_until and endpoint.before_until > now:
        found.append(unlock(_PURPOSE, endpoint.secret_before))
    return found


def signed(message_id: str, body: bytes, keys: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers that a receiver checks the message by."""
    moment = str(int(now.timestamp()))
    content = f"{message_id}.{moment}.".encode() + body
    digests = (hmac.digest(b64decode(key.removeprefix(_PREFIX)), content, "sha256") for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(f"v1,{b64encode(digest).decode()}" for digest in digests),
    }
