"""What people do from their first visit to their money, each in a browser of their own: a real web
server, a real worker, real pages. Only the shop is played, and the calendar is turned."""

import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from alliance.embedded import programs
from alliance.embedded.ports import free_port
from alliance.embedded.processes import die_with_parent, stop_tree
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import StaffRole, User
from campaigns.models import Campaign
from commissions import tasks
from commissions.models import Commission, Payout
from commissions.verify import verify
from tests.cast import Cast, cast_make, staff_make
from tests.journeys.conftest import Worker, eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.worker,
    pytest.mark.django_db(transaction=True),
]

PASSWORD = "correct horse battery"
# Ours says that it is headless, and programs earn nobody a commission.
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
PHONE = {"width": 390, "height": 844}


class Web:
    """The web server, where its mails go, and how far its calendar is turned."""

    def __init__(self, url: str, mails: Path, worker: Worker) -> None:
        self.url, self.mails, self.worker = url, mails, worker

    def mail_to(self, address: str) -> str:
        """The newest mail to somebody, as it was sent."""

        def found() -> str:
            texts = [file.read_text() for file in sorted(self.mails.iterdir())]
            return next((text for text in reversed(texts) if f"To: {address}" in text), "")

        return str(eventually(found))

    def turn_to(self, moment: datetime) -> None:
        """From now on it is that moment, here and for the worker."""
        self.worker.ahead.write_text(str((moment - clock.now()).total_seconds()))


@pytest.fixture
def web(worker: Worker, tmp_path: Path) -> Iterator[Web]:
    port = free_port()
    url, mails = f"http://localhost:{port}", tmp_path / "mails"
    mails.mkdir()
    environment = {
        **worker.environment,
        "PUBLIC_URL": url,
        "EMAIL_URL": f"filemail:///{mails}",
        "CLICKS_DIR": str(tmp_path / "clicks"),
    }
    argv = [
        "tests.journeys.travel:application" if part == "alliance.wsgi:application" else part
        for part in programs.web("127.0.0.1", port)
    ]
    log = tmp_path / "web.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - pytest has one thread here
        )
    try:
        eventually(lambda: programs.answers("127.0.0.1", port), why=log.read_text)
        yield Web(url, mails, worker)
    finally:
        stop_tree(process.pid)
        process.wait()


@pytest.fixture
def sits_down(web: Web, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Somebody before a browser of their own, signed in where they are named."""
    contexts = []

    def sit(user: User | None = None, **look: Any) -> Page:
        context = browser.new_context(base_url=web.url, user_agent=PERSON, **look)
        context.set_default_timeout(10_000)
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": web.url}
            context.add_cookies([cookie])
        return context.new_page()

    yield sit
    for context in contexts:
        context.close()


class Shop:
    """The far end: it finds the click in the address that a buyer comes by, and reports orders."""

    def __init__(self, web: Web, cast: Cast) -> None:
        self.web, self.cast = web, cast
        _key, token = api_key_issue(
            actor=cast.chen,
            organisation=f"merchant:{cast.merchant.pk}",
            name="shop",
            scopes=["orders:write", "orders:read"],
        )
        self._headers = {"Authorization": f"Bearer {token}"}

    def visit(self, page: Page, address: str) -> None:
        """Somebody comes by that address of ours, which leads here."""
        shop = "https://shop.chen.example/**"
        page.route(shop, lambda route: route.fulfill(body="<h1>The shop</h1>"))
        answer = page.request.get(address, max_redirects=0)  # no name leads to the shop
        assert answer.status == 302
        page.goto(answer.headers["location"])
        expect(page.get_by_role("heading", name="The shop")).to_be_visible()

    def sells(self, page: Page, number: str, moment: datetime, **said: Any) -> None:
        """Whoever stands in the shop on `page` buys; the shop reports it."""
        click_id = parse_qs(urlsplit(page.url).query)["click_id"][0]
        line = {"external_id": "1", "product_external_id": "P1", "amount_minor": 19900}
        self.report(
            page, number, state="paid", placed_at=moment.isoformat(), paid_at=moment.isoformat(),
            click_id=click_id, lines=[line], **said,
        )  # fmt: skip

    def report(self, page: Page, number: str, **said: Any) -> None:
        answer = page.request.post(
            "/api/v1/orders",
            data={"external_id": number, "currency": "CNY", **said},
            headers=self._headers,
        )
        assert answer.ok, answer.text()


def fill_in(page: Page, **fields: str) -> None:
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " ")).first.fill(text)


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()


def soon(page: Page, path: str, words: str | re.Pattern[str]) -> None:
    """A page says it once the worker has done its part; somebody looks again until then."""

    def said() -> bool:
        page.goto(path)
        return page.get_by_text(words).and_(page.locator(":not(option)")).count() > 0

    eventually(said, why=lambda: page.locator("body").inner_text())


def settlement_day(moment: datetime) -> datetime:
    month = clock.next_month(clock.business_day(moment))
    return datetime.combine(month.replace(day=20), time(12), clock.ZONE)


def test_from_signing_up_to_the_first_money(web, sits_down):
    cast = cast_make()
    shop = Shop(web, cast)
    mei = sits_down(viewport=PHONE)

    # She signs up, confirms her address and joins.
    mei.goto("/")
    mei.get_by_role("main").get_by_role("link", name="Start as affiliate").first.click()
    fill_in(mei, Email="mei@example.org", Password=PASSWORD)
    press(mei, "Create account")
    expect(mei.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    link = re.search(r"^http\S+$", web.mail_to("mei@example.org"), re.MULTILINE)
    assert link is not None
    mei.goto(link.group())
    press(mei, "Yes, confirm")
    mei.get_by_text("You have groups, channels").click()
    fill_in(mei, Name="Mei's picks")
    press(mei, "Join")
    expect(mei.get_by_text("Welcome!")).to_be_visible()

    # The first link, from the first product.
    mei.get_by_role("main").get_by_role("link", name="Vacuum flask 500 ml").click()
    press(mei, "Make link")
    address = mei.locator("#results input[readonly]").first.input_value()
    assert "/r/" in address

    # A buyer follows it and buys.
    ada = sits_down()
    shop.visit(ada, address)
    bought = clock.now() + timedelta(minutes=5)
    web.turn_to(bought)
    shop.sells(ada, "T1", bought)
    soon(mei, "/affiliate/orders/", "T1")
    earned = Commission.objects.get()
    assert (earned.state, earned.affiliate.name) == ("estimated", "Mei's picks")
    expect(mei.get_by_role("main").get_by_text(earned.net.localized()).first).to_be_visible()

    # The parcel is there; the month turns.
    arrived = bought + timedelta(days=3)
    web.turn_to(arrived)
    shop.report(
        ada, "T1", state="received", placed_at=bought.isoformat(), paid_at=bought.isoformat(),
        received_at=arrived.isoformat(),
    )  # fmt: skip
    soon(mei, "/affiliate/orders/", "Confirmed")
    settled = settlement_day(arrived)
    web.turn_to(settled)
    tasks.settlement_monthly.delay()
    soon(mei, "/affiliate/withdrawals/", earned.net.localized())
    expect(mei.get_by_text("Today is settlement day")).to_be_visible()

    # She says where her money goes, and asks for it.
    web.turn_to(settled + timedelta(days=2))
    withdraws(mei)
    payout = Payout.objects.get()
    assert payout.amount == earned.net

    # Two people of finance send it.
    pays_out(sits_down, cast, payout)
    soon(mei, "/affiliate/withdrawals/", "reference ALI-77")
    assert verify() == []


def withdraws(page: Page) -> None:
    """All that is there, to an account that is new."""
    page.goto("/affiliate/withdrawals/")
    page.get_by_role("link", name="Add your account").first.click()
    fill_in(page, Account_holder="Mei", Bank_or_wallet="Alipay", Account_number="mei@alipay")
    press(page, "Save")
    press(page, "Withdraw")
    expect(page.get_by_text("Waits for somebody of the alliance")).to_be_visible()


def pays_out(sits_down: Callable[..., Page], cast: Cast, payout: Payout) -> None:
    """At the desk: one releases it, the worker takes it on its way, another confirms it."""
    page = f"/admin/commissions/payout/{payout.pk}/"
    decides(sits_down(cast.finance), page, "release", "Released")
    eventually(lambda: Payout.objects.filter(pk=payout.pk, state="sending").exists())
    decides(sits_down(cast.finance2), page, "confirm", "Paid", rail_ref="ALI-77")


def decides(page: Page, thing: str, deed: str, done: str, **said: str) -> None:
    """Somebody at the desk takes a decision about a thing, on the page that asks for it."""
    page.goto(f"{thing}change/")
    page.locator(f"a[href$='{thing}{deed}/']").first.click()
    for name, text in said.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("form .desk-buttons button[type=submit], .desk-buttons button").first.click()
    expect(page.get_by_text(done).first).to_be_visible()


def test_a_season_from_its_plan_to_the_last_payout(web, sits_down):
    cast = cast_make()
    shop = Shop(web, cast)
    ops = sits_down(staff_make(StaffRole.OPS))
    second = sits_down(staff_make(StaffRole.OPS))

    # One plans the campaign and its coupons; another publishes it and opens them.
    begins = clock.now() + timedelta(hours=1)
    campaign = planned(ops, begins)
    page = f"/admin/campaigns/campaign/{campaign.pk}/"
    decides(second, page, "publish", "Scheduled")
    stock = f"/admin/campaigns/couponstock/{campaign.stocks.get().pk}/"
    decides(second, stock, "open", "The coupons can be claimed.")

    # It begins by itself.
    claimed = begins + timedelta(minutes=5)
    web.turn_to(claimed)
    tasks.campaigns_turn.delay()
    soon(ops, f"{page}change/", "Live")

    # Lin has a coupon page; a buyer claims a coupon there and buys with it.
    lin = sits_down(cast.lin)
    lin.goto(f"/affiliate/products/{cast.product.pk}/")
    address = lin.get_by_label("Your coupon page").input_value()
    ada = sits_down(viewport=PHONE)
    ada.goto(address)
    press(ada, "Claim the coupon")
    code = ada.get_by_label("Your coupon code").inner_text()
    bought = claimed + timedelta(minutes=5)
    web.turn_to(bought)
    line = {"external_id": "1", "product_external_id": "P1", "amount_minor": 16900}
    paid = {"placed_at": bought.isoformat(), "paid_at": bought.isoformat()}
    shop.report(ada, "S1", state="paid", coupon_code=code, lines=[line], **paid)
    soon(lin, "/affiliate/orders/", "S1")
    earned = Commission.objects.get()
    assert earned.line.attribution.rule == "coupon"

    # The month turns; Lin's money leaves.
    arrived = bought + timedelta(days=3)
    web.turn_to(arrived)
    shop.report(ada, "S1", state="received", received_at=arrived.isoformat(), **paid)
    soon(lin, "/affiliate/orders/", "Confirmed")
    settled = settlement_day(arrived)
    web.turn_to(settled)
    tasks.settlement_monthly.delay()
    soon(lin, "/affiliate/withdrawals/", earned.net.localized())
    web.turn_to(settled + timedelta(days=2))
    withdraws(lin)
    pays_out(sits_down, cast, Payout.objects.get())
    soon(lin, "/affiliate/withdrawals/", "reference ALI-77")
    assert verify() == []


def planned(ops: Page, begins: datetime) -> Campaign:
    """A super coupon for all products with twenty coupons, as its form suggests the rest."""
    ops.goto("/admin/campaigns/campaign/make/")
    ops.get_by_role("link", name="Super coupon").click()
    ops.get_by_label("Name").first.fill("618")
    ops.get_by_label("Budget (CNY)").fill("1000")
    ops.get_by_label("Starts").fill(begins.astimezone(clock.ZONE).strftime("%Y-%m-%dT%H:%M"))
    ops.get_by_label("All products").check(force=True)
    ops.get_by_role("button", name="Make the draft").click()
    expect(ops.get_by_text("Draft").first).to_be_visible()
    campaign = Campaign.objects.get()
    ops.goto(f"/admin/campaigns/campaign/{campaign.pk}/coupons/")
    ops.get_by_label("Coupons", exact=False).and_(ops.locator("input[type=number]")).fill("20")
    ops.get_by_role("button", name="Plan them").click()
    expect(ops.get_by_text("The coupons are planned.")).to_be_visible()
    return campaign
