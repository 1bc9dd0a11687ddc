"""What merchants propose for campaigns, and who decides."""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import Notification, StaffRole
from alliance.kernel.notice_kinds import words_of
from alliance.kernel.notices import TOGETHER
from campaigns import queries
from campaigns.models import Campaign, CampaignState, SlateItem, SlateState
from campaigns.services.campaigns import campaign_clone, campaign_make
from campaigns.services.slates import (
    slate_add,
    slate_agree,
    slate_decide,
    slate_propose,
    slate_withdraw,
)
from merchants.models import MerchantMember, Product
from merchants.services.merchants import merchant_apply, merchant_approve
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
NOON = datetime(2026, 5, 20, 12, tzinfo=clock.ZONE)
PROPOSALS = "super_u"


@pytest.fixture
def cast():
    with clock.at(NOON - DAY):
        made = cast_make()
    with clock.at(NOON):
        yield made


@pytest.fixture
def ops(cast):
    return staff_make(StaffRole.OPS)


def make(ops, **changes) -> Campaign:
    values = {
        "kind": "double_commission",
        "name": "Double June",
        "starts_at": NOON + 10 * DAY,
        "ends_at": NOON + 20 * DAY,
        **changes,
    }
    return campaign_make(actor=ops, **values)


def on_slate(campaign) -> set[str]:
    rows = campaign.slate.filter(state=SlateState.APPROVED)
    return set(rows.values_list("product__external_id", flat=True))


@pytest.fixture
def called(ops) -> Campaign:
    """A draft for which merchants are asked to propose products."""
    return make(ops, kind=PROPOSALS, enrol_from=NOON - DAY, enrol_until=NOON + DAY)


def test_a_merchant_proposes_and_operations_take_it(cast, ops, called):
    item = slate_propose(
        actor=cast.chen, campaign=called, product=cast.product, rate_bps=3_000, price_minor=15_900
    )
    assert (item.state, item.agreed_at, item.proposed_by) == ("proposed", NOON, cast.chen)
    assert on_slate(called) == set()

    slate_decide(actor=ops, item=item, accept=True)
    item.refresh_from_db()
    assert (item.state, item.decided_by, item.rate_bps) == ("approved", ops, 3_000)
    with pytest.raises(WrongState):
        slate_decide(actor=ops, item=item, accept=False, reason="too late")
    with pytest.raises(WrongState):
        slate_propose(actor=cast.chen, campaign=called, product=cast.product)


def test_who_belongs_to_the_merchant_does_not_decide_on_its_proposal(cast, ops, called):
    item = slate_propose(actor=cast.chen, campaign=called, product=cast.product)
    MerchantMember.objects.create(merchant=cast.merchant, user=ops)
    for accept in (True, False):
        with pytest.raises(NotAllowed):
            slate_decide(actor=ops, item=item, accept=accept, reason="we are the best")
    item.refresh_from_db()
    assert (item.state, item.decided_by) == ("proposed", None)

    assert slate_add(actor=ops, campaign=make(ops), products=[cast.product.pk]) == 0


def test_a_rejection_has_a_reason_and_another_proposal_is_welcome(cast, ops, called):
    item = slate_propose(actor=cast.chen, campaign=called, product=cast.product)
    with pytest.raises(Invalid):
        slate_decide(actor=ops, item=item, accept=False)
    slate_decide(actor=ops, item=item, accept=False, reason="30 % at least")
    item.refresh_from_db()
    assert (item.state, item.reason) == ("rejected", "30 % at least")

    again = slate_propose(actor=cast.chen, campaign=called, product=cast.product, rate_bps=3_000)
    assert (again.pk, again.state, again.reason, again.rate_bps) == (item.pk, "proposed", "", 3_000)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"rate_bps": 100}, "rate"),
        ({"rate_bps": 9_001}, "rate"),
        ({"rate_bps": 1_100}, "rate"),
        ({"service_bps": 9_001}, "service"),
        ({"price_minor": 19_901}, "price"),
        ({"price_minor": 0}, "price"),
    ],
)
def test_a_promise_lies_within_bounds_and_lowers_nothing(cast, called, terms, field):
    Product.objects.filter(pk=cast.product.pk).update(rate_bps=1_200)
    cast.product.refresh_from_db()
    with pytest.raises(Invalid) as refusal:
        slate_propose(actor=cast.chen, campaign=called, product=cast.product, **terms)

    assert refusal.value.field == field
    assert not SlateItem.objects.exists()


def test_nobody_proposes_anothers_product(cast, ops, called):
    for stranger in (ops, cast.lin, user_make()):
        with pytest.raises(NotAllowed):
            slate_propose(actor=stranger, campaign=called, product=cast.product)
    assert not SlateItem.objects.exists()


def test_a_proposal_is_taken_back_until_it_is_decided(cast, ops, called):
    item = slate_propose(actor=cast.chen, campaign=called, product=cast.product)
    with pytest.raises(NotAllowed):
        slate_withdraw(actor=cast.lin, item=item)
    slate_withdraw(actor=cast.chen, item=item)
    assert not SlateItem.objects.exists()

    item = slate_propose(actor=cast.chen, campaign=called, product=cast.product)
    slate_decide(actor=ops, item=item, accept=True)
    with pytest.raises(WrongState):
        slate_withdraw(actor=cast.chen, item=item)
    assert on_slate(called) == {"P1"}


@pytest.mark.parametrize(
    ("changes", "open_"),
    [
        ({}, True),
        ({"enrol_from": None}, False),  # a draft that calls for nothing
        ({"enrol_from": None, "state": CampaignState.LIVE}, True),
        ({"enrol_from": NOON + DAY, "enrol_until": None}, False),
        ({"enrol_until": NOON}, False),
        ({"enrol_until": None}, True),
        ({"state": CampaignState.CLOSED, "closed_at": NOON}, False),
        ({"kind": "double_commission"}, False),
        ({"currency": "EUR"}, False),
    ],
)
def test_the_list_of_calls_and_the_service_agree(cast, called, changes, open_):
    if "state" in changes:
        changes = {**changes, "published_at": NOON}
    Campaign.objects.update(**changes)
    called.refresh_from_db()

    assert queries.campaigns_open_to(cast.merchant).exists() == open_
    if open_:
        slate_propose(actor=cast.chen, campaign=called, product=cast.product)
    else:
        with pytest.raises((WrongState, Invalid)):
            slate_propose(actor=cast.chen, campaign=called, product=cast.product)


def test_a_campaign_of_another_merchant_takes_no_proposal(cast, ops, called):
    other = merchant_apply(
        user=user_make(), name="Other", shop_name="Other", domains=["other.example"]
    )
    merchant_approve(merchant=other, actor=ops)
    Campaign.objects.update(merchant=other)
    called.refresh_from_db()

    assert not queries.campaigns_open_to(cast.merchant).exists()
    with pytest.raises(WrongState):
        slate_propose(actor=cast.chen, campaign=called, product=cast.product)


def test_the_rates_of_a_clone_count_from_the_merchants_word_on(cast, ops, called):
    item = slate_propose(actor=cast.chen, campaign=called, product=cast.product, rate_bps=3_000)
    slate_decide(actor=ops, item=item, accept=True)
    assert not queries.slate_items_to_agree(cast.merchant).exists()

    fresh = campaign_clone(actor=ops, campaign=called)
    asked = queries.slate_items_to_agree(cast.merchant)
    assert [(one.campaign, one.rate_bps) for one in asked] == [(fresh, 3_000)]
    with pytest.raises(NotAllowed):
        slate_agree(actor=cast.lin, items=asked)
    assert slate_agree(actor=cast.chen, items=asked) == 1
    assert fresh.slate.get().agreed_at == NOON
    with pytest.raises(WrongState):
        slate_agree(actor=cast.chen, items=asked.all())


def test_what_is_decided_within_minutes_is_told_in_one(cast, ops, called):
    """Thirty answers are not thirty mails: those of one kind join, and the mail waits for them."""
    for number in range(2, 6):
        Product.objects.create(
            shop=cast.shop, external_id=f"P{number}", title=f"茶 {number}", price_minor=10_000,
            currency="CNY",
        )  # fmt: skip
    proposed = [
        slate_propose(actor=cast.chen, campaign=called, product=product, rate_bps=3_000)
        for product in cast.shop.products.order_by("external_id")
    ]
    for item in proposed[:2]:
        slate_decide(actor=ops, item=item, accept=True)
    for item, reason in zip(proposed[2:4], ("too dear", "no stock"), strict=True):
        slate_decide(actor=ops, item=item, accept=False, reason=reason)
    told = list(Notification.objects.filter(kind__startswith="proposal.").order_by("pk"))

    assert [words_of(one) for one in told] == [
        ("2 products are in the campaign Double June", "保温杯 500ml\n茶 2"),
        ("2 products are not taken into Double June", "茶 3: too dear\n茶 4: no stock"),
    ]
    assert {one.mail_at - one.created_at for one in told} == {TOGETHER}
    with clock.at(NOON + TOGETHER):
        slate_decide(actor=ops, item=proposed[4], accept=True)
    latest = Notification.objects.latest("pk")
    assert words_of(latest) == ("茶 5 is in the campaign Double June", "")
