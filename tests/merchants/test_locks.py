"""Rate locks: never lowered, never ended inside."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from merchants.models import RateLock, Terms
from merchants.plans import Wanted, terms_at
from merchants.services.locks import rate_lock
from merchants.services.plans import plan_end, plan_open
from merchants.services.products import products_save
from merchants.services.terms import product_rates_announce, terms_announce, terms_preview
from tests.merchants.conftest import NOON, product_data

MIDNIGHT = datetime(2026, 6, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
UNTIL = NOON + 10 * DAY


@pytest.fixture(autouse=True)
def at_noon(noon):
    return noon


def rate(merchant, product, moment):
    wanted = Wanted(merchant.pk, product.pk, product.category_id, moment)
    return terms_at([wanted])[wanted].rate_bps


def test_inside_a_lock_a_cut_waits_for_its_end_and_a_raise_does_not(merchant, product, plan):
    rate_lock(plan=plan, until=UNTIL, actor=None)
    with clock.at(NOON + MINUTE):
        cut = terms_announce(plan=plan, rate_bps=500, actor=None)
        raised = terms_announce(plan=plan, product=product, rate_bps=1_100, actor=None)
        again = terms_announce(plan=plan, product=product, rate_bps=1_050, actor=None)
        assert terms_preview(plan=plan, product=product, rate_bps=1_000) == UNTIL
    assert (cut.starts_at, raised.starts_at, again.starts_at) == (UNTIL, NOON + MINUTE, UNTIL)
    assert rate(merchant, product, UNTIL - MINUTE) == 1_100
    assert rate(merchant, product, UNTIL) == 1_050


def test_many_rates_at_once_wait_for_the_lock_too(merchant, product, plan):
    rate_lock(plan=plan, product=product, until=UNTIL, actor=None)
    (terms,) = product_rates_announce(plan=plan, rates={product.pk: 0}, actor=None)
    assert terms.starts_at == UNTIL


def test_a_locked_product_is_pinned_against_its_category_and_its_shop(
    merchant, product, category, plan
):
    rate_lock(plan=plan, product=product, until=UNTIL, actor=None)
    terms_announce(plan=plan, rate_bps=500, actor=None)
    terms_announce(plan=plan, category=category, rate_bps=300, actor=None)
    assert rate(merchant, product, MIDNIGHT) == 1_000
    assert Terms.objects.get(product=product).rate_bps == 1_000


def test_a_feed_that_moves_a_product_lowers_nothing_of_a_plan_that_is_locked_as_a_whole(
    merchant, shop, product, category, plan
):
    """Nor does it in a plan that is not locked keep what the category paid."""
    terms_announce(plan=plan, rate_bps=3_000, category=category, actor=None)
    free = plan_open(
        merchant=merchant, name="May", kind="MKT", rate_bps=500, ends_at=UNTIL + DAY, actor=None
    )
    terms_announce(plan=free, rate_bps=3_000, category=category, actor=None)
    lock = rate_lock(plan=plan, until=UNTIL, actor=None)
    with clock.at(NOON + MINUTE):
        out = product_data(product.external_id, category="")
        products_save(shop=shop, products=[out, replace(out, title="Again")], actor=None)
        product.refresh_from_db()

        assert (product.category, product.title) == (None, "Again")
        assert rate(merchant, product, clock.now()) == 3_000
        pinned = Terms.objects.get(product=product)
        assert (pinned.plan, pinned.rate_bps) == (lock.plan, 3_000)
        products_save(shop=shop, products=[product_data(product.external_id)], actor=None)
    assert Terms.objects.filter(product=product).count() == 1


def test_a_plan_ends_when_its_last_lock_does(merchant, product, plan):
    rate_lock(plan=plan, product=product, until=UNTIL, actor=None)
    rate_lock(plan=plan, until=UNTIL - 5 * DAY, actor=None)
    assert plan_end(plan=plan, actor=None).ends_at == UNTIL
    assert rate(merchant, product, UNTIL - MINUTE) == 1_000
    assert rate(merchant, product, UNTIL) == 0


def test_what_is_going_to_fall_cannot_be_locked(product, plan):
    terms_announce(plan=plan, product=product, rate_bps=500, actor=None)
    with pytest.raises(WrongState, match="lower rate"):
        rate_lock(plan=plan, product=product, until=UNTIL, actor=None)
    with pytest.raises(WrongState, match="lower rate"):
        rate_lock(plan=plan, until=UNTIL, actor=None)
    with clock.at(NOON + MINUTE):  # taken back
        terms_announce(plan=plan, product=product, rate_bps=1_000, actor=None)
        rate_lock(plan=plan, until=UNTIL, actor=None)


def test_a_lock_lies_inside_of_a_plan_that_goes_on(merchant, product, plan):
    with pytest.raises(Invalid, match="future"):
        rate_lock(plan=plan, until=NOON, actor=None)
    marketing = plan_open(
        merchant=merchant, name="618", kind="MKT", ends_at=NOON + 2 * DAY, actor=None
    )
    with pytest.raises(Invalid, match="ends before"):
        rate_lock(plan=marketing, until=UNTIL, actor=None)
    with pytest.raises(Invalid, match="pays nothing"):
        rate_lock(plan=marketing, product=product, until=NOON + DAY, actor=None)
    later = plan_open(
        merchant=merchant,
        name="919",
        kind="MKT",
        starts_at=NOON + DAY,
        ends_at=NOON + 20 * DAY,
        actor=None,
    )
    with pytest.raises(WrongState, match="not begun"):
        rate_lock(plan=later, until=UNTIL, actor=None)
    exclusive = plan_open(
        merchant=merchant, name="Us", kind="SP", exclusive=True, rate_bps=2_000, actor=None
    )
    assert exclusive.exclusive
    with pytest.raises(WrongState, match="exclusive"):
        rate_lock(plan=plan, product=product, until=UNTIL, actor=None)
    assert RateLock.objects.count() == 0


def test_what_comes_into_an_exclusive_plan_tomorrow_is_no_cut(merchant, product, plan):
    mine = plan_open(merchant=merchant, name="Us", kind="SP", exclusive=True, actor=None)
    with clock.at(MIDNIGHT + MINUTE):
        added = terms_announce(plan=mine, product=product, rate_bps=3_000, actor=None)
        assert added.starts_at > clock.now()
        rate_lock(plan=mine, until=UNTIL, actor=None)


def test_what_an_exclusive_plan_has_let_go_can_be_locked_for_everybody(merchant, product, plan):
    mine = plan_open(
        merchant=merchant, name="Us", kind="SP", exclusive=True, rate_bps=2_000, actor=None
    )
    with clock.at(MIDNIGHT + MINUTE):
        terms_announce(plan=mine, product=product, rate_bps=0, actor=None)
        with pytest.raises(WrongState, match="exclusive"):
            rate_lock(plan=plan, product=product, until=UNTIL, actor=None)
    with clock.at(MIDNIGHT + DAY):
        with pytest.raises(WrongState, match="exclusive"):
            rate_lock(plan=plan, until=UNTIL, actor=None)
        rate_lock(plan=plan, product=product, until=UNTIL, actor=None)
