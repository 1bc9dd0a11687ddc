"""Figures that stand out are noted, followed until they are as usual again, put away by people."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from aiassist.anomalies import HISTORY, WEEK, Finding, Key, judge
from aiassist.models import HOUR, AnomalyNote, HourFigure, NoteState, Source
from aiassist.notices import note_tell
from aiassist.queries import anomalies as queries
from aiassist.queries.hours import hour_of, hours_counted
from alliance.kernel import audit, clock
from alliance.kernel.access import has_role
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import StaffRole, User

KEPT = timedelta(hours=HISTORY + 2 * WEEK)
AGAIN = 3  # the youngest hours are counted once more
AT_ONCE = WEEK  # hours of the past that are counted in one go
CALM = 2 * HOUR  # as usual for so long: it is over
MAY_DECIDE = (StaffRole.OPS, StaffRole.RISK)


@transaction.atomic
def anomalies_look() -> list[AnomalyNote]:
    """Count the hours that are over and judge the last of them; returns the notes that were opened.

    Twice in an hour is as good as once. Where no season or campaign is on, hours are counted, so
    that it is known what is usual, and nothing new is noted.
    """
    if not _alone() or not hours_count():
        return []
    last = hour_of(clock.now()) - HOUR
    found = judge(queries.series_now(last), least_minor=settings.ALLIANCE["ANOMALY_LEAST_MINOR"])
    going = list(queries.notes_going().select_for_update(of=("self",)))
    for note in going:
        _go_on(note, found.get(note.key), last)
    if not queries.in_season():
        return []
    kept = [note for note in going if note.ended_at is None]
    return [_open(one, last) for one in _new(found.values(), kept)]


def hours_count() -> bool:
    """Count what came in the hours that are over. False: not yet up to the last one."""
    end = hour_of(clock.now())
    newest = HourFigure.objects.order_by("-hour").values_list("hour", flat=True).first()
    since = newest - AGAIN * HOUR if newest else end - HISTORY * HOUR
    until = min(end, max(since, end - HISTORY * HOUR) + (AT_ONCE + AGAIN) * HOUR)
    for source in Source:
        _count(source, max(since, end - HISTORY * HOUR), until)
    HourFigure.objects.filter(hour__lt=end - KEPT).delete()
    return until == end


@transaction.atomic
def note_dismiss(*, actor: User, note: AnomalyNote, reason: str, expected: bool) -> None:
    """OPEN → DISMISSED: somebody knows why. It is followed in silence until it is over; what is
    usual stays as it was, for this figure and all others.

    Raises Invalid (no reason), NotAllowed (neither operations nor risk), WrongState.
    """
    if not has_role(actor, *MAY_DECIDE):
        raise NotAllowed
    if not reason.strip():
        raise Invalid(_("Say why: whoever looks next reads it."), field="reason")
    said = {
        "state": NoteState.DISMISSED,
        "reason": reason.strip()[:300],
        "expected": expected,
        "decided_by": actor,
        "decided_at": clock.now(),
        "updated_at": clock.now(),
    }
    if not AnomalyNote.objects.filter(pk=note.pk, state=NoteState.OPEN).update(**said):
        raise WrongState
    audit.record(
        "anomaly_note.dismissed", note, actor=actor, reason=said["reason"], expected=expected
    )


def _count(source: Source, since: datetime, until: datetime) -> None:
    """Whole: what was counted there before is replaced. An hour without anything has a row too
    (of everything), so that it is known to be counted."""
    rows = {
        (hour, campaign): (count, amount)
        for hour, campaign, count, amount in hours_counted(source, since, until)
    }
    if source != Source.GRANTED:
        rows.setdefault((until - HOUR, None), (0, 0))
    figures = [
        HourFigure(hour=hour, source=source, campaign_id=campaign, count=count, amount_minor=amount)
        for (hour, campaign), (count, amount) in rows.items()
    ]
    HourFigure.objects.filter(source=source, hour__gte=since, hour__lt=until).delete()
    HourFigure.objects.bulk_create(figures, batch_size=2_000)


def _new(found: Iterable[Finding], going: Iterable[AnomalyNote]) -> list[Finding]:
    """What is striking and no note tells of yet: of kin the farthest out, and of everything only
    what no campaign's note tells of."""
    told = {(note.kin, note.up) for note in going}
    new = []
    # Campaigns first, then by how far out.
    for one in sorted(found, key=lambda one: (one.key[1] is None, -abs(one.score))):
        kin = (one.kin, one.up)
        of_campaign = any(
            other.partition(":")[0] == one.kin and up == one.up and ":" in other
            for other, up in told
        )
        if not one.striking or kin in told or (one.key[1] is None and of_campaign):
            continue
        told.add(kin)
        new.append(one)
    return new


def _open(one: Finding, hour: datetime) -> AnomalyNote:
    measure, campaign = one.key
    note = AnomalyNote.objects.create(
        measure=measure,
        campaign_id=campaign,
        kin=one.kin,
        began_at=hour,
        up=one.up,
        **_facts(one, hour),
    )
    audit.record("anomaly_note.opened", note, measure=measure, campaign=campaign)
    note_tell(note)
    return note


def _go_on(note: AnomalyNote, one: Finding | None, hour: datetime) -> None:
    """One more hour of it, or its end: nothing is known of it any more, or it has been as usual
    for two hours."""
    if one is not None and one.out and (one.value > one.high) == note.up:
        for name, value in _facts(one, hour).items():
            setattr(note, name, value)
        note.save()
    elif one is None or hour - note.seen_hour >= CALM:
        note.ended_at = note.seen_hour + HOUR
        if note.state == NoteState.OPEN:
            note.state = NoteState.ENDED
        note.save(update_fields=["ended_at", "state"])


def _facts(one: Finding, hour: datetime) -> dict[str, Any]:
    return {
        "seen_hour": hour,
        "value": round(one.value),
        "low": round(one.low),
        "high": round(one.high),
        "usual": round(one.usual),
        "record": one.record,
        "effect_minor": round(one.effect),
        "chance_ppm": round(one.chance * 1_000_000),
        "parts": _parts(one.key, hour, one.usual),
        "curve": {
            "values": [round(value) for value in one.values],
            "lows": [round(value) for value in one.lows],
            "highs": [round(value) for value in one.highs],
        },
    }


def _parts(key: Key, hour: datetime, usual: float) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "pk": part.who,
            "name": name,
            "value": round(part.value),
            "usual": round(part.usual),
            "share_bps": round(min(part.share, 10) * 10_000),
        }
        for kind, name, part in queries.parts_of(key, hour, usual)
    ]


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('anomalies_look'))")
        return bool(cursor.fetchone()[0])
