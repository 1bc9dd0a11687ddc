"""The week of an affiliate, and what its draft is reckoned from."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet, Sum

from affiliates.models import Affiliate, ClickDay, Link
from aiassist.models import CalendarFeed, PlannedPost, PostState, WeekPlan
from alliance.kernel import clock
from alliance.kernel.models import User
from campaigns.models import SlateItem, SlateState
from commissions.tokens import digest_of

LOOKED_BACK = timedelta(days=28)  # four of each weekday


def clicks_by_hour(affiliate: Affiliate) -> dict[int, list[int]]:
    """People's clicks of the last 28 days by ad zone and hour of the alliance's day, as they were
    counted by day: the price does not grow with the clicks."""
    rows = ClickDay.objects.filter(
        affiliate=affiliate,
        zone__isnull=False,
        link=None,
        hours__isnull=False,
        day__gte=clock.business_day() - LOOKED_BACK,
    )
    found: dict[int, list[int]] = defaultdict(lambda: [0] * 24)
    for zone, hours in rows.order_by().values_list("zone", "hours"):
        found[zone] = [sum(pair) for pair in zip(found[zone], hours or (), strict=True)]
    return found


def clicks_per_link_day(affiliate: Affiliate) -> tuple[int, int]:
    """Clicks of the last 28 days, and on how many days of how many links they came: what a post
    brings, as far as it can be told."""
    days = ClickDay.objects.filter(
        affiliate=affiliate,
        link__isnull=False,
        clicks__gt=0,
        day__gte=clock.business_day() - LOOKED_BACK,
    ).order_by()
    found = days.aggregate(clicks=Sum("clicks"), days=Count("*"))
    return found["clicks"] or 0, found["days"]


def slates_of(campaigns: list[int]) -> dict[int, set[int]]:
    """The products that count in each of these campaigns."""
    rows = SlateItem.objects.filter(campaign__in=campaigns, state=SlateState.APPROVED)
    found: dict[int, set[int]] = defaultdict(set)
    for campaign, product in rows.values_list("campaign", "product"):
        found[campaign].add(product)
    return found


def week_plan_of(affiliate: Affiliate) -> WeekPlan | None:
    return WeekPlan.objects.filter(affiliate=affiliate).first()


def posts_of(affiliate: Affiliate, start: datetime, end: datetime) -> QuerySet[PlannedPost]:
    """The affiliate's posts of that time, whatever became of them, by time."""
    mine = PlannedPost.objects.filter(affiliate=affiliate, at__gte=start, at__lt=end)
    return mine.select_related("zone__site", "product__shop__merchant", "campaign").order_by(
        "at", "pk"
    )


def posts_for(user: User, affiliate: Affiliate) -> QuerySet[PlannedPost]:
    """The posts of the affiliate that the user acts for."""
    mine = PlannedPost.objects.filter(affiliate=affiliate, affiliate__members__user=user)
    return mine.select_related("zone__site", "product", "campaign")


def posts_to_remind(within: timedelta) -> QuerySet[PlannedPost]:
    """Planned ones whose time comes, of which nobody was told yet."""
    now = clock.now()
    return PlannedPost.objects.filter(
        state=PostState.PLANNED, reminded_at=None, at__gt=now, at__lte=now + within
    ).order_by("at", "pk")


def links_by_way(affiliate: Affiliate, posts: list[PlannedPost]) -> dict[tuple[int, int], Link]:
    """The newest plain link for each ad zone and product of these posts."""
    rows = Link.objects.filter(
        affiliate=affiliate,
        product__in={post.product_id for post in posts},
        plan=None,
        dx=False,
        paused_at=None,
    ).order_by("pk")
    return {(link.zone_id, link.product_id): link for link in rows if link.product_id}


def feed_of(user: User, affiliate: Affiliate) -> CalendarFeed | None:
    return CalendarFeed.objects.filter(user=user, affiliate=affiliate).first()


def feed_by(token: str) -> CalendarFeed | None:
    """The feed that a token opens, while whom it was given to is of the team."""
    digest = digest_of(token)
    feeds = CalendarFeed.objects.select_related("affiliate", "user").filter(
        digest=digest, user__is_active=True
    )
    feed = feeds.first()
    here = feed and feed.affiliate.members.filter(user=feed.user_id).exists()
    return feed if here else None
