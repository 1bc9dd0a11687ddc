"""Touches lie in a partition for each month: made ahead, dropped when old, and no touch is lost."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from affiliates import tasks
from affiliates.drain import drain
from affiliates.models import Attribution, ClickDay, Touch
from affiliates.services import Click, months, touches_record
from affiliates.services.figures import clicks_count
from affiliates.spool import spool
from alliance.kernel import clock
from commissions.queries import commissions_found
from commissions.verify import verify
from tests.cast import cast_make
from tests.processes import in_processes

pytestmark = pytest.mark.django_db

NEVER_MADE = datetime(2031, 3, 9, 12, tzinfo=UTC)


@pytest.fixture
def part_of():
    def find(click_id: str) -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tableoid::regclass::text FROM affiliates_touch WHERE click_id = %s",
                [click_id],
            )
            return cursor.fetchone()[0]

    return find


def clicked(link, moment: datetime) -> str:
    return touches_record([Click.through(link, touched_at=moment)])[0].click_id


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        ("2026-05-31T23:59:59.999999+00:00", "202605"),
        ("2026-06-01T00:00:00+00:00", "202606"),
        ("2026-06-01T07:59:59+08:00", "202605"),
        ("2026-06-30T23:59:59.999999+00:00", "202606"),
    ],
)
def test_a_touch_lies_in_its_month_of_utc(link, part_of, moment, month):
    click_id = clicked(link, datetime.fromisoformat(moment))
    assert part_of(click_id) == f"affiliates_touch_{month}"


def test_what_came_before_its_month_was_made_moves_there(link, part_of, caplog):
    early = clicked(link, NEVER_MADE)
    assert part_of(early) == "affiliates_touch_other"
    (said,) = verify()
    assert said == ("touches_lie_in_months: 1 touches lie in no month: does the scheduler run?")
    before = Touch.objects.values().get()

    with clock.at(NEVER_MADE - timedelta(days=900)):
        tasks.touches_turn()
    assert part_of(early) == "affiliates_touch_203103"
    assert Touch.objects.values().get() == before
    assert "touches of 2031-03 lay in no month" in caplog.text
    assert verify() == []


def test_the_last_month_this_one_and_the_next_two_are_made_once(link):
    with clock.at(datetime(2029, 12, 31, 23, tzinfo=UTC)):
        tasks.touches_turn()
        made = months.months_made()
        tasks.touches_turn()
    wanted = {date(2029, 11, 1), date(2029, 12, 1), date(2030, 1, 1), date(2030, 2, 1)}
    assert wanted <= set(made)
    assert months.months_made() == made


def test_the_first_of_a_month_is_counted_again_where_everything_began_on_it(link):
    """That day begins in the last month of UTC; and what was dropped is not counted anew."""
    began = datetime(2031, 3, 1, 2, tzinfo=UTC)
    with clock.at(began):
        tasks.touches_turn()
        for n in range(2):
            spool.write(Click.through(link, touched_at=began + timedelta(seconds=n)))
            assert (drain(), clicks_count()) == (1, 1)
    assert ClickDay.objects.get(affiliate=None, merchant=None).clicks == 2


def test_a_month_refuses_changes_as_the_others_do(link, sql):
    clicked(link, NEVER_MADE)
    months.months_make(since=NEVER_MADE.date(), until=NEVER_MADE.date())
    for refused in (
        "UPDATE affiliates_touch SET visitor = 'bot'",
        "DELETE FROM affiliates_touch_203103",
        "TRUNCATE affiliates_touch_203103",
        "TRUNCATE affiliates_touch_other",
        "TRUNCATE affiliates_touch",
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            sql(refused)


def test_months_go_when_the_last_of_their_touches_is_old_enough(link, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "TOUCHES_KEPT_DAYS": 200}
    kept = clicked(link, datetime(2026, 2, 1, tzinfo=UTC))
    clicked(link, datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    gone = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(days=200)
    clicks_count()
    with clock.at(gone - timedelta(seconds=1)):
        assert months.months_drop() == []
    with clock.at(gone):
        assert months.months_drop() == [date(2026, 1, 1)]
        assert months.months_drop() == []
    assert [touch.click_id for touch in Touch.objects.all()] == [kept]
    assert months.months_made()[0] == date(2026, 2, 1)


def test_the_same_click_with_the_same_moment_is_stored_once_in_whatever_partition(link, part_of):
    for moment in (datetime(2026, 6, 1, tzinfo=UTC), NEVER_MADE):
        click = Click.through(link, touched_at=moment)
        for _delivery in range(2):
            spool.write(click)
        assert drain() == 1
        with pytest.raises(IntegrityError, match="duplicate key"), transaction.atomic():
            touches_record([click])
        months.months_make(since=moment.date(), until=moment.date())
        spool.write(click)
        assert drain() == 0
        assert Touch.objects.filter(click_id=click.click_id).count() == 1


def test_a_look_up_with_its_moment_asks_one_month(link):
    click_id = clicked(link, datetime(2026, 6, 10, tzinfo=UTC))
    known = Touch.objects.filter(click_id=click_id, touched_at=datetime(2026, 6, 10, tzinfo=UTC))
    plan = known.explain()
    assert "affiliates_touch_202606" in plan
    assert "affiliates_touch_202605" not in plan
    assert "affiliates_touch_other" not in plan


@pytest.mark.django_db(transaction=True)
def test_many_may_make_the_same_month_while_clicks_come(link):
    ids = {clicked(link, NEVER_MADE + timedelta(seconds=n)) for n in range(5)}

    def make():
        months.months_make(since=NEVER_MADE.date(), until=NEVER_MADE.date())

    def click():
        for n in range(20):
            clicked(link, NEVER_MADE + timedelta(minutes=n))

    in_processes(make, click, make, click)
    assert Touch.objects.count() == 45
    assert ids <= set(Touch.objects.values_list("click_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM affiliates_touch_other")
        assert cursor.fetchone() == (0,)
        cursor.execute("DROP TABLE affiliates_touch_203103")


@pytest.mark.django_db(transaction=True)
def test_who_makes_months_gives_way_to_whoever_reads_long(link):
    """Else every click behind them would wait, too."""
    reader = connection.copy()
    with reader.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM affiliates_touch_other")
        with pytest.raises(OperationalError, match="lock timeout"):
            months.months_make(since=NEVER_MADE.date(), until=NEVER_MADE.date())
    reader.close()
    assert NEVER_MADE.date().replace(day=1) not in months.months_made()


def test_a_decision_and_the_books_outlive_the_touch():
    """The receipt, the moment and the sub-ids stand by themselves."""
    with clock.at(datetime(2026, 6, 1, tzinfo=UTC)):
        cast = cast_make()
    with clock.at(datetime(2026, 6, 2, tzinfo=UTC)):
        decision = cast.sold(click_id=cast.click(sub1="tuesday")).attribution
    moment = decision.touched_at
    assert moment == Touch.objects.get(sub1="tuesday").touched_at
    assert decision.subs == ["tuesday", "", "", "", ""]
    with clock.at(moment + timedelta(days=440)):
        tasks.touches_turn()
    assert not Touch.objects.exists()
    assert verify() == []
    decision = Attribution.objects.get()
    assert decision.receipt["looked_at"][0]["verdict"] == "won"
    assert commissions_found(cast.affiliate.commissions.all(), sub="tuesday").count() == 1
    assert commissions_found(cast.affiliate.commissions.all(), sub="monday").count() == 0
