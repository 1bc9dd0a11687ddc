"""The odds of tasks, reckoned at night and when somebody accepts one (docs/task-odds.md)."""

from collections.abc import Iterable

from django.db import transaction

from aiassist.models import TaskOdds
from aiassist.queries import odds as queries
from aiassist.services.odds.known import Known
from aiassist.services.odds.reckoned import odds_reckoned
from campaigns.models import Campaign

BATCH = 500


def odds_make() -> int:
    """Reckon every open task anew for everybody who may take it and has sold or been clicked
    lately, or is in it; returns how many odds there are. What is over goes. The same facts give
    the same, so twice is as good as once."""
    tasks = list(queries.tasks_open())
    made = sum(_made(task) for task in tasks)
    TaskOdds.objects.exclude(campaign__in=[task.pk for task in tasks]).delete()
    return made


def odds_catch_up() -> int:
    """Tasks that were published since, whole; of the others whoever accepted since."""
    made = 0
    for task in queries.tasks_unreckoned():
        new = not TaskOdds.objects.filter(campaign=task).exists()
        made += _made(task, None if new else queries.affiliates_unreckoned(task))
    return made


def _made(campaign: Campaign, only: Iterable[int] | None = None) -> int:
    known = Known(campaign)
    everybody = set(known.sums) | set(queries.task_members(campaign))
    wanted = sorted((everybody if only is None else set(only)) & set(known.takers))
    for start in range(0, len(wanted), BATCH):
        _keep([odds_reckoned(known, pk) for pk in wanted[start : start + BATCH]])
    if only is None:
        TaskOdds.objects.filter(campaign=campaign).exclude(affiliate__in=wanted).delete()
    return len(wanted)


@transaction.atomic
def _keep(rows: list[TaskOdds]) -> None:
    TaskOdds.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["affiliate", "campaign"],
        update_fields=["expected_minor", "little", "steps", "pace", "made_at"],
    )
