from campaigns.models.board import Board, BoardKind
from campaigns.models.campaign import (
    ENROLMENT_OVER,
    PUBLISHED,
    TAKING_PART,
    Campaign,
    CampaignPause,
    CampaignState,
    Enrolment,
    EnrolmentState,
    Season,
    SlateItem,
    SlateState,
    Sponsor,
)
from campaigns.models.claim import (
    LIVE,
    Claim,
    ClaimState,
    CouponStock,
    FreeSlot,
    Refusal,
    StockMode,
    StockState,
)
from campaigns.models.grant import Grant
from campaigns.models.standing import Standing
from campaigns.models.subsidy import Subsidy

__all__ = [
    "ENROLMENT_OVER",
    "LIVE",
    "PUBLISHED",
    "TAKING_PART",
    "Board",
    "BoardKind",
    "Campaign",
    "CampaignPause",
    "CampaignState",
    "Claim",
    "ClaimState",
    "CouponStock",
    "Enrolment",
    "EnrolmentState",
    "FreeSlot",
    "Grant",
    "Refusal",
    "Season",
    "SlateItem",
    "SlateState",
    "Sponsor",
    "Standing",
    "StockMode",
    "StockState",
    "Subsidy",
]
