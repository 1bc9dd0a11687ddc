"""The pages of plans that are not for everybody: who sees which rate, and what each button does."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from affiliates import queries, services
from affiliates.models import Link, PlanMember, PlanMemberState
from affiliates.services.places import applications_approve, place_quit, plan_apply
from alliance.kernel import clock
from alliance.kernel.models import MemberRole
from merchants.models import Event, MerchantMember
from merchants.services.locks import rate_lock
from merchants.services.merchants import merchant_apply
from merchants.services.plans import first_pieces_open, plan_open
from merchants.services.terms import terms_announce
from tests.affiliates.conftest import START

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
RATES = re.compile(rb"33%|3300")


@pytest.fixture(autouse=True)
def travel(now):
    return now


@pytest.fixture
def seller(shop, make_user):
    user = make_user()
    MerchantMember.objects.create(merchant=shop.merchant, user=user, role=MemberRole.OWNER)
    return user


def room(user):
    client = Client()
    client.force_login(user)
    return client


def words(client, name, *args, query=""):
    return client.get(reverse(f"affiliates:{name}", args=args) + query).content.decode()


@pytest.fixture
def plan(shop, terms):
    return plan_open(merchant=shop.merchant, name="Friends", kind="SP", rate_bps=2_500, actor=None)


def test_from_the_application_to_the_rate_in_the_list(
    plan, seller, affiliate, make_affiliate, product
):
    mine, theirs = room(affiliate.owner), room(seller)
    mine.post(reverse("affiliates:plan_apply", args=[plan.pk]), {"words": "Tea blog"})
    place = PlanMember.objects.get()
    inbox = theirs.get(reverse("places:members", args=[plan.pk])).content.decode()
    assert "Tea blog" in inbox
    theirs.post(
        reverse("places:decide", args=[plan.pk]), {"place": place.pk, "decision": "approve"}
    )

    place.refresh_from_db()
    assert place.state == PlanMemberState.APPROVED
    assert "25% · for you" in words(mine, "products")
    page = words(mine, "product", product.pk)
    assert "Commission: 25% of" in page
    other = make_affiliate()
    assert "25%" not in words(room(other.owner), "products")
    assert "Commission: 12% of" in words(room(other.owner), "product", product.pk)

    theirs.post(reverse("places:remove", args=[place.pk]), {"reason": "No posts"})
    place.refresh_from_db()
    assert (place.state, place.reason) == (PlanMemberState.REMOVED, "No posts")
    assert "No posts" in words(mine, "plans")
    page = words(mine, "plan", plan.pk)
    assert "You can apply for this plan again from" in page
    assert reverse("affiliates:plan_apply", args=[plan.pk]) not in page


def test_rates_that_a_merchant_does_not_show_are_seen_by_members_only(
    shop, seller, affiliate, make_affiliate, terms
):
    plan = plan_open(
        merchant=shop.merchant,
        name="Quiet",
        kind="SP",
        rate_bps=3_300,
        rates_shown=False,
        actor=None,
    )
    place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    applications_approve(actor=seller, places=[place])
    mine, theirs = room(affiliate.owner), room(make_affiliate().owner)
    for name, args in (("plans", []), ("plan", [plan.pk]), ("rates", []), ("rates_csv", [])):
        answer = theirs.get(reverse(f"affiliates:{name}", args=args))
        seen = b"".join(answer) if answer.streaming else answer.content
        assert not {b"33%", b"3300"} & set(RATES.findall(seen)), name
        answer = mine.get(reverse(f"affiliates:{name}", args=args))
        seen = b"".join(answer) if answer.streaming else answer.content
        assert {b"33%", b"3300"} & set(RATES.findall(seen)), name


def test_who_has_left_a_plan_sees_what_it_was_promised_and_nothing_later(
    shop, seller, affiliate, make_affiliate, terms
):
    plan = plan_open(
        merchant=shop.merchant, name="Chosen", kind="SP", rate_bps=2_500, rates_shown=False,
        actor=None,
    )  # fmt: skip
    gone, stays = affiliate, make_affiliate()
    for one in (gone, stays):
        place = plan_apply(actor=one.owner, affiliate=one, plan=plan)
        applications_approve(actor=seller, places=[place])
    with clock.at(START + timedelta(minutes=1)):
        place_quit(actor=gone.owner, place=PlanMember.objects.get(affiliate=gone))
    with clock.at(START + timedelta(minutes=2)):
        terms_announce(plan=plan, rate_bps=3_300, actor=seller)
        rates = {
            one: [row.rate_bps for row in queries.rate_changes(one) if row.plan_id == plan.pk]
            for one in (gone, stays)
        }
    assert rates == {gone: [2_500], stays: [3_300, 2_500]}


def test_the_log_says_from_what_to_what_and_equals_its_file(
    shop, affiliate, product, make_product, terms, seller
):
    general = shop.merchant.plans.get()
    with clock.at(START + timedelta(minutes=1)):
        terms_announce(plan=general, product=product, rate_bps=1_500, actor=seller)
        terms_announce(plan=general, product=make_product(), rate_bps=1_700, actor=seller)
    mine = room(affiliate.owner)
    found = words(mine, "rates", query=f"?product={product.pk}")
    assert "12%" in found
    assert "<strong>15%</strong>" in found
    assert "17%" not in found
    answer = mine.get(reverse("affiliates:rates_csv") + f"?product={product.pk}")
    lines = b"".join(answer).decode().splitlines()
    assert [line.rsplit(",", 2)[-2:] for line in lines[1:]] == [["1200", "1500"], ["", "1200"]]
    assert "15%" in words(mine, "product", product.pk)  # its history
    for nonsense in (
        "?product=x&since=never",
        "?merchant=99999999999999999999",
        "?until=2026-13-1",
    ):
        assert mine.get(reverse("affiliates:rates") + nonsense).status_code == 200


def test_a_lock_and_the_first_pieces_are_shown(shop, affiliate, product, terms, seller):
    rate_lock(plan=shop.merchant.plans.get(), until=START + 9 * DAY, actor=seller)
    mine = room(affiliate.owner)
    assert "This rate is locked: it does not fall before" in words(mine, "product", product.pk)
    first_pieces_open(
        product=product,
        name="First",
        rate_bps=4_000,
        pieces=5,
        ends_at=START + DAY,
        actor=seller,
    )
    assert "For the first 5 pieces: 5 are left." in words(mine, "product", product.pk)


def test_a_link_for_an_event_is_made_on_its_page(
    shop, seller, ops, affiliate, product, make_affiliate, terms
):
    event = services.event_draft(
        actor=ops,
        name="Summer",
        least_bps=1_000,
        enrol_until=START + DAY,
        starts_at=START + DAY,
        ends_at=START + 3 * DAY,
    )
    services.event_open(actor=ops, event=event)
    theirs = room(seller)
    page = reverse("places:event", args=[event.pk])
    refused = theirs.post(page, {f"rate-{product.pk}": "5"}).content.decode()
    assert "This event pays 10% or more." in refused
    theirs.post(page, {f"rate-{product.pk}": "18"})
    mine = room(affiliate.owner)
    assert "Summer" not in words(mine, "events")
    services.event_publish(actor=ops, event=Event.objects.get())

    assert "18%" in words(mine, "event", event.pk)
    plan = event.plans.get()
    address = reverse("affiliates:product", args=[product.pk])
    assert "Commission: 18% of" in mine.get(f"{address}?plan={plan.pk}").content.decode()
    form = {"text": address, "zone": affiliate.zone.pk}
    mine.post(reverse("campaigns:convert"), {**form, "plan": plan.pk})
    mine.post(reverse("campaigns:convert"), {**form, "terms": "general"})
    assert [(link.plan, link.dx) for link in Link.objects.order_by("pk")] == [
        (plan, False),
        (None, True),
    ]
    assert (
        mine.get(f"{address}?plan={shop.merchant.plans.get(kind='COMMON').pk}").status_code == 404
    )


def test_query_counts_do_not_grow(
    shop, affiliate, seller, make_product, terms, django_assert_max_num_queries
):
    mine = room(affiliate.owner)

    def grow(rows: int) -> dict[str, int]:
        for n in range(rows):
            make_product()
            plan = plan_open(
                merchant=shop.merchant, name=f"P{n}", kind="SP", rate_bps=2_000, actor=None
            )
            if n % 2:
                place = plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
                applications_approve(actor=seller, places=[place])
        asked = {}
        for name in ("plans", "products", "rates"):
            with django_assert_max_num_queries(20, info=name) as counted:
                mine.get(reverse(f"affiliates:{name}"))
            asked[name] = len(counted)
        return asked

    grow(2)
    assert grow(2) == grow(26)


def test_applications_for_all_plans_are_decided_together(
    plan, shop, seller, affiliate, make_affiliate, make_user
):
    second = plan_open(
        merchant=shop.merchant, name="Close friends", kind="SP", rate_bps=3_000, actor=None
    )
    late = make_affiliate()
    for one, to in ((affiliate, plan), (affiliate, second), (late, plan)):
        plan_apply(actor=one.owner, affiliate=one, plan=to)
    first, other, third = PlanMember.objects.order_by("pk")
    page, client = reverse("places:applications"), room(seller)
    html = client.get(page).content.decode()
    assert "3 applications" in html
    assert html.count("Close friends") == 1
    assert "/merchant/plans/applications/" in room(seller).get("/merchant/").content.decode()

    client.post(page, {"place": [first.pk, other.pk], "decision": "approve"})
    client.post(page, {"place": [third.pk], "decision": "reject"})  # says no reason
    states = PlanMember.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["approved", "approved", "pending"]
    client.post(page, {"place": [third.pk], "decision": "reject", "reason": "No posts"})
    assert list(states.all()) == ["approved", "approved", "rejected"]
    assert "No application waits" in client.get(page).content.decode()

    rival = make_user()
    merchant_apply(user=rival, name="Rival", shop_name="R", domains=["rival.example"])
    again = plan_apply(actor=late.owner, affiliate=late, plan=second)
    room(rival).post(page, {"place": [again.pk], "decision": "approve"})
    again.refresh_from_db()
    assert again.state == PlanMemberState.PENDING


def test_the_inbox_asks_as_much_for_thirty_as_for_one(
    plan, seller, make_affiliate, django_assert_max_num_queries
):
    theirs = room(seller)

    def grow(rows: int) -> int:
        for _n in range(rows):
            other = make_affiliate()
            plan_apply(actor=other.owner, affiliate=other, plan=plan)
        with django_assert_max_num_queries(20) as counted:
            theirs.get(reverse("places:members", args=[plan.pk]))
        return len(counted)

    assert grow(1) == grow(29)
