"""What the odds of tasks rest on, and whose they are."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import ExtractDay, TruncDate

from affiliates.models import Affiliate, AffiliateState, ClickDay
from aiassist.models import TaskOdds, TaskPeers
from alliance.kernel import clock
from campaigns.calendar import phase_at
from campaigns.facts import StandingFacts
from campaigns.models import Campaign, CampaignState, Enrolment, EnrolmentState, Season
from commissions.models import Commission, CommissionState, PayeeRole
from commissions.queries import TASKS

SOON = timedelta(days=30)  # tasks that begin later are not looked at yet
FRESH = timedelta(days=2)  # older odds are not shown
LONGEST_LAG = 90
FEW = 20  # received orders that are assumed beside those known, two to fourteen days after


def odds_of(affiliate: Affiliate) -> QuerySet[TaskOdds]:
    """The affiliate's, of tasks that go on or come; what is worth most first. None while it may not
    take part in any."""
    now = clock.now()
    if affiliate.state != AffiliateState.ACTIVE:
        return TaskOdds.objects.none()
    mine = TaskOdds.objects.filter(
        affiliate=affiliate,
        made_at__gt=now - FRESH,
        campaign__state__in=_RUNNING,
        campaign__ends_at__gt=now,
    )
    return mine.order_by("-expected_minor", "campaign__ends_at", "campaign")


_RUNNING = (CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.PAUSED)


def tasks_open() -> QuerySet[Campaign]:
    """Tasks that go on or begin soon."""
    now = clock.now()
    return Campaign.objects.filter(
        kind__in=TASKS, state__in=_RUNNING, starts_at__lt=now + SOON, ends_at__gt=now
    ).order_by("pk")


def tasks_unreckoned() -> QuerySet[Campaign]:
    """Open tasks that were not looked at yet, or not since somebody accepted."""
    known = TaskPeers.objects.filter(campaign=OuterRef("pk"))
    return tasks_open().filter(~Exists(known) | Exists(_accepted_since(campaign=OuterRef("pk"))))


def affiliates_unreckoned(campaign: Campaign) -> list[int]:
    """Who has accepted the task since its odds were reckoned."""
    return list(_accepted_since(campaign=campaign).values_list("affiliate", flat=True))


def _accepted_since(**which: object) -> QuerySet[Enrolment]:
    since = TaskOdds.objects.filter(
        campaign=OuterRef("campaign"),
        affiliate=OuterRef("affiliate"),
        made_at__gte=OuterRef("accepted_at"),
    )
    active = Enrolment.objects.filter(affiliate__state=AffiliateState.ACTIVE)
    return active.filter(~Exists(since), state=EnrolmentState.ACCEPTED, **which).order_by()


def task_takers(
    campaign: Campaign, only: list[int] | None = None
) -> dict[int, tuple[str, datetime]]:
    """Active affiliates (`only` of these) that the task is for, or that are in it: kind, and since
    when a member."""
    mine = Enrolment.objects.filter(
        campaign=campaign,
        affiliate=OuterRef("pk"),
        state__in=(EnrolmentState.OFFERED, EnrolmentState.ACCEPTED),
    )
    for_them = Q(tier__gte=campaign.least_tier) & ~Q(pk__in=campaign.barred.all())
    if campaign.kinds:
        for_them &= Q(kind__in=campaign.kinds)
    rows = Affiliate.objects.filter(for_them | Q(Exists(mine)), state=AffiliateState.ACTIVE)
    if only is not None:
        rows = rows.filter(pk__in=only)
    return {pk: (kind, at) for pk, kind, at in rows.values_list("pk", "kind", "created_at")}


def task_members(campaign: Campaign) -> list[int]:
    """Who is in the task, or has a place kept."""
    states = (EnrolmentState.OFFERED, EnrolmentState.ACCEPTED)
    rows = Enrolment.objects.filter(campaign=campaign, state__in=states)
    return list(rows.values_list("affiliate", flat=True))


def clicks_by_day(since: date, only: list[int] | None = None) -> list[tuple[int, date, int, int]]:
    """Affiliate (`only` these), day, people's clicks and their visitors."""
    rows = ClickDay.objects.filter(
        affiliate__isnull=False, merchant=None, zone=None, day__gte=since
    )
    if only is not None:
        rows = rows.filter(affiliate__in=only)
    return list(rows.values_list("affiliate", "day", "clicks", "visitors"))


def received_within(currency: str) -> np.ndarray:
    """Of orders that are received, the part that is received within so many days (0 to 90)."""
    since = clock.now() - timedelta(days=LONGEST_LAG)
    rows = Commission.objects.filter(
        role=PayeeRole.AFFILIATE, currency=currency, confirmed_at__gte=since
    )
    lag = ExtractDay(F("confirmed_at") - F("placed_at"))
    often = Counter[int]()
    for days, count in rows.order_by().values_list(lag).annotate(Count("pk")):
        often[min(max(days, 0), LONGEST_LAG)] += count
    each = np.array([often[n] for n in range(LONGEST_LAG + 1)], float)
    each[2:15] += FEW / 13
    return np.asarray(np.cumsum(each) / each.sum())


def phases_of(days: list[date]) -> list[str]:
    """The season's phase on each of these days, at noon."""
    noons = [clock.day_start(day) + timedelta(hours=12) for day in days]
    seasons = list(Season.objects.filter(ends_at__gt=noons[0], warm_up_from__lt=noons[-1]))
    return [
        next((phase for one in seasons if (phase := phase_at(one, noon))), "") for noon in noons
    ]


def season_before(moment: datetime) -> tuple[list[date], list[float]]:
    """The days of the last season that was over then, with four weeks before it, and the orders of
    everybody on each; nothing where there was none."""
    season = Season.objects.filter(ends_at__lte=moment).order_by("-ends_at").first()
    if season is None:
        return [], []
    start = clock.business_day(season.warm_up_from) - timedelta(days=28)
    length = (clock.business_day(season.ends_at) - start).days
    rows = Commission.objects.filter(
        role=PayeeRole.AFFILIATE,
        placed_at__gte=clock.day_start(start),
        placed_at__lt=clock.day_start(start + timedelta(days=length)),
    ).exclude(state=CommissionState.PLACED)
    by_day = rows.order_by().values(day=TruncDate("placed_at", tzinfo=clock.ZONE))
    often = {row["day"]: row["n"] for row in by_day.annotate(n=Count("pk"))}
    days = [start + timedelta(days=n) for n in range(length)]
    return days, [float(often.get(day, 0)) for day in days]


def efforts_of(campaign: Campaign) -> dict[int, StandingFacts]:
    """What an income guarantee asks for, as far as it was made in the task, by affiliate."""
    names = ("links", "clicks", "visitors", "active_days")
    rows = campaign.standings.filter(final=False).values("affiliate_id", *names)
    return {row["affiliate_id"]: StandingFacts(**row) for row in rows}


# --- What came of it ---

_JUDGED = """
    SELECT least(likely / 1000, 9) AS tenth, count(*), avg(likely)::float8 / 10000,
           avg(came::int)::float8
    FROM (
        SELECT (step ->> 1)::int AS likely,
               CASE s.by WHEN 'orders' THEN t.orders ELSE t.gmv_minor END
                   >= (step ->> 0)::bigint AS came
        FROM aiassist_oddssaid s
        JOIN campaigns_standing t ON t.campaign_id = s.campaign_id
             AND t.affiliate_id = s.affiliate_id AND t.final
        CROSS JOIN LATERAL jsonb_array_elements(s.steps) step
    ) each
    GROUP BY 1 ORDER BY 1
"""


class Judged(NamedTuple):
    """Chances of one tenth that were told to members of tasks that are counted for good: how many,
    what was said on average, and what part came."""

    tenth: int
    times: int
    said: float
    came: float


def odds_judged() -> list[Judged]:
    """Each step, affiliate and day by itself, the last half year. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_JUDGED)
        return [Judged(*row) for row in cursor.fetchall()]
