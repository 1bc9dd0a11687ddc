"""Whom a campaign is for, and whether one may join it now."""

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel import clock
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignState

OPEN_STATES = (CampaignState.SCHEDULED, CampaignState.LIVE)


def is_for(campaign: Campaign, affiliate: Affiliate) -> bool:
    """By kind, tier and whom it leaves out. One statement, none if its `barred` are loaded."""
    return (
        (not campaign.kinds or affiliate.kind in campaign.kinds)
        and affiliate.tier >= campaign.least_tier
        and affiliate not in campaign.barred.all()
    )


def whom(campaign: Campaign) -> Q:
    """The same as a condition on affiliates."""
    those = Q(tier__gte=campaign.least_tier) & ~Q(pk__in=campaign.barred.values("pk"))
    return those & Q(kind__in=campaign.kinds) if campaign.kinds else those


def enrols_now(campaign: Campaign) -> bool:
    """Its enrolment is open: from `enrol_from` (else as soon as it is published) until
    `enrol_until` (else its end)."""
    now = clock.now()
    begins = campaign.enrol_from or campaign.published_at
    ends = min(campaign.enrol_until or campaign.ends_at, campaign.ends_at)
    return (
        MECHANICS[campaign.kind].enrols
        and campaign.state in OPEN_STATES
        and begins is not None
        and begins <= now < ends
    )


def obstacle(campaign: Campaign, affiliate: Affiliate) -> str | Promise | None:
    """Why the affiliate cannot join now, in a sentence; None: it can."""
    if not MECHANICS[campaign.kind].enrols:
        return _("Nobody needs to enrol in this campaign: it counts by itself.")
    if not is_for(campaign, affiliate):
        return _("This campaign is for other affiliates.")
    if not enrols_now(campaign):
        return _("Enrolment is not open now.")
    return None
