"""What other systems are told about campaigns (docs/webhooks.md)."""

from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, AffiliateState
from alliance.kernel.models import Side
from alliance.kernel.outbox import EVENTS, EventKind, happened, key_of, listening, side_of, stamp
from campaigns.audience import whom
from campaigns.models import Campaign
from campaigns.notices import merchants_of


def campaign_happened(campaign: Campaign, fact: str) -> None:
    """The affiliates that it is for, and the merchants whose products are in it."""
    kind = f"campaign.{fact}"
    hearing = listening(kind)
    if not hearing:
        return
    keys = {key_of(one) for one in hearing if side_of(one) == Side.AFFILIATE}
    here = Affiliate.objects.filter(whom(campaign), pk__in=keys, state=AffiliateState.ACTIVE)
    told = {f"affiliate:{pk}" for pk in here.values_list("pk", flat=True)}
    told |= {f"merchant:{pk}" for pk in merchants_of(campaign)}
    happened(
        kind,
        whom=told & hearing,
        data={
            "campaign": campaign.pk,
            "name": campaign.name,
            "kind": campaign.kind,
            "state": campaign.state,
            "currency": campaign.currency,
            "starts_at": stamp(campaign.starts_at),
            "ends_at": stamp(campaign.ends_at),
        },
    )


_SAMPLE = {
    "campaign": 9,
    "name": "618 warm-up",
    "kind": "double_commission",
    "state": "live",
    "currency": "CNY",
    "starts_at": "2026-06-01T16:00:00Z",
    "ends_at": "2026-06-18T16:00:00Z",
}
EVENTS |= {
    f"campaign.{fact}": EventKind(words, frozenset(Side), _SAMPLE)
    for fact, words in {
        "published": _("A campaign was published"),
        "began": _("A campaign began"),
        "paused": _("A campaign was paused"),
        "resumed": _("A campaign goes on"),
        "closed": _("A campaign ended"),
    }.items()
}
