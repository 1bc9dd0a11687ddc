"""What a merchant's home says: figures against the days before, an aim, and what waits."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from affiliates.models import PlanMember
from affiliates.services import event_draft, event_join, event_open
from affiliates.services.figures import clicks_count
from affiliates.services.places import plan_apply
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from alliance.kernel.money import cny
from campaigns.models import SlateItem
from commissions.queries import merchant
from merchants.models import ImportRun, Merchant
from merchants.services.merchants import merchant_apply
from merchants.services.orders import RefundReport, refunds_keep
from merchants.services.plans import plan_open
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=41)):
        made = cast_make()
    with clock.at(MAY):
        yield made


@pytest.fixture
def chen(cast):
    client = Client()
    client.force_login(cast.chen)
    return client


def home(client, **query):
    answer = client.get("/merchant/", query)
    assert answer.status_code == 200
    return answer


def todo(client):
    return [item.text for item in home(client).context["todo"]]


def test_the_figures_stand_beside_those_of_the_days_before(cast, chen):
    with clock.at(MAY - timedelta(days=40)):
        cast.sold("T0", click_id=cast.click(visitor_key="anna"))
    cast.sold("T1", click_id=cast.click(visitor_key="anna"))
    cast.sold("T2", click_id=cast.click(visitor_key="bert"))
    cast.refunded("99.50", "T2")
    cast.record(cast.report("T3"))  # came by itself
    clicks_count()
    answer = home(chen)
    seen, page = answer.context, answer.content.decode()

    assert (seen["now"].sales_minor, seen["before"].sales_minor) == (298_50, 199_00)
    assert (seen["now"].roi_centi, seen["now"].orders) == (833, 2)
    assert (seen["buyers"].new, seen["buyers"].returning) == (1, 1)
    assert (seen["came"], seen["came_before"], seen["conversion_bps"]) == (4, 2, 5_000)
    for words in (
        "+50%", "66% of all your paid orders", "1 order of a returning buyer", "50% became orders",
        cny("298.50").localized(),
    ):  # fmt: skip
        assert words in page, words


def test_the_chart_lays_the_days_before_below_these(cast, chen):
    with clock.at(MAY - timedelta(days=40)):
        cast.sold("T0")
    cast.sold("T1")
    now, before = home(chen, metric="orders").context["chart"]["data"]["datasets"]

    assert now["data"] == [0] * 29 + [1]
    assert before["data"] == [0] * 19 + [1] + [0] * 10
    assert before["borderDash"]


def test_where_much_was_sold_new_buyers_are_counted_after_the_page_is_there(
    cast, chen, monkeypatch
):
    cast.sold("T1", click_id=cast.click(visitor_key="anna"))
    monkeypatch.setattr(merchant, "LITTLE", 0)
    answer = home(chen)
    assert answer.context["buyers"] is None
    assert 'hx-get="/merchant/?part=buyers"' in answer.content.decode()
    part = chen.get("/merchant/?part=buyers", headers={"HX-Request": "true"}).content.decode()
    assert '<div class="figure-value">1' in part
    assert "hx-get" not in part


@pytest.mark.parametrize(
    ("aim", "words"),
    [(None, "Set an aim"), (800, "aim of 8.00 reached"), (900, "below the aim of 9.00")],
)
def test_the_return_is_measured_by_the_aim(cast, chen, aim, words):
    Merchant.objects.update(roi_target_centi=aim)
    cast.sold()
    assert words in home(chen).content.decode()


def test_the_aim_is_set_with_the_company(cast, chen):
    form = {"name": "Chen Home", "contact_email": "a@chen.example", "roi_target": "7.5"}
    chen.post("/merchant/settings/", form)
    cast.merchant.refresh_from_db()
    assert cast.merchant.roi_target_centi == 750

    answer = chen.post("/merchant/settings/", {**form, "roi_target": "0"})
    cast.merchant.refresh_from_db()
    assert (answer.status_code, cast.merchant.roi_target_centi) == (200, 750)
    chen.post("/merchant/settings/", {**form, "roi_target": ""})
    cast.merchant.refresh_from_db()
    assert cast.merchant.roi_target_centi is None


def test_what_waits_is_named_and_goes_when_it_is_done(cast, chen):
    assert todo(chen) == []
    plan = plan_open(
        merchant=cast.merchant,
        name="VIP",
        kind="SP",
        rate_bps=2000,
        ends_at=MAY + timedelta(days=6),
        actor=cast.chen,
    )
    plan_apply(actor=cast.lin, affiliate=cast.affiliate, plan=plan)
    refunds_keep(
        shop=cast.shop, refunds=[RefundReport("R9", "", 100, clock.now(), "", {"product": "P1"})]
    )
    ImportRun.objects.create(
        merchant=cast.merchant, shop=cast.shop, kind="products", filename="a.csv", state="failed"
    )
    SlateItem.objects.create(
        campaign=cast.campaign(), product=cast.product, state="approved", rate_bps=1500
    )
    assert todo(chen) == [
        "1 proposal of a campaign waits for your word.",
        "1 affiliate has applied for a targeted plan.",
        "1 import of the last days has faults.",
        "1 refund fits no order. Say which one it belongs to.",
        "1 plan ends within a week.",
    ]
    PlanMember.objects.update(state="approved", decided_at=MAY, starts_at=MAY)
    with clock.at(MAY + timedelta(days=8)):
        assert todo(chen) == [
            "1 proposal of a campaign waits for your word.",
            "1 refund fits no order. Say which one it belongs to.",
        ]


def test_an_event_to_join_is_told_until_it_is_joined(cast, chen):
    ops = staff_make(StaffRole.OPS)
    event = event_draft(
        actor=ops,
        name="618",
        least_bps=1_000,
        enrol_until=MAY + timedelta(days=1),
        starts_at=MAY + timedelta(days=2),
        ends_at=MAY + timedelta(days=9),
    )
    event_open(actor=ops, event=event)
    assert todo(chen) == ["1 event takes products now."]
    event_join(actor=cast.chen, merchant=cast.merchant, event=event, rates={cast.product.pk: 1_500})
    assert todo(chen) == []


def test_a_wallet_that_lasts_for_days_is_told_before_it_is_low(cast, chen):
    Merchant.objects.update(low_balance_minor=1)
    cast.sold("T1", amount_minor=50_000_00)  # 6,000.00 of 10,000.00 in a fortnight
    assert todo(chen) == ["Your wallet lasts about 9 days at the present pace."]


def test_nobody_elses_matters_are_told(cast, chen):
    other = user_make()
    merchant_apply(user=other, name="Other", shop_name="Other", domains=["other.example"])
    ImportRun.objects.create(
        merchant=cast.merchant, shop=cast.shop, kind="products", filename="a.csv", state="failed"
    )
    client = Client()
    client.force_login(other)
    assert todo(client) == []
