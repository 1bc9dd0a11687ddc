"""Commission plans and their rates on the merchant's pages."""

from datetime import timedelta

import pytest

from alliance.kernel import clock
from merchants.models import Plan, Product, Terms
from merchants.services.terms import terms_announce
from merchants.tasks import rates_refresh
from tests.merchants.conftest import NOON
from tests.merchants.pages.room import said, url


def test_a_rate_is_announced_for_a_product_a_category_and_the_shop(room, product, category, plan):
    with clock.at(NOON + timedelta(minutes=1)):
        address = url("plan_rate", plan.pk)
        answer = room.post(f"{address}?product={product.pk}", {"rate": "15.5"}, follow=True)
        assert said(answer) == ["The new rate counts at once."]
        room.post(address, {"rate": "12", "category": "tea"})
        answer = room.post(address, {"rate": "5"}, follow=True)
        assert said(answer)[-1:] == ["The new rate counts from the next business day, 00:00."]
    announced = Terms.objects.order_by("pk").values_list("rate_bps", "product", "category")
    assert list(announced)[1:] == [
        (1550, product.pk, None),
        (1200, None, category.pk),
        (500, None, None),
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rate": "20"}, "Counts at once.</strong> On an order of CN¥100.00 you pay CN¥20.00"),
        ({"rate": "5"}, "Counts from Jun 2, 2026 00:00."),
        ({"rate": "1"}, "A commission rate lies between 1.5% and 90%."),
        ({"rate": "no"}, "Enter a number."),
    ],
)
def test_a_rate_shows_what_it_means_before_it_is_announced(room, plan, asked, words):
    answer = room.get(url("rate_preview", plan.pk), asked, headers={"HX-Request": "true"})
    assert words in answer.content.decode()
    assert Terms.objects.count() == 1


def test_plans_are_opened_and_ended(room, merchant):
    room.post(url("plan_new", "common"), {"name": "General", "rate": "8"})
    answer = room.post(
        url("plan_new", "mkt"),
        {"name": "618", "rate": "20", "starts_on": "2026-06-16", "ends_on": "2026-06-18"},
    )
    assert answer["Location"] == url("plans")
    made = Plan.objects.get(kind="MKT")
    assert (made.starts_at, made.ends_at) == (
        clock.day_start(made.starts_at.astimezone(clock.ZONE).date()),
        clock.day_start((NOON + timedelta(days=18)).date()),
    )
    room.post(url("plan_end", made.pk))
    made.refresh_from_db()
    assert made.state == "ended"
    text = room.get(url("plans")).content.decode()
    assert "Every announcement" in text


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("mkt", {"starts_on": "2026-05-31"}, "starts_on"),
        ("mkt", {"ends_on": "2026-06-15"}, "ends_on"),
        ("mkt", {"rate": "1"}, "rate"),
        ("mkt", {"rate": "91"}, "rate"),
        ("common", {"name": ""}, "name"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(room, kind, fields, field):
    form = {"name": "x", "rate": "9", "starts_on": "2026-06-16", "ends_on": "2026-06-18"}
    answer = room.post(url("plan_new", kind), {**form, **fields})
    assert field in answer.context["form"].errors
    assert not Plan.objects.exists()


def test_rates_of_a_new_day_come_by_themselves(room, product, plan):
    terms_announce(plan=plan, rate_bps=500, actor=None)
    with clock.at(NOON + timedelta(days=1)):
        rates_refresh()
    assert Product.objects.get().rate_bps == 500


def test_a_plan_of_a_merchant_without_one_is_offered(room, product):
    assert "Open a general plan" in room.get(url("plans")).content.decode()
    assert "There is no plan yet" in room.get(url("product", product.pk)).content.decode()
