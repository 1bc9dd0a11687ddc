"""Campaigns as the money sees them: what may be accepted, what is due, what affiliates may see."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Greatest

from affiliates.models import Affiliate
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money
from campaigns.facts import ApplicantFacts
from campaigns.mechanics import MECHANICS, guaranteed_task
from campaigns.models import (
    ENROLMENT_OVER,
    PUBLISHED,
    Campaign,
    CampaignState,
    Enrolment,
    EnrolmentState,
    Grant,
    SlateItem,
    SlateState,
    Standing,
)
from commissions import chart
from commissions.models import (
    Award,
    AwardState,
    AwardStep,
    Balance,
    Commission,
    CommissionState,
    PayeeRole,
)

CLAWBACK_DAYS = 30  # docs/domain.md §5.1: refunds after the payment of a reward lower it so long
TASKS = tuple(kind for kind, mechanic in MECHANICS.items() if mechanic.most)
UNPAID = Q(state__in=(AwardState.REVIEW, AwardState.DUE))
CLOSING = tuple(kind for kind, mechanic in MECHANICS.items() if mechanic.on_close)

# --- Tasks ---------------------------------------------------------------------------------------


def enrolment_alive(campaign: Campaign, affiliate: Affiliate) -> Enrolment | None:
    """The affiliate's part in the campaign, unless it has quit it."""
    gone = (EnrolmentState.QUIT, EnrolmentState.VOID)
    mine = Enrolment.objects.filter(campaign=campaign, affiliate=affiliate).exclude(state__in=gone)
    return mine.first()


def task_refusals(campaign: Campaign, affiliate: Affiliate, rules: Any) -> list[Any]:
    """Why the affiliate cannot accept the task now, in sentences (docs/domain.md §5.1)."""
    return guaranteed_task.refusals(rules, _applicant(campaign, affiliate))


def _applicant(campaign: Campaign, affiliate: Affiliate) -> ApplicantFacts:
    now = clock.now()
    mine = Enrolment.objects.filter(
        affiliate=affiliate, campaign__kind__in=TASKS, accepted_at__isnull=False
    ).exclude(state__in=(EnrolmentState.QUIT, EnrolmentState.VOID))
    month = mine.filter(
        accepted_at__gte=clock.day_start(clock.this_month()), campaign__currency=campaign.currency
    )
    running = mine.filter(state=EnrolmentState.ACCEPTED, campaign__ends_at__gt=now)
    most = Sum(Greatest("reserved_minor", "reward_minor"))  # what they may still come to
    return ApplicantFacts(
        age_days=(now - affiliate.created_at).days,
        named=affiliate.payee_accounts.exists(),
        running=running.count(),
        this_month=month.count(),
        month_minor=month.aggregate(most=most)["most"] or 0,
    )


def task_has_order(enrolment: Enrolment) -> bool:
    """Whether an order that may count has come since the acceptance."""
    campaign = enrolment.campaign
    since = enrolment.accepted_at
    orders = Commission.objects.filter(
        Q(attribution__touched_at__gte=since) | Q(attribution__touch=None, placed_at__gte=since),
        affiliate=enrolment.affiliate_id,
        role=PayeeRole.AFFILIATE,
        currency=campaign.currency,
        placed_at__gte=campaign.starts_at,
        placed_at__lt=campaign.ends_at,
    ).exclude(state__in=(CommissionState.PLACED, CommissionState.VOID))
    if not campaign.all_products:
        orders = orders.filter(line__product__in=on_slate(campaign).values("product"))
    return orders.exists()


def on_slate(campaign: Campaign) -> QuerySet[SlateItem]:
    """The products that count."""
    return SlateItem.objects.filter(campaign=campaign, state=SlateState.APPROVED)


def slate_shops(campaign: Campaign) -> int:
    """How many shops its products are of; 0 where all products count."""
    if campaign.all_products:
        return 0
    return on_slate(campaign).values("product__shop").distinct().count()


def reserve_of(campaign: Campaign) -> int:
    """R, what one acceptance sets aside (minor units); 0 where nothing is accepted."""
    mechanic = MECHANICS[campaign.kind]
    if mechanic.most is None:
        return 0
    most = mechanic.most(mechanic.parse(campaign.rules))
    return min(most, campaign.per_affiliate_minor or most)


def slots_left(campaigns: Iterable[Campaign]) -> dict[int, int]:
    """By task: how many more affiliates may accept it, as far as its budget reaches."""
    tasks = {chart.budget(one.pk): one for one in campaigns if one.kind in TASKS}
    free = dict(
        Balance.objects.filter(account__code__in=tasks).values_list(
            "account__code", "balance_minor"
        )
    )
    return {one.pk: free.get(code, 0) // reserve_of(one) for code, one in tasks.items()}


def offers_lapsed() -> list[int]:
    """Offers that nobody accepted in time, oldest first."""
    lapsed = Enrolment.objects.filter(state=EnrolmentState.OFFERED, offered_until__lte=clock.now())
    return list(lapsed.order_by("pk").values_list("pk", flat=True))


# --- Closing -------------------------------------------------------------------------------------


def campaigns_to_count() -> QuerySet[Campaign]:
    """Those whose standings move: begun, and not evaluated yet."""
    return Campaign.objects.filter(
        kind__in=CLOSING, state__in=PUBLISHED, starts_at__lte=clock.now(), evaluated_at=None
    ).order_by("pk")


def campaigns_to_evaluate() -> QuerySet[Campaign]:
    """Those past their cut-off that are not evaluated, or whose awards refunds may still change."""
    over = Campaign.objects.filter(kind__in=CLOSING, confirm_until__lte=clock.now())
    due = (
        Q(evaluated_at=None, state__in=PUBLISHED)
        | Exists(_changing(campaign=OuterRef("pk")))
        | Exists(_held(campaign=OuterRef("pk")))
    )
    return over.filter(due).order_by("pk")


def awards_may_change(campaign: Campaign) -> bool:
    """Refunds, or the end of a case, may still change what it has awarded. A rank stays."""
    return _changing(campaign=campaign).exists() or _held(campaign=campaign).exists()


def may_be_revised(award: Award) -> bool:
    """A paid one: refunds arrive in time."""
    return award.paid_at is None or award.paid_at > _since()


def _changing(**which: Any) -> QuerySet[Award]:
    late = Q(state=AwardState.PAID, paid_at__gt=_since())
    return Award.objects.filter(UNPAID | late, rank=None, **which)


def _held(**which: Any) -> QuerySet[Standing]:
    """Final standings in tasks whose orders are held back by a case that may still end."""
    return Standing.objects.filter(
        final=True,
        left_out__has_key="held",
        campaign__kind__in=TASKS,
        campaign__evaluated_at__gt=_since(),
        **which,
    )


def _since() -> Any:
    return clock.now() - timedelta(days=CLAWBACK_DAYS)


def campaign_pending(campaign: Campaign) -> bool:
    """Something of its budget may still be owed to affiliates: it must not be wound up."""
    if Enrolment.objects.filter(campaign=campaign, reserved_minor__gt=0).exists():
        return True
    unevaluated = campaign.kind in CLOSING and campaign.evaluated_at is None
    waits = Award.objects.filter(UNPAID, campaign=campaign)
    return unevaluated or waits.exists() or _held(campaign=campaign).exists()


def awards_due() -> list[int]:
    """Awards whose month is over, oldest first; `award_pay` knows the day."""
    due = Award.objects.filter(state=AwardState.DUE, due_month__lt=clock.this_month())
    return list(due.order_by("pk").values_list("pk", flat=True))


# --- What may be seen ----------------------------------------------------------------------------


def awards_for(user: User) -> QuerySet[Award]:
    """What campaigns pay to the user's affiliate, newest first."""
    mine = Award.objects.filter(affiliate__members__user=user)
    return mine.select_related("campaign").order_by("-pk")


def award_booked(campaign: Campaign, affiliate: Affiliate, until: datetime) -> int:
    """What the affiliate had been paid of the campaign's reward by then, minor units."""
    steps = AwardStep.objects.filter(
        award__campaign=campaign, award__affiliate=affiliate, at__lt=until
    )
    return int(steps.aggregate(sum=Sum("booked_minor"))["sum"] or 0)


def award_paid_at(campaign: Campaign, affiliate: Affiliate) -> datetime | None:
    """When its reward was paid; None until then, and if it was taken back whole."""
    paid = Award.objects.filter(campaign=campaign, affiliate=affiliate, booked_minor__gt=0)
    return paid.values_list("paid_at", flat=True).first()


def enrolments_for(user: User) -> QuerySet[Enrolment]:
    """Where the user's affiliate takes or took part, newest first."""
    mine = Enrolment.objects.filter(affiliate__members__user=user)
    return mine.select_related("campaign", "award").order_by("-pk")


def campaigns_for(affiliate: Affiliate) -> QuerySet[Campaign]:
    """What runs or is announced for the affiliate, and what it took part in; soonest end first.

    Each has the affiliate's enrolments as `mine` and its award, if there is one, as `won`.
    """
    mine = Enrolment.objects.filter(campaign=OuterRef("pk"), affiliate=affiliate)
    shown = Q(state__in=(CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.PAUSED))
    for_me = Q(kinds=[]) | Q(kinds__contains=[affiliate.kind])
    return (
        Campaign.objects.filter(
            Exists(mine)
            | (shown & for_me & Q(least_tier__lte=affiliate.tier))
            | Exists(Standing.objects.filter(campaign=OuterRef("pk"), affiliate=affiliate))
            | Exists(Award.objects.filter(campaign=OuterRef("pk"), affiliate=affiliate)),
        )
        .exclude(state=CampaignState.DRAFT)
        .exclude(~Exists(mine) & Q(barred=affiliate))
        .select_related("season")
        .prefetch_related(
            Prefetch("enrolments", Enrolment.objects.filter(affiliate=affiliate), to_attr="mine"),
            Prefetch("awards", Award.objects.filter(affiliate=affiliate), to_attr="won"),
            "barred",
        )
        .order_by("ends_at", "pk")
    )


def campaigns_current(affiliate: Affiliate) -> QuerySet[Campaign]:
    """What runs, is announced, or has yet to pay the affiliate something."""
    return campaigns_for(affiliate).filter(_current(affiliate))


def campaigns_past(affiliate: Affiliate) -> QuerySet[Campaign]:
    """The others, newest first."""
    return campaigns_for(affiliate).exclude(_current(affiliate)).order_by("-ends_at", "-pk")


def _current(affiliate: Affiliate) -> Q:
    mine = Enrolment.objects.filter(campaign=OuterRef("pk"), affiliate=affiliate)
    running = Q(state__in=(CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.PAUSED))
    unfinished = mine.exclude(state__in=ENROLMENT_OVER).filter(campaign__kind__in=CLOSING)
    due = Award.objects.filter(UNPAID, campaign=OuterRef("pk"), affiliate=affiliate)
    audited = Q(state=CampaignState.CLOSED, kind__in=CLOSING, evaluated_at=None)
    return running | Exists(unfinished) | Exists(due) | audited


def granted_of(affiliate: Affiliate, campaign: Campaign) -> tuple[int, Money]:
    """How many of the affiliate's order lines a campaign added something to, and how much."""
    mine = Grant.objects.filter(campaign=campaign, affiliate=affiliate, active=True)
    found = mine.aggregate(lines=Count("pk"), minor=Sum("amount_minor"))
    return found["lines"], Money(found["minor"] or 0, campaign.currency)
