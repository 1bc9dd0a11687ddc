"""Bringing messages there: due rows of the table, each called by one thread, noted when it is over.

A message is brought at least once: it is due again unless its call was noted. Whoever died between
call and note leaves it to the next one. Nothing is called inside a transaction.
"""

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from alliance.kernel import audit, clock, outbound
from alliance.kernel.models import (
    Delivery,
    DeliveryCall,
    DeliveryState,
    Endpoint,
    EndpointForm,
    EndpointState,
    HttpMethod,
)
from alliance.kernel.outbound import NotFetched, Trouble
from commissions.notices import endpoint_tell
from commissions.outgoing import macros, signing

logger = logging.getLogger(__name__)

# How long after the call before: the tenth comes three days after the first.
SCHEDULE = [
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
]
LATER = timedelta(days=1)  # as long as a server may ask us to wait, at most
LEASE = timedelta(minutes=2)  # when a call that nobody noted is made again
SECONDS = 15.0  # for a call
LANES, EACH = 16, 4  # calls at a time, and to one endpoint
GONE = 410


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be said: all that a thread needs to know."""

    method: str
    url: str  # as it is written down
    to: str
    content: bytes
    headers: dict[str, str]
    redirects: int


@dataclass(slots=True)
class Outcome:
    url: str
    called: outbound.Called | None = None
    trouble: str = ""
    took_ms: int = 0

    @property
    def taken(self) -> bool:
        return self.called is not None and self.called.taken


def deliveries_due_send(*, seconds: float = 20) -> None:
    """All that is due, for so many seconds at most. One process at a time does; the others return.

    A slow server takes one endpoint's few lanes and holds up no other's.
    """
    with _alone() as alone:
        if not alone:
            return
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(LANES) as pool:
            running: dict[Future[Outcome], Delivery] = {}
            while True:
                while time.monotonic() < until and len(running) < LANES:
                    if not (row := _claim(Counter(one.endpoint_id for one in running.values()))):
                        break
                    running[pool.submit(copy_context().run, _call, row)] = row
                if not running:
                    return
                done, _waiting = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    row = running.pop(future)
                    _note(row, _outcome(row, future))


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('deliveries'))")
        (alone,) = cursor.fetchone()
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('deliveries'))")


@transaction.atomic
def _claim(busy: Counter[int]) -> Delivery | None:
    """One that is due, of an endpoint with a lane left: due again later unless it is noted."""
    now = clock.now()
    due = Delivery.objects.filter(due_at__lte=now).select_related("endpoint")
    full = [pk for pk, count in busy.items() if count >= EACH]
    rows = due.exclude(endpoint__in=full).order_by("due_at", "pk")
    row = rows.select_for_update(of=("self",), skip_locked=True).first()
    if row:
        Delivery.objects.filter(pk=row.pk).update(due_at=now + LEASE)
    return row


def ask_of(row: Delivery) -> Ask:
    """What is said of it, with the endpoint's address, secrets and macros as they are now."""
    endpoint, now = row.endpoint, clock.now()
    if endpoint.form == EndpointForm.WEBHOOK:
        content = row.body.encode()
        headers = {
            "content-type": "application/json",
            **signing.signed(row.message_id, content, signing.secrets_of(endpoint, now), now),
        }
        return Ask("POST", endpoint.url, endpoint.url, content, headers, redirects=0)
    url = macros.filled(endpoint.url, json.loads(row.body))
    if endpoint.method == HttpMethod.GET:
        return Ask("GET", url, url, b"", {}, redirects=outbound.REDIRECTS)
    to, content = macros.as_form(url)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Ask("POST", url, to, content, headers, redirects=0)


def _outcome(row: Delivery, future: Future[Outcome]) -> Outcome:
    """Of a call that could not even be made, too: its fault must not hold up the others."""
    if (fault := future.exception()) is None:
        return future.result()
    logger.error("delivery %s cannot be sent", row.pk, exc_info=fault)
    return Outcome(row.endpoint.url, trouble=Trouble.ADDRESS)


def _call(row: Delivery) -> Outcome:
    ask = ask_of(row)
    outcome = Outcome(ask.url)
    began = time.monotonic()
    try:
        outcome.called = outbound.call(
            ask.method,
            ask.to,
            content=ask.content,
            headers=ask.headers,
            seconds=SECONDS,
            redirects=ask.redirects,
        )
    except NotFetched as exc:
        outcome.trouble = exc.trouble
    outcome.took_ms = int((time.monotonic() - began) * 1000)
    return outcome


@transaction.atomic
def _note(row: Delivery, outcome: Outcome) -> None:
    """How it went, and what follows from it. Nothing, if its endpoint was dropped."""
    endpoint = Endpoint.objects.select_for_update(no_key=True).filter(pk=row.endpoint_id).first()
    if endpoint is None:
        return
    called, now = outcome.called, clock.now()
    DeliveryCall.objects.create(
        delivery=row,
        at=now,
        url=outcome.url,
        status=called.status if called else None,
        trouble=outcome.trouble,
        took_ms=outcome.took_ms,
        answer=called.text[:1000] if called else "",
    )
    row.attempts += 1
    if outcome.taken:
        _move(row, DeliveryState.DELIVERED)
        if endpoint.failing_since:
            endpoint.failing_since = None
            endpoint.save(update_fields=["failing_since"])
        return
    if endpoint.failing_since is None:
        endpoint.failing_since = now
        endpoint.save(update_fields=["failing_since"])
    gone = called is not None and called.status == GONE
    if gone or row.attempts >= len(SCHEDULE):
        _move(row, DeliveryState.FAILED)
        if gone or endpoint.failing_since <= row.calls.order_by("-pk")[len(SCHEDULE) - 1].at:
            _die(endpoint, gone=gone)
        return
    if endpoint.state == EndpointState.ON:
        _again(row, called)
    else:
        _move(row, DeliveryState.FAILED)


def _move(row: Delivery, state: DeliveryState) -> None:
    Delivery.objects.filter(pk=row.pk).update(state=state, due_at=None, attempts=row.attempts)


def _again(row: Delivery, called: outbound.Called | None) -> None:
    """After its wait, and a little more, so that not all of them come at once; later if the server
    says how long it wants to be left alone."""
    pause = SCHEDULE[row.attempts] * random.uniform(1, 1.1)  # noqa: S311 - spreads, hides nothing
    asked = called.headers.get("retry-after", "") if called else ""
    if asked.isdecimal() and len(asked) < 8:
        pause = max(pause, min(timedelta(seconds=int(asked)), LATER))
    due = clock.now() + pause
    Delivery.objects.filter(pk=row.pk).update(due_at=due, attempts=row.attempts)


def _die(endpoint: Endpoint, *, gone: bool) -> None:
    """It has not answered for the whole of the schedule, or said that it is gone."""
    if endpoint.state != EndpointState.ON:
        return
    endpoint.state = EndpointState.DEAD
    endpoint.save(update_fields=["state"])
    leave(endpoint)
    event = audit.record("endpoint.switched_off", endpoint, reason="gone" if gone else "silent")
    endpoint_tell(endpoint, event, gone=gone)


def leave(endpoint: Endpoint) -> None:
    """What waits for an endpoint that is off has failed, until somebody asks for it again."""
    waiting = endpoint.deliveries.filter(state=DeliveryState.WAITING)
    waiting.update(state=DeliveryState.FAILED, due_at=None)


def trouble_words(call: DeliveryCall) -> str:
    """Why no answer came, for whoever looks; "" if one did."""
    return str(Trouble(call.trouble).label) if call.trouble in Trouble.values else ""
