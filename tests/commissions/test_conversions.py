"""The server-to-server door: many names, exact amounts, one order however often it is said."""

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from alliance.kernel import clock
from alliance.kernel.models import ApiKey, MemberRole
from commissions import pipeline
from commissions.conversions import STATES
from commissions.models import Commission
from commissions.reports import CLICK_ID_ALIASES
from commissions.verify import verify
from merchants.models import MerchantMember, Order, OrderLine
from merchants.services.merchants import merchant_apply, merchant_approve
from merchants.services.shops import shop_key_issue
from tests.cast import cast_make, user_make
from tests.commissions.test_api_orders import key_of

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
DOOR = "/api/v1/conversions"


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        yield made
    assert verify() == []


@pytest.fixture
def key(cast) -> str:
    return shop_key_issue(actor=cast.chen, shop=cast.shop)[1]


@pytest.fixture
def call(key):
    """A call by GET, everything in the address."""

    def ask(**said):
        return Client().get(DOOR, {"key": key, "order_id": "S1", "amount": "199.00", **said})

    return ask


def refusal(answer) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error.get("field", ""), error["message"]


# --- From the address to the books ---


def test_a_conversion_is_an_order_attributed_and_booked(cast, call):
    answer = call(click_id=cast.click(), product="P1")
    assert (answer.status_code, answer.json()) == (201, {"order_id": "S1", "change": "created"})
    assert answer.headers["Cache-Control"] == "no-store"
    order = Order.objects.get()
    assert (order.shop, order.state, order.currency) == (cast.shop, "paid", "CNY")
    assert (order.placed_at, order.paid_at) == (MAY, MAY)
    assert (order.lines.get().amount_minor, order.lines.get().product) == (199_00, cast.product)
    pipeline.orders_process([order.pk])
    commission = Commission.objects.get()
    assert (commission.affiliate, commission.net_minor) == (cast.affiliate, 19_34)
    assert commission.attribution.rule == "same_product"


def test_saying_it_again_changes_nothing_and_a_later_state_moves_it(cast, call):
    call(click_id=cast.click())
    with clock.at(MAY + timedelta(hours=1)):
        assert call().json()["change"] == "unchanged"
    with clock.at(MAY + timedelta(days=5)):
        assert call(status="received", amount="").json()["change"] == "changed"
    order = Order.objects.get()
    assert (order.placed_at, order.paid_at) == (MAY, MAY)
    assert (order.state, order.received_at) == ("received", MAY + timedelta(days=5))
    assert OrderLine.objects.get().amount_minor == 199_00
    pipeline.orders_process([order.pk])
    assert Commission.objects.get().state == "confirmed"


def test_a_declined_conversion_is_void_and_costs_nothing(cast, call):
    call(click_id=cast.click())
    pipeline.orders_process([Order.objects.get().pk])
    call(status="declined", amount="")
    pipeline.orders_process([Order.objects.get().pk])
    commission = Commission.objects.get()
    assert (commission.state, commission.net_minor) == ("void", 0)


def test_what_is_paid_less_of_is_worth_less(cast, call):
    call(click_id=cast.click(), product="P1")
    assert call(amount="149").json()["change"] == "changed"
    assert OrderLine.objects.get().product == cast.product  # what is left out stays
    pipeline.orders_process([Order.objects.get().pk])
    assert Commission.objects.get().net_minor == 14_48


@pytest.mark.parametrize("alias", ["click_id", *CLICK_ID_ALIASES])
def test_the_click_id_comes_back_under_every_name(cast, call, alias):
    click_id = cast.click()
    call(**{alias: click_id})
    assert Order.objects.get().click_id == click_id


def test_a_coupon_code_comes_along(cast, call):
    call(coupon="LIN10")
    assert Order.objects.get().coupon_code == "LIN10"


@pytest.mark.parametrize(("said", "state"), sorted(STATES.items()))
def test_every_word_for_a_state(cast, call, said, state):
    call()
    order = call(status=said.upper(), order_id=f"N{said}")
    if order.status_code == 201:
        assert Order.objects.get(external_id=f"N{said}").state == state
    else:
        assert (state, order.status_code) == ("void", 422)


# --- The ways in ---


def test_by_post_as_a_form_or_as_json_with_the_key_anywhere(cast, key):
    said = {"order_id": "S1", "amount": "10.00"}
    bearer = {"Authorization": f"Bearer {key}"}
    assert Client().post(DOOR, {**said, "key": key}).status_code == 201
    again = Client().post(DOOR, said, "application/json", headers=bearer)
    assert (again.status_code, again.json()["change"]) == (200, "unchanged")
    split = Client().post(f"{DOOR}?key={key}&amount=99", {"order_id": "S1", "amount": "10.00"})
    assert split.json()["change"] == "unchanged"  # the body goes first


def test_head_looks_and_reports_nothing(key):
    assert Client().head(DOOR, {"key": key, "order_id": "S1", "amount": "1"}).status_code == 405
    assert not Order.objects.exists()


def test_fields_that_other_tools_send_are_left_alone(call):
    assert call(payout="3.00", sub1="x", ip="192.0.2.1", event="purchase").status_code == 201


# --- Refusals, in words ---


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"order_id": ""}, "", ""),
        ({"amount": ""}, "amount", "first report needs its amount"),
        ({"amount": "1,000.00"}, "amount", "written like 199.00"),
        ({"amount": "12.345"}, "amount", "written like 199.00"),
        ({"amount": "1e5"}, "amount", "written like 199.00"),
        ({"amount": "-5"}, "amount", "written like 199.00"),
        ({"amount": "¥199"}, "amount", "written like 199.00"),
        ({"currency": "EUR"}, "currency", ""),
        ({"status": "wonderful"}, "status", "We do not know the status wonderful"),
        ({"event": "add_to_cart"}, "event", "Only purchases"),
        ({"order_id": "[ORDER]"}, "order_id", "[ORDER] was not filled in"),
        ({"amount": "{amount}"}, "amount", "{amount} was not filled in"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_taken(call, said, field, words):
    status, where, message = refusal(call(**said))
    assert status in (400, 422)
    assert where == field
    assert words in message
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"click_id": "{click_id}"}, "click_id", "{click_id} was not filled in"),
        ({"clickid": "${CLICK}"}, "clickid", "was not filled in"),
        ({"click_id": "c" * 65}, "click_id", "too long"),
        ({"coupon_code": "c" * 41}, "coupon_code", "too long"),
        ({"sku": "s\x00"}, "sku", "not readable"),
    ],
)
def test_no_order_is_lost_for_what_it_can_do_without(call, said, field, words):
    answer = call(**said)
    assert answer.status_code == 201
    (warning,) = answer.json()["warnings"]
    assert warning["field"] == field
    assert words in warning["message"]
    order = Order.objects.get()
    line = order.lines.get()
    assert (order.click_id, order.coupon_code, line.product_external_id) == ("", "", "")


def test_an_alias_that_was_filled_in_counts_where_another_was_not(call):
    assert call(click_id="{click_id}", subid="C-1").json()["warnings"][0]["field"] == "click_id"
    assert Order.objects.get().click_id == "C-1"


def test_amounts_are_never_floats(cast, key):
    bearer = {"Authorization": f"Bearer {key}"}
    body = {"order_id": "S1", "amount": 199.01}
    answer = Client().post(DOOR, body, "application/json", headers=bearer)
    assert refusal(answer)[:2] == (400, "amount")
    whole = {"order_id": "S1", "amount_minor": 19901}
    assert Client().post(DOOR, whole, "application/json", headers=bearer).status_code == 201
    assert OrderLine.objects.get().amount_minor == 199_01


def test_an_order_that_was_reported_line_by_line_keeps_its_lines(cast, call):
    cast.record(cast.report("S1"))
    assert refusal(call())[1] == "amount"
    assert OrderLine.objects.get().external_id == "S1-1"
    assert call(amount="", status="received").json()["change"] == "changed"


# --- Who may ---


def test_without_its_key_nobody_reports(cast, key, call):
    assert Client().get(DOOR, {"order_id": "S1", "amount": "1"}).status_code == 401
    wrong = f"{key[:-1]}{'a' if key[-1] != 'a' else 'b'}"
    assert call(key=wrong).status_code == 401
    ApiKey.objects.update(revoked_at=clock.now())
    assert call().status_code == 401
    assert not Order.objects.exists()


def test_a_shops_key_opens_no_other_door(cast, key):
    bearer = Client(headers={"Authorization": f"Bearer {key}"})
    assert bearer.get("/api/v1/orders/S1").status_code == 403
    assert bearer.post("/api/v1/orders", {}, "application/json").status_code == 403


def test_a_merchants_key_does_not_open_this_one(cast, call):
    client = key_of(cast.merchant, cast.chen, "conversions:write")
    assert client.get(DOOR, {"order_id": "S1", "amount": "1"}).status_code == 403


def test_the_key_dies_with_the_membership_of_whoever_made_it(cast, call):
    MerchantMember.objects.update(role=MemberRole.VIEWER)
    assert call().status_code == 403
    MerchantMember.objects.all().delete()
    assert call().status_code == 403


def test_the_owner_makes_an_address_that_works_as_it_stands(cast):
    client = Client()
    client.force_login(cast.chen)
    page = client.post(f"/merchant/settings/shops/{cast.shop.pk}/postback/")
    assert "no-store" in page.headers["Cache-Control"]
    address = page.context["postback"]
    assert address.startswith(f"http://testserver{DOOR}?key=tk_")
    filled = address.replace("{order_id}", "S1").replace("{click_id}", cast.click())
    filled = filled.replace("{amount}", "199.00").replace("{currency}", "CNY")
    filled = filled.replace("{coupon}", "").replace("{status}", "paid")
    assert Client().get(filled).status_code == 201
    (token,) = parse_qs(urlsplit(address).query)["key"]
    listed = client.get("/merchant/settings/").content.decode()
    assert token.split("_")[1] in listed
    assert token not in listed
    key = ApiKey.objects.get()
    client.post(f"/merchant/settings/keys/{key.pk}/revoke/")
    assert Client().get(filled).status_code == 401


def test_only_an_owner_of_this_merchant_makes_one(cast):
    stranger = user_make()
    other = merchant_apply(user=stranger, name="Other", shop_name="O", domains=["o.example"])
    merchant_approve(merchant=other, actor=cast.finance)
    client = Client()
    client.force_login(stranger)
    address = f"/merchant/settings/shops/{cast.shop.pk}/postback/"
    assert client.post(address).status_code == 404
    manager = user_make()
    MerchantMember.objects.create(merchant=cast.merchant, user=manager, role=MemberRole.MANAGER)
    client.force_login(manager)
    assert client.post(address).status_code == 403
    assert not ApiKey.objects.exists()
