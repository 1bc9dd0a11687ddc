"""Messages brought to a server that answers well, badly or not at all."""

import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from standardwebhooks import Webhook, WebhookVerificationError

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent, Delivery, DeliveryCall, Endpoint, Notification
from commissions.outgoing import delivery
from commissions.outgoing.delivery import SCHEDULE, deliveries_due_send
from commissions.services import endpoints
from tests.commissions.outgoing.heard import (
    MAY,
    OK,
    due_again,
    endless,
    half,
    postback,
    slow,
    told,
    webhook,
)
from tests.far_end import INSIDE
from tests.processes import _fork


@pytest.mark.parametrize(
    ("answer", "status", "trouble"),
    [
        ((500, {}, b"on fire"), 500, ""),
        ((404, {}, b""), 404, ""),
        ((302, {"Location": "/elsewhere"}, b""), 302, ""),  # followed by nobody
        (half, None, "broken"),
        (slow, None, "slow"),
    ],
)
def test_what_is_not_taken_comes_again(cast, hook, world, monkeypatch, answer, status, trouble):
    if answer is slow:
        monkeypatch.setattr(delivery, "SECONDS", 0.5)
    world.answers["/hook"] = answer
    deliveries_due_send()
    call = DeliveryCall.objects.get()
    assert (call.status, call.trouble) == (status, trouble)
    assert call.answer == ("on fire" if status == 500 else "")
    assert timedelta(seconds=3) < due_again() < timedelta(seconds=6)

    world.answers["/hook"] = OK
    with clock.at(clock.now() + timedelta(seconds=6)):
        deliveries_due_send()
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("delivered", 2)
    ids = {said["Webhook-Id"] for _path, said in world.heard}
    assert ids == {row.message_id}
    assert [path for path, _said in world.heard] == ["/hook"] * 2
    hook.refresh_from_db()
    assert hook.failing_since is None


def test_an_answer_without_end_is_left_where_its_status_is_known(cast, hook, world):
    world.answers["/hook"] = endless
    began = time.monotonic()
    deliveries_due_send()
    assert time.monotonic() - began < 30
    assert Delivery.objects.get().state == "delivered"
    assert len(DeliveryCall.objects.get().answer) == 1000


def test_a_server_may_ask_for_more_time_but_not_for_ever(cast, hook, world):
    world.answers["/hook"] = (429, {"Retry-After": "3600"}, b"")
    deliveries_due_send()
    assert timedelta(minutes=59) < due_again() < timedelta(minutes=61)


def test_nobody_is_led_inside(cast, hook, world, serve, settings):
    """An address that was fine when it was given turns inside; a tracker redirects there."""
    inside = serve(INSIDE)
    inside.answers["/hook"] = OK
    for url in (inside.url("/hook", INSIDE), "http://169.254.169.254/latest/meta-data"):
        Endpoint.objects.filter(pk=hook.pk).update(url=url)
        Delivery.objects.update(due_at=clock.now(), attempts=0)
        deliveries_due_send()
        assert DeliveryCall.objects.latest("pk").trouble == "address"
    tracker = postback(cast, world.url("/pb?cid={click_id}"))
    Delivery.objects.all().delete()
    for to in (
        inside.url("/hook", INSIDE),
        "http://169.254.169.254/",
        "http://[::1]/",
        "//10.0.0.1/",
    ):
        world.answers["/pb?cid=k3v9x2m8q4w7"] = (302, {"Location": to}, b"")
        endpoints.endpoint_try(endpoint=tracker)
        deliveries_due_send()
        assert DeliveryCall.objects.latest("pk").trouble == "address"
    assert inside.heard == []
    settings.OUTBOUND_INTERNAL = []
    for url in ("http://hooks.example/", "https://user:pw@hooks.example/", "https://h.example:22/"):
        with pytest.raises(Invalid):
            webhook(cast, url, "payout.paid")


def test_who_is_silent_through_the_whole_schedule_is_switched_off_and_told(cast, hook, world):
    world.answers["/hook"] = (500, {}, b"")
    moment = clock.now()
    for pause in SCHEDULE:
        moment += pause * 1.1 + timedelta(seconds=1)
        with clock.at(moment):
            deliveries_due_send()
    hook.refresh_from_db()
    row = Delivery.objects.get()
    assert (hook.state, row.state, row.attempts) == ("dead", "failed", len(SCHEDULE))
    assert moment - clock.now() > timedelta(days=3)
    notice = Notification.objects.get(kind="endpoint.switched_off")
    assert notice.user == cast.lin
    assert AuditEvent.objects.filter(verb="endpoint.switched_off").count() == 1
    with pytest.raises(WrongState):
        endpoints.delivery_repeat(actor=cast.lin, delivery=row)

    world.answers["/hook"] = OK
    endpoints.endpoint_resume(actor=cast.lin, endpoint=hook)
    since = clock.now() - timedelta(days=1)
    assert endpoints.events_replay(actor=cast.lin, endpoint=hook, since=since) == (1, False)
    deliveries_due_send()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("delivered", 1)


def test_what_happens_while_it_is_off_is_sent_once_somebody_asks(cast, world, monkeypatch):
    mine, _secret = webhook(cast, world.url("/hook"), "commission.estimated", "campaign.published")
    theirs, _secret = webhook(
        cast, world.url("/hook"), "order.created", "commission.estimated", side="merchant"
    )
    played, _secret = webhook(cast, world.url("/hook"), "commission.estimated")
    Endpoint.objects.filter(pk=played.pk).update(sandbox=True)
    with clock.at(MAY):
        for hook, actor in ((mine, cast.lin), (theirs, cast.chen)):
            endpoints.endpoint_pause(actor=actor, endpoint=hook)
        cast.sold("A")
        cast.publish(cast.campaign())
    states = Delivery.objects.values_list("endpoint", "kind", "state", "due_at").order_by("pk")
    assert set(states) == {
        (mine.pk, "commission.estimated", "missed", None),
        (mine.pk, "campaign.published", "missed", None),
        (theirs.pk, "order.created", "missed", None),
        (theirs.pk, "commission.estimated", "missed", None),
    }
    with clock.at(MAY):  # written by a transaction that still saw it on
        crossed = Delivery.objects.create(endpoint=mine, kind="commission.estimated", body="{}")
        deliveries_due_send()
        crossed.refresh_from_db()
        assert (crossed.state, crossed.due_at, world.heard) == ("missed", None, [])
        crossed.delete()
    with clock.at(MAY + timedelta(days=30)):  # nobody comes back to it: no more is kept
        cast.sold("B")
        assert Delivery.objects.count() == 4
    with clock.at(MAY + timedelta(days=1)):
        with pytest.raises(WrongState):
            endpoints.events_replay(actor=cast.lin, endpoint=mine, since=MAY)
        endpoints.endpoint_resume(actor=cast.lin, endpoint=mine)
        deliveries_due_send()
        assert world.heard == []  # only what somebody asks for
        asked = {"actor": cast.lin, "endpoint": mine}
        later = MAY + timedelta(hours=1)
        assert endpoints.events_replay(**asked, since=later) == (0, False)
        assert endpoints.events_replay(**asked, since=MAY) == (2, False)
        deliveries_due_send()
        assert len(world.heard) == 2
        endpoints.endpoint_resume(actor=cast.chen, endpoint=theirs)
        monkeypatch.setattr(endpoints, "REPLAYED", 1)
        asked = {"actor": cast.chen, "endpoint": theirs, "since": MAY}
        assert endpoints.events_replay(**asked) == (1, True)  # the oldest first
        assert Delivery.objects.get(state="waiting").kind == "order.created"
        assert endpoints.events_replay(**asked) == (1, False)


def test_nobody_has_others_called_without_end(cast, hook, monkeypatch):
    monkeypatch.setattr(endpoints, "TESTS_AN_HOUR", 3)  # of which the hook had one
    for _time in range(2):
        endpoints.endpoint_try(endpoint=hook)
    with pytest.raises(WrongState):
        endpoints.endpoint_try(endpoint=hook)


def test_nobody_has_what_was_sent_sent_again_without_end(cast, hook, monkeypatch):
    monkeypatch.setattr(endpoints, "REPLAYS_AN_HOUR", 2)
    monkeypatch.setattr(endpoints, "REPEATS_AN_HOUR", 2)
    asked = {"actor": cast.lin, "endpoint": hook}

    def replay():  # what waits has failed by its own pause, and so can be asked for
        endpoints.endpoint_pause(**asked)
        endpoints.endpoint_resume(**asked)
        return endpoints.events_replay(**asked, since=clock.now() - timedelta(days=1))

    assert [replay(), replay()] == [(1, False), (1, False)]
    with pytest.raises(WrongState):
        replay()
    (row,) = Delivery.objects.all()
    for _time in range(2):
        endpoints.delivery_repeat(actor=cast.lin, delivery=row)
        Delivery.objects.update(state="failed", due_at=None)
    with pytest.raises(WrongState):
        endpoints.delivery_repeat(actor=cast.lin, delivery=row)


def test_gone_is_gone(cast, hook, world):
    endpoints.endpoint_try(endpoint=hook)
    world.answers["/hook"] = (410, {}, b"")
    deliveries_due_send()
    hook.refresh_from_db()
    assert hook.state == "dead"
    assert set(Delivery.objects.values_list("state", flat=True)) == {"failed"}


def test_one_that_took_something_meanwhile_is_not_switched_off_unless_it_says_gone(
    cast, hook, world
):
    """The last of one message's calls fails, or is answered by 410, after another was taken."""
    row = Delivery.objects.get()
    calls = {1: (500, {}, b""), len(SCHEDULE): (500, {}, b""), 2: (410, {}, b"")}
    for number, state in ((len(SCHEDULE), "on"), (2, "dead")):
        Delivery.objects.filter(pk=row.pk).update(state="waiting", attempts=0, due_at=clock.now())
        world.answers["/hook"] = calls[1]
        deliveries_due_send()
        DeliveryCall.objects.update(at=clock.now() - timedelta(days=1))
        Endpoint.objects.update(failing_since=clock.now() - timedelta(days=1))
        assert Endpoint.objects.get().state == "on"

        world.answers["/hook"] = OK
        taken = endpoints.endpoint_try(endpoint=hook)
        deliveries_due_send()
        taken.refresh_from_db()
        assert (taken.state, Endpoint.objects.get().failing_since) == ("delivered", None)

        now = clock.now()
        missed = [DeliveryCall(delivery=row, at=now, took_ms=1) for _n in range(number - 2)]
        DeliveryCall.objects.bulk_create(missed)
        Delivery.objects.filter(pk=row.pk).update(attempts=number - 1, due_at=now)
        world.answers["/hook"] = calls[number]
        deliveries_due_send()
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("failed", number)
        assert Endpoint.objects.get().state == state


def test_after_a_change_both_secrets_sign_for_a_day(cast, world):
    made, old = webhook(cast, world.url("/hook"), "commission.estimated")
    new = endpoints.secret_rotate(actor=cast.lin, endpoint=made)
    assert old not in Endpoint.objects.get().secret_before  # locked
    for moment, valid in ((clock.now(), (True, True)), (clock.now(), (True, False))):
        if valid == (True, False):
            Endpoint.objects.update(before_until=moment)
        endpoints.endpoint_try(endpoint=made)
        deliveries_due_send()
        said = {name.lower(): text for name, text in world.heard[-1][1].items()}
        for secret, good in zip((new, old), valid, strict=True):
            if good:
                assert Webhook(secret).verify(world.bodies[-1], said)["data"]["test"] is True
            else:
                with pytest.raises(WebhookVerificationError):
                    Webhook(secret).verify(world.bodies[-1], said)


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_worker_sent_but_did_not_note_is_sent_again(cast, hook, world):
    died = []

    def kill(handler):
        os.kill(died[0], signal.SIGKILL)
        handler.send_response(204)
        handler.end_headers()

    world.answers["/hook"] = kill
    connections.close_all()
    died.append(_fork(lambda: time.sleep(0.3) or deliveries_due_send()))
    assert os.WTERMSIG(os.waitpid(died[0], 0)[1]) == signal.SIGKILL
    assert len(world.heard) == 1

    world.answers["/hook"] = OK
    deliveries_due_send()  # not due yet: for all we know the call is still under way
    assert len(world.heard) == 1
    with clock.at(clock.now() + delivery.LEASE + timedelta(seconds=1)):
        deliveries_due_send()
    row = Delivery.objects.get()
    assert row.state == "delivered"
    assert [said["Webhook-Id"] for _path, said in world.heard] == [row.message_id] * 2


def test_what_was_sent_is_forgotten_after_thirty_days(cast, hook):
    with clock.at(clock.now() + timedelta(days=31)):
        endpoints.endpoint_try(endpoint=hook)
        endpoints.deliveries_forget()
    assert Delivery.objects.count() == 1


def test_stamps_are_utc(cast, hook):
    assert datetime.fromisoformat(told(hook)[0]["timestamp"]).tzinfo == UTC
