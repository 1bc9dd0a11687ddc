"""In a real browser, on a phone: from joining to a link in the clipboard, from a chat message to
link, code and pictures, and from chosen products to all their links."""

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from affiliates.models import Affiliate, Basket, Link
from alliance.kernel.models import User
from merchants.services.products import ProductData, products_save
from tests.cast import Cast, cast_make, user_make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def cast(db) -> Cast:
    """As of now: the site's own threads know no other moment."""
    return cast_make()


@pytest.fixture
def phone(browser: Browser, site: str):
    """Pages of a person's phone. Whatever the browser complains about fails the test."""
    heard: list[str] = []
    contexts = []

    def signed_in(user: User) -> Page:
        context = browser.new_context(viewport=PHONE, has_touch=True)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: heard.append(str(error)))
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert heard == []


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def seen(picture) -> bool:
    """The picture has come, and is one."""
    picture.scroll_into_view_if_needed()
    return picture.evaluate("async img => { await img.decode(); return img.naturalWidth > 0; }")


def test_who_joins_has_the_first_link_in_the_clipboard_with_three_presses(phone, site, cast):
    new = user_make()
    page = phone(new)
    page.goto(f"{site}/affiliate/join/")
    page.get_by_label("Name").fill("Mei's group")
    page.get_by_role("main").locator("button[type=submit]").click()

    expect(page.get_by_role("heading", name="Four steps to your first commission")).to_be_visible()
    page.get_by_role("button", name="Take the link: Vacuum flask 500 ml").click()
    page.get_by_role("button", name="Copy: Link", exact=True).click()

    link = Link.objects.get(affiliate=Affiliate.objects.get(members__user=new))
    assert clipboard(page).endswith(f"/r/{link.code}")
    page.goto(f"{site}/affiliate/")
    done = page.locator(".trail .is-done strong")
    expect(done).to_have_text(["A place to share", "Your first link"])


def test_a_pasted_message_becomes_link_code_and_pictures_or_says_why_not(phone, site, cast):
    page = phone(cast.lin)
    page.goto(f"{site}/affiliate/convert/")
    message = f"姐妹们看这个！{cast.product.url}，太好用了。https://nowhere.example/x"
    page.evaluate("text => navigator.clipboard.writeText(text)", message)
    page.get_by_label("What do you want to promote?").focus()
    page.keyboard.press("Control+V")  # there is no button to press

    card = page.get_by_role("region", name="Vacuum flask 500 ml")
    expect(card).to_contain_text("You earn about")
    for name, text in (
        ("Copy: Link", f"/r/{cast.link.code}"),
        ("Copy: Share code", f"￥{cast.link.code}￥"),
    ):
        card.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("status").last).to_have_text("Copied")
        assert clipboard(page).endswith(text)
    card.get_by_role("button", name="Copy: Words to share").click()
    assert clipboard(page).startswith("[Ad] Vacuum flask 500 ml")
    assert seen(card.get_by_role("img", name="QR code"))
    assert seen(card.get_by_role("img", name="Poster"))
    refused = page.get_by_role("region", name="https://nowhere.example/x")
    expect(refused.get_by_role("alert")).to_have_text("No shop of the alliance is at this address.")


def test_chosen_products_get_all_their_links_and_one_goes_into_a_basket(phone, site, cast):
    tea = ProductData("T", "Oolong", "https://shop.chen.example/t", 50_00)
    products_save(shop=cast.shop, products=[tea], actor=cast.chen)
    page = phone(cast.lin)
    page.goto(f"{site}/affiliate/products/")
    bar = page.locator("#chosen")
    expect(bar).to_be_hidden()

    page.get_by_role("button", name="Into the basket: Oolong").click()
    expect(page.get_by_role("link", name="In a basket: Oolong")).to_be_visible()
    assert Basket.objects.get(affiliate=cast.affiliate).items.get().product.title == "Oolong"

    page.get_by_label("Choose Oolong").check()
    page.get_by_label("Choose Vacuum flask 500 ml").check()
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Make links").click()
    page.get_by_role("button", name="Make 2 links").click()
    page.get_by_role("button", name="Copy all links").click()
    codes = Link.objects.filter(affiliate=cast.affiliate).values_list("code", flat=True)
    assert sorted(line[-10:] for line in clipboard(page).split("\n")) == sorted(codes)
