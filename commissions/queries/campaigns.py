"""What the beat has to do with campaigns."""

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from alliance.kernel import clock
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
