"""The merchant's campaigns: what it is asked for, what it proposes, what came of it."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alliance.kernel import clock
from alliance.kernel.models import MemberRole, StaffRole
from alliance.kernel.money import cny
from campaigns.models import Campaign, SlateItem, SlateState
from campaigns.services.campaigns import campaign_clone, campaign_edit, campaign_make
from campaigns.services.slates import slate_decide
from commissions.services.campaigns import campaign_publish
from commissions.verify import verify
from merchants.models import MerchantMember, Product
from merchants.services.merchants import merchant_apply, merchant_approve
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/merchant/campaigns/"
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
def chen(cast) -> Client:
    return client_of(cast.chen)


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def called(ops, **changes) -> Campaign:
    """A draft for which merchants are asked to propose products."""
    values = {
        "kind": "super_u",
        "name": "Super U",
        "starts_at": NOON - DAY,
        "ends_at": NOON + 20 * DAY,
        "enrol_from": NOON - DAY,
        "budget_minor": 10_000,
        **changes,
    }
    return campaign_make(actor=ops, **values)


def test_what_is_open_is_proposed_with_rate_and_price(cast, ops, chen):
    made = called(ops)
    assert [one for one, _mechanic in chen.get(PAGE).context["open"]] == [made]

    pk = cast.product.pk
    said = {"product": pk, f"{pk}-rate": "15.5", f"{pk}-price": "159"}
    answer = chen.post(f"{PAGE}{made.pk}/", said)

    assert answer["Location"] == f"{PAGE}{made.pk}/"
    item = SlateItem.objects.get()
    assert (item.state, item.rate_bps, item.price_minor) == ("proposed", 1_550, 15_900)
    page = chen.get(f"{PAGE}{made.pk}/")
    assert [one.pk for one in page.context["waiting"]] == [item.pk]
    assert page.context["rows"] == []  # proposed already


def test_many_products_on_a_slate_are_folded_away_below_what_waits(cast, ops, chen):
    made = called(ops)
    for i in range(9):
        product = Product.objects.create(
            shop=cast.shop, external_id=f"F{i}", title="x", price_minor=100, currency="CNY"
        )
        SlateItem.objects.create(campaign=made, product=product, state="approved")
    SlateItem.objects.create(campaign=made, product=cast.product, state="proposed")
    page = chen.get(f"{PAGE}{made.pk}/")
    text = page.content.decode()

    assert (len(page.context["waiting"]), len(page.context["taken"])) == (1, 9)
    assert text.index("Your proposals") < text.index('<details class="card fold">')
    SlateItem.objects.filter(product__external_id="F0").delete()
    assert '<details class="card fold" open>' in chen.get(f"{PAGE}{made.pk}/").content.decode()


def test_a_refused_proposal_says_so_in_its_row_and_the_others_go_through(cast, ops, chen):
    made = called(ops)
    other = Product.objects.create(
        shop=cast.shop, external_id="P2", title="x", price_minor=100, currency="CNY"
    )
    pk = cast.product.pk
    Product.objects.filter(pk=pk).update(rate_bps=1_200)
    said = {"product": [pk, other.pk], f"{pk}-rate": "9", f"{other.pk}-rate": "9"}
    page = chen.post(f"{PAGE}{made.pk}/", said)

    errors = {product.pk: form.errors for product, form in page.context["rows"]}
    assert "higher one now" in errors[pk]["rate"][0]
    assert list(SlateItem.objects.values_list("product", "rate_bps")) == [(other.pk, 900)]


def test_nothing_ticked_proposes_nothing(cast, ops, chen):
    made = called(ops)
    answer = chen.post(f"{PAGE}{made.pk}/", {f"{cast.product.pk}-rate": "15"}, follow=True)

    assert "Tick the products" in answer.content.decode()
    assert not SlateItem.objects.exists()


def test_a_decision_and_its_reason_are_read_and_a_proposal_is_taken_back(cast, ops, chen):
    made = called(ops)
    chen.post(f"{PAGE}{made.pk}/", {"product": cast.product.pk})
    item = SlateItem.objects.get()
    slate_decide(actor=ops, item=item, accept=False, reason="At least 15 %.")
    assert "At least 15 %." in chen.get(f"{PAGE}{made.pk}/").content.decode()

    chen.post(f"{PAGE}{made.pk}/", {"product": cast.product.pk})
    chen.post(f"{PAGE}products/{item.pk}/withdraw/")
    assert not SlateItem.objects.exists()


def test_the_merchant_agrees_to_its_part_as_it_read_it(cast, ops, chen):
    made = called(ops, sponsor="joint", merchant=cast.merchant, merchant_bps=2_500)
    ((asked, part),) = chen.get(PAGE).context["asked"]
    assert (asked, part) == (made, cny("25.00"))
    seen = asked.updated_at.isoformat()
    own = chen.get(f"{PAGE}{made.pk}/").content.decode()
    assert f'action="{PAGE}{made.pk}/agree/"' in own  # also where one reads it at length

    with clock.at(NOON + DAY):
        campaign_edit(actor=ops, campaign=made, budget_minor=20_000)
        for stale in (seen, "", "yesterday", "2026-01-01T00:00:00"):
            chen.post(f"{PAGE}{made.pk}/agree/", {"seen": stale})
            made.refresh_from_db()
            assert made.agreed_at is None, stale
        chen.post(f"{PAGE}{made.pk}/agree/", {"seen": made.updated_at.isoformat()})

    made.refresh_from_db()
    assert made.agreed_at == NOON + DAY
    assert chen.get(PAGE).context["asked"] == []
    assert "/agree/" not in chen.get(f"{PAGE}{made.pk}/").content.decode()


def test_a_rate_of_a_clone_is_agreed_to_on_the_page(cast, ops, chen):
    made = called(ops)
    chen.post(f"{PAGE}{made.pk}/", {"product": cast.product.pk, f"{cast.product.pk}-rate": "20"})
    slate_decide(actor=ops, item=SlateItem.objects.get(), accept=True)
    fresh = campaign_clone(actor=ops, campaign=made)
    item = fresh.slate.get()
    assert [one.pk for one in chen.get(PAGE).context["promises"]] == [item.pk]

    chen.post(f"{PAGE}products/{item.pk}/agree/")
    item.refresh_from_db()
    assert item.agreed_at == NOON


def test_it_sees_what_a_campaign_brought_and_cost(cast, ops, chen):
    """Two orders of 199.00 at 20 % instead of 12 %, and a bonus of 1.00 each, a quarter of which
    the merchant pays: 2 × 39.80 + 0.50 = 80.10."""
    made = called(ops, sponsor="joint", merchant=cast.merchant, merchant_bps=2_500)
    chen.post(f"{PAGE}{made.pk}/agree/", {"seen": made.updated_at.isoformat()})
    SlateItem.objects.create(campaign=made, product=cast.product)
    made.refresh_from_db()
    campaign_publish(actor=staff_make(StaffRole.OPS), campaign=made)
    cast.sold("T1")
    cast.sold("T2")

    ((row, outcome, decided),) = chen.get(PAGE).context["mine"]
    assert row == made
    assert decided[SlateState.APPROVED] == 1
    assert (outcome.orders, outcome.sales, outcome.granted) == (2, cny("398.00"), cny("2.00"))
    assert outcome.cost == cny("47.76") + cny("0.50")
    assert verify() == []


def test_a_viewer_looks_and_changes_nothing(cast, ops):
    made = called(ops, sponsor="joint", merchant=cast.merchant, merchant_bps=2_500)
    viewer = user_make()
    MerchantMember.objects.create(merchant=cast.merchant, user=viewer, role=MemberRole.VIEWER)
    client = client_of(viewer)
    assert client.get(PAGE).status_code == 200
    assert client.get(f"{PAGE}{made.pk}/").status_code == 200

    seen = {"seen": made.updated_at.isoformat()}
    assert client.post(f"{PAGE}{made.pk}/agree/", seen).status_code == 403
    assert client.post(f"{PAGE}{made.pk}/", {"product": cast.product.pk}).status_code == 403
    made.refresh_from_db()
    assert made.agreed_at is None
    assert not SlateItem.objects.exists()


def test_anothers_campaign_and_products_are_not_there(cast, ops, chen):
    made = called(ops, sponsor="joint", merchant=cast.merchant, merchant_bps=2_500)
    chen.post(f"{PAGE}{made.pk}/", {"product": cast.product.pk})
    item = SlateItem.objects.get()
    stranger = user_make()
    other = merchant_apply(
        user=stranger, name="Other", shop_name="Other", domains=["other.example"]
    )
    merchant_approve(merchant=other, actor=ops)
    client = client_of(stranger)

    assert client.get(PAGE).context["open"] == []
    assert client.get(f"{PAGE}{made.pk}/").status_code == 404
    seen = {"seen": made.updated_at.isoformat()}
    assert client.post(f"{PAGE}{made.pk}/agree/", seen).status_code == 404
    assert client.post(f"{PAGE}products/{item.pk}/withdraw/").status_code == 404
    assert client.post(f"{PAGE}products/{item.pk}/agree/").status_code == 404
    # A product of another merchant that is ticked all the same is none of its rows.
    open_ = called(ops, name="For all")
    client.post(f"{PAGE}{open_.pk}/", {"product": cast.product.pk})
    assert SlateItem.objects.filter(campaign=open_).count() == 0


def test_the_page_asks_as_often_for_many_campaigns_as_for_one(cast, ops, chen):
    def add(i: int) -> None:
        made = called(ops, name=f"C{i}", sponsor="merchant", merchant=cast.merchant)
        SlateItem.objects.create(campaign=made, product=cast.product, rate_bps=3_000)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert chen.get(PAGE).status_code == 200
        return len(queries)

    add(0)
    count()
    few = count()
    for i in range(1, 31):
        add(i)
    assert count() <= few < 20
