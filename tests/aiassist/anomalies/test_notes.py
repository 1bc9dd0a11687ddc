"""Notes on figures: what stands out is told once, followed, and ends; what is usual is not told."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from affiliates.models import ClickDay
from aiassist.anomalies import judge, made_of
from aiassist.models import HOUR, AnomalyNote, HourFigure, Source
from aiassist.queries.hours import hours_counted, whose
from aiassist.services.anomalies import anomalies_look, note_dismiss
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, Notification, StaffRole
from alliance.kernel.notice_kinds import words_of
from bench.ai.anomalies import notes_in
from bench.ai.anomalies.world import LIFTED, world_make
from campaigns.models import Season
from tests.cast import cast_make, staff_make, user_make

NOON = datetime(2026, 6, 17, 12, tzinfo=clock.ZONE)
LEAST = 1_000_00


# --- Pure ---


@pytest.fixture(scope="module")
def world():
    return world_make(1)


def test_an_opening_that_lifts_everything_is_no_note(world):
    assert notes_in(world, range(LIFTED[0] + 19, LIFTED[0] + 24)) == 0


@pytest.mark.parametrize(
    ("what", "factor", "key"),
    [("clicks", 3.0, ("clicks", None)), ("orders", 0.3, ("orders", None))],
)
def test_one_that_leaves_the_others_is_found_and_ends_by_itself(world, what, factor, key):
    begins = 15 * 168 + 2 * 24 + 13
    wrong = world.planted(what, factor, begins, 2)
    one = judge(wrong.judged_at(begins), least_minor=LEAST)[key]

    assert one.striking
    assert one.out
    assert one.up == (factor > 1)
    assert not judge(world.judged_at(begins), least_minor=LEAST)[key].striking
    assert not judge(wrong.judged_at(begins), least_minor=10**12)[key].striking, "a trifle"
    later = judge(wrong.judged_at(begins + 2, {key: begins}), least_minor=LEAST)[key]
    assert not later.out


def test_nothing_is_usual_of_what_nobody_has_seen(world):
    series = world.judged_at(2 * 168 + 5)  # two weeks
    assert {key for key, _one in judge(series, least_minor=0).items() if key[1] is None} == set()


def test_a_change_is_made_of_whose_share_changed():
    parts = made_of({1: 900.0, 2: 200.0}, [{1: 100.0, 2: 300.0}] * 4, usual=400.0)
    assert [(part.who, part.usual, round(part.share, 2)) for part in parts] == [(1, 100.0, 1.14)]


# --- With rows ---


@pytest.fixture
def cast(db):
    with clock.at(NOON - timedelta(days=40)):
        return cast_make()


def season() -> None:
    begins = NOON - timedelta(days=10)
    Season.objects.create(
        name="618", warm_up_from=begins, opening_from=begins, main_from=begins,
        closing_from=begins, ends_at=NOON + timedelta(days=10),
    )  # fmt: skip


def past_make(until: datetime) -> None:
    """Twelve weeks of an alliance that sells 40 orders of 199.00 an hour and claims 60 coupons."""
    chance = np.random.default_rng(618)
    first = until - 2_016 * HOUR
    rows = []
    for place in range(2_016):
        hour = first + place * HOUR
        for source, level, each in (
            (Source.ORDERS, 40, 199_00),
            (Source.VALID, 36, 199_00),
            (Source.CLAIMS, 60, 20_00),
        ):
            count = int(chance.poisson(level))
            rows.append(
                HourFigure(hour=hour, source=source, count=count, amount_minor=count * each)
            )
    HourFigure.objects.bulk_create(rows)
    day = clock.business_day(first)
    while day <= clock.business_day(until):
        hours = [int(n) for n in chance.poisson(800, 24)]
        ClickDay.objects.create(
            day=day, clicks=sum(hours), visitors=1, bots=0, previews=0, hours=hours
        )
        day += timedelta(days=1)


def clicks_at(cast, hour: datetime, count: int) -> None:
    day, place = clock.business_day(hour), hour.astimezone(clock.ZONE).hour
    for whose_are in ({}, {"affiliate": cast.affiliate}, {"merchant": cast.merchant}):
        row, _new = ClickDay.objects.get_or_create(
            day=day, **{"affiliate": None, "merchant": None, **whose_are},
            zone=None, link=None,
            defaults={"clicks": count, "visitors": 1, "bots": 0, "previews": 0, "hours": [0] * 24},
        )  # fmt: skip
        row.hours[place] = count
        row.save()


def look(at: datetime) -> list[AnomalyNote]:
    """As beat does, with what the past has in its last hours, which nobody recounts here."""
    with clock.at(at + timedelta(minutes=12)):
        return anomalies_look()


def test_a_note_is_opened_told_once_followed_and_ends(cast, monkeypatch):
    monkeypatch.setattr("aiassist.services.anomalies._count", lambda *_args: None)
    ops, risk = staff_make(StaffRole.OPS), staff_make(StaffRole.RISK)
    season()
    past_make(NOON + 8 * HOUR)
    assert look(NOON) == []
    clicks_at(cast, NOON, 3_400)

    [note] = look(NOON + HOUR)
    assert look(NOON + HOUR) == []
    assert (note.measure, note.up, note.value, note.began_at) == ("clicks", True, 3_400, NOON)
    assert 650 < note.low < 800 < note.high < 950
    assert [(one["kind"], one["share_bps"]) for one in note.parts] == [
        ("affiliate", note.parts[0]["share_bps"]),
        ("merchant", note.parts[0]["share_bps"]),
    ]
    told = Notification.objects.get(kind="anomaly.opened", user=ops)
    assert not Notification.objects.filter(kind="anomaly.opened", user=risk).exists()
    assert words_of(told)[0] == "Clicks: 3,400 in an hour"
    assert "more than in any hour before" in words_of(told)[1]

    clicks_at(cast, NOON + HOUR, 3_000)
    assert look(NOON + 2 * HOUR) == []
    note.refresh_from_db()
    assert (note.value, note.hours, note.state) == (3_000, 2, "open")
    with pytest.raises(Invalid):
        note_dismiss(actor=risk, note=note, reason=" ", expected=True)
    with pytest.raises(NotAllowed):
        note_dismiss(actor=user_make(), note=note, reason="A post", expected=True)
    note_dismiss(actor=risk, note=note, reason="A post", expected=True)
    with pytest.raises(WrongState):
        note_dismiss(actor=risk, note=note, reason="A post", expected=True)
    assert AuditEvent.objects.get(verb="anomaly_note.dismissed").actor == risk

    clicks_at(cast, NOON + 2 * HOUR, 3_000)
    assert look(NOON + 3 * HOUR) == []  # followed in silence, not opened anew
    look(NOON + 4 * HOUR)
    look(NOON + 5 * HOUR)
    note.refresh_from_db()
    assert (note.state, note.ended_at) == ("dismissed", NOON + 3 * HOUR)
    clicks_at(cast, NOON + 6 * HOUR, 3_400)
    assert [one.began_at for one in look(NOON + 7 * HOUR)] == [NOON + 6 * HOUR]
    assert Notification.objects.filter(kind="anomaly.opened", user=ops).count() == 2


def test_hours_are_counted_by_whom_they_are_of(cast):
    with clock.at(NOON):
        for number in range(3):
            cast.sold(f"T{number}")
    end = NOON + HOUR
    rows = {source: list(hours_counted(source, NOON, end)) for source in Source}

    assert rows[Source.ORDERS] == [(NOON, None, 3, 3 * 199_00)]
    assert rows[Source.VALID] == rows[Source.ORDERS]
    assert rows[Source.COMMISSION] == [(NOON, None, 3, 3 * 23_88)]
    assert not rows[Source.RETURNS]
    assert not rows[Source.PAYOUTS]
    assert not rows[Source.INTAKE]
    assert whose(Source.ORDERS, "affiliate", NOON, None) == {cast.affiliate.pk: (3, 3 * 199_00)}
    with clock.at(NOON + 3 * HOUR):
        cast.refunded("10.00", "T1")
        cast.record(cast.report("T9", placed_at=NOON, paid_at=NOON))  # reported late: of no hour
    back = list(hours_counted(Source.RETURNS, NOON, NOON + 5 * HOUR))
    assert [(hour, count) for hour, _campaign, count, _minor in back] == [(NOON + 3 * HOUR, 1)]
    assert list(hours_counted(Source.ORDERS, NOON, end)) == rows[Source.ORDERS]
