"""Money that runs low: a mail, then plans that pause, then all goes on; and affiliates see it."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from affiliates import queries as affiliate_queries
from affiliates.services import link_create
from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from alliance.kernel.models import AuditEvent, MemberRole
from alliance.kernel.money import cny
from alliance.kernel.tasks import mails_send
from commissions import chart, queries, tasks
from commissions.services import funding, wallets
from commissions.verify import verify
from merchants.models import Coverage, Merchant, MerchantMember
from merchants.services.products import ProductData, product_save
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


def made(wallet):
    with clock.at(MAY - timedelta(days=1)):
        return cast_make(wallet=wallet)


@pytest.fixture(autouse=True)
def _in_may():
    with clock.at(MAY):
        yield
    assert verify() == []


def merchant_of(cast):
    return Merchant.objects.get(pk=cast.merchant.pk)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def mails(mailoutbox):
    """Sends what is due; of it, what is about how far the wallet reaches."""

    def sent():
        mails_send()
        others = (" is approved", " is in the wallet")
        return [mail for mail in mailoutbox if not mail.subject.endswith(others)]

    return sent


def subjects(mails):
    return [mail.subject for mail in mails()]


LOW = "Your wallet is running low: ¥12.24 left"
PAUSED = "Your plans are paused: the wallet of Chen Home is empty"
RESUMED = "Your plans are offered again"


def test_a_low_wallet_is_told_once_until_it_recovers(mails):
    cast = made("60.00")
    cast.sold("T1")
    cast.sold("T2")  # 47.76 in a week, 12.24 left
    for _again in range(3):
        tasks.funding_review()
    assert [s.replace("CN", "") for s in subjects(mails)] == [LOW]
    assert mails()[0].to == ["chen@test.example"]
    assert merchant_of(cast).low_balance_told_at == MAY

    cast.top_up("1000.00")
    tasks.funding_review()
    assert merchant_of(cast).low_balance_told_at is None
    funding.low_balance_set(actor=cast.chen, merchant=merchant_of(cast), threshold=cny("2000.00"))
    tasks.funding_review()
    tasks.funding_review()
    assert len(mails()) == 2


def test_everybody_of_the_team_is_told_in_their_own_language(mails):
    cast = made("60.00")
    german = user_make(language="de")
    MerchantMember.objects.create(merchant=cast.merchant, user=german, role=MemberRole.VIEWER)
    gone = user_make(is_active=False)
    MerchantMember.objects.create(merchant=cast.merchant, user=gone, role=MemberRole.VIEWER)
    cast.sold("T1")
    cast.sold("T2")
    tasks.funding_review()

    assert [mail.to for mail in mails()] == [["chen@test.example"], [german.email]]
    assert "12,24" in mails()[1].subject


def test_a_threshold_of_its_own_begins_the_warning(mails):
    cast = made("100.00")
    tasks.funding_review()
    assert mails() == []
    signed_in(cast.chen).post(reverse("commissions:wallet_warning"), {"threshold": "100.01"})
    tasks.funding_review()

    assert merchant_of(cast).low_balance_minor == 10001
    assert len(mails()) == 1
    page = signed_in(cast.chen).get(reverse("commissions:wallet")).content.decode()
    assert "Your wallet has" in page


def test_without_money_the_plans_pause_and_a_top_up_ends_that(mails):
    cast = made("30.00")
    cast.sold("T1")
    cast.sold("T2")  # waits
    tasks.funding_review()
    tasks.funding_review()
    assert merchant_of(cast).funding_paused_at == MAY
    assert subjects(mails) == [PAUSED]
    assert not affiliate_queries.products_offered(affiliate_queries.Wish(), size=1).products
    with pytest.raises(WrongState, match="has run out"):
        link_create(actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=product(cast))

    cast.top_up("500.00")
    tasks.merchant_funded(cast.merchant.pk)
    assert merchant_of(cast).funding_paused_at is None
    assert cast.commission("T2").state == "estimated"
    assert affiliate_queries.products_offered(affiliate_queries.Wish(), size=1).products
    assert subjects(mails) == [PAUSED, RESUMED]
    assert list(
        AuditEvent.objects.filter(verb__startswith="merchant.funding").values_list(
            "verb", flat=True
        )
    ) == ["merchant.funding_paused", "merchant.funding_resumed"]


def product(cast):
    return affiliate_queries.products_known().get(pk=cast.product.pk)


def test_a_click_before_or_during_the_pause_keeps_its_promise():
    cast = made("30.00")
    before = cast.click()
    cast.sold("T1")
    cast.sold("T2")
    tasks.funding_review()
    response = Client().get(f"/r/{cast.link.code}", HTTP_USER_AGENT="Mozilla/5.0 Firefox/140.0")
    assert response.status_code == 302  # the buyer arrives, and the click is on record
    during = response["Location"].split("click_id=")[1]
    cast.sold("T3", click_id=before)
    with clock.at(MAY + timedelta(hours=1)):
        cast.sold("T4", click_id=during)
    assert [cast.commission(n).state for n in ("T2", "T3", "T4")] == ["unfunded"] * 3

    cast.top_up("500.00")
    tasks.merchant_funded(cast.merchant.pk)
    assert [cast.commission(n).commission_minor for n in ("T2", "T3", "T4")] == [2388] * 3


def test_an_empty_wallet_pauses_and_a_credit_limit_ends_that():
    cast = made("0.00")
    tasks.funding_review()
    assert merchant_of(cast).coverage_now == Coverage.PAUSED
    wallets.credit_limit_set(actor=cast.finance, merchant=cast.merchant, limit=cny("50.00"))
    tasks.funding_review()

    assert merchant_of(cast).funding_paused_at is None
    cast.sold("T1")
    cast.sold("T2")
    assert cast.balance(chart.wallet(cast.merchant.pk)) == cny("-47.76")


def test_affiliates_read_why_their_links_wait():
    cast = made("30.00")
    lin = signed_in(cast.lin)
    assert "ran out" not in lin.get(reverse("affiliates:links")).content.decode()
    cast.sold("T1")
    cast.sold("T2")
    tasks.funding_review()
    links = lin.get(reverse("affiliates:links")).content.decode()
    page = lin.get(reverse("affiliates:product", args=[cast.product.pk])).content.decode()

    assert "The money of Chen Home for commissions ran out on May 10, 2026" in links
    assert "Waits for the merchant" in links
    assert "has run out, so nothing new of it can be promoted" in page
    assert "Paused: out of money" in page


@pytest.mark.parametrize(
    ("wallet", "coverage"),
    [
        ("47.75", Coverage.LOW),  # 23.87 left at 23.88 a week: six days
        ("47.76", Coverage.WEEK),
        ("71.64", Coverage.WEEKS),
        ("130.00", Coverage.AMPLE),
    ],
)
def test_coverage_says_how_long_the_money_lasts(wallet, coverage):
    cast = made(wallet)
    cast.sold("T1")  # 23.88 in this week
    tasks.funding_review()

    assert merchant_of(cast).coverage == coverage


def test_a_merchant_that_spends_nothing_is_amply_covered():
    cast = made("1.00")
    tasks.funding_review()

    assert merchant_of(cast).coverage == Coverage.AMPLE


def test_the_forecast_knows_both_paces():
    with clock.at(MAY - timedelta(days=21)):
        cast = cast_make(wallet="1000.00")
    with clock.at(MAY - timedelta(days=20)):
        cast.sold("T1")
        cast.sold("T2")
    cast.sold("T3")
    state = queries.wallet_of(cast.merchant)

    assert (state.weekly, state.monthly) == (cny("23.88"), cny("71.64"))
    left = 100000 - 7164
    assert (state.days_weekly, state.days_monthly) == (left * 7 // 2388, left * 30 // 7164)


def test_money_paid_in_or_given_back_is_no_spending():
    cast = made("100.00")
    cast.sold("T1")
    cast.record(cast.report("T1", state="void", lines=(), void_at=MAY))
    cast.top_up("50.00")
    state = queries.wallet_of(cast.merchant)

    assert (state.weekly, state.days_weekly) == (cny("0.00"), None)


def test_the_list_of_products_shows_coverage_without_asking_more():
    cast = made("1000.00")
    tasks.funding_review()
    client = signed_in(cast.lin)
    url = reverse("affiliates:products")
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert "Funded: 30 days or more" in client.get(url).content.decode()
    for number in range(2, 12):
        data = ProductData(
            external_id=f"P{number}", title=f"杯 {number}", price_minor=1000,
            url=f"https://shop.chen.example/p/{number}",
        )  # fmt: skip
        product_save(shop=cast.shop, data=data, actor=cast.chen)
    with CaptureQueriesContext(connection) as many:
        page = client.get(url).content.decode()

    assert page.count("Funded: 30 days or more") >= 11
    assert len(many) == len(one)


def test_a_review_of_many_merchants_is_one_look():
    cast = made("1000.00")
    tasks.funding_review()
    with CaptureQueriesContext(connection) as asked:
        tasks.funding_review()

    assert len(asked) == 2  # the merchants, and what the books say of them
    assert merchant_of(cast).coverage == Coverage.AMPLE
