"""Webhooks and postbacks, brought to a server that answers well, badly, slowly or not at all.

127.0.0.2 stands for the world (it is named in OUTBOUND_INTERNAL), 127.0.0.1 for what is inside.
"""

import json
import os
import re
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
from django.db import connections
from django.urls import reverse
from standardwebhooks import Webhook, WebhookVerificationError

from affiliates.models import AffiliateMember
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, Delivery, DeliveryCall, Endpoint, Notification, Side
from alliance.kernel.outbox import EVENTS
from commissions.happenings import sample_of
from commissions.models import Commission
from commissions.outgoing import delivery
from commissions.outgoing.delivery import SCHEDULE, deliveries_due_send
from commissions.outgoing.described import message_schema
from commissions.services import endpoints, payouts, settlements
from commissions.services.campaigns import campaign_pause
from commissions.services.violations import violation_open
from commissions.verify import verify
from merchants.services.products import ProductData, product_withdraw, products_save
from tests.cast import cast_make, staff_make, user_make
from tests.far_end import INSIDE, WORLD
from tests.processes import _fork

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
OK = (204, {}, b"")


@pytest.fixture
def cast(db, settings):
    settings.OUTBOUND_INTERNAL = [f"{WORLD}/32"]
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    yield made
    assert verify() == []


@pytest.fixture
def world(serve):
    server = serve(WORLD)
    server.answers["/hook"] = OK
    return server


def webhook(cast, url, *kinds, side="affiliate"):
    actor, team = (cast.lin, cast.affiliate) if side == "affiliate" else (cast.chen, cast.merchant)
    return endpoints.webhook_open(
        actor=actor, organisation=f"{side}:{team.pk}", name="Ours", url=url, kinds=kinds
    )


def postback(cast, url, *kinds, **how):
    return endpoints.postback_open(
        actor=cast.lin,
        organisation=f"affiliate:{cast.affiliate.pk}",
        name="Tracker",
        url=url,
        kinds=kinds or endpoints.POSTBACK_KINDS,
        **how,
    )


def told(endpoint, kind=""):
    rows = Delivery.objects.filter(endpoint=endpoint).order_by("pk")
    return [json.loads(row.body) for row in rows if kind in ("", row.kind)]


def due_again():
    """How long the only delivery waits."""
    return Delivery.objects.get().due_at - clock.now()


# --- What is told ---------------------------------------------------------------------------------


def test_the_life_of_an_order_is_told_to_both_sides_and_verified_by_the_standards_library(
    cast, world
):
    every = [kind for kind in EVENTS if Side.AFFILIATE in EVENTS[kind].sides]
    mine, secret = webhook(cast, world.url("/hook"), *every)
    merchants = [kind for kind in EVENTS if Side.MERCHANT in EVENTS[kind].sides]
    theirs, _secret = webhook(cast, world.url("/hook"), *merchants, side="merchant")
    with clock.at(MAY):
        click = cast.click(sub1="spring")
        cast.sold("A", click_id=click)
        cast.received("A")
        cast.refunded("50.00", "A")
        cast.sold("B")
        cast.record(
            cast.report("B", state="void", void_at=clock.now(), lines=(), void_reason="no stock")
        )
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        cast.refunded("10.00", "A", refund="R2")
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
    with clock.at(JUNE_20 + timedelta(days=5)):
        asked = payouts.payout_request(
            actor=cast.lin,
            affiliate=cast.affiliate,
            amount=cast.balance(f"affiliate:{cast.affiliate.pk}:payable"),
        )
        payouts.payout_fail(payout=asked, reason="no such account")

    kinds = [message["type"] for message in told(mine)]
    assert kinds == [
        "commission.estimated", "commission.confirmed", "commission.corrected",
        "commission.estimated", "commission.void",
        "settlement.closed", "commission.settled", "commission.corrected",
        "payout.requested", "payout.failed",
    ]  # fmt: skip
    first, *_rest, settled = told(mine, "commission.estimated") + told(mine, "commission.settled")
    row = Commission.objects.get(line__order__external_id="A")
    assert first["data"] | {"click_id": click, "subs": ["spring", "", "", "", ""]} == first["data"]
    assert (first["data"]["net_minor"], first["data"]["state"]) == (1934, "estimated")
    assert first["timestamp"] == "2026-05-10T04:00:00Z"
    assert settled["data"]["commission"] == row.pk
    assert [m["type"] for m in told(theirs)][:4] == [
        "order.created", "commission.estimated", "order.changed", "commission.confirmed",
    ]  # fmt: skip
    assert told(theirs, "order.changed")[1]["data"]["refunded_minor"] == 5000
    assert "click_id" not in told(theirs, "commission.estimated")[0]["data"]
    # The samples of the documentation and of the tests have the fields of the real ones.
    for endpoint, side in ((mine, Side.AFFILIATE), (theirs, Side.MERCHANT)):
        for message in told(endpoint):
            sample = sample_of(message["type"], side)
            assert list(message["data"]) == list(sample), message["type"]
            jsonschema.validate(message, message_schema(message["type"]))

    Delivery.objects.update(due_at=clock.now())
    deliveries_due_send()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert len(world.bodies) == Delivery.objects.count() == len(kinds) + len(told(theirs))
    ours = [
        (body, heard[1])
        for body, heard in zip(world.bodies, world.heard, strict=True)
        if b'"click_id"' in body
    ]
    body, said = ours[0]
    said = {name.lower(): text for name, text in said.items()}
    assert Webhook(secret).verify(body, said)["type"].startswith("commission.")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", said)


def test_campaigns_products_and_cases_are_told_to_those_whom_they_concern(cast, world):
    kinds = ["campaign.published", "campaign.paused", "product.created", "product.changed",
             "product.withdrawn", "violation.changed"]  # fmt: skip
    mine, _secret = webhook(cast, world.url("/hook"), *kinds)
    nobodys = Endpoint.objects.get(pk=mine.pk)
    nobodys.pk, nobodys.organisation = None, "affiliate:999999"
    nobodys.save()
    campaign = cast.publish(cast.campaign())
    campaign_pause(actor=cast.finance, campaign=campaign, reason="stock")
    fresh = [
        ProductData(
            external_id=f"N{n}",
            title=f"New {n}",
            url="https://shop.chen.example/n",
            price_minor=100,
        )
        for n in range(3)
    ]
    products_save(shop=cast.shop, products=fresh, actor=cast.chen)
    products_save(shop=cast.shop, products=fresh, actor=cast.chen)  # nothing new, nothing said
    product_withdraw(product=cast.product, actor=cast.chen)
    violation_open(
        actor=staff_make("risk"),
        target=cast.affiliate,
        reason=26,
        consequence="freeze",
        text="Look.",
    )

    messages = told(mine)
    assert [one["type"] for one in messages] == [kinds[n] for n in (0, 1, 2, 4, 5)]
    assert [one["external_id"] for one in messages[2]["data"]["products"]] == ["N0", "N1", "N2"]
    assert messages[1]["data"]["state"] == "paused"
    for one in messages:
        assert list(one["data"]) == list(sample_of(one["type"], Side.AFFILIATE))
    sample = EVENTS["product.created"].sample["products"][0]
    assert list(messages[2]["data"]["products"][0]) == list(sample)
    # A campaign is for whom it is for; what is on offer is everybody's to know.
    assert {one["type"].partition(".")[0] for one in told(nobodys)} == {"product"}


def test_who_hears_of_nothing_costs_nothing(cast, world):
    webhook(cast, world.url("/hook"), "payout.paid")
    with clock.at(MAY):
        cast.sold("A")
        cast.received("A")
    assert not Delivery.objects.exists()


# --- How it is brought ----------------------------------------------------------------------------


@pytest.fixture
def hook(cast, world):
    """A webhook with one message that waits."""
    made, _secret = webhook(cast, world.url("/hook"), "commission.estimated")
    endpoints.endpoint_try(endpoint=made)
    return made


def half(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"half of")
    handler.wfile.flush()
    handler.connection.close()


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def slow(handler):
    time.sleep(1.5)


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
    assert time.monotonic() - began < 5
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


def test_a_slow_one_holds_up_nobody_elses(cast, hook, world, serve, monkeypatch):
    monkeypatch.setattr(delivery, "SECONDS", 60.0)
    for _n in range(19):
        endpoints.endpoint_try(endpoint=hook)
    other, came, waiting = serve(WORLD), threading.Event(), []
    quick, _secret = webhook(cast, other.url("/quick"), "commission.estimated")
    for _n in range(20):
        endpoints.endpoint_try(endpoint=quick)

    def answer(handler):
        handler.send_response(204)
        handler.end_headers()

    def waits(handler):  # as long as the other has not heard of everything
        came.wait(20)
        answer(handler)

    def quickly(handler):
        if len(other.heard) == 20 and not came.is_set():
            waiting.append(len(world.heard))
            came.set()
        answer(handler)

    world.answers["/hook"], other.answers["/quick"] = waits, quickly
    deliveries_due_send(seconds=60)
    assert waiting[0] <= delivery.EACH
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_many_slow_ones_of_a_team_hold_up_no_other_team(cast, world, serve, monkeypatch):
    monkeypatch.setattr(delivery, "SECONDS", 1.0)
    world.answers["/hook"] = slow
    for _n in range(delivery.LANES // delivery.EACH):
        mine, _secret = webhook(cast, world.url("/hook"), "commission.estimated")
        for _m in range(delivery.EACH):
            endpoints.endpoint_try(endpoint=mine)
    other = serve(WORLD)
    other.answers["/quick"] = OK
    theirs, _secret = webhook(cast, other.url("/quick"), "order.created", side="merchant")
    endpoints.endpoint_try(endpoint=theirs)
    deliveries_due_send(seconds=0.8)
    assert len(other.heard) == 1
    assert len(world.heard) == delivery.TEAM


def test_however_many_teams_are_slow_the_others_have_lanes(cast, world, serve, monkeypatch):
    """Three teams with two webhooks each and four messages to them: as many as there are lanes."""
    monkeypatch.setattr(delivery, "SECONDS", 1.0)
    monkeypatch.setattr(delivery, "SLOW_MS", 500)
    servers, other = [world, serve(WORLD), serve(WORLD)], serve(WORLD)
    for server in servers:
        server.answers["/hook"] = slow
    other.answers["/quick"] = OK
    hooks = [webhook(cast, world.url("/hook"), "order.created", side="merchant")[0].pk
             for _n in range(6)]  # fmt: skip
    for number, pk in enumerate(hooks):
        Endpoint.objects.filter(pk=pk).update(organisation=f"merchant:{9000 + number // 2}")
    quick, _secret = webhook(cast, other.url("/quick"), "order.created", side="merchant")

    def heard():  # by the slow ones; what the quick one hears is due after all of theirs
        for one in servers:
            one.heard.clear()
        Delivery.objects.all().delete()
        rows = [Delivery(endpoint_id=pk, kind="order.created", body="{}")
                for pk in [*hooks * delivery.EACH, quick.pk]]  # fmt: skip
        Delivery.objects.bulk_create(rows)
        deliveries_due_send(seconds=0.8)
        return sum(len(one.heard) for one in servers), quick.deliveries.get().state

    assert len(hooks) * delivery.EACH == delivery.LANES
    assert heard() == (delivery.SERVER, "delivered")  # one server for all three
    assert Endpoint.objects.filter(slow_until__gt=clock.now()).count() == len(hooks)
    for number, pk in enumerate(hooks):
        later = clock.now() + timedelta(minutes=1)
        Endpoint.objects.filter(pk=pk).update(
            url=servers[number // 2].url("/hook"), slow_until=later
        )
    assert heard() == (delivery.SLOW, "delivered")
    with clock.at(clock.now() + timedelta(minutes=11)):  # forgotten: nobody knows yet that they are
        assert heard() == (delivery.LANES, "waiting")


def test_what_is_new_waits_for_no_call_that_goes_on(cast, hook, world, serve, monkeypatch):
    """A message written while a slow server is asked; other than it, nothing is due before."""
    other, came, brought, wait = serve(WORLD), threading.Event(), [], delivery.wait
    quick, _secret = webhook(cast, other.url("/quick"), "commission.estimated")

    def waits(handler):
        brought.append(came.wait(5))
        handler.send_response(204)
        handler.end_headers()

    def looks(*args, **how):
        if not quick.deliveries.exists():
            endpoints.endpoint_try(endpoint=quick)
        if other.heard:
            came.set()
        return wait(*args, **how)

    monkeypatch.setattr(delivery, "wait", looks)
    monkeypatch.setattr(delivery, "LOOK", 0.05, raising=False)
    world.answers["/hook"], other.answers["/quick"] = waits, OK
    deliveries_due_send()
    assert brought == [True]


def test_a_full_server_is_passed_over_however_its_name_is_written(cast, world):
    full, _secret = webhook(cast, world.url("/hook"), "commission.estimated")
    quick, _secret = webhook(cast, world.url("/hook"), "commission.estimated")
    for url, server in (
        ("HTTPS://A.example.:443/x?y", "a.example"), ("https://a.example?y", "a.example"),
        ("https://a.example.:8443#", "a.example.:8443"), ("https://[::A]/", "[::a]"),
        ("https://\u0130x.example/", None),  # one letter as two: where small ones are made matters
    ):  # fmt: skip
        Endpoint.objects.filter(pk=full.pk).update(url=url)
        Delivery.objects.all().delete()
        Delivery.objects.bulk_create(
            Delivery(endpoint_id=pk, kind="commission.estimated", body="{}")
            for pk in (full.pk, full.pk, quick.pk)
        )
        row = Delivery.objects.select_related("endpoint").earliest("pk")
        (lane,) = (lane for lane in delivery._lanes(row) if lane.startswith("server "))
        assert server is None or lane == f"server {server}"
        (claimed,) = delivery._claim(1, Counter({lane: delivery.SERVER}))
        assert claimed.endpoint_id == quick.pk, url


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


# --- Postbacks ------------------------------------------------------------------------------------


def test_a_tracker_hears_of_its_clicks_and_of_nothing_personal(cast, world):
    zone = cast.zone
    query = (
        "cid={click_id}&s1={sub1}&sum={payout}&cur={currency}&st={status}&n={status_code}"
        "&o={order_id}&ev={event}&token=abc"
    )
    tracker = postback(cast, world.url(f"/pb?{query}"), only=f"zone:{zone.pk}")
    elsewhere = postback(cast, world.url("/never?x={payout}"))
    Endpoint.objects.filter(pk=elsewhere.pk).update(only="zone:0")
    form = postback(cast, world.url("/form?cid={click_id}"), "commission.void", method="POST")
    world.answers = {"/form": OK}
    with clock.at(MAY):
        click = cast.click(sub1="a&b=c/../{payout}\r\nX: y")
        cast.sold("SECRET-1", click_id=click)
        cast.record(cast.report("SECRET-1", state="void", void_at=clock.now(), lines=()))
    world.answers |= dict.fromkeys((_target(tracker, row) for row in tracker.deliveries.all()), OK)
    Delivery.objects.update(due_at=clock.now())
    deliveries_due_send()

    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert not elsewhere.deliveries.exists()
    asked = sorted(path for path, _said in world.heard if path.startswith("/pb"))
    heard = [{k: v[0] for k, v in parse_qs(urlsplit(path).query).items()} for path in asked]
    paid = next(one for one in heard if one["st"] == "pending")
    assert paid | {
        "cid": click, "s1": "a&b=c/../{payout}\r\nX: y", "sum": "19.34", "cur": "CNY", "n": "2",
        "ev": "commission.estimated", "token": "abc",
    } == paid  # fmt: skip
    assert [one["n"] for one in heard if one["st"] == "rejected"] == ["3"]
    assert len({one["o"] for one in heard}) == 1
    assert not any("SECRET" in path for path, _said in world.heard)
    assert world.bodies == [f"cid={click}".encode()]
    assert form.deliveries.get().calls.get().url.endswith(f"?cid={click}")


def _target(endpoint, row):
    row.endpoint = endpoint
    parts = urlsplit(delivery.ask_of(row).to)
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize(
    "address",
    ["https://t.example/?a={nobody}", "https://{click_id}.example/", "https://t.example/{sub1}",
     "https://t.example/?a={click_id", "https://t.example/?a={{click_id}}", "https://t.example/?a=}",
     "https://t.example/?a={payout}#x", "https://2130706433/?a={payout}",
     "ftp://t.example/?a={payout}", "https://t.example:{sub1}/?"],
)  # fmt: skip
def test_an_address_that_could_not_be_filled_is_refused(cast, address):
    with pytest.raises(Invalid) as refused:
        postback(cast, address)
    assert refused.value.field == "url"


def test_what_cannot_be_set_up(cast, world):
    url = world.url("/pb?x={payout}")
    with pytest.raises(Invalid, match="list"):
        postback(cast, url, only="zone:999999")
    with pytest.raises(Invalid, match="list"):
        postback(cast, url, "payout.paid")
    with pytest.raises(Invalid, match="name"):
        endpoints.webhook_open(
            actor=cast.lin, organisation="affiliate:1", name=" ", url=url, kinds=["payout.paid"]
        )
    for _n in range(endpoints.MOST):
        postback(cast, url)
    with pytest.raises(NotAllowed):
        postback(cast, url)


def test_a_frozen_or_closed_team_has_nothing_set_up_changed_or_sent_anew(client, cast, world):
    for side, team, actor in (("affiliate", cast.affiliate, cast.lin),
                              ("merchant", cast.merchant, cast.chen)):  # fmt: skip
        url, kind = world.url("/hook"), "commission.void"
        made, _secret = webhook(cast, url, kind, side=side)
        message = endpoints.endpoint_try(endpoint=made)
        Delivery.objects.filter(pk=message.pk).update(state="failed", due_at=None)
        client.force_login(actor)
        page = reverse(f"commissions:{side}_endpoint", args=[made.pk])
        common = {"actor": actor, "endpoint": made}
        wish = {"name": "N", "url": f"{url}2", "kinds": [kind]}
        fresh = {**wish, "actor": actor, "organisation": made.organisation}
        for state in ("frozen", "closed"):
            type(team).objects.filter(pk=team.pk).update(state=state)
            for service, what in (
                (endpoints.webhook_open, fresh),
                (endpoints.postback_open, fresh),
                (endpoints.endpoint_change, {**common, **wish}),
                (endpoints.endpoint_resume, common),
                (endpoints.endpoint_try, {"endpoint": made}),
                (endpoints.delivery_repeat, {"actor": actor, "delivery": message}),
                (endpoints.events_replay, {**common, "since": MAY}),
            ):  # fmt: skip
                with pytest.raises(WrongState, match=f"Your team is {state}"):
                    service(**what)
            if state == "frozen":  # there is no room for a closed one
                assert b"Your team is frozen" in client.post(f"{page}try/").content
                homes = (page, page.removesuffix(f"{made.pk}/"), f"{page}change/",
                         reverse(f"commissions:{side}_delivery", args=[message.pk]))  # fmt: skip
                shown = [client.get(home).content.decode() for home in homes]
                assert all("Your team is frozen" in said for said in shown)
                home = homes[1]
                for end in ("try", "resume", "repeat", "change"):
                    assert f"{home}{made.pk}/{end}/" not in shown[0], end
                assert f"{home}new/" not in shown[1]
                assert f"{homes[3]}repeat/" not in shown[3]
        held = Endpoint.objects.get()
        assert (held.url, held.deliveries.get().state) == (url, "failed")
        endpoints.secret_rotate(**common)
        endpoints.endpoint_pause(**common)  # it may be silent
        endpoints.endpoint_drop(**common)


def test_what_was_sent_is_forgotten_after_thirty_days(cast, hook):
    with clock.at(clock.now() + timedelta(days=31)):
        endpoints.endpoint_try(endpoint=hook)
        endpoints.deliveries_forget()
    assert Delivery.objects.count() == 1


def test_stamps_are_utc(cast, hook):
    assert datetime.fromisoformat(told(hook)[0]["timestamp"]).tzinfo == UTC


# --- The rooms ------------------------------------------------------------------------------------


@pytest.fixture
def lin(client, cast):
    client.force_login(cast.lin)
    return client


def test_an_affiliate_sets_up_a_webhook_and_sees_what_becomes_of_it(lin, cast, world):
    home = "/affiliate/webhooks/"
    assert b"Nobody is told yet" in lin.get(home).content
    form = {"name": "Books", "url": "http://10.0.0.1:22/", "kinds": "commission.settled"}
    for url in ("ftp://x", "https://169.254.169.254/", form["url"]):
        refused = lin.post(f"{home}new/", form | {"url": url})
        assert b"not one that can be asked from outside" in refused.content, url
    made = lin.post(f"{home}new/", form | {"url": world.url("/hook")})
    secret = re.search(r"whsec_[\w+/=]+", made.content.decode())[0]
    endpoint = Endpoint.objects.get()
    page = f"{home}{endpoint.pk}/"
    assert secret not in lin.get(page).content.decode()

    lin.post(f"{page}try/")
    assert b'hx-trigger="every 3s"' in lin.get(page, headers={"HX-Request": "true"}).content
    deliveries_due_send()
    answer = lin.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in answer
    assert "204" in answer
    assert "<html" not in answer
    row = Delivery.objects.get()
    message = f"{home}messages/{row.pk}/"
    assert row.message_id in lin.get(message).content.decode()
    lin.post(f"{message}repeat/")
    row.refresh_from_db()
    assert row.state == "waiting"

    rotated = lin.post(f"{page}secret/").content.decode()
    assert re.search(r"whsec_[\w+/=]+", rotated)[0] != secret
    lin.post(f"{page}pause/")
    row.refresh_from_db()
    assert (Endpoint.objects.get().state, row.state) == ("paused", "failed")
    lin.post(f"{page}resume/")
    lin.post(f"{page}repeat/", {"days": "7"})
    assert Delivery.objects.get().state == "waiting"
    changed = form | {"url": world.url("/other"), "name": "Ledger"}
    assert lin.post(f"{page}change/", changed).status_code == 302
    assert b"Ledger" in lin.get(home).content
    lin.post(f"{page}remove/")
    assert not Endpoint.objects.exists()
    assert not Delivery.objects.exists()
    verbs = AuditEvent.objects.filter(verb__startswith="endpoint.").values_list("verb", flat=True)
    assert {"endpoint.opened", "endpoint.secret_changed", "endpoint.dropped"} <= set(verbs)


def test_a_postback_is_set_up_for_a_place_and_a_viewer_only_looks(lin, client, cast, world):
    home = "/affiliate/webhooks/"
    form = {
        "name": "Tracker",
        "url": world.url("/pb?cid={click_id}&x={nothing}"),
        "method": "GET",
        "only": f"site:{cast.zone.site_id}",
        "kinds": ["commission.confirmed", "commission.void"],
    }
    assert "There is no macro {nothing}." in lin.post(f"{home}new/postback/", form).content.decode()
    form["url"] = world.url("/pb?cid={click_id}")
    assert lin.post(f"{home}new/postback/", form).status_code == 302
    made = Endpoint.objects.get()
    assert (made.method, made.only) == ("GET", f"site:{cast.zone.site_id}")

    viewer = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=viewer, role="viewer")
    client.force_login(viewer)
    assert client.get(f"{home}{made.pk}/").status_code == 200
    for path in ("new/", f"{made.pk}/change/"):
        assert client.get(home + path).status_code == 403
    client.post(f"{home}{made.pk}/remove/")
    assert Endpoint.objects.exists()
