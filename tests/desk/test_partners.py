"""Approving, refusing, freezing: who may, what is asked, what is written down."""

import pytest
from django.test import Client

from affiliates.models import Affiliate, AffiliateState, SiteState
from alliance.kernel.models import AuditEvent
from merchants.models import Merchant, MerchantState

AFFILIATES = "/admin/affiliates/affiliate/"
MERCHANTS = "/admin/merchants/merchant/"
SITES = "/admin/affiliates/site/"


def last_event(obj):
    return AuditEvent.objects.filter(
        object_type=obj._meta.label_lower, object_id=str(obj.pk)
    ).latest("pk")


def test_operations_approve_an_affiliate_and_stand_for_it(world, as_):
    page = as_("ops").get(f"{AFFILIATES}{world.applicant.pk}/approve/")
    assert "Weibo Digest" in page.content.decode()

    answer = as_("ops").post(f"{AFFILIATES}{world.applicant.pk}/approve/")

    assert answer["Location"] == f"{AFFILIATES}{world.applicant.pk}/change/"
    world.applicant.refresh_from_db()
    assert world.applicant.state == AffiliateState.ACTIVE
    event = last_event(world.applicant)
    assert (event.verb, event.actor) == ("affiliate.approved", world.people["ops"])


def test_looking_at_the_question_decides_nothing(world, as_):
    as_("ops").get(f"{AFFILIATES}{world.applicant.pk}/approve/")

    world.applicant.refresh_from_db()
    assert world.applicant.state == AffiliateState.APPLIED


def test_a_refusal_needs_a_reason(world, as_):
    answer = as_("ops").post(f"{AFFILIATES}{world.applicant.pk}/reject/", {"reason": "  "})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    world.applicant.refresh_from_db()
    assert world.applicant.state == AffiliateState.APPLIED


def test_a_refusal_keeps_its_reason(world, as_):
    as_("ops").post(f"{AFFILIATES}{world.applicant.pk}/reject/", {"reason": "No medium to see."})

    world.applicant.refresh_from_db()
    assert world.applicant.state == AffiliateState.CLOSED
    page = as_("support").get(f"{AFFILIATES}{world.applicant.pk}/change/").content.decode()
    assert "No medium to see." in page


@pytest.mark.parametrize(("person", "may"), [("risk", True), ("support", False)])
def test_risk_may_freeze_and_support_may_not(world, as_, person, may):
    affiliate = world.cast.affiliate
    answer = as_(person).post(f"{AFFILIATES}{affiliate.pk}/freeze/", {"reason": "Odd clicks."})

    assert answer.status_code == (302 if may else 403)
    affiliate.refresh_from_db()
    assert affiliate.state == (AffiliateState.FROZEN if may else AffiliateState.ACTIVE)


def test_what_was_decided_meanwhile_is_not_decided_again(world, as_):
    client = as_("ops")
    client.post(f"{AFFILIATES}{world.applicant.pk}/approve/")
    again = client.post(f"{AFFILIATES}{world.applicant.pk}/approve/", follow=True)

    assert "changed in the meantime" in again.content.decode()
    said = AuditEvent.objects.filter(verb="affiliate.approved", object_id=world.applicant.pk)
    assert said.count() == 1


def test_buttons_show_only_what_the_role_may_and_the_state_allows(world, as_):
    def buttons(person, pk):
        page = as_(person).get(f"{AFFILIATES}{pk}/change/")
        return {action["path"].split("/")[-2] for action in page.context["actions_detail"]}

    assert buttons("ops", world.applicant.pk) == {"approve", "reject"}
    assert buttons("ops", world.cast.affiliate.pk) == {"freeze", "close", "partner", "case"}
    assert buttons("risk", world.cast.affiliate.pk) == {"freeze", "case"}
    assert buttons("auditor", world.applicant.pk) == set()


def test_ticked_applications_are_approved_together_after_a_question(world, as_):
    other = Affiliate.objects.create(name="FastBrowser", kind="traffic")
    active = world.cast.affiliate
    client = as_("ops")
    ticked = {
        "action": "approve",
        "_selected_action": [world.applicant.pk, other.pk, active.pk],
    }

    question = client.post(AFFILIATES, ticked)
    assert {row.pk for row, _facts in question.context["rows"]} == {world.applicant.pk, other.pk}
    assert Affiliate.objects.filter(state=AffiliateState.APPLIED).count() == 2

    client.post(AFFILIATES, {**ticked, "decided": "1"})
    assert Affiliate.objects.filter(state=AffiliateState.APPLIED).count() == 0


def test_a_row_that_cannot_be_decided_does_not_hurt_the_others(world, as_):
    # Another merchant got the domain of this applicant meanwhile.
    rival = Merchant.objects.create(name="Rival")
    rival.shops.create(name="Rival", domains=["shop.chen.example"])
    ticked = {
        "action": "approve",
        "_selected_action": [world.newcomer.pk, rival.pk],
        "decided": "1",
    }

    page = as_("ops").post(MERCHANTS, ticked, follow=True).content.decode()

    assert "belongs to another merchant" in page
    states = dict(Merchant.objects.values_list("pk", "state"))
    assert states[world.newcomer.pk] == MerchantState.ACTIVE
    assert states[rival.pk] == MerchantState.APPLIED


def test_support_cannot_reach_a_bulk_decision(world, as_):
    as_("support").post(
        AFFILIATES,
        {"action": "approve", "_selected_action": [world.applicant.pk], "decided": "1"},
    )

    world.applicant.refresh_from_db()
    assert world.applicant.state == AffiliateState.APPLIED


def test_merchants_are_frozen_and_thawed(world, as_):
    merchant, client = world.cast.merchant, as_("risk")
    client.post(f"{MERCHANTS}{merchant.pk}/freeze/", {"reason": "Chargebacks."})
    merchant.refresh_from_db()
    assert merchant.state == MerchantState.FROZEN
    assert "Chargebacks." in client.get(f"{MERCHANTS}{merchant.pk}/unfreeze/").content.decode()

    client.post(f"{MERCHANTS}{merchant.pk}/unfreeze/")
    merchant.refresh_from_db()
    assert merchant.state == MerchantState.ACTIVE


def test_sites_are_approved_and_rejected(world, as_):
    client = as_("ops")
    client.post(f"{SITES}{world.site.pk}/approve/")
    world.site.refresh_from_db()
    assert world.site.state == SiteState.APPROVED

    client.post(f"{SITES}{world.site.pk}/reject/", {"reason": "Copied content."})
    world.site.refresh_from_db()
    assert (world.site.state, world.site.reason) == (SiteState.REJECTED, "Copied content.")


def test_a_shop_gets_its_score(world, as_):
    shop = world.cast.shop
    as_("ops").post(f"/admin/merchants/shop/{shop.pk}/score/", {"score": "4.85"})

    shop.refresh_from_db()
    assert shop.score_centi == 485


def filled(client, url, **changes):
    """The form as the page brings it, with some fields changed."""
    page = client.get(url)
    form = page.context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    for inline in page.context["inline_admin_formsets"]:
        management = inline.formset.management_form
        data |= {
            management.add_prefix(name): management[name].value() for name in management.fields
        }
    return {name: "" if value is None else value for name, value in (data | changes).items()}


def test_conditions_are_edited_and_the_change_is_written_down(world, as_):
    affiliate = world.cast.affiliate
    client, url = as_("ops"), f"{AFFILIATES}{affiliate.pk}/change/"

    answer = client.post(url, filled(client, url, kind="ka", tier="2", share_bps="9500"))

    assert answer.status_code == 302
    affiliate.refresh_from_db()
    assert (affiliate.kind, affiliate.tier, affiliate.share_bps) == ("ka", 2, 9500)
    event = last_event(affiliate)
    assert (event.verb, event.actor) == ("affiliate.changed", world.people["ops"])
    assert event.data["changes"] == {
        "kind": ["small", "ka"],
        "tier": [0, 2],
        "share_bps": [None, 9500],
    }


def test_a_form_cannot_move_a_state(world, as_):
    affiliate = world.cast.affiliate
    client, url = as_("ops"), f"{AFFILIATES}{affiliate.pk}/change/"
    client.post(url, filled(client, url, name="X", state="closed"))

    affiliate.refresh_from_db()
    assert (affiliate.name, affiliate.state) == ("X", AffiliateState.ACTIVE)


def test_the_history_of_an_object_tells_who_did_what(world, as_):
    client = as_("ops")
    client.post(f"{AFFILIATES}{world.cast.affiliate.pk}/freeze/", {"reason": "Odd clicks."})

    page = client.get(f"{AFFILIATES}{world.cast.affiliate.pk}/history/").content.decode()

    assert "affiliate.frozen" in page
    assert "Odd clicks." in page
    assert str(world.people["ops"]) in page


def test_a_decision_without_csrf_token_is_refused(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people["ops"])

    assert client.post(f"{AFFILIATES}{world.applicant.pk}/approve/").status_code == 403
    world.applicant.refresh_from_db()
    assert world.applicant.state == AffiliateState.APPLIED


def test_operations_set_a_partner_a_service_fee_and_a_special_fee(world, as_):
    """The desk's three forms, with rates as people write them."""
    client, cast = as_("ops"), world.cast
    relation, offer = (
        world.things["affiliates.relation"],
        world.things["affiliates.intermediation"],
    )
    answer = client.post(
        f"{AFFILIATES}{cast.affiliate.pk}/partner/",
        {"partner": relation.partner_id, "share_bps": "12.5"},
    )
    assert answer.status_code == 302
    assert cast.affiliate.relations.get().share_bps == 1_250

    client.post(f"/admin/affiliates/intermediation/{offer.pk}/end/")
    client.post(
        f"{AFFILIATES}{offer.affiliate_id}/intermediate/",
        {"plan": offer.plan_id, "service_bps": "5"},
    )
    again = offer.plan.intermediations.get(ends_at=None)
    assert (again.service_bps, again.starts_at) == (500, None)

    client.post(f"{SITES}{world.site.pk}/special_fee/", {"special_bps": "3"})
    page = client.get(f"{SITES}{world.site.pk}/change/").content.decode()
    assert "3%" in page

    client.post(f"/admin/affiliates/relation/{relation.pk}/end/")
    relation.refresh_from_db()
    assert relation.ends_at is not None
