"""Which rate counts when, and what an announcement does."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent
from merchants.models import Product, Terms
from merchants.plans import (
    Asker,
    LockFacts,
    PlanFacts,
    TermsFacts,
    Wanted,
    choose,
    explain,
    terms_at,
)
from merchants.services.plans import plan_end, plan_open
from merchants.services.products import product_save, products_save
from merchants.services.rates import rates_refresh
from merchants.services.terms import product_rates_announce, terms_announce
from merchants.tasks import rates_refresh as refresh_task
from tests.merchants.conftest import NOON, product_data

MIDNIGHT = datetime(2026, 6, 1, 16, tzinfo=UTC)  # 2 June 00:00 in Shanghai
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def at_noon(noon):
    return noon


def rate(merchant, product, moment):
    wanted = Wanted(merchant.pk, product.pk if product else None, None, moment)
    if product:
        wanted = Wanted(merchant.pk, product.pk, product.category_id, moment)
    return terms_at([wanted])[wanted].rate_bps or None


def test_a_raise_counts_at_once(merchant, product, plan):
    with clock.at(NOON + MINUTE):
        terms = terms_announce(plan=plan, rate_bps=1500, product=product, actor=None)

    assert terms.starts_at == NOON + MINUTE
    assert rate(merchant, product, NOON) == 1000
    assert rate(merchant, product, NOON + MINUTE) == 1500
    assert rate(merchant, None, NOON + MINUTE) == 1000


def test_a_cut_counts_from_the_next_business_day(merchant, product, plan):
    terms = terms_announce(plan=plan, rate_bps=500, product=product, actor=None)

    assert terms.starts_at == MIDNIGHT
    assert rate(merchant, product, MIDNIGHT - MINUTE) == 1000
    assert rate(merchant, product, MIDNIGHT) == 500


def test_the_last_word_of_a_day_counts(merchant, product, plan):
    for minute, bps in enumerate([500, 400, 600], 1):
        with clock.at(NOON + minute * MINUTE):
            terms_announce(plan=plan, rate_bps=bps, product=product, actor=None)
    assert rate(merchant, product, MIDNIGHT + MINUTE) == 600

    with clock.at(NOON + 4 * MINUTE):  # a raise takes back the cuts that were to come
        terms_announce(plan=plan, rate_bps=1200, product=product, actor=None)
    assert rate(merchant, product, MIDNIGHT + MINUTE) == 1200


def test_what_was_promised_in_the_past_never_changes(merchant, product, plan):
    moments = [NOON + n * timedelta(hours=3) for n in range(12)]
    before = [rate(merchant, product, moment) for moment in moments]
    with clock.at(moments[-1] + MINUTE):
        for bps in (9000, 200, 0):
            terms_announce(plan=plan, rate_bps=bps, product=product, actor=None)
        plan_end(plan=plan, actor=None)

    assert [rate(merchant, product, moment) for moment in moments] == before


def test_product_before_category_before_everything(merchant, product, category, plan):
    with clock.at(NOON + MINUTE):
        terms_announce(plan=plan, rate_bps=2000, category=category, actor=None)
    assert rate(merchant, product, NOON + MINUTE) == 2000
    with clock.at(NOON + 2 * MINUTE):
        terms = terms_announce(plan=plan, rate_bps=1500, product=product, actor=None)
    assert terms.starts_at == MIDNIGHT  # less than the category's, so it is a cut
    assert rate(merchant, product, MIDNIGHT) == 1500


def test_zero_takes_a_product_out(merchant, product, plan):
    terms_announce(plan=plan, rate_bps=0, product=product, actor=None)

    assert rate(merchant, product, MIDNIGHT - MINUTE) == 1000
    assert rate(merchant, product, MIDNIGHT) is None
    with pytest.raises(Invalid):
        terms_announce(plan=plan, rate_bps=0, actor=None)


@pytest.mark.parametrize("bps", [149, 9001, -1])
def test_a_rate_outside_of_the_bounds_is_refused(plan, product, bps):
    with pytest.raises(Invalid):
        terms_announce(plan=plan, rate_bps=bps, product=product, actor=None)
    assert Terms.objects.count() == 1


def test_nobody_announces_for_another_merchants_product(plan, stranger):
    theirs = stranger.pk and product_of(stranger)
    with pytest.raises(Invalid):
        terms_announce(plan=plan, rate_bps=1500, product=theirs, actor=None)
    with pytest.raises(Invalid):
        product_rates_announce(plan=plan, rates={theirs.pk: 1500}, actor=None)
    assert Terms.objects.count() == 1


def product_of(user):
    from merchants.queries import shops_for

    return product_save(
        shop=shops_for(user).get(),
        data=product_data("S-1", url="https://silk.example/1", category=""),
        actor=None,
    )


def test_a_merchant_has_one_general_plan(merchant, plan):
    with pytest.raises(WrongState):
        plan_open(merchant=merchant, name="Second", rate_bps=900, actor=None)


def test_a_marketing_plan_counts_inside_its_dates(merchant, product, plan):
    opened = plan_open(
        merchant=merchant,
        name="618",
        kind="MKT",
        rate_bps=3000,
        starts_at=NOON + DAY,
        ends_at=NOON + 2 * DAY,
        actor=None,
    )
    cut = terms_announce(plan=opened, rate_bps=2500, product=product, actor=None)

    assert cut.starts_at == NOON  # the plan has not begun: nobody was promised more
    moments = [NOON, NOON + DAY, NOON + 2 * DAY - MINUTE, NOON + 2 * DAY]
    assert [rate(merchant, product, moment) for moment in moments] == [1000, 2500, 2500, 1000]


def test_an_ended_plan_counts_until_midnight(merchant, product, plan):
    assert plan_end(plan=plan, actor=None).ends_at == MIDNIGHT

    assert rate(merchant, product, MIDNIGHT - MINUTE) == 1000
    assert rate(merchant, product, MIDNIGHT) is None
    with pytest.raises(WrongState):
        terms_announce(plan=plan, rate_bps=2000, actor=None)
    with pytest.raises(WrongState):
        plan_end(plan=plan, actor=None)


def test_products_carry_the_rate_of_now(merchant, product, plan):
    with clock.at(NOON + MINUTE):
        terms_announce(plan=plan, rate_bps=1500, product=product, actor=None)
        assert Product.objects.get().rate_bps == 1500
        terms_announce(plan=plan, rate_bps=500, product=product, actor=None)
        assert Product.objects.get().rate_bps == 1500
    with clock.at(MIDNIGHT):
        assert rates_refresh() == 1
        assert rates_refresh() == 0
    assert Product.objects.get().rate_bps == 500


def test_rates_are_refreshed_in_slices_and_where_something_turned(
    merchant, shop, product, plan, monkeypatch
):
    monkeypatch.setattr("merchants.services.rates.SLICE", 2)
    products_save(shop=shop, products=[product_data(f"P{n}") for n in range(4)], actor=None)
    terms_announce(plan=plan, rate_bps=800, actor=None)
    with clock.at(MIDNIGHT):
        assert rates_refresh(since=MIDNIGHT + MINUTE) == 0
        assert rates_refresh(since=MIDNIGHT - MINUTE) == 5
    assert set(Product.objects.values_list("rate_bps", flat=True)) == {800}

    Product.objects.update(rate_bps=1)  # what nobody announced is found by the nightly look
    with clock.at(MIDNIGHT + 2 * DAY):
        refresh_task()
        assert Product.objects.filter(rate_bps=1).count() == 5
        refresh_task(everything=True)
    assert set(Product.objects.values_list("rate_bps", flat=True)) == {800}


def test_a_new_product_has_its_rate_from_the_start(product, plan, shop):
    fresh = product_save(shop=shop, data=product_data("LJ-2"), actor=None)
    assert fresh.rate_bps == 1000


def test_many_rates_at_once(merchant, shop, plan, category):
    saved = products_save(
        shop=shop, products=[product_data(f"P{n}") for n in range(30)], actor=None
    )
    rates = {outcome.product_pk: 500 + 50 * n for n, outcome in enumerate(saved)}
    with clock.at(NOON + MINUTE), CaptureQueriesContext(connection) as queries:
        terms = product_rates_announce(plan=plan, rates=rates, actor=None)
    assert len(queries) < 20
    assert sum(t.starts_at == MIDNIGHT for t in terms) == 10  # 500 to 950 are cuts
    assert product_rates_announce(plan=plan, rates=rates, actor=None) == []


def test_a_product_that_moves_leaves_past_clicks_the_rate_of_its_category(
    merchant, shop, product, plan, category
):
    terms_announce(plan=plan, rate_bps=2000, category=category, actor=None)
    for minute, slug in ((10, ""), (20, "tea"), (30, "")):
        with clock.at(NOON + minute * MINUTE):
            product_save(shop=shop, data=product_data(category=slug), actor=None)
    product.refresh_from_db()
    assert [rate(merchant, product, NOON + n * MINUTE) for n in (0, 9, 10, 20, 29, 30, 40)] == [
        2000, 2000, 1000, 2000, 2000, 1000, 1000,
    ]  # fmt: skip


def test_looking_up_thousands_takes_two_queries(merchant, product, plan, django_assert_num_queries):
    wanted = [Wanted(merchant.pk, product.pk, None, NOON + n * MINUTE) for n in range(2000)]
    with django_assert_num_queries(2):
        assert {found.rate_bps for found in terms_at(wanted).values()} == {1000}


def test_each_announcement_is_in_the_audit_trail(plan, product, owner):
    terms_announce(plan=plan, rate_bps=1500, product=product, actor=owner)
    event = AuditEvent.objects.get(verb="terms.announced")
    assert (event.actor, event.data["before_bps"], event.data["rate_bps"]) == (owner, 1000, 1500)


def test_the_reasons_read_well(merchant, product, plan):
    plan_open(
        merchant=merchant, name="618", kind="MKT", rate_bps=2050, ends_at=NOON + DAY, actor=None
    )
    wanted = Wanted(merchant.pk, product.pk, None, NOON)
    assert explain(terms_at([wanted])[wanted].why) == [
        "“618” counts: 20.5% for the whole shop, the best rate at that moment.",
        "“General” offered less: 10% for the whole shop.",
    ]


# --- The decision alone, against a plain reading of the rule ---------------------------------

moments = st.integers(0, 20).map(lambda n: NOON + n * MINUTE)
scopes = st.sampled_from([(1, None), (None, 7), (None, None), (2, None)])


@st.composite
def plans(draw, number):
    starts = draw(moments)
    terms: dict = {}
    for key in range(draw(st.integers(0, 5))):
        announced = draw(moments)
        facts = TermsFacts(
            number * 10 + key,
            draw(st.sampled_from([0, 500, 1000])),
            announced + draw(st.integers(0, 5)) * MINUTE,
            announced,
        )
        scope = draw(scopes)
        terms[scope] = (*terms.get(scope, ()), facts)
    ends = draw(st.none() | st.integers(1, 20).map(lambda n: starts + n * MINUTE))
    kind = draw(st.sampled_from(["COMMON", "MKT", "SP", "ZX", "EVENT", "TOPN"]))
    locks = draw(st.sampled_from([(), (LockFacts(None, NOON, NOON + 10 * MINUTE),)]))
    return PlanFacts(
        number,
        kind,
        f"P{number}",
        starts,
        ends,
        terms,
        exclusive=kind == "SP" and draw(st.booleans()),
        locks=locks,
        left=draw(st.integers(0, 2)),
    )


askers = st.builds(
    Asker,
    joined=st.frozensets(st.integers(0, 3)),
    plan_id=st.none() | st.integers(0, 3),
    general=st.booleans(),
    clicked=st.booleans(),
)
RANKS = ["COMMON", "MKT", "EVENT", "TOPN", "ZX", "SP", "locked SP"]


@settings(max_examples=1000)
@given(
    st.integers(0, 4).flatmap(lambda n: st.tuples(*[plans(number) for number in range(n)])),
    moments,
    st.sampled_from([1, 3, None]),
    st.sampled_from([7, None]),
    askers,
    st.integers(1, 2),
)
def test_the_choice_follows_the_rule(plans, moment, product, category, by, pieces):
    def says(plan):
        """The newest terms of the narrowest scope."""
        ladder = [(product, None)] if product else []
        ladder += [(None, category)] if category else []
        for scope in [*ladder, (None, None)]:
            begun = [t for t in plan.terms.get(scope, ()) if t.starts_at <= moment]
            if begun:
                return max(begun, key=lambda t: (t.announced_at, t.id))
        return None

    valid = [p for p in plans if p.starts_at <= moment < (p.ends_at or NOON + 99 * DAY)]
    offers = {p.id: terms for p in valid if (terms := says(p)) and terms.rate_bps}
    offering = [p for p in valid if p.id in offers]
    reserved = {p.id for p in offering if p.exclusive}

    def may(plan):
        if reserved and not by.joined & reserved:
            return False
        if plan.kind in ("COMMON", "MKT"):
            return plan.kind == "COMMON" or not by.general
        if not by.clicked or by.general:
            return False
        if plan.kind == "TOPN":
            return plan.left >= pieces
        return plan.id == by.plan_id if plan.kind == "EVENT" else plan.id in by.joined

    def place(plan):
        locked = plan.kind == "SP" and plan.locks and moment < plan.locks[0].ends_at
        kind = "locked SP" if locked and moment >= NOON else plan.kind
        return (offers[plan.id].rate_bps, RANKS.index(kind), plan.starts_at, plan.id)

    able = [p for p in offering if may(p)]
    linked = [p for p in able if p.id == by.plan_id and not by.general]
    best = max(linked or able, key=place, default=None)

    found = choose(plans, Wanted(1, product, category, moment, by, pieces))
    if best is None:
        assert not found
    else:
        assert (found.plan_id, found.terms_id) == (best.id, offers[best.id].id)
        assert found.rate_bps == offers[best.id].rate_bps
        assert found.why[0]["code"].startswith("chosen")
    assert len(explain(found.why)) == len(found.why)
    secret = {p.name for p in plans if p.kind in ("SP", "ZX") and p.id not in by.joined}
    assert not secret & {one["plan"] for one in found.why}
