"""Webhooks and postbacks as a team sets them up, or may not."""

import re

import pytest
from django.urls import reverse

from affiliates.models import AffiliateMember
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, Delivery, Endpoint
from commissions.outgoing.delivery import deliveries_due_send
from commissions.services import endpoints
from tests.cast import user_make
from tests.commissions.outgoing.heard import MAY, postback, webhook


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
