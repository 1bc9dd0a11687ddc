"""The season as an affiliate meets it at home: how long until what, and what is to be had."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.kernel import clock
from campaigns.calendar import phase_at
from campaigns.models import Season
from campaigns.queries import season_near
from commissions.taking_part import Card

SHOWN = 4


@dataclass(frozen=True, slots=True)
class SeasonAhead:
    """`cards` are campaigns of the season that the affiliate can earn with, those of its own choice
    first; `more` how many others there are."""

    season: Season
    phase: str  # "" before it begins
    countdown: str
    cards: Sequence[Card]
    more: int


def season_ahead(cards: Sequence[Card]) -> SeasonAhead | None:
    """The season that is near, told with the campaigns that go on (`cards`). One statement."""
    season = season_near()
    if season is None:
        return None
    mine = [card for card in cards if card.running and card.campaign.season_id == season.pk]
    mine.sort(key=lambda card: (not card.takes_part, not card.joins))
    return SeasonAhead(
        season=season,
        phase=phase_at(season, clock.now()),
        countdown=_countdown(season),
        cards=mine[:SHOWN],
        more=len(mine[SHOWN:]),
    )


def _countdown(season: Season) -> str:
    """Days to the warm-up, then to the main days, then to the end; whole days of the calendar."""
    now, today = clock.now(), clock.business_day()
    if now < season.warm_up_from:
        days = (clock.business_day(season.warm_up_from) - today).days
        if days <= 0:
            return _("The warm-up begins today")
        said = ngettext("%(days)d day to the warm-up", "%(days)d days to the warm-up", days)
    elif now < season.main_from:
        days = (clock.business_day(season.main_from) - today).days
        if days <= 0:
            return _("The main days begin today")
        said = ngettext("%(days)d day to the main days", "%(days)d days to the main days", days)
    else:
        days = (clock.business_day(season.ends_at) - today).days
        if days <= 0:
            return _("The last day")
        said = ngettext("%(days)d day left", "%(days)d days left", days)
    return said % {"days": days}
