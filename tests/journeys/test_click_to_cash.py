"""The whole road of an order through the outermost doors: feed, link, click, report, worker,
settlement, withdrawal, and a late refund that travels back. Exact cents, books that verify."""

import re
from datetime import datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from affiliates.models import AdZone, Link
from affiliates.services import affiliate_apply
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import StaffRole
from alliance.kernel.money import cny
from commissions import chart, ledger, tasks
from commissions.models import Commission, Payout, TopUp
from commissions.services import payouts, settlements, wallets
from commissions.verify import verify
from merchants.models import ImportRun, Product
from merchants.services.merchants import merchant_apply, merchant_approve
from tests.cast import PASSWORD, staff_make, user_make
from tests.journeys.conftest import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
FEED = """id,title,link,price,title_en,commission_rate
P1,保温杯 500ml,https://shop.chen.example/p/1?ref=home,199.00 CNY,Vacuum flask,12
P2,茶壶,https://shop.chen.example/p/2,no price,Teapot,12
"""


def sign_in(user):
    client = Client()
    response = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert response.status_code == 302
    return client


class Road:
    """Who walks it, and the doors they use."""

    def __init__(self, worker, wallet):
        self.worker, self.placed = worker, {}
        self.finance, self.finance2 = staff_make(StaffRole.FINANCE), staff_make(StaffRole.FINANCE)
        chen, lin = user_make(), user_make()
        self.merchant = merchant_apply(
            user=chen, name="Chen", shop_name="Chen's", domains=["shop.chen.example"]
        )
        merchant_approve(merchant=self.merchant, actor=staff_make(StaffRole.OPS))
        self.affiliate = affiliate_apply(user=lin, kind="small", name="Lin's picks")
        self.chen, self.lin = sign_in(chen), sign_in(lin)
        _key, token = api_key_issue(
            actor=chen,
            organisation=f"merchant:{self.merchant.pk}",
            name="shop",
            scopes=["orders:write", "orders:read"],
        )
        self.shop = Client(headers={"Authorization": f"Bearer {token}"})
        self.top_up(wallet)

    def top_up(self, amount):
        """Announced by the merchant, received by finance, as the desk does it."""
        self.chen.post(reverse("commissions:wallet"), {"amount": amount})
        top_up = TopUp.objects.get(state="announced")
        wallets.top_up_receive(actor=self.finance, top_up=top_up)
        tasks.merchant_funded.delay(self.merchant.pk)
        self.proved()

    def products_come_by_feed(self):
        with clock.at(clock.now() - timedelta(hours=1)):  # the terms stand before the click
            self.chen.post(
                reverse("merchants:plan_new", args=["common"]), {"name": "General", "rate": "12"}
            )
        file = SimpleUploadedFile("products.csv", FEED.encode(), "text/csv")
        shop = self.merchant.shops.get()
        self.chen.post(reverse("merchants:imports"), {"shop": shop.pk, "file": file})
        run = self.soon(lambda: ImportRun.objects.exclude(state="running").first())
        assert (run.state, run.counts["refused"]) == ("done", 1)
        return Product.objects.get()

    def link_to(self, product):
        zone = AdZone.objects.get(site__affiliate=self.affiliate)
        self.lin.post(reverse("campaigns:convert"), {"text": product.url, "zone": zone.pk})
        return Link.objects.get()

    def click(self, link):
        """A buyer follows the link; the shop finds the click id in its address."""
        with clock.at(clock.now() - timedelta(minutes=1)):  # a person who fills a basket
            response = Client(headers={"User-Agent": BROWSER}).get(f"/r/{link.code}")
        assert response.status_code == 302
        address = urlsplit(response["Location"])
        assert (address.hostname, address.path) == ("shop.chen.example", "/p/1")
        return parse_qs(address.query)["click_id"][0]

    def report(self, number, **said):
        placed = self.placed.setdefault(number, clock.now().isoformat())
        body = {"external_id": number, "state": "paid", "currency": "CNY", "placed_at": placed}
        answer = self.shop.post(
            "/api/v1/orders", {**body, "paid_at": placed, **said}, "application/json"
        )
        assert answer.status_code in {200, 201}, answer.content
        return answer.json()

    def sold(self, number, link):
        line = {"external_id": "1", "product_external_id": "P1", "amount_minor": 19900}
        said = self.report(number, click_id=self.click(link), lines=[line])
        assert said["change"] == "created"

    def soon(self, look):
        return eventually(look, why=self.worker.said)

    def soon_in(self, state, number):
        """The commission, as soon as the worker has brought it into that state."""
        rows = Commission.objects.filter(line__order__external_id=number, state=state)
        commission = self.soon(rows.first)
        self.proved()
        return commission

    def reads(self, name, *args):
        response = self.lin.get(reverse(f"commissions:{name}", args=args))
        assert response.status_code == 200
        return re.sub(r"\s+", " ", response.content.decode())

    def holds(self, **accounts):
        """Balances by name, in yuan."""
        codes = {
            "wallet": chart.wallet(self.merchant.pk),
            "reserved": chart.reserved(self.merchant.pk),
            "pending": chart.pending(self.affiliate.pk),
            "payable": chart.payable(self.affiliate.pk),
            "debt": chart.debt(self.affiliate.pk),
            "in_flight": chart.IN_FLIGHT,
            "tech_fee": chart.TECH_FEE,
            "share": chart.SHARE,
            "cash": chart.CASH,
        }
        held = {name: ledger.balance(codes[name], "CNY") for name in accounts}
        assert held == {name: cny(amount) for name, amount in accounts.items()}

    def proved(self):
        assert verify() == []


def the_20th_after(day):
    return datetime.combine(clock.next_month(day).replace(day=20), time(3), clock.ZONE)


def test_from_the_feed_to_cash_and_back(worker):
    road = Road(worker, "10000.00")
    link = road.link_to(road.products_come_by_feed())

    # The shop reports the order; the worker prices it within seconds.
    road.sold("T1", link)
    commission = road.soon_in("estimated", "T1")
    assert (commission.commission_minor, commission.net_minor) == (2388, 1934)
    road.holds(wallet="9976.12", reserved="23.88", pending="0.00")
    assert cny("19.34").localized() in road.reads("affiliate_home")
    assert "Paid. Becomes confirmed when the buyer has received" in road.reads("affiliate_orders")
    seen = road.shop.get("/api/v1/orders/T1").json()
    assert seen["lines"][0]["commission"]["affiliate"]["name"] == "Lin's picks"
    assert "It was the last click on this product" in road.reads("receipt", commission.pk)

    # The buyer has the goods.
    road.report("T1", state="received", received_at=clock.now().isoformat())
    confirmed = road.soon_in("confirmed", "T1")
    road.holds(reserved="0.00", pending="19.34", tech_fee="2.15", share="2.39", payable="0.00")

    # The 20th. A worker lives in the present, so the calendar turns here.
    month = clock.month_start(clock.business_day(confirmed.confirmed_at))
    settlement_day = the_20th_after(month)
    with clock.at(settlement_day):
        settlements.settlement_run(month=month, currency="CNY")
        assert "Today is settlement day" in road.reads("withdrawals")
    road.proved()
    road.holds(pending="0.00", payable="19.34")

    # Two days later the affiliate asks for the money, and two people of finance look at it.
    withdrawals = reverse("commissions:withdrawals")
    with clock.at(settlement_day + timedelta(days=2)):
        assert cny("19.34").localized() in road.reads("earnings")
        road.lin.post(
            reverse("commissions:payee"),
            {"holder": "Lin", "institution": "Alipay", "number": "lin@alipay"},
        )
        road.lin.post(withdrawals, {"amount": "19.34"})
        payout = Payout.objects.get()
        road.holds(payable="0.00", in_flight="19.34")
        road.proved()
        payouts.payout_release(actor=road.finance, payout=payout)
    tasks.payout_send.delay(payout.pk)
    tasks.payout_send.delay(payout.pk)  # the broker may deliver twice
    road.soon(lambda: Payout.objects.filter(pk=payout.pk, state="sending").exists())
    with clock.at(settlement_day + timedelta(days=3)):
        payout.refresh_from_db()
        payouts.payout_mark_paid(payout=payout, rail_ref="ALI-77", actor=road.finance2)
        assert "reference ALI-77" in road.reads("withdrawals")
    road.proved()
    road.holds(payable="0.00", in_flight="0.00", cash="-9980.66", debt="0.00")

    # A late refund: f(what remains) minus what is booked, and nothing left to take it from.
    refund = {
        "external_id": "R1",
        "line_external_id": "1",
        "amount_minor": 5000,
        "refunded_at": clock.now().isoformat(),
    }
    road.report("T1", state="received", refunds=[refund])
    road.soon(lambda: Commission.objects.get().net_minor == 1448)
    road.proved()
    road.holds(debt="-4.86", payable="0.00", tech_fee="1.61", share="1.79", wallet="9982.12")
    assert f"{cny('4.86').localized()}" in road.reads("earnings")
    assert "The buyer got money back" in road.reads("receipt", commission.pk)


def test_an_empty_wallet_lets_orders_wait_and_a_top_up_books_them(worker):
    road = Road(worker, "30.00")
    link = road.link_to(road.products_come_by_feed())
    road.sold("T1", link)
    road.soon_in("estimated", "T1")
    road.sold("T2", link)
    waiting = road.soon_in("unfunded", "T2")

    assert waiting.net_minor == 0
    road.holds(wallet="6.12", reserved="23.88")
    assert "Waiting for the merchant&#x27;s funds" in road.reads("affiliate_orders")
    assert "waits for money in your wallet" in road.chen.get("/merchant/wallet/").content.decode()
    road.top_up("17.76")
    booked = road.soon_in("estimated", "T2")

    assert booked.net_minor == 1934
    road.holds(wallet="0.00", reserved="47.76")
    assert "The merchant topped up, and it was booked." in road.reads("receipt", booked.pk)
