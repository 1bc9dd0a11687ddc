"""The formulas twice: what SQL computes for the proof of the books equals what Python computes."""

import json
from datetime import datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance.kernel import clock
from alliance.kernel.money import Money
from commissions.formulas import Rates, Role, Subsidy, TechFeeBase, worth
from commissions.models.commission import COMPONENTS
from commissions.verify import computed
from commissions.verify.base import check
from tests.cast import cast_make

BPS = st.integers(0, 10_000)
SMALL = st.integers(0, 300)


@st.composite
def cases(draw):
    share = draw(st.integers(0, 10_000))
    partner = draw(st.one_of(st.just(0), st.integers(0, share), st.just(share // 2)))
    return {
        "base": draw(st.one_of(st.integers(0, 500), st.integers(0, 10**11))),
        "role": draw(st.sampled_from(Role)).value,
        "rate_bps": draw(st.one_of(BPS, SMALL)),
        "share_bps": share,
        "partner_bps": partner,
        "second_bps": draw(st.one_of(st.just(0), st.integers(0, partner), st.just(partner // 2))),
        "tech_fee_bps": draw(BPS),
        "tech_fee_base": draw(st.sampled_from(TechFeeBase)).value,
        "special_bps": draw(BPS),
        "subsidies": draw(
            st.lists(
                st.fixed_dictionaries(
                    {"rate_bps": BPS, "cap_minor": SMALL, "share_bps": BPS, "merchant_bps": BPS}
                ),
                max_size=3,
            )
        ),
    }


def by_python(case):
    rates = Rates(
        commission_bps=case["rate_bps"],
        share_bps=case["share_bps"],
        tech_fee_bps=case["tech_fee_bps"],
        tech_fee_base=TechFeeBase(case["tech_fee_base"]),
        partner_bps=case["partner_bps"],
        second_bps=case["second_bps"],
        special_bps=case["special_bps"],
        subsidies=tuple(
            Subsidy(o["rate_bps"], Money(o["cap_minor"], "CNY"), o["share_bps"], o["merchant_bps"])
            for o in case["subsidies"]
        ),
    )
    due = worth(Money(case["base"], "CNY"), rates, Role(case["role"]))
    return {name: getattr(due, name.removesuffix("_minor")).minor for name in COMPONENTS}


GIVEN = """(
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS given(base bigint, role text, rate_bps int,
        share_bps int, partner_bps int, second_bps int,
        tech_fee_bps int, tech_fee_base text, special_bps int,
        subsidies jsonb)
)"""


def by_sql(many):
    """In the order of the cases: a record set keeps it."""
    columns = ", ".join(f"due_{name}" for name in COMPONENTS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM ({computed.worth(GIVEN)}) d", [json.dumps(many)])
        return [dict(zip(COMPONENTS, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.django_db
@settings(max_examples=60)
@given(st.lists(cases(), min_size=1, max_size=25))
def test_both_say_the_same_of_any_rates(many):
    assert by_sql(many) == [by_python(case) for case in many]


HALF = {
    "base": 10_000, "rate_bps": 10_000, "tech_fee_bps": 0, "tech_fee_base": "own_share",
    "special_bps": 0, "subsidies": [], "role": "partner", "second_bps": 0,
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("base", "share", "partner", "gets"),
    [
        (1, 10_000, 5_000, 0),  # a tie: the earlier part, the affiliate's own
        (1, 10_000, 5_001, 1),
        (2, 10_000, 7_500, 2),  # a tie again, and the partner's part is the larger
        (2, 10_000, 2_500, 0),
        (1, 10_000, 10_000, 1),
    ],
)
def test_both_give_the_last_unit_to_the_same_payee(base, share, partner, gets):
    case = {**HALF, "base": base, "share_bps": share, "partner_bps": partner}

    assert by_python(case)["publisher_minor"] == gets
    assert by_sql([case]) == [by_python(case)]


# --- On the books ---------------------------------------------------------------------------------

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
(FOLLOWS,) = computed.INVARIANTS


@pytest.fixture
def sold(transactional_db):
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make()
    with clock.at(MAY):
        return [cast.sold(f"T{number}").pk for number in range(8)]


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE commissions_commission SET rate_bps = rate_bps + 100",
        "UPDATE commissions_commission SET hold = 'barred'",
        "UPDATE merchants_order SET state = 'void'",
        "UPDATE merchants_order SET state = 'received', received_at = paid_at",
        "UPDATE merchants_orderline SET refunded_minor = amount_minor",
        "UPDATE commissions_commission SET state = 'frozen', hold = 'frozen'",
        "UPDATE commissions_commission SET state = 'void'",
    ],
)
def test_sql_and_python_report_a_fault_in_the_same_words(sold, sql, fault):
    assert check(FOLLOWS).faults == 0
    sql(fault)

    by_itself = list(computed.in_turn())
    result = check(FOLLOWS)

    assert len(by_itself) == len(sold)
    assert sorted(result.sentences) == sorted(f"{FOLLOWS.name}: {one}" for one in by_itself)
    assert result.faults == len(sold)


def test_of_many_commissions_python_takes_each_in_its_turn(sold, sql):
    sql("UPDATE commissions_commission SET rate_bps = rate_bps + 100")

    seen = []
    for day in range(3):
        with clock.at(MAY + timedelta(days=day)):
            today = list(computed.in_turn(most=3))
            assert 0 < len(today) < len(sold)
            seen += today

    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == len(sold)
