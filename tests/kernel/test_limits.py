"""Limits in money: one for every currency, or one for each."""

import pytest

from alliance.kernel.limits import least, limit, parse
from alliance.kernel.money import Money


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5000000", 5_000_000),
        (" 0 ", 0),
        ("CNY:5000000,EUR:600000", {"CNY": 5_000_000, "EUR": 600_000}),
        ("CNY: 1, JPY: 2", {"CNY": 1, "JPY": 2}),
    ],
)
def test_a_limit_is_read(text, value):
    assert parse(text) == value


@pytest.mark.parametrize("text", ["", "a lot", "1.5", "CNY", "CNY:1,", "cny:1", "CNY:1,CNY:2"])
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(ValueError, match="minor units"):
        parse(text)


def test_a_number_counts_in_every_currency_a_list_in_those_it_names(settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "TOP_UP_LIMIT_MINOR": 500}
    assert limit("TOP_UP_LIMIT_MINOR", "JPY") == Money(500, "JPY")

    settings.ALLIANCE = {**settings.ALLIANCE, "TOP_UP_LIMIT_MINOR": {"CNY": 500}}
    assert limit("TOP_UP_LIMIT_MINOR", "CNY") == Money(500, "CNY")
    assert limit("TOP_UP_LIMIT_MINOR", "JPY") == Money(0, "JPY")


def test_the_least_of_them_is_what_a_rule_looks_at():
    assert least(7) == 7
    assert least({"CNY": 7, "JPY": -1}) == -1
