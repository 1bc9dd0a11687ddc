"""The webhooks' section of the OpenAPI document: each event, its message and an example of it."""

from collections.abc import Mapping
from typing import Any

from alliance.kernel.models import Side
from alliance.kernel.outbox import EVENTS, VERSION
from commissions.happenings import sample_of

_STAMP = "2026-06-25T04:00:02Z"
# Null where there is none, whatever the example has; so are moments.
_MAYBE = {"product", "site", "zone", "category"}
_TYPES = {str: "string", int: "integer", bool: "boolean", type(None): "string"}
_HEADERS = {
    "webhook-id": "Of this message; the same however often it is sent.",
    "webhook-timestamp": "Of this call, in seconds since 1970.",
    "webhook-signature": "`v1,` and the HMAC-SHA256 of `id.timestamp.body`, as Standard Webhooks "
    "has it. Two of them, a space between, for a day after a change of the secret.",
}


def with_webhooks(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """The document with what we call, not only what can be called."""
    result["webhooks"] = {kind: {"post": _operation(kind)} for kind in EVENTS}
    return result


def message_schema(kind: str) -> dict[str, Any]:
    """The JSON schema of a message, as whoever may hear of `kind` gets it."""
    seen = [sample_of(kind, side) for side in Side if side in EVENTS[kind].sides]
    data = _schema({name: value for sample in seen for name, value in sample.items()})
    data["properties"]["test"] = {"type": "boolean", "description": "True: invented, to try with."}
    data["required"] = [name for name in seen[0] if all(name in sample for sample in seen)]
    return {
        "type": "object",
        "required": ["type", "timestamp", "version", "data"],
        "properties": {
            "type": {"type": "string", "const": kind},
            "timestamp": {"type": "string", "format": "date-time"},
            "version": {"type": "integer", "const": VERSION},
            "data": data,
        },
    }


def _operation(kind: str) -> dict[str, Any]:
    event = EVENTS[kind]
    sides = [side for side in Side if side in event.sides]
    examples = {
        f"to_{side.value}s": {"summary": f"To {side.value}s", "value": _example(kind, side)}
        for side in sides
    }
    body = {"schema": message_schema(kind), "examples": examples}
    whom = " and ".join(f"{side.value}s" for side in sides)
    return {
        "operationId": f"on_{kind.replace('.', '_')}",
        "summary": str(event.words),
        "description": f"To {whom}, who chose it (`POST /api/v1/webhooks`). Amounts are whole "
        "minor units, moments UTC. It may come twice, and later than what came after it.",
        "tags": ["webhooks"],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": words,
                "schema": {"type": "string"},
            }
            for name, words in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "2XX": {"description": "Taken. Anything else: it is sent again, for three days."},
            "410": {"description": "Gone for good: the webhook is switched off."},
        },
        "security": [],
    }


def _example(kind: str, side: Side) -> dict[str, Any]:
    data = sample_of(kind, side)
    return {"type": kind, "timestamp": _STAMP, "version": VERSION, "data": data}


def _schema(value: Any, name: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping):
        properties = {key: _schema(part, key) for key, part in value.items()}
        return {"type": "object", "properties": properties, "required": list(value)}
    if isinstance(value, list):
        return {"type": "array", "items": _schema(value[0])}
    kind = _TYPES[type(value)]
    maybe = value is None or name in _MAYBE or name.endswith(("_at", "_until"))
    return {"type": [kind, "null"] if maybe else kind}
