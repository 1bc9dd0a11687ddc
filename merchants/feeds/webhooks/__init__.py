"""Webhooks that shops sign: what each of them says, pure, no database.

A shop system has LABEL, SIGNATURE, TOPIC and DELIVERY (its headers), and `hear(topic, payload,
currency)`, which answers None for a topic that is nothing to us. Both sign the raw body with
HMAC-SHA256.
"""

import base64
import hmac
from typing import Any, Protocol

from merchants.feeds.webhooks import shopify, woocommerce
from merchants.feeds.webhooks.heard import Heard


class Webhook(Protocol):
    LABEL: str
    SIGNATURE: str
    TOPIC: str
    DELIVERY: str

    def hear(self, topic: str, payload: dict[str, Any], currency: str) -> Heard | None: ...


WEBHOOKS: dict[str, Webhook] = {"shopify": shopify, "woocommerce": woocommerce}


def signed(secret: str, body: bytes, signature: str) -> bool:
    """Whether the signature is the secret's over exactly this body, in constant time."""
    digest = hmac.digest(secret.encode(), body, "sha256")
    given = signature.strip().encode("utf-8", "replace")
    return bool(secret) and hmac.compare_digest(base64.b64encode(digest), given)
