"""What campaigns give to order lines (docs/campaigns.md): which apply, what they grant.

Asks the database for what campaigns.offers needs to know, in a constant number of statements, and
locks the campaigns.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from affiliates.buyers import claim_code
from affiliates.models import Affiliate, AffiliateMember, Attribution
from campaigns import budgets, buyers
from campaigns.limits import Limits
from campaigns.mechanics import MECHANICS
from campaigns.models import (
    PUBLISHED,
    TAKING_PART,
    Campaign,
    CampaignPause,
    Claim,
    ClaimState,
    Enrolment,
    Grant,
    SlateItem,
    SlateState,
)
from campaigns.offers import Setting, applies, by_line, decide
from merchants.models import MerchantMember, OrderLine, OrderState

WITH_ORDERS = [kind for kind, mechanic in MECHANICS.items() if mechanic.on_order]


@dataclass(slots=True)
class Rewards:
    """Of a batch, by line: `fresh` grants, not saved yet, and those that it had `before`."""

    fresh: dict[int, list[Grant]] = field(default_factory=dict)
    before: dict[int, list[Grant]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    def of(self, line_pk: int) -> list[Grant]:
        return [*self.before.get(line_pk, ()), *self.fresh.get(line_pk, ())]


def rewards_for(
    lines: Sequence[OrderLine],
    decisions: Mapping[int, Attribution],
    fresh: Iterable[OrderLine],
) -> Rewards:
    """What campaigns grant to the `fresh` ones of these lines, and what the others were granted.

    The lines carry `order` (locked by the caller) and `product`; `decisions` are theirs. Every
    campaign that has to do with them is locked until the transaction ends. One statement where
    there is none; otherwise a constant number.
    """
    asked = [
        line
        for line in fresh
        if decisions[line.pk].affiliate_id and line.order.state != OrderState.VOID
    ]
    candidates = _candidates(lines, asked)
    if not candidates:
        return Rewards()
    setting = setting_of(candidates, asked, decisions)
    concerned = set(Grant.objects.filter(line__in=lines).values_list("campaign", flat=True))
    concerned |= {
        campaign.pk
        for line in asked
        for campaign in setting.campaigns
        if applies(campaign, line, decisions[line.pk], setting)
    }
    locked = {
        campaign.pk: campaign
        for campaign in Campaign.objects.select_for_update(no_key=True)
        .filter(pk__in=concerned)
        .order_by("pk")
    }
    # Only now: it may have been paused or closed meanwhile, and more may have been taken of it.
    setting.campaigns = [
        locked[campaign.pk] for campaign in setting.campaigns if campaign.pk in locked
    ]
    for pause in CampaignPause.objects.filter(campaign__in=locked).order_by("pk"):
        setting.pauses.setdefault(pause.campaign_id, []).append(pause)
    before = list(Grant.objects.filter(line__in=lines).order_by("campaign", "pk"))
    for grant in before:
        grant.campaign = locked[grant.campaign_id]
    affiliate_ids = {pk for line in lines if (pk := decisions[line.pk].affiliate_id)}
    limits = budgets.taken(locked.values(), lines, before, affiliate_ids)
    granted = decide(setting, asked, decisions, limits)
    return Rewards(by_line(granted), by_line(before), limits)


def _candidates(lines: Sequence[OrderLine], fresh: Sequence[OrderLine]) -> list[Campaign]:
    """Those whose time the fresh lines may be of, and those that have granted to any line."""
    known = Q(pk__in=Grant.objects.filter(line__in=lines).values("campaign"))
    placed = [line.order.placed_at for line in fresh]
    if placed:
        known |= Q(
            state__in=PUBLISHED,
            kind__in=WITH_ORDERS,
            starts_at__lte=max(placed),
            ends_at__gt=min(placed),
            currency__in={line.currency for line in fresh},
        )
    return list(Campaign.objects.filter(known).order_by("pk"))


def setting_of(
    campaigns: Sequence[Campaign],
    lines: Sequence[OrderLine],
    decisions: Mapping[int, Attribution],
) -> Setting:
    """What is to be known of these campaigns (pauses apart) and lines. At most eight statements."""
    setting = Setting([campaign for campaign in campaigns if campaign.kind in WITH_ORDERS])
    if not lines or not setting.campaigns:
        return setting
    affiliate_ids = {pk for line in lines if (pk := decisions[line.pk].affiliate_id)}
    setting.affiliates = Affiliate.objects.in_bulk(affiliate_ids)
    items = SlateItem.objects.filter(
        campaign__in=setting.campaigns,
        product__in={line.product_id for line in lines if line.product_id},
        state=SlateState.APPROVED,
    )
    setting.slate = {(item.campaign_id, item.product_id): item for item in items}
    enrolments = Enrolment.objects.filter(
        campaign__in=setting.campaigns, affiliate__in=affiliate_ids, state__in=TAKING_PART
    )
    for campaign_id, affiliate_id, at in enrolments.values_list(
        "campaign", "affiliate", "accepted_at"
    ):
        if at:
            setting.enrolled[campaign_id, affiliate_id] = at
    barred = Campaign.barred.through.objects.filter(
        campaign__in=setting.campaigns, affiliate__in=affiliate_ids
    )
    setting.barred = set(barred.values_list("campaign", "affiliate"))
    if any(budgets.asks(campaign, "new_buyer") for campaign in setting.campaigns):
        setting.new_buyers = buyers.new_ones(lines, decisions)
    setting.claims = _claims(setting.campaigns, lines)
    setting.own = _own(affiliate_ids, {line.order.merchant_id for line in lines})
    return setting


def _claims(
    campaigns: Sequence[Campaign], lines: Sequence[OrderLine]
) -> dict[tuple[int, str], Claim]:
    """Coupons that these orders name. No statement where none does, or no campaign has any."""
    giving = [campaign.pk for campaign in campaigns if MECHANICS[campaign.kind].coupons]
    codes = {code for line in lines if (code := claim_code(line.order.coupon_code))}
    if not giving or not codes:
        return {}
    rows = Claim.objects.filter(campaign__in=giving, code__in=codes, state=ClaimState.USED)
    return {(claim.campaign_id, claim.code): claim for claim in rows.select_related("stock")}


def _own(affiliate_ids: set[int], merchant_ids: set[int]) -> set[tuple[int, int]]:
    """Affiliates and merchants that share a person: what they sell each other are own purchases."""
    people = AffiliateMember.objects.filter(affiliate__in=affiliate_ids)
    both = MerchantMember.objects.filter(
        merchant__in=merchant_ids, user__in=people.values("user")
    ).values_list("user", "merchant")
    merchants: dict[int, list[int]] = defaultdict(list)
    for user_id, merchant_id in both:
        merchants[user_id].append(merchant_id)
    return {
        (affiliate_id, merchant_id)
        for user_id, affiliate_id in people.filter(user__in=merchants).values_list(
            "user", "affiliate"
        )
        for merchant_id in merchants[user_id]
    }
