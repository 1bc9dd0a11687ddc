"""How operations bring a campaign about: a draft, its slate, everybody's consent, publishing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alliance.demo.load.stage import CURRENCY, Seller, Stage
from alliance.kernel import clock
from alliance.kernel.models import User
from campaigns.models import Campaign, Season, SlateItem, Sponsor
from campaigns.services.campaigns import Values, campaign_agree, campaign_make
from campaigns.services.slates import slate_add, slate_decide, slate_propose
from commissions.services.campaigns import campaign_publish
from merchants.models import Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign as it is thought up. Amounts in fen; shops and affiliates by their codes.

    On its slate are the `most` best sold products of `shops` (none: of all shops), or those that
    `products` names; with `raised_bps` their merchants promise their usual rate and so much of it
    more, and a `service_bps` for the host.
    """

    code: str
    kind: str
    name: str
    about: str
    budget: int
    rules: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    group: str = ""
    kinds: tuple[str, ...] = ()
    sponsor: str = Sponsor.PLATFORM
    merchant: str = ""
    merchant_bps: int = 0
    host: str = ""
    everything: bool = False
    shops: tuple[str, ...] = ()
    products: Collection[str] = ()
    most: int = 40
    raised_bps: int = 0
    service_bps: int = 0


def campaign_draft(
    stage: Stage,
    plan: Plan,
    *,
    starts_at: datetime,
    ends_at: datetime,
    season: Season | None = None,
    agree: bool = True,
    **more: Any,
) -> Campaign:
    """The draft with its slate; merchants have promised their rates and, with `agree`, agreed to
    pay their part."""
    values: Values = {
        "name": plan.name,
        "about": plan.about,
        "season": season,
        "rules": dict(plan.rules),
        "sponsor": plan.sponsor,
        "merchant": stage.sellers[plan.merchant].merchant if plan.merchant else None,
        "merchant_bps": plan.merchant_bps,
        "host": stage.promoters[plan.host].affiliate if plan.host else None,
        "budget_minor": plan.budget,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "enrol_from": clock.now(),
        "kinds": list(plan.kinds),
        "all_products": plan.everything,
        "stacking_group": plan.group,
        **plan.limits,  # type: ignore[typeddict-item]
        **more,
    }
    campaign = campaign_make(actor=stage.staff["ops"], kind=plan.kind, currency=CURRENCY, **values)
    if not plan.everything:
        _fill(stage, plan, campaign)
    if agree and campaign.waits_for_consent:
        campaign_agree(actor=stage.sellers[plan.merchant].user, campaign=campaign)
    return campaign


def campaign_start(stage: Stage, campaign: Campaign, by: User | None = None) -> None:
    """The second person publishes it, or who pays for it."""
    campaign_publish(actor=by or stage.staff["ops2"], campaign=campaign)
    campaign.refresh_from_db()


def _fill(stage: Stage, plan: Plan, campaign: Campaign) -> None:
    if not plan.raised_bps and not plan.service_bps:
        chosen = [product.pk for _seller, product in _goods(stage, plan)]
        slate_add(actor=stage.staff["ops"], campaign=campaign, products=chosen, how=plan.name)
        return
    for seller, product in _goods(stage, plan):
        item = propose(seller, campaign, product, plan)
        slate_decide(actor=stage.staff["ops"], item=item, accept=True)


def propose(seller: Seller, campaign: Campaign, product: Product, plan: Plan) -> SlateItem:
    """The merchant's word for one of its products, half a per cent the finest step."""
    product.refresh_from_db(fields=["rate_bps"])
    raised = -(-product.rate_bps * (10_000 + plan.raised_bps) // 10_000 // 50) * 50
    return slate_propose(
        actor=seller.user,
        campaign=campaign,
        product=product,
        rate_bps=raised if plan.raised_bps else None,
        service_bps=plan.service_bps,
    )


def _goods(stage: Stage, plan: Plan) -> list[tuple[Seller, Product]]:
    goods = [
        (stage.sellers[code], product)
        for code in plan.shops or stage.sellers
        for product in stage.sellers[code].products.values()
        if not plan.products or product.external_id in plan.products
    ]
    goods.sort(key=lambda pair: (-pair[1].sales_count, pair[1].pk))
    return goods[: plan.most]
