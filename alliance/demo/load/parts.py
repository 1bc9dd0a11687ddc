"""Who else has a part in an order: a partner, an intermediary, a special fee, and subsidies."""

from affiliates.services import (
    intermediation_agree,
    intermediation_open,
    relation_open,
    site_special_fee_set,
)
from alliance.demo.load.stage import CURRENCY, Stage
from alliance.demo.merchants import DEMO_MERCHANT
from alliance.demo.people import DEMO_AFFILIATE
from alliance.kernel.money import Money
from campaigns.services.subsidies import subsidy_open
from merchants.models import PlanKind

PARTNERED = ("wangyue", "baomali")  # brought along by the demo's affiliate
PARTNER_BPS = 1_000
INTERMEDIARY, SERVICE_BPS = "chanyedai", 100  # looks after the demo merchant's general plan
OFFERING, OFFERED_BPS = "alaoban", 200  # would like to look after its marketing plan
SPECIAL, SPECIAL_BPS = "liantong", 200


def parts_plan(stage: Stage) -> None:
    """Put the agreements on the agenda; two of them wait for the demo merchant's consent."""
    stage.agenda.at(stage.ago(days=300), _partners, stage)
    stage.agenda.at(stage.ago(days=120), _intermediary, stage)
    stage.agenda.at(stage.ago(days=90), _special_fee, stage)
    stage.agenda.at(stage.ago(days=60), _subsidies, stage)
    stage.agenda.at(stage.ago(hours=20), _offers, stage)


def _partners(stage: Stage) -> None:
    partner = stage.promoters[DEMO_AFFILIATE].affiliate
    for code in PARTNERED:
        relation_open(
            actor=stage.staff["ops"],
            affiliate=stage.promoters[code].affiliate,
            partner=partner,
            share_bps=PARTNER_BPS,
        )


def _intermediary(stage: Stage) -> None:
    seller = stage.sellers[DEMO_MERCHANT]
    offer = intermediation_open(
        actor=stage.staff["ops"],
        affiliate=stage.promoters[INTERMEDIARY].affiliate,
        plan=seller.merchant.plans.get(kind=PlanKind.COMMON),
        service_bps=SERVICE_BPS,
    )
    intermediation_agree(actor=seller.user, intermediation=offer)


def _special_fee(stage: Stage) -> None:
    site = stage.promoters[SPECIAL].zones[0][0].site
    site_special_fee_set(actor=stage.staff["ops"], site=site, special_bps=SPECIAL_BPS)


def _subsidies(stage: Stage) -> None:
    """One that the alliance pays alone, one that the demo merchant funds half of."""
    seller = stage.sellers[DEMO_MERCHANT]
    subsidy_open(actor=stage.staff["ops"], name="平台补贴", rate_bps=100, cap=Money(3_00, CURRENCY))
    subsidy_open(
        actor=seller.user,
        name="厨房焕新补贴",
        rate_bps=200,
        cap=Money(5_00, CURRENCY),
        merchant=seller.merchant,
        merchant_bps=5_000,
    )


def _offers(stage: Stage) -> None:
    seller = stage.sellers[DEMO_MERCHANT]
    intermediation_open(
        actor=stage.staff["ops"],
        affiliate=stage.promoters[OFFERING].affiliate,
        plan=seller.merchant.plans.get(kind=PlanKind.MKT),
        service_bps=OFFERED_BPS,
    )
    subsidy_open(
        actor=stage.staff["ops"],
        name="年终加码补贴",
        rate_bps=300,
        cap=Money(8_00, CURRENCY),
        merchant=seller.merchant,
        merchant_bps=4_000,
    )
