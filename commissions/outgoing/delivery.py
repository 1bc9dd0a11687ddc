"""Bringing messages there: due rows of the table, each called by one thread, noted when it is over.

A message is brought at least once: it is due again unless its call was noted. Whoever died between
call and note leaves it to the next one. Nothing is called inside a transaction.
"""

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

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
# Calls at a time; to one endpoint, to all those of a team, to one server whoever named it, and to
# all endpoints that were slow lately: however many these are, the others keep two lanes of three.
LANES, EACH, TEAM, SERVER, SLOW = 24, 4, 8, 8, 8
SLOW_MS = 2000  # a call that takes longer makes its endpoint a slow one, for so long:
SLOW_FOR = timedelta(minutes=10)
LOOK = 1.0  # seconds after which what is new finds a lane, though every call goes on
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


def deliveries_due_send(*, seconds: float = 30) -> None:
    """All that is due, for so many seconds at most. One process at a time does; the others return.

    A slow server takes one endpoint's few lanes, many of them their team's, and all that were slow
    lately those of the slow. These are not called in the last seconds, as long as a call may take:
    what is begun is waited for, and nothing is begun meanwhile.
    """
    with _alone() as alone:
        if not alone:
            return
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(LANES) as pool:
            running: dict[Future[Outcome], Delivery] = {}
            done: set[Future[Outcome]] = set()
            while True:
                over = [(row := running.pop(one), _outcome(row, one)) for one in done]
                left = until - time.monotonic()
                room = LANES - len(running) if left > 0 else 0
                busy = Counter(key for row in running.values() for key in _lanes(row))
                if left < min(SECONDS, seconds / 2):
                    busy["slow"] = SLOW
                for row in _turn(over, room, busy):
                    running[pool.submit(copy_context().run, _call, row)] = row
                if not running:
                    return
                done, _running = wait(running, LOOK, FIRST_COMPLETED)


@transaction.atomic
def _turn(
    over: Sequence[tuple[Delivery, Outcome]], room: int, busy: Counter[str]
) -> list[Delivery]:
    """Note what is over, and claim what comes next: so many, of endpoints with a lane left.

    Nobody waits for the disk: what a crash forgets is sent once more.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
    _note(over)
    claimed: list[Delivery] = []
    while room > len(claimed) and (more := _claim(room - len(claimed), busy)):
        claimed += more
    return claimed


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


def _lanes(row: Delivery) -> list[str]:
    """Whose lanes a call takes: "endpoint 7", "team merchant:3", "server a.example", "slow"."""
    endpoint = row.endpoint
    slow = endpoint.slow_until is not None and endpoint.slow_until > clock.now()
    return [
        f"endpoint {endpoint.pk}",
        f"team {endpoint.organisation}",
        f"server {endpoint.server}",
        *(["slow"] if slow else []),
    ]


_MOST = {"endpoint": EACH, "team": TEAM, "server": SERVER, "slow": SLOW}


def _full(busy: Counter[str]) -> Q:
    """The deliveries that find no lane."""
    keys: dict[str, list[str]] = {kind: [] for kind in _MOST}
    for lane, count in busy.items():
        kind, _space, key = lane.partition(" ")
        if count >= _MOST[kind]:
            keys[kind].append(key)
    found = (
        Q(endpoint__in=keys["endpoint"])
        | Q(endpoint__organisation__in=keys["team"])
        | Q(endpoint__server__in=keys["server"])
    )
    return found | Q(endpoint__slow_until__gt=clock.now()) if keys["slow"] else found


def _claim(most: int, busy: Counter[str]) -> list[Delivery]:
    """Some that are due, counted into `busy`: due again later unless they are noted.

    What was written while its endpoint was being switched off is missed, as what comes later is.
    """
    now = clock.now()
    due = Delivery.objects.filter(~_full(busy), due_at__lte=now)
    rows = due.select_related("endpoint").order_by("due_at", "pk")
    claimed: list[Delivery] = []
    late: list[Delivery] = []
    for row in rows.select_for_update(of=("self",), skip_locked=True)[: 2 * most]:
        lanes = _lanes(row)
        if row.endpoint.state != EndpointState.ON:
            late.append(row)
        elif len(claimed) < most and all(busy[lane] < _MOST[lane.split()[0]] for lane in lanes):
            busy.update(lanes)
            claimed.append(row)
    Delivery.objects.filter(pk__in=[row.pk for row in claimed]).update(due_at=now + LEASE)
    missed = Delivery.objects.filter(pk__in=[row.pk for row in late])
    missed.update(state=DeliveryState.MISSED, due_at=None)
    return claimed


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


def _note(over: Sequence[tuple[Delivery, Outcome]]) -> None:
    """How they went, and what follows from it. Nothing, where the endpoint was dropped."""
    keys = {row.endpoint_id for row, _outcome in over}
    held = Endpoint.objects.select_for_update(no_key=True).filter(pk__in=keys)
    endpoints = {one.pk: one for one in held.order_by("pk")} if keys else {}
    noted = [pair for pair in over if pair[0].endpoint_id in endpoints]
    now = clock.now()
    DeliveryCall.objects.bulk_create([_call_made(row, outcome, now) for row, outcome in noted])
    taken = [row for row, outcome in noted if outcome.taken]
    Delivery.objects.filter(pk__in=[row.pk for row in taken]).update(
        state=DeliveryState.DELIVERED, due_at=None, attempts=F("attempts") + 1
    )
    slow = {row.endpoint_id for row, outcome in noted if outcome.took_ms > SLOW_MS}
    Endpoint.objects.filter(pk__in=slow).update(slow_until=now + SLOW_FOR)
    for row, outcome in noted:
        if not outcome.taken:
            _missed(row, outcome, endpoints[row.endpoint_id], now)
    for endpoint in {endpoints[row.endpoint_id] for row in taken}:
        if endpoint.failing_since:
            endpoint.failing_since = None
            endpoint.save(update_fields=["failing_since"])


def _call_made(row: Delivery, outcome: Outcome, now: datetime) -> DeliveryCall:
    called = outcome.called
    return DeliveryCall(
        delivery=row,
        at=now,
        url=outcome.url,
        status=called.status if called else None,
        trouble=outcome.trouble,
        took_ms=outcome.took_ms,
        answer=called.text[:1000] if called else "",
    )


def _missed(row: Delivery, outcome: Outcome, endpoint: Endpoint, now: datetime) -> None:
    """Again later, unless it was the last time; then the endpoint may be off, too."""
    row.attempts += 1
    if endpoint.failing_since is None:
        endpoint.failing_since = now
        endpoint.save(update_fields=["failing_since"])
    gone = outcome.called is not None and outcome.called.status == GONE
    last = gone or row.attempts >= len(SCHEDULE)
    if not last and endpoint.state == EndpointState.ON:
        _again(row, outcome.called)
        return
    failed = Delivery.objects.filter(pk=row.pk)
    failed.update(state=DeliveryState.FAILED, due_at=None, attempts=row.attempts)
    silent = endpoint.failing_since <= _first_call(row).at  # nothing was taken meanwhile
    if endpoint.state == EndpointState.ON and (gone or silent):
        _die(endpoint, gone=gone)


def _first_call(row: Delivery) -> DeliveryCall:
    """Of this round of the schedule: there was another one before, if it was asked for again."""
    return row.calls.order_by("-pk")[row.attempts - 1]


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
    endpoint.state, endpoint.off_at = EndpointState.DEAD, clock.now()
    endpoint.save(update_fields=["state", "off_at"])
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
