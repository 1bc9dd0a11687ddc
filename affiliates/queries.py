"""The only way from a request to a row of the affiliate side. Strangers find nothing."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, TruncDate

from affiliates.models import (
    AdZone,
    Affiliate,
    AffiliateMember,
    AffiliateState,
    Link,
    Site,
    SiteState,
    Touch,
    TouchKind,
    Visitor,
)
from alliance.kernel import clock
from alliance.kernel.models import AuditEvent, User
from merchants.models import MerchantState, ProductState

# --- The redirect --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """Where a code leads, and `closed`: why it does not lead there now ("" if it does)."""

    link_id: int
    affiliate_id: int
    zone_id: int
    shop_id: int
    product_id: int | None
    url: str
    subs: tuple[str, ...]
    shop_name: str
    domains: tuple[str, ...]
    closed: str  # "", shop, product, affiliate, site, paused


def way_of(code: str) -> Way | None:
    """Everything a click needs to know, in one row. For everybody: a buyer has no account."""
    if not (code.isascii() and code.isalnum()):
        return None  # never made here; PostgreSQL would choke on some
    link = (
        Link.objects.filter(code=code)
        .select_related("shop__merchant", "product", "affiliate", "zone__site")
        .only(
            "affiliate__state", "zone__site__state", "shop__name", "shop__domains",
            "shop__merchant__state", "product__state", "url", "paused_at",
            "sub1", "sub2", "sub3", "sub4", "sub5",
        )
        .first()
    )  # fmt: skip
    if link is None:
        return None
    return Way(
        link_id=link.pk,
        affiliate_id=link.affiliate_id,
        zone_id=link.zone_id,
        shop_id=link.shop_id,
        product_id=link.product_id,
        url=link.url,
        subs=(link.sub1, link.sub2, link.sub3, link.sub4, link.sub5),
        shop_name=link.shop.name,
        domains=tuple(link.shop.domains),
        closed=_closed(link),
    )


def _closed(link: Link) -> str:
    if link.shop.merchant.state != MerchantState.ACTIVE:
        return "shop"
    if link.product and link.product.state != ProductState.ON_SALE:
        return "product"
    if link.affiliate.state != AffiliateState.ACTIVE:
        return "affiliate"
    if link.zone.site.state == SiteState.REJECTED:
        return "site"
    return "paused" if link.paused_at else ""


# --- Who is who ----------------------------------------------------------------------------------


def membership_of(user: User) -> AffiliateMember | None:
    """The user's place in an affiliate; one that is not closed comes first, then the newest."""
    closed = ExpressionWrapper(
        Q(affiliate__state=AffiliateState.CLOSED), output_field=BooleanField()
    )
    memberships = AffiliateMember.objects.filter(user=user).select_related("affiliate")
    return memberships.order_by(closed, "-pk").first()


def membership_in(user: User, organisation: str) -> AffiliateMember | None:
    """The user's place in the organisation that an API key names ("affiliate:<id>")."""
    kind, _colon, pk = organisation.partition(":")
    if kind != "affiliate" or not pk.isdecimal():
        return None
    rows = AffiliateMember.objects.filter(user=user, affiliate_id=pk)
    return rows.select_related("affiliate").first()


def reason_of_state(affiliate: Affiliate) -> str:
    """What operations wrote when they rejected, froze or closed the affiliate; "" if nothing."""
    events = AuditEvent.objects.filter(
        object_type=affiliate._meta.label_lower,
        object_id=str(affiliate.pk),
        verb__in=["affiliate.rejected", "affiliate.frozen", "affiliate.closed"],
    )
    last = events.order_by("-at", "-pk").first()
    return last.data.get("reason", "") if last else ""


# --- Sites, zones, links -------------------------------------------------------------------------


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
        .values(day=TruncDate("touched_at", tzinfo=clock.SHANGHAI))
        .annotate(count=Count("pk"))
    )
    return days | {row["day"]: row["count"] for row in rows}
