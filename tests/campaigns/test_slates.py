"""Slates: products by filter and by file."""

from datetime import datetime, timedelta
from io import BytesIO

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent, StaffRole
from campaigns.models import Campaign, SlateItem, SlateState
from campaigns.queries import SlateFilter
from campaigns.services.campaigns import campaign_make
from campaigns.services.slates import slate_add, slate_read, slate_remove
from merchants.models import Category, Product
from merchants.services.merchants import merchant_apply
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
NOON = datetime(2026, 5, 20, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(NOON - DAY):
        made = cast_make()
    with clock.at(NOON):
        yield made


@pytest.fixture
def ops(cast):
    return staff_make(StaffRole.OPS)


@pytest.fixture
def campaign(ops):
    return make(ops)


def make(ops, **changes) -> Campaign:
    values = {
        "kind": "double_commission",
        "name": "Double June",
        "starts_at": NOON + 10 * DAY,
        "ends_at": NOON + 20 * DAY,
        **changes,
    }
    return campaign_make(actor=ops, **values)


def product(shop, number: str, **facts) -> Product:
    values = {"title": f"茶 {number}", "price_minor": 10_000, "currency": "CNY", **facts}
    return Product.objects.create(shop=shop, external_id=number, **values)


@pytest.fixture
def teas(cast) -> list[Product]:
    tea = Category.objects.create(slug="tea", name_zh="茶", name_en="Tea", name_de="Tee")
    return [
        product(cast.shop, f"T{i}", category=tea, brand="Longjing", price_minor=i * 1_000,
                rate_bps=i * 100, sales_count=i)
        for i in range(1, 6)
    ]  # fmt: skip


def on_slate(campaign) -> set[str]:
    rows = campaign.slate.filter(state=SlateState.APPROVED)
    return set(rows.values_list("product__external_id", flat=True))


# --- By filter ------------------------------------------------------------------------------------


def test_a_filter_finds_what_fits_everything_said(cast, teas):
    def found(**said) -> list[str]:
        return [one.external_id for one in SlateFilter(**said).products("CNY")]

    assert found(category=teas[0].category_id) == ["T5", "T4", "T3", "T2", "T1"]
    assert found(brand="longjing", least_price_minor=2_000, most_price_minor=3_000) == ["T3", "T2"]
    assert found(least_rate_bps=400, least_sales=5) == ["T5"]
    assert found(words="茶 T2") == ["T2"]
    assert found(merchant=cast.merchant.pk + 1) == []
    assert [one.external_id for one in SlateFilter(brand="Longjing").products("EUR")] == []


def test_products_join_once_and_the_trail_says_how(cast, ops, campaign, teas):
    said = SlateFilter(brand="Longjing", least_sales=4)
    assert slate_add(actor=ops, campaign=campaign, products=said.products("CNY"), how="brand") == 2
    everything = SlateFilter(brand="Longjing").products("CNY")
    assert slate_add(actor=ops, campaign=campaign, products=everything) == 3
    assert slate_add(actor=ops, campaign=campaign, products=everything) == 0

    assert on_slate(campaign) == {"T1", "T2", "T3", "T4", "T5"}
    trail = AuditEvent.objects.filter(verb="campaign.slate_added").order_by("pk")
    assert [event.data for event in trail] == [
        {"count": 2, "how": "brand"},
        {"count": 3, "how": ""},
    ]


def test_what_is_not_on_sale_or_in_another_currency_stays_out(cast, ops, campaign, teas):
    Product.objects.filter(pk=teas[0].pk).update(state="withdrawn")
    Product.objects.filter(pk=teas[1].pk).update(currency="EUR")
    slate_add(actor=ops, campaign=campaign, products=[one.pk for one in teas[:3]])

    assert on_slate(campaign) == {"T3"}


def test_a_campaign_that_is_over_takes_nothing(cast, ops, campaign, teas):
    Campaign.objects.update(state="closed", published_at=NOON, closed_at=NOON)
    campaign.refresh_from_db()
    with pytest.raises(WrongState):
        slate_add(actor=ops, campaign=campaign, products=[teas[0].pk])

    assert not SlateItem.objects.exists()


def test_a_product_leaves_a_draft_and_is_kept_with_the_reason_afterwards(cast, ops, campaign, teas):
    slate_add(actor=ops, campaign=campaign, products=[one.pk for one in teas[:2]])
    first, second = campaign.slate.order_by("pk")
    slate_remove(actor=ops, item=first, reason="")
    assert on_slate(campaign) == {"T2"}
    assert campaign.slate.count() == 1

    Campaign.objects.update(state="live", published_at=NOON)
    second.campaign.refresh_from_db()
    with pytest.raises(Invalid):
        slate_remove(actor=ops, item=second, reason=" ")
    assert on_slate(campaign) == {"T2"}
    slate_remove(actor=ops, item=second, reason="recalled")
    second.refresh_from_db()
    assert (second.state, second.reason, second.decided_by) == ("rejected", "recalled", ops)
    with pytest.raises(WrongState):
        slate_remove(actor=ops, item=second, reason="again")


# --- By file --------------------------------------------------------------------------------------


def read(campaign, text: str):
    return slate_read(campaign=campaign, file=BytesIO(text.encode()))


def test_a_file_names_products_by_our_number_or_the_shops(cast, campaign, teas):
    said = read(campaign, f"product id,shop product id\n{teas[0].pk},\n,T2\n\n,T3\n")

    assert said.products == [teas[0].pk, teas[1].pk, teas[2].pk]
    assert said.faults == []


def test_each_row_that_names_none_says_why_and_the_others_count(cast, ops, campaign, teas):
    other = merchant_apply(
        user=user_make(), name="Other", shop_name="Other", domains=["other.example"]
    )
    product(other.shops.get(), "T5")
    Product.objects.filter(pk=teas[3].pk).update(state="withdrawn")
    euro = product(cast.shop, "E1", currency="EUR")
    said = read(
        campaign,
        "shop product id;shop\nT1;\nT1;\nNONE;\nT5;\nT5;Other\nT4;\nT2;99999\nE1;\n",
    )

    assert [Product.objects.get(pk=pk).shop.name for pk in said.products] == [
        "Chen's shop",
        "Other",
    ]
    assert said.faults == [
        (3, "T1", "It stands further up already."),
        (4, "NONE", "No product has this number."),
        (5, "T5", "Several shops have a product of this number: name the shop."),
        (7, "T4", "It is not on sale."),
        (8, "T2 · 99999", "No product has this number."),
        (9, "E1", "It is sold in another currency."),
    ]
    assert euro.pk not in said.products


@pytest.mark.parametrize("text", ["a,b\n1,2\n", ""])
def test_a_file_that_is_no_list_of_products_is_refused_as_a_whole(cast, campaign, text):
    with pytest.raises(Invalid):
        read(campaign, text)
