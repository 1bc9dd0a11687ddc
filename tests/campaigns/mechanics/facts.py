"""Facts to feed mechanics with, and Hypothesis strategies for any of them."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from alliance.kernel.money import Money
from campaigns.facts import Award, OrderFacts, ProductFacts, Reward, StandingFacts

NOON = datetime(2026, 6, 18, 4, tzinfo=UTC)  # noon in Shanghai


def order(**given) -> OrderFacts:
    """An order line of 199.00 at 12 %, share 55 %."""
    usual = {
        "placed_at": NOON,
        "base_minor": 19_900,
        "merchant_id": 1,
        "shop_id": 1,
        "affiliate_id": 1,
        "rate_bps": 1_200,
        "share_bps": 5_500,
    }
    return OrderFacts(**usual | given)


def standing(affiliate_id: int = 1, **given) -> StandingFacts:
    return StandingFacts(affiliate_id=affiliate_id, **given)


def product(**given) -> ProductFacts:
    usual = {"product_id": 1, "price_minor": 9_900, "category": "phones", "rate_bps": 1_000}
    return ProductFacts(**usual | given)


def extra(reward: Reward, base_minor: int) -> int:
    """What the subsidy comes to for the affiliate (docs/domain.md §4.2)."""
    base = Money(base_minor, "CNY")
    whole = min(base.share(reward.rate_bps), Money(reward.cap_minor, "CNY"))
    return whole.share(reward.subsidy_share_bps).minor


def amounts(awards: list[Award]) -> dict[int, int]:
    return {award.affiliate_id: award.amount_minor for award in awards}


COUNTS = st.integers(0, 300)
MINOR = st.integers(0, 50_000_000)
BPS = st.integers(0, 9_000)

orders = st.builds(
    order,
    base_minor=MINOR,
    quantity=st.integers(1, 20),
    brand=st.sampled_from(["", "Lumen", "lumen ", "Other"]),
    category=st.sampled_from(["", "phones", "tea"]),
    affiliate_kind=st.sampled_from(["ka", "small", "tuanzhang"]),
    affiliate_tier=st.integers(0, 5),
    rate_bps=BPS,
    share_bps=st.integers(0, 10_000),
    slate_rate_bps=BPS,
    slate_service_bps=BPS,
    coupon_minor=st.sampled_from([0, 500, 2_000]),
    product_pieces_before=COUNTS,
    used_before=st.integers(0, 3_000),
    new_buyer=st.booleans(),
)

_one = st.builds(
    standing,
    orders=COUNTS,
    gmv_minor=MINOR,
    commission_minor=st.integers(0, 100_000),
    baseline_gmv_minor=MINOR,
    reached_at=st.none() | st.integers(0, 100).map(lambda hours: NOON + timedelta(hours=hours)),
    legal_entity=st.sampled_from(["", "", "north", "south"]),
    violation_points=st.sampled_from([0, 0, 0, 6]),
    links=COUNTS,
    clicks=COUNTS,
    visitors=COUNTS,
    active_days=st.integers(0, 30),
)


@st.composite
def boards(draw, max_size: int = 12) -> list[StandingFacts]:
    """Standings of different affiliates, in any order."""
    count = draw(st.integers(0, max_size))
    numbers = draw(st.permutations(range(1, count + 1)))
    some = [draw(_one) for _number in numbers]
    return [
        StandingFacts(**{name: getattr(one, name) for name in one.__slots__} | {"affiliate_id": n})
        for n, one in zip(numbers, some, strict=True)
    ]
