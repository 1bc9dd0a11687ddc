"""Publishing, topping up, pausing, closing and winding up: who may, what moves, what is refused."""

from datetime import datetime, timedelta

import pytest

from affiliates.models import AffiliateMember
from affiliates.services import affiliate_apply
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, StaffRole
from alliance.kernel.money import cny
from campaigns.models import Campaign, CampaignPause, Enrolment, Grant, SlateItem
from campaigns.services.campaigns import campaign_edit
from commissions import chart, ledger, tasks
from commissions.ledger import InsufficientFunds
from commissions.models import Invoice, Line, Settlement, Statement
from commissions.services import invoices, settlements
from commissions.services.campaigns import (
    campaign_close,
    campaign_pause,
    campaign_publish,
    campaign_raise_agree,
    campaign_raise_refuse,
    campaign_resume,
    campaign_top_up,
    campaign_wind_up,
)
from commissions.services.statements import statements_issue
from commissions.verify import verify
from merchants.models import MerchantMember
from merchants.services.orders import RefundReport
from tests.cast import cast_make, staff_make

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def cast():
    with clock.at(MAY - HOUR):
        made = cast_make()
    with clock.at(MAY):
        yield made
    assert verify() == []


def verbs():
    return list(
        AuditEvent.objects.filter(verb__startswith="campaign.")
        .order_by("pk")
        .values_list("verb", flat=True)
    )


def refused(error, cast, campaign, *, actor=None):
    """Publishing is refused, and nothing has moved."""
    lines = Line.objects.count()
    with pytest.raises(error):
        campaign_publish(actor=actor or cast.finance2, campaign=campaign)
    campaign.refresh_from_db()
    assert (campaign.state, Line.objects.count(), verbs()) == ("draft", lines, [])


# --- Publishing ----------------------------------------------------------------------------------


def test_what_makes_no_sense_is_not_published(cast):
    refused(Invalid, cast, cast.campaign("there is none"))
    refused(Invalid, cast, cast.campaign(rules={"multiple_bps": 1}))
    refused(Invalid, cast, cast.campaign(all_products=False))
    past = {"starts_at": MAY - DAY, "ends_at": MAY, "confirm_until": MAY}
    refused(Invalid, cast, cast.campaign(**past))
    unpromised = cast.campaign(all_products=False)
    SlateItem.objects.create(campaign=unpromised, product=cast.product, rate_bps=2000)
    refused(Invalid, cast, unpromised)


def test_above_the_limit_somebody_else_publishes(cast, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "CAMPAIGN_APPROVAL_MINOR": 1_000_00}
    greater = cast.campaign(made_by=cast.finance, budget_minor=1_000_01)
    refused(NotAllowed, cast, greater, actor=cast.finance)
    campaign_publish(actor=cast.finance2, campaign=greater)

    small = cast.campaign(made_by=cast.finance)
    campaign_publish(actor=cast.finance, campaign=small)
    assert cast.balance(chart.budget(small.pk)) == cny("1000.00")


def test_who_changed_what_a_draft_costs_does_not_publish_it_either(cast, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "CAMPAIGN_APPROVAL_MINOR": 1_000_00}
    draft = cast.campaign(made_by=cast.finance)
    campaign_edit(actor=cast.finance2, campaign=draft, budget_minor=1_000_01)
    for planner in (cast.finance, cast.finance2):
        with pytest.raises(NotAllowed):
            campaign_publish(actor=planner, campaign=draft)
    third = staff_make(StaffRole.OPS)
    campaign_edit(actor=third, campaign=draft, about="Only other words.")

    campaign_publish(actor=third, campaign=draft)
    assert cast.balance(chart.budget(draft.pk)) == cny("1000.01")


def test_above_the_limit_one_asks_for_a_greater_budget_and_another_agrees(cast, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "CAMPAIGN_APPROVAL_MINOR": 1_100_00}
    campaign = cast.publish(cast.campaign())
    budget = chart.budget(campaign.pk)
    assert campaign_top_up(actor=cast.finance2, campaign=campaign, amount=cny("100.00"))
    assert cast.balance(budget) == cny("1100.00")

    # What is asked moves nothing, and nobody gets it by asking again or in small pieces.
    assert not campaign_top_up(actor=cast.finance2, campaign=campaign, amount=cny("0.01"))
    for person in (cast.finance2, cast.finance):
        with pytest.raises(WrongState):
            campaign_top_up(actor=person, campaign=campaign, amount=cny("500.00"))
    with pytest.raises(NotAllowed):
        campaign_raise_agree(actor=cast.finance2, campaign=campaign)
    assert cast.balance(budget) == cny("1100.00")

    campaign_raise_agree(actor=cast.finance, campaign=campaign)
    assert cast.balance(budget) == cny("1100.01")
    with pytest.raises(WrongState):
        campaign_raise_agree(actor=cast.finance, campaign=campaign)

    assert not campaign_top_up(actor=cast.finance, campaign=campaign, amount=cny("7.00"))
    campaign_raise_refuse(actor=cast.finance2, campaign=campaign)
    with pytest.raises(WrongState):
        campaign_raise_agree(actor=cast.finance2, campaign=campaign)
    assert cast.balance(budget) == cny("1100.01")
    said = AuditEvent.objects.filter(verb__contains="campaign.raise").order_by("pk")
    assert list(said.values_list("verb", "actor")) == [
        ("campaign.raise_asked", cast.finance2.pk),
        ("campaign.raise_asked", cast.finance.pk),
        ("campaign.raise_refused", cast.finance2.pk),
    ]


def test_who_gains_by_a_campaign_agrees_to_no_greater_budget(cast):
    campaign = cast.publish(cast.campaign(merchant=cast.merchant))
    campaign_top_up(actor=cast.finance, campaign=campaign, amount=cny("5.00"))
    MerchantMember.objects.create(merchant=cast.merchant, user=cast.finance2)
    with pytest.raises(NotAllowed):
        campaign_raise_agree(actor=cast.finance2, campaign=campaign)
    assert cast.balance(chart.budget(campaign.pk)) == cny("1000.00")


def test_who_belongs_to_the_merchant_does_not_publish_what_the_alliance_pays_it(cast):
    MerchantMember.objects.create(merchant=cast.merchant, user=cast.finance2)
    joint = {"sponsor": "joint", "merchant": cast.merchant, "merchant_bps": 5000}
    refused(NotAllowed, cast, cast.campaign(**joint, agreed_at=MAY))


def test_a_merchant_pays_its_part_of_the_budget_once_it_has_agreed_and_has_it(cast):
    half = {"sponsor": "joint", "merchant": cast.merchant, "merchant_bps": 3333}
    refused(Invalid, cast, cast.campaign(**half))
    too_much = cast.campaign(**half, agreed_at=MAY, budget_minor=40_000_00)
    refused(InsufficientFunds, cast, too_much)

    campaign = cast.publish(cast.campaign(**half, agreed_at=MAY, budget_minor=100_01))
    # 33.333 and 66.676: the larger remainder gets the fen.
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("9966.67")
    assert cast.balance(chart.CAMPAIGNS) == cny("-66.68")
    assert cast.balance(chart.budget(campaign.pk)) == cny("100.01")


def test_it_is_published_once(cast):
    campaign = cast.campaign()
    campaign_publish(actor=cast.finance2, campaign=campaign)
    with pytest.raises(WrongState):
        campaign_publish(actor=cast.finance2, campaign=campaign)
    assert cast.balance(chart.budget(campaign.pk)) == cny("1000.00")


def test_an_affiliate_pays_for_its_vouchers_out_of_what_it_may_withdraw(cast):
    cast.sold()
    cast.received()
    voucher = {"kind": "gift_voucher", "sponsor": "affiliate", "host": cast.affiliate}
    with clock.at(datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        rules = {"title": "礼金", "face_minor": 1_00, "count": 10}
        campaign = cast.campaign(**voucher, budget_minor=10_00, rules=rules)
        refused(NotAllowed, cast, campaign)
        campaign_publish(actor=cast.lin, campaign=campaign)
        assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("9.34")
        assert verify() == []
        more = cast.campaign(**voucher, budget_minor=9_35, rules={**rules, "count": 9})
        with pytest.raises(InsufficientFunds):
            campaign_publish(actor=cast.lin, campaign=more)
        campaign_close(actor=cast.lin, campaign=campaign, reason="enough")
    with clock.at(datetime(2026, 7, 20, tzinfo=clock.ZONE)):
        assert campaign_wind_up(campaign=campaign) == cny("10.00")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


# --- While it runs -------------------------------------------------------------------------------


def test_the_clock_begins_and_ends_it(cast):
    campaign = cast.publish(cast.campaign(starts_at=MAY + DAY))
    states = [campaign.state]
    for moment in (MAY + DAY - HOUR, MAY + DAY, MAY + 7 * DAY, MAY + 22 * DAY):
        with clock.at(moment):
            tasks.campaigns_turn()
            tasks.campaigns_turn()
        campaign.refresh_from_db()
        states.append(campaign.state)

    assert states == ["scheduled", "scheduled", "live", "closed", "settled"]
    assert verbs() == [
        "campaign.published", "campaign.began", "campaign.closed", "campaign.wound_up",
    ]  # fmt: skip
    assert cast.balance(chart.CAMPAIGNS) == cny("0.00")


def test_pausing_and_closing_need_a_reason_and_a_running_campaign(cast):
    campaign = cast.publish(cast.campaign())
    for service in (campaign_pause, campaign_close):
        with pytest.raises(Invalid):
            service(actor=cast.finance, campaign=campaign, reason=" ")
    with pytest.raises(WrongState):
        campaign_resume(actor=cast.finance, campaign=campaign)
    campaign_pause(actor=cast.finance, campaign=campaign, reason="a look at it")
    with pytest.raises(WrongState):
        campaign_pause(actor=cast.finance, campaign=campaign, reason="again")
    campaign_close(actor=cast.finance, campaign=campaign, reason="no good")
    with pytest.raises(WrongState):
        campaign_resume(actor=cast.finance, campaign=campaign)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.close_reason) == ("closed", "no good")
    assert CampaignPause.objects.get().until_at == MAY
    assert verbs() == ["campaign.published", "campaign.paused", "campaign.closed"]


def test_one_that_is_closed_before_it_begins_never_counts(cast):
    campaign = cast.campaign(starts_at=MAY + HOUR)
    cast.enrol(campaign)
    cast.publish(campaign)
    campaign_close(actor=cast.finance, campaign=campaign, reason="not this year")
    with clock.at(MAY + 2 * HOUR):
        assert cast.sold().subsidy_minor == 0


def test_a_greater_budget_is_for_the_next_orders(cast):
    campaign = cast.campaign(budget_minor=20_00)
    cast.enrol(campaign)
    cast.publish(campaign)
    given = [cast.sold("A").subsidy_minor, cast.sold("B").subsidy_minor]
    campaign_top_up(actor=cast.finance, campaign=campaign, amount=cny("5.00"))
    campaign_raise_agree(actor=cast.finance2, campaign=campaign)
    given.append(cast.sold("C").subsidy_minor)

    assert given == [20_00, 0, 5_00]
    assert cast.balance(chart.CAMPAIGNS) == cny("-25.00")


def test_what_a_merchant_pays_is_raised_by_its_own_people_only(cast):
    alone = {"sponsor": "merchant", "merchant": cast.merchant, "merchant_bps": 10_000}
    campaign = cast.publish(cast.campaign(**alone, agreed_at=MAY))
    with pytest.raises(NotAllowed):
        campaign_top_up(actor=cast.finance, campaign=campaign, amount=cny("1.00"))
    campaign_top_up(actor=cast.chen, campaign=campaign, amount=cny("1.00"))
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("8999.00")

    joint = {"sponsor": "joint", "merchant": cast.merchant, "merchant_bps": 5000}
    both = cast.publish(cast.campaign(**joint, agreed_at=MAY))
    with pytest.raises(NotAllowed):
        campaign_top_up(actor=cast.chen, campaign=both, amount=cny("1.00"))


# --- Winding up ----------------------------------------------------------------------------------


def test_it_is_wound_up_when_nothing_is_promised_any_more(cast):
    campaign = cast.campaign()
    cast.enrol(campaign)
    cast.publish(campaign)
    cast.sold()
    campaign_close(actor=cast.finance, campaign=campaign, reason="enough")
    with pytest.raises(WrongState):  # before the day
        campaign_wind_up(campaign=campaign)
    with clock.at(MAY + 22 * DAY):
        with pytest.raises(WrongState):  # an order is on its way
            campaign_wind_up(campaign=campaign)
        Enrolment.objects.update(reserved_minor=1)
        cast.received()
        with pytest.raises(WrongState):  # a task is open
            campaign_wind_up(campaign=campaign)
        Enrolment.objects.update(reserved_minor=0)
        assert campaign_wind_up(campaign=campaign) == cny("980.00")
        assert campaign_wind_up(campaign=campaign) == cny("0.00")
    assert cast.balance(chart.CAMPAIGNS) == cny("-20.00")


def test_a_joint_budget_goes_back_so_that_each_has_paid_its_part_of_what_was_given(cast):
    joint = {"sponsor": "joint", "merchant": cast.merchant, "merchant_bps": 3333}
    campaign = cast.campaign(**joint, agreed_at=MAY)
    cast.enrol(campaign)
    cast.publish(campaign)
    cast.sold()
    cast.received()
    wallet = cast.balance(chart.wallet(cast.merchant.pk))
    with clock.at(MAY + 23 * DAY):
        tasks.campaigns_turn()
        assert cast.balance(chart.wallet(cast.merchant.pk)) - wallet == cny("326.63")
        # A third of the 20.00 is 6.67; of half of them 3.98 of 11.94.
        cast.refunded("99.50")
        tasks.campaigns_turn()
    campaign.refresh_from_db()
    assert campaign.returned_minor == 988_06
    assert cast.balance(chart.CAMPAIGNS) == cny("-7.96")
    assert Grant.objects.get().amount_minor == 11_94


def test_invoice_and_statement_of_the_merchant_tell_what_went_into_a_campaign(cast, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "LEGAL_NAME": "Alliance"}
    alone = {"sponsor": "merchant", "merchant": cast.merchant, "merchant_bps": 10_000}
    campaign = cast.campaign(**alone, agreed_at=MAY, budget_minor=100_00)
    cast.enrol(campaign)
    cast.publish(campaign)
    cast.sold()
    cast.received()
    with clock.at(MAY + 15 * DAY):
        campaign_close(actor=cast.finance, campaign=campaign, reason="enough")
        Campaign.objects.update(confirm_until=clock.now())
        tasks.campaigns_turn()
    with clock.at(datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)):
        settlement = settlements.settlement_run(month=MAY.date(), currency="CNY")
        statements_issue(Settlement.objects.get(pk=settlement.pk))
        invoices.invoices_issue(month=clock.month_start(MAY.date()), currency="CNY")

    charged = Invoice.objects.get().lines.order_by("pk").values_list("kind", "amount_minor")
    assert sorted(charged) == [("campaign", -80_00), ("campaign", 100_00), ("commission", 23_88)]
    told = Statement.objects.get(merchant=cast.merchant).sums
    assert told["campaign_paid"]["wallet"] == -100_00
    assert told["campaign_back"]["wallet"] == 80_00
    assert ledger.balance(chart.budget(campaign.pk), "CNY") == cny("0.00")


def test_an_invoice_leaves_out_what_the_alliance_pays_when_a_refund_comes_with_the_receipt(
    cast, settings
):
    settings.ALLIANCE = {**settings.ALLIANCE, "LEGAL_NAME": "Alliance"}
    campaign = cast.campaign()
    cast.enrol(campaign)
    cast.publish(campaign)
    cast.sold()
    back = RefundReport(
        external_id="R1", line_external_id="T1-1", amount_minor=150_00, refunded_at=MAY
    )
    cast.received(refunds=(back,))
    with clock.at(datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        invoices.invoices_issue(month=clock.month_start(MAY.date()), currency="CNY")

    charged = Invoice.objects.get().lines.values_list("kind", "amount_minor")
    assert list(charged) == [("commission", 5_88)]
    assert Grant.objects.get().amount_minor == 5_88


def test_a_host_does_not_publish_its_event_for_the_alliances_money(cast):
    host = affiliate_apply(user=cast.chen, kind="small", name="Zhou")
    AffiliateMember.objects.create(affiliate=host, user=cast.finance2)
    refused(NotAllowed, cast, cast.campaign(host=host))
