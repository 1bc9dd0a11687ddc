"""Why a post is planned as it is, in the reader's language."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aiassist.copy.check import Channel
from aiassist.models import PlannedPost, Target, WeekPlan
from aiassist.planner.draft import DAYS, MOST_A_DAY
from alliance.kernel import clock
from alliance.kernel.money import Money, half_up, percent
from alliance.kernel.templatetags.alliance import joined, number
from campaigns.calendar import PHASES, last_day, phase_at
from campaigns.models import Campaign, Season

_TURNS = {
    "begins": gettext_lazy("“%(name)s” begins that day, and it counts there."),
    "ends": gettext_lazy("“%(name)s” ends that day, and it counts there."),
    "runs": gettext_lazy("It counts in “%(name)s”."),
}
_SOURCES = {
    "matched": gettext_lazy("It suits what your links bring."),
    "slate": gettext_lazy("A campaign that is open to you has it."),
    "earning": gettext_lazy("Few products earn you more a sale."),
    "own": gettext_lazy("You chose it."),
}
PHASE_LABELS = {key: label for key, _since, _until, label in PHASES}


def why_then(post: PlannedPost) -> str:
    """Why at that time."""
    if post.why.get("moved"):
        return _("You chose the time.")
    if (share := post.why.get("share_bps")) is not None:
        whole = percent(half_up(share, 100) * 100)  # closer than that nobody knows
        return _("%(share)s of your clicks come in this hour.") % {"share": whole}
    channel = Channel(post.channel).label
    return _("Usual for “%(channel)s”, a rule of thumb: you have too few clicks yet to tell.") % {
        "channel": channel
    }


def why_that(post: PlannedPost, matched: Mapping[int, str]) -> str:
    """Why that product: what was said when it was matched, if that still stands."""
    words = [matched.get(post.product_id) or str(_SOURCES.get(post.why.get("product", ""), ""))]
    if post.campaign is not None and (turn := post.why.get("turn")):
        words.append(str(_TURNS[turn]) % {"name": post.campaign.name})
        if not post.why.get("joined"):
            words.append(_("Join it first."))
    return joined(*words)


def pace_words(plan: WeekPlan | None, currency: str) -> list[str]:
    """How the draft reckoned, and whether the target is within reach."""
    if plan is None or plan.drafted_at is None:
        return []
    pace = plan.pace
    if "clicks_per_post_centi" not in pace:
        return [_("Too few of your links were clicked to say what a post brings: two a day, then.")]
    clicks, earned = pace["clicks_per_post_centi"], pace["earned_per_click_centi"]
    whole = half_up(clicks, 100)
    said = [
        ngettext(
            "A link of yours that is clicked brings %(clicks)s click a day, and %(earned)s.",
            "A link of yours that is clicked brings %(clicks)s clicks a day, and %(earned)s.",
            whole,
        )
        % {
            "clicks": number(whole),
            "earned": Money(half_up(clicks * earned, 10_000), currency).localized(),
        }
    ]
    if "posts" in pace:
        said.append(_reach(plan, pace["posts"], currency))
    elif plan.target == Target.EARN:
        said.append(_("Your clicks have not earned anything of late, so there is no reckoning."))
    return said


def _reach(plan: WeekPlan, posts: int, currency: str) -> str:
    wanted = (
        Money(plan.amount, currency).localized()
        if plan.target == Target.EARN
        else ngettext("%(count)s click", "%(count)s clicks", plan.amount)
        % {"count": number(plan.amount)}
    )
    facts = {"wanted": wanted, "posts": number(posts)}
    if posts > DAYS * MOST_A_DAY:
        words = _("%(wanted)s would take %(posts)s posts: more than anybody reads in a week.")
    else:
        words = _("%(wanted)s take about %(posts)s posts, if it stays like that.")
    return words % facts


def day_notes(day: date, season: Season | None, campaigns: Iterable[Campaign]) -> Iterator[str]:
    """What is special about a day."""
    if season is not None:
        start, end = clock.day_start(day), clock.day_start(day) + timedelta(hours=23, minutes=59)
        phases = [phase_at(season, start), phase_at(season, end)]
        if phases[1]:
            label = str(PHASE_LABELS[phases[1]])
            begins = phases[0] != phases[1]
            words = _("%(season)s: %(phase)s begins") if begins else _("%(season)s: %(phase)s")
            yield words % {"season": season.name, "phase": label}
    for campaign in campaigns:
        if clock.business_day(campaign.starts_at) == day:
            yield _("“%(name)s” begins") % {"name": campaign.name}
        elif last_day(campaign.ends_at) == day:
            yield _("“%(name)s” ends") % {"name": campaign.name}
