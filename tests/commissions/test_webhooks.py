"""Signed webhooks of Shopify and WooCommerce, through the door, also from the wrong side."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from alliance.kernel import clock, tries
from alliance.kernel.models import AuditEvent
from commissions import pipeline
from commissions.models import Commission
from commissions.verify import verify
from merchants.feeds.webhooks import WEBHOOKS, signed
from merchants.models import HookDelivery, HookOrder, Order, OrderLine, Refund, ShopHook
from merchants.services.hooks import deliveries_forget, hook_open, hook_secret
from merchants.services.merchants import merchant_close, merchant_freeze
from tests.cast import cast_make
from tests.merchants.pages.room import signed_in
from tests.merchants.pages.room import url as page

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
SECRET = "hush-hush"


@pytest.fixture
def cast(db):
    with clock.at(NOON - timedelta(days=2)):
        made = cast_make()
    with clock.at(NOON - timedelta(days=1)):
        made.click_id = made.click()
    with clock.at(NOON):
        yield made
    assert verify() == []


@pytest.fixture
def shopify(cast):
    return hook_open(shop=cast.shop, kind="shopify", secret=SECRET, actor=None)


@pytest.fixture
def woo(cast):
    return hook_open(shop=cast.shop, kind="woocommerce", secret=SECRET, actor=None)


def sent(hook, topic, payload, *, delivery="", secret=SECRET, **headers):
    """What the system gets for an answer. Each call is another delivery, if it does not say so."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    system = WEBHOOKS[hook.kind]
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    said = {
        system.SIGNATURE: base64.b64encode(digest).decode(),
        system.TOPIC: topic,
        system.DELIVERY: delivery or f"d{HookDelivery.objects.count()}",
        **headers,
    }
    answer = Client(enforce_csrf_checks=True).post(
        f"/hooks/{hook.token}", body, content_type="application/json", headers=said
    )
    return answer.status_code


def results():
    return list(HookDelivery.objects.order_by("pk").values_list("topic", "number", "result"))


def refunded():
    rows = OrderLine.objects.order_by("external_id")
    return dict(rows.values_list("external_id", "refunded_minor"))


def shopify_order(cast, minute=0, **more):
    at = (NOON - timedelta(hours=1) + timedelta(minutes=minute)).isoformat()
    return {
        "id": 820982911946154508,
        "name": "#1001",
        "created_at": "2026-05-31T23:00:00-04:00",
        "processed_at": "2026-05-31T23:00:00-04:00",
        "updated_at": at,
        "currency": "CNY",
        "financial_status": "paid",
        "cancelled_at": None,
        "note_attributes": [{"name": "gift", "value": "yes"}],
        "landing_site": f"/products/tea?utm=x&click_id={cast.click_id}",
        "discount_codes": [{"code": "TEA10", "amount": "10.00"}],
        "line_items": [
            {
                "id": 1, "product_id": 70, "variant_id": 71, "sku": "", "name": "Teapot",
                "quantity": 2, "price": "40.00",
                "discount_allocations": [{"amount": "8.00"}],
            },
            {"id": 2, "product_id": None, "sku": cast.product.external_id, "name": "Cup",
             "quantity": 1, "price": "20.00", "discount_allocations": [{"amount": "2.00"}]},
        ],
        "refunds": [],
        **more,
    }  # fmt: skip


def shopify_refund(number=9, amount="30.00", items=((1, "36.00"),), **more):
    return {
        "id": number,
        "order_id": 820982911946154508,
        "created_at": "2026-06-01T11:30:00+08:00",
        "refund_line_items": [
            {"line_item_id": line, "quantity": 1, "subtotal": subtotal} for line, subtotal in items
        ],
        "transactions": [
            {"kind": "refund", "status": "success", "amount": amount},
            {"kind": "refund", "status": "failure", "amount": "500.00"},
        ],
        "order_adjustments": [],
        **more,
    }


# --- The door -------------------------------------------------------------------------------------


def test_the_vector_of_shopify():
    body = b'{"id":820982911946154508,"total_price":"403.00"}'
    assert signed("hush", body, "gHDQy76+38chKmG/hW2suoASSgJPriCh7sYbzaB7OQI=")
    assert not signed("hush", body + b" ", "gHDQy76+38chKmG/hW2suoASSgJPriCh7sYbzaB7OQI=")
    assert not signed("", b"", base64.b64encode(hmac.digest(b"", b"", "sha256")).decode())


def test_a_wrong_signature_changes_nothing(cast, shopify, woo):
    order = shopify_order(cast)
    for answer in (
        sent(shopify, "orders/paid", order, secret="another1"),
        sent(shopify, "orders/paid", order, **{"X-Shopify-Hmac-Sha256": ""}),
        sent(shopify, "orders/paid", order, **{"X-Shopify-Hmac-Sha256": "ü"}),
        sent(woo, "order.updated", order, secret="another1"),
    ):
        assert answer == 401
    assert not Order.objects.exists()
    assert not HookDelivery.objects.exists()


def test_an_address_with_too_many_wrong_signatures_waits_a_minute(cast, shopify, woo, monkeypatch):
    monkeypatch.setattr(tries, "WRONG_MOST", 2)
    order = shopify_order(cast)
    wrong = [sent(shopify, "orders/paid", order, secret="another1") for _n in range(3)]
    assert wrong == [401, 401, 429]
    assert sent(shopify, "orders/paid", order) == 429  # not even looked at
    assert sent(woo, "order.created", woo_order(cast)) == 200  # another door
    cache.clear()  # a minute later
    assert sent(shopify, "orders/paid", order) == 200


def test_an_unknown_or_closed_door_is_not_there(cast, shopify):
    shopify.token = "x" * 32
    assert sent(shopify, "orders/paid", shopify_order(cast)) == 404
    shopify.refresh_from_db()
    merchant_close(merchant=cast.merchant, reason="x", actor=None)
    assert sent(shopify, "orders/paid", shopify_order(cast)) == 404
    assert Client().get(f"/hooks/{shopify.token}").status_code == 405


def test_a_body_beyond_measure_is_not_read(shopify):
    assert sent(shopify, "orders/paid", b" " * (2 * 1024 * 1024 + 1)) == 413


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[1]", b"{", b"[" * 100_000, b"\xff", b'{"name": "\\ud800"}']
)
def test_what_is_no_object_is_refused(shopify, body):
    assert sent(shopify, "orders/paid", body) == 400


def test_the_ping_of_woocommerce_is_answered(woo):
    answer = Client().post(
        f"/hooks/{woo.token}", "webhook_id=12", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert not HookDelivery.objects.exists()


@pytest.mark.parametrize("topic", ["products/update", "", "orders/edited", "x" * 500])
def test_an_unknown_topic_is_noted(shopify, topic):
    assert sent(shopify, topic, {"id": 1}) == 200
    assert results() == [(topic[:60], "", "ignored")]


def test_a_delivery_is_heard_once(cast, shopify):
    order = shopify_order(cast)
    assert sent(shopify, "orders/paid", order, delivery="D1") == 200
    gone = {**order, "cancelled_at": "2026-06-01T04:00:00Z"}
    assert sent(shopify, "orders/cancelled", gone, delivery="D1") == 200
    assert Order.objects.get().state == "paid"
    assert len(results()) == 1


def test_what_cannot_be_taken_is_written_down_and_not_sent_again(cast, shopify):
    for more in (
        {"name": "\x00"}, {"currency": "USD"}, {"financial_status": "odd"}, {"updated_at": None},
        {"updated_at": "yesterday"}, {"line_items": [{"id": 1, "quantity": "x", "price": "1"}]},
        {"line_items": [{"id": 1, "quantity": 1, "price": "1e9"}]}, {"line_items": "none"},
        {"line_items": [{"id": 1, "quantity": float("inf"), "price": "1"}]},
        {"name": "x" * 99}, {"line_items": [{"id": 1, "quantity": -1, "price": "1"}]},
    ):  # fmt: skip
        assert sent(shopify, "orders/create", shopify_order(cast, **more)) == 200
    assert {result for _topic, _number, result in results()} == {"refused"}
    assert all(HookDelivery.objects.values_list("note", flat=True))
    assert not Order.objects.exists()


# --- Shopify --------------------------------------------------------------------------------------


def test_an_order_of_shopify_from_creation_to_the_books(cast, shopify):
    placed = shopify_order(cast, 0, financial_status="pending")
    assert sent(shopify, "orders/create", placed) == 200
    order = Order.objects.get()
    assert (order.external_id, order.state, order.paid_at) == ("#1001", "placed", None)

    sent(shopify, "orders/paid", shopify_order(cast, 5))
    sent(shopify, "orders/updated", shopify_order(cast, 6))
    sent(shopify, "orders/fulfilled", shopify_order(cast, 7))

    order.refresh_from_db()
    assert (order.state, order.click_id, order.coupon_code) == ("paid", cast.click_id, "TEA10")
    assert order.paid_at == NOON - timedelta(minutes=55)
    rows = order.lines.order_by("external_id")
    assert list(rows.values_list("external_id", "product_external_id", "amount_minor")) == [
        ("1", "71", 7200), ("2", cast.product.external_id, 1800),
    ]  # fmt: skip
    assert [result for *_rest, result in results()] == ["taken", "taken", "unchanged", "unchanged"]
    pipeline.orders_process([order.pk])
    assert Commission.objects.filter(line__order=order, affiliate=cast.affiliate).exists()


def test_an_older_word_is_not_heard(cast, shopify):
    sent(shopify, "orders/paid", shopify_order(cast, 9))
    sent(
        shopify, "orders/create", shopify_order(cast, 2, financial_status="pending", line_items=[])
    )
    assert Order.objects.get().state == "paid"
    assert results()[-1] == ("orders/create", "#1001", "stale")


def test_refunds_of_shopify_come_by_line_once(cast, shopify):
    """30.00 of goods worth 36.00, heard by its own topic and with the order; then freight only."""
    sent(shopify, "orders/paid", shopify_order(cast))
    sent(shopify, "refunds/create", shopify_refund())
    sent(shopify, "orders/updated", shopify_order(cast, 5, refunds=[shopify_refund()]))
    assert refunded() == {"1": 3000, "2": 0}

    sent(shopify, "refunds/create", shopify_refund(10, "20.00", ((1, "12.00"), (2, "18.00"))))
    assert refunded() == {"1": 3800, "2": 1200}  # by what they were worth

    freight = [{"kind": "shipping_refund", "amount": "-10.00"}]
    sent(shopify, "refunds/create", shopify_refund(11, "10.00", (), order_adjustments=freight))
    sent(shopify, "refunds/create", shopify_refund(12, "15.00", (), order_adjustments=freight))
    assert sum(refunded().values()) == 5500
    pipeline.orders_process([Order.objects.get().pk])


def test_a_refund_of_shopify_counts_once_all_of_its_money_has_arrived(cast, shopify):
    """20.00 went to a gift card at once, 16.00 are under way to the bank; then the shop errs."""
    sent(shopify, "orders/paid", shopify_order(cast))
    parts = [
        {"kind": "refund", "status": "success", "amount": "20.00"},
        {"kind": "refund", "status": "pending", "amount": "16.00"},
    ]
    sent(shopify, "refunds/create", shopify_refund(transactions=parts))
    assert refunded() == {"1": 0, "2": 0}

    sent(shopify, "orders/updated", shopify_order(cast, 5, refunds=[shopify_refund(amount="36")]))
    assert refunded() == {"1": 3600, "2": 0}
    sent(shopify, "orders/updated", shopify_order(cast, 6, refunds=[shopify_refund(amount="20")]))
    assert (refunded(), results()[-1][2]) == ({"1": 3600, "2": 0}, "unchanged")
    pipeline.orders_process([Order.objects.get().pk])


def test_a_refund_before_its_order_waits_for_a_person(cast, shopify):
    sent(shopify, "refunds/create", shopify_refund())
    assert Refund.objects.get().state == "unmatched"
    assert "kept for review" in HookDelivery.objects.get().note


def test_a_cancelled_and_a_deleted_order_are_void(cast, shopify):
    sent(shopify, "orders/paid", shopify_order(cast))
    gone = shopify_order(
        cast, 8, cancelled_at="2026-06-01T11:08:00+08:00", cancel_reason="customer"
    )
    sent(shopify, "orders/cancelled", gone)
    order = Order.objects.get()
    assert (order.state, order.void_reason) == ("void", "customer")

    other = shopify_order(cast, id=5, name="#1002")
    sent(shopify, "orders/paid", other)
    sent(shopify, "orders/delete", {"id": 5})
    assert Order.objects.get(external_id="#1002").state == "void"
    sent(shopify, "orders/delete", {"id": 6})
    assert results()[-1] == ("orders/delete", "", "ignored")


def test_what_was_overheard_voids_no_order_under_another_topic(cast, shopify, woo):
    orders = {shopify: shopify_order(cast), woo: woo_order(cast)}
    sent(shopify, "orders/paid", orders[shopify])
    sent(woo, "order.created", orders[woo])
    sent(shopify, "orders/delete", orders[shopify])
    sent(woo, "order.deleted", orders[woo])
    assert [result for _topic, _number, result in results()] == ["taken"] * 2 + ["ignored"] * 2
    assert not Order.objects.filter(state="void").exists()


@pytest.mark.parametrize(
    "landing", ["/?click_id=a" + "&b=c" * 200, "//[?click_id=a", "//\u2100.example/?click_id=a"]
)
def test_no_address_that_a_buyer_came_by_keeps_an_order_out(cast, shopify, landing):
    assert sent(shopify, "orders/create", shopify_order(cast, landing_site=landing)) == 200
    assert {result for _topic, _number, result in results()} == {"taken"}


@pytest.mark.parametrize(
    "more",
    [
        {"note_attributes": [{"name": "click_id", "value": "CLICK"}], "landing_site": None},
        {"note_attributes": [{"name": "_Click-ID", "value": " CLICK "}], "landing_site": "/"},
        {"note_attributes": [{"name": "url", "value": "https://x.example/?click_id=CLICK#a"}]},
        {"landing_site": "/?click_id=CLICK", "note_attributes": None},
    ],
)
def test_the_click_is_found_where_themes_put_it(cast, shopify, more):
    text = json.dumps(shopify_order(cast, **more)).replace("CLICK", "C-77")
    sent(shopify, "orders/paid", text.encode())
    assert Order.objects.get().click_id == "C-77"


# --- WooCommerce ----------------------------------------------------------------------------------


def woo_order(cast, minute=0, **more):
    at = NOON - timedelta(hours=1) + timedelta(minutes=minute)
    return {
        "id": 77,
        "number": "2001",
        "status": "processing",
        "currency": "CNY",
        "prices_include_tax": False,
        "date_created_gmt": "2026-06-01T02:00:00",
        "date_paid_gmt": "2026-06-01T02:05:00",
        "date_modified_gmt": at.replace(tzinfo=None).isoformat(),
        "meta_data": [{"key": "_click_id", "value": cast.click_id}, {"key": "x", "value": {}}],
        "coupon_lines": [{"code": "tea10"}],
        "line_items": [
            {"id": 31, "product_id": 11, "variation_id": 0, "sku": "", "name": "Teapot",
             "quantity": 2, "total": "72.00", "total_tax": "7.20"},
            {"id": 32, "product_id": 12, "variation_id": 121, "sku": cast.product.external_id,
             "name": "Cup", "quantity": 1, "total": "18.00", "total_tax": "1.80"},
        ],
        "refunds": [],
        **more,
    }  # fmt: skip


def test_an_order_of_woocommerce_from_creation_to_its_refunds(cast, woo):
    sent(woo, "order.created", woo_order(cast, status="pending", date_paid_gmt=None))
    assert Order.objects.get().state == "placed"
    sent(woo, "order.updated", woo_order(cast, 1))
    order = Order.objects.get()
    assert (order.external_id, order.state, order.click_id) == ("2001", "paid", cast.click_id)
    assert order.paid_at == datetime(2026, 6, 1, 2, 5, tzinfo=UTC)
    rows = order.lines.order_by("external_id")
    assert list(rows.values_list("external_id", "product_external_id", "amount_minor")) == [
        ("31", "11", 7200), ("32", cast.product.external_id, 1800),
    ]  # fmt: skip

    back = [{"id": 90, "reason": "broken", "total": "-10.00"}]
    sent(woo, "order.updated", woo_order(cast, 2, refunds=back))
    sent(woo, "order.updated", woo_order(cast, 3, refunds=back))
    assert sum(refunded().values()) == 1000
    back.append({"id": 91, "total": "-95.00"})  # with the freight: more than the goods cost
    sent(woo, "order.updated", woo_order(cast, 4, refunds=back, status="refunded"))
    assert sum(refunded().values()) == 9000
    pipeline.orders_process([order.pk])


def test_a_refund_of_woocommerce_stays_what_it_was_when_its_order_changes(cast, woo):
    """90.00 of goods and 10.00 of freight came back, then the order grew by 28.00. The list of
    refunds begins with the newest."""
    back = [{"id": 100, "total": "-60.00"}, {"id": 99, "total": "-40.00"}]
    sent(woo, "order.updated", woo_order(cast, 1, refunds=back))
    teapot, cup = woo_order(cast)["line_items"]
    items = [{**teapot, "total": "100.00"}, cup]
    back.insert(0, {"id": 101, "total": "-5.00"})
    sent(woo, "order.updated", woo_order(cast, 2, refunds=back, line_items=items))

    assert [result for *_rest, result in results()] == ["taken", "taken"]
    parts = Refund.objects.order_by("pk").values_list("facts__total_minor", flat=True)
    assert list(dict.fromkeys(parts)) == [4000, 5000, 500]
    assert sum(refunded().values()) == 9500
    pipeline.orders_process([Order.objects.get().pk])


def test_prices_with_tax_count_with_it(cast, woo):
    sent(woo, "order.created", woo_order(cast, prices_include_tax=True))
    assert sum(OrderLine.objects.values_list("amount_minor", flat=True)) == 9900


def test_a_deleted_order_is_void_and_stays_so_when_it_is_restored(cast, woo):
    sent(woo, "order.created", woo_order(cast))
    sent(woo, "order.deleted", {"id": 77})
    assert Order.objects.get().state == "void"
    sent(woo, "order.restored", woo_order(cast, 90))
    assert Order.objects.get().state == "void"


# --- The merchant's side --------------------------------------------------------------------------


def test_a_secret_is_readable_nowhere_but_on_its_page(cast, shopify):
    assert SECRET not in shopify.secret
    assert SECRET not in str(list(AuditEvent.objects.values()))
    room = signed_in(cast.chen)
    text = room.get(page("hooks", cast.shop.pk)).content.decode()
    assert SECRET in text
    assert f"/hooks/{shopify.token}" in text

    room.post(page("hooks", cast.shop.pk), {"kind": "shopify", "secret": "short"})
    assert hook_secret(ShopHook.objects.get()) == SECRET
    room.post(page("hooks", cast.shop.pk), {"kind": "woocommerce", "secret": ""})
    made = ShopHook.objects.get(kind="woocommerce")
    assert len(hook_secret(made)) >= 40
    sent(shopify, "products/update", {"id": 1})
    assert "products/update" in room.get(page("hooks", cast.shop.pk)).content.decode()
    room.post(page("hook_close", cast.shop.pk), {"kind": "woocommerce"})
    assert ShopHook.objects.get() == shopify


def test_another_secret_keeps_the_address(cast, shopify):
    again = hook_open(shop=cast.shop, kind="shopify", secret="another-one", actor=None)
    assert again.token == shopify.token
    assert sent(shopify, "orders/paid", shopify_order(cast)) == 401
    assert sent(shopify, "orders/paid", shopify_order(cast), secret="another-one") == 200


def test_a_frozen_merchant_begins_no_orders(cast, shopify):
    merchant_freeze(merchant=cast.merchant, reason="x", actor=None)
    assert sent(shopify, "orders/paid", shopify_order(cast)) == 200
    assert results() == [("orders/paid", "#1001", "refused")]


def test_deliveries_are_forgotten_but_not_whose_order_it_was(cast, shopify):
    sent(shopify, "orders/paid", shopify_order(cast))
    with clock.at(NOON + timedelta(days=31)):
        deliveries_forget()
        assert not HookDelivery.objects.exists()
        sent(shopify, "refunds/create", shopify_refund())
    assert HookOrder.objects.get().number == "#1001"
    assert refunded()["1"] == 3000
