"""The rhythm of a year of shopping, and the orders that follow it."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from alliance.demo.catalogue import products
from alliance.demo.orders import WINDOW, orders, visits
from alliance.demo.people import DEMO_AFFILIATE, affiliates
from alliance.demo.rhythm import day_weight, festival_factor, hour_weights, moment_at, passed
from alliance.kernel import clock

START, END = date(2025, 7, 8), date(2026, 7, 8)
NOW = datetime(2026, 7, 8, 6, 30, tzinfo=UTC)  # half past two in the afternoon in Shanghai
SETTLED = NOW - timedelta(days=45)  # whatever was to happen to these orders has happened


@pytest.fixture(scope="module")
def year():
    return list(orders(618, START, END, 9000, NOW))


@pytest.fixture(scope="module")
def done(year):
    return [order for order in year if order.placed_at < SETTLED]


def test_the_great_days_stand_out():
    quiet = day_weight(date(2026, 4, 14))

    assert 0.9 < quiet < 1.1
    assert day_weight(date(2025, 11, 11)) > 4.5 * quiet
    assert day_weight(date(2026, 6, 18)) > 4 * quiet
    assert day_weight(date(2026, 6, 1)) > 2.5 * quiet
    assert day_weight(date(2025, 12, 12)) > 1.8 * quiet
    assert day_weight(date(2026, 3, 8)) > 1.5 * quiet
    assert day_weight(date(2026, 6, 24)) < quiet
    for new_year in (date(2025, 1, 29), date(2026, 2, 17), date(2028, 1, 26)):
        assert day_weight(new_year) < 0.35 * quiet


def test_festival_curves_pass_through_their_points_and_straight_between_them():
    assert festival_factor(date(2026, 6, 18)) == pytest.approx(4.6)
    assert festival_factor(date(2026, 6, 17)) == pytest.approx(3.7)
    assert festival_factor(date(2026, 6, 21)) == pytest.approx((1.3 + 0.85) / 2)
    assert festival_factor(date(2026, 5, 19)) == pytest.approx(1.0)
    assert festival_factor(date(2026, 4, 1)) == 1.0


def test_the_evening_is_the_time_to_shop_and_on_great_days_midnight_too():
    ordinary, great = hour_weights(date(2026, 4, 14)), hour_weights(date(2026, 6, 18))

    assert max(ordinary) == ordinary[21]
    assert min(ordinary) == ordinary[4]
    assert great[0] > great[10]


def test_moments_and_parts_of_a_day_are_each_others_mirror():
    day = date(2026, 6, 18)

    assert moment_at(day, 0.0) == clock.day_start(day)
    for position in (0.1, 0.35, 0.5, 0.99):
        assert passed(day, moment_at(day, position)) == pytest.approx(position, abs=1e-4)
    assert passed(day, clock.day_start(day) - timedelta(days=1)) == 0
    assert passed(day, clock.day_start(day) + timedelta(days=2)) == 1


def test_a_year_is_told_the_same_each_time(year):
    again = list(orders(618, START, END, 9000, NOW))

    assert again == year
    assert list(orders(619, START, END, 100, NOW)) != again[:100]


def test_as_many_orders_as_asked_on_every_day_of_the_year_in_their_order(year):
    days = Counter(clock.business_day(order.placed_at) for order in year)
    moments = [order.placed_at for order in year]

    assert len(year) == 9000
    assert len({order.number for order in year}) == 9000
    assert moments == sorted(moments)
    assert len(days) == 366
    assert {day for day, _ in days.most_common(2)} == {date(2025, 11, 11), date(2026, 6, 18)}


def test_nothing_is_told_that_has_not_happened(year):
    for order in year:
        assert order.placed_at <= NOW
        moments = [order.paid_at, order.received_at, order.void_at]
        moments += [refund.at for refund in order.refunds]
        assert all(moment is None or moment <= NOW for moment in moments)
    assert any(order.paid_at and not order.received_at and not order.void_at for order in year)


def test_orders_take_their_course(year):
    for order in year:
        assert order.paid_at is None or order.paid_at > order.placed_at
        if order.received_at:
            assert order.void_at is None
            assert timedelta(days=2) <= order.received_at - order.paid_at <= timedelta(days=9)
        for refund in order.refunds:
            assert timedelta(days=1) <= refund.at - order.received_at <= timedelta(days=30)
            assert 0 < refund.amount_minor <= order.lines[refund.line].amount_minor
        if order.void_at:
            assert order.void_reason
            assert not order.refunds


def test_some_are_never_paid_some_cancelled_some_come_back(done):
    unpaid = sum(order.paid_at is None for order in done) / len(done)
    cancelled = sum(bool(order.paid_at and order.void_at) for order in done) / len(done)
    whole = sum(bool(o.refunds) and _refunded(o) == o.amount_minor for o in done) / len(done)
    part = sum(bool(o.refunds) and _refunded(o) < o.amount_minor for o in done) / len(done)

    assert 0.02 < unpaid < 0.04
    assert 0.04 < cancelled < 0.06
    assert 0.03 < whole < 0.055
    assert 0.012 < part < 0.03


def _refunded(order):
    return sum(refund.amount_minor for refund in order.refunds)


def test_fashion_comes_back_far_more_often_than_groceries(done):
    shelf = {product.code: product.category for product in products()}
    sold, back = Counter(), Counter()
    for order in done:
        sold[shelf[order.lines[0].product]] += 1
        back[shelf[order.lines[0].product]] += bool(order.refunds)

    assert back["women"] / sold["women"] > 3 * back["supermarket"] / sold["supermarket"]


def test_lines_are_of_one_shop_and_cost_something(year):
    facts = {product.code: product for product in products()}
    for order in year:
        assert {facts[line.product].merchant for line in order.lines} == {order.merchant}
        assert len({line.product for line in order.lines}) == len(order.lines)
        for line in order.lines:
            assert 0 < line.amount_minor <= facts[line.product].price_minor * line.quantity
    assert sum(len(order.lines) > 1 for order in year) > 500
    assert sum(order.coupon_used for order in year) > 500


def test_behind_an_order_stand_no_click_one_or_two_and_the_last_is_the_latest(year):
    clicks = Counter(len(order.touches) for order in year)
    stale = 0
    for order in year:
        moments = [touch.at for touch in order.touches]
        assert moments == sorted(moments)
        assert all(moment < order.placed_at for moment in moments)
        assert all(touch.buyer == order.buyer for touch in order.touches)
        stale += bool(moments) and order.placed_at - moments[-1] > WINDOW

    assert 0.16 < clicks[0] / 9000 < 0.20
    assert 0.03 < clicks[2] / 9000 < 0.08
    assert 0.01 < stale / 9000 < 0.035


def test_nobody_brings_buyers_before_they_joined(year):
    for order in year:
        for touch in order.touches:
            joined = affiliates()[touch.affiliate].joined_on(END)
            assert touch.at >= clock.day_start(joined)
            assert not affiliates()[touch.affiliate].waiting


def test_the_affiliate_of_the_demo_has_a_year_worth_looking_at(year):
    hers = [o for o in year if o.touches and o.touches[-1].affiliate == DEMO_AFFILIATE]
    months = Counter(f"{clock.business_day(order.placed_at):%Y-%m}" for order in hers)

    assert len(hers) > 200
    assert months["2026-06"] > 2 * months["2025-09"]
    assert any(order.refunds for order in hers)
    assert any(order.void_at for order in hers)
    assert any(order.placed_at - order.touches[-1].at > WINDOW for order in hers)
    assert any(len(order.touches) == 2 for order in hers)
    assert any(order.placed_at > NOW - timedelta(days=2) for order in hers)


def test_touches_lead_to_zones_and_products_that_exist(year):
    codes = {product.code for product in products()}
    seen = list(visits(618, START, END, 2000, NOW))
    assert len(seen) == 2000
    assert all(touch.at <= NOW for touch in seen)
    for touch in [*seen, *(touch for order in year for touch in order.touches)]:
        assert touch.product in codes
        assert 0 <= touch.zone < len(affiliates()[touch.affiliate].sites[touch.site].zones)
        assert touch.sub_id == "" or (touch.sub_id.isalnum() and len(touch.sub_id) <= 12)


def test_a_demo_that_starts_at_midnight_has_no_orders_of_today_yet():
    midnight = clock.day_start(END)
    told = list(orders(618, START, END, 500, midnight))

    assert len(told) == 500
    assert all(order.placed_at < midnight for order in told)
