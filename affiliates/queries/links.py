"""The affiliate's media, and the links on them."""

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from affiliates.models import AdZone, Affiliate, ClickDay, Link, Site, SiteState
from affiliates.queries.clicks import FIGURES
from affiliates.queries.members import acting_for
from alliance.kernel.models import User
from merchants.models import Merchant


def sites_for(user: User) -> QuerySet[Site]:
    """The user's sites, each with its zones, oldest first."""
    return (
        Site.objects.filter(affiliate=acting_for(user))
        .prefetch_related("zones__site")
        .order_by("pk")
    )


def zones_for(user: User) -> QuerySet[AdZone]:
    """The user's ad zones on which links can be built: those of sites that stand."""
    return zones_known().filter(site__affiliate=acting_for(user)).order_by("site__pk", "pk")


def zones_of(affiliate: Affiliate) -> QuerySet[AdZone]:
    """The same of an affiliate, for a tool that acts for it."""
    return zones_known().filter(site__affiliate=affiliate).order_by("site__pk", "pk")


def zones_known() -> QuerySet[AdZone]:
    """Every ad zone of a site that stands: where a signed way of ours begins."""
    zones = AdZone.objects.exclude(site__state=SiteState.REJECTED)
    return zones.select_related("site__affiliate")


def zone_usual(user: User) -> AdZone | None:
    """Where a link is put unless somebody says otherwise: the zone of the newest link, else the
    first there is; never one of a site that was rejected."""
    zones = zones_for(user)
    last = links_of(user).first()
    return (zones.filter(pk=last.zone_id).first() if last else None) or zones.first()


def links_of(user: User) -> QuerySet[Link]:
    """The user's links, newest first, without figures."""
    return Link.objects.filter(affiliate=acting_for(user)).order_by("-pk")


def links_for(user: User) -> QuerySet[Link]:
    """The user's links, newest first, each with what came through it in all: `clicks` by people,
    `visitors`, `bots` and `previews`."""

    def total(name: str) -> Coalesce:
        days = ClickDay.objects.filter(link=OuterRef("pk")).order_by().values("link")
        return Coalesce(Subquery(days.annotate(total=Sum(name)).values("total")), Value(0))

    return (
        links_of(user)
        .select_related("product__shop__merchant", "shop__merchant", "zone__site", "plan")
        .annotate(**{name: total(name) for name in FIGURES})
    )


def merchants_out_of_money(user: User) -> QuerySet[Merchant]:
    """Merchants to whose shops the user's links lead, and whose commissions wait for money."""
    links = Link.objects.filter(
        affiliate=acting_for(user), paused_at=None, shop__merchant=OuterRef("pk")
    )
    paused = Merchant.objects.filter(funding_paused_at__isnull=False)
    return paused.filter(Exists(links)).order_by("name", "pk")
