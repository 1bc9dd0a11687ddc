"""What no person types: the answer is a refusal, never an error of ours."""

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from affiliates.models import Affiliate, Link, Site
from affiliates.services import link_create
from alliance.kernel.access import api_key_issue
from alliance.kernel.errors import Invalid
from commissions import pipeline
from merchants.models import Order, Plan, Refund
from merchants.services.merchants import merchant_apply, merchant_approve, merchant_close
from merchants.services.orders import RefundReport, refunds_keep
from tests.cast import Cast, cast_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)
NUL, LONG = "a\x00b", "9" * 5000
FAR = ("0001-01-01", "9999-12-31")


@pytest.fixture
def cast() -> Cast:
    return cast_make()


@pytest.fixture
def lin(cast) -> Client:
    client = Client()
    client.force_login(cast.lin)
    return client


@pytest.fixture
def chen(cast) -> Client:
    client = Client()
    client.force_login(cast.chen)
    return client


@pytest.fixture
def shop(cast) -> dict:
    _key, token = api_key_issue(
        actor=cast.chen,
        organisation=f"merchant:{cast.merchant.pk}",
        name="Web shop",
        scopes=["orders:write", "orders:read"],
    )
    return {"Authorization": f"Bearer {token}"}


def report(number: str, **changes) -> dict:
    moment = datetime.now(UTC).isoformat()
    return {
        "external_id": number, "state": "paid", "currency": "CNY", "placed_at": moment,
        "paid_at": moment, "lines": [{"external_id": "1", "amount_minor": 100}], **changes,
    }  # fmt: skip


def told(shop, body, path="/api/v1/orders", **headers):
    body = body if isinstance(body, str) else json.dumps(body)
    return Client().post(path, body, content_type="application/json", headers={**shop, **headers})


def test_odd_addresses(lin, chen, shop):
    for client, path in (
        (lin, f"/affiliate/links/?made={LONG}"),
        (lin, "/affiliate/products/?price_from=1e999999&price_to=1e-99999"),
        (lin, f"/affiliate/products/?price_from={LONG}"),
        *((lin, f"/affiliate/orders/?start={day}&end={day}") for day in FAR),
        *((chen, f"/merchant/orders.csv?start={day}&end={day}") for day in FAR),
        (chen, f"/merchant/products/?shop={LONG}"),
    ):
        assert client.get(path).status_code == 200, path
    assert Client().get("/api/v1/orders/a%00b", headers=shop).status_code == 400
    assert Client().get(f"/api/v1/orders/1?shop={LONG}", headers=shop).status_code == 400
    assert Client().get("/api/v1/orders/1", headers={"Authorization": "Bearer tk_\x00_x"}
                        ).status_code == 401  # fmt: skip


def test_odd_forms_of_an_affiliate(cast, lin):
    site = Site.objects.get(affiliate=cast.affiliate)
    assert lin.post(f"/affiliate/sites/{site.pk}/zones/", {"name": NUL}).status_code == 302
    for code in ("de@aaaaaaaaaaaaaaaaaaaa", "de-aaaaaaaa-bbbbbbbb", "ar", NUL):
        assert lin.post("/language/", {"language": code}).status_code == 302
    cast.lin.refresh_from_db()
    assert cast.lin.language == ""
    assert lin.post("/affiliate/partners/accept/", {"code": NUL}).status_code == 400


def test_odd_forms_of_a_merchant(cast, chen):
    refunds_keep(shop=cast.shop, refunds=[RefundReport("UM-1", "", 100, datetime.now(UTC), "", {})])
    waiting = Refund.objects.get(external_id="UM-1")
    for line in ("abc", NUL, LONG, ""):
        answer = chen.post(f"/merchant/orders/refunds/{waiting.pk}/", {"line": line})
        assert answer.status_code == 404
    long = f"{'a' * 60}@{'x.' * 100}example"
    for path, data in (
        *(("plans/new/mkt/", {"name": "x", "rate": "5", "starts_on": "2030-01-01", "ends_on": day})
          for day in FAR),
        *(("coupons/", {"shop": cast.shop.pk, "code": "C", "face": "1", "starts_on": day,
                        "ends_on": day}) for day in FAR),
        ("settings/members/new/", {"email": long, "role": "owner"}),
        ("settings/", {"name": "Chen", "contact_email": long}),
    ):  # fmt: skip
        assert chen.post(f"/merchant/{path}", data).status_code == 200, (path, data)
    assert Plan.objects.filter(merchant=cast.merchant).count() == 1
    dear = {"shop": cast.shop.pk, "external_id": "E", "title": "t", "price": "1e9",
            "url": "https://shop.chen.example/e"}  # fmt: skip
    assert chen.post("/merchant/products/new/", dear).status_code == 302
    assert cast.shop.products.get(external_id="E").price_minor == 10**11


def test_a_file_in_an_encoding_that_is_none(cast, chen):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("o.csv", b"order,date,total\n1,2026-01-01,5\n")
    asked = chen.post("/merchant/orders/import/", {"shop": cast.shop.pk, "file": file})["Location"]
    for encoding in ("rot13", "idna", "nonsense", NUL):
        assert chen.post(asked, {"encoding": encoding}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '{"orders": [{"external_id": "\\ud800"}]}',
        '{"\\ud800": 1}',
    ],
    ids=["list", "object", "surrogate", "surrogate field"],
)
def test_json_that_cannot_be_answered(shop, body):
    answer = told(shop, body, "/api/v1/orders/bulk", **{"Idempotency-Key": "1"})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "parse_error"


def test_a_nul_in_a_bulk_hurts_nobody_else(shop):
    orders = [{"external_id": NUL, NUL: 1}, report("S1", state=NUL), report("S2")]
    for _again in range(2):
        answer = told(shop, {"orders": orders}, "/api/v1/orders/bulk", **{"Idempotency-Key": "1"})
        assert [r["change"] for r in answer.json()["results"]] == ["refused", "refused", "created"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "0001-01-05T00:00:00Z"])
def test_a_moment_at_the_edge_of_the_calendar_stops_nobodys_orders(cast, shop, moment):
    """PostgreSQL would keep it, and nobody could read the row any more: not even the sweep."""
    assert told(shop, report("S1")).status_code == 201
    refund = {"external_id": "R1", "amount_minor": 1, "refunded_at": moment}
    for said in ({"placed_at": moment}, {"paid_at": moment}, {"refunds": [refund]}):
        answer = told(shop, report("S1", **said))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")

    pipeline.orders_process(Order.objects.values_list("pk", flat=True))
    assert not Refund.objects.exists()


def test_a_stranger_who_applied_with_a_shops_domain_takes_no_link_from_it(cast):
    early, late = (
        merchant_apply(user=user_make(), name=name, shop_name=name, domains=["tea.example"])
        for name in ("Squatter", "Tea")
    )
    merchant_approve(merchant=late, actor=None)

    link = link_create(
        actor=cast.lin, affiliate=Affiliate.objects.get(), zone=cast.zone,
        url="https://tea.example/1",
    )  # fmt: skip
    assert link.shop == late.shops.get()

    merchant_close(merchant=late, reason="left", actor=None)
    merchant_approve(merchant=early, actor=None)
    again = link_create(
        actor=cast.lin, affiliate=Affiliate.objects.get(), zone=cast.zone,
        url="https://tea.example/2",
    )  # fmt: skip
    assert again.shop == early.shops.get()
    assert Link.objects.count() == 3


def test_a_product_at_a_host_that_browsers_read_otherwise(cast):
    with pytest.raises(Invalid):
        link_create(
            actor=cast.lin, affiliate=Affiliate.objects.get(), zone=cast.zone,
            url="https://evil.example%2f.shop.chen.example/",
        )  # fmt: skip
