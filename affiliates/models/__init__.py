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
from affiliates.models.parts import (
    SERVICE_MAX_BPS,
    SPECIAL_MAX_BPS,
    Intermediation,
    Relation,
    SpecialFee,
)
from affiliates.models.plans import EventHost, PlanMember, PlanMemberState, PlanRule
from affiliates.models.tracking import ClickFile, Link, Touch, TouchKind, Visitor

__all__ = [
    "SERVICE_MAX_BPS",
    "SPECIAL_MAX_BPS",
    "AdZone",
    "Affiliate",
    "AffiliateKind",
    "AffiliateMember",
    "AffiliateState",
    "Attribution",
    "AttributionRule",
    "ClickFile",
    "EventHost",
    "Intermediation",
    "Link",
    "PlanMember",
    "PlanMemberState",
    "PlanRule",
    "Relation",
    "Site",
    "SiteKind",
    "SiteState",
    "SpecialFee",
    "Touch",
    "TouchKind",
    "Visitor",
]
