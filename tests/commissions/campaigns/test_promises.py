"""A campaign is published only if its budget and its time hold what its rules promise."""

from datetime import timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from commissions import chart
from commissions.verify import verify
from tests.cast import cast_make


@pytest.fixture
def cast(transactional_db):
    return cast_make()


@pytest.mark.parametrize(("kind", "least"), [("leaderboard", 9_000_00), ("guaranteed_task", 60_00)])
def test_a_budget_one_cent_short_of_the_promise_is_not_published(cast, kind, least):
    cast.publish(cast.campaign(kind, name="enough", budget_minor=least))
    short = cast.campaign(kind, name="short", budget_minor=least - 1)

    with pytest.raises(Invalid) as said:
        cast.publish(short)

    short.refresh_from_db()
    assert (said.value.field, short.state) == ("budget_minor", "draft")
    assert cast.balance(chart.budget(short.pk)).minor == 0
    assert verify() == []


def test_four_hours_are_four_hours(cast):
    begins = clock.now() + timedelta(days=1)

    def campaign(hours):
        return cast.campaign(
            "crazy_four_hours",
            budget_minor=0,
            starts_at=begins,
            ends_at=begins + timedelta(hours=hours),
        )

    with pytest.raises(Invalid) as said:
        cast.publish(campaign(5))

    assert said.value.field == "ends_at"
    assert cast.publish(campaign(4)).state == "scheduled"
