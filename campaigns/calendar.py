"""The season's calendar: campaigns as bars over weeks, and what stands in a campaign's way.

Pure but for `season_calendar` and `conflicts_of`, which gather what the pure parts need.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignState, Season, SlateItem, SlateState

Text = str | Promise
# What will earn, earns, or may earn again.
ALIVE = (CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.PAUSED)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that operations should see before a campaign is published. `stops`: it cannot be
    published as it is. `other` is the campaign that it meets."""

    code: str
    text: Text
    stops: bool = False
    other: Campaign | None = None


def together(one: Campaign, other: Campaign) -> bool:
    """Whether some moment belongs to both."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def clash(one: Campaign, other: Campaign, *, shared: int) -> Conflict | None:
    """Two campaigns of one stacking group, at the same time, for the same products: each order
    line gets the better one only. `shared` is how many products are on both slates."""
    if (
        not one.stacking_group
        or one.stacking_group != other.stacking_group
        or one.currency != other.currency
        or not together(one, other)
        or not (one.all_products or other.all_products or shared)
    ):
        return None
    if one.all_products or other.all_products:
        said = gettext("An order line gets the better one only: both stack in “%(group)s”.")
    else:
        said = ngettext(
            "For %(count)s product on both slates an order line gets the better one only: both "
            "stack in “%(group)s”.",
            "For %(count)s products on both slates an order line gets the better one only: both "
            "stack in “%(group)s”.",
            shared,
        )
    return Conflict("stacking", said % {"group": one.stacking_group, "count": shared}, other=other)


def burden(one: Campaign, others: Iterable[Campaign]) -> Conflict | None:
    """One merchant pays a part of several campaigns that run at the same time."""
    if not one.merchant_bps:
        return None
    meets = [
        other
        for other in others
        if other.merchant_id == one.merchant_id
        and other.merchant_bps
        and other.currency == one.currency
        and together(one, other)
    ]
    if not meets:
        return None
    whole = sum(part_of_merchant(each).minor for each in (one, *meets))
    said = gettext("The merchant pays %(count)s campaigns at the same time, %(amount)s in all.") % {
        "count": len(meets) + 1,
        "amount": Money(whole, one.currency).localized(),
    }
    return Conflict("budgets", said, other=meets[0])


def part_of_merchant(campaign: Campaign) -> Money:
    """What the merchant pays of the budget."""
    weights = (campaign.merchant_bps, 10_000 - campaign.merchant_bps)
    return campaign.budget.split(weights)[0]


def of_its_own(
    campaign: Campaign, *, products: int, unpromised: int, now: datetime
) -> list[Conflict]:
    """What is wrong with a draft by itself. `products` are on its slate; of them `unpromised` wait
    for their merchant's word."""
    found: list[Conflict] = []
    mechanic = MECHANICS[campaign.kind]
    try:
        rules = mechanic.parse(campaign.rules, currency=campaign.currency)
    except Invalid as exc:
        return [Conflict("rules", exc.message, stops=True)]
    if campaign.ends_at <= now:
        found.append(Conflict("over", _("Its time is over."), stops=True))
    elif campaign.starts_at <= now:
        found.append(
            Conflict("begun", _("Its time has begun: only orders from the publishing on count."))
        )
    if not campaign.all_products and not products:
        found.append(Conflict("slate", _("No product is on its slate."), stops=True))
    if unpromised:
        said = ngettext(
            "%(count)s product on its slate waits for its merchant's word.",
            "%(count)s products on its slate wait for their merchants' word.",
            unpromised,
        )
        found.append(Conflict("promises", said % {"count": unpromised}, stops=True))
    if campaign.waits_for_consent:
        said = gettext("%(merchant)s has not agreed to pay its part.")
        found.append(Conflict("consent", said % {"merchant": campaign.merchant}, stops=True))
    try:
        mechanic.check_budget(rules, campaign.budget)
    except Invalid as exc:
        found.append(Conflict("budget", exc.message, stops=True))
    return found + _outside(campaign)


def _outside(campaign: Campaign) -> list[Conflict]:
    season = campaign.season
    if season is None or (
        season.warm_up_from <= campaign.starts_at and campaign.ends_at <= season.ends_at
    ):
        return []
    said = gettext("It runs outside of the season %(season)s.") % {"season": season}
    return [Conflict("season", said)]


def stock_beyond(campaign: Campaign, *, stock_minor: int) -> Conflict | None:
    """Coupons worth more than the budget cannot all be opened."""
    if stock_minor <= campaign.budget_minor:
        return None
    said = gettext(
        "The coupons planned are worth %(stock)s, more than the budget of %(budget)s."
    ) % {
        "stock": Money(stock_minor, campaign.currency).localized(),
        "budget": campaign.budget.localized(),
    }
    return Conflict("stock", said)


def conflicts_of(campaign: Campaign) -> list[Conflict]:
    """Everything that stands in the way, what stops it first. A handful of statements."""
    on_slate = campaign.slate.filter(state=SlateState.APPROVED)
    counts = on_slate.aggregate(
        products=Count("pk"),
        unpromised=Count(
            "pk", filter=Q(agreed_at=None) & (Q(rate_bps__isnull=False) | Q(service_bps__gt=0))
        ),
    )
    others = list(
        Campaign.objects.filter(
            state__in=ALIVE, starts_at__lt=campaign.ends_at, ends_at__gt=campaign.starts_at
        )
        .exclude(pk=campaign.pk)
        .order_by("starts_at", "pk")
    )
    shared = _shared(campaign, others)
    found = of_its_own(campaign, now=clock.now(), **counts)
    found += filter(None, (clash(campaign, one, shared=shared.get(one.pk, 0)) for one in others))
    if heavy := burden(campaign, others):
        found.append(heavy)
    worth = campaign.stocks.aggregate(total=Sum("total_minor"))["total"] or 0
    if beyond := stock_beyond(campaign, stock_minor=worth):
        found.append(beyond)
    if MECHANICS[campaign.kind].coupon is not None and not worth:
        found.append(Conflict("stock", _("No coupons are planned: buyers find none to claim.")))
    return sorted(found, key=lambda conflict: not conflict.stops)


def _shared(campaign: Campaign, others: Sequence[Campaign]) -> dict[int, int]:
    """How many products of the campaign's slate are on the others', by campaign."""
    mine = campaign.slate.filter(state=SlateState.APPROVED).values("product")
    rows = (
        SlateItem.objects.filter(
            campaign__in=[one.pk for one in others], state=SlateState.APPROVED, product__in=mine
        )
        .order_by()
        .values_list("campaign")
        .annotate(Count("pk"))
    )
    return dict(rows)


# --- Bars -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """Where something lies in the calendar, in thousandths of its width: a campaign, a phase."""

    label: Text
    left: float
    width: float
    subject: Any = None
    key: str = ""

    @property
    def style(self) -> str:
        """For a style attribute; figures only, in the notation of CSS whatever the language."""
        return f"left: {self.left:.3f}%; width: {self.width:.3f}%"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weeks and phases across, campaigns down; `today` in percent of the width, None outside."""

    weeks: list[Bar]
    phases: list[Bar]
    rows: list[Bar]
    today: float | None


PHASES = (
    ("warm_up", "warm_up_from", "opening_from", _("Warm-up")),
    ("opening", "opening_from", "main_from", pgettext_lazy("season", "Opening")),
    ("main", "main_from", "closing_from", _("Main days")),
    ("closing", "closing_from", "ends_at", pgettext_lazy("season", "Closing")),
)


def calendar(season: Season, campaigns: Iterable[Campaign], *, now: datetime) -> Calendar:
    """The season over whole days, a campaign outside of it as far as it lies inside. Pure."""
    begin = clock.day_start(clock.business_day(season.warm_up_from))
    last = last_day(season.ends_at)
    end = clock.day_start(last + timedelta(days=1))

    def bar(
        start: datetime, stop: datetime, label: Text, subject: Any = None, key: str = ""
    ) -> Bar:
        left = 100 * (max(start, begin) - begin) / (end - begin)
        right = 100 * (min(stop, end) - begin) / (end - begin)
        return Bar(label, left, max(right - left, 0), subject, key)

    weeks, day = [], clock.business_day(begin)
    while (start := clock.day_start(day)) < end:
        following = day + timedelta(days=7 - day.weekday())
        weeks.append(bar(start, clock.day_start(following), "", day))
        day = following
    phases = [
        bar(getattr(season, since), getattr(season, until), label, key=key)
        for key, since, until, label in PHASES
        if getattr(season, since) < getattr(season, until)
    ]
    rows = [
        bar(one.starts_at, one.ends_at, one.name, one, phase_at(season, one.starts_at))
        for one in sorted(campaigns, key=lambda each: (each.starts_at, each.ends_at, each.pk))
    ]
    today = 100 * (now - begin) / (end - begin)
    return Calendar(weeks, phases, rows, today if 0 <= today <= 100 else None)


def last_day(ends_at: datetime) -> date:
    """The last business day of what ends then: at midnight, the day before."""
    return clock.business_day(ends_at - timedelta(microseconds=1))


def phase_at(season: Season, moment: datetime) -> str:
    """The season's phase of that moment: warm_up, opening, main, closing, or "" outside."""
    return next(
        (
            key
            for key, since, until, _label in PHASES
            if getattr(season, since) <= moment < getattr(season, until)
        ),
        "",
    )


def next_618(today: date) -> dict[str, Any]:
    """Name and moments of the 618 of this year, or of the next once its last day is over: what a
    season is planned with at first. Pure. The trade opens in the evening, at eight: the first rush
    on 31 May, the main days on 15 June; after the 18th two days are left for the last coupons."""
    year = today.year if today <= date(today.year, 6, 20) else today.year + 1

    def moment(month: int, day: int, hour: int = 0) -> datetime:
        return clock.day_start(date(year, month, day)) + timedelta(hours=hour)

    return {
        "name": f"618 {year}",
        "warm_up_from": moment(5, 24),
        "opening_from": moment(5, 31, 20),
        "main_from": moment(6, 15, 20),
        "closing_from": moment(6, 19),
        "ends_at": moment(6, 21),
    }


def season_calendar(season: Season) -> Calendar:
    """The calendar with the season's campaigns: one statement."""
    campaigns: QuerySet[Campaign] = season.campaigns.all()
    return calendar(season, campaigns, now=clock.now())
