"""A task of the middle of June: seven days, goods received until the end of the month."""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from campaigns.models import Campaign
from commissions import tasks as jobs
from commissions.services import payouts
from commissions.services.tasks import task_accept
from commissions.verify import verify
from tests.cast import Cast, cast_make
from tests.rows import once


def day(month: int, number: int, hour: int = 12) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=clock.ZONE)


JUNE_10, JUNE_17 = day(6, 10), day(6, 17)
CUT_OFF = datetime(2026, 6, 30, 23, 59, 59, tzinfo=clock.ZONE)
EVALUATED = day(7, 2, 1)
JULY_20 = day(7, 20, 2)
# 1 order: 2.00, 5: 12.00, 20: 60.00 (docs/domain.md §5.1); all of it may be of one shop.
LADDER = {"one_shop_bps": 0}


def named(cast: Cast, affiliate=None) -> None:
    """Says where the money is to go."""
    payouts.payee_set(
        actor=cast.lin,
        affiliate=affiliate or cast.affiliate,
        holder="Lin",
        institution="ICBC",
        number="6222020200112233",
    )


def task(cast: Cast, kind: str = "guaranteed_task", **changes) -> Campaign:
    """Published now, its budget paid in."""
    values = {
        "name": "稳赚任务",
        "rules": LADDER,
        "budget_minor": 600_00,
        "starts_at": JUNE_10,
        "ends_at": JUNE_17,
        "confirm_until": CUT_OFF,
        **changes,
    }
    return cast.publish(cast.campaign(kind, **values))


def sell(cast: Cast, numbers, at=JUNE_10, receive=True, **facts) -> None:
    """Orders of as many buyers, an hour apart, received two days later."""
    for i, n in enumerate(numbers):
        moment = at + timedelta(hours=i + 2)
        with clock.at(moment):
            cast.sold(f"T{n}", click_id=cast.click(at=moment - timedelta(minutes=5), **facts))
        if receive:
            with clock.at(moment + timedelta(days=2)):
                cast.received(f"T{n}", placed_at=moment, paid_at=moment)


def at(moment: datetime, *chores) -> None:
    """What the beat does at that moment."""
    with clock.at(moment):
        for chore in chores or (jobs.standings_count, jobs.campaigns_evaluate):
            chore()


@pytest.fixture
def cast():
    yield _cast()
    with clock.at(day(12, 31)):
        assert verify() == []


@pytest.fixture
def accepted(cast):
    """The task, accepted as it begins."""
    return _accepted(cast)


@pytest.fixture
def twenty_one():
    """The cast, the task it has accepted, and T0 to T20: as many buyers as the last step wants."""
    yield once(_twenty_one)
    with clock.at(day(12, 31)):
        assert verify() == []


def _cast() -> Cast:
    with clock.at(day(5, 1)):
        made = cast_make()
        named(made)
    return made


def _accepted(cast: Cast) -> Campaign:
    with clock.at(JUNE_10 - timedelta(hours=1)):
        campaign = task(cast)
        task_accept(actor=cast.lin, campaign=campaign, affiliate=cast.affiliate)
    return campaign


def _twenty_one() -> tuple[Cast, Campaign]:
    cast = _cast()
    campaign = _accepted(cast)
    sell(cast, range(21))
    return cast, campaign
