"""What campaigns cost the road of an order: orders to the books without any, and with three.

Both ways are measured in turns, after a look at orders before any campaign was there. The limits
count what was granted before, so the table of grants grows meanwhile. Nothing may be lost: each
line has its grants, the budgets are what the grants say, and the books verify.
"""

from datetime import timedelta
from statistics import median
from time import perf_counter

from django.db.models import Sum

from affiliates.services import touches_record
from alliance.kernel import clock
from alliance.kernel.models import StaffRole, User
from bench.world import LINES, World, world_make
from campaigns.models import Campaign, Grant
from commissions import chart, ledger, pipeline
from commissions.services.campaigns import campaign_publish
from commissions.verify import verify
from merchants.services.orders import orders_record

BUDGET = 10**11
KINDS = ("super_u", "bargain_channel", "supermarket_benefits")


def run(small: bool = False) -> None:
    rounds, batches, batch = (2, 1, 20) if small else (5, 2, 1000)
    plain = world_make(products=50, affiliates=2 if small else 20)
    full = world_make(products=50, affiliates=2 if small else 20)
    before = [_pace(plain, batches, batch) for _round in range(rounds)]
    campaigns = [_publish(kind, full) for kind in KINDS]
    without, with_three = [], []
    for _round in range(rounds):
        without.append(_pace(plain, batches, batch))
        with_three.append(_pace(full, batches, batch))
    _prove(campaigns)
    print(f"  before any campaign was there  : {median(before):8,.0f} lines/s to the books")
    print(f"  three campaigns, for others    : {median(without):8,.0f} lines/s to the books")
    print(f"  three campaigns, for each line : {median(with_three):8,.0f} lines/s to the books")
    print(f"  ratio, others / none           : {median(without) / median(before):8.2f}")
    print(f"  ratio, each line / others      : {median(with_three) / median(without):8.2f}")
    print(f"  {Grant.objects.count():,} grants, every budget is what they say, the books verify")


def _pace(world: World, batches: int, batch: int) -> float:
    sales = world.sales(batches * batch)
    parts = [sales[i : i + batch] for i in range(0, len(sales), batch)]
    start = perf_counter()
    for part in parts:
        touches_record([click for click, _report in part])
        outcomes = orders_record(shop=world.shop, reports=[report for _click, report in part])
        pipeline.orders_process([o.order_pk for o in outcomes if o.order_pk is not None])
    return LINES * len(sales) / (perf_counter() - start)


def _publish(kind: str, world: World) -> Campaign:
    """For all products of the world's merchant, with every limit set, but far away."""
    ops = User.objects.create_user(
        f"{kind}@bench.example", None, is_staff=True, staff_roles=[StaffRole.OPS]
    )
    now = clock.now()
    campaign = Campaign.objects.create(
        kind=kind,
        name=kind,
        currency="CNY",
        merchant=world.merchant,
        budget_minor=BUDGET,
        daily_minor=BUDGET,
        per_affiliate_minor=BUDGET,
        per_affiliate_day_minor=BUDGET,
        orders_per_affiliate=10**9,
        pieces=10**9,
        starts_at=now,
        ends_at=now + timedelta(days=1),
        confirm_until=now + timedelta(days=2),
        all_products=True,
    )
    campaign_publish(actor=ops, campaign=campaign)
    return campaign


def _prove(campaigns: list[Campaign]) -> None:
    wrong = []
    for campaign in campaigns:
        given = campaign.grants.aggregate(sum=Sum("amount_minor"))["sum"] or 0
        if not given or ledger.balance(chart.budget(campaign.pk), "CNY").minor != BUDGET - given:
            wrong.append(f"{campaign} gave {given}")
    if wrong or (faults := verify()):
        raise AssertionError(f"something was lost: {wrong or faults[:5]}")
