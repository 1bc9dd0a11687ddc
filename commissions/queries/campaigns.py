"""What the beat has to do with campaigns, and who planned one."""

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from alliance.kernel import clock
from alliance.kernel.models import AuditEvent
from campaigns.models import Campaign, CampaignState
from commissions.models import Balance


def campaigns_to_turn() -> QuerySet[Campaign]:
    """Those that the clock begins or ends."""
    now = clock.now()
    running = (CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.PAUSED)
    return Campaign.objects.filter(
        Q(state=CampaignState.SCHEDULED, starts_at__lte=now)
        | Q(state__in=running, ends_at__lte=now)
    ).order_by("pk")


def campaigns_to_wind_up() -> QuerySet[Campaign]:
    """Closed ones whose orders are confirmed, and those to which money came back since."""
    code = Concat(Value("campaign:"), Cast(OuterRef("pk"), CharField()), Value(":budget"))
    left = Balance.objects.filter(
        account__code=code, account__currency=OuterRef("currency"), balance_minor__gt=0
    )
    return Campaign.objects.filter(
        Q(state=CampaignState.CLOSED, confirm_until__lte=clock.now())
        | Q(Exists(left), state=CampaignState.SETTLED)
    ).order_by("pk")


def campaign_planners(campaign: Campaign) -> set[int]:
    """The people who made it or changed what it costs or promises (another name or other words
    are no such change): the audit trail knows all of them."""
    events = AuditEvent.objects.filter(
        object_type=Campaign._meta.label_lower,
        object_id=str(campaign.pk),
        verb__in=("campaign.made", "campaign.changed"),
        actor__isnull=False,
    )
    people = {
        actor_id
        for verb, actor_id, data in events.values_list("verb", "actor", "data")
        if actor_id and (verb == "campaign.made" or data["changes"].keys() - {"name", "about"})
    }
    return people | ({campaign.made_by_id} if campaign.made_by_id else set())
