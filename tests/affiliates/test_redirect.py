"""GET /r/<code>: stored first, then sent on, and never anywhere but to the shop."""

from urllib.parse import parse_qs, urlsplit

import pytest

from affiliates import redirect as door
from affiliates import visitors
from affiliates.models import Affiliate, Link, Touch, Visitor
from affiliates.services import link_pause, site_reject
from affiliates.subs import ALIASES
from merchants.models import Merchant, Product, ProductState, Shop

pytestmark = pytest.mark.django_db

PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"


@pytest.fixture
def click(client):
    def go(link, query: str = "", agent: str = PERSON, **headers):
        return client.get(f"/r/{link.code}{query}", headers={"User-Agent": agent, **headers})

    return go


def click_id_in(response) -> str:
    return parse_qs(urlsplit(response["Location"]).query)["click_id"][0]


def test_a_click_is_stored_and_the_buyer_sent_on(link, click, now):
    response = click(link)

    touch = Touch.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"{link.url}?click_id={touch.click_id}"
    assert (touch.link, touch.affiliate, touch.zone) == (link, link.affiliate, link.zone)
    assert (touch.shop, touch.product) == (link.shop, link.product)
    assert (touch.kind, touch.visitor) == ("click", Visitor.HUMAN)
    assert touch.touched_at == now()
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "no-referrer"


def test_one_statement_for_a_new_link_none_for_a_known_one_and_no_session(
    link, click, django_assert_num_queries
):
    asked = {"REQUEST_METHOD": "GET", "HTTP_USER_AGENT": PERSON}
    for statements in (1, 0):
        with django_assert_num_queries(statements):
            assert door.door(asked, link.code).status == 302
    response = click(link)
    assert "sessionid" not in response.cookies
    assert "Cookie" not in response.get("Vary", "")
    assert Touch.objects.count() == 3


def test_the_shops_query_and_fragment_stay(make_link, affiliate, product, click):
    link = make_link(affiliate, product, url="https://shop.example/p?b=2&b=&q=%E8%8C%B6#colour=red")
    response = click(link)
    touch = Touch.objects.get()
    assert response["Location"] == (
        f"https://shop.example/p?b=2&b=&q=%E8%8C%B6&click_id={touch.click_id}#colour=red"
    )


def test_the_header_with_the_address_is_ascii(make_link, affiliate, product):
    """WSGI knows no other, and not every proxy passes on anything else."""
    link = make_link(affiliate, product, url="https://shop.example/茶?b=%E8%8C%B6&q=茶|é#颜色")
    plain = "https://shop.example/%E8%8C%B6?b=%E8%8C%B6&q=%E8%8C%B6|%C3%A9"
    for method, address in (("GET", f"{plain}&click_id="), ("HEAD", f"{plain}#%E9%A2%9C")):
        answer = door.door({"REQUEST_METHOD": method, "HTTP_USER_AGENT": PERSON}, link.code)
        assert dict(answer.headers)["Location"].startswith(address)


def test_somebodys_old_click_id_is_replaced(link, click):
    Link.objects.update(url="https://shop.example/p?click_id=old&a=1")
    response = click(link)
    assert response["Location"] == (
        f"https://shop.example/p?a=1&click_id={Touch.objects.get().click_id}"
    )


def test_click_ids_are_128_bits_and_unique(link, click):
    ids = {click_id_in(click(link)) for _i in range(50)}
    assert len(ids) == 50
    assert all(len(click_id) == 22 for click_id in ids)  # 128 bits in base64url


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_only_reading(client, link, method):
    assert getattr(client, method)(f"/r/{link.code}").status_code == 405
    assert not Touch.objects.exists()


def test_head_is_answered_but_is_no_click(client, link):
    response = client.head(f"/r/{link.code}", headers={"User-Agent": PERSON})
    assert (response.status_code, response["Location"]) == (302, link.url)
    assert not response.cookies
    assert not Touch.objects.exists()


@pytest.mark.parametrize(
    ("agent", "is_a"),
    [
        (PERSON, Visitor.HUMAN),
        ("Mozilla/5.0 (Linux; Android 14) Mobile MicroMessenger/8.0.50 NetType", Visitor.HUMAN),
        ("Mozilla/5.0 (Linux; Android 11; CUBOT X30) Chrome/120 Mobile Safari", Visitor.HUMAN),
        ("Mozilla/5.0 (iPhone) [FBAN/FBIOS;FBAV/480.0]", Visitor.HUMAN),
        ("Mozilla/5.0 (iPhone) AppleWebKit Mobile WhatsApp/2.24", Visitor.HUMAN),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Visitor.BOT),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0)", Visitor.BOT),
        ("Mozilla/5.0 AppleWebKit (compatible; Bytespider)", Visitor.BOT),
        ("curl/8.5.0", Visitor.BOT),
        ("python-requests/2.32", Visitor.BOT),
        ("Mozilla/5.0 (X11) HeadlessChrome/120", Visitor.BOT),
        ("", Visitor.BOT),
        ("facebookexternalhit/1.1", Visitor.PREVIEW),
        ("WhatsApp/2.23.20.0", Visitor.PREVIEW),
        ("Slackbot-LinkExpanding 1.0", Visitor.PREVIEW),
        ("TelegramBot (like TwitterBot)", Visitor.PREVIEW),
    ],
)  # fmt: skip
def test_people_bots_and_previews_are_told_apart(link, click, agent, is_a):
    response = click(link, agent=agent)
    touch = Touch.objects.get()
    assert (response.status_code, touch.visitor) == (302, is_a)
    assert bool(touch.visitor_key) == bool(response.cookies) == (is_a == Visitor.HUMAN)


def test_of_a_long_name_only_the_beginning_is_read(link, click):
    """Searching all of it would take a hundred times as long as the rest of the click."""
    click(link, agent=PERSON.ljust(512) + "Googlebot/2.1")
    click(link, agent="Googlebot/2.1".ljust(60_000, "x"))
    assert list(Touch.objects.order_by("pk").values_list("visitor", flat=True)) == ["human", "bot"]


@pytest.mark.parametrize(
    "header",
    [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}],
)
def test_a_prefetch_is_turned_away_so_that_the_click_comes_here(link, click, header):
    response = click(link, **header)
    assert response.status_code == 503
    assert "Location" not in response
    assert not response.cookies
    assert Touch.objects.get().visitor == Visitor.PREVIEW


# --- Knowing somebody again ---


def test_a_visitor_is_known_again_for_30_days_and_not_longer(link, click, now):
    first = click(link).cookies[visitors.COOKIE]
    assert first["max-age"] == str(30 * 24 * 3600)
    assert (first["httponly"], first["samesite"]) == (True, "Lax")

    now(days=20)
    assert visitors.COOKIE not in click(link).cookies, "the cookie is not prolonged"
    now(days=70)
    click(link)
    keys = list(Touch.objects.order_by("pk").values_list("visitor_key", flat=True))
    assert keys[0] == keys[1] != keys[2]


def test_the_cookie_is_secure_in_production(link, client, settings):
    headers = {"User-Agent": PERSON}
    assert not client.get(f"/r/{link.code}", headers=headers).cookies[visitors.COOKIE]["secure"]
    client.cookies.clear()
    settings.PRODUCTION = True
    assert client.get(f"/r/{link.code}", headers=headers).cookies[visitors.COOKIE]["secure"]


@pytest.mark.parametrize(
    "cookie", ["", "x", "999912." + "a" * 22, "202001." + "a" * 22, "a" * 9000]
)
def test_an_invented_cookie_is_replaced(link, client, cookie, now):
    client.cookies[visitors.COOKIE] = cookie
    response = client.get(f"/r/{link.code}", headers={"User-Agent": PERSON})
    assert response.cookies[visitors.COOKIE].value.startswith("202606.")


def test_nothing_raw_is_stored_and_keys_rotate(link, client, now):
    headers = {"User-Agent": PERSON}
    for days in (0, 31):
        now(days=days)
        client.get(f"/r/{link.code}", headers=headers, REMOTE_ADDR="203.0.113.9")
    first, second = Touch.objects.order_by("pk")
    assert first.ip_key
    assert first.ip_key != second.ip_key, "another month, another key"
    cookie = client.cookies[visitors.COOKIE].value
    for touch in (first, second):
        stored = {name: str(value) for name, value in vars(touch).items()}
        assert not [name for name, value in stored.items() if "203.0.113.9" in value]
        assert not [name for name, value in stored.items() if cookie[7:] in value]


def test_without_consent_no_cookie_and_no_key_but_a_click_id(link, click, client):
    click(link)
    assert visitors.COOKIE in client.cookies
    response = click(link, "?cons=0")
    touch = Touch.objects.latest("pk")
    assert click_id_in(response) == touch.click_id
    assert touch.visitor_key == ""
    assert response.cookies[visitors.COOKIE]["max-age"] == "0", "what was there is removed"
    click(link, "?cons=1")
    assert Touch.objects.latest("pk").visitor_key


# --- Sub-ids ---


def subs_of(touch: Touch) -> tuple[str, ...]:
    return (touch.sub1, touch.sub2, touch.sub3, touch.sub4, touch.sub5)


def test_sub_ids_come_from_the_link_and_the_address_overrules(make_link, affiliate, product, click):
    link = make_link(affiliate, product, subs={"sub1": "group", "sub2": "morning"})
    click(link)
    click(link, "?sub2=evening&sub5=%E8%8C%B6")
    first, second = Touch.objects.order_by("pk")
    assert subs_of(first) == ("group", "morning", "", "", "")
    assert subs_of(second) == ("group", "evening", "", "", "茶")


@pytest.mark.parametrize(
    ("query", "subs"),
    [
        ("?aff_sub=a&aff_sub2=b&aff_sub5=e", ("a", "b", "", "", "e")),
        ("?subId1=a&subId2=b&subId3=c", ("a", "b", "c", "", "")),
        ("?clickref=a&clickref2=b&clickref4=d", ("a", "b", "", "d", "")),
        ("?subid=a", ("a", "", "", "", "")),
        ("?sub1=ours&aff_sub=theirs", ("ours", "", "", "", "")),
        ("?clickref5=e&clickref6=f", ("", "", "", "", "e")),
        ("?clickref6=f", ("", "", "", "", "f")),
        ("?subId1=a&sharedid=d", ("a", "", "", "d", "")),
        ("?aff_sub=a&source=newsletter", ("a", "", "", "", "newsletter")),
        ("?subUnionId=a&positionId=62", ("a", "62", "", "", "")),
        ("?special_id=77", ("", "", "77", "", "")),
        ("?custom_parameters=%7B%22uid%22%3A%22a%22%2C%22sid%22%3A7%7D", ("a", "7", "", "", "")),
        (
            "?custom_parameters=%7B%22uid%22%3A%5B1%5D%2C%22pid%22%3A%22x%22%7D",
            ("", "", "", "", ""),
        ),
        ("?custom_parameters=plain", ("plain", "", "", "", "")),
        ("?custom_parameters=%7Bbroken", ("{broken", "", "", "", "")),
        ("?custom_parameters=" + "[" * 5_000, ("[" * 100, "", "", "", "")),
        ("?custom_parameters=%7B%22uid%22%3A%22a%22%7D&sub1=ours", ("ours", "", "", "", "")),
        ("?sub1=%00a%0d%0aSet-Cookie:b", ("aSet-Cookie:b", "", "", "", "")),
        ("?custom_parameters=%7B%22uid%22:%22a%5Cud83d%22%7D", ("a", "", "", "", "")),
        ("?sub1=" + "x" * 500, ("x" * 100, "", "", "", "")),
    ],
)
def test_other_networks_names_for_sub_ids(link, click, query, subs):
    click(link, query)
    assert subs_of(Touch.objects.get()) == subs


# --- No open redirect ---


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example\\@evil.example/",
    ],
)
def test_the_destination_is_looked_at_again_at_the_redirect(link, client, click, url):
    Link.objects.update(url=url)
    for response in (click(link), client.head(f"/r/{link.code}")):
        assert response.status_code == 410
        assert "Location" not in response
    assert "evil" not in click(link).content.decode()
    assert not Touch.objects.exists()


def test_a_domain_that_the_shop_gave_up_is_not_followed(link, click):
    Shop.objects.update(domains=["new.example"])
    assert click(link).status_code == 410


@pytest.mark.parametrize(
    "query", ["?url=https://evil.example", "?next=//evil.example", "?click_id=mine"]
)
def test_the_address_of_the_click_changes_nothing_about_where_it_leads(link, click, query):
    assert click(link, query)["Location"].startswith(f"{link.url}?click_id=")
    assert "mine" not in Touch.objects.get().click_id


# --- Where a link does not lead ---


@pytest.mark.parametrize("code", ["nothere", "x" * 300, "a%00b", "%0d%0aSet-Cookie:a=b", "茶"])
def test_an_unknown_code_is_a_friendly_404(client, db, code):
    response = client.get(f"/r/{code}")
    assert response.status_code == 404
    assert "Set-Cookie" not in response.headers
    assert not Touch.objects.exists()


def test_closed_ways_say_why_and_lead_to_the_shop_without_commission(link, click, ops):
    link_pause(actor=ops, link=link)
    page = click(link)
    assert page.status_code == 410
    assert f'href="{link.url}"' in page.content.decode()

    Affiliate.objects.update(state="frozen")
    assert f'href="{link.url}"' in click(link).content.decode()

    Product.objects.update(state=ProductState.WITHDRAWN)
    page = click(link).content.decode()
    assert "does not sell this product any more" in page
    assert 'href="https://shop.example/"' in page, "the product has no page, but the shop has"

    Merchant.objects.update(state="frozen")
    page = click(link).content.decode()
    assert "is not with us at the moment" in page
    assert "https://shop.example" not in page
    assert not Touch.objects.exists()


def test_links_of_a_rejected_site_do_not_lead(link, click, ops):
    site_reject(actor=ops, site=link.zone.site, reason="Spam.")
    assert click(link).status_code == 410
    assert not Touch.objects.exists()


def test_the_page_speaks_the_visitors_language(link, click, ops):
    link_pause(actor=ops, link=link)
    assert 'lang="de"' in click(link, **{"Accept-Language": "de"}).content.decode()


def test_every_alias_belongs_to_one_sub_id():
    aliases = [alias for names in ALIASES.values() for alias in names]
    assert len(aliases) == len(set(aliases))
