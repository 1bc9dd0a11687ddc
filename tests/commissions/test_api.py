"""The REST door of both sides: each call on a whole world, its description, and its pages."""

import json
import re
from datetime import datetime, timedelta

import jsonschema
import pytest
from django.test import Client

from affiliates.access import SCOPES as AFFILIATES
from affiliates.services import affiliate_apply, link_create
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import Delivery
from commissions.outgoing.delivery import ask_of
from commissions.outgoing.described import message_schema
from commissions.services.endpoints import postback_open, webhook_open
from commissions.verify import verify
from merchants.access import SCOPES as MERCHANTS
from merchants.models import Product
from merchants.services.coupons import coupon_create
from merchants.services.merchants import merchant_apply, merchant_approve
from tests.cast import cast_make, user_make
from tests.rows import digests

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


def token_of(user, organisation, scopes, **more):
    names = [name for name, _words in scopes]
    _key, token = api_key_issue(
        actor=user, organisation=organisation, name="test", scopes=names, **more
    )
    return token


def client_of(*args, **more):
    return Client(headers={"Authorization": f"Bearer {token_of(*args, **more)}"})


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        yield made
    assert verify() == []


@pytest.fixture
def lin(cast):
    return client_of(cast.lin, f"affiliate:{cast.affiliate.pk}", AFFILIATES)


@pytest.fixture
def chen(cast):
    return client_of(cast.chen, f"merchant:{cast.merchant.pk}", MERCHANTS)


@pytest.fixture(scope="module")
def schema():
    return Client().get("/api/v1/schema", headers={"accept": "application/json"}).json()


def got(client, path):
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, (path, answer.content)
    return answer.json()


# --- The description ------------------------------------------------------------------------------


def test_every_example_is_what_its_schema_says(schema):
    """Of each call there are examples of what is sent and what comes back."""
    found, wrong = 0, []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            bodies = [operation["requestBody"]] if "requestBody" in operation else []
            good = [a for code, a in operation["responses"].items() if code[0] == "2"]
            for body in (*bodies, *(answer for answer in good if "content" in answer)):
                media = body["content"]["application/json"]
                examples = media.get("examples", {})
                if not examples:
                    wrong.append((method, path, "has no example"))
                for example in examples.values():
                    found += 1
                    asked = {**media["schema"], "components": schema["components"]}
                    try:
                        jsonschema.validate(example["value"], asked)
                    except jsonschema.ValidationError as exc:
                        wrong.append((method, path, exc.message, list(exc.absolute_path)))
            assert {"400", "401", "403", "429"} <= set(operation["responses"])
    assert wrong == []
    assert found > 30


def test_the_description_is_openapi_3_1(schema):
    assert schema["openapi"].startswith("3.1")
    names = [op["operationId"] for path in schema["paths"].values() for op in path.values()]
    assert len(names) == len(set(names))
    # Nobody has to guess which scope a call wants.
    silent = [
        (method, path)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if "Scope: `" not in operation["description"] and path != "/api/v1/me"
    ]
    assert silent == []


# --- Affiliates -----------------------------------------------------------------------------------


def test_an_affiliate_finds_links_sells_and_reads_it(cast, lin, schema):
    coupon_create(
        actor=cast.chen, shop=cast.shop, code="SPRING20", face_minor=2000,
        threshold_minor=9900, starts_at=clock.now(), ends_at=clock.now() + timedelta(days=3),
    )  # fmt: skip
    (item,) = got(lin, "catalogue?q=flask&sort=earning&coupon=true")["items"]
    assert (item["id"], item["price_minor"], item["final_price_minor"]) == (
        cast.product.pk, 19900, 17900,
    )  # fmt: skip
    assert item["earning_minor"] == 1933  # 179.00 at 12 %, of which 90 %
    assert got(lin, f"catalogue/{item['id']}?fields=id,why_not") == {
        "id": item["id"],
        "why_not": "",
    }
    assert [zone["pid"] for zone in got(lin, "zones")["items"]] == [cast.zone.pid]

    wish = {"product": item["id"], "sub1": "api"}
    made = lin.post("/api/v1/links", wish, "application/json").json()
    again = lin.post("/api/v1/links", wish, "application/json").json()
    assert made == again
    assert made["address"].endswith(f"/r/{made['code']}")
    link = cast.affiliate.links.get(code=made["code"])
    cast.sold(click_id=cast.click(link=link))
    (row,) = got(lin, "commissions?sub=api")["items"]
    assert (row["state"], row["subs"], row["pid"], row["net_minor"]) == (
        "estimated", ["api", "", "", "", ""], cast.zone.pid, 1934,
    )  # fmt: skip
    seen = got(lin, f"commissions/{row['id']}")
    assert seen["steps"][-1]["amount_minor"] == 1934
    assert seen["attribution"]
    assert got(lin, "commissions?state=void")["items"] == []
    assert got(lin, "balances")["items"][0]["estimated_minor"] == 1934
    report = got(lin, "reports/earnings?by=sub1")
    assert report["total"]["estimated_minor"] == 1934
    assert [one["estimated_minor"] for one in report["rows"] if one["key"] == "=api"] == [1934]
    assert len(got(lin, "reports/clicks?start=2026-04-11&end=2026-05-11")["days"]) == 31


def test_many_links_each_with_its_result(cast, lin):
    wishes = [
        {"product": cast.product.pk, "sub1": "a"},
        {"product": 10**6},
        {"product": cast.product.pk, "zone": 10**6},
        {"url": "https://shop.chen.example/other"},
        {"url": "https://elsewhere.example/"},
        {"nonsense": 1},
        "text",
        {"product": cast.product.pk, "sub1": "a"},
    ]
    answer = lin.post("/api/v1/links/bulk", {"links": wishes}, "application/json").json()
    told = [one["link"] or one["error"]["code"] for one in answer["results"]]

    assert [type(one) for one in told] == [dict, str, str, dict, str, str, str, dict]
    assert told[0] == told[7]
    assert [one["error"].get("field") for one in answer["results"] if "error" in one][:2] == [
        "product", "zone",
    ]  # fmt: skip
    assert cast.affiliate.links.count() == 3  # the cast's own, and two new ones
    before = cast.affiliate.links.count()
    for wrong in ({"links": []}, {"links": wishes * 100}, {}, []):
        answer = lin.post("/api/v1/links/bulk", wrong, "application/json")
        assert answer.status_code == 400
    assert cast.affiliate.links.count() == before


# --- Merchants ------------------------------------------------------------------------------------


def test_a_merchant_keeps_products_and_reads_what_was_sold(cast, chen):
    said = {"title": "Tea pot", "url": "https://shop.chen.example/t", "price_minor": 5000}
    first = chen.put("/api/v1/products/T1", said, "application/json")
    again = chen.put("/api/v1/products/T1", {**said, "brand": "Chen"}, "application/json")
    third = chen.put("/api/v1/products/T1", said, "application/json")
    assert [one.status_code for one in (first, again, third)] == [201, 200, 200]
    assert third.json()["brand"] == "Chen"  # what is not said stays
    assert third.json()["rate_bps"] == 1200
    bulk = [
        {"external_id": "T1", **said, "price_minor": 6000},
        {"external_id": "T2", **said, "url": "https://elsewhere.example/"},
        {"external_id": "T3", **said, "price_minor": -1},
        {"external_id": "T4", **said, "category": "nowhere"},
        {"external_id": "T5", **said},
    ]
    answer = chen.post("/api/v1/products/bulk", {"products": bulk}, "application/json").json()
    assert [one["change"] for one in answer["results"]] == [
        "changed", "refused", "refused", "refused", "created",
    ]  # fmt: skip
    assert got(chen, "products/T1?fields=price_minor") == {"price_minor": 6000}
    assert chen.get("/api/v1/products/none").status_code == 404
    assert [one["external_id"] for one in got(chen, "products?q=tea")["items"]] == ["T5", "T1"]

    cast.sold("A1")
    assert [one["external_id"] for one in got(chen, "orders?state=paid")["items"]] == ["A1"]
    assert got(chen, "orders?placed_to=2026-01-01")["items"] == []
    assert got(chen, "reports/sales?by=product")["total"]["commission_minor"] == 2388
    assert got(chen, "wallet")["reserved_minor"] == 2388
    lines = got(chen, "wallet/lines?limit=1")
    assert lines["items"][0]["delta_minor"] == -2388
    rest = got(chen, f"wallet/lines?limit=5&cursor={lines['next']}")["items"]
    assert rest[0]["balance_minor"] == lines["items"][0]["balance_minor"] + 2388


# --- What all lists have in common ----------------------------------------------------------------


def test_pages_neither_skip_nor_repeat_while_rows_come_and_go(cast, chen, lin):
    def product(n):
        return Product(
            shop=cast.shop, external_id=f"N{n}", title=f"Cup {n}", currency="CNY",
            url="https://shop.chen.example/n", price_minor=100 + n % 3, rate_bps=1200,
            sales_count=n % 4,
        )  # fmt: skip

    Product.objects.bulk_create(product(n) for n in range(23))
    for client, path in ((chen, "products?"), (lin, "catalogue?sort=price&"), (lin, "catalogue?")):
        there = set(Product.objects.values_list("pk", flat=True))
        seen, cursor, new = [], "", 100
        while cursor is not None:
            page = got(client, f"{path}limit=5&fields=id&cursor={cursor}")
            seen += [one["id"] for one in page["items"]]
            cursor = page["next"]
            Product.objects.bulk_create([product(new)])  # somebody adds one between the pages
            new += 1
        assert len(seen) == len(set(seen))
        assert there <= set(seen)
        Product.objects.filter(external_id__in=[f"N{n}" for n in range(100, new)]).delete()


def test_what_is_asked_wrongly_is_refused(cast, chen, lin):
    cursor = got(chen, "products?limit=1")["next"]
    Product.objects.create(
        shop=cast.shop, external_id="P2", title="x", url="https://shop.chen.example/x",
        price_minor=1, currency="CNY",
    )  # fmt: skip
    cursor = got(chen, "products?limit=1")["next"]
    for client, path in (
        (chen, "products?limit=0"), (chen, "products?limit=201"), (chen, "products?limit=x"),
        (chen, "products?cursor=nonsense"), (chen, f"coupons?cursor={cursor}"),
        (chen, f"products?cursor={cursor}x"), (chen, "products?fields=nothing"),
        (chen, "products?state=odd"), (chen, "products?page=2"), (chen, "products?q=%00"),
        (chen, "orders?placed_from=1969-12-31"), (chen, "orders?placed_to=9999-12-31"),
        (lin, "catalogue?rate_from=-1"), (lin, "catalogue?sort=best"),
        (lin, "reports/earnings?by=nothing"), (lin, "reports/earnings?currency=EURO"),
        (lin, "reports/clicks?start=2026-02-01&end=2026-01-01"),
        (lin, "reports/clicks?start=1970-01-01&end=2026-01-01"),
    ):  # fmt: skip
        answer = client.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid"), path


def test_a_catalogue_that_did_not_change_is_not_sent_again(cast, lin, chen):
    for client, path in ((lin, "/api/v1/catalogue"), (chen, "/api/v1/products")):
        first = client.get(path)
        again = client.get(path, headers={"if-none-match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "RateLimit" in again
        cast.product.price_minor += 1
        cast.product.save()
        assert client.get(path, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_nobody_reads_what_is_anothers(cast, lin, chen):
    """A partner of the same kind, with keys of their own, sees nothing; the wrong side is told."""
    cast.sold("A1")
    link = link_create(
        actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=cast.product
    )
    one, two = user_make(), user_make()
    other = affiliate_apply(user=one, kind="small", name="Other")
    merchant = merchant_apply(user=two, name="Other", shop_name="Other", domains=["other.example"])
    merchant_approve(merchant=merchant, actor=None)
    eve = client_of(one, f"affiliate:{other.pk}", AFFILIATES)
    mallory = client_of(two, f"merchant:{merchant.pk}", MERCHANTS)

    for path in ("links", "commissions"):
        assert got(eve, path)["items"] == []
    for path in ("products", "orders", "coupons", "wallet/lines"):
        assert got(mallory, path)["items"] == []
    commission = cast.commission("A1")
    for client, path in (
        (eve, f"links/{link.code}"), (eve, f"commissions/{commission.pk}"),
        (mallory, "orders/A1"), (mallory, "products/P1"),
    ):  # fmt: skip
        assert client.get(f"/api/v1/{path}").status_code == 404, path
    wish = {"product": cast.product.pk, "zone": cast.zone.pk}
    assert eve.post("/api/v1/links", wish, "application/json").status_code == 400
    for client, path in ((lin, "orders"), (lin, "wallet"), (chen, "catalogue"), (chen, "balances")):
        answer = client.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_side")


def test_a_key_acts_for_its_own_team_whatever_team_its_maker_chose(cast, lin):
    second = affiliate_apply(user=user_make(), kind="small", name="Second")
    second.members.create(user=cast.lin, chosen_at=clock.now())

    assert got(lin, "zones")["items"][0]["pid"] == cast.zone.pid
    assert re.match(rf"mm_{second.pk}_", got(
        client_of(cast.lin, f"affiliate:{second.pk}", AFFILIATES), "zones"
    )["items"][0]["pid"])  # fmt: skip


# --- The sandbox ----------------------------------------------------------------------------------


def test_a_sandbox_key_plays_through_an_order_and_nothing_real_comes_of_it(cast, chen):
    play = client_of(cast.chen, f"merchant:{cast.merchant.pk}", MERCHANTS, sandbox=True)
    moment = clock.now().isoformat()
    hook, _secret = webhook_open(
        actor=cast.chen, organisation=f"merchant:{cast.merchant.pk}", name="x", sandbox=True,
        url="https://hooks.example/", kinds=["order.created", "order.changed"],
    )  # fmt: skip
    order = {
        "external_id": "S1", "state": "paid", "currency": "CNY", "placed_at": moment,
        "paid_at": moment, "click_id": "any",
        "lines": [{"external_id": "1", "product_external_id": "P1", "amount_minor": 19900}],
    }  # fmt: skip

    def say(**changes):
        body = {**order, **changes}
        return play.post("/api/v1/orders", body, "application/json")

    answers = [say(), say(), say(currency="EUR"), say(external_id="S2", lines=[])]
    assert [one.status_code for one in answers] == [201, 200, 400, 400]
    assert answers[1].json()["change"] == "unchanged"
    refund = {"external_id": "R1", "amount_minor": 9900, "refunded_at": moment}
    assert say(state="received", received_at=moment, refunds=[refund]).status_code == 200
    assert say(refunds=[{**refund, "external_id": "R2", "amount_minor": 19900}]).status_code == 422
    told = [json.loads(row.body) for row in hook.deliveries.order_by("pk")]
    for one in told:
        jsonschema.validate(one, message_schema(one["type"]))
    assert [(one["type"], one["data"]["refunded_minor"]) for one in told] == [
        ("order.created", 0), ("order.changed", 9900),
    ]  # fmt: skip
    seen = got(play, "orders/S1")
    assert (seen["state"], seen["lines"][0]["refunded_minor"]) == ("received", 9900)
    assert seen["lines"][0]["commission"] == {
        "state": "confirmed", "affiliate": {"id": 0, "name": "Sandbox"}, "rate_bps": 1200,
        "base_minor": 10000, "commission_minor": 1200,
    }  # fmt: skip
    assert got(play, "orders?fields=external_id")["items"] == [{"external_id": "S1"}]

    assert got(chen, "orders")["items"] == []
    assert got(chen, "wallet")["reserved_minor"] == 0
    assert chen.get("/api/v1/orders/S1").status_code == 404
    for path in ("wallet", "changes", "reports/sales"):
        answer = play.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_in_sandbox")
    said = {"title": "x", "url": "https://shop.chen.example/x", "price_minor": 1}
    assert play.put("/api/v1/products/X", said, "application/json").status_code == 403
    assert not cast.shop.orders.exists()


@pytest.fixture
def untouched(cast):
    """Of all that is real nothing moves."""
    before = digests()
    yield
    after = digests()
    moved = {name for name in after if after[name] != before[name]}
    assert moved <= {"commissions_sandboxsale", "kernel_endpoint", "kernel_delivery"}


def test_an_affiliates_sandbox_key_plays_an_order_of_its_link_through(cast, lin, untouched):
    play = client_of(cast.lin, f"affiliate:{cast.affiliate.pk}", AFFILIATES, sandbox=True)
    whom = {"actor": cast.lin, "organisation": f"affiliate:{cast.affiliate.pk}", "name": "x"}
    kinds = [f"commission.{fact}" for fact in ("estimated", "confirmed", "corrected", "settled")]
    hook, _secret = webhook_open(**whom, url="https://hooks.example/", kinds=kinds, sandbox=True)
    tracker = "https://t.example/?c={sub1}&p={payout}&s={status}"
    zone = {"kinds": kinds[:2], "only": f"zone:{cast.zone.pk}"}
    back = postback_open(**whom, **zone, url=tracker, sandbox=True)
    webhook_open(**whom, url="https://hooks.example/", kinds=kinds)  # of real ones only

    def say(state, client=play, **more):
        body = {"external_id": "T1", "state": state, **more}
        return client.post("/api/v1/sandbox/orders", body, "application/json")

    link = got(play, "links?fields=code")["items"][0]["code"]
    first = say("paid", link=link, amount_minor=19900)
    assert (first.status_code, first.json()["change"]) == (201, "created")
    paid = first.json()["commission"]
    figures = ("state", "commission_minor", "publisher_minor", "tech_fee_minor", "net_minor")
    assert [paid[name] for name in figures] == ["estimated", 2388, 2149, 215, 1934]
    assert paid["steps"][-1]["amount_minor"] == 1934
    assert say("paid").json()["change"] == "unchanged"
    assert say("received").json()["commission"]["state"] == "confirmed"
    refunded = say("received", refunded_minor=9900).json()["commission"]
    assert (refunded["base_minor"], refunded["net_minor"]) == (10000, 972)
    settled = say("settled").json()["commission"]
    assert (settled["state"], settled["settled_month"]) == ("settled", "2026-05-01")
    assert got(play, f"commissions/{paid['id']}") == settled
    assert got(play, "commissions?fields=order,net_minor")["items"] == [
        {"order": "T1", "net_minor": 972}
    ]

    told = [json.loads(row.body) for row in hook.deliveries.order_by("pk")]
    assert [one["type"] for one in told] == [kinds[0], kinds[1], kinds[2], kinds[3]]
    for one in told:
        jsonschema.validate(one, message_schema(one["type"]))
    assert [(one["data"]["net_minor"], one["data"]["test"]) for one in told] == [
        (1934, True), (1934, True), (972, True), (972, True),
    ]  # fmt: skip
    asked = [ask_of(row).url for row in back.deliveries.order_by("pk")]
    assert asked == [f"https://t.example/?c=&p=19.34&s={s}" for s in ("pending", "approved")]
    assert Delivery.objects.exclude(endpoint__in=[hook, back]).count() == 0

    for answer, status, code in (
        (say("paid"), 409, "wrong_state"), (say("void"), 409, "wrong_state"),
        (say("settled", refunded_minor=20000), 422, "over_refund"),
        (say("paid", external_id="T2", amount_minor=1), 400, "invalid"),
        (say("paid", external_id="T2", link=link), 400, "invalid"),
        (say("paid", external_id="T2", click_id="x", amount_minor=1), 400, "invalid"),
        (say("paid", client=lin), 403, "only_in_sandbox"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert play.post("/api/v1/links", {}, "application/json").status_code == 403
    assert play.get("/api/v1/balances").status_code == 403
    assert got(lin, "commissions")["items"] == []


def test_an_invented_order_comes_by_a_click_and_may_come_to_nothing(cast):
    play = client_of(cast.lin, f"affiliate:{cast.affiliate.pk}", AFFILIATES, sandbox=True)
    click = cast.click(sub1="spring")
    body = {"external_id": "T1", "state": "placed", "click_id": click, "amount_minor": 19900}

    def say(**changes):
        answer = play.post("/api/v1/sandbox/orders", {**body, **changes}, "application/json")
        return answer.json()["commission"]

    placed = say()
    assert (placed["state"], placed["net_minor"], placed["subs"][0]) == ("placed", 0, "spring")
    void = say(state="void")
    assert (void["state"], void["reason"]) == ("void", "Void: the order was never paid.")
    whole = say(external_id="T2", state="received", refunded_minor=19900)
    assert (whole["state"], whole["net_minor"]) == ("confirmed", 0)
    other = {**body, "link": cast.link.code}
    other.pop("click_id")
    answer = play.post("/api/v1/sandbox/orders", other, "application/json")
    assert answer.json()["error"]["field"] == "link"
