"""Seasons: the frame that campaigns are planned into. No money, no state; only dates."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit
from alliance.kernel.errors import Invalid
from alliance.kernel.models import User
from campaigns.models import Season

PHASES = ("warm_up_from", "opening_from", "main_from", "closing_from", "ends_at")


@transaction.atomic
def season_make(*, actor: User, name: str, **moments: datetime) -> Season:
    """A season of four phases; `moments` are those of PHASES, one after the other.

    Raises Invalid where they are not in order.
    """
    season = Season(name=_name(name), **moments)
    _in_order(season)
    season.save()
    audit.record("season.made", season, actor=actor, name=season.name, **_said(season))
    return season


@transaction.atomic
def season_edit(*, actor: User, season: Season, name: str, **moments: datetime) -> None:
    """New dates or another name. Campaigns keep their own times; the calendar shows which stand
    outside now. Raises Invalid where the dates are not in order."""
    before = {"name": season.name, **_said(season)}
    season.name = _name(name)
    for phase in PHASES:
        setattr(season, phase, moments[phase])
    _in_order(season)
    season.save(update_fields=["name", *PHASES])
    after = {"name": season.name, **_said(season)}
    changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    audit.record("season.changed", season, actor=actor, changes=changes)


def _name(name: str) -> str:
    if not name.strip():
        raise Invalid(_("Please give a name."), field="name")
    return name.strip()[:80]


def _in_order(season: Season) -> None:
    moments = [getattr(season, phase) for phase in PHASES]
    for phase, earlier, later in zip(PHASES[1:], moments, moments[1:], strict=False):
        if later < earlier or (phase == "ends_at" and later == earlier):
            raise Invalid(_("A phase begins after the one before it."), field=phase)


def _said(season: Season) -> dict[str, Any]:
    return {phase: getattr(season, phase).isoformat() for phase in PHASES}
