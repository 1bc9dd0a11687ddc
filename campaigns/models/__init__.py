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
from campaigns.models.grant import Grant
from campaigns.models.subsidy import Subsidy

__all__ = [
    "ENROLMENT_OVER",
    "PUBLISHED",
    "TAKING_PART",
    "Campaign",
    "CampaignPause",
    "CampaignState",
    "Enrolment",
    "EnrolmentState",
    "Grant",
    "Season",
    "SlateItem",
    "SlateState",
    "Sponsor",
    "Subsidy",
]
