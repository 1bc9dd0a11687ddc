"""The examples of the doors' pages are taken as they stand, on one world."""

import base64
import copy
import hashlib
import hmac
import io
import json
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from django.test import Client

from affiliates.services.codes import code_bind
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.embeds import snippet
from commissions import pipeline
from merchants.feeds import FEEDS, run_feed
from merchants.feeds.webhooks import WEBHOOKS
from merchants.models import Order, Product
from merchants.services.coupons import coupon_create
from merchants.services.hooks import hook_open
from merchants.services.imports import import_begin
from merchants.services.shops import shop_key_issue
from tests.cast import cast_make
from tests.docs import DOCS


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def made(one_world):
    with clock.at(clock.now() - timedelta(days=2)):
        return cast_make()


@pytest.fixture
def cast(made, db, settings, tmp_path):
    settings.MEDIA_ROOT, settings.PUBLIC_URL = tmp_path, "https://alliance.example"
    return copy.deepcopy(made)


def test_shops_webhooks_are_heard_as_shown(cast):
    woo, shopify = [one for one in map(json.loads, blocks("api.md", "json")) if "line_items" in one]
    for kind, topic, order, number in (
        ("woocommerce", "order.created", woo, "727"), ("shopify", "orders/paid", shopify, "#1001"),
    ):  # fmt: skip
        hook, system = (
            hook_open(shop=cast.shop, kind=kind, secret="hush-hush", actor=None),
            WEBHOOKS[kind],
        )
        body = json.dumps(order).encode()
        sign = base64.b64encode(hmac.new(b"hush-hush", body, hashlib.sha256).digest()).decode()
        said = {system.SIGNATURE: sign, system.TOPIC: topic, system.DELIVERY: "1"}
        path = f"/hooks/{hook.token}"
        assert Client().post(path, body, "application/json", headers=said).status_code == 200
        found = Order.objects.get(external_id=number)
        assert (found.state, found.click_id) == ("paid", "2Zp9_chAoT6shUXU_sPCvw")
        assert found.lines.get().product == cast.product


def test_a_conversion_with_a_bound_code_is_its_affiliates(cast):
    now = clock.now()
    coupon = coupon_create(
        shop=cast.shop, code="LIN10", face_minor=1000, threshold_minor=0, actor=cast.chen,
        starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=9),
    )  # fmt: skip
    code_bind(actor=cast.chen, coupon=coupon, affiliate=cast.affiliate)
    (address,) = re.findall(r"/api/v1/conversions\?key=\S+", (DOCS / "api.md").read_text())
    key = shop_key_issue(actor=cast.chen, shop=cast.shop)[1]
    said = {"order_id": "S1", "click_id": "", "amount": "189.00", "currency": "CNY",
            "coupon": "LIN10", "status": "approved"}  # fmt: skip
    answer = Client().get(address.replace("tk_…", key).format(**said))
    assert (answer.status_code, answer.json()["change"]) == (201, "created")
    pipeline.orders_process([Order.objects.get().pk])
    assert cast.commission("S1").affiliate == cast.affiliate


def test_product_files_are_read_as_shown(cast):
    table, rss = (DOCS / "feeds.md").read_text(), blocks("feeds.md", "xml")[0]
    for text in (re.search(r"```\n(id,title.*?)```", table, re.DOTALL)[1], rss):
        content = text.replace("shop.example.com", "shop.chen.example").encode()
        Product.objects.filter(external_id="LJ-1").delete()
        run = import_begin(
            shop=cast.shop, kind="products", filename="f", file=io.BytesIO(content), actor=None
        )
        run_feed(FEEDS["products"], run=run)
        assert not run.issues.exists()
        assert Product.objects.get(external_id="LJ-1").title.startswith("西湖龙井")


def test_the_lines_for_pages_are_those_that_are_given(cast):
    widget, tag = (" ".join(one.split()) for one in blocks("embedding.md", "html"))
    told = {"widget": "<code>", "title": "Tea of the week"}
    for shown, real in (
        (widget, snippet("widget", **told)),
        (tag, snippet("tag", forms="#checkout", report="/affiliate-order")),
    ):
        real = re.sub(r"sha384-[^\"]+", "sha384-…", str(real).replace("&lt;", "<"))
        assert real.replace("&gt;", ">") == shown
        path = re.search(r"src=\"https://alliance.example(.*?)\"", shown)[1]
        assert Client().get(path).status_code == 200


def test_the_call_of_the_mcp_door_is_answered(cast):
    body = re.search(r"-d '(.*?)'", (DOCS / "mcp.md").read_text())[1]
    whose = f"affiliate:{cast.affiliate.pk}"
    _key, token = api_key_issue(
        actor=cast.lin, organisation=whose, name="Guide", scopes=["commissions:read"]
    )
    client = Client(headers={"Authorization": f"Bearer {token}"})
    answer = client.post("/mcp", body, "application/json")
    assert answer.status_code == 200
    assert not answer.json()["result"].get("isError")


def test_the_verifiers_command_takes_what_the_page_says(tmp_path):
    """That it holds good archives for good and others not, tests/takeout says."""
    command = re.search(r"python (docs/verify_takeout.py.*)", (DOCS / "takeout.md").read_text())[1]
    script, _archive, option, _key = command.split()
    (tmp_path / "a.zip").write_bytes(b"")
    run = [sys.executable, DOCS.parent / script, tmp_path / "a.zip", option, "03" * 32]
    assert subprocess.run(run, capture_output=True, check=False).returncode == 2
