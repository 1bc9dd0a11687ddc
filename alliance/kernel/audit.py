"""The audit trail. `record` writes in the caller's transaction: no change without its trace."""

from collections.abc import Iterable
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
    event = _event(verb, obj, actor, data)
    event.save(force_insert=True)
    return event


def record_many(
    verb: str, objs: Iterable[models.Model], *, actor: User | None = None, **data: Any
) -> None:
    """The same of each of these, in one statement."""
    AuditEvent.objects.bulk_create(
        [_event(verb, obj, actor, data) for obj in objs], batch_size=1000
    )


def _event(verb: str, obj: models.Model, actor: User | None, data: dict[str, Any]) -> AuditEvent:
    context = request_context.get()
    return AuditEvent(
        verb=verb,
        actor=actor,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        data=data,
        request_id=context.request_id,
        ip=context.ip,
    )
