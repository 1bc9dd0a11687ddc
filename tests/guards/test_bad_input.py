"""Every door, with every kind of bad input: an error that the documentation knows, and no row of
the trade or the books moves. REST calls are taken from the OpenAPI document, so that a new one is
held to it by itself."""

import base64
import copy
import hashlib
import hmac
import io
import json
import os
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from django.test import Client

from affiliates.access import SCOPES as AFFILIATES
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.rest.errors import MEANINGS
from alliance.kernel.rest.limits import KeyThrottle
from commissions.services.api_apps import api_app_make, api_app_secrets
from commissions.verify import verify
from merchants.access import SCOPES as MERCHANTS
from merchants.feeds import FEEDS, run_feed
from merchants.feeds.webhooks import WEBHOOKS
from merchants.models import HookDelivery, ImportRun, Order
from merchants.services.hooks import hook_open
from merchants.services.imports import import_begin, mapping_save
from merchants.services.product_feeds import feed_save
from merchants.services.shops import shop_key_issue
from merchants.tasks import feed_fetch
from tests.cast import cast_make
from tests.commissions.gateway.speaker import Speaker, signed
from tests.far_end import WORLD
from tests.rows import digests

NUL, HUGE = "a\x00b", 10**30
LARGE = b" " * (10 * 1024 * 1024)
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
# Not JSON in UTF-8: UTF-16, GBK, and half of a pair.
ENCODED = ('{"title": "茶"}'.encode("utf-16"), '{"title": "茶"}'.encode("gbk"), b'{"a": "\\ud800"}')
LONG_AGO, FAR = "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
# Whose order it is may stay unknown, and tools send many fields (docs/api.md).
LENIENT = {
    ("conversions_report", "unknown field"),
    ("conversions_report", "click_id"),
    ("conversions_report", "currency"),
}


@pytest.fixture(scope="module")
def made(one_world):
    with clock.at(clock.now() - timedelta(days=2)):
        cast = cast_make()
    cast.sold("A1")
    return cast


@pytest.fixture
def cast(made, db, monkeypatch, settings, tmp_path):
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "1000000/min"})
    monkeypatch.setattr("alliance.kernel.tries.barred", lambda *_what: False)
    settings.MEDIA_ROOT = tmp_path
    return copy.deepcopy(made)


@pytest.fixture
def untouched(cast):
    """Nothing moves through the whole test."""
    before = digests()
    yield
    after = digests()
    assert {name for name in after if after[name] != before[name]} == set()
    assert verify() == []


# --- REST -----------------------------------------------------------------------------------------


def wrong_values(name, value):
    """What must not be taken in the place of this one, by what its name says that it is."""
    if isinstance(value, bool):
        yield from (NUL, 7, [])
    elif isinstance(value, int):
        yield from (-1, HUGE, "x", [], 1.5)
    elif isinstance(value, str):
        yield from (NUL, {}, ["x"], "9" * 5000)
        if name == "currency":
            yield from ("XXX", "")
        elif name.endswith("_at") or name == "since":
            yield from (FAR, "yesterday", "2026-06-01T00:00:00")
            yield from () if name == "since" else (LONG_AGO,)
        elif name == "url":
            yield from ("javascript:alert(1)", "http://127.0.0.1:22/")
    elif isinstance(value, list):
        yield from ("x", {"a": 1}, [*value] * 5000)


def mutated(body):
    """(what is wrong, the body with one part of it wrong); and one with a field that is not."""
    if isinstance(body, dict):
        yield "unknown field", {**body, "no_such_field": 1}
        for name, value in body.items():
            for wrong in wrong_values(name, value):
                yield f"{name}: {str(wrong)[:20]!r}", {**body, name: wrong}
            for what, inner in mutated(value):
                yield f"{name}.{what}", {**body, name: inner}
    elif isinstance(body, list) and body and isinstance(body[0], dict):
        for what, inner in mutated(body[0]):
            yield f"[0].{what}", [inner]


def refused(answer, operation) -> bool:
    """With a status that the operation declares, in the envelope; or each of many by itself."""
    if answer.status_code == 200 and operation["operationId"].endswith(("_bulk", "_make_bulk")):
        results = answer.json()["results"]
        return all(one.get("error", {}).get("code") in MEANINGS for one in results)
    if str(answer.status_code) not in operation["responses"] or answer.status_code < 400:
        return False
    return answer.json()["error"]["code"] in MEANINGS


def keys_of(cast):
    def key(user, organisation, scopes, **more):
        names = [name for name, _words in scopes]
        return api_key_issue(
            actor=user, organisation=organisation, name="test", scopes=names, **more
        )[1]

    lin = (cast.lin, f"affiliate:{cast.affiliate.pk}", AFFILIATES)
    chen = (cast.chen, f"merchant:{cast.merchant.pk}", MERCHANTS)
    shop = shop_key_issue(actor=cast.chen, shop=cast.shop)[1]
    return [key(*lin), key(*chen), shop, key(*chen, sandbox=True), key(*lin, sandbox=True)]


@dataclass(frozen=True)
class Bad:
    """A call that is wrong in one way. `looked_up`: it may as well find nothing."""

    what: str
    path: str
    body: bytes = b""
    kind: str = "application/json"
    headers: dict = field(default_factory=dict)
    looked_up: bool = False


def bad_calls(template, operation):
    path = template.format(id=1, code="x", external_id="A1", delivery=1)
    for token in ("tk_0_0", "é", ""):
        yield Bad("key", path, headers={"Authorization": f"Bearer {token}"})
    if "{" in template:
        for bad in ("a%00b", "%ff", str(2**70)):
            odd = re.sub(r"{\w+}", bad, template, count=1).format(id=1, delivery=1)
            yield Bad(f"path {bad}", odd, b"{}", looked_up=True)
    declared = {one["name"]: one["in"] for one in operation.get("parameters", ())}
    for name in (name for name, where in declared.items() if where == "query"):
        for bad in ("%00", "%ff%fe", "9" * 5000, "-1", "9999-12-31"):
            yield Bad(f"{name}={bad[:20]}", f"{path}?{name}={bad}", looked_up=True)
    if "requestBody" not in operation:
        return
    media = operation["requestBody"]["content"]["application/json"]
    example = next(iter(media["examples"].values()))["value"]
    for raw in (DEEP, LARGE, *ENCODED, b"[]", b'"text"', b"null", b"{", b"\x00"):
        yield Bad(f"body {raw[:12]!r}", path, raw)
    yield Bad("text", path, b"a", kind="text/plain")
    for key in (NUL, "k" * 256, "a\nb") if "Idempotency-Key" in declared else ():
        said = {"Idempotency-Key": key}
        yield Bad(f"Idempotency-Key {key[:5]!r}", path, json.dumps(example).encode(), headers=said)
    for what, body in mutated(example):
        if (operation["operationId"], what.partition(":")[0]) not in LENIENT:
            yield Bad(what, path, json.dumps(body).encode())


def test_every_rest_call_refuses_what_is_bad(cast, untouched, caplog):
    caplog.set_level("CRITICAL", "django.request")
    client, tokens = Client(raise_request_exception=False), keys_of(cast)
    schema = client.get("/api/v1/schema", headers={"accept": "application/json"}).json()

    def send(method, bad, token):
        said = {"Authorization": f"Bearer {token}", **bad.headers}
        return client.generic(
            method.upper(), bad.path, bad.body, content_type=bad.kind, headers=said
        )

    taken = []
    for template, methods in schema["paths"].items():
        for method, operation in methods.items():
            odd, *calls = bad_calls(template, operation)
            probe = replace(odd, body=b"{", headers={})
            known = [
                one for one in tokens if send(method, probe, one).status_code not in (401, 403)
            ]
            assert known, template
            # Of a merchant's calls only those that report are other ones in the sandbox.
            for token in known[: 2 if operation["operationId"] == "orders_report" else 1]:
                for bad in (odd, *calls):
                    answer = send(method, bad, token)
                    if bad.looked_up and answer.status_code in (200, 404):
                        continue
                    if not refused(answer, operation):
                        taken.append((method, template, bad.what, answer.status_code))
    assert taken == []


# --- What shops send ------------------------------------------------------------------------------


def shopify_order(cast, **changes):
    now = clock.now().isoformat()
    return {
        "id": 1, "name": "#1", "created_at": now, "processed_at": now, "updated_at": now,
        "currency": "CNY", "financial_status": "paid", "cancelled_at": None, "refunds": [],
        "line_items": [{"id": 1, "sku": "P1", "name": "Flask", "quantity": 1, "price": "199.00",
                        "discount_allocations": []}], **changes,
    }  # fmt: skip


def woo_order(cast, **changes):
    now = clock.now().strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "id": 1, "number": "1", "status": "processing", "currency": "CNY",
        "date_created_gmt": now, "date_paid_gmt": now, "date_modified_gmt": now,
        "line_items": [{"id": 1, "sku": "P1", "name": "Flask", "quantity": 1, "total": "199.00",
                        "total_tax": "0.00"}], "refunds": [], **changes,
    }  # fmt: skip


SHOPS = {
    "shopify": ("orders/paid", shopify_order, "created_at", "price"),
    "woocommerce": ("order.created", woo_order, "date_created_gmt", "total"),
}


@pytest.mark.parametrize("kind", SHOPS)
def test_a_shops_webhook_changes_nothing_by_what_is_bad(cast, untouched, kind):
    hook = hook_open(shop=cast.shop, kind=kind, secret="hush-hush", actor=None)
    topic, order, when, price = SHOPS[kind]
    system, client = WEBHOOKS[kind], Client(raise_request_exception=False)

    def send(body, *, secret="hush-hush", delivery=None, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        said = {
            system.SIGNATURE: base64.b64encode(digest).decode(), system.TOPIC: topic,
            system.DELIVERY: delivery or os.urandom(8).hex(), **headers,
        }  # fmt: skip
        return client.post(
            f"/hooks/{hook.token}", body, "application/json", headers=said
        ).status_code

    (line,), taken = order(cast)["line_items"], []
    good = order(cast)
    assert [send(good, secret="wrong"), send(good, **{system.SIGNATURE: "é"})] == [401, 401]
    assert send(LARGE) == 413
    assert [send(raw) for raw in (DEEP, *ENCODED, b"[]", b"null", b"\x00")] == [400] * 7
    for wrong in (
        {"currency": "XXX"}, {when: "1970-01-01T00:00:00Z"}, {when: "9999-12-31T23:59:59Z"},
        {when: NUL}, {"line_items": [{**line, price: "-1.00"}]},
        {"line_items": [{**line, price: "1e30"}]}, {"line_items": [line, line]},
        {"line_items": "x"}, {"line_items": [[]]}, {"refunds": "x"}, {"refunds": {"id": 1}},
        {"refunds": [[]]}, {"refunds": ["-1.00"]},
    ):  # fmt: skip
        # It would be sent again and again: the reason is on the merchant's page instead.
        assert send(order(cast, **wrong)) == 200
        if HookDelivery.objects.latest("pk").result not in ("refused", "ignored"):
            taken.append(wrong)
    assert taken == []
    assert send({}, **{system.TOPIC: NUL, system.DELIVERY: NUL}) == 200


# --- Files ----------------------------------------------------------------------------------------

ORDERS = "order,product,quantity,placed_at,unit_price,currency"
PRODUCTS = "id,title,link,price"
COLUMNS = {name: name for name in ORDERS.split(",")}
BAD_ORDERS = (
    "X1,P1,1,2026-06-01 10:00,19.00,XXX",
    "X1,P1,1,2026-06-01 10:00,-19.00,CNY",
    "X1,P1,1,1970-01-01 10:00,19.00,CNY",
    "X1,P1,1,9999-12-31 10:00,19.00,CNY",
    "X1,P1,1,yesterday,19.00,CNY",
    "X1,P1,-1,2026-06-01 10:00,19.00,CNY",
    "X1,P1,1,2026-06-01 10:00,1e30,CNY",
    f"{'9' * 5000},P1,1,2026-06-01 10:00,19.00,CNY",
)
BAD_PRODUCTS = (
    "X1,Tea,https://shop.chen.example/1,12.00 XXX",
    "X1,Tea,https://shop.chen.example/1,-12.00",
    "X1,Tea,https://shop.chen.example/1,1e30",
    "X1,Tea,https://elsewhere.example/1,12.00",
    "X1,Tea,javascript:alert(1),12.00",
    "X1,,https://shop.chen.example/1,12.00",
)


@pytest.mark.parametrize(
    ("feed", "kind", "head", "rows_of"),
    [
        ("orders_csv", "orders", ORDERS, BAD_ORDERS),
        ("products", "products", PRODUCTS, BAD_PRODUCTS),
    ],
)
def test_a_file_changes_nothing_by_what_is_bad(cast, untouched, feed, kind, head, rows_of):
    mapping = None
    if kind == "orders":
        mapping = mapping_save(
            merchant=cast.merchant, kind=kind, columns=COLUMNS,
            options={"zone": "Asia/Shanghai", "state": "paid", "refunds": "none"}, actor=None,
        )  # fmt: skip

    def bring(content):
        run = import_begin(
            shop=cast.shop, kind=kind, filename="f.csv", file=io.BytesIO(content), actor=None
        )
        how = {"mapping": mapping} if mapping else {}
        return run_feed(FEEDS[feed], run=run, **how)

    for row in rows_of:
        run = bring(f"{head}\n{row}\n".encode())
        assert run.issues.count() or run.failure, row
    for content in (b"", b"\x00" * 1000, b"\xff\xfe\x00", head.encode("utf-16"), b"[" * 100_000,
                    b"{" * 100_000, b"<a>" * 50_000, b"\x1f\x8b\x00"):  # fmt: skip
        run = bring(content)
        assert run.failure or run.issues.count() or not run.counts.get("rows"), content[:10]


# --- Tools ----------------------------------------------------------------------------------------


def test_the_gateway_refuses_what_is_bad(cast, untouched):
    tool = Speaker(api_app_make(actor=cast.lin, affiliate=cast.affiliate, name="Tool"))
    tool.client.raise_request_exception = False
    convert, orders = "taobao.tbk.dg.general.link.convert", "taobao.tbk.order.details.get"
    fields = tool.fields(convert, adzone_id=cast.zone.pk, item_id_list=cast.product.pk)
    for wrong in ({"sign": "0" * 32}, {"sign": NUL}, {"sign": "é"}, {"app_key": NUL},
                  {"timestamp": "1970-01-01 00:00:00"}, {"timestamp": "9999-12-31 23:59:59"},
                  {"timestamp": NUL}, {"sign_method": NUL}, {"v": "٢.٠"}):  # fmt: skip
        said = tool.send({**signed("not-the-secret", fields), **wrong})
        assert "error_response" in said, wrong
    for method, args in (
        (NUL, {}), ("no.such.method", {}),
        *((convert, {"adzone_id": wrong, "item_id_list": cast.product.pk})
          for wrong in (-1, HUGE, NUL, "x", "9" * 5000, "[" * 5000)),
        *((convert, {"adzone_id": cast.zone.pk, "material_dto": wrong})
          for wrong in ("{", "[" * 9000, '[{"material_url": "\\ud800"}]', NUL)),
        *((orders, {"start_time": day, "end_time": day})
          for day in ("1970-01-01 00:00:00", "9999-12-31 23:59:59", "yesterday", NUL)),
    ):  # fmt: skip
        said = tool.say(method, **args)
        if "error_response" not in said:  # each of several answers for itself
            assert '"code": 200' not in json.dumps(said), args
    for body in (LARGE, DEEP, b"\xff\xfe", b"a=%00&b=%ff"):
        answer = tool.client.generic(
            "POST", "/router/rest", body, content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code in (200, 400, 413), answer.status_code
        assert answer.status_code != 200 or b"error_response" in answer.content


def test_the_mcp_door_refuses_what_is_bad(cast, untouched):
    token, *_others = keys_of(cast)
    client = Client(raise_request_exception=False)

    def send(body, token=token, kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"Authorization": f"Bearer {token}"}
        return client.generic("POST", "/mcp", body, content_type=kind, headers=said)

    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    assert [send(call, token=bad).status_code for bad in ("x", "tk_0_0", "é")] == [401] * 3
    for body in (DEEP, LARGE, *ENCODED, b"", b"[]", b"{", b"\x00", {"jsonrpc": "1.0"},
                 {**call, "params": []}, {**call, "id": {}}):  # fmt: skip
        assert send(body).status_code in (400, 413), body[:20] if isinstance(body, bytes) else body
    tools = send({**call, "method": "tools/list"}).json()["result"]["tools"]
    for tool in tools:
        for name in tool["inputSchema"].get("properties", {"none": {}}):
            for wrong in (NUL, -1, HUGE, [], {}, "1970-01-01", "9999-12-31", "\ud800", "9" * 5000):
                params = {"name": tool["name"], "arguments": {name: wrong}}
                answer = send({**call, "params": params})
                assert answer.status_code in (200, 400), (tool["name"], name, wrong)


# --- What comes twice -----------------------------------------------------------------------------


def test_what_comes_twice_counts_once(cast):
    """A shop's delivery, a tool's signed call, a call from server to server, one thing twice in a
    batch: after the first time no row moves."""
    lin, chen, shop, *_sandbox = keys_of(cast)
    hook = hook_open(shop=cast.shop, kind="woocommerce", secret="hush-hush", actor=None)
    system, tool = (
        WEBHOOKS["woocommerce"],
        Speaker(api_app_make(actor=cast.lin, affiliate=cast.affiliate, name="Tool")),
    )
    body = json.dumps(woo_order(cast, refunds=[{"id": 7, "total": "-9.00"}])).encode()
    digest = base64.b64encode(hmac.new(b"hush-hush", body, hashlib.sha256).digest()).decode()
    said = {system.SIGNATURE: digest, system.TOPIC: "order.created", system.DELIVERY: "d1"}
    now = clock.now().isoformat()
    order = {
        "external_id": "B1", "state": "paid", "currency": "CNY", "placed_at": now, "paid_at": now,
        "reported_at": now,
        "lines": [{"external_id": "1", "product_external_id": "P1", "amount_minor": 19900}],
    }  # fmt: skip
    wish = {"product": cast.product.pk, "zone": cast.zone.pk, "sub1": "twice"}
    fields = tool.fields("taobao.tbk.adzone.create", site_id=cast.zone.site_id,
                         adzone_name="Twice")  # fmt: skip
    fields = signed(api_app_secrets(tool.app)[0], fields)

    def rest(token, path, body):
        headers = {"Authorization": f"Bearer {token}"}
        return Client(headers=headers).post(f"/api/v1/{path}", body, "application/json").json()

    def deliver(**more):
        headers = {**said, **more}
        return Client().post(f"/hooks/{hook.token}", body, "application/json", headers=headers)

    def convert(**more):
        asked = {"key": shop, "order_id": "S1", "amount": "199.00", **more}
        return Client().get("/api/v1/conversions", asked)

    def orders():
        return [
            one["change"] for one in rest(chen, "orders/bulk", {"orders": [order] * 2})["results"]
        ]

    def links():
        made = rest(lin, "links/bulk", {"links": [wish] * 2})["results"]
        return len({one["link"]["code"] for one in made})

    def held():  # of an order it is noted when it was last said, not more
        rows = Order.objects.order_by("pk").values_list("pk", "state", "version", "paid_at")
        return {**digests(), "merchants_order": list(rows)}

    first = tool.send(fields)
    assert "error_response" not in first
    assert [deliver().status_code, convert().status_code] == [200, 201]
    assert (orders(), links()) == (["created", "unchanged"], 1)
    before = held()
    made, again = (one["tbk_adzone_create_response"]["data"] for one in (first, tool.send(fields)))
    assert made == again
    assert "error_response" in tool.send({**fields, "adzone_name": "Other"})  # its signature is not
    for again in ({}, {system.DELIVERY: "d2"}, {system.TOPIC: "order.updated"}):
        assert deliver(**again).status_code == 200
    assert convert().json()["change"] == "unchanged"
    assert (orders(), links()) == (["unchanged", "unchanged"], 1)
    for wrong in ({"amount": "-1"}, {"amount": "1e30"}, {"order_id": NUL}, {"status": "?"},
                  {"key": "tk_0_0"}, {"order_id": "9" * 5000}):  # fmt: skip
        assert convert(**wrong).status_code in (400, 401), wrong
    assert held() == before
    assert verify() == []


def test_a_fetched_file_changes_nothing_by_what_is_bad(cast, untouched, serve, settings):
    settings.OUTBOUND_INTERNAL = [f"{WORLD}/32"]
    world = serve(WORLD)
    feed = feed_save(shop=cast.shop, url=world.url("/p.csv"), actor=None, every_hours=6,
                     full=True, username="", password=None)  # fmt: skip
    for body in (b"", DEEP[:1000], b"\x1f\x8b\x00", b"<!DOCTYPE a [<!ENTITY b 'c'>]><rss/>",
                 f"{PRODUCTS}\n{BAD_PRODUCTS[0]}\n".encode()):  # fmt: skip
        world.answers["/p.csv"] = (200, {}, body)
        feed_fetch(feed.pk)
    runs = ImportRun.objects.filter(feed=feed)
    assert [run.pk for run in runs if not (run.failure or run.issues.count())] == []
    world.answers["/p.csv"] = (302, {"Location": "http://10.0.0.1/p.csv"}, b"")
    feed_fetch(feed.pk)
    feed.refresh_from_db()
    assert feed.trouble
