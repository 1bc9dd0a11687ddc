"""Verifying the books outside of any request, and what may be done on the strength of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from alliance.kernel.models import User
from commissions.models import VerifyRun, VerifySource, VerifyState
from commissions.verify import Result, Text, verify

FRESH = timedelta(days=1)  # how long one may rely on a run
STALLED = timedelta(minutes=15)  # a run that takes longer has lost its worker
SAID = 20  # sentences of one invariant that are kept


def verification_ask(*, actor: User | None = None) -> VerifyRun:
    """A run for a worker to take; the one that is under way, if there is one."""
    asked = VerifyRun.objects.exclude(state=VerifyState.ENDED).filter(
        asked_at__gt=clock.now() - STALLED
    )
    return asked.order_by("-pk").first() or VerifyRun.objects.create(
        source=VerifySource.DESK, asked_by=actor
    )


def verification_run(
    *,
    source: VerifySource,
    report: Callable[[Result], None] | None = None,
    whole: bool = False,
) -> VerifyRun:
    """Verify the books here and now, and keep what was found. `whole`: see `verify`."""
    run = VerifyRun.objects.create(source=source)
    return verification_perform(run.pk, report=report, whole=whole)


def verification_perform(
    pk: int, *, report: Callable[[Result], None] | None = None, whole: bool = False
) -> VerifyRun:
    """Carry out a run that was asked for. One that has ended is left as it is; one whose worker
    died begins anew. Not in a transaction: each result is there to see as soon as it is known."""
    run, results, faults = VerifyRun.objects.filter(pk=pk), list[dict[str, Any]](), 0
    started = {"state": VerifyState.RUNNING, "started_at": clock.now(), "results": [], "faults": 0}
    if not run.exclude(state=VerifyState.ENDED).update(**started):
        return run.get()

    def keep(result: Result) -> None:
        nonlocal faults
        results.append(_as_json(result))
        faults += result.faults
        run.update(results=results, faults=faults)
        if report:
            report(result)

    verify(keep, whole=whole)
    run.update(state=VerifyState.ENDED, ended_at=clock.now())
    return run.get()


def _as_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "checked": result.checked,
        "faults": result.faults,
        "seconds": round(result.seconds, 3),
        "sentences": result.sentences[:SAID],
    }


def books_proved(*, since: datetime) -> None:
    """Raises WrongState, with what is to be done, while `proof_missing` has something to say."""
    if said := proof_missing(since=since):
        raise WrongState(said)


def proof_missing(*, since: datetime) -> Text | None:
    """Why one may not yet rely on the books; None when one may.

    The newest run counts, and nothing but it: a fault, a run under way or one that never ended is
    not passed over for an older one that was well. It must have begun after `since`, and within
    the last day.
    """
    run = VerifyRun.objects.order_by("-pk").first()
    if run is not None and run.faults:
        first = next((s for result in run.results for s in result["sentences"]), "")
        return _("The books do not verify. First of %(count)d faults: %(fault)s") % {
            "count": run.faults,
            "fault": first,
        }
    if run is not None and run.state != VerifyState.ENDED:
        return _("The books are being verified. Come back when that has ended.")
    if run is None or run.started_at is None or run.started_at <= since:
        return _("The books were not verified since then. Verify them first.")
    if run.started_at < clock.now() - FRESH:
        return _("The books were last verified more than a day ago. Verify them first.")
    return None
