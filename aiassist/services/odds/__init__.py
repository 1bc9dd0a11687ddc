"""The odds of tasks, reckoned at night and when somebody accepts one (docs/task-odds.md)."""

from datetime import timedelta

from django.db import transaction

from aiassist.models import OddsSaid, TaskOdds, TaskPeers
from aiassist.queries import odds as queries
from aiassist.services.odds.known import Known
from aiassist.services.odds.peers import Peers
from aiassist.services.odds.reckoned import odds_reckoned
from alliance.kernel import clock
from campaigns.models import Campaign

BATCH = 500
SAID_KEPT = timedelta(days=180)


def odds_begin() -> list[int]:
    """A night: what is over goes; returns the open tasks, each to be reckoned by `odds_make`."""
    tasks = list(queries.tasks_open().values_list("pk", flat=True))
    for over in (TaskOdds, TaskPeers):
        over.objects.exclude(campaign__in=tasks).delete()
    OddsSaid.objects.filter(day__lt=clock.business_day() - SAID_KEPT).delete()
    return tasks


def odds_make(*, campaign_pk: int) -> int:
    """Reckon a task anew for everybody who may take it and has sold or been clicked lately, or is
    in it; returns how many odds there are: none where the task is over meanwhile. The same facts
    give the same, so twice is as good as once."""
    return sum(_made(task) for task in queries.tasks_open().filter(pk=campaign_pk))


def odds_catch_up() -> int:
    """Tasks that were published since, whole; of the others whoever accepted since, beside the
    peers of the night: nobody else's rows are read for them."""
    made = 0
    for task in queries.tasks_unreckoned():
        peers = TaskPeers.objects.filter(campaign=task).first()
        if peers is None:
            made += _made(task)
            continue
        known = Known(task, queries.affiliates_unreckoned(task), Peers.read(peers.told))
        made += _reckoned(known, set(known.takers), set(known.takers))
    return made


def _made(campaign: Campaign) -> int:
    known = Known(campaign)
    # First, so that a sweep that comes meanwhile does not begin the whole task, too.
    TaskPeers.objects.update_or_create(
        campaign=campaign, defaults={"told": known.peers.kept(), "made_at": known.now}
    )
    members = set(queries.task_members(campaign))
    wanted = (set(known.sums) | members) & set(known.takers)
    made = _reckoned(known, wanted, members)
    TaskOdds.objects.filter(campaign=campaign).exclude(affiliate__in=wanted).delete()
    return made


def _reckoned(known: Known, wanted: set[int], members: set[int]) -> int:
    ordered = sorted(wanted)
    for start in range(0, len(ordered), BATCH):
        rows = [odds_reckoned(known, pk) for pk in ordered[start : start + BATCH]]
        _keep(rows, [_said(row) for row in rows if row.affiliate_id in members])
    return len(ordered)


@transaction.atomic
def _keep(rows: list[TaskOdds], said: list[OddsSaid]) -> None:
    TaskOdds.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["affiliate", "campaign"],
        update_fields=["expected_minor", "little", "steps", "pace", "made_at"],
    )
    # What was said first on a day stands: a later look knows more.
    OddsSaid.objects.bulk_create([one for one in said if one.steps], ignore_conflicts=True)


def _said(odds: TaskOdds) -> OddsSaid:
    """The steps of which a chance was told: nothing where it was not, or was known already."""
    open_steps = odds.steps[odds.pace["reached"] :]
    silent = odds.little or odds.pace["by"] == "clicks"
    return OddsSaid(
        campaign_id=odds.campaign_id,
        affiliate_id=odds.affiliate_id,
        day=clock.business_day(odds.made_at),
        by=odds.pace["by"],
        steps=[] if silent else [[step["least"], step["likely"]] for step in open_steps],
    )
