"""A rate before it is announced: what affiliates would see, which plan counts, what it had cost."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates.models import PlanMember
from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import trial
from commissions.dryrun import RateChange
from commissions.models import Entry
from commissions.trial import cards_of, past_of
from commissions.verify import verify
from merchants.models import Category, Merchant, Plan, Product, Terms
from merchants.services.coupons import coupon_create
from merchants.services.merchants import merchant_apply
from merchants.services.plans import plan_open
from merchants.services.products import ProductData, products_save
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
YESTERDAY = MAY - timedelta(days=1)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=5)):
        made = cast_make()
    with clock.at(MAY):
        yield made


@pytest.fixture
def chen(cast):
    client = Client()
    client.force_login(cast.chen)
    return client


def general(cast):
    return Plan.objects.select_related("merchant").get(merchant=cast.merchant, kind="COMMON")


def test_a_card_says_what_the_affiliate_earns_after_coupon_share_and_fee(cast):
    coupon_create(
        shop=cast.shop, code="TEN", face_minor=10_00, threshold_minor=0, product=None,
        starts_at=YESTERDAY, ends_at=MAY + timedelta(days=3), actor=None,
    )  # fmt: skip
    (card,) = cards_of(RateChange(general(cast), 2000))

    assert (card.price, card.before.rate_bps, card.after.rate_bps) == (cny("189.00"), 1200, 2000)
    assert (card.then.cost, card.then.publisher) == (cny("37.80"), cny("34.02"))
    assert (card.then.tech_fee, card.then.net) == (cny("3.40"), cny("30.62"))
    assert card.now.net == cny("18.37")
    assert card.reasons == [
        "“General plan” counts: 20% for the whole shop, the best rate at that moment."
    ]


def test_cards_are_of_products_that_it_moves_the_best_sold_first(cast):
    tea = Category.objects.create(slug="tea", name_zh="茶", name_en="Tea", name_de="Tee")
    data = [
        ProductData(f"N{n}", f"Tea {n}", "https://shop.chen.example/n", 100, category="tea")
        for n in range(4)
    ]
    products_save(shop=cast.shop, products=data, actor=None)
    Product.objects.filter(external_id="N3").update(sales_count=9)
    Product.objects.filter(external_id="N2").update(sales_count=5)
    own = Product.objects.get(external_id="N3")
    plan = general(cast)
    Terms.objects.create(
        plan=plan, product=own, rate_bps=3000, starts_at=MAY, created_at=MAY
    )  # moves with no word on the whole shop
    shown = [card.product.external_id for card in cards_of(RateChange(plan, 1500))]
    assert shown[0] == "N2"
    assert "N3" not in shown
    by_tea = cards_of(RateChange(plan, 1500, category_id=tea.pk))
    assert [card.product.category_id for card in by_tea] == [tea.pk] * 3
    (one,) = cards_of(RateChange(plan, 1500, product_id=own.pk))
    assert (one.before.rate_bps, one.after.rate_bps) == (3000, 1500)


def test_the_words_say_which_plan_counts_instead(cast):
    plan_open(
        merchant=cast.merchant, name="May", kind="MKT", rate_bps=2500,
        ends_at=MAY + timedelta(days=9), actor=None,
    )  # fmt: skip
    with clock.at(MAY + timedelta(seconds=1)):
        (card,) = cards_of(RateChange(general(cast), 2000))
    assert not card.moves
    assert card.reasons == [
        "“May” counts: 25% for the whole shop, the best rate at that moment.",
        "“General plan” offered less: 20% for the whole shop.",
    ]


@pytest.mark.parametrize("kind", ["SP", "ZX"])
def test_a_plan_for_members_is_shown_as_they_would_see_it(cast, kind):
    (card,) = cards_of(RateChange(Plan(merchant=cast.merchant, kind=kind, name="VIP"), 3000))
    assert card.after.rate_bps == 3000
    plan = plan_open(merchant=cast.merchant, name="VIP", kind=kind, rate_bps=2000, actor=None)
    (card,) = cards_of(RateChange(plan, 3000))
    assert (card.before.rate_bps, card.after.rate_bps) == (2000, 3000)


def test_the_past_is_played_with_it_and_nothing_is_written(cast):
    with clock.at(YESTERDAY):
        cast.sold("T1")
        cast.sold("T2")
        cast.refunded("99.50", "T2")
    cast.sold("T3")  # today is not over
    entries, terms = Entry.objects.count(), Terms.objects.count()
    past = past_of(actor=cast.chen, change=RateChange(general(cast), 2400))

    assert (past.days, past.sold.orders, past.report.lines) == (30, 2, 2)
    assert (past.sold.sales_minor, past.sold.cost_minor) == (298_50, 35_82)
    assert (past.delta_minor, past.then.cost_minor) == (35_82, 71_64)
    assert (past.sold.roi_centi, past.then.roi_centi) == (833, 416)
    assert past.needed_bps == 10_000
    assert (Entry.objects.count(), Terms.objects.count()) == (entries, terms)
    assert verify() == []


def test_a_plan_that_nobody_has_opened_is_played_too(cast):
    with clock.at(YESTERDAY):
        cast.sold("T1")
    fresh = Plan(merchant=cast.merchant, kind="MKT", name="June")
    past = past_of(actor=cast.chen, change=RateChange(fresh, 1800))
    assert past.delta_minor == 11_94
    lower = past_of(actor=cast.chen, change=RateChange(fresh, 600))  # the general plan pays more
    assert (lower.report.touched, lower.delta_minor) == (0, 0)


def test_a_shorter_past_is_played_where_there_is_much(cast, monkeypatch):
    for days in (1, 2, 3):
        with clock.at(MAY - timedelta(days=days)):
            cast.sold(f"T{days}")
    monkeypatch.setattr(trial, "LINES", 2)
    past = past_of(actor=cast.chen, change=RateChange(general(cast), 2400))
    assert (past.days, past.report.lines) == (1, 1)
    monkeypatch.setattr(trial, "LINES", 3)
    assert past_of(actor=cast.chen, change=RateChange(general(cast), 2400)).days == 30


def test_the_page_shows_it_and_announces_only_when_told(cast, chen):
    plan = general(cast)
    page = f"/merchant/plans/{plan.pk}/try/"
    html = chen.get(page, {"rate": "10"}).content.decode()
    for words in (
        "Counts from May 11, 2026 00:00.", "Announce 10%", cny("17.91").localized(),
        "12% → <strong>10%</strong>", f'hx-get="/merchant/plans/{plan.pk}/past/?rate=10"',
    ):  # fmt: skip
        assert words in html, words
    assert Terms.objects.count() == 1
    chen.post(f"/merchant/plans/{plan.pk}/rate/", {"rate": "10", "category": ""})
    assert [terms.rate_bps for terms in Terms.objects.order_by("pk")] == [1200, 1000]
    assert "Announce" not in chen.get(page).content.decode()
    refused = chen.get(page, {"rate": "95"}).content.decode()
    assert "Ensure this value is less than or equal to 90." in refused
    assert "A commission rate lies between" in chen.get(page, {"rate": "1"}).content.decode()


def test_the_past_says_what_it_would_have_cost(cast, chen):
    plan = general(cast)
    page = f"/merchant/plans/{plan.pk}/past/"
    assert "Nothing to play" in chen.get(page, {"rate": "24"}).content.decode()
    with clock.at(YESTERDAY):
        cast.sold("T1")
    Merchant.objects.update(roi_target_centi=800)
    part = chen.get(page, {"rate": "24"}, headers={"HX-Request": "true"}).content.decode()
    for words in (
        cny("23.88").localized(), cny("47.76").localized(), "8.33", "4.16",
        "aim: 8.00", "grow by 100%",
    ):  # fmt: skip
        assert words in part, words
    assert "<html" not in part


def test_a_new_plan_is_shown_while_its_rate_is_typed(cast, chen):
    page = "/merchant/plans/new/try/"
    html = chen.get(page, {"kind": "MKT", "name": "June", "rate": "20"}).content.decode()
    assert "“June” counts: 20% for the whole shop" in html
    assert "/merchant/plans/new/past/?kind=MKT" in html
    unnamed = chen.get(page, {"kind": "MKT", "rate": "20"}).content.decode()
    assert "“Marketing plan” counts: 20% for the whole shop" in unnamed
    assert "past" not in chen.get(page, {"kind": "SP", "rate": "20"}).content.decode()
    for nothing in ({"kind": "MKT"}, {"kind": "MKT", "rate": "x"}, {"kind": "EVENT", "rate": "9"}):
        assert "Give a rate, and you see here" in chen.get(page, nothing).content.decode(), nothing


def test_another_house_sees_none_of_it(cast):
    other = user_make()
    merchant_apply(user=other, name="Other", shop_name="Other", domains=["other.example"])
    client = Client()
    client.force_login(other)
    plan = general(cast)
    for page in ("try", "past"):
        assert client.get(f"/merchant/plans/{plan.pk}/{page}/", {"rate": "9"}).status_code == 404
    html = client.get("/merchant/plans/new/try/", {"kind": "MKT", "rate": "20"}).content.decode()
    assert cast.product.title not in html


def test_cards_take_as_many_queries_with_60_products_as_with_one(cast):
    change = RateChange(general(cast), 2000)
    with CaptureQueriesContext(connection) as few:
        cards_of(change)
    data = [ProductData(f"N{n}", "Tea", "https://shop.chen.example/n", 100) for n in range(70)]
    products_save(shop=cast.shop, products=data, actor=None)
    with CaptureQueriesContext(connection) as many:
        assert len(cards_of(change)) == 3
    assert len(many) == len(few)
    assert not PlanMember.objects.exists()
