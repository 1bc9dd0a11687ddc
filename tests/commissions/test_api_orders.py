"""The REST door for orders: strict about what it takes, exact in what it says, safe to repeat."""

from datetime import datetime, timedelta

import pytest
from django.db.models import F
from django.test import Client
from kombu.exceptions import OperationalError

from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import MemberRole
from commissions import pipeline, tasks
from commissions.reports import CLICK_ID_ALIASES
from commissions.verify import verify
from merchants.models import MerchantMember, Order
from merchants.services.merchants import merchant_apply, merchant_approve
from merchants.services.shops import shop_create
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        yield made
    assert verify() == []


def key_of(merchant, user, *scopes):
    _key, token = api_key_issue(
        actor=user,
        organisation=f"merchant:{merchant.pk}",
        name="shop",
        scopes=scopes or ["orders:write", "orders:read"],
    )
    return Client(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def shop(cast):
    return key_of(cast.merchant, cast.chen)


def order(number="A1", **changes):
    said = {
        "external_id": number,
        "state": "paid",
        "currency": "CNY",
        "placed_at": "2026-05-10T11:30:00+08:00",
        "paid_at": "2026-05-10T03:31:00Z",
        "lines": [
            {
                "external_id": "1",
                "product_external_id": "P1",
                "title": "保温杯",
                "quantity": 1,
                "amount_minor": 19900,
            }
        ],
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def say(client, body, path="", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/api/v1/orders{path}", body, "application/json", headers=headers)


def bulk(client, *orders, **headers):
    return say(client, {"orders": list(orders)}, "/bulk", **headers)


# --- One order -----------------------------------------------------------------------------------


def test_an_order_is_taken_priced_and_told_with_its_reason(cast, shop):
    answer = say(shop, order(click_id=cast.click()))

    assert (answer.status_code, answer.json()) == (
        201,
        {"external_id": "A1", "change": "created", "unmatched_refunds": []},
    )
    before = shop.get("/api/v1/orders/A1").json()
    assert (before["processed"], before["lines"][0]["commission"]) == (False, None)
    pipeline.orders_process([Order.objects.get().pk])
    seen = shop.get("/api/v1/orders/A1").json()
    assert seen["processed"]
    assert seen["paid_at"] == "2026-05-10T11:31:00+08:00"
    assert seen["lines"][0]["commission"] == {
        "state": "estimated",
        "affiliate": {"id": cast.affiliate.pk, "name": "Lin's picks"},
        "rate_bps": 1200,
        "base_minor": 19900,
        "commission_minor": 2388,
    }
    assert seen["lines"][0]["attribution"][0] == (
        "It was the last click on this product before the order."
    )


def test_saying_it_again_changes_nothing_and_a_later_word_wins(cast, shop):
    say(shop, order(reported_at="2026-05-10T11:32:00+08:00"))
    same = say(shop, order(reported_at="2026-05-10T11:32:00+08:00"))
    later = say(
        shop,
        order(state="received", received_at="2026-05-10T11:40:00+08:00", lines=None),
    )
    stale = say(shop, order(state="void", reported_at="2026-05-10T11:33:00+08:00"))

    assert [a.json()["change"] for a in (same, later, stale)] == ["unchanged", "changed", "stale"]
    assert same.status_code == 200
    assert Order.objects.get().state == "received"


@pytest.mark.parametrize("alias", CLICK_ID_ALIASES)
def test_other_networks_names_of_the_click_id_are_understood(cast, shop, alias):
    click_id = cast.click()
    say(shop, order(**{alias: click_id}))

    assert Order.objects.get().click_id == click_id


def test_a_refund_that_fits_no_line_waits_and_is_named(cast, shop):
    say(shop, order())
    refund = {
        "external_id": "R1",
        "line_external_id": "9",
        "amount_minor": 100,
        "refunded_at": "2026-05-10T11:50:00+08:00",
    }

    assert say(shop, order(refunds=[refund])).json()["unmatched_refunds"] == ["R1"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"placed_at": "2026-05-10T11:30:00"}, "placed_at"),  # no zone
        ({"placed_at": "yesterday"}, "placed_at"),
        ({"state": "shipped"}, "state"),
        ({"currency": "cny"}, "currency"),
        ({"recieved_at": "2026-05-10T11:30:00Z"}, "recieved_at"),  # misspelt
        ({"external_id": ""}, "external_id"),
        ({"lines": [{"external_id": "1", "amount_minor": 19900.5}]}, "lines"),
        ({"lines": [{"external_id": "1", "amount_minor": -1}]}, "lines"),
        ({"lines": [{"external_id": "1", "amount": 199}]}, "lines"),
        ({"external_id": None}, "external_id"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(shop, changes, field):
    answer = say(shop, order(**changes))

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"
    assert list(answer.json()["error"]["details"]) == [field]
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": "EUR"}, "currency"),
        ({"paid_at": None}, "paid_at"),
        ({"placed_at": "2026-05-12T11:30:00+08:00", "paid_at": None, "state": "placed"},
         "placed_at"),
        ({"lines": []}, "lines"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_whole(shop, changes, field):
    answer = say(shop, order(**changes))

    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert not Order.objects.exists()


# --- Many ----------------------------------------------------------------------------------------


def test_a_bad_order_never_hurts_the_others(cast, shop):
    answer = bulk(
        shop,
        order("A1", click_id=cast.click()),
        order("A2", state="shipped"),
        order("A3", currency="EUR"),
        "nonsense",
        order("A4"),
    )
    results = answer.json()["results"]

    assert answer.status_code == 200
    assert [(r["external_id"], r["change"]) for r in results] == [
        ("A1", "created"), ("A2", "refused"), ("A3", "refused"), ("", "refused"), ("A4", "created"),
    ]  # fmt: skip
    assert list(results[1]["error"]["details"]) == ["state"]
    assert results[2]["error"]["field"] == "currency"
    assert set(Order.objects.values_list("external_id", flat=True)) == {"A1", "A4"}


def test_at_most_2000_at_once(shop):
    answer = bulk(shop, *(order(f"A{i}") for i in range(2001)))

    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "orders")
    assert not Order.objects.exists()
    assert bulk(shop).status_code == 400
    assert say(shop, [], "/bulk").status_code == 400


# --- Repeating a call ----------------------------------------------------------------------------


def test_a_call_with_a_key_is_carried_out_once(cast, shop):
    first = bulk(shop, order("A1"), idempotency_key="k")
    Order.objects.update(void_reason="touched")
    again = bulk(shop, order("A1"), idempotency_key="k")
    other = bulk(shop, order("A2"), idempotency_key="k")

    assert first.json() == again.json()
    assert (first.headers.get("Idempotent-Replay"), again.headers["Idempotent-Replay"]) == (
        None,
        "true",
    )
    assert (other.status_code, other.json()["error"]["code"]) == (422, "key_reused")
    assert Order.objects.count() == 1


def test_keys_of_other_merchants_are_other_keys(cast, shop):
    owner, other = stranger(cast)
    say(shop, order("A1"), idempotency_key="k")

    assert say(key_of(other, owner), order("A1"), idempotency_key="k").status_code == 201


# --- Who gets in ---------------------------------------------------------------------------------


def stranger(cast):
    owner = user_make()
    merchant = merchant_apply(
        user=owner, name="Other", shop_name="Other", domains=["other.example"]
    )
    merchant_approve(merchant=merchant, actor=cast.finance)
    return owner, merchant


def test_no_key_no_entry(cast):
    assert say(Client(), order()).status_code == 401
    assert Client().get("/api/v1/orders/A1").status_code == 401
    signed_in = Client()
    signed_in.force_login(cast.chen)
    assert say(signed_in, order()).status_code == 401  # a browser's session is no key


def test_a_key_does_what_its_scopes_say(cast):
    reader = key_of(cast.merchant, cast.chen, "orders:read")
    writer = key_of(cast.merchant, cast.chen, "orders:write")

    assert say(reader, order()).status_code == 403
    assert bulk(reader, order()).status_code == 403
    assert say(writer, order()).status_code == 201
    assert writer.get("/api/v1/orders/A1").status_code == 403
    assert reader.get("/api/v1/orders/A1").status_code == 200


def test_a_viewers_key_only_reads(cast):
    viewer = user_make()
    MerchantMember.objects.create(merchant=cast.merchant, user=viewer, role=MemberRole.VIEWER)

    assert say(key_of(cast.merchant, viewer), order()).status_code == 403


def test_orders_of_others_are_not_there(cast, shop):
    say(shop, order())
    owner, other = stranger(cast)
    theirs = key_of(other, owner)

    assert theirs.get("/api/v1/orders/A1").status_code == 404
    assert say(theirs, order(shop=cast.shop.pk)).json()["error"]["field"] == "shop"
    assert say(theirs, order()).json()["change"] == "created"  # in their own shop


def test_a_merchant_with_several_shops_names_the_shop(cast, shop):
    second = shop_create(
        merchant=cast.merchant, name="Second", domains=["second.example"], actor=cast.chen
    )
    assert say(shop, order()).json()["error"]["field"] == "shop"
    assert say(shop, order(shop=cast.shop.pk)).status_code == 201
    assert say(shop, order(shop=second.pk)).status_code == 201
    assert shop.get("/api/v1/orders/A1").json()["error"]["field"] == "shop"
    assert shop.get("/api/v1/orders/A1", {"shop": second.pk}).json()["shop"] == second.pk


@pytest.mark.django_db(transaction=True)
def test_an_order_is_taken_while_the_broker_is_away(cast, shop, monkeypatch, caplog):
    def away(*args, **kwargs):
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.orders_process, "delay", away)
    answer = say(shop, order())

    assert answer.status_code == 201
    assert "no broker" in caplog.text
    tasks.orders_sweep()
    assert not Order.objects.exclude(processed_version=F("version")).exists()
