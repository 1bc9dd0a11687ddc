"""The score picks: proposals of a super U selection join by what their clicks bring."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from affiliates.services import link_create
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent, StaffRole
from campaigns.models import SlateItem
from commissions.queries.forecasts import facts_of_items
from commissions.services.picks import Picked, slate_pick
from merchants.models import Category, Product
from tests.cast import cast_make, staff_make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast():
    with clock.at(clock.now() - timedelta(days=60)):
        made = cast_make()
    made.shop.score_centi = 480
    made.shop.save(update_fields=["score_centi"])
    return made


@pytest.fixture
def ops(cast):
    return staff_make(StaffRole.OPS)


@pytest.fixture
def tea():
    return Category.objects.create(slug="tea", name_zh="茶", name_en="Tea", name_de="Tee")


@pytest.fixture
def campaign(cast):
    return cast.campaign("super_u", all_products=False, rules={"per_category": 2})


def propose(cast, campaign, number, *, category=None, rate_bps=2_000, usual_bps=1_000):
    product = Product.objects.create(
        shop=cast.shop,
        external_id=number,
        title=number,
        price_minor=10_000,
        currency="CNY",
        rate_bps=usual_bps,
        category=category,
        url=cast.product.url,
    )
    return SlateItem.objects.create(
        campaign=campaign,
        product=product,
        state="proposed",
        rate_bps=rate_bps,
        agreed_at=clock.now(),
        proposed_by=cast.chen,
    )


def clicked(cast, item, times):
    link = link_create(
        actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=item.product
    )
    for _n in range(times):
        cast.click(link=link)


def states(campaign):
    return dict(campaign.slate.values_list("product__external_id", "state"))


def test_the_best_of_each_category_join_and_the_others_wait(cast, ops, campaign, tea):
    high = propose(cast, campaign, "high", category=tea, rate_bps=3_000)
    propose(cast, campaign, "usual", category=tea)
    low = propose(cast, campaign, "low", category=tea, rate_bps=1_500)
    propose(cast, campaign, "plain")

    assert slate_pick(actor=ops, campaign=campaign) == Picked(joined=3, rejected=0, waiting=1)

    assert states(campaign) == {
        "high": "approved",
        "usual": "approved",
        "low": "proposed",
        "plain": "approved",
    }
    # The places are taken: nobody else joins until one is free.
    assert slate_pick(actor=ops, campaign=campaign) == Picked(0, 0, 1)
    SlateItem.objects.filter(pk=high.pk).delete()
    assert slate_pick(actor=ops, campaign=campaign).joined == 1
    low.refresh_from_db()
    assert (low.state, low.decided_by) == ("approved", ops)
    assert AuditEvent.objects.filter(verb="campaign.picked").count() == 3


def test_clicks_that_bring_nothing_cost_the_place(cast, ops, campaign, tea):
    for number in ("a", "b", "c"):
        item = propose(cast, campaign, number, category=tea)
        if number == "a":
            clicked(cast, item, 40)

    slate_pick(actor=ops, campaign=campaign)

    assert states(campaign) == {"a": "proposed", "b": "approved", "c": "approved"}


def test_what_something_speaks_against_is_rejected_with_it(cast, ops, campaign, tea):
    cast.shop.score_centi = 450
    cast.shop.save(update_fields=["score_centi"])
    item = propose(cast, campaign, "bad", category=tea)

    with override("en"):
        assert slate_pick(actor=ops, campaign=campaign) == Picked(0, 1, 0)

    item.refresh_from_db()
    assert (item.state, item.reason) == ("rejected", "Its rating is below 4.60 stars.")


def test_the_facts_are_those_of_the_last_30_days(cast, campaign):
    item = SlateItem.objects.create(campaign=campaign, product=cast.product, state="proposed")
    long_ago = clock.now() - timedelta(days=31)
    cast.click(at=long_ago)
    with clock.at(clock.now() - timedelta(days=2)):
        kept = cast.sold("A")  # 199.00 at 12 %: 19.34 for the affiliate
        cast.sold("B")
    cast.received("B", placed_at=clock.now() - timedelta(days=2), paid_at=clock.now())
    cast.refunded("199.00", "B")
    item = SlateItem.objects.select_related("campaign", "product__category", "product__shop").get()

    (facts,) = facts_of_items([item])

    assert (kept.net_minor, facts.refund_bps, facts.category_rate_bps) == (19_34, 5_000, 1_200)
    # Two orders of two clicks: 1.98 % for its category beside the usual 1 %, 2.95 % for itself.
    assert facts.conversion_bps == 295
    assert (facts.rating_centi, facts.stock, facts.best_bps) == (480, None, 1_200)


def test_facts_take_as_many_statements_for_30_products_as_for_one(
    cast, campaign, tea, django_assert_num_queries
):
    for number in range(30):
        propose(cast, campaign, f"many-{number}", category=tea)
    rows = campaign.slate.select_related("campaign", "product__category", "product__shop")
    few, many = list(rows[:1]), list(rows)

    with django_assert_num_queries(2):
        facts_of_items(few)
    with django_assert_num_queries(2):
        assert len(facts_of_items(many)) == 30


def test_other_kinds_do_not_pick_and_a_closed_campaign_picks_nothing(cast, ops, campaign, tea):
    item = propose(cast, campaign, "late", category=tea)
    with pytest.raises(Invalid):
        slate_pick(actor=ops, campaign=cast.campaign("leaderboard"))
    campaign.state, campaign.published_at = "closed", clock.now()
    campaign.closed_at = clock.now()
    campaign.save()

    with pytest.raises(WrongState):
        slate_pick(actor=ops, campaign=campaign)

    item.refresh_from_db()
    assert item.state == "proposed"
