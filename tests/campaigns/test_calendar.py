"""What stands in a campaign's way, and where it lies in the season's calendar. Mostly pure."""

from datetime import date, datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from campaigns.calendar import (
    burden,
    calendar,
    clash,
    conflicts_of,
    next_618,
    of_its_own,
    part_of_merchant,
    phase_at,
    stock_beyond,
    together,
)
from campaigns.models import Campaign, CampaignState, Season, SlateItem
from campaigns.services.campaigns import campaign_make
from tests.cast import cast_make, staff_make

DAY = timedelta(days=1)
JUNE_1 = datetime(2026, 6, 1, tzinfo=clock.ZONE)


def campaign(number: int = 1, **changes) -> Campaign:
    """Not saved: what the pure parts are asked about."""
    values = {
        "pk": number,
        "kind": "double_commission",
        "name": f"C{number}",
        "currency": "CNY",
        "rules": {"multiple_bps": 20_000, "cap_minor": 2_000},
        "budget_minor": 100_000,
        "starts_at": JUNE_1,
        "ends_at": JUNE_1 + 10 * DAY,
        "confirm_until": JUNE_1 + 25 * DAY,
        "stacking_group": "orders",
        **changes,
    }
    return Campaign(**values)


def season(**changes) -> Season:
    values = {
        "name": "618",
        "warm_up_from": JUNE_1 - 7 * DAY,
        "opening_from": JUNE_1,
        "main_from": JUNE_1 + 14 * DAY,
        "closing_from": JUNE_1 + 18 * DAY,
        "ends_at": JUNE_1 + 21 * DAY,
        **changes,
    }
    return Season(**values)


def own(one: Campaign, *, products: int = 1, unpromised: int = 0, now=JUNE_1 - DAY):
    found = of_its_own(one, products=products, unpromised=unpromised, now=now)
    return [(conflict.code, conflict.stops) for conflict in found]


def test_a_complete_draft_has_nothing_against_it():
    assert own(campaign()) == []
    assert own(campaign(all_products=True), products=0) == []


def test_what_stops_a_draft_and_what_only_warns():
    assert own(campaign(), products=0) == [("slate", True)]
    assert own(campaign(), unpromised=2) == [("promises", True)]
    assert own(campaign(), now=JUNE_1) == [("begun", False)]
    assert own(campaign(), now=JUNE_1 + 10 * DAY) == [("over", True)]
    assert own(campaign(merchant_bps=5_000, sponsor="joint")) == [("consent", True)]
    assert own(campaign(rules={"cap_minor": 0})) == [("rules", True)]
    assert own(campaign(season=season(ends_at=JUNE_1 + 9 * DAY))) == [("season", False)]


def test_prizes_need_a_budget_that_reaches_for_all_of_them():
    prizes = {"prizes": [{"prize_minor": 60_000}, {"prize_minor": 40_001}]}
    assert own(campaign(kind="leaderboard", rules=prizes)) == [("budget", True)]
    prizes["prizes"][1]["prize_minor"] = 40_000
    assert own(campaign(kind="leaderboard", rules=prizes)) == []


def test_time_that_only_touches_is_not_shared():
    one = campaign()
    assert together(one, campaign(2, starts_at=one.ends_at - timedelta(seconds=1)))
    assert not together(one, campaign(2, starts_at=one.ends_at, ends_at=one.ends_at + DAY))


@pytest.mark.parametrize(
    ("changes", "shared", "found"),
    [
        ({}, 3, True),
        ({}, 0, False),
        ({"all_products": True}, 0, True),
        ({"stacking_group": ""}, 3, False),
        ({"stacking_group": "other"}, 3, False),
        ({"currency": "EUR"}, 3, False),
        ({"starts_at": JUNE_1 + 10 * DAY, "ends_at": JUNE_1 + 11 * DAY}, 3, False),
    ],
)
def test_the_same_products_in_one_group_at_one_time_are_a_conflict(changes, shared, found):
    other = campaign(2, **changes)
    conflict = clash(campaign(), other, shared=shared)

    assert (conflict is not None) == found
    if conflict:
        assert (conflict.other, conflict.stops) == (other, False)


def test_one_merchant_that_pays_for_several_at_a_time_is_told_of_with_the_sum():
    one = campaign(merchant_id=7, merchant_bps=5_000)
    second = campaign(2, merchant_id=7, merchant_bps=10_000, budget_minor=30_000)
    third = campaign(3, merchant_id=8, merchant_bps=10_000)
    free = campaign(4, merchant_id=7, merchant_bps=0)

    assert burden(one, [third, free]) is None
    assert "2 campaigns" in str(burden(one, [second, third, free]).text)
    assert "800.00" in str(burden(one, [second]).text)
    assert part_of_merchant(one).minor == 50_000


def test_coupons_worth_more_than_the_budget_are_a_conflict():
    assert stock_beyond(campaign(), stock_minor=100_000) is None
    assert stock_beyond(campaign(), stock_minor=100_001).code == "stock"


# --- Bars -----------------------------------------------------------------------------------------


def test_phases_and_campaigns_lie_where_their_time_lies():
    frame = season()  # 28 days
    main = campaign(1, starts_at=JUNE_1 + 14 * DAY, ends_at=JUNE_1 + 18 * DAY)
    early = campaign(2, starts_at=JUNE_1 - 30 * DAY, ends_at=JUNE_1)
    drawn = calendar(frame, [main, early], now=JUNE_1 + 7 * DAY)

    assert [(bar.key, bar.left, bar.width) for bar in drawn.phases] == [
        ("warm_up", 0, 25),
        ("opening", 25, 50),
        ("main", 75, pytest.approx(100 / 7)),
        ("closing", pytest.approx(625 / 7), pytest.approx(75 / 7)),
    ]
    # What began before the season begins at its left edge.
    assert [(bar.label, bar.left, bar.width) for bar in drawn.rows] == [
        ("C2", 0, 25),
        ("C1", 75, pytest.approx(100 / 7)),
    ]
    assert drawn.today == 50
    # 25 May 2026 is a Monday: four whole weeks.
    assert [(bar.subject.isoformat(), bar.width) for bar in drawn.weeks] == [
        ("2026-05-25", 25), ("2026-06-01", 25), ("2026-06-08", 25), ("2026-06-15", 25),
    ]  # fmt: skip


def test_today_is_only_marked_inside_of_the_season():
    assert calendar(season(), [], now=JUNE_1 + 40 * DAY).today is None


def test_a_moment_has_its_phase():
    frame = season()
    assert phase_at(frame, JUNE_1 - DAY) == "warm_up"
    assert phase_at(frame, JUNE_1) == "opening"
    assert phase_at(frame, JUNE_1 + 18 * DAY) == "closing"
    assert phase_at(frame, JUNE_1 + 21 * DAY) == ""


# --- Gathered from the database -------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_conflicts_are_gathered_in_a_handful_of_statements(django_assert_max_num_queries):
    with clock.at(JUNE_1 - 10 * DAY):
        cast = cast_make()
        ops = staff_make(StaffRole.OPS)
        values = {
            "actor": ops, "kind": "double_commission", "stacking_group": "orders",
            "starts_at": JUNE_1, "ends_at": JUNE_1 + DAY,
        }  # fmt: skip
        made = [campaign_make(name=f"C{i}", **values) for i in range(5)]
        for one in made:
            SlateItem.objects.create(campaign=one, product=cast.product)
        Campaign.objects.filter(pk__in=[one.pk for one in made[1:4]]).update(
            state=CampaignState.SCHEDULED, published_at=clock.now()
        )
        with django_assert_max_num_queries(5):
            found = conflicts_of(made[0])

    # Another draft is no conflict yet.
    assert [(one.code, one.other) for one in found] == [
        ("stacking", made[1]),
        ("stacking", made[2]),
        ("stacking", made[3]),
    ]
    assert "For 1 product" in str(found[0].text)


@pytest.mark.parametrize(
    ("today", "year"),
    [(date(2026, 1, 2), 2026), (date(2026, 6, 20), 2026), (date(2026, 6, 21), 2027)],
)
def test_the_next_618_is_this_years_until_its_last_day_is_over(today, year):
    planned = next_618(today)

    def at(month: int, day: int, hour: int = 0) -> datetime:
        return datetime(year, month, day, hour, tzinfo=clock.ZONE)

    assert planned == {
        "name": f"618 {year}",
        "warm_up_from": at(5, 24),
        "opening_from": at(5, 31, 20),
        "main_from": at(6, 15, 20),
        "closing_from": at(6, 19),
        "ends_at": at(6, 21),
    }
