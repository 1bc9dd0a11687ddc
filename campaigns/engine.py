"""What campaigns give to order lines (docs/campaigns.md): which apply, what they grant.

`decide` is pure, and a dry run plays it on past orders. `rewards_for` asks the database for what it
needs to know, in a constant number of statements, and locks the campaigns.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Q

from affiliates.models import Affiliate, AffiliateMember, Attribution
from alliance.kernel import clock
from alliance.kernel.money import Money
from campaigns import budgets, buyers
from campaigns.facts import OrderFacts, Reward
from campaigns.limits import Limits
from campaigns.mechanics import MECHANICS
from campaigns.models import (
    PUBLISHED,
    TAKING_PART,
    Campaign,
    CampaignPause,
    Enrolment,
    Grant,
    SlateItem,
    SlateState,
)
from merchants.models import MerchantMember, OrderLine, OrderState

WITH_ORDERS = [kind for kind, mechanic in MECHANICS.items() if mechanic.on_order]


@dataclass(slots=True)
class Setting:
    """What is known of campaigns (by primary key) and of those that they are asked about.

    `slate` is by campaign and product; `enrolled` (since when), `barred` by campaign and affiliate;
    `own` by affiliate and merchant: somebody belongs to both; `new_buyers` are lines.
    `open_to_all`: whoever may enrol is taken to have done so.
    """

    campaigns: list[Campaign]
    affiliates: Mapping[int, Affiliate] = field(default_factory=dict)
    slate: dict[tuple[int, int], SlateItem] = field(default_factory=dict)
    enrolled: dict[tuple[int, int], datetime] = field(default_factory=dict)
    barred: set[tuple[int, int]] = field(default_factory=set)
    pauses: dict[int, list[CampaignPause]] = field(default_factory=dict)
    own: set[tuple[int, int]] = field(default_factory=set)
    new_buyers: set[int] = field(default_factory=set)
    open_to_all: bool = False


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
    return Rewards(_by_line(granted), _by_line(before), limits)


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
    """What is to be known of these campaigns (pauses apart) and lines. At most seven statements."""
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
    setting.own = _own(affiliate_ids, {line.order.merchant_id for line in lines})
    return setting


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


# --- Pure from here on ---------------------------------------------------------------------------


def decide(
    setting: Setting,
    lines: Iterable[OrderLine],
    decisions: Mapping[int, Attribution],
    limits: Limits,
) -> list[Grant]:
    """The grants of these lines, in the order in which their orders were placed. Takes places."""
    granted = []
    for line in sorted(lines, key=lambda line: (line.order.placed_at, line.pk)):
        decision = decisions[line.pk]
        affiliate_id = decision.affiliate_id or 0
        offers = []
        for campaign in setting.campaigns:
            if applies(campaign, line, decision, setting) and limits.free(
                campaign, affiliate_id, line.order_id, line.quantity
            ):
                reward = _asked(campaign, facts_of(campaign, line, decision, setting, limits))
                if reward:
                    offers.append(_grant(campaign, line, decision, reward))
        for grant in _stacked(offers, line, decision):
            limits.take_place(grant, line)
            granted.append(grant)
    return granted


def applies(campaign: Campaign, line: OrderLine, decision: Attribution, setting: Setting) -> bool:
    """Whether the campaign is one for this line, whatever its mechanic says."""
    affiliate_id = decision.affiliate_id
    if affiliate_id is None or line.currency != campaign.currency:
        return False
    placed_at, merchant_id = line.order.placed_at, line.order.merchant_id
    affiliate = setting.affiliates[affiliate_id]
    key = (campaign.pk, affiliate_id)
    return (
        campaign.counts_at(placed_at)
        and not any(pause.covers(placed_at) for pause in setting.pauses.get(campaign.pk, ()))
        and campaign.merchant_id in (None, merchant_id)
        and (campaign.all_products or (campaign.pk, line.product_id) in setting.slate)
        and (not campaign.kinds or affiliate.kind in campaign.kinds)
        and affiliate.tier >= campaign.least_tier
        and key not in setting.barred
        and (campaign.self_buying or (affiliate_id, merchant_id) not in setting.own)
        and (not MECHANICS[campaign.kind].enrols or _enrolled(setting, key, placed_at))
    )


def _enrolled(setting: Setting, key: tuple[int, int], placed_at: datetime) -> bool:
    return setting.open_to_all or (key in setting.enrolled and setting.enrolled[key] <= placed_at)


def facts_of(
    campaign: Campaign,
    line: OrderLine,
    decision: Attribution,
    setting: Setting,
    limits: Limits,
) -> OrderFacts:
    """The line as the campaign's mechanic is told of it."""
    affiliate_id = decision.affiliate_id or 0
    affiliate = setting.affiliates[affiliate_id]
    item = setting.slate.get((campaign.pk, line.product_id or 0))
    promised = item and item.agreed_at is not None and item.agreed_at <= line.order.placed_at
    product = line.product
    return OrderFacts(
        placed_at=line.order.placed_at,
        base_minor=full_base(line).minor,
        quantity=line.quantity,
        merchant_id=line.order.merchant_id,
        shop_id=line.order.shop_id,
        product_id=line.product_id,
        category=product.category.slug if product and product.category else "",
        brand=product.brand if product else "",
        affiliate_id=affiliate_id,
        affiliate_kind=affiliate.kind,
        affiliate_tier=affiliate.tier,
        rate_bps=decision.rate_bps,
        share_bps=decision.share_bps + decision.partner_share_bps,
        slate_rate_bps=(item.rate_bps or 0) if item and promised else 0,
        slate_service_bps=item.service_bps if item and promised else 0,
        enrolled_at=setting.enrolled.get((campaign.pk, affiliate_id)),
        orders_before=limits.orders_of(campaign.pk, affiliate_id),
        pieces_before=limits.pieces[campaign.pk],
        product_pieces_before=limits.products[campaign.pk, line.product_id],
        new_buyer=line.pk in setting.new_buyers,
    )


def full_base(line: OrderLine) -> Money:
    """What the buyer will have paid: of a pre-sale with its balance (docs/domain.md §5.1)."""
    paid = line.amount_minor if line.total_minor is None else line.total_minor
    return Money(max(paid - line.refunded_minor, 0), line.currency)


@lru_cache(maxsize=512)
def _rules(kind: str, rules: str) -> Any:
    return MECHANICS[kind].parse(json.loads(rules))


def _asked(campaign: Campaign, facts: OrderFacts) -> Reward | None:
    on_order = MECHANICS[campaign.kind].on_order
    return on_order(_rules(campaign.kind, json.dumps(campaign.rules)), facts) if on_order else None


def _grant(campaign: Campaign, line: OrderLine, decision: Attribution, reward: Reward) -> Grant:
    """The reward as it is kept, fitted into what the campaign gives a line at most."""
    cap, why = reward.cap_minor, {"kind": campaign.kind, **reward.why}
    if campaign.per_order_minor is not None and cap > campaign.per_order_minor:
        cap = campaign.per_order_minor
        why["line_cap_minor"] = cap
    has_money = bool(reward.rate_bps and cap)
    return Grant(
        campaign=campaign,
        line=line,
        affiliate_id=decision.affiliate_id or 0,
        day=clock.business_day(line.order.placed_at),
        pieces=line.quantity,
        rate_bps=reward.rate_bps if has_money else 0,
        cap_minor=cap if has_money else 0,
        subsidy_share_bps=reward.subsidy_share_bps,
        commission_bps=reward.commission_bps,
        share_bps=reward.share_bps,
        service_bps=reward.service_bps if campaign.host_id else 0,
        why=why,
    )


def _stacked(offers: Sequence[Grant], line: OrderLine, decision: Attribution) -> list[Grant]:
    """Of each stacking group the best one; those of no group all. Ties go to the lower key."""
    best: dict[str, Grant] = {}
    for grant in offers:
        group = grant.campaign.stacking_group or f" {grant.campaign_id}"
        held = best.get(group)
        if held is None or _gain(grant, line, decision) > _gain(held, line, decision):
            best[group] = grant
    return sorted(best.values(), key=lambda grant: grant.campaign_id)


def _gain(grant: Grant, line: OrderLine, decision: Attribution) -> int:
    """What the affiliate has of it, alone, before the technical fee (minor units)."""
    base = full_base(line)
    terms = raised(decision, [grant])
    usual = base.share(decision.rate_bps).share(decision.share_bps + decision.partner_share_bps)
    return (base.share(terms.rate_bps).share(terms.share_bps) - usual).minor + subsidy_of(
        grant, base
    ).minor


def subsidy_of(grant: Grant, base: Money) -> Money:
    """What the campaign pays of a line on `base`."""
    extra = min(base.share(grant.rate_bps), Money(grant.cap_minor, base.currency))
    return extra.share(grant.subsidy_share_bps)


@dataclass(frozen=True, slots=True)
class Raised:
    """The rates of an order line with what campaigns have raised; nothing is ever lowered.

    `rate_bps` is without the special service fee; `share_bps` is affiliate and partner together.
    """

    rate_bps: int
    share_bps: int
    intermediary_id: int | None
    service_bps: int


def raised(decision: Attribution, grants: Iterable[Grant]) -> Raised:
    """The highest of what the decision says and what each grant raises it to.

    A slate's rate is the whole one, as a plan's is: the special service fee is a part of it. The
    host of an event gets its service fee where it is more than the plan's intermediary gets.
    """
    rate, share = decision.rate_bps, decision.share_bps + decision.partner_share_bps
    intermediary, service = decision.intermediary_id, decision.service_bps
    for grant in grants:
        rate = max(rate, (grant.commission_bps or 0) - decision.special_bps)
        share = max(share, grant.share_bps or 0)
        if grant.service_bps > service:
            intermediary, service = grant.campaign.host_id, grant.service_bps
    return Raised(rate, share, intermediary, service)


def _by_line(grants: Iterable[Grant]) -> dict[int, list[Grant]]:
    found: dict[int, list[Grant]] = defaultdict(list)
    for grant in grants:
        found[grant.line_id].append(grant)
    return found
