"""How the REST door stands in its OpenAPI description: its keys, its headers, its refusals."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from alliance.kernel.rest.errors import MEANINGS, help_of

REFUSALS = {
    "400": ("Invalid", "invalid", "The input is not right."),
    "401": ("NoKey", "not_authenticated", "No key, or one that does not work."),
    "403": ("Forbidden", "scope_missing", "The key may not do this."),
    "404": ("NotFound", "not_found", "There is no such thing, or it is not yours."),
    "406": ("NotAcceptable", "not_acceptable", "Answers are JSON."),
    "409": ("Conflict", "wrong_state", "The state of things does not allow it."),
    "410": ("Gone", "cursor_expired", "The cursor leads nowhere any more."),
    "413": ("TooLarge", "too_large", "More than 8 MB."),
    "415": ("NotJson", "unsupported_media_type", "The body is no JSON."),
    "422": ("Reused", "key_reused", "A key or number came before with another content."),
    "429": ("TooMany", "throttled", "Too many calls: wait as long as Retry-After says."),
}
OF_ALL = ("400", "401", "403", "406", "429")
OF_WRITES = ("409", "413", "415", "422")
_HEADERS = {
    "RateLimit-Policy": '`"key";q=600;w=60`: 600 calls in 60 seconds.',
    "RateLimit": '`"key";r=599;t=42`: 599 are left, for 42 seconds.',
    "X-Request-ID": "Finds the call in the audit trail. Name it when you ask us.",
}


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "alliance.kernel.access.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of a merchant's or affiliate's team: `Bearer tk_…`, or `ts_…` "
            "of the sandbox. It is shown once, when it is made.",
        }


class ApiSchema(AutoSchema):
    """Knows what a view reads from the address (`ApiView.query`) and which scope it wants."""

    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "query", None)
        read = query is not None and self.method == "GET" and query().fields
        return [query] if read else []

    def get_description(self) -> str:  # type: ignore[override]
        scope = getattr(self.view, "required_scope", "")
        if isinstance(scope, dict):
            scope = scope[self.method]
        notes = [f"Scope: `{scope}`."] if scope else []
        allowed = getattr(self.view, "in_sandbox", False)
        if getattr(self.view, "only_in_sandbox", False):
            notes.append("Sandbox keys only.")
        elif self.method in allowed if isinstance(allowed, tuple) else allowed:
            notes.append("Sandbox keys, too.")
        return "\n\n".join(part for part in (super().get_description(), " ".join(notes)) if part)


IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Any text up to 255 characters. A call that comes again with the same key and "
    "content gets the first answer (header Idempotent-Replay: true) and changes nothing.",
)


def with_refusals(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Each call with the refusals that any call can meet and the headers that any answer has."""
    components = result["components"]
    components["responses"] = {
        name: _refusal(code, words) for name, code, words in REFUSALS.values()
    }
    components["headers"] = {
        name: {"description": words, "schema": {"type": "string"}}
        for name, words in _HEADERS.items()
    }
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            statuses = OF_ALL + (OF_WRITES if method != "get" else ())
            if "{" in path:
                statuses += ("404",)
            for answer in operation["responses"].values():
                answer["headers"] = {
                    **answer.get("headers", {}),
                    **{name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS},
                }
            declared = operation["responses"]
            for status in sorted({*statuses, *(set(declared) & set(REFUSALS))}):
                declared[status] = {"$ref": f"#/components/responses/{REFUSALS[status][0]}"}
    return result


def _refusal(code: str, words: str) -> dict[str, Any]:
    example = {"error": {"code": code, "message": str(MEANINGS[code]), "help": help_of(code)}}
    answer: dict[str, Any] = {
        "description": words,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/FailureOut"},
                "example": example,
            }
        },
    }
    if code == "throttled":
        seconds = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        answer["headers"] = {"Retry-After": seconds}
    return answer
