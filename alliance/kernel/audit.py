"""The audit trail. `record` writes in the caller's transaction: no change without its trace."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import models

from alliance.kernel.models import AuditEvent, User


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Where a change came from; set by the middleware for the length of a request."""

    request_id: str = ""
    ip: str | None = None


_NO_REQUEST = RequestContext()
request_context: ContextVar[RequestContext] = ContextVar("request_context", default=_NO_REQUEST)


def record(verb: str, obj: models.Model, *, actor: User | None = None, **data: Any) -> AuditEvent:
    """Write that `actor` (None: the system itself) did `verb` ("payout.paid") to `obj`.

    `data` must be JSON-able and free of secrets.
    """
    context = request_context.get()
    return AuditEvent.objects.create(
        verb=verb,
        actor=actor,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        data=data,
        request_id=context.request_id,
        ip=context.ip,
    )
