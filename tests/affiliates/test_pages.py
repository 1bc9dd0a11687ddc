"""The affiliate's pages through HTTP: what they show, to whom, and how many queries they take."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from affiliates import queries
from affiliates.models import Affiliate, AffiliateMember, AffiliateState, Link, PlanMember, Site
from affiliates.services import (
    affiliate_freeze,
    affiliate_reject,
    link_pause,
    site_file,
    site_reject,
    zone_create,
)
from affiliates.services.figures import clicks_count
from alliance.kernel import clock
from merchants.models import Coupon, Merchant, Plan, ProductState
from tests.affiliates.test_redirect import PERSON

pytestmark = pytest.mark.django_db

PAGES = ["products", "links", "sites"]


@pytest.fixture
def page(client, affiliate):
    """GET a page of the room as the owner: `page("links", made=1)`; returns its text."""
    client.force_login(affiliate.owner)

    def get(name: str, *args, **query) -> str:
        response = client.get(reverse(f"affiliates:{name}", args=args), query)
        assert response.status_code == 200, response
        return response.content.decode()

    return get


def shown(html: str) -> list[str]:
    return re.findall(r'class="product-title"><a [^>]*>([^<]*)<', html)


# --- Who may enter ---


@pytest.mark.parametrize("name", [*PAGES, "join"])
def test_a_stranger_is_asked_to_sign_in(client, db, name):
    response = client.get(reverse(f"affiliates:{name}"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PAGES)
def test_who_has_not_joined_is_asked_to_join(client, make_user, name):
    client.force_login(make_user())
    response = client.get(reverse(f"affiliates:{name}"))
    assert response["Location"] == reverse("affiliates:join")


def test_what_belongs_to_others_is_not_there(client, make_affiliate, link, affiliate):
    client.force_login(make_affiliate().owner)
    for name, pk in (
        ("link_pause", link.pk),
        ("link_resume", link.pk),
        ("zone_add", affiliate.zone.site_id),
    ):
        response = client.post(reverse(f"affiliates:{name}", args=[pk]), {"name": "Mine"})
        assert response.status_code == 404
    assert "/r/" + link.code not in client.get(reverse("affiliates:links")).content.decode()
    link.refresh_from_db()
    assert link.paused_at is None


def test_somebody_elses_zone_cannot_be_chosen(client, make_affiliate, product, affiliate):
    client.force_login(affiliate.owner)
    other = make_affiliate()
    client.post(reverse("campaigns:convert"), {"text": product.url, "zone": other.zone.pk})
    assert not Link.objects.exists()


def test_a_viewer_may_look_but_not_change(client, viewer, link, product, affiliate):
    client.force_login(viewer)
    for name, args in (("products", ()), ("links", ()), ("sites", ()), ("product", (product.pk,))):
        html = client.get(reverse(f"affiliates:{name}", args=args)).content.decode()
        assert 'method="post" action="/affiliate/' not in html
    changes = [
        ("link_pause", (link.pk,), {}),
        ("sites", (), {"name": "Mine", "kind": "guide"}),
        ("zone_add", (affiliate.zone.site_id,), {"name": "Mine"}),
    ]
    for name, args, data in changes:
        assert client.post(reverse(f"affiliates:{name}", args=args), data).status_code == 403
    assert (Link.objects.count(), Site.objects.count()) == (1, 1)
    assert affiliate.zone.site.zones.count() == 1


@pytest.mark.parametrize("name", ["link_pause", "link_resume", "zone_add"])
def test_a_change_is_never_a_get(client, affiliate, name):
    client.force_login(affiliate.owner)
    assert client.get(reverse(f"affiliates:{name}", args=[1])).status_code == 405


# --- Joining ---


def test_joining_as_small_affiliate_leads_home(client, make_user, product):
    client.force_login(make_user())
    form = {"kind": "small", "name": "Tea friends", "introduction": "WeChat"}
    response = client.post(reverse("affiliates:join"), form, follow=True)
    html = response.content.decode()
    assert response.redirect_chain[-1][0] == reverse("commissions:affiliate_home")
    assert "Four steps to your first commission" in html
    assert shown(html) == [product.title_en]


def test_joining_as_large_media_waits_and_reads_the_answer(client, make_user, ops):
    user = make_user()
    client.force_login(user)
    form = {"kind": "ka", "name": "Big Media"}
    html = client.post(reverse("affiliates:join"), form, follow=True).content.decode()
    assert "We are looking at Big Media" in html

    affiliate_reject(actor=ops, affiliate=Affiliate.objects.get(), reason="No contract yet.")
    html = client.get(reverse("affiliates:join")).content.decode()
    assert "No contract yet." in html
    assert 'name="introduction"' in html


def test_an_incomplete_application_comes_back_with_its_words(client, make_user):
    client.force_login(make_user())
    html = client.post(reverse("affiliates:join"), {"kind": "ka", "introduction": "x"}).content
    assert b"This field is required" in html
    assert not Affiliate.objects.exists()


# --- Picking ---


def test_only_what_can_be_promoted_is_offered(page, make_product, make_shop):
    make_product(title_en="good")
    make_product(title_en="withdrawn", state=ProductState.WITHDRAWN)
    make_product(title_en="no rate", rate_bps=0)
    make_product(title_en="frozen merchant", shop=make_shop("f.example", state="frozen"))
    assert shown(page("products")) == ["good"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"words": "oolong"}, ["Oolong box", "Oolong tin"]),
        ({"words": "OOLONG box"}, ["Oolong box"]),
        ({"words": "乌龙"}, ["Oolong box"]),
        ({"words": "Schachtel"}, ["Oolong box"]),
        ({"words": "100%"}, ["100% silk_scarf"]),
        ({"words": "%"}, ["100% silk_scarf"]),
        ({"words": "k_s"}, ["100% silk_scarf"]),
        ({"words": "o_l"}, []),
        ({"words": "\\"}, []),
        ({"rate": "2000"}, ["100% silk_scarf"]),
        ({"rate": "nonsense"}, ["Oolong box", "Oolong tin", "100% silk_scarf"]),
        ({"category": "tea"}, ["Oolong box"]),
        ({"category": "nothere"}, ["Oolong box", "Oolong tin", "100% silk_scarf"]),
        ({"price_from": "20", "price_to": "100"}, ["Oolong tin"]),
        ({"price_from": "-1"}, ["Oolong box", "Oolong tin", "100% silk_scarf"]),
        ({"coupon": "on"}, ["Oolong box"]),
        ({"sort": "rate"}, ["100% silk_scarf", "Oolong box", "Oolong tin"]),
        ({"sort": "price"}, ["100% silk_scarf", "Oolong tin", "Oolong box"]),
        ({"sort": "-price"}, ["Oolong box", "Oolong tin", "100% silk_scarf"]),
        ({"sort": "earning"}, ["Oolong box", "Oolong tin", "100% silk_scarf"]),
        ({"sort": "'; drop"}, ["Oolong box", "Oolong tin", "100% silk_scarf"]),
        ({"page": "99"}, ["Oolong box", "Oolong tin", "100% silk_scarf"]),
    ],
)
def test_filters_and_order(page, make_product, category, shop, now, query, found):
    box = make_product(
        title="高山乌龙茶", title_en="Oolong box", title_de="Oolong Schachtel",
        price_minor=19_900, sales_count=30, category=category,
    )  # fmt: skip
    make_product(title_en="Oolong tin", price_minor=4_999, sales_count=20, rate_bps=1_000)
    make_product(title_en="100% silk_scarf", price_minor=990, sales_count=10, rate_bps=3_000)
    coupon_make(shop, product=box)
    assert shown(page("products", **query)) == found


def coupon_make(shop, **fields) -> Coupon:
    return Coupon.objects.create(
        **{
            "merchant": shop.merchant,
            "shop": shop,
            "code": "SAVE",
            "face_minor": 2_000,
            "currency": "CNY",
            "starts_at": clock.now() - timedelta(days=1),
            "ends_at": clock.now() + timedelta(days=1),
            **fields,
        }
    )


def test_the_best_usable_coupon_counts(shop, make_product, make_shop, now):
    product = make_product(price_minor=5_000)
    right = coupon_make(shop, code="A", product=product, face_minor=700)
    coupon_make(shop, code="B", face_minor=500)  # of the whole shop, but less
    coupon_make(shop, code="C", face_minor=900, threshold_minor=5_001)
    coupon_make(shop, code="D", face_minor=5_000)  # would make it free: not a price any more
    coupon_make(shop, code="E", face_minor=900, currency="EUR")
    coupon_make(shop, code="F", face_minor=900, ends_at=clock.now())
    coupon_make(shop, code="G", face_minor=900, product=make_product())
    coupon_make(make_shop("other.example"), code="H", face_minor=900)
    assert queries.coupons_for_products([product]) == {product.pk: right}


def test_the_earning_is_the_share_of_what_is_paid(make_affiliate, make_product, shop, now):
    product = make_product(price_minor=21_900, rate_bps=1_200)
    coupon_make(shop)
    usual, agreed = make_affiliate(), make_affiliate(share_bps=5_500)
    (offer,) = queries.offers_of([product], affiliate=usual)
    assert (offer.price.minor, offer.earning.minor) == (19_900, 2_149)  # docs/domain.md §4.2 A
    (offer,) = queries.offers_of([product], affiliate=agreed)
    assert offer.earning.minor == 1_313  # B


def test_htmx_gets_the_grid_only(client, affiliate, product):
    client.force_login(affiliate.owner)
    response = client.get(reverse("affiliates:products"), headers={"HX-Request": "true"})
    html = response.content.decode()
    assert html.strip().startswith('<div id="grid">')
    assert shown(html) == [product.title_en]
    assert "HX-Request" in response["Vary"]


# --- Building links ---


def test_the_product_page_explains_the_rate_and_builds_the_link(
    client, affiliate, product, make_plan, now
):
    make_plan(product.shop.merchant, 1_200)
    client.force_login(affiliate.owner)
    address = reverse("affiliates:product", args=[product.pk])
    html = client.get(address).content.decode()
    assert "“General” counts: 12% for the whole shop" in html
    assert "CN¥23.88" in html
    assert "CN¥21.49" in html

    assert f'name="text" value="{address}"' in html
    form = {"text": address, "zone": affiliate.zone.pk, "sub1": "g7"}
    html = client.post(reverse("campaigns:convert"), form).content.decode()
    link = Link.objects.get()
    assert (link.product, link.sub1) == (product, "g7")
    assert f'data-copy="http://localhost:8000/r/{link.code}"' in html


def test_a_product_that_cannot_be_promoted_says_why(page, client, product, affiliate):
    product.state = ProductState.WITHDRAWN
    product.save()
    assert "The shop has withdrawn this product." in page("product", product.pk)
    Merchant.objects.update(state="frozen")
    assert "This merchant is frozen" in page("product", product.pk)
    assert reverse("campaigns:convert") + '" hx-post' not in page("product", product.pk)
    assert client.get(reverse("affiliates:product", args=[0])).status_code == 404
    assert not Link.objects.exists()


def test_without_a_zone_one_is_led_to_the_sites(page, client, product, affiliate, ops):
    site_reject(actor=ops, site=affiliate.zone.site, reason="Spam.")
    box = client.get(reverse("campaigns:convert")).content.decode()
    for html in (page("product", product.pk), box):
        assert f'href="{reverse("affiliates:sites")}">' in html
        assert "A link needs an ad zone" in html


def test_links_are_listed_with_their_human_clicks(page, client, link):
    for agent in (PERSON, PERSON, "Googlebot/2.1"):
        client.get(f"/r/{link.code}", headers={"User-Agent": agent})
    clicks_count()
    assert re.search(r'class="amount">2<', page("links"))


def test_a_link_is_paused_and_resumed(page, client, link):
    client.force_login(link.affiliate.members.get().user)
    client.post(reverse("affiliates:link_pause", args=[link.pk]))
    link.refresh_from_db()
    assert link.paused_at
    assert "Paused" in page("links")
    client.post(reverse("affiliates:link_resume", args=[link.pk]))
    link.refresh_from_db()
    assert link.paused_at is None


# --- Sites ---


def test_sites_and_zones_with_pid_and_reason(page, client, affiliate, ops):
    client.force_login(affiliate.owner)
    form = {"name": "Tea blog", "kind": "website", "url": "https://tea.example/"}
    client.post(reverse("affiliates:sites"), form)
    site = Site.objects.get(name="Tea blog")
    client.post(reverse("affiliates:zone_add", args=[site.pk]), {"name": "Sidebar"})
    zone = site.zones.get()
    assert f'data-copy="{zone.pid}"' in page("sites")
    site_reject(actor=ops, site=site, reason="The page is empty.")
    assert "Rejected: The page is empty." in page("sites")


def test_a_frozen_affiliate_reads_why_on_each_page(page, affiliate, product, ops):
    affiliate_freeze(actor=ops, affiliate=affiliate, reason="Odd clicks.")
    for html in (*(page(name) for name in PAGES), page("product", product.pk)):
        assert "Your affiliate account is frozen" in html
        assert "Odd clicks." in html
        assert 'method="post" action="/affiliate/convert' not in html


# --- Figures ---


def test_clicks_by_day_are_business_days_and_people(link, affiliate, now, client):
    def click(agent=PERSON):
        client.get(f"/r/{link.code}", headers={"User-Agent": agent})

    now(hours=11, minutes=59)  # START is noon in Shanghai
    click()
    now(hours=12)
    click()
    click()
    click("Googlebot/2.1")
    today = clock.business_day()
    clicks_count()
    days = queries.clicks_by_day(affiliate, today - timedelta(days=2), today)
    assert [(day, came.clicks) for day, came in days.items()] == [
        (today - timedelta(days=2), 0), (today - timedelta(days=1), 1), (today, 2),
    ]  # fmt: skip


# --- As many queries with thirty rows as with one ---


def test_query_counts_do_not_grow(
    client, affiliate, make_product, make_link, shop, now, ops, django_assert_max_num_queries
):
    Affiliate.objects.update(tier=5, state=AffiliateState.ACTIVE)
    affiliate.refresh_from_db()
    client.force_login(affiliate.owner)

    def grow(rows: int) -> dict[str, int]:
        for _i in range(rows):
            product = make_product()
            coupon_make(shop, code=product.external_id, product=product)
            link = make_link(affiliate, product)
            client.get(f"/r/{link.code}", headers={"User-Agent": PERSON})
            site = site_file(actor=affiliate.owner, affiliate=affiliate, name="S", kind="guide")
            zone_create(actor=affiliate.owner, site=site, name="Z")
        asked = {}
        for name in PAGES:
            with django_assert_max_num_queries(14, info=name) as counted:
                client.get(reverse(f"affiliates:{name}"))
            asked[name] = len(counted)
        return asked

    link_pause(actor=ops, link=make_link(affiliate, url="https://shop.example/"))
    assert grow(1) == grow(29)


def test_who_owns_one_team_and_only_looks_at_another_changes_nothing_of_the_other(
    client, affiliate, viewer, make_affiliate, link, product, shop, now
):
    """Acting as the owner of their own team they see that one only: the rights of one team are no
    rights in another."""
    own = make_affiliate()
    AffiliateMember.objects.create(affiliate=own, user=viewer)
    plan = Plan.objects.create(merchant=shop.merchant, kind="SP", name="Picked", starts_at=now())
    place = PlanMember.objects.create(affiliate=affiliate, plan=plan, state="pending")
    client.force_login(viewer)

    for page, of in (
        ("link_pause", link.pk),
        ("link_resume", link.pk),
        ("zone_add", link.zone.site_id),
        ("plan_leave", place.pk),
    ):
        address = reverse(f"affiliates:{page}", args=[of])
        assert client.post(address, {"name": "Mine"}).status_code == 404, page
    assert link.code not in client.get(reverse("affiliates:links")).content.decode()
    assert client.get(f"{reverse('campaigns:convert')}?link={link.pk}").status_code == 404
    link.refresh_from_db()
    place.refresh_from_db()
    assert (link.paused_at, place.state) == (None, "pending")
    assert link.zone.site.zones.count() == 1

    client.post(reverse("team_choose"), {"side": "affiliate", "team": affiliate.pk})
    assert link.code in client.get(reverse("affiliates:links")).content.decode()
    assert client.post(reverse("affiliates:link_pause", args=[link.pk])).status_code == 403
