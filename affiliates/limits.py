"""How much an affiliate may file: low caps for who starts, more with each tier (domain.md §1.4)."""

from dataclasses import dataclass

from affiliates.models import Affiliate, AffiliateKind


@dataclass(frozen=True, slots=True)
class Limits:
    sites: int
    zones: int  # over all sites


BY_TIER = (
    Limits(sites=3, zones=20),
    Limits(sites=5, zones=50),
    Limits(sites=10, zones=100),
    Limits(sites=20, zones=300),
    Limits(sites=50, zones=1_000),
    Limits(sites=100, zones=3_000),
)


def limits_of(affiliate: Affiliate) -> Limits:
    """By tier for small and medium affiliates; whoever has a contract starts at the top."""
    return BY_TIER[affiliate.tier if affiliate.kind == AffiliateKind.SMALL else -1]
