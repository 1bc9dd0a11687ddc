"""Which orders count for a guaranteed task (docs/domain.md §5.1)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.facts import OrderOfTask
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.valid_orders import LeftOut, valid_orders
from tests.campaigns.mechanics.facts import NOON

TASK = MECHANICS["guaranteed_task"]
RULES = TASK.parse({})
BOUNDLESS = TASK.parse(
    {
        "least_base_minor": 0,
        "buyer_day_orders": 0,
        "buyer_orders": 0,
        "distinct_buyers_bps": 0,
        "one_shop_bps": 0,
    }
)


def bought(line, *, base=10_000, shop=None, buyer=None, day=1):
    """By default each line is another buyer's at another shop."""
    return OrderOfTask(
        line_id=line,
        placed_at=NOON + timedelta(days=day, seconds=line),
        day=date(2026, 6, 17) + timedelta(days=day),
        base_minor=base,
        shop_id=line if shop is None else shop,
        buyer=f"b{line}" if buyer is None else buyer,
    )


def counted(orders, rules=RULES):
    verdict = valid_orders(rules, orders)
    return sorted(order.line_id for order in verdict.counted), verdict.left_out


def test_an_order_of_5_yuan_counts_and_one_of_4_99_does_not():
    assert counted([bought(1, base=500), bought(2, base=499)]) == ([1], {2: LeftOut.SMALL})
    assert counted([bought(1, base=0)], BOUNDLESS) == ([], {1: LeftOut.SMALL})


def test_a_buyer_counts_once_a_day_and_three_times_in_all():
    again = [bought(n, buyer="lin", day=(n + 1) // 2) for n in range(1, 9)]
    others = [bought(n) for n in range(20, 40)]

    lines, left_out = counted(again + others)

    assert lines == [1, 3, 5, *range(20, 40)]
    assert left_out == {
        2: LeftOut.SAME_BUYER_DAY,
        4: LeftOut.SAME_BUYER_DAY,
        6: LeftOut.SAME_BUYER_DAY,
        7: LeftOut.SAME_BUYER,
        8: LeftOut.SAME_BUYER,
    }


def test_ten_orders_need_eight_buyers():
    def of(buyers):
        return [bought(n, buyer=f"b{n % buyers}", day=n // buyers) for n in range(10)]

    assert len(counted(of(8))[0]) == 10
    lines, left_out = counted(of(7))
    assert len(lines) == 8  # 7 buyers allow floor(7 / 0.8)
    assert set(left_out.values()) == {LeftOut.FEW_BUYERS}


def test_one_shop_brings_at_most_three_orders_in_five():
    one_shop = [bought(n, shop=1, base=1_000 + n) for n in range(1, 11)]

    lines, left_out = counted(one_shop)
    assert lines == [10]  # the largest one; the others wait for other shops
    assert set(left_out.values()) == {LeftOut.ONE_SHOP}
    assert counted([*one_shop, bought(11, shop=2), bought(12, shop=3)])[0] == [8, 9, 10, 11, 12]


def test_a_single_order_counts_whatever_the_bounds():
    assert counted([bought(1)]) == ([1], {})


def test_orders_of_buyers_that_a_shop_does_not_tell_are_buyers_of_their_own():
    assert counted([bought(n, buyer="") for n in range(1, 6)])[0] == [1, 2, 3, 4, 5]


def test_the_verdict_sums_up():
    verdict = valid_orders(RULES, [bought(1, base=1_000), bought(2, base=2_000)])

    assert (verdict.gmv_minor, verdict.buyers) == (3_000, 2)


_ORDERS = st.lists(
    st.tuples(
        st.sampled_from([100, 500, 800, 5_000]),
        st.integers(1, 4),
        st.sampled_from(["", "a", "b", "c", "d"]),
        st.integers(1, 5),
    ),
    max_size=25,
).map(
    lambda rows: [
        bought(line, base=base, shop=shop, buyer=buyer, day=day)
        for line, (base, shop, buyer, day) in enumerate(rows, 1)
    ]
)
_RULES = st.sampled_from(
    [RULES, BOUNDLESS, TASK.parse({"one_shop_bps": 3_400}), TASK.parse({"buyer_day_orders": 2})]
)


@given(rules=_RULES, orders=_ORDERS, data=st.data())
def test_each_order_counts_or_has_a_reason_and_the_order_of_the_list_does_not_matter(
    rules, orders, data
):
    verdict = valid_orders(rules, orders)
    shuffled = valid_orders(rules, data.draw(st.permutations(orders)))

    assert {order.line_id for order in verdict.counted} | verdict.left_out.keys() == {
        order.line_id for order in orders
    }
    assert len(verdict.counted) + len(verdict.left_out) == len(orders)
    assert (set(shuffled.counted), shuffled.left_out) == (set(verdict.counted), verdict.left_out)


@given(rules=_RULES, orders=_ORDERS)
def test_no_shop_brings_more_than_its_part(rules, orders):
    shops = [order.shop_id for order in valid_orders(rules, orders).counted]
    at_most = max(1, len(shops) * (rules.one_shop_bps or 10_000) // 10_000)

    assert all(shops.count(shop) <= at_most for shop in shops)


@given(
    rules=_RULES,
    orders=_ORDERS,
    base=st.sampled_from([400, 600, 9_000]),
    shop=st.integers(1, 5),
    buyer=st.sampled_from(["", "a", "z"]),
)
def test_one_more_later_order_never_makes_it_less(rules, orders, base, shop, buyer):
    before = valid_orders(rules, orders)
    after = valid_orders(rules, [*orders, bought(99, base=base, shop=shop, buyer=buyer, day=6)])

    assert len(after.counted) >= len(before.counted)
    assert after.gmv_minor >= before.gmv_minor


@pytest.mark.parametrize("count", [1, 5, 20, 21])
def test_orders_of_different_buyers_at_different_shops_all_count(count):
    assert len(counted([bought(n) for n in range(count)])[0]) == count
