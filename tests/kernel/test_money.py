"""Whole minor units: rounding happens once, splitting loses nothing, currencies never mix."""

import operator
from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import translation
from hypothesis import assume, given
from hypothesis import strategies as st

from alliance.kernel.money import CurrencyMismatch, Money, cny, exponent, half_up

minors = st.integers(min_value=-(10**15), max_value=10**15)
weights = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 10, 1), (4, 10, 0), (-5, 10, -1), (-4, 10, 0), (15, 10, 2), (0, 7, 0), (-15, 10, -2)],
)
def test_half_is_rounded_away_from_zero(numerator, denominator, rounded):
    assert half_up(numerator, denominator) == rounded


@given(minors, st.integers(min_value=0, max_value=10_000))
def test_a_share_is_within_half_a_cent_of_the_exact_value_and_never_past_the_whole(minor, bps):
    whole = Money(minor, "CNY")
    part = whole.share(bps)

    assert abs(Fraction(minor * bps, 10_000) - part.minor) <= Fraction(1, 2)
    assert abs(part.minor) <= abs(minor)
    assert (-whole).share(bps) == -part  # a refund takes back what was given


@given(minors, weights)
def test_a_split_loses_nothing_and_is_fair_to_a_cent(minor, given_weights):
    assume(sum(given_weights) > 0)
    parts = Money(minor, "CNY").split(given_weights)

    assert sum(part.minor for part in parts) == minor
    for part, weight in zip(parts, given_weights, strict=True):
        exact = Fraction(minor * weight, sum(given_weights))
        assert abs(part.minor - exact) < 1
        assert weight or not part.minor  # who weighs nothing gets nothing


@given(minors, weights)
def test_a_split_of_the_negative_is_the_negative_split(minor, given_weights):
    assume(sum(given_weights) > 0)

    assert Money(-minor, "CNY").split(given_weights) == [
        -part for part in Money(minor, "CNY").split(given_weights)
    ]


def test_a_tie_goes_to_the_larger_weight_and_then_to_the_earlier_place():
    assert [p.minor for p in Money(1, "CNY").split([1, 1])] == [1, 0]
    assert [p.minor for p in Money(100, "CNY").split([1, 1, 1])] == [34, 33, 33]
    assert [p.minor for p in Money(10, "CNY").split([1, 3])] == [2, 8]


@pytest.mark.parametrize("bad", [[], [0, 0], [1, -1], [2, -1]])
def test_weights_that_say_nothing_are_refused(bad):
    with pytest.raises(ValueError, match="weights"):
        cny("1.00").split(bad)


@given(minors, st.sampled_from(["CNY", "EUR", "JPY", "KWD"]))
def test_what_is_written_can_be_read_again(minor, currency):
    money = Money(minor, currency)

    assert Money.parse(str(money).split()[0], currency) == money
    assert money.decimal.scaleb(exponent(currency)) == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("88.00", "CNY", 8800),
        (" 1,234.567 ", "CNY", 123_457),
        ("-0.005", "CNY", -1),
        ("12", "JPY", 12),
        ("12.5", "JPY", 13),
        ("1.2345", "KWD", 1235),
    ],
)
def test_text_becomes_minor_units(text, currency, minor):
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "1.2.3", "NaN", "Infinity", "-Infinity", "1e", "1e999999999", "9" * 19, "٣x"],
)
def test_text_that_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="is not an amount"):
        Money.parse(text, "CNY")


@pytest.mark.parametrize("minor", [1.0, "1", Decimal(1), True, None])
def test_only_whole_numbers_are_minor_units(minor):
    with pytest.raises(TypeError):
        Money(minor, "CNY")


@pytest.mark.parametrize(
    "operation", [operator.add, operator.sub, operator.lt, operator.le], ids=lambda o: o.__name__
)
def test_currencies_do_not_mix(operation):
    with pytest.raises(CurrencyMismatch):
        operation(Money(1, "CNY"), Money(1, "EUR"))


@given(minors, minors)
def test_amounts_of_one_currency_count_like_numbers(a, b):
    assert Money(a, "CNY") + Money(b, "CNY") == Money(a + b, "CNY")
    assert Money(a, "CNY") - Money(b, "CNY") == Money(a - b, "CNY")
    assert (Money(a, "CNY") < Money(b, "CNY")) == (a < b)
    assert (Money(a, "CNY") <= Money(b, "CNY")) == (a <= b)
    assert bool(Money(a, "CNY")) == (a != 0)
    assert Money(a, "CNY") * 3 == Money(3 * a, "CNY")


def test_money_is_written_as_the_reader_expects():
    money = Money(123_456, "CNY")

    assert str(money) == "1234.56 CNY"
    with translation.override("zh-hans"):
        assert money.localized() == "¥1,234.56"
    with translation.override("de"):
        assert money.localized() == "1.234,56\xa0CN¥"
    with translation.override("en"):
        assert money.localized() == "CN¥1,234.56"
        assert Money(1500, "JPY").localized() == "¥1,500"


def test_programs_read_money_with_a_point_and_nothing_else():
    assert [cny("-1234.50").plain, Money(5000, "JPY").plain, Money(7, "EUR").plain] == [
        "-1234.50",
        "5000",
        "0.07",
    ]
