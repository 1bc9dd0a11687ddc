"""Whatever is announced, approved, locked or ended later: what a past click was promised stays."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliates.models import PlanMember
from affiliates.promised import Ask, wanted_for
from affiliates.services.places import (
    applications_approve,
    applications_reject,
    place_quit,
    place_take,
    plan_apply,
)
from alliance.kernel import clock
from alliance.kernel.errors import DomainError
from alliance.kernel.models import MemberRole
from merchants.models import MerchantMember, Plan
from merchants.plans import terms_at
from merchants.services.locks import rate_lock
from merchants.services.plans import plan_end, plan_open
from merchants.services.products import ProductData, product_save
from merchants.services.terms import terms_announce
from tests.affiliates.conftest import START

pytestmark = pytest.mark.django_db

ACTS = ("announce", "apply", "approve", "reject", "remove", "leave", "lock", "end", "open", "move")
a_step = st.tuples(
    st.sampled_from(ACTS),
    st.integers(1, 30),  # hours later
    st.integers(0, 5),  # which plan, or which place
    st.sampled_from([0, 300, 1_000, 1_500, 2_000]),
    st.sampled_from(["product", "category", "shop"]),
    st.sampled_from(["MKT", "SP", "SP exclusive", "ZX"]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(a_step, min_size=4, max_size=25))
def test_what_a_past_click_was_promised_never_changes(cast_of_promises, steps):
    with transaction.atomic():
        _play(cast_of_promises, steps)
        transaction.set_rollback(True)


@pytest.fixture
def cast_of_promises(shop, category, make_product, make_affiliate, make_user, terms):
    seller = make_user()
    MerchantMember.objects.create(merchant=shop.merchant, user=seller, role=MemberRole.OWNER)
    return shop, make_product(category=category), make_affiliate(), seller


def _play(cast, steps):
    shop, product, affiliate, _seller = cast
    product.refresh_from_db()
    now, said = START, {}
    for act, hours, which, bps, scope, kind in steps:
        now += timedelta(hours=hours)
        with clock.at(now), suppress(DomainError):
            _act(cast, act, which, bps, scope, kind)
        # Asked an hour after the act, and never to be answered otherwise again.
        moment = now + timedelta(minutes=30)
        for clicked in (True, False):
            ask = Ask(
                affiliate.pk, shop.merchant_id, product.pk, product.category_id, moment,
                clicked=clicked,
            )  # fmt: skip
            said[ask] = _answer(ask)
    product.refresh_from_db()
    for ask, answer in said.items():  # with the category of today, as an order that comes now would
        assert _answer(ask._replace(category_id=product.category_id)) == answer


def _answer(ask):
    wanted = wanted_for([ask])[ask]
    return terms_at([wanted])[wanted]


def _act(cast, act, which, bps, scope, kind):
    shop, product, affiliate, seller = cast
    plans = list(Plan.objects.filter(merchant=shop.merchant).order_by("pk"))
    plan = plans[which % len(plans)]
    places = list(PlanMember.objects.filter(affiliate=affiliate).order_by("pk"))
    place = places[which % len(places)] if places else None
    at = {"product": {"product": product}, "category": {"category": product.category}}
    if act == "announce":
        terms_announce(plan=plan, rate_bps=bps, actor=seller, **at.get(scope, {}))
    elif act == "open":
        plan_open(
            merchant=shop.merchant,
            name=f"Plan {len(plans)}",
            kind=kind.split()[0],
            exclusive=kind.endswith("exclusive"),
            rate_bps=bps or None,
            ends_at=clock.now() + timedelta(days=1 + which * 3),
            actor=seller,
        )
    elif act == "apply":
        plan_apply(actor=affiliate.owner, affiliate=affiliate, plan=plan)
    elif act == "lock":
        locked = product if scope == "product" else None
        rate_lock(
            plan=plan, product=locked, until=clock.now() + timedelta(days=which), actor=seller
        )
    elif act == "move":
        slug = "" if product.category else "tea"
        data = ProductData(product.external_id, product.title, product.url, 19_900, category=slug)
        product_save(shop=shop, data=data, actor=seller)
        product.refresh_from_db()
    elif act == "end":
        plan_end(plan=plan, actor=seller)
    elif place and act == "approve":
        applications_approve(actor=seller, places=[place])
    elif place and act == "reject":
        applications_reject(actor=seller, places=[place], reason="no")
    elif place and act == "remove":
        place_take(actor=seller, place=place, reason="no")
    elif place and act == "leave":
        place_quit(actor=affiliate.owner, place=place)


a_lock_step = st.tuples(
    st.sampled_from(["announce", "open", "lock", "end"]),
    st.integers(1, 30),
    st.integers(0, 3),
    st.sampled_from([0, 300, 1_000, 1_500, 2_000]),
    st.sampled_from(["product", "category", "shop"]),
    st.sampled_from(["MKT", "SP exclusive"]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(a_lock_step, min_size=2, max_size=15), st.integers(1, 20))
def test_a_locked_rate_never_falls_before_the_lock_ends(cast_of_promises, steps, days):
    """Of the general plan, for everybody, at any moment of the lock, whatever else is announced."""
    shop, product, affiliate, seller = cast_of_promises
    with transaction.atomic():
        until = START + timedelta(days=days)
        with clock.at(START):
            rate_lock(plan=shop.merchant.plans.get(), until=until, actor=seller)
        now = START
        for act, hours, which, bps, scope, kind in steps:
            now += timedelta(hours=hours)
            with clock.at(now), suppress(DomainError):
                _act(cast_of_promises, act, which, bps, scope, kind)
        moments = [START + timedelta(hours=7 * n) for n in range(days * 24 // 7)]
        asks = [
            Ask(affiliate.pk, shop.merchant_id, product.pk, product.category_id, moment)
            for moment in [*moments, until - timedelta(microseconds=1)]
        ]
        rates = [_answer(ask).rate_bps for ask in asks]
        transaction.set_rollback(True)
    assert min(rates) >= 1_200
