"""Coupons at the desk: planned, opened, watched, closed, discarded."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from alliance.kernel import clock
from alliance.kernel.money import cny
from campaigns.claims import Through, claim
from campaigns.models import Campaign, Refusal
from commissions import chart, ledger
from commissions.tasks import coupons_turn
from commissions.verify import verify
from tests.desk.campaigns.world import DESK, make, publish, published, typed

pytestmark = pytest.mark.django_db(transaction=True)


STOCKS = "/admin/campaigns/couponstock/"
STOCKS_TO_OPEN = f"{STOCKS}?state__exact=draft&campaign__state__in=scheduled,live,paused"


def test_coupons_are_planned_opened_watched_and_closed(cast, ops, second):
    made = published(ops, second, kind="super_coupon", budget_minor="1000")
    ops.post(f"{DESK}{made.pk}/coupons/", {"size": "10", "mode": "first"})
    stock = made.stocks.get()
    assert (stock.state, stock.size, stock.product) == ("draft", 10, None)
    assert "not open yet" in ops.get(f"{DESK}{made.pk}/change/").content.decode()

    ops.post(f"{STOCKS}{stock.pk}/open/")
    stock.refresh_from_db()
    assert stock.state == "open"
    assert ledger.balance(chart.coupons(made.pk), "CNY") == stock.total
    link = cast.link
    taken = claim(
        stock_id=stock.pk,
        buyer_key="b",
        request_key="r",
        through=Through(
            link_id=link.pk,
            affiliate_id=cast.affiliate.pk,
            zone_id=cast.zone.pk,
            shop_id=cast.shop.pk,
            product_id=cast.product.pk,
        ),
    )
    assert taken.holds
    Refusal.objects.create(campaign=made, minute=clock.now(), reason="sold_out", count=7)
    cache.clear()
    live = ops.get(f"{DESK}{made.pk}/monitor/").context["live"]
    assert (live.coupons, live.coupons_left, live.claimed_percent) == (10, 9, 10)
    assert live.minutes[-1].claims == 1
    assert [(str(reason), count) for reason, count in live.refusals] == [("sold out", 7)]

    ops.post(f"{STOCKS}{stock.pk}/close/")
    stock.refresh_from_db()
    assert stock.state == "closed"
    with clock.at(clock.now() + timedelta(minutes=1)):
        coupons_turn()
    # The coupon in the buyer's hand stays good; the others' worth is the budget's again.
    assert ledger.balance(chart.coupons(made.pk), "CNY").minor == taken.face_minor
    assert verify() == []


def test_a_campaign_of_coupons_without_coupons_says_so_before_it_is_published(cast, ops):
    made = make(ops, "super_coupon", all_products="on", budget_minor="1000")
    found = ops.get(f"{DESK}{made.pk}/publish/").context["conflicts"]
    assert [(one.code, one.stops) for one in found] == [("stock", False)]

    page = ops.get(f"{DESK}{made.pk}/coupons/").content.decode()
    assert "autocomplete.js" in page  # the product is chosen from a list that is searched
    ops.post(f"{DESK}{made.pk}/coupons/", {"size": "10", "mode": "first"})
    assert ops.get(f"{DESK}{made.pk}/publish/").context["conflicts"] == []


def test_the_first_page_says_which_drafts_and_coupons_wait(cast, ops, second):
    def waiting(client: Client) -> tuple[int, int]:
        found = client.get("/admin/").context["queues"]
        counts = {queue["url"]: queue["count"] for queue in found}
        return counts[f"{DESK}?state__exact=draft"], counts[STOCKS_TO_OPEN]

    made = make(ops, "super_coupon", all_products="on", budget_minor="1000")
    ops.post(f"{DESK}{made.pk}/coupons/", {"size": "10", "mode": "first"})
    cache.clear()
    assert waiting(second) == (1, 0)  # no coupon is opened before its campaign is published
    publish(second, made)

    assert waiting(ops) == (0, 1)
    assert list(ops.get(STOCKS_TO_OPEN).context["cl"].result_list) == [made.stocks.get()]
    ops.post(f"{STOCKS}{made.stocks.get().pk}/open/")
    assert waiting(ops) == (0, 0)


def test_planned_coupons_follow_the_rules_and_are_discarded_alone_or_with_their_draft(cast, ops):
    made = make(ops, "super_coupon", all_products="on", budget_minor="1000")
    page = ops.get(f"{DESK}{made.pk}/coupons/").content.decode()
    assert "holds about 125: on average one is worth CN¥8.00" in page
    for size in ("100", "10"):
        answer = ops.post(f"{DESK}{made.pk}/coupons/", {"size": size, "mode": "first"})
        assert answer["Location"] == f"{DESK}{made.pk}/change/"  # nothing to open yet
    large, small = made.stocks.order_by("pk")
    assert large.total_minor == 800_00

    ops.post(f"{STOCKS}{large.pk}/discard/")
    assert list(made.stocks.all()) == [small]
    changed = typed(ops.get(f"{DESK}{made.pk}/edit/").context["form"])
    ops.post(f"{DESK}{made.pk}/edit/", changed | {"rule_valid_hours": "2"})
    small.refresh_from_db()
    assert small.valid_minutes == 120
    assert "2 hours" in ops.get(f"{STOCKS}{small.pk}/change/").content.decode()
    ops.post(f"{DESK}{made.pk}/discard/")
    assert not Campaign.objects.exists()
    assert verify() == []


def test_open_coupons_are_not_discarded(cast, ops, second):
    made = published(ops, second, kind="super_coupon", budget_minor="1000")
    ops.post(f"{DESK}{made.pk}/coupons/", {"size": "10", "mode": "first"})
    stock = made.stocks.get()
    ops.post(f"{STOCKS}{stock.pk}/open/")

    ops.post(f"{STOCKS}{stock.pk}/discard/")
    assert made.stocks.get().state == "open"


def test_more_coupons_than_the_budget_holds_are_not_opened(cast, ops, second):
    made = published(ops, second, kind="super_coupon", budget_minor="10")
    ops.post(f"{DESK}{made.pk}/coupons/", {"size": "100", "mode": "first"})
    stock = made.stocks.get()
    assert ops.post(f"{STOCKS}{stock.pk}/open/").status_code >= 400

    stock.refresh_from_db()
    assert stock.state == "draft"
    assert ledger.balance(chart.coupons(made.pk), "CNY") == cny("0.00")


def test_a_campaign_without_coupons_offers_none(cast, ops):
    made = make(ops)
    paths = {one["path"] for one in ops.get(f"{DESK}{made.pk}/change/").context["actions_detail"]
             if "path" in one}  # fmt: skip
    assert f"{DESK}{made.pk}/coupons/" not in paths
    answer = ops.post(f"{DESK}{made.pk}/coupons/", {"size": "5", "mode": "first"})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not made.stocks.exists()


def test_the_coupons_of_all_time_slots_are_planned_and_opened_at_once(cast, ops, second):
    made = published(
        ops, second, kind="freebie", budget_minor="5000", rule_winners="5",
        ends_at="2026-06-04T00:00",
    )  # fmt: skip
    page = ops.get(f"{DESK}{made.pk}/coupons/")
    assert set(page.context["form"].fields) == {"product"}
    assert "30 coupons in 6 time slots, worth CN¥3,000.00 at most" in page.content.decode()

    answer = ops.post(f"{DESK}{made.pk}/coupons/", {"product": cast.product.pk})
    assert answer["Location"] == f"{DESK}{made.pk}/change/"
    slots = made.stocks.order_by("opens_at")
    # It is noon of the first day: the slot of ten in the morning is over.
    assert [f"{slot.opens_at.astimezone(clock.ZONE):%d %H:%M}" for slot in slots] == [
        "01 20:00", "02 10:00", "02 20:00", "03 10:00", "03 20:00",
    ]  # fmt: skip
    assert {(slot.size, slot.product, slot.state) for slot in slots} == {(5, cast.product, "draft")}
    again = ops.post(f"{DESK}{made.pk}/coupons/", {"product": cast.product.pk})
    assert "No time slot is left" in again.content.decode()

    ticked = {"action": "open", "_selected_action": [slot.pk for slot in slots]}
    asked = ops.post(STOCKS, ticked)
    assert dict(asked.context["summary"]) == {
        "coupons": "25",
        "worth of all of them": "CN¥2,500.00",
    }
    ops.post(STOCKS, {**ticked, "decided": "1"})
    assert set(made.stocks.values_list("state", flat=True)) == {"open"}
    assert ledger.balance(chart.coupons(made.pk), "CNY") == cny("2500.00")
    assert verify() == []
