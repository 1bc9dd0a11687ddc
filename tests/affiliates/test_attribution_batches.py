"""Many order lines at once: few statements, and always what a naive reference says."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliates.attribution import attribute
from affiliates.explanations import DECISIONS, DEFEATS, explain
from affiliates.models import Affiliate, CodeBinding, Link, Precedence, Visitor
from affiliates.services import Click, policy_set, touches_record
from merchants.models import Coupon, OrderLine
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
        with django_assert_num_queries(16):
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
        st.sampled_from([None, None, 0, 1, 2]),  # whose code was used
    )
    orders = draw(st.lists(an_order, min_size=1, max_size=4))
    return clicks, orders, draw(st.sampled_from(Precedence.values))


def reference(story, order) -> tuple[str, int | None]:
    """The rules of docs/domain.md §3.3, said as plainly as possible: which click or code wins."""
    clicks, _orders, precedence = story
    reported, bought, code = order
    bound = code in (0, 1)  # the last one is closed
    if bound and precedence == "code_first":
        return "code", code
    click = winning_click(clicks, reported, bought)
    if click is None and bound:
        return "code", code
    return "click", click


def winning_click(clicks, reported, bought) -> int | None:
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


@pytest.fixture
def codes(links, shop, now) -> list[str]:
    """codes[affiliate]: a code that is bound to them."""
    made = []
    for who, (link, *_others) in enumerate(links):
        coupon = Coupon.objects.create(
            merchant=shop.merchant, shop=shop, code=f"C{who}", face_minor=1, currency="CNY",
            starts_at=START - timedelta(days=1), ends_at=START + timedelta(days=1),
        )  # fmt: skip
        CodeBinding.objects.create(
            coupon=coupon, affiliate=link.affiliate, zone=link.zone, starts_at=START
        )
        made.append(coupon.code)
    return made


@given(story=stories())
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_it_agrees_with_the_reference(story, links, codes, sell, terms, ops):
    clicks, orders, precedence = story
    policy_set(actor=ops, window_days=15, precedence=precedence, stand_down_seconds=5)
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
        sell(
            named[reported],
            bought=None if bought is None else links[0][bought].product,
            coupon_code="" if code is None else codes[code],
        )
        for reported, bought, code in orders
    ]
    decided = attribute(lines)
    for line, order in zip(lines, orders, strict=True):
        by, expected = reference(story, order)
        click = None if by == "code" or expected is None else touches[expected].pk
        assert decided[line.pk].touch_id == click
        if by == "code":
            assert decided[line.pk].affiliate_id == links[expected][0].affiliate_id
        assert decided[line.pk].receipt["why"] in DECISIONS
        assert {seen["why"] for seen in decided[line.pk].receipt["looked_at"]} <= {
            *DEFEATS, "same_product", "same_shop", "code",
        }  # fmt: skip
        assert explain(decided[line.pk], viewer=None)
