"""Taking a coupon: never more than there are, one per buyer and day, the same request once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import StaffRole
from campaigns import claims
from campaigns.models import Campaign, CampaignState, Claim, CouponStock, FreeSlot
from campaigns.services.stock import claims_expire, slots_sweep, stock_close, stock_make, stock_open
from tests.campaigns.claims.world import EVENING, campaign_make, rules_of, stock_of
from tests.cast import staff_make

pytestmark = pytest.mark.django_db(transaction=True)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def small(world, **changes) -> CouponStock:
    """A stock of three, of another campaign."""
    return stock_of(campaign_make(world.cast.product, **changes), size=3)


def test_a_claim_has_a_slot_a_code_a_face_and_an_end(world):
    taken = world.claim("ada")

    claim = Claim.objects.get()
    assert (taken.outcome, taken.code, taken.face_minor) == ("claimed", claim.code, 3000)
    assert len(claim.code) == 16
    assert claim.code.isalnum()
    assert (claim.slot, claim.state, claim.buyer_key) == (1, "held", "ada")
    assert (claim.link, claim.affiliate, claim.product) == (
        world.cast.link,
        world.cast.affiliate,
        world.cast.product,
    )
    assert (claim.claimed_at, claim.expires_at) == (EVENING, EVENING + DAY)
    assert claims.left_in(world.stock) == 99


def test_a_buyer_gets_one_a_day_and_is_shown_it_again(world):
    first = world.claim("ada")
    second = world.claim("ada")

    assert (second.outcome, second.code) == ("again", first.code)
    assert Claim.objects.count() == 1
    assert claims.left_in(world.stock) == 99
    with clock.at(EVENING + 4 * HOUR):  # past midnight
        assert world.claim("ada").outcome == "claimed"
    assert Claim.objects.count() == 2


def test_one_a_day_holds_over_all_stocks_of_the_campaign(world):
    other = stock_of(world.campaign, size=5)
    first = world.claim("ada")

    assert world.claim("ada", stock=other).code == first.code
    assert claims.left_in(other) == 5


def test_the_same_request_is_one_claim_even_past_midnight(world):
    first = world.claim("ada", request="r1")
    with clock.at(EVENING + 5 * HOUR):
        again = world.claim("ada", request="r1")

    assert (again.outcome, again.code) == ("again", first.code)
    assert Claim.objects.count() == 1
    assert list(FreeSlot.objects.values_list("slot", flat=True)) == [2]  # given out, and back
    assert claims.left_in(world.stock) == 99


def test_a_request_of_somebody_else_is_told_nothing(world):
    world.claim("ada", request="r1")
    taken = world.claim("eve", request="r1")

    assert (taken.outcome, taken.code, taken.face_minor) == ("unknown", "", 0)
    assert Claim.objects.count() == 1


def test_the_last_one_is_the_last_one(world):
    stock = small(world)
    outcomes = [world.claim(stock=stock).outcome for _ in range(5)]

    assert outcomes == ["claimed"] * 3 + ["sold_out"] * 2
    assert sorted(Claim.objects.values_list("slot", flat=True)) == [1, 2, 3]
    assert claims.left_in(stock) == 0


def test_faces_follow_the_wheel(world):
    stock = small(world, rules=rules_of((500, 2), (2000, 1)))
    faces = [world.claim(stock=stock).face_minor for _ in range(3)]

    assert sorted(faces) == [500, 500, 2000]
    assert faces == stock.faces
    assert stock.total_minor == sum(faces)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"state": CampaignState.PAUSED}, "paused"),
        ({"state": CampaignState.CLOSED, "closed_at": EVENING}, "ended"),
        ({"starts_at": EVENING + MINUTE}, "early"),
        ({"ends_at": EVENING}, "ended"),
    ],
)
def test_no_claim_outside_of_the_campaign(world, change, outcome):
    Campaign.objects.filter(pk=world.campaign.pk).update(**change)

    assert world.claim().outcome == outcome
    assert not Claim.objects.exists()
    assert claims.left_in(world.stock) == 100


def test_a_scheduled_campaign_begins_by_the_clock(world):
    begins = EVENING + MINUTE
    Campaign.objects.filter(pk=world.campaign.pk).update(state="scheduled", starts_at=begins)

    assert world.claim().outcome == "early"
    with clock.at(begins):
        assert world.claim().outcome == "claimed"


def test_a_later_batch_begins_at_its_own_time(world):
    stock = stock_of(world.campaign, size=5, opens_at=EVENING + HOUR)

    assert world.claim(stock=stock).outcome == "early"
    with clock.at(EVENING + HOUR):
        assert world.claim(stock=stock).outcome == "claimed"


def test_a_coupon_ends_with_its_campaign(world):
    with clock.at(EVENING + 2 * DAY):  # four hours before the end
        taken = world.claim()
    assert taken.expires_at == EVENING - 20 * HOUR + 3 * DAY


def voucher(**rules) -> dict[str, object]:
    return {"title": "红包", "face_minor": 500, "count": 3, **rules}


def test_at_most_so_many_for_one_buyer_in_all(world):
    stock = small(world, kind="gift_voucher", rules=voucher(per_buyer=2))
    outcomes = []
    for day in range(3):
        with clock.at(EVENING - 19 * HOUR + day * DAY):
            outcomes.append(world.claim("ada", stock=stock).outcome)

    assert outcomes == ["claimed", "claimed", "enough"]


def test_a_free_order_once_in_thirty_days(world):
    stock = small(world, kind="freebie", rules={"most_price_minor": 9900})
    first = world.claim("ada", stock=stock)
    with clock.at(EVENING + DAY):
        assert world.claim("ada", stock=stock).outcome == "enough"

    assert first.face_minor == 9900


def test_an_unused_coupon_goes_back_an_hour_after_its_end(world):
    stock = small(world)
    for _ in range(3):
        world.claim(stock=stock)

    with clock.at(EVENING + DAY + 59 * MINUTE):
        assert claims_expire() == 0
        assert world.claim(stock=stock).outcome == "sold_out"
    with clock.at(EVENING + DAY + 61 * MINUTE):
        assert claims_expire() == 3
        assert claims_expire() == 0
        assert claims.left_in(stock) == 3
        outcomes = [world.claim(stock=stock).outcome for _ in range(4)]
    assert outcomes == ["claimed"] * 3 + ["sold_out"]
    assert Claim.objects.filter(state="held").count() == 3
    assert Claim.objects.filter(state="expired").count() == 3


def test_what_goes_back_to_a_closed_stock_is_not_offered(world):
    stock = small(world)
    world.claim(stock=stock)
    stock_close(stock=stock)

    with clock.at(EVENING + 2 * DAY):
        assert claims_expire() == 1
        assert world.claim(stock=stock).outcome == "ended"
    assert not FreeSlot.objects.exists()


def test_a_slot_lost_by_an_aborted_transaction_is_swept_up(world):
    stock = small(world)
    with transaction.atomic():
        world.claim(stock=stock)
        transaction.set_rollback(True)
    assert world.claim(stock=stock).outcome == "claimed"
    assert claims.left_in(stock) == 1

    assert slots_sweep() == 0  # what was given out a moment ago may still be on its way
    with clock.at(EVENING + 29 * timedelta(seconds=1)):
        assert slots_sweep() == 0
    with clock.at(EVENING + MINUTE):
        assert slots_sweep() == 1
        assert [world.claim(stock=stock).outcome for _ in range(3)] == [
            "claimed", "claimed", "sold_out",
        ]  # fmt: skip
    assert sorted(Claim.objects.values_list("slot", flat=True)) == [1, 2, 3]


def test_a_slot_swept_too_early_is_not_sold_twice(world):
    stock = small(world)
    for _ in range(2):
        world.claim(stock=stock)
    FreeSlot.objects.create(stock=stock, slot=1)

    assert [world.claim(stock=stock).outcome for _ in range(2)] == ["claimed", "sold_out"]
    assert sorted(Claim.objects.values_list("slot", flat=True)) == [1, 2, 3]


def test_the_database_refuses_a_slot_twice(world):
    world.claim()
    one = Claim.objects.get()
    one.pk, one.code, one.buyer_key = None, "OTHER", "other"

    with pytest.raises(IntegrityError, match="claim_slot_once"), transaction.atomic():
        one.save()


def test_a_draft_is_not_claimed_and_opens_once(world):
    actor = staff_make(StaffRole.OPS)
    stock = stock_make(actor=actor, campaign=world.campaign, size=5)

    assert world.claim(stock=stock).outcome == "ended"
    stock_open(stock=stock)
    assert (stock.state, stock.set_aside_minor) == ("open", 15_000)
    with pytest.raises(WrongState):
        stock_open(stock=stock)
    assert stock_close(stock=stock)
    assert not stock_close(stock=stock)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"size": 0}, "size"),
        ({"opens_at": EVENING + 9 * DAY}, "opens_at"),
        ({"opens_at": EVENING, "closes_at": EVENING}, "opens_at"),
        ({"mode": "draw"}, "closes_at"),
    ],
)
def test_stock_that_makes_no_sense_is_not_made(world, change, field):
    facts = {"size": 5, **change}
    with pytest.raises(Invalid) as refused:
        stock_make(actor=staff_make(StaffRole.OPS), campaign=world.campaign, **facts)

    assert refused.value.field == field
    assert CouponStock.objects.count() == 1


def test_a_campaign_without_coupons_has_no_stock(world):
    doubling = campaign_make(kind="double_commission", rules={})
    with pytest.raises(Invalid):
        stock_of(doubling)
