"""The examples of docs/api.md are taken as they stand."""

import json
import re

import pytest
from django.test import Client

from alliance.kernel.access import api_key_issue
from commissions import chart, pipeline
from commissions.api.changes import SettlementOut
from merchants.models import Order
from tests.cast import Cast, cast_make
from tests.docs import DOCS
from tests.rows import decided

EXAMPLES = [
    json.loads(block)
    for block in re.findall(r"```json\n(.*?)```", (DOCS / "api.md").read_text(), re.DOTALL)
]
SALE, SALE_BACK, ORDER, ANSWER, REFUND, BULK, BULK_ANSWER, LINKS, *REST = EXAMPLES
_WOO, _SHOPIFY, CHANGES, ERROR = REST


@pytest.fixture
def cast(transactional_db, settings) -> Cast:
    settings.PUBLIC_URL = "https://alliance.example.com"
    return cast_make()


def client_of(user, organisation, *scopes, **more) -> Client:
    _key, token = api_key_issue(
        actor=user, organisation=organisation, name="guide", scopes=scopes, **more
    )
    return Client(headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})


@pytest.fixture
def client(cast) -> Client:
    shop = f"merchant:{cast.merchant.pk}"
    return client_of(cast.chen, shop, "orders:write", "orders:read")


def say(client, body, **headers):
    return client.post("/api/v1/orders", body, "application/json", headers=headers)


def test_the_examples_work_as_they_stand(client, cast):
    first = say(client, ORDER, idempotency_key="k1")
    again = say(client, ORDER, idempotency_key="k1")

    assert (first.status_code, first.json()) == (201, ANSWER)
    assert (again.json(), again.headers["Idempotent-Replay"]) == (ANSWER, "true")
    assert say(client, REFUND).json()["change"] == "changed"
    pipeline.orders_process(Order.objects.values_list("pk", flat=True))
    seen = client.get(f"/api/v1/orders/{ORDER['external_id']}").json()
    assert seen["processed"]
    assert seen["lines"][0]["refunded_minor"] == 5000
    assert seen["lines"][0]["attribution"]
    assert cast.balance(chart.wallet(cast.merchant.pk)).minor == 1_000_000


def test_the_error_is_the_one_that_is_shown(client):
    unpaid = {key: value for key, value in ORDER.items() if key != "paid_at"}
    answer = say(client, unpaid, accept_language="en")

    assert (answer.status_code, answer.json()) == (400, ERROR)


def test_many_at_once_and_the_changes_are_as_they_are_shown(client, cast):
    answer = client.post("/api/v1/orders/bulk", BULK, "application/json")
    assert (answer.status_code, answer.json()) == (200, BULK_ANSWER)
    whose = f"affiliate:{cast.affiliate.pk}"
    lin = client_of(cast.lin, whose, "links:write", "commissions:read")
    (wish, missing) = LINKS["links"]
    wish = {**wish, "product": cast.product.pk, "zone": cast.zone.pk}
    answer = lin.post(
        "/api/v1/links/bulk", {"links": [wish, {**missing, "product": 10**12}]}, "application/json"
    )
    made, refused = answer.json()["results"]
    assert (made["link"]["sub1"], refused["error"]["field"]) == (wish["sub1"], "product")

    decided()
    seen = client.get("/api/v1/changes").json()
    assert seen.keys() == CHANGES.keys()
    assert seen["items"][0].keys() == CHANGES["items"][0].keys()
    assert CHANGES["items"][0]["data"].keys() == SettlementOut().fields.keys()
    after = client.get("/api/v1/changes", {"cursor": seen["next"]}).json()
    assert (after["items"], after["more"]) == ([], False)


def test_an_invented_order_is_played_through_as_shown(cast):
    whose = f"affiliate:{cast.affiliate.pk}"
    play = client_of(cast.lin, whose, "commissions:read", sandbox=True)
    first = {**SALE, "link": cast.link.code}
    for sale, state in ((first, "estimated"), (SALE_BACK, "confirmed")):
        answer = play.post("/api/v1/sandbox/orders", sale, "application/json").json()
        assert answer["commission"]["state"] == state


def test_another_content_under_a_used_key_is_refused(client):
    say(client, ORDER, idempotency_key="k1")
    answer = say(client, {**ORDER, "click_id": ""}, idempotency_key="k1")

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "key_reused")


def test_every_call_in_the_table_is_in_the_schema(client):
    # A new call belongs into the table of docs/api.md.
    calls = re.findall(r"^\| (`[A-Z]+ /api/v1/.*?) \|", (DOCS / "api.md").read_text(), re.MULTILINE)
    told = {tuple(call.split()) for row in calls for call in re.findall(r"`(.*?)`", row)}
    schema = client.get("/api/v1/schema", headers={"accept": "application/json"}).json()

    assert {
        (method.upper(), path) for path, methods in schema["paths"].items() for method in methods
    } == told
