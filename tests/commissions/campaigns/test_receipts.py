"""The receipt says which campaign raised what, added what, and what was cut and why."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Affiliate
from affiliates.services import affiliate_apply, relation_open
from alliance.kernel import clock
from alliance.kernel.money import cny
from campaigns.models import Claim, CouponStock, Grant, SlateItem
from campaigns.queries import grants_of
from commissions import receipts
from commissions.models import Commission
from commissions.verify import verify
from merchants.models import Shop
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
HOUR = timedelta(hours=1)


@pytest.fixture
def cast():
    """Lin is of the third tier and has agreed to 55 % of the commission."""
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    Affiliate.objects.filter(pk=made.affiliate.pk).update(share_bps=5500, tier=3)
    with clock.at(MAY):
        yield made
    assert [line for line in verify() if "claim" not in line] == []


def told(row):
    return {step.label: step.how for step in receipts.waterfall(row, grants_of(row.line_id)).steps}


def coupons(cast, **changes):
    """A published super coupon, and a coupon of it that somebody claimed on Lin's page."""
    campaign = cast.publish(cast.campaign("super_coupon", name="Super coupon"))
    stock = CouponStock.objects.create(
        campaign=campaign, size=1, faces=[5_00], total_minor=5_00, currency="CNY"
    )
    facts = {
        "code": "SUPERCOUPON22222", "slot": 1, "affiliate": cast.affiliate, "zone": cast.zone,
        "link": cast.link, "shop": cast.shop, "claimed_at": MAY - HOUR, "expires_at": MAY + HOUR,
    }  # fmt: skip
    return Claim.objects.create(
        stock=stock, campaign=campaign, face_minor=5_00, currency="CNY", buyer_key="b",
        day=MAY.date(), **{**facts, **changes},
    )  # fmt: skip


def test_a_coupon_raises_the_share_from_55_to_75_percent_and_the_receipt_names_it(cast):
    coupons(cast)
    row = cast.sold(coupon_code="SUPERCOUPON22222")

    # 23.88 × 75 % = 17.91, less 1.79; the alliance keeps 5.97 in place of 10.75.
    assert (row.share_bps, row.net, row.platform_minor) == (7500, cny("16.12"), 5_97)
    assert told(row)["Your share"].endswith(
        "“Super coupon” raised your share from 55% to 75%."
    )  # fmt: skip
    assert Grant.objects.get().why["by"] == "tier"


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": MAY - timedelta(seconds=1)},  # too late
        {"claimed_at": MAY + timedelta(seconds=1)},  # before the claim
        {"code": "SUPERCOUPON33333"},  # another code
        {"state": "entered", "slot": None},  # not drawn yet
        {"shop": "another"},
    ],
)
def test_a_coupon_that_is_not_good_raises_nothing(cast, changes):
    if "shop" in changes:
        changes = {
            "shop": Shop.objects.create(
                merchant=cast.merchant, name="Another shop", domains=["another.example"]
            )
        }
    coupons(cast, **changes)
    assert cast.sold(coupon_code="SUPERCOUPON22222").share_bps == 5500


def test_a_coupon_is_good_to_its_last_moment(cast):
    coupons(cast, expires_at=MAY)
    assert cast.sold(coupon_code="SUPERCOUPON22222").share_bps == 7500


def test_a_coupon_of_another_affiliate_raises_nothing(cast):
    wang = affiliate_apply(user=user_make(), kind="small", name="Wang")
    coupons(cast, affiliate=wang)
    assert cast.sold(coupon_code="SUPERCOUPON22222").share_bps == 5500


def test_what_is_added_has_the_name_of_its_campaign_and_what_was_cut_says_why(cast):
    campaign = cast.campaign(name="Double", budget_minor=15_00)
    cast.enrol(campaign)
    cast.publish(campaign)
    row = cast.sold()

    assert told(row)["Double"] == (
        "CN¥199.00 × 12% = CN¥23.88, "
        "at most CN¥15.00: cut to what was left of the campaign's budget"
    )


def test_a_raised_rate_is_told_beside_the_commission(cast):
    campaign = cast.campaign(
        "crazy_four_hours", name="Four hours", budget_minor=0, all_products=False,
        starts_at=MAY - HOUR, ends_at=MAY + 3 * HOUR,
    )  # fmt: skip
    with clock.at(MAY - HOUR):
        SlateItem.objects.create(
            campaign=campaign, product=cast.product, rate_bps=1800, agreed_at=clock.now()
        )
        cast.publish(campaign)

    assert told(cast.sold())["Commission"] == (
        "CN¥199.00 × 18% = CN¥35.82. “Four hours” raised the rate from 12% to 18%."
    )


def test_a_partner_sees_nothing_of_what_campaigns_add(cast):
    partner = affiliate_apply(user=user_make("wang@test.example"), kind="small", name="Wang")
    with clock.at(MAY - 2 * HOUR):
        relation_open(actor=cast.lin, affiliate=cast.affiliate, partner=partner, share_bps=3000)
    campaign = cast.campaign(name="Double")
    cast.enrol(campaign)
    cast.publish(campaign)
    coupons(cast)
    own = cast.sold(coupon_code="SUPERCOUPON22222")
    theirs = Commission.objects.standing().get(role="partner")

    # Of the 75 % the partner has its 30 still.
    assert (own.share_bps, own.publisher_minor, theirs.publisher_minor) == (7500, 10_75, 7_16)
    client = Client()
    client.force_login(partner.members.get().user)
    page = client.get(reverse("commissions:receipt", args=[theirs.pk])).content.decode()
    assert "Wang" in page or theirs.net.localized() in page
    assert "Double" not in page
    assert "Super coupon" not in page
    client.force_login(cast.lin)
    page = client.get(reverse("commissions:receipt", args=[own.pk])).content.decode()
    assert "Double" in page
    assert "raised your share from 25% to 45%" in page
