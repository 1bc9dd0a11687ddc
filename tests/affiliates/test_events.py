"""Events: from the draft to links that earn their rates, and whose business each step is."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates import services
from affiliates.attribution import attribute
from affiliates.explanations import explain
from affiliates.models import AffiliateKind, Intermediation, Link
from affiliates.promised import Ask, wanted_for
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, MemberRole
from merchants.models import Event, EventState, MerchantMember, OrderLine, PlanState
from merchants.plans import terms_at
from merchants.services.plans import plan_end, plan_open
from merchants.services.terms import product_rates_announce, terms_announce, terms_preview
from tests.affiliates.conftest import START

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def travel(now):
    return now


@pytest.fixture
def seller(shop, make_user):
    user = make_user()
    MerchantMember.objects.create(merchant=shop.merchant, user=user, role=MemberRole.OWNER)
    return user


@pytest.fixture
def host(make_affiliate):
    return make_affiliate(AffiliateKind.TUANZHANG)


@pytest.fixture
def draft(host):
    """Enrolment for a day, then two days of promotion, 10 % at least, 3 % for the host."""
    return services.event_draft(
        actor=host.owner,
        host=host,
        name="Summer",
        least_bps=1_000,
        service_bps=300,
        cross_shop=True,
        enrol_until=START + DAY,
        starts_at=START + DAY,
        ends_at=START + 3 * DAY,
    )


@pytest.fixture
def pot(make_product):
    return make_product()


@pytest.fixture
def plan(draft, ops, seller, shop, product, pot, terms):
    services.event_open(actor=ops, event=draft)
    return services.event_join(
        actor=seller,
        merchant=shop.merchant,
        event=draft,
        rates={product.pk: 1_100, pot.pk: 2_000},
    )


def published(plan, host):
    services.event_publish(actor=host.owner, event=plan.event)
    return plan


def rate(affiliate, product, link, at, *, clicked=True):
    ask = Ask(affiliate.pk, product.shop.merchant_id, product.pk, None, at, link.pk, clicked)
    wanted = wanted_for([ask])[ask]
    found = terms_at([wanted])[wanted]
    return found.kind, found.rate_bps


def test_only_links_made_for_the_event_get_its_rate_and_only_while_it_runs(
    plan, host, affiliate, product, pot, make_link, now
):
    published(plan, host)
    plain, made = make_link(affiliate, product), make_link(affiliate, product, plan=plan)

    assert plain != made
    assert make_link(affiliate, product, plan=plan) == made
    during = START + 2 * DAY
    assert rate(affiliate, product, plain, during) == ("COMMON", 1_200)
    # Lower than the general rate, and yet what the link is for (docs/domain.md §2.3).
    assert rate(affiliate, product, made, during) == ("EVENT", 1_100)
    for moment in (START, START + 3 * DAY):
        assert rate(affiliate, product, made, moment) == ("COMMON", 1_200)
    # A better one is for its own links, too.
    assert rate(affiliate, pot, make_link(affiliate, pot), during) == ("COMMON", 1_200)
    better = make_link(affiliate, pot, plan=plan)
    assert rate(affiliate, pot, better, during) == ("EVENT", 2_000)
    # What was bought beside it is not a matter of the event.
    assert rate(affiliate, product, made, during, clicked=False) == ("COMMON", 1_200)


def test_an_event_order_owes_its_host_the_service_fee(
    plan, host, affiliate, product, make_link, click, sell, now
):
    published(plan, host)
    made = make_link(affiliate, product, plan=plan)
    touch = click(made, -2 * DAY)
    line = sell(touch.click_id, placed_at=START + 2 * DAY + timedelta(hours=1))
    now(days=3)
    lines = OrderLine.objects.select_related("order__merchant", "product").filter(pk=line.pk)
    decision = attribute(lines)[line.pk]

    assert (decision.plan, decision.rate_bps) == (plan, 1_100)
    assert (decision.intermediary, decision.service_bps) == (host, 300)
    said = explain(decision, viewer=affiliate)
    assert "“Summer” counts: 11% for this product, because the link was made for it." in said
    assert "“General” offered 12% for the whole shop; the link was made for another plan." in said


def test_a_link_for_the_general_plan_gets_no_better_rate(
    affiliate, product, make_link, shop, terms
):
    plan_open(
        merchant=shop.merchant,
        name="618",
        kind="MKT",
        rate_bps=3_000,
        ends_at=START + DAY,
        actor=None,
    )
    plain, general = make_link(affiliate, product), make_link(affiliate, product, dx=True)

    assert rate(affiliate, product, plain, START) == ("MKT", 3_000)
    assert rate(affiliate, product, general, START) == ("COMMON", 1_200)


def test_what_the_event_does_not_allow_is_refused(
    plan, host, affiliate, product, make_product, make_link, seller, shop, now
):
    with pytest.raises(WrongState):  # not published
        make_link(affiliate, product, plan=plan)
    with pytest.raises(Invalid, match=r"10% or more"):
        services.event_join(
            actor=seller, merchant=shop.merchant, event=plan.event, rates={product.pk: 900}
        )
    with pytest.raises(NotAllowed):
        services.event_join(
            actor=affiliate.owner,
            merchant=shop.merchant,
            event=plan.event,
            rates={product.pk: 2000},
        )
    published(plan, host)
    other = make_product()
    with pytest.raises(Invalid):  # not enrolled
        make_link(affiliate, other, plan=plan)
    with pytest.raises(Invalid):
        make_link(affiliate, product, plan=plan, dx=True)
    with pytest.raises(WrongState):  # enrolment is over
        services.event_join(
            actor=seller, merchant=shop.merchant, event=plan.event, rates={other.pk: 2_000}
        )
    with pytest.raises(WrongState):
        plan_end(plan=plan, actor=None)
    now(days=3)
    with pytest.raises(WrongState, match="over"):
        make_link(affiliate, product, plan=plan)
    assert Link.objects.count() == 0


def test_a_rate_of_a_published_event_is_raised_but_not_lowered(
    plan, host, affiliate, product, make_link, seller
):
    terms_announce(plan=plan, product=product, rate_bps=1_050, actor=seller)
    published(plan, host)
    made = make_link(affiliate, product, plan=plan)
    for lower in (0, 1_000):
        for say in (terms_preview, partial(terms_announce, actor=seller)):
            with pytest.raises(WrongState, match="published"):
                say(plan=plan, product=product, rate_bps=lower)
        with pytest.raises(WrongState, match="published"):
            product_rates_announce(plan=plan, rates={product.pk: lower}, actor=seller)
    assert rate(affiliate, product, made, START + 2 * DAY) == ("EVENT", 1_050)
    terms_announce(plan=plan, product=product, rate_bps=1_500, actor=seller)
    assert rate(affiliate, product, made, START + 2 * DAY) == ("EVENT", 1_500)


def test_an_event_is_held_before_its_plan_while_a_rate_is_announced(plan, product, seller):
    with CaptureQueriesContext(connection) as said:
        terms_announce(plan=plan, product=product, rate_bps=1_050, actor=seller)
    held = [query["sql"] for query in said if "FOR NO KEY UPDATE" in query["sql"]]
    assert ['FROM "merchants_event"' in sql for sql in held[:2]] == [True, False]


def test_each_step_is_somebodys_business(draft, host, ops, seller, shop, product, make_affiliate):
    stranger = make_affiliate(AffiliateKind.TUANZHANG)
    with pytest.raises(NotAllowed):
        services.event_open(actor=host.owner, event=draft)
    services.event_open(actor=ops, event=draft)
    with pytest.raises(NotAllowed):
        services.event_publish(actor=stranger.owner, event=draft)
    with pytest.raises(WrongState, match="enrolled"):
        services.event_publish(actor=host.owner, event=draft)
    draft.refresh_from_db()
    assert draft.state == EventState.ENROLLING

    plan = services.event_join(
        actor=seller, merchant=shop.merchant, event=draft, rates={product.pk: 1_000}
    )
    with pytest.raises(NotAllowed):
        services.event_leave(actor=stranger.owner, plan=plan)
    services.event_leave(actor=seller, plan=plan)
    plan.refresh_from_db()
    assert plan.state == PlanState.ENDED
    assert not Intermediation.objects.filter(plan=plan, ends_at=None).exists()

    again = services.event_join(
        actor=seller, merchant=shop.merchant, event=draft, rates={product.pk: 1_000}
    )
    assert again != plan
    services.event_publish(actor=host.owner, event=draft)
    with pytest.raises(WrongState, match="published"):
        services.event_leave(actor=seller, plan=again)
    assert AuditEvent.objects.filter(verb__startswith="event.").count() == 3


def test_who_does_not_look_after_plans_hosts_nothing(affiliate, ops):
    facts = {
        "name": "Mine",
        "least_bps": 1_000,
        "service_bps": 100,
        "enrol_until": START + DAY,
        "starts_at": START + DAY,
        "ends_at": START + 2 * DAY,
    }
    with pytest.raises(NotAllowed):
        services.event_draft(actor=affiliate.owner, host=affiliate, **facts)
    with pytest.raises(Invalid, match="host"):
        services.event_draft(actor=ops, **facts)
    assert services.event_draft(actor=ops, **{**facts, "service_bps": 0}).pk


def test_operations_draft_an_event_of_the_alliances_own_at_the_desk(ops, client):
    client.force_login(ops)
    said = {"name": "618", "least": "10", "starts_on": "2026-06-18", "ends_on": "2026-06-20"}
    late = client.post("/admin/merchants/event/draft/", {**said, "enrol_until": "2026-06-19"})
    assert late.context["form"].errors["enrol_until"] == [
        "Merchants enrol from now on until before it starts."
    ]
    client.post("/admin/merchants/event/draft/", {**said, "enrol_until": "2026-06-17"})
    event = Event.objects.get()
    assert (event.state, event.least_bps, event.service_bps) == (EventState.DRAFT, 1_000, 0)


def test_an_event_ended_early_pays_until_midnight(
    plan, host, ops, affiliate, product, make_link, now
):
    published(plan, host)
    made = make_link(affiliate, product, plan=plan)
    now(days=1, hours=2)
    before = clock.now() - timedelta(hours=1)
    services.event_end(actor=ops, event=plan.event)

    midnight = START + timedelta(days=1, hours=12)
    assert plan.event.ends_at == midnight
    assert rate(affiliate, product, made, before) == ("EVENT", 1_100)
    assert rate(affiliate, product, made, midnight - DAY / 24) == ("EVENT", 1_100)
    assert rate(affiliate, product, made, midnight) == ("COMMON", 1_200)
    with pytest.raises(WrongState):
        services.event_end(actor=ops, event=plan.event)


def test_a_void_event_never_begins(plan, ops, affiliate, product, now):
    services.event_void(actor=ops, event=plan.event)
    plan.refresh_from_db()
    assert plan.state == PlanState.ENDED
    assert Intermediation.objects.get().ends_at == START
    with pytest.raises(WrongState):
        services.event_publish(actor=ops, event=plan.event)


# --- Across shops ---


@pytest.fixture
def elsewhere(make_shop, make_plan):
    """Another merchant's shop with a general plan; not in the event yet."""
    other = make_shop("other.example")
    make_plan(other.merchant, 800)
    return other


@pytest.fixture
def joined(elsewhere, plan, make_user, make_product):
    """It takes part with a product of its own."""
    user = make_user()
    MerchantMember.objects.create(merchant=elsewhere.merchant, user=user, role=MemberRole.OWNER)
    services.event_join(
        actor=user,
        merchant=elsewhere.merchant,
        event=plan.event,
        rates={make_product(shop=elsewhere).pk: 2_000},
    )
    return elsewhere


DURING = -2 * DAY  # before START: two days after it


def bought(sell, at, click, **facts):
    facts = {"placed_at": START + 2 * DAY + timedelta(hours=1), "bought": None, **facts}
    line = sell(click.click_id, at=at, **facts)
    lines = OrderLine.objects.select_related("order__merchant", "product").filter(pk=line.pk)
    return attribute(lines)[line.pk]


@pytest.mark.parametrize("visitor", ["", "v"])
def test_a_click_of_the_event_counts_in_every_shop_that_takes_part(
    plan, joined, host, affiliate, product, make_link, click, sell, visitor
):
    made = make_link(affiliate, product, plan=published(plan, host))
    touch = click(made, DURING, visitor_key=visitor)
    decision = bought(sell, joined, touch)
    assert (decision.rule, decision.touch) == ("cross_shop", touch)
    # What was bought without a click on it has the general plan, and owes no service fee.
    assert (decision.plan.kind, decision.rate_bps, decision.service_bps) == ("COMMON", 800, 0)
    assert "another shop of the same event" in explain(decision, viewer=affiliate)[0]


def test_not_in_a_shop_outside_of_it(
    plan, elsewhere, host, affiliate, product, make_link, click, sell
):
    made = make_link(affiliate, product, plan=published(plan, host))
    outside = bought(sell, elsewhere, click(made, DURING, visitor_key="v"))
    assert outside.receipt["why"] == "click_of_another_shop"


def test_only_links_of_the_event_count_across_shops_and_only_in_its_time(
    plan, joined, host, affiliate, product, make_link, click, sell
):
    made = make_link(affiliate, product, plan=published(plan, host))
    plain = make_link(affiliate, product)
    for touch in (click(plain, DURING), click(made, timedelta(0)), click(made, -3 * DAY)):
        late = START + 3 * DAY + timedelta(hours=1)
        assert bought(sell, joined, touch, placed_at=late).affiliate is None


def test_an_event_that_does_not_count_across_shops(
    plan, joined, host, affiliate, product, make_link, click, sell
):
    made = make_link(affiliate, product, plan=published(plan, host))
    type(plan.event).objects.filter(pk=plan.event_id).update(cross_shop=False)
    decision = bought(sell, joined, click(made, DURING, visitor_key="v"))
    assert decision.receipt["why"] == "click_of_another_shop"


def test_a_click_in_the_shop_itself_goes_before_a_later_one_across(
    plan, joined, host, affiliate, make_affiliate, make_product, product, make_link, click, sell
):
    made = make_link(affiliate, product, plan=published(plan, host))
    here = make_link(make_affiliate(), make_product(shop=joined))
    own = click(here, DURING - timedelta(minutes=5), visitor_key="v")
    later = click(made, DURING - timedelta(minutes=30), visitor_key="v")
    decision = bought(sell, joined, later)
    assert (decision.rule, decision.touch) == ("same_shop", own)
    reasons = {one["click_id"]: one["why"] for one in decision.receipt["looked_at"]}
    assert reasons[later.click_id] == "shop_click_won"
