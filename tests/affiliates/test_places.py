"""Targeted and self-chosen plans: applying, deciding, leaving; and who has the rate when."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from affiliates.models import AffiliateKind, PlanMember, PlanMemberState, SiteState
from affiliates.promised import promised
from affiliates.services import links_create, places
from affiliates.services.places import (
    application_withdraw,
    applications_approve,
    applications_lapse,
    applications_reject,
    place_give,
    place_quit,
    place_take,
    plan_apply,
    plan_rule_set,
)
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, MemberRole
from merchants.models import MerchantMember
from merchants.services.locks import rate_lock
from merchants.services.plans import plan_open
from merchants.services.terms import terms_announce
from tests.affiliates.conftest import START

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MIDNIGHT = START + timedelta(hours=12)
State = PlanMemberState


@pytest.fixture(autouse=True)
def travel(now):
    return now


@pytest.fixture
def seller(shop, make_user):
    user = make_user()
    MerchantMember.objects.create(merchant=shop.merchant, user=user, role=MemberRole.OWNER)
    return user


@pytest.fixture
def plan(shop, terms, now):
    """25 % for friends, since an hour."""
    with clock.at(START - timedelta(hours=1)):
        return plan_open(
            merchant=shop.merchant, name="Friends", kind="SP", rate_bps=2_500, actor=None
        )


def rate(affiliate, product, at):
    return promised([product], affiliate.pk, at)[product.pk].rate_bps


def test_only_who_was_let_in_has_the_rate_and_from_then_on(
    plan, seller, affiliate, make_affiliate, product, now
):
    other = make_affiliate()
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan, words="  Tea blog ")
    assert (place.state, place.words) == (State.PENDING, "Tea blog")
    assert rate(affiliate, product, START) == 1_200
    now(hours=1)
    applications_approve(actor=seller, places=[place])

    moment = clock.now()
    assert rate(affiliate, product, moment - timedelta(seconds=1)) == 1_200
    assert rate(affiliate, product, moment) == 2_500
    assert rate(other, product, moment) == 1_200


def test_who_is_removed_keeps_the_rate_until_the_end_of_the_day(
    plan, seller, affiliate, product, now
):
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    applications_approve(actor=seller, places=[place])
    with pytest.raises(Invalid):
        place_take(actor=seller, place=place, reason=" ")
    now(hours=1)
    place_take(actor=seller, place=place, reason="No posts")

    assert (place.state, place.ends_at) == (State.REMOVED, MIDNIGHT)
    assert rate(affiliate, product, MIDNIGHT - timedelta(seconds=1)) == 2_500
    assert rate(affiliate, product, MIDNIGHT) == 1_200
    with pytest.raises(WrongState):
        place_quit(actor=affiliate.owner, place=place)


def test_a_rate_lock_keeps_members_in_until_it_ends(plan, seller, affiliate, product, now):
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    applications_approve(actor=seller, places=[place])
    rate_lock(plan=plan, until=START + 5 * DAY, actor=seller)
    place_take(actor=seller, place=place, reason="No posts")
    assert place.ends_at == START + 5 * DAY


def test_nobody_locks_a_plan_while_a_member_is_removed(plan, seller, affiliate):
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    applications_approve(actor=seller, places=[place])
    with CaptureQueriesContext(connection) as said:
        place_take(actor=seller, place=place, reason="No posts")
    (held,) = [i for i, query in enumerate(said) if "FOR NO KEY UPDATE" in query["sql"]]
    assert 'FROM "merchants_plan"' in said[held]["sql"]
    assert 'FROM "merchants_ratelock"' in said[held + 1]["sql"]


def test_who_leaves_is_out_at_once(plan, seller, affiliate, product, now):
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    applications_approve(actor=seller, places=[place])
    now(hours=1)
    place_quit(actor=affiliate.owner, place=place)
    assert rate(affiliate, product, START) == 2_500
    assert rate(affiliate, product, clock.now()) == 1_200


def test_decisions_are_the_merchants_and_made_once(plan, seller, affiliate, make_user):
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    for stranger in (affiliate.owner, make_user()):
        with pytest.raises(NotAllowed):
            applications_approve(actor=stranger, places=[place])
        with pytest.raises(NotAllowed):
            applications_reject(actor=stranger, places=[place], reason="x")
    with pytest.raises(Invalid):
        applications_reject(actor=seller, places=[place], reason="")
    applications_reject(actor=seller, places=[place], reason="Too few readers")
    assert (place.state, place.reason) == (State.REJECTED, "Too few readers")
    with pytest.raises(WrongState):
        applications_approve(actor=seller, places=[place])
    with pytest.raises(WrongState):
        application_withdraw(actor=affiliate.owner, place=place)


def test_one_application_at_a_time_and_only_for_what_goes_on(
    plan, seller, affiliate, shop, make_affiliate, now
):
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    with pytest.raises(WrongState):
        plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    application_withdraw(actor=affiliate.owner, place=place)
    plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)

    chosen = plan_open(merchant=shop.merchant, name="Chosen", kind="ZX", actor=None)
    with pytest.raises(WrongState):
        plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=chosen)
    with pytest.raises(WrongState):
        plan_apply(
            actor=affiliate.owner, affiliate=affiliate, plan=shop.merchant.plans.get(kind="COMMON")
        )
    closed = make_affiliate(state="closed")
    with pytest.raises(WrongState):
        plan_apply(actor=closed.owner, affiliate=closed, plan=plan)


@pytest.mark.parametrize("end", ["rejected", "removed"])
def test_who_was_refused_or_removed_applies_again_a_week_later(plan, seller, affiliate, now, end):
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    if end == "rejected":
        applications_reject(actor=seller, places=[place], reason="Too few readers")
    else:
        applications_approve(actor=seller, places=[place])
        place_take(actor=seller, place=place, reason="No posts")
    now(days=6, hours=12, seconds=-1)
    with pytest.raises(WrongState, match="again from 2026-06-08 on"):
        plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    assert PlanMember.objects.count() == 1
    now(days=6, hours=12)
    assert plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan).state == State.PENDING


def test_an_application_lapses_after_thirty_days(plan, affiliate, now):
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    now(days=30)
    assert applications_lapse() == 0
    now(days=30, seconds=1)
    assert applications_lapse() == 1
    place.refresh_from_db()
    assert place.state == State.LAPSED
    assert places.applications_lapse() == 0
    event = AuditEvent.objects.get(verb="plan.application_lapsed")
    assert (event.object_id, event.actor) == (str(place.pk), None)


def test_a_rule_lets_in_and_leaves_the_others_to_the_merchant_or_refuses_them(
    plan, seller, affiliate, make_affiliate, make_link, product, click, sell, now
):
    plan_rule_set(
        actor=seller,
        plan=plan,
        kinds=[AffiliateKind.SMALL],
        least_orders=1,
        least_gmv_minor=19_900,
        approved_site=True,
    )
    from affiliates.attribution import attribute
    from merchants.models import OrderLine

    touch = click(make_link(affiliate, product))
    line = sell(touch.click_id, state="paid", paid_at=START)
    attribute(OrderLine.objects.select_related("order__merchant", "product").filter(pk=line.pk))
    affiliate.sites.update(state=SiteState.APPROVED)

    assert plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan).by_rule
    other = make_affiliate()
    assert plan_apply(actor=other.owner, affiliate=other, plan=plan).state == State.PENDING

    plan_rule_set(actor=seller, plan=plan, kinds=[AffiliateKind.KA], least_tier=2, refuses=True)
    third = make_affiliate()
    refused = plan_apply(actor=third.owner, affiliate=third, plan=plan)
    assert (refused.state, refused.by_rule) == (State.REJECTED, True)
    assert refused.reason == (
        "The plan is for: Key-account media. The plan is for tier T2 and above."
    )
    with pytest.raises(NotAllowed):
        plan_rule_set(actor=third.owner, plan=plan)


def test_the_merchant_chooses_from_those_who_promote_it(
    shop, seller, affiliate, make_affiliate, make_link, product, terms
):
    chosen = plan_open(merchant=shop.merchant, name="Chosen", kind="ZX", rate_bps=2_000, actor=None)
    with pytest.raises(WrongState, match="does not promote"):
        place_give(actor=seller, plan=chosen, affiliate=affiliate)
    make_link(affiliate, product)
    with pytest.raises(NotAllowed):
        place_give(actor=affiliate.owner, plan=chosen, affiliate=affiliate)
    place_give(actor=seller, plan=chosen, affiliate=affiliate)
    assert rate(affiliate, product, START) == 2_000
    with pytest.raises(WrongState):
        place_give(actor=seller, plan=chosen, affiliate=affiliate)


def test_nobody_but_members_promotes_what_an_exclusive_plan_pays_for(
    shop, seller, affiliate, make_affiliate, make_link, product, make_product, terms, now
):
    plan = plan_open(merchant=shop.merchant, name="Only us", kind="SP", exclusive=True, actor=None)
    assert plan.starts_at == MIDNIGHT
    terms_announce(plan=plan, product=product, rate_bps=3_000, actor=None)
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    applications_approve(actor=seller, places=[place])
    stranger = make_affiliate()
    assert rate(stranger, product, START) == 1_200  # not before it begins

    now(hours=12)
    assert rate(affiliate, product, MIDNIGHT) == 3_000
    assert rate(stranger, product, MIDNIGHT) == 0
    assert make_link(affiliate, product).pk
    with pytest.raises(WrongState, match="exclusive"):
        make_link(stranger, product)
    with pytest.raises(WrongState, match="exclusive"):
        links_create(actor=stranger.owner, affiliate=stranger, ways=[(stranger.zone, product)])
    other = make_product()
    assert make_link(stranger, other).pk
    # What comes in later is taken from everybody else, so it counts from the next day.
    added = terms_announce(plan=plan, product=other, rate_bps=3_000, actor=None)
    assert added.starts_at == MIDNIGHT + DAY


def test_an_exclusive_plan_takes_nothing_that_is_locked_for_everybody(shop, product, terms, seller):
    general = shop.merchant.plans.get()
    rate_lock(plan=general, product=product, until=START + 9 * DAY, actor=seller)
    plan = plan_open(merchant=shop.merchant, name="Only us", kind="SP", exclusive=True, actor=None)
    with pytest.raises(WrongState, match="2026-06-10"):
        terms_announce(plan=plan, product=product, rate_bps=3_000, actor=None)
    with pytest.raises(Invalid):
        plan_open(
            merchant=shop.merchant,
            name="Now",
            kind="SP",
            exclusive=True,
            starts_at=clock.now(),
            actor=None,
        )


def test_the_database_keeps_the_days_of_a_place(plan, seller, affiliate):
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    applications_approve(actor=seller, places=[place])
    rows = PlanMember.objects.filter(pk=place.pk)
    with pytest.raises(IntegrityError, match="begins and ends once"), transaction.atomic():
        rows.update(starts_at=START - DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
