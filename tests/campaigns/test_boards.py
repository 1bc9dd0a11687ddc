"""Boards: what stands on them, in which order, why, and what does not."""

from datetime import datetime, timedelta

import pytest

from affiliates.models import Affiliate, ClickDay
from alliance.kernel import clock
from campaigns.models import Board, BoardKind, CampaignState, SlateItem, SlateState
from campaigns.services.boards import boards_make
from campaigns.tasks import boards_make as task
from merchants.models import Merchant, PastPrice, Product
from merchants.services.products import ProductData, product_withdraw, products_save
from tests.cast import Cast, cast_make

NOON = datetime(2026, 6, 10, 12, tzinfo=clock.ZONE)
DAY = timedelta(days=1)
PAGE = "/affiliate/products/boards/"


@pytest.fixture
def cast(db) -> Cast:
    with clock.at(NOON - 60 * DAY):
        made = cast_make(wallet="900000.00")
    with clock.at(NOON):
        yield made


@pytest.fixture
def lin(cast, client):
    client.force_login(cast.lin)
    return client


def goods(cast, prices):
    """Products of the shop at these prices (minor units), by their number."""
    rows = [
        ProductData(number, f"Tea {number}", f"https://shop.chen.example/t/{number}", price)
        for number, price in prices.items()
    ]
    products_save(shop=cast.shop, products=rows, actor=cast.chen)
    return {product.external_id: product for product in cast.shop.products.all()}


def sold(cast, pieces, at, product=None):
    """An order of so many pieces at that moment, brought by nobody."""
    known, cast.product = cast.product, product or cast.product
    with clock.at(at):
        report = cast.report(f"B{at:%d%H%M}{cast.product.pk}")
        (line,) = report.lines
        object.__setattr__(line, "quantity", pieces)
        cast.record(report)
    cast.product = known


def on(client, **query):
    """The titles on the board with their reasons, and the page."""
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    ranked = answer.context["board"].ranked
    return [(one.offer.product.title, one.why) for one in ranked], answer.content.decode()


def test_what_sells_more_than_before_rises_from_three_pieces_on(cast, lin):
    tea = goods(cast, {"A": 50_00, "B": 60_00, "C": 70_00})
    sold(cast, 3, NOON - 10 * DAY, tea["A"])
    sold(cast, 12, NOON - 2 * DAY, tea["A"])
    sold(cast, 40, NOON - 10 * DAY, tea["B"])  # less than before
    sold(cast, 39, NOON - 2 * DAY, tea["B"])
    sold(cast, 2, NOON - 2 * DAY, tea["C"])  # chance
    sold(cast, 500, NOON, tea["C"])  # the day is not over
    boards_make()

    ranked, page = on(lin)
    assert ranked == [("Tea A", "12 sold in 7 days, 3 in the 7 before")]
    assert "As of Jun 10, 2026 12:00" in page


def test_what_is_clicked_more_rises_too_and_the_steeper_of_both_is_told(cast, lin):
    sold(cast, 11, NOON - 2 * DAY)
    sold(cast, 10, NOON - 9 * DAY)
    for days, clicks in ((2, 250), (9, 40)):
        ClickDay.objects.create(
            day=(NOON - days * DAY).date(),
            affiliate=cast.affiliate,
            merchant=cast.merchant,
            zone=cast.zone,
            link=cast.link,
            clicks=clicks,
            visitors=clicks,
            bots=0,
            previews=0,
        )
    boards_make()

    assert on(lin)[0] == [(cast.product.title, "250 clicks in 7 days, 40 in the 7 before")]


def test_the_highest_commission_is_in_money_of_what_sells_and_five_of_a_shop(cast, lin):
    tea = goods(cast, dict(zip("ABCDEFG", range(100_00, 800_00, 100_00), strict=True)))
    Product.objects.filter(shop=cast.shop).update(sales_count=10)
    Product.objects.filter(pk=tea["G"].pk).update(sales_count=9)
    boards_make()

    ranked, _page = on(lin, by="highest")
    assert [title for title, _why in ranked] == ["Tea F", "Tea E", "Tea D", "Tea C", "Tea B"]
    assert ranked[0][1] == "CN¥72.00 commission in all on each, 10 sold in 30 days"


def test_a_price_is_lower_than_ever_if_it_is_under_every_one_of_ninety_days(cast, lin):
    with clock.at(NOON - 59 * DAY):
        tea = goods(cast, {"A": 100_00, "B": 100_00, "C": 100_00, "D": 100_00})
    with clock.at(NOON - 20 * DAY):
        goods(cast, {"A": 90_00, "B": 80_00, "C": 150_00, "D": 70_00})
    with clock.at(NOON - 3 * DAY):
        # B was cheaper once; C is only as cheap as before it was dearer for some days; D fell
        # long ago and stays.
        goods(cast, {"A": 75_00, "B": 85_00, "C": 100_00})
    with clock.at(NOON - 2 * DAY):
        goods(cast, {"NEW": 50_00})
    goods(cast, {"NEW": 20_00})  # known for two days
    boards_make()

    ranked, _page = on(lin, by="lowest")
    said = "Before at least CN¥90.00, since Apr 12, 2026"
    assert ranked == [("Tea A", said)]
    assert list(PastPrice.objects.filter(product=tea["A"]).order_by("day").values_list(
        "day", "price_minor"
    )) == [((NOON - 20 * DAY).date(), 100_00), ((NOON - 3 * DAY).date(), 90_00)]  # fmt: skip

    goods(cast, {"A": 76_00})  # after it was ranked
    assert on(lin, by="lowest")[0] == []


def test_a_campaign_has_a_board_of_its_slate_for_whom_it_is_for(cast, lin):
    tea = goods(cast, {"A": 50_00, "B": 60_00, "C": 70_00})
    Product.objects.filter(pk=tea["B"].pk).update(sales_count=42)
    campaign = cast.campaign(
        name="Tea week", state=CampaignState.LIVE, published_at=NOON, all_products=False
    )
    for name, state in (("A", "approved"), ("B", "approved"), ("C", "proposed")):
        SlateItem.objects.create(campaign=campaign, product=tea[name], state=SlateState(state))
    boards_make()

    ranked, page = on(lin, campaign=campaign.pk)
    assert ranked == [
        ("Tea B", "Counts in the campaign, 42 sold in 30 days"),
        ("Tea A", "Counts in the campaign, 0 sold in 30 days"),
    ]
    assert "Tea week" in page
    campaign.barred.add(cast.affiliate)
    assert "Tea week" not in on(lin, campaign=campaign.pk)[1]
    campaign.barred.clear()
    Affiliate.objects.update(tier=0)
    type(campaign).objects.update(least_tier=1)
    assert "Tea week" not in on(lin, campaign=campaign.pk)[1]
    type(campaign).objects.update(state=CampaignState.CLOSED, closed_at=NOON, least_tier=0)
    boards_make()
    assert not Board.objects.filter(kind=BoardKind.CAMPAIGN).exists()


def test_what_cannot_be_promoted_stands_on_no_board(cast, lin):
    sold(cast, 12, NOON - 2 * DAY)
    boards_make()
    assert len(on(lin)[0]) == 1
    product_withdraw(product=cast.product, actor=cast.chen)
    assert on(lin)[0] == []  # nor until the next hour
    Product.objects.update(state="on_sale", held_back=False)
    Merchant.objects.update(funding_paused_at=NOON)
    assert on(lin)[0] == []
    boards_make()
    assert Board.objects.get(kind=BoardKind.RISING).places == []


def test_boards_are_ranked_anew_and_a_page_takes_as_many_statements_with_many_rows(
    cast, lin, django_assert_max_num_queries
):
    assert "Ranked anew every hour" in on(lin, by="nonsense")[1]
    task()
    tea = goods(cast, dict.fromkeys("ABCDE", 50_00))
    for product in tea.values():
        sold(cast, 20, NOON - 2 * DAY, product)
    task()
    assert Board.objects.count() == 3
    with django_assert_max_num_queries(20):
        assert len(on(lin)[0]) == 5
