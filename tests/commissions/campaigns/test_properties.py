"""Any campaigns and any orders, in memory: positions sum to zero, no cap and no limit is passed,
and what a campaign gives is what the frozen terms say of it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from affiliates.models import Affiliate, Attribution
from alliance.kernel import clock
from alliance.kernel.money import Money
from campaigns.limits import Limits, cap_for
from campaigns.models import Campaign, Grant
from campaigns.offers import Setting, decide, raised
from commissions import chart, grants
from commissions.models import Commission
from commissions.parties import payees_of
from commissions.positions import BOOKED, moves_between, position
from commissions.targets import given_of, parts_of, worth_of
from merchants.models import Order, OrderLine

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
NOTHING: dict[str, int] = {}


def maybe(strategy):
    return st.none() | strategy


@st.composite
def campaigns(draw):
    kinds = st.sampled_from(
        [
            ("double_commission", st.fixed_dictionaries(
                {"multiple_bps": st.integers(10_001, 50_000), "cap_minor": st.integers(1, 5_000)}
            )),
            ("super_u", st.just({})),
            ("bargain_channel", st.just({})),
        ]
    )  # fmt: skip
    kind, rules = draw(kinds)
    return Campaign(
        kind=kind,
        rules=draw(rules),
        currency="CNY",
        starts_at=MAY,
        ends_at=MAY + timedelta(days=9),
        all_products=True,
        budget_minor=draw(st.integers(0, 20_000)),
        daily_minor=draw(maybe(st.integers(0, 8_000))),
        per_order_minor=draw(maybe(st.integers(1, 3_000))),
        per_affiliate_minor=draw(maybe(st.integers(0, 8_000))),
        per_affiliate_day_minor=draw(maybe(st.integers(0, 5_000))),
        orders_per_affiliate=draw(maybe(st.integers(0, 4))),
        pieces=draw(maybe(st.integers(0, 9))),
        stacking_group=draw(st.sampled_from(["", "", "a", "b"])),
    )


orders = st.fixed_dictionaries(
    {
        "affiliate": st.integers(1, 2),
        "day": st.integers(0, 2),
        "amounts": st.lists(st.integers(0, 60_000), min_size=1, max_size=2),
        "quantity": st.integers(1, 3),
        "rate": st.integers(0, 5_000),
        "partner": st.sampled_from([0, 0, 2_000]),
    }
)
# To which order, what becomes of it, and how many tenths of it the buyer keeps.
events = st.tuples(
    st.integers(0, 9), st.sampled_from(["estimated", "confirmed", "void"]), st.integers(0, 10)
)


@dataclass
class Row:
    line: OrderLine
    commission: Commission
    grants: list[Grant]
    state: str = "placed"
    base: int = 0


class Play:
    """The pipeline's part of it, for one merchant and two affiliates, without a database."""

    def __init__(self, campaigns: list[Campaign]) -> None:
        for pk, campaign in enumerate(campaigns, 1):
            campaign.pk = pk
        people = {pk: Affiliate(pk=pk, kind="small", tier=0) for pk in (1, 2, 3)}
        self.campaigns = campaigns
        self.setting = Setting(campaigns, affiliates=people, planned=True)
        self.limits = Limits(budget={one.pk: one.budget_minor for one in campaigns})
        self.rows: list[Row] = []
        self.books: Counter[str] = Counter()

    def place(self, number: int, order: dict) -> None:
        placed_at = MAY + timedelta(days=order["day"])
        parent = Order(pk=number, merchant_id=1, shop_id=1, placed_at=placed_at, currency="CNY")
        for place, minor in enumerate(order["amounts"]):
            line = OrderLine(
                pk=number * 10 + place, order=parent, amount_minor=minor, currency="CNY",
                quantity=order["quantity"],
            )  # fmt: skip
            decision = Attribution(
                line=line, affiliate_id=order["affiliate"], rate_bps=order["rate"],
                share_bps=9_000 - order["partner"], partner_share_bps=order["partner"],
                partner_id=3 if order["partner"] else None,
            )  # fmt: skip
            made = decide(self.setting, [line], {line.pk: decision}, self.limits)
            own = next(iter(payees_of(line, decision, [], made)))
            assert own.rate_bps >= decision.rate_bps
            assert own.share_bps >= 9_000
            assert raised(decision, []).rate_bps == decision.rate_bps
            self.rows.append(Row(line, own, made))

    def become(self, row: Row, state: str, base: int) -> None:
        before = position(
            row.commission, row.state, self.parts(row.commission, row.base),
            grants.booked(row.grants),
        )  # fmt: skip
        money = Money(base if state in BOOKED else 0, "CNY")
        grants.fit(row.commission, row.grants, row.line, state, money, self.limits)
        row.state, row.base = state, money.minor
        after = position(
            row.commission, state, self.parts(row.commission, money.minor),
            grants.booked(row.grants),
        )  # fmt: skip
        assert sum(before.values()) == sum(after.values()) == 0
        for move in moves_between(before, after, "CNY"):
            self.books[move.debit] -= move.amount.minor
            self.books[move.credit] += move.amount.minor

    @staticmethod
    def parts(commission: Commission, base: int) -> dict[str, int]:
        return parts_of(worth_of(commission, Money(base, "CNY")))

    def check(self) -> None:
        everything = [grant for row in self.rows for grant in row.grants]
        for row in self.rows:
            said = given_of(row.commission, Money(row.base, "CNY")) if row.state in BOOKED else {}
            for grant in row.grants:
                assert grant.amount_minor == said.get(grant.campaign_id, 0) <= grant.cap_minor
                assert grant.active or not grant.amount_minor
        for campaign in self.campaigns:
            mine = [grant for grant in everything if grant.campaign_id == campaign.pk]
            active = [grant for grant in mine if grant.active]
            given = sum(grant.amount_minor for grant in mine)
            assert given == -self.books[chart.budget(campaign.pk)] <= campaign.budget_minor
            assert given == campaign.budget_minor - self.limits.budget[campaign.pk]
            limit = campaign.per_order_minor
            assert limit is None or all(grant.cap_minor <= limit for grant in mine)
            assert within(campaign.daily_minor, mine, lambda grant: grant.day)
            assert within(campaign.per_affiliate_minor, mine, lambda grant: grant.affiliate_id)
            assert within(campaign.per_affiliate_day_minor, mine, lambda g: (g.affiliate_id, g.day))
            assert campaign.pieces is None or sum(g.pieces for g in active) <= campaign.pieces
            if campaign.orders_per_affiliate is not None:
                for who in (1, 2):
                    placed = {g.line.order_id for g in active if g.affiliate_id == who}
                    assert len(placed) <= campaign.orders_per_affiliate
        groups = Counter(
            (grant.line_id, grant.campaign.stacking_group)
            for grant in everything
            if grant.campaign.stacking_group
        )
        assert all(count == 1 for count in groups.values())


def within(limit, mine, part):
    if limit is None:
        return True
    sums: Counter = Counter()
    for grant in mine:
        sums[part(grant)] += grant.amount_minor
    return all(minor <= limit for minor in sums.values())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(campaigns(), min_size=1, max_size=4),
    st.lists(orders, min_size=1, max_size=8),
    st.lists(events, max_size=20),
)
def test_no_limit_is_passed_and_no_fen_is_made(campaigns, orders, events):
    play = Play(campaigns)
    for number, order in enumerate(orders):
        play.place(number, order)
    play.check()
    for which, state, tenths in events:
        row = play.rows[which % len(play.rows)]
        play.become(row, state, row.line.amount_minor * tenths // 10)
        play.check()
    for row in play.rows:
        play.become(row, "void", 0)
    assert not any(play.books.values())


@given(st.integers(0, 10**9), st.integers(1, 10_000))
def test_a_cap_is_the_greatest_of_which_the_share_is_not_more(minor, share_bps):
    cap = cap_for(minor, share_bps)
    assert Money(cap, "CNY").share(share_bps).minor <= minor
    assert Money(cap + 1, "CNY").share(share_bps).minor > minor
