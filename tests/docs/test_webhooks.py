"""The examples of docs/webhooks.md and docs/postbacks.md are taken as they stand."""

import json
import re

import pytest
from django.test import Client

from alliance.kernel.access import api_key_issue
from alliance.kernel.models import Delivery, Endpoint, Side
from alliance.kernel.outbox import EVENTS
from commissions.happenings import sample_of
from commissions.outgoing import delivery, macros
from commissions.outgoing.delivery import deliveries_due_send
from commissions.services.endpoints import endpoint_try, postback_open, webhook_open
from tests.cast import cast_make, user_make
from tests.docs import DOCS
from tests.far_end import WORLD

WEBHOOKS, POSTBACKS = ((DOCS / name).read_text() for name in ("webhooks.md", "postbacks.md"))


def block(text, language, number=0):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[number]


@pytest.fixture
def ours(db, settings):
    settings.OUTBOUND_INTERNAL = [f"{WORLD}/32"]
    return {"actor": user_make(), "organisation": "affiliate:7", "name": "Ours"}


def test_the_receiver_takes_what_we_sign_once_and_nothing_else(ours, serve, capsys):
    world, answered, receiver = serve(WORLD), [], {}
    endpoint, secret = webhook_open(
        **ours, url=world.url("/hook"), kinds=["commission.confirmed", "payout.paid"]
    )
    exec(block(WEBHOOKS, "python").replace("whsec_…", secret), receiver)

    def answer(handler):
        said = {name.lower(): text for name, text in handler.headers.items()}
        status = receiver["take"](world.bodies[-1], said)
        answered.append((status, receiver["take"](world.bodies[-1] + b" ", said)))
        handler.send_response(status)
        handler.end_headers()

    world.answers["/hook"] = answer
    endpoint_try(endpoint=endpoint)
    deliveries_due_send()
    Delivery.objects.update(state="waiting", due_at="2026-01-01T00:00Z")
    deliveries_due_send()

    assert answered == [(204, 401)] * 2
    assert capsys.readouterr().out.count("commission.confirmed") == 1
    message, shown = json.loads(world.bodies[0]), json.loads(block(WEBHOOKS, "json"))
    assert message["data"].pop("test") is True
    assert shown["data"] == message["data"] == sample_of("commission.confirmed", Side.AFFILIATE)
    assert shown.keys() == message.keys()
    assert shown["version"] == message["version"]


def test_the_address_of_the_example_is_filled_as_it_says(ours):
    address, called = (block(POSTBACKS, "", n).strip() for n in (0, 1))
    endpoint = postback_open(**ours, url=address, kinds=["commission.confirmed"])
    assert delivery.ask_of(endpoint_try(endpoint=endpoint)).url == called
    assert Endpoint.objects.get().url == address


def test_every_event_macro_and_wait_is_told():
    told = set(re.findall(r"`([a-z]+\.[a-z]+)`", WEBHOOKS))
    assert told >= EVENTS.keys()
    shown = {"{%s}" % name for name in macros.MACROS if not name.startswith("sub")}  # noqa: UP031
    assert shown <= set(re.findall(r"\{\w+\}", POSTBACKS))
    hours = [pause.total_seconds() / 3600 for pause in delivery.SCHEDULE]
    words = re.search(r"after (5 seconds, 5 minutes, 30 minutes), (.*?) hours", WEBHOOKS, re.DOTALL)
    assert hours[1:4] == [5 / 3600, 5 / 60, 0.5]
    assert [int(n) for n in re.findall(r"\d+", words[2])] == hours[4:]


def test_a_program_sets_one_up_as_the_example_says(db):
    cast, shown = cast_make(), json.loads(block(WEBHOOKS, "json", 1))
    _key, token = api_key_issue(
        actor=cast.lin, organisation=f"affiliate:{cast.affiliate.pk}", name="Guide",
        scopes=["webhooks:write", "commissions:read"],
    )  # fmt: skip
    client = Client(headers={"Authorization": f"Bearer {token}"})
    made = client.post("/api/v1/webhooks", shown, "application/json")
    assert made.status_code == 201
    assert {**made.json()["webhook"], **shown} == made.json()["webhook"]
    for word in ("pause", "resume", "secret", "test"):
        assert f"`{word}`" in WEBHOOKS
        path = f"/api/v1/webhooks/{made.json()['webhook']['id']}/{word}"
        assert client.post(path, {}, "application/json").status_code in (200, 201), word
