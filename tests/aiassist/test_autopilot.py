"""The autopilot as a merchant uses it: signed, looking at night, suggesting or acting, stopped."""

import copy
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from affiliates.models import PlanMember
from affiliates.promised import promised
from aiassist.models import (
    Autopilot,
    AutopilotDecision,
    AutopilotMode,
    AutopilotNight,
    AutopilotPolicy,
    DecisionState,
    GroupKind,
    KeptPlan,
)
from aiassist.services.autopilot.decisions import (
    decision_apply,
    decision_roll_back,
    suggestions_accept,
)
from aiassist.services.autopilot.kept import Holder, rate_set
from aiassist.services.autopilot.policies import Limits, policy_sign
from aiassist.tasks import autopilot_night, autopilots_wake
from alliance.kernel import clock
from alliance.kernel.errors import NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, Notification
from commissions.models import Commission
from commissions.verify import verify
from merchants.models import Category, MerchantMember, Plan
from merchants.services.locks import rate_lock
from merchants.services.merchants import merchant_apply
from tests.aiassist.trading import DAY, NOON, WEEKS, Trade, night, signed, trade_make, wish
from tests.cast import user_make

ACT = AutopilotMode.ACT
HOME = "/merchant/autopilot/"


@pytest.fixture(scope="module")
def made(one_world) -> Trade:
    trade = trade_make()
    with clock.at(NOON):
        trade.sell(NOON - WEEKS * DAY, WEEKS, {"A": 2, "B": 1, "C": 1, "D": 1})
        trade.sell(NOON - 20 * DAY, 10, {"E": 1})  # brings little: told by its tier
    return trade


@pytest.fixture
def trade(made, db) -> Trade:
    with clock.at(NOON):
        yield copy.deepcopy(made)


def rate_for(trade: Trade, name: str, at=None) -> int:
    """What the affiliate's link to the product earns."""
    product = trade.cast.product
    return promised([product], trade.affiliate(name).pk, at or clock.now())[product.pk].rate_bps


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def form(**changes) -> dict:
    return {
        "mode": "suggest",
        "roi_target": "7",
        "roi_floor": "4",
        "budget_day": "20000",
        "budget": "600000",
        "ends_on": "2026-08-01",
        "held_out": "0",
        "shop_least": "8",
        "shop_most": "20",
        **changes,
    }


def test_signed_suggested_accepted_sold_rolled_back(
    trade, client, django_capture_on_commit_callbacks
):
    cast = trade.cast
    client.force_login(cast.chen)
    assert "What it never does" in text(client.get(HOME))

    look = text(client.post(HOME + "sign/", form(look="1")))
    assert "What it would do tonight" in look
    assert "up to" in look
    assert not AutopilotPolicy.objects.exists()  # nothing of the look is kept

    client.post(HOME + "sign/", form())
    autopilot = Autopilot.objects.get()
    assert autopilot.policy.signed_by == cast.chen
    assert "coming night" in text(client.get(HOME))

    autopilots_wake.apply()
    autopilot_night(autopilot.pk)
    autopilot_night(autopilot.pk)  # the broker delivers it again
    assert AutopilotNight.objects.count() == 1
    waiting = AutopilotDecision.objects.filter(state=DecisionState.SUGGESTED)
    row = waiting.filter(affiliate__isnull=False).order_by("pk")[0]
    name = next(n for n in "ABCD" if trade.affiliate(n).pk == row.affiliate_id)
    assert 1_200 < row.to_bps <= 1_400  # two points a day at most
    assert rate_for(trade, name) == 1_200  # a suggestion promises nothing
    assert Notification.objects.filter(kind="autopilot.suggests", user=cast.chen).exists()

    page = text(client.get(HOME))
    assert row.affiliate.name in page
    assert "From 12% up to" in page
    client.post(HOME + "decide/", {"decision": [row.pk], "answer": "accept"})
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (DecisionState.DONE, cast.chen)
    assert rate_for(trade, name) == row.to_bps  # a raise counts at once
    others = [n for n in "ABCD" if n != name]
    assert {rate_for(trade, other) for other in others} == {1_200}
    assert not Plan.objects.filter(by_autopilot=False, kind="ZX").exists()
    plans = text(client.get("/merchant/plans/"))
    assert "in 1 plan of its own" in plans
    assert row.affiliate.name not in plans.split("Every announcement")[0]

    with clock.at(NOON + timedelta(hours=3)):
        trade.sell(clock.now(), 1, {name: 1})
        sold = Commission.objects.filter(role="affiliate").latest("pk")
        assert sold.rate_bps == row.to_bps
        client.post(HOME + f"decisions/{row.pk}/roll-back/")
        row.refresh_from_db()
        assert row.state == DecisionState.ROLLED_BACK
        assert rate_for(trade, name) == row.to_bps  # promised for today
    with clock.at(NOON + DAY):
        assert rate_for(trade, name) == 1_200
        second = night(autopilot)
        assert not second.decisions.filter(affiliate=row.affiliate).exists()  # left alone
        assert "Rolled back" in text(client.get(HOME))
        assert text(client.get(HOME + "decisions/"))
        assert verify() == []


def test_acting_it_changes_rates_by_itself_and_the_kill_switch_ends_them(trade, client):
    client.force_login(trade.cast.chen)
    autopilot = signed(trade, mode=ACT)
    found = night(autopilot)
    done = found.decisions.filter(state=DecisionState.DONE)
    assert done.exists()
    assert not found.decisions.exclude(state__in=[DecisionState.DONE]).exists()
    assert {row.decided_by for row in done} == {None}
    name = next(n for n in "ABCD" if done.filter(affiliate=trade.affiliate(n)).exists())
    assert rate_for(trade, name) > 1_200

    client.post(HOME + "stop/")
    assert rate_for(trade, name) > 1_200  # what was promised today holds
    assert rate_for(trade, name, NOON + DAY) == 1_200  # then the merchant's own
    assert not KeptPlan.objects.filter(ended_at=None).exists()
    assert "Your own rates count." in text(client.get(HOME))
    with clock.at(NOON + DAY):
        autopilot_night(autopilot.pk)
    assert AutopilotNight.objects.count() == 1
    assert client.post(HOME + "resume/").status_code == 409
    autopilot.refresh_from_db()
    assert autopilot.state == "stopped"
    again = signed(trade, mode=ACT)
    assert (again.pk, again.policy.version, again.state) == (autopilot.pk, 2, "running")


@pytest.mark.parametrize("why", ["floor", "budget", "ended", "signer", "merchant"])
def test_it_stops_itself_and_says_so(trade, why):
    changes = {
        "floor": {"roi_target_centi": 1_200, "roi_floor_centi": 1_100},  # 12 % bring 8.33
        "budget": {"budget_minor": 1_000_00, "budget_day_minor": 1_000_00},
    }.get(why, {})
    autopilot = signed(trade, mode=ACT, **changes)
    rate_set(
        autopilot=autopilot,
        holder=Holder(affiliate=trade.affiliate("A").pk),
        group=autopilot.policy.groups.get(),
        rate_bps=1_300,
        actor=trade.cast.chen,
    )
    other = user_make()
    MerchantMember.objects.create(merchant=trade.cast.merchant, user=other, role="owner")
    Autopilot.objects.update(began_on=clock.business_day() - WEEKS * DAY)
    late = NOON
    if why == "ended":
        with clock.at(NOON + 60 * DAY):  # its last day is one of its days
            assert night(autopilot).outcome != "stopped"
        late = NOON + 61 * DAY
    elif why == "signer":
        MerchantMember.objects.filter(user=trade.cast.chen).delete()
    elif why == "merchant":
        type(trade.cast.merchant).objects.update(state="frozen")
    with clock.at(late):
        assert night(autopilot).outcome == "stopped"
    assert (autopilot.state, autopilot.reason) == ("stopped", why)
    assert rate_for(trade, "A", late + DAY) == 1_200
    assert Notification.objects.filter(kind="autopilot.stopped", user=other).exists()
    assert AuditEvent.objects.get(verb="autopilot.stopped").actor is None


def test_with_little_to_learn_from_nothing_is_changed(trade, client):
    with clock.at(NOON - (WEEKS + 1) * DAY):  # nobody has clicked yet
        assert night(signed(trade, mode=ACT)).outcome == "frozen"
    with clock.at(NOON - (WEEKS - 5) * DAY):
        found = night(signed(trade, mode=ACT))
        assert (found.outcome, found.decisions.count()) == ("frozen", 0)
        client.force_login(trade.cast.chen)
        assert "Too few orders to learn from so far: 25." in text(client.get(HOME))
        look = text(client.post(HOME + "sign/", form(look="1")))
        assert "Too few orders to learn from so far: 25." in look


def test_who_is_pinned_is_not_touched_by_anything(trade):
    pinned = trade.affiliate("A")
    autopilot = signed(trade, mode=ACT)
    rate_set(
        autopilot=autopilot,
        holder=Holder(affiliate=pinned.pk),
        group=autopilot.policy.groups.get(),
        rate_bps=1_300,
        actor=trade.cast.chen,
    )
    autopilot = signed(trade, mode=ACT, pinned=[pinned])
    assert rate_for(trade, "A", NOON + DAY) == 1_200  # what it had ends
    found = night(autopilot)
    assert found.decisions.exists()
    assert not found.decisions.filter(affiliate=pinned).exists()
    plain = {"night": found, "group": autopilot.policy.groups.get(), "from_bps": 0, "own_bps": 0}
    for wrong in (
        {"affiliate": pinned, "to_bps": 1_300},
        {"affiliate": trade.cast.affiliate, "to_bps": 2_001},
        {"affiliate": trade.cast.affiliate, "to_bps": 799},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            AutopilotDecision.objects.create(**plain, **wrong)


def test_a_locked_rate_is_not_cut_and_the_decision_says_why(trade):
    autopilot = signed(trade, mode=ACT)
    group, holder = autopilot.policy.groups.get(), Holder(affiliate=trade.affiliate("A").pk)
    actor = trade.cast.chen
    rate_set(autopilot=autopilot, holder=holder, group=group, rate_bps=1_600, actor=actor)
    plan = KeptPlan.objects.get().plan
    found = night(autopilot)
    rate_lock(plan=plan, until=NOON + 9 * DAY, actor=actor)
    later = AutopilotNight.objects.create(
        autopilot=autopilot,
        policy=autopilot.policy,
        day=found.day + DAY,
        outcome="looked",
        orders=0,
        spent_minor=0,
    )
    row = AutopilotDecision.objects.create(
        night=later,
        group=group,
        affiliate=trade.affiliate("A"),
        from_bps=1_600,
        to_bps=1_500,
        own_bps=1_200,
    )
    assert decision_apply(decision=row, actor=actor) is False
    row.refresh_from_db()
    assert (row.state, row.reason) == ("refused", "A rate lock holds this plan until 2026-06-19.")
    assert rate_for(trade, "A", NOON + DAY) == 1_600


def test_groups_have_rates_of_their_own_and_what_has_none_is_left_alone(trade):
    """The product is in a category with limits of its own: everything else does not reach it."""
    category = Category.objects.create(slug="cups", name_zh="杯", name_en="Cups", name_de="Becher")
    type(trade.cast.product).objects.update(category=category)
    autopilot = signed(
        trade,
        mode=ACT,
        limits=[
            Limits(GroupKind.SHOP, 800, 2_000),
            Limits(GroupKind.CATEGORY, 800, 1_300, category=category),
        ],
    )
    groups = {group.kind: group for group in autopilot.policy.groups.all()}
    holder, actor = Holder(affiliate=trade.affiliate("A").pk), trade.cast.chen
    trade.cast.product.refresh_from_db()
    common = {"autopilot": autopilot, "holder": holder, "actor": actor}
    rate_set(**common, group=groups["shop"], rate_bps=1_900)
    assert rate_for(trade, "A") == 1_200
    rate_set(**common, group=groups["category"], rate_bps=1_300)
    assert rate_for(trade, "A", NOON + timedelta(minutes=1)) == 1_300
    rate_set(**common, group=groups["category"], rate_bps=0)
    assert rate_for(trade, "A", NOON + DAY) == 1_200
    again = signed(trade, limits=[Limits(GroupKind.SHOP, 800, 2_000)])
    assert not KeptPlan.objects.filter(ended_at=None).exists()  # other groups begin anew
    assert again.policy.version == 2


def test_those_who_bring_little_have_one_rate_by_their_tier(trade):
    little, actor = trade.affiliate("E"), trade.cast.chen
    autopilot = signed(trade)
    found = night(autopilot)
    assert not found.decisions.filter(affiliate=little).exists()
    row, _made = found.decisions.get_or_create(
        tier=little.tier,
        defaults={
            "group": autopilot.policy.groups.get(),
            "from_bps": 0,
            "to_bps": 1_300,
            "own_bps": 1_200,
        },
    )
    assert suggestions_accept(autopilot=autopilot, decisions=[row], actor=actor) == (1, 0)
    assert rate_for(trade, "E") == row.to_bps
    assert rate_for(trade, "A") == 1_200
    assert PlanMember.objects.get(plan__by_autopilot=True).affiliate == little
    signed(trade, limits=[Limits(GroupKind.SHOP, 800, 1_250)])
    assert rate_for(trade, "E", NOON + DAY) == 1_250  # what is above the new limit comes down
    signed(trade, pinned=[little])
    assert rate_for(trade, "E", NOON + DAY) == 1_200


def test_only_the_merchants_own_team_signs_and_decides(trade, client):
    autopilot = signed(trade, mode=ACT)
    row = night(autopilot).decisions.all()[0]
    viewer, stranger = user_make(), user_make()
    merchant_apply(user=stranger, name="Other", shop_name="Other", domains=["other.example"])
    MerchantMember.objects.create(merchant=trade.cast.merchant, user=viewer, role="viewer")
    client.force_login(viewer)
    page = text(client.get(HOME))
    assert "Roll back" not in page
    assert "Change the policy" not in page
    assert client.get(HOME + "sign/").status_code == 403
    for door in ("stop/", "pause/", "decide/", f"decisions/{row.pk}/roll-back/"):
        assert client.post(HOME + door).status_code == 403
    client.force_login(stranger)
    assert client.post(HOME + f"decisions/{row.pk}/roll-back/").status_code == 404
    assert client.post(HOME + "stop/").status_code == 404
    with pytest.raises(NotAllowed):
        decision_roll_back(decision=row, actor=stranger)
    with pytest.raises(NotAllowed):
        policy_sign(merchant=trade.cast.merchant, wish=wish(trade), actor=stranger)
    autopilot.refresh_from_db()
    assert autopilot.state == "running"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("roi_target", {"roi_target": "0.5"}),
        ("roi_floor", {"roi_floor": "7"}),
        ("budget", {"budget": "100"}),
        ("ends_on", {"ends_on": "2026-06-09"}),
        ("shop_least", {"shop_least": "21"}),
        ("shop_least", {"shop_least": "", "shop_most": ""}),
        ("products", {"products": "P1 X9", "products_least": "8", "products_most": "9"}),
    ],
)
def test_what_nobody_may_sign_is_said_at_its_field(trade, client, field, change):
    client.force_login(trade.cast.chen)
    page = text(client.post(HOME + "sign/", form(**change)))
    assert f'id="id_{field}_errors"' in page
    assert not AutopilotPolicy.objects.exists()


def test_a_later_change_is_rolled_back_before_an_earlier_one(trade):
    autopilot = signed(trade, mode=ACT)
    row = night(autopilot).decisions.filter(affiliate__isnull=False)[0]
    rate_set(
        autopilot=autopilot,
        holder=Holder(affiliate=row.affiliate_id),
        group=row.group,
        rate_bps=row.to_bps + 100,
        actor=trade.cast.chen,
    )
    with pytest.raises(WrongState):
        decision_roll_back(decision=row, actor=trade.cast.chen)


def test_rolling_back_stays_within_what_is_signed_now(trade):
    autopilot = signed(trade, mode=ACT)
    row = night(autopilot).decisions.filter(affiliate__isnull=False)[0]
    signed(trade, mode=ACT, limits=[Limits(GroupKind.SHOP, 800, 1_500)])
    row.from_bps = 1_900  # as if it had been a cut
    with pytest.raises(WrongState, match="above the limit"):
        decision_roll_back(decision=row, actor=trade.cast.chen)
