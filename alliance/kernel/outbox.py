"""Telling other systems: events written in the caller's transaction, like the audit trail, and only
for those who want to hear of them (docs/webhooks.md).

Whoever decides something calls `happened` beside `audit.record`; facts of a batch are written by
one statement around `INTO`. The messages leave after the commit.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import Q
from django.utils.functional import Promise

from alliance.kernel import clock
from alliance.kernel.models import Delivery, DeliveryState, Endpoint, EndpointState, Side


@dataclass(frozen=True, slots=True)
class EventKind:
    """What can be subscribed to, by whom; and data as they look, to try a receiver with."""

    words: str | Promise
    sides: frozenset[Side]
    sample: Mapping[str, Any]


# By name ("payout.paid"). An app names its own in its `happenings.py`, which is loaded with it.
EVENTS: dict[str, EventKind] = {}
VERSION = 1  # of the messages: it grows when a field goes or changes its meaning

SEND = "commissions.tasks.deliveries_send"  # who brings them there stands further left
KEPT = timedelta(days=30)  # messages; and how long after it went off some are kept for an endpoint
# The head of a statement that writes deliveries: what follows selects the endpoint's key and state,
# the name of the event and its data as json. %(now)s: see `facts_write`.
INTO = """
    INSERT INTO kernel_delivery
        (endpoint_id, uid, kind, body, created_at, state, attempts, due_at)
    SELECT told.endpoint_id, gen_random_uuid(), told.kind, json_build_object(
        'type', told.kind, 'timestamp', %(timestamp)s::text, 'version', %(version)s::int,
        'data', told.data
    )::text, %(now)s, CASE told.state WHEN 'on' THEN 'waiting' ELSE 'missed' END, 0,
    CASE told.state WHEN 'on' THEN %(now)s::timestamptz END FROM
"""
# Whether an endpoint `e` is told, or at least something is kept for it: as `_hears`.
HEARS = "NOT e.sandbox AND (e.state = 'on' OR e.off_at > %(now)s::timestamptz - interval '30 days')"


def side_of(organisation: str) -> Side:
    return Side(organisation.partition(":")[0])


def key_of(organisation: str) -> int:
    return int(organisation.partition(":")[2])


def listening(*kinds: str, among: Iterable[str] | None = None) -> set[str]:
    """The organisations that hear of one of these at least; `among` these, if given."""
    ends = Endpoint.objects.filter(_hears(), kinds__overlap=list(kinds))
    if among is not None:
        ends = ends.filter(organisation__in=list(among))
    return set(ends.values_list("organisation", flat=True))


def _hears(*, sandbox: bool = False) -> Q:
    lately_off = Q(off_at__gt=clock.now() - KEPT)
    return Q(sandbox=sandbox) & (Q(state=EndpointState.ON) | lately_off)


@transaction.atomic
def happened(
    kind: str,
    *,
    whom: Iterable[str],
    data: Mapping[str, Any],
    places: Iterable[str] = (),
    sandbox: bool = False,
) -> None:
    """Tell the endpoints of these organisations that want to hear of `kind`; of postbacks, those
    for all places and for `places` ("site:7", "zone:12"). Of what is invented, those of the
    `sandbox` and no others. `data` must be JSON-able, with moments by `stamp`."""
    ends = Endpoint.objects.filter(
        _hears(sandbox=sandbox),
        kinds__contains=[kind],
        organisation__in=list(whom),
        only__in=["", *places],
    )
    now = clock.now()
    text = body(kind, data)
    made = [
        delivery_of(pk, state, kind=kind, body=text, created_at=now)
        for pk, state in ends.order_by("pk").values_list("pk", "state")
    ]
    if Delivery.objects.bulk_create(made, batch_size=1000):
        wake()


def delivery_of(endpoint_pk: int, state: str, **facts: Any) -> Delivery:
    """A message, unsaved: due at once, or kept for when the endpoint is on again."""
    row = Delivery(endpoint_id=endpoint_pk, **facts)
    if state == EndpointState.ON:
        row.due_at = row.created_at
    else:
        row.state, row.due_at = DeliveryState.MISSED, None
    return row


def facts_write(sql: str, **facts: Any) -> None:
    """Carry out a statement that begins with INTO."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now, "timestamp": stamp(now), "version": VERSION, **facts})
        if cursor.rowcount:
            wake()


def body(kind: str, data: Mapping[str, Any]) -> str:
    """The message as it is sent."""
    told = {"type": kind, "timestamp": stamp(clock.now()), "version": VERSION, "data": data}
    return json.dumps(told, ensure_ascii=False)


def stamp(moment: datetime | None) -> str | None:
    """A moment as messages write it: ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def stamp_sql(column: str) -> str:
    """The same, of a column."""
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"


def wake() -> None:
    """Whoever sends looks after the commit."""
    current_app.tasks[SEND].delay_on_commit()  # type: ignore[attr-defined]
