"""A call that comes twice with one Idempotency-Key is carried out once."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alliance.kernel.errors import Invalid, KeyReused
from alliance.kernel.models import IdempotentCall

Answer = tuple[int, Any]
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # PostgreSQL keeps no NUL, and nobody reads the others


def once(*, scope: str, key: str, content: Any, call: Callable[[], Answer]) -> tuple[Answer, bool]:
    """Run `call` in a transaction and remember its (status, JSON-able answer) under scope and key.

    Returns the answer and whether it is a replay. A second call waits for the first (row lock on
    the unique key). Without a key the call simply runs. Raises KeyReused when the key came with
    another content, Invalid when it is too long or has control characters in it.
    """
    if not key:
        with transaction.atomic():
            return call(), False
    if len(key) > 255 or _CONTROL.search(key):
        raise Invalid(
            _("An idempotency key has at most 255 characters, and none that control anything."),
            field="Idempotency-Key",
        )
    fingerprint = hashlib.sha256(
        json.dumps(content, sort_keys=True, default=str).encode()
    ).hexdigest()
    with transaction.atomic():
        IdempotentCall.objects.bulk_create(
            [IdempotentCall(scope=scope, key=key, fingerprint=fingerprint)], ignore_conflicts=True
        )
        row = IdempotentCall.objects.select_for_update().get(scope=scope, key=key)
        if row.fingerprint != fingerprint:
            raise KeyReused
        if row.status is not None:
            return (row.status, row.answer), True
        status, answer = call()
        row.status, row.answer = status, _storable(json.loads(json.dumps(answer, default=str)))
        row.save(update_fields=["status", "answer"])
        return (status, answer), False


def _storable(value: Any) -> Any:
    """Without NUL characters: an answer may quote what it refuses, and PostgreSQL keeps none."""
    if isinstance(value, dict):
        return {_storable(name): _storable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_storable(part) for part in value]
    return value.replace("\x00", "") if isinstance(value, str) else value
