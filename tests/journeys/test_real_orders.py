"""A real shop's fortnight, from its export file to a settled ledger, against a plain recomputation.

The file knows no clicks, so a column with a click id is added for every customer whose number
ends in 7: the only invented thing in it. Everything else is as the shop wrote it, dirt included.
"""

import csv
import gzip
import io
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db.models import Sum

from affiliates.models import AdZone
from affiliates.services import Click, affiliate_apply, link_create, touches_record
from affiliates.services.months import months_make
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from alliance.kernel.money import Money
from commissions import chart, ledger, pipeline
from commissions.models import Commission
from commissions.services import settlements, wallets
from commissions.services.statements import statements_issue
from commissions.verify import verify
from merchants.feeds import FEEDS, run_feed
from merchants.models import OrderLine
from merchants.services.imports import import_begin, mapping_save
from merchants.services.merchants import merchant_apply, merchant_approve
from merchants.services.plans import plan_open
from tests.cast import staff_make, user_make
from tests.merchants.test_feed_orders_csv import COLUMNS, OPTIONS, REAL

BEFORE = datetime(2010, 11, 1, tzinfo=clock.ZONE)
CLICKED = datetime(2010, 11, 30, tzinfo=clock.ZONE)
AFTER = datetime(2011, 7, 20, 3, tzinfo=clock.ZONE)


def first_fortnight() -> list[dict[str, str]]:
    """The rows of 1 to 13 December 2010: all within fifteen days of the clicks."""
    text = gzip.decompress(REAL.read_bytes()).decode()
    return [row for row in csv.DictReader(io.StringIO(text)) if row["InvoiceDate"] < "2010-12-14"]


def half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.fixture
def gifts(settings, tmp_path, sql):
    """A British shop with money in its wallet, and one affiliate's link to it."""
    settings.MEDIA_ROOT = tmp_path
    months_make(since=CLICKED.astimezone(UTC).date(), until=CLICKED.astimezone(UTC).date())
    with clock.at(BEFORE):
        owner, lin = user_make("shop@test.example"), user_make("lin@test.example")
        merchant = merchant_apply(
            user=owner, name="Gifts", shop_name="Gifts", domains=["gifts.example"], currency="GBP"
        )
        merchant_approve(merchant=merchant, actor=None)
        plan_open(merchant=merchant, name="General plan", rate_bps=850, actor=owner)
        top_up = wallets.top_up_announce(
            actor=owner, merchant=merchant, amount=Money(10_000_000, "GBP")
        )
        wallets.top_up_receive(actor=staff_make(StaffRole.FINANCE), top_up=top_up)
        affiliate = affiliate_apply(user=lin, kind="small", name="Lin")
        affiliate.refresh_from_db()
        zone = AdZone.objects.get(site__affiliate=affiliate)
        link = link_create(actor=lin, affiliate=affiliate, zone=zone, url="https://gifts.example/")
    yield merchant.shops.get(), affiliate, link
    sql("DROP TABLE affiliates_touch_201011")


def bring(shop, content):
    mapping = mapping_save(
        merchant=shop.merchant,
        kind="orders",
        columns={**COLUMNS, "click_id": "ClickId"},
        options=OPTIONS,
        actor=None,
    )
    run = import_begin(
        shop=shop, kind="orders", filename="orders.csv", file=io.BytesIO(content), actor=None
    )
    return run_feed(
        FEEDS["orders_csv"], run=run, mapping=mapping, on_changed=pipeline.orders_process
    )


def with_clicks(rows, link):
    """The file with a click id for every customer whose number ends in 7; and those click ids."""
    customers = sorted({row["CustomerID"] for row in rows if row["CustomerID"].endswith("7")})
    clicks = [Click.through(link, touched_at=CLICKED, visitor_key=f"c{n}") for n in customers]
    click_of = {n: t.click_id for n, t in zip(customers, touches_record(clicks), strict=True)}
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[0], "ClickId"])
    writer.writeheader()
    writer.writerows({**row, "ClickId": click_of.get(row["CustomerID"], "")} for row in rows)
    return out.getvalue().encode(), click_of.values()


def computed_again(click_ids):
    """Commission and net from the lines that were taken: decimals, no code of ours."""
    sums = defaultdict(int)
    for line in OrderLine.objects.filter(order__click_id__in=click_ids):
        commission = half_up(Decimal(line.amount_minor - line.refunded_minor) * 850 / 10_000)
        share = half_up(Decimal(commission) * 9000 / 10_000)
        sums["commission"] += commission
        sums["net"] += share - half_up(Decimal(share) * 1000 / 10_000)
        sums["lines"] += 1
        sums["refunded"] += bool(line.refunded_minor)
    return sums


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    not REAL.exists(),
    reason=f"THE REAL ORDERS WERE NOT TRIED: {REAL} is not here (UCI Online Retail)",
)
def test_a_real_fortnight_is_attributed_priced_refunded_and_settled_to_the_penny(gifts):
    shop, affiliate, link = gifts
    rows = first_fortnight()
    content, click_ids = with_clicks(rows, link)

    with clock.at(AFTER):
        run = bring(shop, content)

    assert run.counts["rows"] == len(rows)
    wanted = computed_again(click_ids)
    assert wanted["lines"] > 1000
    assert wanted["refunded"] > 0
    booked = Commission.objects.aggregate(commission=Sum("commission_minor"), net=Sum("net_minor"))
    assert booked == {"commission": wanted["commission"], "net": wanted["net"]}
    assert verify() == []

    revisions = Commission.objects.aggregate(Sum("revision"))
    with clock.at(AFTER):
        bring(shop, content)
        assert Commission.objects.aggregate(Sum("revision")) == revisions
        settled = settlements.settlement_run(month=date(2011, 6, 1), currency="GBP")
        assert statements_issue(settled) > 0
    assert ledger.balance(chart.payable(affiliate.pk), "GBP").minor == wanted["net"]
    assert verify() == []
