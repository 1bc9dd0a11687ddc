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
from affiliates.models.baskets import Basket, BasketItem
from affiliates.models.channels import (
    Channel,
    ChannelKind,
    CodeKind,
    ExternalKind,
    InviterCode,
    OfflineScene,
    OnlineScene,
    Scene,
)
from affiliates.models.codes import CodeBinding, code_key
from affiliates.models.figures import ClickDay, ClickNews
from affiliates.models.invitations import Invitation
from affiliates.models.outlets import Feed, FeedFormat, Widget
from affiliates.models.parts import (
    SPECIAL_MAX_BPS,
    Intermediation,
    Relation,
    SpecialFee,
)
from affiliates.models.plans import EventHost, PlanMember, PlanMemberState, PlanRule
from affiliates.models.policy import (
    FIRST_POLICY,
    STAND_DOWN_MAX_SECONDS,
    WINDOW_MAX_DAYS,
    AttributionPolicy,
    Precedence,
    StandDown,
)
from affiliates.models.tracking import ClickFile, Link, Touch, TouchKind, Visitor

__all__ = [
    "FIRST_POLICY",
    "SPECIAL_MAX_BPS",
    "STAND_DOWN_MAX_SECONDS",
    "WINDOW_MAX_DAYS",
    "AdZone",
    "Affiliate",
    "AffiliateKind",
    "AffiliateMember",
    "AffiliateState",
    "Attribution",
    "AttributionPolicy",
    "AttributionRule",
    "Basket",
    "BasketItem",
    "Channel",
    "ChannelKind",
    "ClickDay",
    "ClickFile",
    "ClickNews",
    "CodeBinding",
    "CodeKind",
    "EventHost",
    "ExternalKind",
    "Feed",
    "FeedFormat",
    "Intermediation",
    "Invitation",
    "InviterCode",
    "Link",
    "OfflineScene",
    "OnlineScene",
    "PlanMember",
    "PlanMemberState",
    "PlanRule",
    "Precedence",
    "Relation",
    "Scene",
    "Site",
    "SiteKind",
    "SiteState",
    "SpecialFee",
    "StandDown",
    "Touch",
    "TouchKind",
    "Visitor",
    "Widget",
    "code_key",
]
