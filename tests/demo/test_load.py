"""A small year, loaded as `make demo` loads the large one; and a walk through one of its shops."""

import re
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, Sum
from django.test import Client
from django.urls import reverse

from affiliates.models import Affiliate, Intermediation, Link, Relation, Site, Touch
from alliance.demo import load as demo
from alliance.demo.load import Occupied, Size, load
from alliance.demo.load.accounts import logins
from alliance.demo.people import PASSWORD
from alliance.kernel import clock
from alliance.kernel.models import AuditEvent, User
from campaigns.claims import left_in
from campaigns.models import (
    Campaign,
    CampaignState,
    Claim,
    CouponStock,
    Enrolment,
    Grant,
    SlateItem,
    Standing,
    Subsidy,
)
from commissions import tasks
from commissions.figures import waiting
from commissions.models import (
    BankStatement,
    Commission,
    Invoice,
    PayeeRole,
    Payout,
    Settlement,
    Statement,
    TopUp,
    VerifyRun,
    Violation,
)
from commissions.verify import verify
from merchants.models import Merchant, Order, OrderLine, Product

NOW = datetime(2026, 7, 8, 6, 30, tzinfo=UTC)  # half past two in the afternoon in Shanghai
SMALL = Size(orders=500, visits=60, shelf=1, claims=60)

pytestmark = pytest.mark.django_db


def test_a_database_with_other_people_in_it_is_left_alone(django_user_model):
    """Comes first: the tests below share one loaded year."""
    django_user_model.objects.create_user("somebody@else.example")
    with pytest.raises(Occupied):
        load(size=SMALL)
    assert User.objects.count() == 1


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The small year, loaded at the second attempt, for all tests of this module."""

    def cut(line):
        if "affiliates" in line:
            raise KeyboardInterrupt

    said: list[str] = []
    with django_db_blocker.unblock():
        with clock.at(NOW):
            with pytest.raises(KeyboardInterrupt):
                load(size=SMALL, say=cut)
            assert load(size=SMALL, say=said.append)
        yield said
        demo._wipe()


@pytest.fixture
def year(loaded, db):
    with clock.at(NOW):
        yield


def figures():
    return {
        model.__name__: model.objects.count()
        for model in (Order, Commission, Touch, Link, Product, TopUp, Payout, AuditEvent, User)
    }


def test_the_books_verify(year):
    assert verify() == []


def test_the_figures_are_the_same_everywhere(year):
    orders = OrderLine.objects.aggregate(
        orders=Count("order", distinct=True), paid=Sum("amount_minor"), back=Sum("refunded_minor")
    )
    by_state = dict(
        Commission.objects.standing()
        .order_by("standing")
        .values_list("standing")
        .annotate(n=Count("pk"))
    )
    settled = Settlement.objects.aggregate(
        months=Count("pk", distinct=True), net=Sum("shares__net_minor")
    )
    earned = Commission.objects.aggregate(due=Sum("commission_minor"), net=Sum("net_minor"))

    assert orders == {"orders": 523, "paid": 53_448_23, "back": 1_761_25}
    assert by_state == {
        "confirmed": 76,
        "estimated": 29,
        "settled": 350,
        "unfunded": 1,
        "void": 54,
    }
    assert settled == {"months": 11, "net": 3_762_16}
    assert earned == {"due": 5_728_66, "net": 4_963_71}


def test_a_second_load_changes_nothing(year):
    before = figures()

    assert load(size=SMALL) is False
    assert figures() == before


def test_progress_is_told_with_the_time_it_took(loaded):
    assert loaded[0] == "an earlier load was cut short: starting over"
    assert all(re.match(r" *\d+ s  .", line) for line in loaded[1:])
    assert any(line.endswith("08 Jul 2026: 500 of 500 orders") for line in loaded)
    assert loaded[-1].endswith("the books are checked")


def test_work_waits_at_the_desk(year):
    count = waiting()

    for queue in (
        "affiliates", "merchants", "sites", "top_ups", "payouts_to_release",
        "payouts_to_confirm", "refunds", "appeals",
    ):  # fmt: skip
        assert count[queue], queue


def test_the_books_are_in_full_swing(year):
    """Whatever the books can hold is there to be looked at."""
    for model in (Statement, Invoice, Violation, Subsidy, BankStatement, Relation, Intermediation):
        assert model.objects.exists(), model
    assert Commission.objects.filter(role=PayeeRole.PARTNER).exists()
    assert Commission.objects.filter(subsidy_minor__gt=0).exists()
    assert TopUp.objects.filter(state="received", credit__state="received").exists()
    assert VerifyRun.objects.get().faults == 0


def test_a_season_is_in_full_swing(year):
    """Of most kinds of campaigns one, in every state that people meet."""
    kinds = set(Campaign.objects.values_list("kind", flat=True))
    states = set(Campaign.objects.values_list("state", flat=True))
    stock = CouponStock.objects.get(state="open", campaign__kind="super_coupon")
    claims = Claim.objects.filter(stock=stock)

    assert len(kinds) >= 11
    assert states == set(CampaignState.values)
    assert claims.filter(state="used").count() >= 15
    assert claims.count() + left_in(stock) == stock.size == 2_000
    assert Grant.objects.filter(amount_minor__gt=0).exists()
    assert Standing.objects.filter(rank=1, orders__gt=0).exists()
    assert Enrolment.objects.filter(state="applied").count() == 1
    assert SlateItem.objects.filter(state="proposed").count() == 2
    assert Campaign.objects.filter(state="draft", agreed_at=None, merchant_bps__gt=0).count() == 1


def test_everybody_sees_the_season_on_their_pages(year, client):
    def page(login, address):
        client.force_login(User.objects.get(email=f"{login}@demo.example"))
        answer = client.get(address, headers={"accept-language": "zh"})
        assert answer.status_code == 200, address
        return answer.content.decode()

    task = Campaign.objects.get(name="稳赚任务 · 冲单周")
    board = Campaign.objects.get(kind="leaderboard")
    named = reverse("commissions:campaign", args=[task.pk])
    assert task.name in page("lin", reverse("commissions:campaigns"))
    assert "progress" in page("lin", named)
    assert "林小满" in page("lin", reverse("commissions:campaign", args=[board.pk]))
    assert "厨房焕新" in page("chen", reverse("commissions:merchant_campaigns"))
    for where in ("campaign", "season", "enrolment", "slateitem"):
        page("ops", reverse(f"admin:campaigns_{where}_changelist"))


def test_forty_shops_and_a_hundred_affiliates(year):
    assert Merchant.objects.filter(state="active").count() == 40
    assert Affiliate.objects.filter(state="active").count() == 97
    assert Site.objects.filter(state="approved").count() > 190
    # Two that are for the members of an exclusive plan since this morning.
    assert Product.objects.filter(rate_bps=0).count() == 2


def test_every_login_opens_its_door(year, client):
    for login in logins():
        fresh = Client()
        answer = fresh.post(
            reverse("account_login"), {"login": login["email"], "password": PASSWORD}, follow=True
        )
        assert answer.status_code == 200
        assert answer.redirect_chain, login


def test_the_demo_affiliate_has_money_to_withdraw_and_a_history(year):
    lin = Affiliate.objects.get(members__user__email="lin@demo.example")

    assert lin.payouts.filter(state="paid").exists()
    assert Commission.objects.settled().filter(affiliate=lin).exists()


def test_payouts_went_through_their_states_in_order(year):
    for payout in Payout.objects.all():
        moments = [payout.created_at, payout.released_at, payout.finished_at]
        known = [moment for moment in moments if moment]
        assert known == sorted(known)


def test_nothing_lies_in_the_future(year):
    assert not Order.objects.filter(placed_at__gt=NOW).exists()
    assert not AuditEvent.objects.filter(at__gt=NOW).exists()
    assert not Touch.objects.filter(touched_at__gt=NOW).exists()


def test_links_were_there_before_their_clicks(year):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM affiliates_touch t JOIN affiliates_link l ON l.id = t.link_id"
            " WHERE t.touched_at < l.created_at"
        )
        assert cursor.fetchone() == (0,)


def test_no_link_is_built_in_a_zone_once_it_is_frozen(year):
    case = Violation.objects.get(zone__isnull=False)
    older = Link.objects.filter(affiliate__created_at__lt=case.opened_at)

    late = older.filter(created_at__gte=case.opened_at).exclude(affiliate__name="林小满")
    assert not late.exists()


def test_addresses_follow_the_port(year, settings):
    def where(port):
        return Product.objects.filter(url__contains=f".localhost{port}/").count()

    everything = Product.objects.count()
    assert where(":8000") == everything
    settings.PUBLIC_URL = "http://localhost:8123"
    assert load(size=SMALL) is False
    assert where(":8123") == everything
    assert Link.objects.filter(url__contains=".localhost:8123/").exists()
    settings.PUBLIC_URL = "http://localhost:8000"
    load(size=SMALL)
    assert where(":8000") == everything


# --- In the shop -------------------------------------------------------------------------------


def test_a_visitor_walks_the_whole_road_of_an_order(year, monkeypatch):
    monkeypatch.setattr(tasks.orders_process, "delay_on_commit", tasks.orders_process)
    link = Link.objects.select_related("product").filter(paused_at=None).order_by("pk")[0]
    buyer = Client(
        enforce_csrf_checks=True, headers={"user-agent": "Mozilla/5.0 (X11) Firefox/140.0"}
    )
    shop = link.url.split("/")[2]

    landed = buyer.get(reverse("follow", args=[link.code]))
    address = landed["Location"].split(shop)[1]
    click_id = address.partition("click_id=")[2]
    page = buyer.get(address, headers={"host": shop})
    assert click_id in page.content.decode()

    def post(path, **data):
        token = buyer.cookies["csrftoken"].value
        sent = {**data, "csrfmiddlewaretoken": token}
        return buyer.post(path, sent, headers={"host": shop}, follow=False)

    bought = post(
        reverse("demo:buy", args=[link.product.external_id]), click_id=click_id, quantity="2"
    )
    order = Order.objects.get(click_id=click_id)
    commission = Commission.objects.get(line__order=order)
    assert commission.affiliate_id == link.affiliate_id
    assert (commission.state, commission.base_minor) == ("estimated", 2 * link.product.price_minor)

    page = buyer.get(bought["Location"], headers={"host": shop}).content.decode()
    assert order.external_id in page
    assert link.affiliate.name in page
    post(bought["Location"], what="arrived")
    commission.refresh_from_db()
    assert commission.state == "confirmed"
    for _twice in range(2):
        post(bought["Location"], what="return")
    commission.refresh_from_db()
    assert commission.commission_minor == 0
    assert verify() == []


def test_without_a_link_nobody_earns(year, client, monkeypatch):
    monkeypatch.setattr(tasks.orders_process, "delay_on_commit", tasks.orders_process)
    product = Product.objects.order_by("pk")[0]
    answer = client.post(
        reverse("demo:buy", args=[product.external_id]), {"quantity": "99x", "click_id": "<b>"}
    )
    number = answer["Location"].rstrip("/").rpartition("/")[2]
    order = Order.objects.get(external_id=number)

    assert order.click_id == ""
    assert order.processed_version == order.version
    assert not Commission.objects.filter(line__order=order).exists()
    assert "no commission is due" in client.get(answer["Location"]).content.decode()


def test_a_shop_needs_the_token_against_forged_posts(year):
    product = Product.objects.order_by("pk")[0]
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(reverse("demo:buy", args=[product.external_id])).status_code == 403


def test_orders_that_were_not_placed_here_stay_untouched(year, client):
    number = Order.objects.filter(external_id__startswith="2").first().external_id

    assert client.get(reverse("demo:order", args=[number])).status_code == 404
    assert client.post(reverse("demo:order", args=[number]), {"what": "return"}).status_code == 404
    assert client.get(reverse("demo:product", args=["P99999"])).status_code == 404


def test_pictures_are_drawn_and_kept_by_browsers(client):
    answer = client.get(reverse("demo:picture", args=["P00001"]))

    assert answer["Content-Type"].startswith("image/svg+xml")
    assert "max-age=" in answer["Cache-Control"]
    assert answer["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert answer.content.startswith(b"<svg")
    assert client.get(reverse("demo:picture", args=["P99999"])).status_code == 404


@pytest.mark.parametrize("orders", ["ten", "499", "-500", "1e4", "１０００"])
def test_a_size_that_makes_no_sense_is_refused_before_anything_is_loaded(orders, monkeypatch):
    monkeypatch.setenv("DEMO_ORDERS", orders)
    with pytest.raises(CommandError, match="a whole number from 500 to 100000"):
        call_command("demo_load")


def test_a_smaller_year_is_smaller_in_all():
    assert Size.of(12_000) == Size()
    assert Size.of(1_500) == Size(orders=1_500, visits=1_875, shelf=125, claims=30)
