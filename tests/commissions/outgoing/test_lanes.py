"""Slow servers hold up nobody else: how many calls go on at a time, and whose."""

import threading
from collections import Counter
from datetime import timedelta

from alliance.kernel import clock
from alliance.kernel.models import Delivery, Endpoint
from commissions.outgoing import delivery
from commissions.outgoing.delivery import deliveries_due_send
from commissions.services import endpoints
from tests.commissions.outgoing.heard import OK, slow, webhook
from tests.far_end import WORLD


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
