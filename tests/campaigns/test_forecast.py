"""What a click will bring: a product's own past, as far as it goes, and its category's."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.forecast import Forecast, Traffic, forecast

NOTHING = Traffic()


def ahead(own=NOTHING, category=NOTHING, market=NOTHING):
    """Of a product of 100.00 at 10 %."""
    return forecast(own, category, market, price_minor=10_000, rate_bps=1_000)


def test_where_nothing_is_known_one_click_in_a_hundred_buys():
    # 10.00 of commission an order are 10 fen a click.
    assert ahead() == Forecast(conversion_bps=100, epc_micro=10_000_000)


def test_a_new_product_is_like_its_category_and_that_like_the_market():
    category = Traffic(clicks=800, orders=40)

    assert ahead(category=category).conversion_bps == 420  # (40 + 200 × 1 %) / 1,000
    assert ahead(market=category).conversion_bps == 420
    assert ahead(category=category).epc_micro == 42_000_000


def test_many_clicks_of_its_own_outweigh_the_category():
    own = Traffic(clicks=19_800, orders=1_980, net_minor=19_800 * 50)

    assert ahead(own) == Forecast(conversion_bps=991, epc_micro=49_600_000)


def test_one_lucky_order_is_no_bestseller():
    lucky = ahead(Traffic(clicks=1, orders=1, net_minor=500))

    assert lucky.conversion_bps == 149  # not 10,000
    assert lucky.epc_micro == 12_437_811


def test_what_was_sent_back_is_of_what_was_sold():
    assert Traffic(sold_minor=30_000, refunded_minor=1_000).refund_bps == 333
    assert NOTHING.refund_bps is None


TRAFFIC = st.builds(
    Traffic,
    clicks=st.integers(0, 10**6),
    orders=st.integers(0, 10**4),
    net_minor=st.integers(-1_000, 10**8),
)


@given(own=TRAFFIC, category=TRAFFIC, market=TRAFFIC, more=st.integers(1, 100))
def test_a_forecast_is_in_bounds_and_more_orders_never_lower_it(own, category, market, more):
    now = ahead(own, category, market)
    better = ahead(own + Traffic(orders=more, net_minor=more), category, market)

    assert 0 <= now.conversion_bps <= 10_000
    assert now.epc_micro >= 0
    assert better.conversion_bps >= now.conversion_bps
    assert better.epc_micro >= now.epc_micro
