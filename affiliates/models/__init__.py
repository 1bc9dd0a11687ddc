"""Models of the affiliate side, split by noun."""

from affiliates.models.affiliate import (
    AdZone,
    Affiliate,
    AffiliateKind,
    AffiliateMember,
    AffiliateState,
    Site,
    SiteKind,
    SiteState,
)
from affiliates.models.attribution import Attribution, AttributionRule
from affiliates.models.tracking import Link, Touch, TouchKind, Visitor

__all__ = [
    "AdZone",
    "Affiliate",
    "AffiliateKind",
    "AffiliateMember",
    "AffiliateState",
    "Attribution",
    "AttributionRule",
    "Link",
    "Site",
    "SiteKind",
    "SiteState",
    "Touch",
    "TouchKind",
    "Visitor",
]
