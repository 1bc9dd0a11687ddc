"""From a person to their merchant's autopilot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, QuerySet

from affiliates.models import Affiliate
from affiliates.queries.places import promoters_of
from aiassist.models import (
    Autopilot,
    AutopilotDecision,
    AutopilotNight,
    AutopilotPolicy,
    DecisionState,
)
from aiassist.queries.cohorts import Return, by_day, of_days, sold_of
from alliance.kernel import clock
from alliance.kernel.models import User
from merchants.models import Merchant
from merchants.queries import merchant_of

ROLLING = 7  # days of clicks that one point of the chart is about
SHOWN = 60  # days in the chart
RIPE = 21  # days after which hardly anything comes back any more
PICKED = 300  # affiliates to choose from


def autopilot_for(user: User) -> Autopilot | None:
    """Of the merchant for whom the person acts."""
    mine = Autopilot.objects.filter(merchant=merchant_of(user))
    return mine.select_related("policy__signed_by", "merchant").first()


def policies_for(user: User) -> QuerySet[AutopilotPolicy]:
    """Every version that was signed, the newest first."""
    mine = AutopilotPolicy.objects.filter(merchant=merchant_of(user))
    return mine.select_related("signed_by").order_by("-version")


def nights_for(user: User) -> QuerySet[AutopilotNight]:
    """The newest first."""
    mine = AutopilotNight.objects.filter(autopilot__merchant=merchant_of(user))
    return mine.order_by("-day")


def decisions_for(user: User) -> QuerySet[AutopilotDecision]:
    """The newest night first, and of it what moves most money."""
    mine = AutopilotDecision.objects.filter(night__autopilot__merchant=merchant_of(user))
    return mine.select_related(
        "night__autopilot__merchant",
        "night__policy",
        "group__category",
        "affiliate",
        "decided_by",
        "terms",
    ).order_by("-night__day", "pk")


def suggestions_for(user: User) -> QuerySet[AutopilotDecision]:
    """What waits to be accepted."""
    return decisions_for(user).filter(state=DecisionState.SUGGESTED).order_by("pk")


def changed_since(decisions: Iterable[AutopilotDecision]) -> set[int]:
    """Of these the keys of applied ones on which a later change stands: they cannot be rolled
    back before that is. One statement."""
    rows = list(decisions)
    last: dict[tuple[int | None, int | None, str], int] = {}
    autopilots = {row.night.autopilot_id for row in rows}
    applied = AutopilotDecision.objects.filter(
        night__autopilot__in=autopilots, state=DecisionState.DONE
    ).order_by("pk")
    for one in applied.select_related("group"):
        last[one.affiliate_id, one.tier, one.group.key] = one.pk
    return {
        row.pk
        for row in rows
        if last.get((row.affiliate_id, row.tier, row.group.key), row.pk) != row.pk
    }


def policies_of_one_group(policies: Iterable[int]) -> set[int]:
    """Those whose groups need no name: there is one."""
    rows = AutopilotPolicy.objects.filter(pk__in=set(policies)).alias(groups_had=Count("groups"))
    return set(rows.filter(groups_had=1).values_list("pk", flat=True))


def affiliates_to_pin(merchant: Merchant) -> QuerySet[Affiliate]:
    """Those who promote the merchant, by name."""
    return promoters_of(merchant)[:PICKED]


@dataclass(frozen=True)
class Standing:
    """Where the autopilot stands, out of the books. Days are those of the clicks."""

    rolling: dict[date, int | None]  # return times 100 of the days up to each
    all: Return  # since it began
    ripe: Return  # of it, old enough
    yesterday: Return
    before: Return  # as many days before it began, at most four weeks


def standing_of(autopilot: Autopilot) -> Standing:
    """One statement over the chart's days or all since it began, whichever is more."""
    today, began = clock.business_day(), autopilot.began_on
    first = min(today - timedelta(days=SHOWN), began - timedelta(days=28))
    sold = sold_of(autopilot.policy, since=first - timedelta(days=ROLLING), until=today)
    days = by_day(sold)
    rolling = {}
    for n in range((today - first).days):
        day = first + timedelta(days=n)
        total = Return()
        for back in range(ROLLING):
            one = days.get(day - timedelta(days=back), Return())
            total.kept_minor += one.kept_minor
            total.cost_minor += one.cost_minor
        rolling[day] = total.roi_centi
    return Standing(
        rolling=rolling,
        all=of_days(sold, began, today),
        ripe=of_days(sold, began, today - timedelta(days=RIPE)),
        yesterday=of_days(sold, today - timedelta(days=1), today),
        before=of_days(sold, began - timedelta(days=28), began),
    )
