"""A merchant from its first visit to the return of its first order, in a browser: every step that
the site asks for, and the figures that it shows in the end. Only the shop's server and the other
people are played."""

import json
import re
from urllib.request import Request, urlopen

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from affiliates.models import AdZone
from affiliates.queries import policy_now
from affiliates.services import Click, affiliate_apply, link_create, policy_set, touches_record
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from alliance.kernel.money import cny
from commissions.models import Commission, TopUp
from commissions.services import wallets
from commissions.verify import verify
from merchants.models import Merchant, Product
from merchants.services.merchants import merchant_approve
from tests.cast import staff_make, user_make
from tests.journeys.conftest import eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.worker,
    pytest.mark.django_db(transaction=True),
]


def signs_up(page: Page, site: str) -> None:
    page.goto(f"{site}/accounts/signup/?as=merchant")
    page.get_by_label("Email").fill("mei@tea.example")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    found = re.search(r"^https?://[^/\s]+(/\S*)$", mail.outbox[0].body, re.MULTILINE)
    assert found
    page.goto(site + found[1])
    page.get_by_role("button", name="Yes, confirm").click()
    expect(page).to_have_url(f"{site}/merchant/join/")


def applies(page: Page) -> Merchant:
    page.get_by_label("Name of your company or brand").fill("West Lake Tea")
    page.get_by_label("Name of your shop").fill("Tea")
    page.get_by_label("Domain of your shop").fill("tea.example")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("0 of 6 steps are done.")).to_be_visible()
    expect(page.get_by_text("a person checks that tea.example is yours")).to_be_visible()
    return Merchant.objects.get()


def brings_a_product(page: Page) -> Product:
    page.get_by_role("link", name="Bring products").click()
    page.get_by_role("navigation").get_by_role("link", name="Products").click()
    page.get_by_role("link", name="New product").click()
    page.get_by_label("Your product id").fill("P1")
    page.get_by_label("Title", exact=True).fill("西湖龙井")
    page.get_by_label("Product page").fill("https://tea.example/p/1")
    page.get_by_label("Price").fill("199")
    page.get_by_role("button", name="Save product").click()
    expect(page.get_by_text("The product is saved.")).to_be_visible()
    return Product.objects.get()


def promises(page: Page) -> None:
    """Sees what an affiliate would earn before the plan is open."""
    page.get_by_role("link", name="Promise a commission").click()
    page.get_by_label("Commission rate for the whole shop").fill("12")
    earned = page.get_by_text("The affiliate earns")
    expect(earned).to_be_visible()
    expect(page.locator("#trial dd.is-main")).to_have_text(cny("19.34").localized())
    page.get_by_role("button", name="Open the plan").click()
    expect(page.get_by_text("The plan is open.")).to_be_visible()


def gets_a_key(page: Page) -> str:
    page.get_by_role("link", name="Connect your shop").click()
    page.get_by_text("New key", exact=True).click()
    page.get_by_label("What is it for?").fill("our web shop")
    page.get_by_role("button", name="Issue key").click()
    return page.locator(".card-new-key code").inner_text()


def tops_up(page: Page) -> None:
    page.get_by_role("link", name="Top up").click()
    page.get_by_label("Amount").fill("500")
    page.get_by_role("button", name="Announce a top-up").click()
    expect(page.get_by_text("Announced. Transfer")).to_be_visible()
    wallets.top_up_receive(actor=staff_make(StaffRole.FINANCE), top_up=TopUp.objects.get())


def clicked(product: Product) -> str:
    """An affiliate's buyer comes by, and will not be suspected for buying at once."""
    usual = policy_now()
    policy_set(
        actor=staff_make(StaffRole.OPS),
        window_days=usual.window_days,
        precedence=usual.precedence,
        stand_down_seconds=0,
    )
    lin = user_make()
    affiliate = affiliate_apply(user=lin, kind="small", name="Lin's picks")
    affiliate.refresh_from_db()
    zone = AdZone.objects.get(site__affiliate=affiliate)
    link = link_create(actor=lin, affiliate=affiliate, zone=zone, product=product)
    made = Click.through(link, touched_at=clock.now())
    return touches_record([made])[0].click_id


def reports(site: str, token: str, click_id: str) -> int:
    """What the shop's server says of the order."""
    now = clock.now().isoformat()
    order = {
        "external_id": "T1",
        "state": "paid",
        "currency": "CNY",
        "placed_at": now,
        "paid_at": now,
        "click_id": click_id,
        "lines": [
            {"external_id": "1", "product_external_id": "P1", "quantity": 1, "amount_minor": 19900}
        ],
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps(order).encode()
    with urlopen(Request(f"{site}/api/v1/orders", body, headers)) as answer:
        return int(answer.status)


def steps(page: Page, site: str) -> None:
    page.goto(f"{site}/merchant/first-steps/")


def test_a_merchant_begins_and_sees_what_its_first_order_brought(page: Page, site, worker):
    signs_up(page, site)
    merchant = applies(page)
    product = brings_a_product(page)
    merchant_approve(merchant=merchant, actor=staff_make(StaffRole.OPS))
    steps(page, site)
    expect(page.get_by_text("Checked. Buyers are only ever sent to tea.example.")).to_be_visible()
    promises(page)
    steps(page, site)
    expect(page.get_by_text("1 product is on sale, 1 can be promoted now.")).to_be_visible()
    tops_up(page)
    steps(page, site)
    token = gets_a_key(page)
    steps(page, site)

    assert reports(site, token, clicked(product)) == 201
    # The page looks again by itself.
    expect(page.get_by_text("Affiliates can sell for you")).to_be_visible()
    eventually(lambda: Commission.objects.filter(state="estimated"), why=worker.said)

    page.get_by_role("navigation").get_by_role("link", name="Home").click()
    page.get_by_role("button", name="Put away").click()
    expect(page.locator("#first-steps")).to_have_count(0)
    for label, figure in (
        ("Sales through affiliates", cny("199.00").localized()),
        ("Return", "8.33"),
        ("Orders", "1"),
    ):
        card = page.locator(".figure", has=page.get_by_text(label, exact=True))
        expect(card.locator(".figure-value")).to_have_text(figure)

    page.get_by_role("navigation").get_by_role("link", name="Reports").click()
    total = page.locator("tfoot .is-total")
    for figure in (cny("199.00").localized(), cny("23.88").localized(), "8.33"):
        expect(total).to_contain_text(figure)
    assert verify() == []
