"""Publishing, pausing and closing at the desk, and what is refused on the way."""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.models import AuditEvent
from alliance.kernel.money import cny
from campaigns.models import Campaign, CampaignState
from commissions import chart, ledger
from commissions.verify import verify
from tests.desk.campaigns.world import DESK, make, publish, published, typed

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_whole_way_from_a_card_to_money_set_aside(cast, ops, second, teas):
    made = make(ops, budget_minor="5000", starts_at="2026-06-02T00:00", ends_at="2026-06-18T00:00")
    page = ops.get(f"{DESK}{made.pk}/publish/")
    assert [(one.code, one.stops) for one in page.context["conflicts"]] == [("slate", True)]

    ops.post(f"{DESK}{made.pk}/slate/", {"deed": "add", "brand": "Longjing"})
    page = ops.get(f"{DESK}{made.pk}/publish/")
    assert page.context["second"]  # she made it: somebody else looks at it
    refused = publish(ops, made)
    assert refused.status_code == 403
    made.refresh_from_db()
    assert made.state == CampaignState.DRAFT
    assert ledger.balance(chart.budget(made.pk), "CNY") == cny("0.00")

    page = second.get(f"{DESK}{made.pk}/publish/")
    assert page.context["conflicts"] == []
    publish(second, made)
    made.refresh_from_db()
    assert made.state == CampaignState.SCHEDULED
    assert ledger.balance(chart.budget(made.pk), "CNY") == cny("5000.00")
    assert verify() == []


def test_a_draft_that_was_changed_since_it_was_looked_at_is_not_published(cast, ops, second, teas):
    made = make(ops, all_products="on", budget_minor="5000")
    page = second.get(f"{DESK}{made.pk}/publish/")
    seen = page.context["campaign"].updated_at.isoformat()
    assert f'name="seen" value="{seen}"' in page.content.decode()
    edited = typed(ops.get(f"{DESK}{made.pk}/edit/").context["form"]) | {"budget_minor": "900000"}
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert ops.post(f"{DESK}{made.pk}/edit/", edited).status_code == 302
        for said in ({"seen": seen}, {"seen": "yesterday"}, {}):
            second.post(f"{DESK}{made.pk}/publish/", said)

    made.refresh_from_db()
    assert (made.state, made.budget_minor) == (CampaignState.DRAFT, 90_000_000)
    assert ledger.balance(chart.budget(made.pk), "CNY") == cny("0.00")


def test_one_person_is_enough_below_the_limit(cast, ops, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "CAMPAIGN_APPROVAL_MINOR": 500_000}
    made = make(ops, all_products="on", budget_minor="5000")
    assert not ops.get(f"{DESK}{made.pk}/publish/").context["second"]
    publish(ops, made)

    made.refresh_from_db()
    assert made.state == CampaignState.SCHEDULED


def test_a_wallet_that_does_not_hold_the_merchants_part_is_seen_before(cast, ops):
    made = make(
        ops, all_products="on", sponsor="joint", merchant=cast.merchant.pk, merchant_bps="50",
        budget_minor="20000.02",
    )  # fmt: skip
    Campaign.objects.update(agreed_at=clock.now())
    found = ops.get(f"{DESK}{made.pk}/publish/").context["conflicts"]
    assert [one.code for one in found] == ["wallet"]  # it holds 10,000.00

    Campaign.objects.update(budget_minor=2_000_000)
    assert ops.get(f"{DESK}{made.pk}/publish/").context["conflicts"] == []


def test_a_campaign_is_paused_goes_on_and_is_closed_with_reasons(cast, ops, second):
    made = published(ops, second)
    assert made.state == CampaignState.LIVE
    assert second.post(f"{DESK}{made.pk}/pause/", {"reason": " "}).status_code == 200
    second.post(f"{DESK}{made.pk}/pause/", {"reason": "Odd orders."})
    made.refresh_from_db()
    assert made.state == CampaignState.PAUSED
    assert "Odd orders." in second.get(f"{DESK}{made.pk}/change/").content.decode()

    second.post(f"{DESK}{made.pk}/resume/")
    second.post(f"{DESK}{made.pk}/close/", {"reason": "Wrong products."})
    made.refresh_from_db()
    assert (made.state, made.close_reason) == (CampaignState.CLOSED, "Wrong products.")
    trail = AuditEvent.objects.filter(object_type="campaigns.campaign", object_id=str(made.pk))
    assert list(trail.order_by("pk").values_list("verb", flat=True)) == [
        "campaign.made",
        "campaign.published",
        "campaign.paused",
        "campaign.resumed",
        "campaign.closed",
    ]
    page = second.get(f"{DESK}{made.pk}/history/").content.decode()
    assert "Wrong products." in page


def test_the_budget_is_raised_and_the_end_moved(cast, ops, second):
    made = published(ops, second, budget_minor="100")
    page = second.post(f"{DESK}{made.pk}/top_up/", {"amount": "50"}, follow=True)
    assert "somebody else has to agree" in page.content.decode()
    assert "Budgets to raise" in ops.get("/admin/").content.decode()
    agree = f"{DESK}{made.pk}/raise_agree/"
    second.post(agree, typed(second.get(agree).context["form"]))
    made.refresh_from_db()
    assert (made.budget_minor, made.raise_minor) == (10_000, 5_000)
    page = ops.get(agree)
    assert cny("50.00").localized() in page.content.decode()
    ops.post(agree, typed(page.context["form"]))
    second.post(f"{DESK}{made.pk}/extend/", {"ends_at": "2026-07-01T00:00"})
    second.post(f"{DESK}{made.pk}/describe/", {"name": "Double it", "about": ""})

    made.refresh_from_db()
    assert (made.budget_minor, made.name) == (15_000, "Double it")
    assert made.ends_at == datetime(2026, 7, 1, tzinfo=clock.ZONE)
    assert ledger.balance(chart.budget(made.pk), "CNY") == cny("150.00")
    assert verify() == []


def test_nobody_agrees_to_another_raise_than_they_looked_at(cast, ops, second):
    made = published(ops, second, budget_minor="100")
    agree = f"{DESK}{made.pk}/raise_agree/"
    second.post(f"{DESK}{made.pk}/top_up/", {"amount": "50"})
    page = ops.get(agree)
    asked = typed(page.context["form"])
    assert asked["seen"] in page.content.decode()
    with clock.at(clock.now() + timedelta(minutes=1)):
        second.post(f"{DESK}{made.pk}/raise_refuse/")
        second.post(f"{DESK}{made.pk}/top_up/", {"amount": "50000"})
        for said in (asked, {"seen": "yesterday"}, {}):
            ops.post(agree, said)

    made.refresh_from_db()
    assert (made.budget_minor, made.raise_minor) == (10_000, 5_000_000)
    assert ledger.balance(chart.budget(made.pk), "CNY") == cny("100.00")


def test_a_clone_takes_over_nothing_that_somebody_asked_for_its_original(cast, ops, second):
    """Else whoever clones it could agree alone to what another asked for elsewhere."""
    made = published(ops, second, budget_minor="100")
    second.post(f"{DESK}{made.pk}/top_up/", {"amount": "50000"})
    ops.post(f"{DESK}{made.pk}/clone/", typed(ops.get(f"{DESK}{made.pk}/clone/").context["form"]))

    clone = Campaign.objects.latest("pk")
    assert clone.pk != made.pk
    assert (clone.raise_minor, clone.raise_by) == (0, None)
    made.refresh_from_db()
    assert made.raise_minor == 5_000_000
