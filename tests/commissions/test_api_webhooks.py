"""/api/v1/webhooks: a program sets up what it hears of, as a person does on the pages."""

import json
from datetime import timedelta

import jsonschema
import pytest
from django.test import Client
from standardwebhooks import Webhook

from affiliates.access import SCOPES as AFFILIATES
from alliance.kernel import clock
from alliance.kernel.models import Delivery, Endpoint, IdempotentCall, Side
from alliance.kernel.outbox import EVENTS
from commissions.outgoing.delivery import deliveries_due_send
from commissions.services.endpoints import webhook_open
from merchants.access import SCOPES as MERCHANTS
from tests.cast import cast_make
from tests.commissions.test_api import client_of, got
from tests.far_end import WORLD

pytestmark = pytest.mark.django_db
HOME = "/api/v1/webhooks"


@pytest.fixture
def cast(settings):
    settings.OUTBOUND_INTERNAL = [f"{WORLD}/32"]
    with clock.at(clock.now() - timedelta(days=1)):
        return cast_make()


@pytest.fixture
def world(serve):
    server = serve(WORLD)
    server.answers["/hook"] = (204, {}, b"")
    return server


def keyed(cast, side, scopes=None, **more):
    user, team = (cast.lin, cast.affiliate) if side == "affiliate" else (cast.chen, cast.merchant)
    scopes = scopes or (AFFILIATES if side == "affiliate" else MERCHANTS)
    return client_of(user, f"{side}:{team.pk}", scopes, **more)


def say(client, path="", body=None, method="post", **headers):
    call = getattr(client, method)
    return call(f"{HOME}{path}", json.dumps(body or {}), "application/json", headers=headers)


def wish(world, *events):
    return {"name": "Books", "url": world.url("/hook"), "events": list(events)}


def test_a_program_sets_up_a_webhook_hears_pauses_and_catches_up(cast, world):
    lin = keyed(cast, "affiliate")
    made = say(lin, "", wish(world, "commission.estimated"), **{"Idempotency-Key": "1"})
    secret, hook = made.json()["secret"], made.json()["webhook"]
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    again = say(lin, "", wish(world, "commission.estimated"), **{"Idempotency-Key": "1"})
    assert again.json() == {"webhook": hook, "secret": None}
    assert secret not in str(IdempotentCall.objects.values_list("answer", flat=True))
    assert got(lin, "webhooks")["items"] == [hook]
    at = f"/{hook['id']}"

    sent = say(lin, f"{at}/test").json()
    deliveries_due_send()
    seen = got(lin, f"webhooks{at}/deliveries/{sent['id']}")
    assert (seen["state"], seen["calls"][0]["status"]) == ("delivered", 204)
    assert seen["message"]["data"]["test"] is True
    heard = {name.lower(): text for name, text in world.heard[-1][1].items()}
    assert Webhook(secret).verify(world.bodies[-1], heard) == seen["message"]
    assert heard["webhook-id"] == seen["webhook_id"]
    assert say(lin, f"{at}/deliveries/{sent['id']}/redeliver").json()["state"] == "waiting"

    assert say(lin, f"{at}/pause").json()["state"] == "paused"
    cast.sold("A1")
    assert got(lin, f"webhooks{at}")["missed"] == 1
    assert [one["event"] for one in got(lin, f"webhooks{at}/deliveries?state=missed")["items"]] == [
        "commission.estimated"
    ]
    since = {"since": (clock.now() - timedelta(hours=1)).isoformat()}
    assert say(lin, f"{at}/replay", since).json()["error"]["code"] == "wrong_state"
    assert say(lin, f"{at}/resume").json()["state"] == "on"
    assert say(lin, f"{at}/replay", since).json() == {"count": 2, "more": False}
    deliveries_due_send()
    assert got(lin, f"webhooks{at}")["delivered"] == 2

    other = say(lin, f"{at}/secret").json()
    assert other["secret"] != secret
    assert say(lin, at, {"name": "Ledger"}, "patch").json()["name"] == "Ledger"
    assert got(lin, f"webhooks{at}?fields=url")["url"] == hook["url"]
    for path, body, method in (
        ("", wish(world, "order.created"), "post"), ("", wish(world), "post"),
        (at, {"url": "ftp://hooks.example/"}, "patch"), (at, {"url": "https://[::1]/"}, "patch"),
        (at, {"secret": "x"}, "patch"),
        (at, {"name": "a\x00b"}, "patch"), (f"{at}/test", {"event": "payout.paid"}, "post"),
        (f"{at}/replay", {"since": "2026-01-01T00:00:00"}, "post"),
    ):  # fmt: skip
        answer = say(lin, path, body, method)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid"), path
    assert say(lin, at, method="delete").status_code == 204
    assert not Endpoint.objects.exists()


def test_keys_reach_the_webhooks_of_their_own_team_and_kind_only(cast, world):
    chen, play = keyed(cast, "merchant"), keyed(cast, "merchant", sandbox=True)
    hook = say(chen, "", wish(world, "order.created")).json()["webhook"]
    played = say(play, "", wish(world, "order.created")).json()["webhook"]
    assert (hook["sandbox"], played["sandbox"]) == (False, True)
    assert [one["id"] for one in got(play, "webhooks")["items"]] == [played["id"]]
    tracker, _secret = webhook_open(
        actor=cast.lin, organisation=f"affiliate:{cast.affiliate.pk}", name="T",
        url=world.url("/hook"), kinds=["payout.paid"],
    )  # fmt: skip
    cast.sold("A1")
    (real,) = Delivery.objects.all()
    assert (real.endpoint_id, real.kind) == (hook["id"], "order.created")
    for pk in (hook["id"], tracker.pk, 2**70):
        for path, method in (
            ("", "patch"), ("", "delete"), ("/pause", "post"), ("/secret", "post"),
            ("/test", "post"), (f"/deliveries/{real.pk}/redeliver", "post"),
        ):  # fmt: skip
            assert say(play, f"/{pk}{path}", {}, method).status_code == 404, path
        assert play.get(f"{HOME}/{pk}/deliveries").status_code == 404
    reader = keyed(cast, "merchant", [("webhooks:read", ""), ("orders:read", "")])
    assert got(reader, f"webhooks/{hook['id']}/deliveries/{real.pk}")["message"]
    assert say(reader, f"/{hook['id']}/pause").json()["error"]["code"] == "scope_missing"
    assert Client().get(HOME).status_code == 401


def test_a_webhook_tells_no_key_what_it_could_not_read_itself(cast, world):
    hook = say(keyed(cast, "affiliate"), "", wish(world, "commission.estimated")).json()["webhook"]
    at = f"/{hook['id']}"
    cast.sold("A1")
    sent = f"{at}/deliveries/{Delivery.objects.get().pk}"
    bare = [("webhooks:read", ""), ("webhooks:write", "")]
    since = {"since": (clock.now() - timedelta(hours=1)).isoformat()}
    lin, chen = keyed(cast, "affiliate", bare), keyed(cast, "merchant", bare)
    for client, scope, path, body, method in (
        (lin, "commissions:read", "", wish(world, "campaign.began", "payout.paid"), "post"),
        (lin, "products:read", "", wish(world, "product.created"), "post"),
        (lin, "commissions:read", at, {"url": world.url("/theirs")}, "patch"),
        (lin, "commissions:read", at, {"events": ["commission.void"]}, "patch"),
        (lin, "commissions:read", f"{sent}/redeliver", {}, "post"),
        (lin, "commissions:read", f"{at}/replay", since, "post"),
        (lin, "commissions:read", f"{at}/resume", {}, "post"),
        (lin, "commissions:read", sent, {}, "get"),
        (chen, "orders:read", "", wish(world, "commission.estimated"), "post"),
        (chen, "orders:read", "", wish(world, "order.created"), "post"),
    ):
        answer = client.get(HOME + path) if method == "get" else say(client, path, body, method)
        error = answer.json()["error"]
        assert (error["code"], error["facts"]) == ("scope_missing", {"scope": scope}), path
    assert say(lin, "", wish(world, "campaign.began")).status_code == 201
    assert [one["event"] for one in got(lin, f"webhooks{at}/deliveries")["items"]] == hook["events"]
    assert say(keyed(cast, "affiliate", [*bare, ("commissions:read", "")]), at,
               {"events": ["commission.void"]}, "patch").status_code == 200  # fmt: skip
    # It hears of none any more, but still has one: that goes to no other address either.
    assert say(keyed(cast, "affiliate"), at, {"events": ["campaign.began"]}, "patch").json()
    for path, body, method in (
        (at, {"url": world.url("/theirs")}, "patch"), (f"{at}/replay", since, "post")
    ):  # fmt: skip
        assert say(lin, path, body, method).json()["error"]["code"] == "scope_missing", path


def test_each_event_is_described_with_an_example_for_each_side():
    schema = Client().get("/api/v1/schema", headers={"accept": "application/json"}).json()
    assert schema["webhooks"].keys() == EVENTS.keys()
    for kind, event in EVENTS.items():
        body = schema["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]
        assert body["examples"].keys() == {f"to_{side}s" for side in Side if side in event.sides}
        for example in body["examples"].values():
            jsonschema.validate(example["value"], body["schema"])
