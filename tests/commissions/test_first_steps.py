"""A merchant's first steps: read from what is there, said in words, put away when all is there."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import ApiKey, AuditEvent, MemberRole
from alliance.kernel.money import cny
from campaigns.models import SlateItem
from commissions.first_steps import first_steps_of
from commissions.services import wallets
from merchants.models import MerchantMember, Product, Shop
from merchants.services.merchants import merchant_apply, merchant_approve
from merchants.services.orders import OrderReport, orders_record
from merchants.services.plans import plan_open
from merchants.services.products import ProductData, product_save
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
HOME, STEPS, HIDE = "/merchant/", "/merchant/first-steps/", "/merchant/first-steps/hide/"


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        yield made


@pytest.fixture
def fresh(cast):
    """A merchant that has just applied, and its owner."""
    owner = user_make("owner@fresh.example")
    return merchant_apply(
        user=owner, name="Fresh", shop_name="Fresh", domains=["fresh.example"]
    ), owner


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def standing(merchant):
    """How each step stands: done, what is said; and the name of the next."""
    steps = first_steps_of(merchant)
    return {step.name: (step.done, step.said) for step in steps.steps}, steps


def test_from_the_application_to_the_first_campaign(cast, fresh):
    merchant, owner = fresh
    shop = Shop.objects.get(merchant=merchant)
    said, steps = standing(merchant)
    assert [done for done, _words in said.values()] == [False] * 6
    assert "a person checks that fresh.example is yours" in said["shop"][1]
    assert steps.next.name == "products"  # the first is for others to do

    product = product_save(
        shop=shop,
        data=ProductData("P1", "Tea", "https://fresh.example/1", 100_00),
        actor=owner,
    )
    said, steps = standing(merchant)
    assert said["products"] == (True, "1 product is on sale, 0 can be promoted now.")
    assert steps.next.name == "plan"

    merchant_approve(merchant=merchant, actor=cast.finance)
    plan_open(merchant=merchant, name="General", rate_bps=1250, actor=owner)
    said, steps = standing(merchant)
    assert said["shop"] == (True, "Checked. Buyers are only ever sent to fresh.example.")
    assert said["plan"] == (True, "“General” pays 12.5% for the whole shop.")
    assert said["products"][1] == "1 product is on sale, 1 can be promoted now."
    assert steps.next.name == "orders"

    key, _token = api_key_issue(
        actor=owner, organisation=f"merchant:{merchant.pk}", name="Web", scopes=["orders:write"]
    )
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=clock.now() - timedelta(hours=2))
    said, _steps = standing(merchant)
    assert said["orders"] == (False, "Your key “Web” was used 2 hours ago, but no order was taken.")
    report = OrderReport(
        external_id="F1",
        state="placed",
        currency="CNY",
        placed_at=clock.now() - timedelta(hours=1),
        reported_at=clock.now(),
        lines=(cast.report("F1").lines[0],),
    )
    (outcome,) = orders_record(shop=shop, reports=[report])
    assert outcome.change == "created"
    said, steps = standing(merchant)
    assert said["orders"] == (True, "The latest order was placed 1 hour ago: F1.")
    assert steps.next.name == "wallet"

    top_up = wallets.top_up_announce(actor=owner, merchant=merchant, amount=cny("500.00"))
    said, steps = standing(merchant)
    assert not said["wallet"][0]
    assert cny("500.00").localized() in said["wallet"][1]
    assert steps.next.name == "campaign"  # our bank's turn
    assert not steps.ready
    wallets.top_up_receive(actor=cast.finance, top_up=top_up)
    said, steps = standing(merchant)
    assert (said["wallet"][0], steps.ready, steps.over) == (True, True, False)

    campaign = cast.campaign()
    SlateItem.objects.create(campaign=campaign, product=product)
    said, steps = standing(merchant)
    assert said["campaign"] == (True, "You are in “618”.")
    assert steps.over


def test_a_wallet_below_its_warning_is_not_ready_until_something_was_booked(cast):
    cast.merchant.low_balance_minor = 10_001_00
    cast.merchant.save(update_fields=["low_balance_minor"])
    left, below = cny("10000.00").localized(), cny("10001.00").localized()
    said, _steps = standing(cast.merchant)
    words = f"{left} are left, less than the {below} where your warning begins."
    assert said["wallet"] == (False, words)
    cast.sold()
    said, _steps = standing(cast.merchant)
    assert said["wallet"][0]  # from now on that is an alarm, and no first step


def test_home_shows_them_until_they_are_put_away(cast, fresh):
    merchant, owner = fresh
    chen, newcomer = signed_in(cast.chen), signed_in(owner)
    assert newcomer.get(HOME).context["steps"].next.name == "products"

    refused = newcomer.post(HIDE)
    merchant.refresh_from_db()
    assert (refused.status_code, merchant.first_steps_hidden_at) == (409, None)

    cast.sold()
    page = chen.get(HOME)
    assert page.context["steps"].ready
    assert reverse("commissions:first_steps_hide") in page.content.decode()
    assert chen.post(HIDE)["Location"] == HOME
    assert chen.get(HOME).context["steps"] is None
    assert chen.get(STEPS).context["steps"].ready  # still to be found
    event = AuditEvent.objects.get(verb="merchant.first_steps_hidden")
    assert (event.object_id, event.actor) == (str(cast.merchant.pk), cast.chen)


def test_who_may_only_look_gets_no_buttons(cast, fresh):
    merchant, _owner = fresh
    viewer = user_make()
    MerchantMember.objects.create(merchant=merchant, user=viewer, role=MemberRole.VIEWER)
    client = signed_in(viewer)

    assert "Bring products</a>" not in client.get(STEPS).content.decode()
    assert client.post(HIDE).status_code == 403


def test_htmx_gets_the_steps_alone_which_ask_again(cast, fresh):
    _merchant, owner = fresh
    part = signed_in(owner).get(STEPS, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'hx-trigger="every 10s"' in part


def test_withdrawn_products_do_not_count(cast):
    Product.objects.update(state="withdrawn")
    said, steps = standing(cast.merchant)
    assert not said["products"][0]
    assert steps.next.name == "products"
