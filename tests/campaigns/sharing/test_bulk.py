"""Links for many products in one go, each with what became of it."""

import csv
import io
from datetime import timedelta

import pytest

from affiliates.models import Affiliate, AffiliateMember, Link
from affiliates.services import affiliate_freeze, baskets
from alliance.kernel import clock
from alliance.kernel.models import AuditEvent, MemberRole, StaffRole
from merchants.models import Event, Plan
from merchants.services.products import ProductData, product_withdraw, products_save
from tests.campaigns.sharing.test_convert import copies, plain
from tests.cast import staff_make, user_make

BULK = "/affiliate/links/bulk/"


@pytest.fixture
def goods(cast):
    """Three products of the shop, the last of them withdrawn."""
    rows = [
        ProductData(f"B{n}", f"茶 {n}", f"https://shop.chen.example/b/{n}", n * 100_00)
        for n in (1, 2, 3)
    ]
    products_save(shop=cast.shop, products=rows, actor=cast.chen)
    made = list(cast.shop.products.filter(external_id__startswith="B").order_by("external_id"))
    product_withdraw(product=made[2], actor=cast.chen)
    return made


def asked(cast, goods, **fields):
    return {"product": [one.pk for one in goods], "zone": cast.zone.pk, **fields}


def test_what_is_chosen_waits_for_an_ad_zone_and_makes_nothing(lin, cast, goods):
    before = Link.objects.count()
    html = lin.post(BULK, {"product": [one.pk for one in goods]}).content.decode()

    assert "3 products chosen" in html
    assert "Make 3 links" in html
    assert Link.objects.count() == before


def test_each_gets_its_link_or_says_why_not_and_asking_again_gives_the_same(lin, cast, goods):
    html = lin.post(BULK, asked(cast, goods, sub1="group 7")).content.decode()

    links = list(Link.objects.filter(product__in=goods).order_by("product"))
    assert [(link.product, link.zone, link.sub1) for link in links] == [
        (goods[0], cast.zone, "group 7"), (goods[1], cast.zone, "group 7"),
    ]  # fmt: skip
    assert "2 links · 1 cannot be promoted" in plain(html)
    assert "The shop has withdrawn this product." in html
    addresses, words, *each = copies(html)
    assert addresses.split("\n") == each
    assert all(link.code in addresses for link in links)
    assert words.count("[Ad]") == 2

    lin.post(BULK, asked(cast, goods, sub1="group 7"))
    assert Link.objects.filter(product__in=goods).count() == 2


def test_the_file_has_what_the_page_shows(lin, cast, goods):
    html = lin.post(BULK, asked(cast, goods)).content.decode()
    answer = lin.post("/affiliate/links/bulk.csv", asked(cast, goods))
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    header, *rows = csv.reader(io.StringIO(text))

    said = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["Link"] for row in said[:2]] == copies(html)[2:]
    assert said[0]["Price"] == "100.00"
    assert [row["Why not"] for row in said] == ["", "", "The shop has withdrawn this product."]
    assert said[2]["Link"] == ""


def test_a_basket_is_made_into_links_in_its_order(lin, cast, goods):
    basket = baskets.basket_make(actor=cast.lin, affiliate=cast.affiliate, name="Tea")
    for moment, product in enumerate(goods):
        with clock.at(clock.now() + timedelta(minutes=moment)):
            baskets.basket_put(basket=basket, products=[product])

    html = lin.get(BULK, {"basket": basket.pk}).content.decode()
    places = [html.index(f'name="product" value="{one.pk}"') for one in reversed(goods)]
    assert places == sorted(places)


def test_for_an_event_only_what_takes_part_gets_a_link(lin, cast, goods):
    now = clock.now()
    event = Event.objects.create(
        name="Summer",
        state="published",
        least_bps=1_000,
        enrol_until=now - timedelta(days=2),
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=3),
    )
    plan = Plan.objects.create(
        merchant=cast.merchant,
        name="Summer",
        kind="EVENT",
        event=event,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
    )
    plan.terms.create(
        product=goods[0],
        rate_bps=2_500,
        starts_at=event.starts_at,
        created_at=event.starts_at,
    )
    html = lin.post(BULK, asked(cast, goods[:2], terms=str(event.pk))).content.decode()

    assert "Event: Summer" in html
    (link,) = Link.objects.filter(product__in=goods)
    assert (link.product, link.plan) == (goods[0], plan)
    assert "(25%)" in plain(html)
    assert "This is not a product of the event." in html


def test_viewers_strangers_and_the_frozen_make_none(client, cast, goods):
    viewer = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=viewer, role=MemberRole.VIEWER)
    for user, status in ((viewer, 403), (user_make(), 302)):
        client.force_login(user)
        for path in (BULK, "/affiliate/links/bulk.csv"):
            assert client.post(path, asked(cast, goods)).status_code == status
    affiliate_freeze(actor=staff_make(StaffRole.OPS), affiliate=cast.affiliate, reason="A case")
    client.force_login(cast.lin)
    assert client.post(BULK, asked(cast, goods)).status_code == 409
    assert not Link.objects.filter(product__in=goods).exists()


def test_only_zones_of_ones_own(lin, cast, goods):
    html = lin.post(BULK, {**asked(cast, goods), "zone": cast.zone.pk + 1}).content.decode()
    assert "Select a valid choice" in html
    assert not Link.objects.filter(product__in=goods).exists()


def test_a_hundred_links_take_few_more_statements_than_three(
    lin, cast, goods, django_assert_max_num_queries
):
    rows = [
        ProductData(f"M{n}", f"M {n}", f"https://shop.chen.example/m/{n}", 10_00) for n in range(20)
    ]
    products_save(shop=cast.shop, products=rows, actor=cast.chen)
    many = cast.shop.products.filter(external_id__startswith="M")
    lin.post(BULK, asked(cast, goods))
    with django_assert_max_num_queries(45 + 2 * len(many)):  # each card looks for its coupons
        lin.post(BULK, asked(cast, many))
    assert Link.objects.filter(product__in=many).count() == 20
    events = AuditEvent.objects.filter(verb="link.created", actor=cast.lin)
    codes = set(Link.objects.filter(product__in=many).values_list("pk", flat=True))
    assert codes <= {int(event.object_id) for event in events}


def test_no_new_links_while_points_bar_them_and_the_old_ones_come_back(lin, cast, goods):
    lin.post(BULK, asked(cast, goods[:1]))
    Affiliate.objects.update(no_links_until=clock.now() + timedelta(days=9))
    html = lin.post(BULK, asked(cast, goods[:2])).content.decode()

    assert "1 link" in plain(html)
    assert "Your violation points have reached the limit" in html
    assert Link.objects.filter(product__in=goods).count() == 1
