"""The worked vectors of docs/domain.md §4.2, and what must hold for any amount."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.money import Money, cny
from commissions.formulas import Rates, Role, Subsidy, TechFeeBase, worth

SUBSIDY = Subsidy(rate_bps=300, cap=cny("5.00"))
A = Rates(commission_bps=1200, share_bps=9000, tech_fee_bps=1000, subsidies=(SUBSIDY,))
A_LITERAL = Rates(
    commission_bps=1200,
    share_bps=9000,
    tech_fee_bps=1000,
    tech_fee_base=TechFeeBase.ORDER_COMMISSION,
    subsidies=(SUBSIDY,),
)
B = Rates(commission_bps=1200, share_bps=5500, tech_fee_bps=1000)
B_LITERAL = Rates(
    commission_bps=1200,
    share_bps=5500,
    tech_fee_bps=1000,
    tech_fee_base=TechFeeBase.ORDER_COMMISSION,
)


def test_a_real_order_of_2023():
    due = worth(cny("19.80"), Rates(commission_bps=910, share_bps=10_000, tech_fee_bps=1000))

    assert due.commission == cny("1.80")
    assert due.tech_fee == cny("0.18")
    assert due.net == cny("1.62")


def test_case_a_with_a_share_of_90_percent_and_a_capped_subsidy():
    due = worth(cny("199.00"), A)

    assert due.commission == cny("23.88")
    assert due.publisher == cny("21.49")
    assert due.subsidy == cny("5.00")
    assert due.publisher + due.subsidy == cny("26.49")
    assert due.tech_fee == cny("2.15")
    assert due.net == cny("24.34")
    assert due.platform == cny("2.39")


def test_case_a_with_the_fee_on_the_whole_commission():
    due = worth(cny("199.00"), A_LITERAL)

    assert due.tech_fee == cny("2.39")
    assert due.net == cny("24.10")


@pytest.mark.parametrize(
    ("rates", "tech_fee", "net"), [(B, "1.31", "11.82"), (B_LITERAL, "2.39", "10.74")]
)
def test_case_b_with_a_share_of_55_percent(rates, tech_fee, net):
    due = worth(cny("199.00"), rates)

    assert due.publisher == cny("13.13")
    assert due.platform == cny("10.75")
    assert (due.tech_fee, due.net) == (cny(tech_fee), cny(net))


def test_case_c_a_partial_refund_is_what_remains_minus_what_was_booked():
    before, after = worth(cny("199.00"), A), worth(cny("149.00"), A)

    assert after.publisher == cny("16.09")
    assert after.subsidy == cny("4.47")
    assert after.tech_fee == cny("1.61")
    commission_refund = (before.publisher - before.tech_fee) - (after.publisher - after.tech_fee)
    assert commission_refund == cny("4.86")
    assert before.tech_fee - after.tech_fee == cny("0.54")
    assert before.subsidy - after.subsidy == cny("0.53")
    total = commission_refund + cny("0.54") + cny("0.53")
    assert total == cny("5.93")


def test_a_special_service_fee_stands_beside_the_commission():
    due = worth(
        cny("100.00"),
        Rates(commission_bps=700, share_bps=10_000, tech_fee_bps=1000, special_bps=300),
    )

    assert due.commission == cny("7.00")
    assert due.special_fee == cny("3.00")
    assert due.tech_fee == cny("0.70")
    assert due.net == cny("6.30")


def test_the_share_lifted_from_55_to_90_more_than_doubles_the_net():
    lifted, usual = worth(cny("199.00"), A).net, worth(cny("199.00"), B).net

    assert round(100 * (lifted - usual).minor / usual.minor) == 106


def test_affiliate_and_partner_share_what_is_agreed_to_the_last_fen():
    rates = Rates(commission_bps=1200, share_bps=9000, partner_bps=3000, tech_fee_bps=1000)
    mine, theirs = worth(cny("199.00"), rates), worth(cny("199.00"), rates, Role.PARTNER)

    # 23.88 × 90 % = 21.492, rounded 21.49; shared 60 to 30: 14.326… and 7.163…
    assert (mine.publisher, theirs.publisher) == (cny("14.33"), cny("7.16"))
    assert (mine.commission, theirs.commission) == (cny("16.72"), cny("7.16"))
    assert (mine.platform, theirs.platform) == (cny("2.39"), cny("0.00"))
    assert (mine.tech_fee, theirs.tech_fee) == (cny("1.43"), cny("0.72"))
    assert (mine.net, theirs.net) == (cny("12.90"), cny("6.44"))


def test_a_fen_that_two_could_claim_is_paid_once():
    rates = Rates(commission_bps=100, share_bps=10_000, partner_bps=5000, tech_fee_bps=0)
    mine, theirs = worth(cny("1.00"), rates), worth(cny("1.00"), rates, Role.PARTNER)

    assert mine.commission + theirs.commission == cny("0.01")
    assert mine.publisher + theirs.publisher == cny("0.01")


def test_an_intermediary_gets_the_service_fee_without_the_technical_fee():
    rates = Rates(commission_bps=500, share_bps=10_000, tech_fee_bps=1000)
    due = worth(cny("199.00"), rates, Role.INTERMEDIARY)

    assert (due.commission, due.tech_fee, due.net) == (cny("9.95"), cny("1.00"), cny("8.95"))


def test_a_subsidy_has_a_cap_an_own_share_and_two_funders():
    subsidy = Subsidy(rate_bps=300, cap=cny("5.00"), share_bps=8000, merchant_bps=2500)
    rates = Rates(
        commission_bps=1200, share_bps=9000, tech_fee_bps=1000, subsidies=(subsidy, SUBSIDY)
    )
    due = worth(cny("199.00"), rates)

    assert due.subsidy == cny("9.00")  # 5.00 × 80 % and 5.00
    assert due.merchant_subsidy == cny("1.00")
    assert due.cost == cny("24.88")
    assert due.net == cny("28.34")


def test_less_than_one_fen_is_nothing():
    due = worth(cny("0.04"), Rates(commission_bps=1200, share_bps=9000, tech_fee_bps=1000))

    assert not due.commission
    assert not due.net


def test_a_negative_base_is_refused():
    with pytest.raises(ValueError, match="never negative"):
        worth(cny("-1.00"), A)


subsidies = st.builds(
    Subsidy,
    rate_bps=st.integers(0, 3000),
    cap=st.integers(0, 10**6).map(lambda minor: Money(minor, "CNY")),
    share_bps=st.integers(0, 10_000),
    merchant_bps=st.integers(0, 10_000),
)


@st.composite
def rates_of_an_order(draw):
    share = draw(st.integers(0, 10_000))
    partner = draw(st.integers(0, share))
    return Rates(
        commission_bps=draw(st.integers(0, 9000)),
        share_bps=share,
        partner_bps=partner,
        second_bps=draw(st.integers(0, partner)),
        tech_fee_bps=draw(st.integers(0, 3000)),
        tech_fee_base=draw(st.sampled_from(TechFeeBase)),
        special_bps=draw(st.integers(0, 1000)),
        subsidies=tuple(draw(st.lists(subsidies, max_size=2))),
    )


rates = rates_of_an_order()


@given(base=st.integers(0, 10**12), rates=rates, role=st.sampled_from(Role))
def test_the_parts_always_add_up_and_nobody_pays_to_work(base, rates, role):
    due = worth(Money(base, "CNY"), rates, role)

    assert due.commission == due.publisher + due.platform
    assert due.net == due.publisher + due.subsidy - due.tech_fee
    assert min(due.publisher.minor, due.platform.minor, due.tech_fee.minor, due.net.minor) >= 0
    assert 0 <= due.merchant_subsidy.minor <= due.subsidy.minor
    assert due.commission <= due.base


@given(base=st.integers(0, 10**12), rates=rates)
def test_what_the_merchant_pays_is_what_the_payees_and_the_platform_get(base, rates):
    amount = Money(base, "CNY")
    mine = worth(amount, rates)
    first, second = worth(amount, rates, Role.PARTNER), worth(amount, rates, Role.SECOND)
    alone = worth(amount, replace(rates, partner_bps=0, second_bps=0))

    assert mine.commission + first.commission + second.commission == alone.commission
    assert mine.publisher + first.publisher + second.publisher == alone.publisher
    assert mine.platform + first.platform + second.platform == alone.platform


@given(base=st.integers(0, 10**12), rates=rates)
def test_what_a_second_level_gets_comes_out_of_the_partners_part_alone(base, rates):
    amount, one_level = Money(base, "CNY"), replace(rates, second_bps=0)
    assert worth(amount, rates) == worth(amount, one_level)
    first, second = worth(amount, rates, Role.PARTNER), worth(amount, rates, Role.SECOND)
    partner = worth(amount, one_level, Role.PARTNER)
    assert first.publisher + second.publisher == partner.publisher


def test_three_share_what_is_agreed_to_the_last_fen():
    rates = Rates(
        commission_bps=1200, share_bps=9000, partner_bps=3000, second_bps=1000, tech_fee_bps=1000
    )
    amount = Money(199_00, "CNY")
    parts = [worth(amount, rates, role) for role in (Role.AFFILIATE, Role.PARTNER, Role.SECOND)]
    # 23.88 × 90 % = 21.49: 60 % and 30 % of the whole; of the 7.16 of the 30 %, a third.
    assert [str(due.publisher.decimal) for due in parts] == ["14.33", "4.77", "2.39"]
    assert sum(due.publisher.minor for due in parts) == 21_49
    assert sum(due.commission.minor for due in parts) == 23_88


@given(base=st.integers(0, 10**9), parts=st.lists(st.integers(1, 10**8), max_size=6), rates=rates)
def test_refunding_in_parts_ends_where_refunding_at_once_ends(base, parts, rates):
    remaining, booked = base, worth(Money(base, "CNY"), rates)
    for part in parts:
        remaining = max(remaining - part, 0)
        now = worth(Money(remaining, "CNY"), rates)
        difference = booked.net - now.net
        booked = now
        assert difference.minor >= -1  # a rounding step at most: less kept is not more earned
    assert booked == worth(Money(remaining, "CNY"), rates)
