"""Standings as a mechanic and a page read them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, QuerySet, Sum

from affiliates.models import Affiliate
from alliance.kernel import clock
from campaigns.facts import StandingFacts
from campaigns.models import Campaign, Grant, Standing
from commissions.models import Award, TaxKind, TaxProfile, Violation, ViolationState


def facts_of(campaign: Campaign, standings: Iterable[Standing]) -> list[StandingFacts]:
    """The standings as a mechanic wants them. Three statements."""
    rows = list(standings)
    owners = [row.affiliate_id for row in rows]
    entities = _legal_entities(owners)
    points = _points(campaign, owners)
    kinds = dict(Affiliate.objects.filter(pk__in=owners).values_list("pk", "kind"))
    return [
        facts(
            row,
            kind=kinds[row.affiliate_id],
            legal_entity=entities.get(row.affiliate_id, ""),
            points=points.get(row.affiliate_id, 0),
        )
        for row in rows
    ]


def facts(
    row: Standing, *, kind: str = "small", legal_entity: str = "", points: int = 0
) -> StandingFacts:
    """One standing as a mechanic wants it. Pure."""
    return StandingFacts(
        affiliate_id=row.affiliate_id,
        affiliate_kind=kind,
        legal_entity=legal_entity,
        orders=row.orders,
        pieces=row.pieces,
        buyers=row.buyers,
        gmv_minor=row.gmv_minor,
        commission_minor=row.commission_minor,
        baseline_gmv_minor=row.baseline_gmv_minor,
        reached_at=row.reached_at,
        violation_points=points,
        links=row.links,
        clicks=row.clicks,
        visitors=row.visitors,
        active_days=row.active_days,
    )


def _legal_entities(owners: list[int]) -> dict[int, str]:
    """By the tax number of a company; the newest word of each affiliate counts."""
    newest = TaxProfile.objects.filter(affiliate__in=owners).order_by("affiliate", "-pk")
    rows = newest.distinct("affiliate").values_list("affiliate", "kind", "tax_id")
    return {pk: tax_id.strip().upper() for pk, kind, tax_id in rows if kind == TaxKind.COMPANY}


def _points(campaign: Campaign, owners: list[int]) -> dict[int, int]:
    """Points of cases about the campaign's time that were upheld."""
    upheld = Violation.objects.filter(
        affiliate__in=owners,
        state=ViolationState.UPHELD,
        opened_at__gte=campaign.starts_at,
    ).order_by()
    return dict(upheld.values_list("affiliate").annotate(total=Sum("points")))


def standings_of(campaign: Campaign) -> QuerySet[Standing]:
    """The final ones where there are any, else the estimates; best rank first."""
    rows = campaign.standings.select_related("affiliate")
    final = rows.filter(final=True)
    shown = final if final.exists() else rows.filter(final=False)
    return shown.order_by(F("rank").asc(nulls_last=True), "-orders", "affiliate")


def standing_of(award: Award) -> Standing | None:
    """The final one that it follows."""
    return Standing.objects.filter(
        campaign=award.campaign_id, affiliate=award.affiliate_id, final=True
    ).first()


def standings_mine(affiliate: Affiliate, campaigns: Iterable[Campaign]) -> dict[int, Standing]:
    """Where the affiliate stands, by campaign; the final word where there is one."""
    rows = Standing.objects.filter(affiliate=affiliate, campaign__in=list(campaigns))
    return {row.campaign_id: row for row in rows.order_by("final")}


def standing_counted_at(campaign: Campaign, affiliate: Affiliate) -> datetime | None:
    """When the affiliate's standing was last estimated."""
    mine = Standing.objects.filter(campaign=campaign, affiliate=affiliate, final=False)
    return mine.values_list("counted_at", flat=True).first()


def sold_together(campaign: Campaign) -> int:
    """The valid sales of all affiliates in the campaign, minor units."""
    sums = standings_of(campaign).order_by().aggregate(total=Sum("gmv_minor"))
    return int(sums["total"] or 0)


def coupons_used(affiliate: Affiliate, campaign: Campaign) -> int:
    """Coupons of the campaign that the affiliate's buyers used today and in the six days before."""
    since = clock.business_day() - timedelta(days=6)
    used = Grant.objects.filter(campaign=campaign, affiliate=affiliate, active=True, day__gte=since)
    return used.values("line__order").distinct().count()
