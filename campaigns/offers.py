"""Which campaigns an order line gets something from, and what: pure (docs/campaigns.md).

A dry run plays the same functions on past orders.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from affiliates.buyers import claim_code
from affiliates.models import Affiliate, Attribution
from alliance.kernel import clock
from alliance.kernel.money import Money
from campaigns.facts import OrderFacts, Reward
from campaigns.limits import Limits
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignPause, Claim, Grant, SlateItem
from merchants.models import OrderLine


@dataclass(slots=True)
class Setting:
    """What is known of campaigns (by primary key) and of those that they are asked about.

    `slate` is by campaign and product; `enrolled` (since when), `barred` by campaign and affiliate;
    `own` by affiliate and merchant: somebody belongs to both; `new_buyers` are lines; `claims` are
    by campaign and coupon code.
    `planned`: it is played on the past, so whoever may enrol is taken to have done so, and each
    merchant to have agreed to what stands on the slate, and each order to have used a coupon of
    `face_minor`.
    """

    campaigns: list[Campaign]
    affiliates: Mapping[int, Affiliate] = field(default_factory=dict)
    slate: dict[tuple[int, int], SlateItem] = field(default_factory=dict)
    enrolled: dict[tuple[int, int], datetime] = field(default_factory=dict)
    barred: set[tuple[int, int]] = field(default_factory=set)
    pauses: dict[int, list[CampaignPause]] = field(default_factory=dict)
    own: set[tuple[int, int]] = field(default_factory=set)
    new_buyers: set[int] = field(default_factory=set)
    claims: dict[tuple[int, str], Claim] = field(default_factory=dict)
    face_minor: int = 0
    planned: bool = False


def decide(
    setting: Setting,
    lines: Iterable[OrderLine],
    decisions: Mapping[int, Attribution],
    limits: Limits,
    held: Mapping[int, Sequence[Grant]] | None = None,
) -> list[Grant]:
    """The grants of these lines, in the order in which their orders were placed. Takes places.

    `held` are grants that lines have, and that new ones have to be better than in their group.
    """
    granted = []
    for line in sorted(lines, key=lambda line: (line.order.placed_at, line.pk)):
        decision, has = decisions[line.pk], (held or {}).get(line.pk, [])
        offers = _offers(setting, line, decision, limits)
        for grant in stacked([*has, *offers], line, decision):
            if any(grant is one for one in offers):
                limits.take_place(grant, line)
                granted.append(grant)
    return granted


def _offers(
    setting: Setting, line: OrderLine, decision: Attribution, limits: Limits
) -> list[Grant]:
    """What each campaign that applies and has a place would grant."""
    offers = []
    for campaign in setting.campaigns:
        if not applies(campaign, line, decision, setting):
            continue
        if not limits.free(campaign, decision.affiliate_id or 0, line.order_id, line.quantity):
            limits.refused[campaign.pk] += 1
        elif reward := _asked(campaign, facts_of(campaign, line, decision, setting, limits)):
            offers.append(_grant(campaign, line, decision, reward))
    return offers


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
    return setting.planned or (key in setting.enrolled and setting.enrolled[key] <= placed_at)


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
    promised = setting.planned or (
        item and item.agreed_at is not None and item.agreed_at <= line.order.placed_at
    )
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
        coupon_minor=_coupon(campaign, line, affiliate_id, setting),
        used_before=limits.used_in_a_week(
            campaign.pk, affiliate_id, clock.business_day(line.order.placed_at)
        ),
    )


def _coupon(campaign: Campaign, line: OrderLine, affiliate_id: int, setting: Setting) -> int:
    """The face of the campaign's coupon that the order used (campaigns.redemption): claimed on the
    affiliate's own page, for this product or all of them."""
    if setting.planned:
        return setting.face_minor
    order = line.order
    claim = setting.claims.get((campaign.pk, claim_code(order.coupon_code)))
    good = (
        claim is not None
        and claim.order_id == order.pk
        and claim.affiliate_id == affiliate_id
        and claim.stock.product_id in (None, line.product_id)
    )
    return claim.face_minor if good and claim else 0


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


def stacked(offers: Sequence[Grant], line: OrderLine, decision: Attribution) -> list[Grant]:
    """Of each stacking group the best one; those of no group all. Ties go to the lower key."""
    best: dict[str, Grant] = {}
    for grant in sorted(offers, key=lambda grant: grant.campaign_id):
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


def by_line(grants: Iterable[Grant]) -> dict[int, list[Grant]]:
    found: dict[int, list[Grant]] = defaultdict(list)
    for grant in grants:
        found[grant.line_id].append(grant)
    return found
