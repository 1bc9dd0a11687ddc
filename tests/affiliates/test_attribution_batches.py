"""Many order lines at once: few statements, and always what a naive reference says."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliates.attribution import attribute
from affiliates.explanations import DECISIONS, DEFEATS, explain
from affiliates.models import Affiliate, Link, Visitor
from affiliates.services import Click, touches_record
from merchants.models import OrderLine
from tests.affiliates.conftest import START

pytestmark = pytest.mark.django_db

_serial = count(1)


def test_a_batch_takes_as_many_statements_as_a_single_line(
    make_affiliate, make_link, product, click, sell, terms, django_assert_num_queries
):
    link = make_link(make_affiliate(), product)

    def lines(count: int) -> list[OrderLine]:
        pks = []
        for i in range(count):
            click(make_link(make_affiliate(), product), visitor_key=f"v{count}-{i}")
            touch = click(link, timedelta(hours=2), visitor_key=f"v{count}-{i}")
            pks.append(sell(touch.click_id).pk)
        return list(
            OrderLine.objects.filter(pk__in=pks).select_related("order__merchant", "product")
        )

    for batch in (lines(1), lines(30)):
        with django_assert_num_queries(14):
            made = attribute(batch)
        assert {row.rule for row in made.values()} == {"same_product"}


@st.composite
def stories(draw):
    """Clicks (who, which product, which shop, which visitor, when, a person?) and orders."""
    hours = st.integers(-2 * 24, 17 * 24)
    a_click = st.tuples(
        st.integers(0, 2),  # affiliate; the last one is closed
        st.integers(0, 3),  # product; the last one is of another shop
        st.sampled_from(["", "v", "w"]),
        hours,
        st.sampled_from([Visitor.HUMAN, Visitor.HUMAN, Visitor.BOT]),
    )
    clicks = draw(st.lists(a_click, max_size=8))
    an_order = st.tuples(
        st.integers(-1, len(clicks)),  # the reported click; -1: none, beyond the end: invented
        st.integers(0, 2) | st.none(),  # the bought product
    )
    return clicks, draw(st.lists(an_order, min_size=1, max_size=4))


def reference(story, order) -> int | None:
    """The rules of docs/domain.md §3.3, said as plainly as possible: which click wins."""
    clicks, (reported, bought) = story[0], order
    if not 0 <= reported < len(clicks):
        return None
    visitor = clicks[reported][2]
    able = [
        i
        for i, (who, product, key, hours, human) in enumerate(clicks)
        if (i == reported or (visitor and key == visitor))
        and product != 3
        and human == Visitor.HUMAN
        and 0 < hours <= 15 * 24  # within seconds of the order: none here but at once
        and who != 2
    ]
    by_age = sorted(able, key=lambda i: (clicks[i][3], -i))
    same = [i for i in by_age if bought is not None and clicks[i][1] == bought]
    return next(iter(same + by_age), None)


@pytest.fixture
def links(make_affiliate, make_link, make_product, make_shop) -> list[list[Link]]:
    """links[affiliate][product]; the last affiliate is closed, the last product elsewhere."""
    products = [*(make_product() for _i in range(3)), make_product(shop=make_shop("else.example"))]
    affiliates = [make_affiliate() for _i in range(3)]
    made = [[make_link(affiliate, product) for product in products] for affiliate in affiliates]
    Affiliate.objects.filter(pk=affiliates[2].pk).update(state="closed")
    return made


@given(story=stories())
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_it_agrees_with_the_reference(story, links, sell, terms):
    clicks, orders = story
    run = next(_serial)  # the examples share a database: each has visitors of its own
    touches = touches_record(
        [
            Click.through(
                links[who][product],
                touched_at=START - timedelta(hours=hours),
                visitor_key=key and f"{key}{run}",
                visitor=visitor,
            )
            for who, product, key, hours, visitor in clicks
        ]
    )
    named = {-1: "", len(clicks): "invented"} | {i: t.click_id for i, t in enumerate(touches)}
    lines = [
        sell(named[reported], bought=None if bought is None else links[0][bought].product)
        for reported, bought in orders
    ]
    decided = attribute(lines)
    for line, order in zip(lines, orders, strict=True):
        expected = reference(story, order)
        assert decided[line.pk].touch_id == (None if expected is None else touches[expected].pk)
        assert decided[line.pk].receipt["why"] in DECISIONS
        assert {seen["why"] for seen in decided[line.pk].receipt["looked_at"]} <= {
            *DEFEATS, "same_product", "same_shop",
        }  # fmt: skip
        assert explain(decided[line.pk], viewer=None)
