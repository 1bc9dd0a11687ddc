"""Planning a campaign: drafts, clones, seasons, and what the merchant agreed to."""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, StaffRole
from campaigns.models import Campaign, CampaignState, CouponStock, Season, SlateItem, SlateState
from campaigns.services.campaigns import (
    campaign_agree,
    campaign_clone,
    campaign_describe,
    campaign_discard,
    campaign_edit,
    campaign_extend,
    campaign_make,
)
from campaigns.services.seasons import season_edit, season_make
from campaigns.services.stock import stock_make, stocks_plan
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOON = datetime(2026, 5, 20, 12, tzinfo=clock.ZONE)
JUNE_1 = datetime(2026, 6, 1, tzinfo=clock.ZONE)
JUNE_18 = datetime(2026, 6, 18, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(NOON - DAY):
        made = cast_make()
    with clock.at(NOON):
        yield made


@pytest.fixture
def ops(cast):
    return staff_make(StaffRole.OPS)


def draft(actor, **changes) -> Campaign:
    values = {
        "kind": "double_commission",
        "name": "Double June",
        "starts_at": JUNE_1,
        "ends_at": JUNE_18,
        "budget_minor": 500_000,
        **changes,
    }
    return campaign_make(actor=actor, **values)


def publish(campaign, state=CampaignState.LIVE) -> None:
    """As the services that move money leave it."""
    Campaign.objects.filter(pk=campaign.pk).update(state=state, published_at=clock.now())
    campaign.refresh_from_db()


def last(obj) -> AuditEvent:
    rows = AuditEvent.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))
    return rows.latest("pk")


def test_a_draft_has_the_defaults_of_its_rules_and_fifteen_days_to_confirm(cast, ops):
    made = draft(ops)

    assert made.state == CampaignState.DRAFT
    assert made.rules == {"multiple_bps": 20_000, "cap_minor": 2_000}
    assert made.confirm_until == JUNE_18 + 15 * DAY
    assert (made.sponsor, made.merchant_bps, made.currency) == ("platform", 0, "CNY")
    assert (last(made).verb, last(made).actor) == ("campaign.made", ops)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"kind": "lottery"}, "kind"),
        ({"ends_at": JUNE_1}, "ends_at"),
        ({"ends_at": None}, "ends_at"),
        ({"confirm_until": JUNE_1}, "confirm_until"),
        ({"enrol_from": JUNE_18, "enrol_until": JUNE_1}, "enrol_until"),
        ({"sponsor": "merchant"}, "merchant"),
        ({"sponsor": "affiliate"}, "host"),
        ({"sponsor": "lottery"}, "sponsor"),
        ({"budget_minor": -1}, "budget_minor"),
        ({"daily_minor": 0}, "daily_minor"),
        ({"pieces": 0}, "pieces"),
        ({"kinds": ["ka", "king"]}, "kinds"),
        ({"stacking_group": "x" * 25}, "stacking_group"),
        ({"rules": {"cap_minor": 0}}, "rules.cap_minor"),
        ({"rules": {"cap": 5}}, "rules.cap"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(cast, ops, changes, field):
    with pytest.raises(Invalid) as refusal:
        draft(ops, **changes)

    assert refusal.value.field == field
    assert not Campaign.objects.exists()


def test_both_pay_a_part_of_a_joint_budget(cast, ops):
    joint = {"sponsor": "joint", "merchant": cast.merchant}
    with pytest.raises(Invalid) as refusal:
        draft(ops, **joint, merchant_bps=10_000)
    assert refusal.value.field == "merchant_bps"

    assert draft(ops, **joint, merchant_bps=4_000).merchant_bps == 4_000
    # Who pays alone pays all of it, whatever was typed into the other field before.
    alone = draft(ops, sponsor="merchant", merchant=cast.merchant, merchant_bps=4_000)
    assert alone.merchant_bps == 10_000


def test_an_edit_says_what_changed(cast, ops):
    made = draft(ops)
    campaign_edit(actor=ops, campaign=made, budget_minor=900_000, rules={"multiple_bps": 30_000})

    assert made.budget_minor == 900_000
    assert made.rules == {"multiple_bps": 30_000, "cap_minor": 2_000}
    assert last(made).data["changes"] == {
        "budget_minor": [500_000, 900_000],
        "rules": [
            {"multiple_bps": 20_000, "cap_minor": 2_000},
            {"multiple_bps": 30_000, "cap_minor": 2_000},
        ],
    }


def test_an_edit_that_changes_nothing_leaves_no_trace(cast, ops):
    made = draft(ops)
    campaign_edit(actor=ops, campaign=made, rules={"multiple_bps": 20_000}, barred=[])

    assert last(made).verb == "campaign.made"


def test_affiliates_are_left_out_and_let_in_again(cast, ops):
    made = draft(ops, barred=[cast.affiliate])
    assert list(made.barred.all()) == [cast.affiliate]

    campaign_edit(actor=ops, campaign=made, barred=[])
    assert not made.barred.exists()
    assert last(made).data["changes"] == {"barred": [[cast.affiliate.pk], []]}


def test_what_is_published_is_not_edited(cast, ops):
    made = draft(ops)
    publish(made)
    with pytest.raises(WrongState):
        campaign_edit(actor=ops, campaign=made, budget_minor=900_000)
    with pytest.raises(WrongState):
        campaign_discard(actor=ops, campaign=made)

    made.refresh_from_db()
    assert made.budget_minor == 500_000


def test_words_change_at_any_time(cast, ops):
    made = draft(ops)
    publish(made)
    campaign_describe(actor=ops, campaign=made, name="Double it", about="Two for one.")

    made.refresh_from_db()
    assert (made.name, made.about) == ("Double it", "Two for one.")
    assert last(made).data["changes"]["name"] == ["Double June", "Double it"]
    with pytest.raises(Invalid):
        campaign_describe(actor=ops, campaign=made, name=" ", about="")


def test_a_later_end_takes_the_confirmation_along(cast, ops):
    made = draft(ops)
    publish(made)
    with pytest.raises(Invalid):
        campaign_extend(actor=ops, campaign=made, ends_at=JUNE_18)
    campaign_extend(actor=ops, campaign=made, ends_at=JUNE_18 + 2 * DAY)

    assert (made.ends_at, made.confirm_until) == (JUNE_18 + 2 * DAY, JUNE_18 + 17 * DAY)
    assert last(made).verb == "campaign.extended"


def test_what_is_over_or_lasts_a_fixed_time_is_not_drawn_out(cast, ops):
    over = draft(ops)
    fixed = draft(ops, kind="crazy_four_hours", ends_at=JUNE_1 + 4 * HOUR)
    for made, moment, refusal in (
        (over, JUNE_18, WrongState),  # the clock has not closed it yet
        (fixed, NOON, Invalid),
    ):
        publish(made)
        with clock.at(moment), pytest.raises(refusal):
            campaign_extend(actor=ops, campaign=made, ends_at=JUNE_18 + DAY)
        before = made.ends_at
        made.refresh_from_db()
        assert made.ends_at == before


def test_what_others_promised_for_its_time_is_not_drawn_out(cast, ops):
    paid = draft(ops, sponsor="merchant", merchant=cast.merchant)
    raised = draft(ops)
    SlateItem.objects.create(campaign=raised, product=cast.product, rate_bps=3_000)
    for made in (paid, raised):
        publish(made)
        with pytest.raises(WrongState):
            campaign_extend(actor=ops, campaign=made, ends_at=JUNE_18 + DAY)
        made.refresh_from_db()
        assert made.ends_at == JUNE_18


def test_a_clone_is_a_draft_with_all_dates_moved(cast, ops):
    made = draft(
        ops,
        enrol_from=JUNE_1 - 5 * DAY,
        enrol_until=JUNE_1,
        barred=[cast.affiliate],
        daily_minor=100_000,
        sponsor="merchant",
        merchant=cast.merchant,
    )
    campaign_agree(actor=cast.chen, campaign=made)
    SlateItem.objects.create(
        campaign=made, product=cast.product, rate_bps=3_000, agreed_at=clock.now()
    )
    publish(made)
    fresh = campaign_clone(actor=ops, campaign=made, name="Again", starts_at=JUNE_1 + 30 * DAY)

    assert fresh.pk != made.pk
    assert (fresh.state, fresh.published_at, fresh.agreed_at) == (CampaignState.DRAFT, None, None)
    assert (fresh.name, fresh.made_by, fresh.daily_minor) == ("Again", ops, 100_000)
    assert fresh.ends_at == JUNE_18 + 30 * DAY
    assert fresh.confirm_until == JUNE_18 + 45 * DAY
    assert (fresh.enrol_from, fresh.enrol_until) == (JUNE_1 + 25 * DAY, JUNE_1 + 30 * DAY)
    assert list(fresh.barred.all()) == [cast.affiliate]
    item = fresh.slate.get()
    # The raised rate comes along as a question: its merchant promised it for another time.
    assert (item.product, item.rate_bps, item.agreed_at) == (cast.product, 3_000, None)
    made.refresh_from_db()
    assert (made.name, made.state, made.slate.count()) == ("Double June", CampaignState.LIVE, 1)


def test_a_clone_of_one_that_is_over_begins_anew(cast, ops):
    made = draft(ops)
    publish(made)
    over = {"state": CampaignState.SETTLED, "closed_at": clock.now(), "returned_minor": 400_000}
    Campaign.objects.filter(pk=made.pk).update(**over, evaluated_at=clock.now())
    made.refresh_from_db()
    fresh = campaign_clone(actor=ops, campaign=made)

    fresh.refresh_from_db()
    # Else nobody would be paid what the clone's close earns them.
    assert (fresh.state, fresh.evaluated_at, fresh.returned_minor) == ("draft", None, 0)


def test_a_clone_leaves_out_what_was_rejected(cast, ops):
    made = draft(ops)
    SlateItem.objects.create(
        campaign=made, product=cast.product, state=SlateState.REJECTED, reason="too dear"
    )
    fresh = campaign_clone(actor=ops, campaign=made)

    assert not fresh.slate.exists()
    # Nobody said when: a week from now, at the time of day at which the first one starts.
    assert fresh.starts_at == datetime(2026, 5, 27, tzinfo=clock.ZONE)


def test_a_draft_nobody_wants_is_gone_and_remembered(cast, ops):
    made = draft(ops)
    SlateItem.objects.create(campaign=made, product=cast.product)
    key = made.pk
    campaign_discard(actor=ops, campaign=made)

    assert not Campaign.objects.exists()
    event = AuditEvent.objects.get(verb="campaign.discarded")
    assert (event.object_id, event.data["name"]) == (str(key), "Double June")


def test_a_draft_is_discarded_with_the_coupons_that_were_planned(cast, ops):
    made = draft(ops, kind="super_coupon")
    stock_make(actor=ops, campaign=made, size=10)
    campaign_discard(actor=ops, campaign=made)

    assert not Campaign.objects.exists()
    assert not CouponStock.objects.exists()


# --- The merchant's consent -----------------------------------------------------------------------


def test_only_the_merchants_team_agrees_to_what_the_merchant_pays(cast, ops):
    made = draft(ops, sponsor="joint", merchant=cast.merchant, merchant_bps=5_000)
    for stranger in (ops, user_make(), cast.lin):
        with pytest.raises(NotAllowed):
            campaign_agree(actor=stranger, campaign=made)
    assert made.waits_for_consent

    campaign_agree(actor=cast.chen, campaign=made)
    made.refresh_from_db()
    assert (made.agreed_at, made.waits_for_consent) == (clock.now(), False)
    with pytest.raises(WrongState):
        campaign_agree(actor=cast.chen, campaign=made)


def test_other_terms_are_asked_for_anew(cast, ops):
    made = draft(ops, sponsor="merchant", merchant=cast.merchant)
    campaign_agree(actor=cast.chen, campaign=made)
    campaign_edit(actor=ops, campaign=made, about="What the merchant pays is the same.")
    assert made.agreed_at is not None

    campaign_edit(actor=ops, campaign=made, budget_minor=500_001)
    assert made.agreed_at is None


@pytest.mark.parametrize(
    "changes",
    [{"all_products": True}, {"self_buying": True}, {"kinds": ["ka"]}, {"least_tier": 3}],
)
def test_whom_and_what_it_pays_for_is_a_part_of_what_was_agreed(cast, ops, changes):
    made = draft(ops, sponsor="merchant", merchant=cast.merchant)
    campaign_agree(actor=cast.chen, campaign=made)
    campaign_edit(actor=ops, campaign=made, **changes)

    assert made.agreed_at is None


def test_what_changed_since_it_was_read_is_not_agreed_to(cast, ops):
    made = draft(ops, sponsor="merchant", merchant=cast.merchant)
    seen = made.updated_at
    with clock.at(NOON + timedelta(minutes=1)):
        campaign_edit(actor=ops, campaign=made, budget_minor=5_000_000)
        with pytest.raises(WrongState):
            campaign_agree(actor=cast.chen, campaign=made, seen=seen)

    made.refresh_from_db()
    assert made.agreed_at is None


# --- Seasons --------------------------------------------------------------------------------------

PHASES = {
    "warm_up_from": JUNE_1 - 7 * DAY,
    "opening_from": JUNE_1,
    "main_from": JUNE_18 - 3 * DAY,
    "closing_from": JUNE_18 + DAY,
    "ends_at": JUNE_18 + 3 * DAY,
}


def test_a_season_has_its_phases_one_after_the_other(cast, ops):
    season = season_make(actor=ops, name=" 618 ", **PHASES)
    assert season.name == "618"
    assert last(season).verb == "season.made"

    season_edit(actor=ops, season=season, name="618", **{**PHASES, "ends_at": JUNE_18 + 4 * DAY})
    assert list(last(season).data["changes"]) == ["ends_at"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"opening_from": JUNE_1 - 8 * DAY}, "opening_from"),
        ({"ends_at": JUNE_18}, "ends_at"),
        ({"ends_at": JUNE_18 + DAY}, "ends_at"),
    ],
)
def test_phases_out_of_order_are_refused_at_their_field(cast, ops, changes, field):
    with pytest.raises(Invalid) as refusal:
        season_make(actor=ops, name="618", **{**PHASES, **changes})

    assert refusal.value.field == field
    assert not Season.objects.exists()


def test_planned_time_slots_follow_the_rules_and_the_time_of_a_draft(cast, ops):
    made = draft(ops, kind="freebie", ends_at=JUNE_1 + 2 * DAY, rules={"winners": 5})
    assert len(stocks_plan(actor=ops, campaign=made, product=cast.product)) == 4

    campaign_edit(actor=ops, campaign=made, ends_at=JUNE_1 + DAY)
    assert made.stocks.count() == 2
    slot = {"opens": "09:00", "minutes": 60}
    campaign_edit(actor=ops, campaign=made, rules={"mode": "draw", "winners": 3, "slots": [slot]})
    stock = made.stocks.get()
    assert (stock.opens_at, stock.closes_at) == (JUNE_1 + 9 * HOUR, JUNE_1 + 10 * HOUR)
    assert (stock.mode, stock.size, stock.product) == ("draw", 3, cast.product)


def test_only_rules_with_time_slots_are_planned_by_them_and_not_without_end(cast, ops):
    with pytest.raises(Invalid):
        stocks_plan(actor=ops, campaign=draft(ops, kind="super_coupon"))
    long = draft(ops, kind="freebie", ends_at=JUNE_1 + 251 * DAY)
    with pytest.raises(Invalid, match="at most 500"):
        stocks_plan(actor=ops, campaign=long)
    assert not CouponStock.objects.exists()
