"""What holds of every night, whatever the books say; and when nothing is to be moved."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiassist.autopilot import Guard, Status, decide, resumed
from tests.aiassist.autopilot.books import cohorts, history, policy, units

bps = st.integers(30, 60).map(lambda step: step * 10)


@given(
    rate=st.integers(6, 50).map(lambda step: step * 50),
    coupon=st.sampled_from([0, 300, 600]),
    manual=st.integers(6, 50).map(lambda step: step * 50),
    target=st.floats(2, 30),
    elastic=st.floats(0, 2),
    limits=st.tuples(st.integers(300, 900), st.integers(900, 2_500)),
    by_unit=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_no_offer_breaks_a_guardrail(rate, coupon, manual, target, elastic, limits, by_unit, seed):
    """The limits are the policy's, or closer ones of the units."""
    bounds = {"min_rate_bps": limits[0], "max_rate_bps": limits[1]}
    own = bounds if by_unit else {}
    on = units(4, rate_bps=rate, coupon_bps=coupon, manual_rate_bps=manual, **own)
    rows = cohorts(on, elastic=elastic)
    law = policy(
        roi_target=target,
        seed=seed,
        **({"min_rate_bps": 100, "max_rate_bps": 5_000} if by_unit else bounds),
    )

    plan = decide(history(on, rows), law, on, {})

    tried = [rate, manual, *(row.rate_bps for row in rows)]
    outside = not limits[0] <= rate <= limits[1]
    for made in plan.decisions:
        assert limits[0] <= made.rate_bps <= limits[1]
        assert made.coupon_bps in law.coupons_bps
        if plan.status is Status.FLYING:
            assert outside or abs(made.rate_bps - rate) <= law.max_change_bps
            assert abs(made.coupon_bps - coupon) <= 300
            assert outside or min(tried) - 300 <= made.rate_bps <= max(tried) + 300


def test_the_same_night_twice_is_decided_alike_and_its_state_is_json():
    on, law = units(), policy(holdout_bps=2_000)
    first = decide(history(on), law, on, {})
    kept = json.loads(json.dumps(first.state))
    assert kept == first.state
    assert decide(history(on), law, on, {}) == first
    assert decide(history(on), law, on, kept) == decide(history(on), law, on, first.state)
    evidence = first.decisions[0].evidence
    assert evidence.gmv_minor > evidence.cost_minor > 0
    assert evidence.marginal_roi > 0
    assert evidence.elasticity_sd > 0


def test_pinned_and_held_out_units_stay_where_people_put_them():
    on = units(10, rate_bps=750)
    on[3] = units(4, pinned=True)[3]
    plan = decide(history(on), policy(holdout_bps=2_000), on, {})
    guards = [made.evidence.guard for made in plan.decisions]
    assert guards.count(Guard.HOLDOUT) == 2
    assert guards[3] is Guard.PINNED
    for unit, made, guard in zip(on, plan.decisions, guards, strict=True):
        if guard in (Guard.HOLDOUT, Guard.PINNED):
            assert (made.rate_bps, made.coupon_bps) == (unit.rate_bps, unit.coupon_bps)


@pytest.mark.parametrize(
    ("how", "reason"),
    [({"clicks": 8}, "few_orders"), ({"days": 9}, "few_days"), ({"days": 33}, "stale")],
)
def test_too_little_moves_nothing(how, reason):
    on = units()
    today = 9 if reason == "few_days" else 40
    plan = decide(history(on, **how), policy(today=today), on, {})
    assert (plan.status, plan.reason) == (Status.FROZEN, reason)
    assert {(made.rate_bps, made.coupon_bps) for made in plan.decisions} == {(900, 0)}


def test_below_the_floor_all_goes_back_to_what_people_had_set_until_somebody_resumes():
    on = units(rate_bps=1_400)
    law = policy(roi_target=20.0, first_day=0)
    plan = decide(history(on, lost=3), law, on, {})
    assert (plan.status, plan.reason) == (Status.KILLED, "below_floor")
    assert plan.matured_roi < 16
    assert {made.rate_bps for made in plan.decisions} == {750}
    again = decide(history(on), law, on, plan.state)
    assert (again.status, again.reason) == (Status.KILLED, "killed")
    assert decide(history(on), law, on, resumed(again.state, 40)).status is Status.FLYING


def test_a_budget_that_is_owed_leaves_the_least_offers():
    on = units(coupon_bps=300)
    plan = decide(history(on), policy(budget_minor=10_000), on, {})
    assert plan.status is Status.SPENT
    assert {(made.rate_bps, made.coupon_bps) for made in plan.decisions} == {(300, 0)}


def test_whoever_sells_less_all_at_once_is_not_paid_more_for_it():
    on = units(rate_bps=750)
    rows = cohorts(on)
    withheld = [
        row._replace(clicks=row.clicks // 4, orders=row.orders // 4, gmv_minor=row.gmv_minor // 4)
        if row.unit == "2" and row.day >= 33
        else row
        for row in rows
    ]
    law = policy(roi_target=5.0)
    before = decide(history(on, rows), law, on, {}).decisions[2]
    after = decide(history(on, withheld), law, on, {}).decisions[2]
    assert before.rate_bps > 750
    assert after.rate_bps <= 750
    assert after.evidence.guard is Guard.WITHHELD


def test_a_policy_that_contradicts_itself_is_refused():
    on = units()
    for wrong in ({"min_rate_bps": 3_000}, {"coupons_bps": (300, 0)}, {"days_left": 0}):
        with pytest.raises(ValueError, match=r"."):
            decide(history(on), policy(**wrong), on, {})


def test_it_needs_no_framework():
    code = "import sys, aiassist.autopilot; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
