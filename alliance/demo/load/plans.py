"""Plans that are not for everybody, first pieces, a lock, and events: some of each."""

from datetime import timedelta

from affiliates.queries import promoters_of
from affiliates.services import event_draft, event_join, event_open, event_publish
from affiliates.services.places import (
    applications_approve,
    applications_reject,
    place_give,
    plan_apply,
    plan_rule_set,
)
from alliance.demo.load.stage import Seller, Stage
from alliance.demo.merchants import DEMO_MERCHANT
from alliance.demo.people import DEMO_AFFILIATE
from alliance.kernel import clock
from merchants.models import Plan, PlanKind
from merchants.services.locks import rate_lock
from merchants.services.plans import first_pieces_open, plan_open
from merchants.services.terms import product_rates_announce

HOST = "chanyedai"
APPLYING = {"wangyue": "每天三场厨房直播，粉丝三万。", "baomali": "宝妈群二十个，复购率高。"}
REFUSED = "alaoban"


def plans_plan(stage: Stage) -> None:
    """Put them on the agenda; some wait for the demo merchant's decision."""
    stage.agenda.at(stage.ago(days=21), _targeted, stage)
    stage.agenda.at(stage.ago(days=20), _ruled, stage)
    stage.agenda.at(stage.ago(days=14), _event, stage)
    stage.agenda.at(stage.ago(days=10), _first_pieces, stage)
    stage.agenda.at(stage.ago(days=9), _chosen, stage)
    stage.agenda.at(stage.ago(days=6), _published, stage)
    stage.agenda.at(stage.ago(days=2), _locked, stage)
    stage.agenda.at(stage.ago(hours=30), _applications, stage)
    stage.agenda.at(stage.ago(hours=20), _exclusive, stage)


def _targeted(stage: Stage) -> None:
    """The demo affiliate is in it; it pays more for what the merchant sells best."""
    seller, lin = stage.sellers[DEMO_MERCHANT], stage.promoters[DEMO_AFFILIATE]
    plan = plan_open(
        merchant=seller.merchant, name="厨房达人定向计划", kind=PlanKind.SP, actor=seller.user
    )
    best = sorted(seller.products.values(), key=lambda product: -product.sales_count)[:12]
    rates = {product.pk: min(product.rate_bps + 500, 5_000) for product in best}
    product_rates_announce(plan=plan, rates=rates, actor=seller.user)
    place = plan_apply(
        actor=lin.user, affiliate=lin.affiliate, plan=plan, words="厨房好物群，日均两千点击。"
    )
    applications_approve(actor=seller.user, places=[place])
    refused = stage.promoters[REFUSED]
    place = plan_apply(actor=refused.user, affiliate=refused.affiliate, plan=plan)
    applications_reject(actor=seller.user, places=[place], reason="与厨房品类不符")


def _ruled(stage: Stage) -> None:
    """Another merchant lets in by rule, and shows its rates to members only."""
    seller = _others(stage)[0]
    plan = plan_open(
        merchant=seller.merchant,
        name="优选推广计划",
        kind=PlanKind.SP,
        rate_bps=2_500,
        rates_shown=False,
        actor=seller.user,
    )
    plan_rule_set(actor=seller.user, plan=plan, least_tier=1, least_orders=5)


def _applications(stage: Stage) -> None:
    plan = stage.sellers[DEMO_MERCHANT].merchant.plans.get(kind=PlanKind.SP)
    for code, words in APPLYING.items():
        promoter = stage.promoters[code]
        plan_apply(actor=promoter.user, affiliate=promoter.affiliate, plan=plan, words=words)


def _chosen(stage: Stage) -> None:
    seller = stage.sellers[DEMO_MERCHANT]
    plan = plan_open(
        merchant=seller.merchant, name="老朋友计划", kind=PlanKind.ZX, rate_bps=1_600,
        actor=seller.user,
    )  # fmt: skip
    for affiliate in promoters_of(seller.merchant)[:2]:
        place_give(actor=seller.user, plan=plan, affiliate=affiliate)


def _first_pieces(stage: Stage) -> None:
    seller = stage.sellers[DEMO_MERCHANT]
    product = max(seller.products.values(), key=lambda product: product.sales_count)
    first_pieces_open(
        product=product,
        name="新品前 60 件",
        rate_bps=4_000,
        pieces=60,
        ends_at=clock.day_start(stage.end + timedelta(days=20)),
        actor=seller.user,
    )


def _event(stage: Stage) -> None:
    """One that runs by now, with several merchants, and one that is open to them."""
    host, ops = stage.promoters[HOST], stage.staff["ops"]
    begins = stage.end - timedelta(days=4)
    running = event_draft(
        actor=host.user,
        host=host.affiliate,
        name="源头好物专场",
        description="产业带工厂直供，样品可申请。",
        least_bps=1_500,
        service_bps=200,
        cross_shop=True,
        enrol_until=clock.day_start(begins),
        starts_at=clock.day_start(begins),
        ends_at=clock.day_start(stage.end + timedelta(days=12)),
    )
    coming = event_draft(
        actor=ops,
        name="换季清仓专场",
        description="应季商品，联盟统一推广。",
        least_bps=2_000,
        enrol_until=clock.day_start(stage.end + timedelta(days=5)),
        starts_at=clock.day_start(stage.end + timedelta(days=7)),
        ends_at=clock.day_start(stage.end + timedelta(days=14)),
    )
    for event in (running, coming):
        event_open(actor=ops, event=event)
    for seller in [stage.sellers[DEMO_MERCHANT], *_others(stage)[:3]]:
        best = sorted(seller.products.values(), key=lambda product: -product.sales_count)[:8]
        rates = {product.pk: max(product.rate_bps + 300, 1_500) for product in best}
        event_join(actor=seller.user, merchant=seller.merchant, event=running, rates=rates)


def _published(stage: Stage) -> None:
    plan = Plan.objects.filter(kind=PlanKind.EVENT).select_related("event").first()
    if plan and plan.event:
        event_publish(actor=stage.promoters[HOST].user, event=plan.event)


def _locked(stage: Stage) -> None:
    seller = stage.sellers[DEMO_MERCHANT]
    rate_lock(
        plan=seller.merchant.plans.get(kind=PlanKind.COMMON),
        until=clock.day_start(stage.end + timedelta(days=25)),
        actor=seller.user,
    )


def _exclusive(stage: Stage) -> None:
    """Begins with the next business day; two products of another merchant."""
    seller = _others(stage)[1]
    plan = plan_open(
        merchant=seller.merchant,
        name="独家首发计划",
        kind=PlanKind.SP,
        exclusive=True,
        actor=seller.user,
    )
    products = sorted(seller.products.values(), key=lambda product: product.sales_count)[:2]
    rates = {product.pk: 3_000 for product in products}
    product_rates_announce(plan=plan, rates=rates, actor=seller.user)


def _others(stage: Stage) -> list[Seller]:
    return [one for code, one in sorted(stage.sellers.items()) if code != DEMO_MERCHANT]
