"""The affiliate's media, the links on them, and the clicks that came through."""

from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, TruncDate

from affiliates.models import AdZone, Affiliate, Link, Site, SiteState, Touch, TouchKind, Visitor
from alliance.kernel import clock
from alliance.kernel.models import User
from merchants.models import Merchant


def sites_for(user: User) -> QuerySet[Site]:
    """The user's sites, each with its zones, oldest first."""
    return (
        Site.objects.filter(affiliate__members__user=user)
        .prefetch_related("zones__site")
        .order_by("pk")
    )


def zones_for(user: User) -> QuerySet[AdZone]:
    """The user's ad zones on which links can be built: those of sites that stand."""
    return (
        AdZone.objects.filter(site__affiliate__members__user=user)
        .exclude(site__state=SiteState.REJECTED)
        .select_related("site")
        .order_by("site__pk", "pk")
    )


def zone_used_last(user: User) -> AdZone | None:
    """The ad zone of the user's newest link, to offer it first."""
    link = Link.objects.filter(affiliate__members__user=user).order_by("-pk").first()
    return link.zone if link else None


def links_for(user: User) -> QuerySet[Link]:
    """The user's links, newest first, each with `clicks`: how often people came through it."""
    people = (
        Touch.objects.filter(link=OuterRef("pk"), kind=TouchKind.CLICK, visitor=Visitor.HUMAN)
        .order_by()
        .values("link")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        Link.objects.filter(affiliate__members__user=user)
        .select_related("product", "shop__merchant", "zone__site")
        .annotate(clicks=Coalesce(Subquery(people), Value(0)))
        .order_by("-pk")
    )


def merchants_out_of_money(user: User) -> QuerySet[Merchant]:
    """Merchants to whose shops the user's links lead, and whose commissions wait for money."""
    links = Link.objects.filter(
        affiliate__members__user=user, paused_at=None, shop__merchant=OuterRef("pk")
    )
    paused = Merchant.objects.filter(funding_paused_at__isnull=False)
    return paused.filter(Exists(links)).order_by("name", "pk")


def clicks_by_day(affiliate: Affiliate, start: date, end: date) -> dict[date, int]:
    """People's clicks on each business day from `start` to `end`, both included; 0 where none."""
    days = {start + timedelta(days=i): 0 for i in range((end - start).days + 1)}
    rows = (
        Touch.objects.filter(
            affiliate=affiliate,
            kind=TouchKind.CLICK,
            visitor=Visitor.HUMAN,
            touched_at__gte=clock.day_start(start),
            touched_at__lt=clock.day_start(end + timedelta(days=1)),
        )
        .values(day=TruncDate("touched_at", tzinfo=clock.ZONE))
        .annotate(count=Count("pk"))
    )
    return days | {row["day"]: row["count"] for row in rows}
