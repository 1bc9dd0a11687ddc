"""The terms of attribution: dated, kept by the orders of their time, and what they bar."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from affiliates.attribution import attribute
from affiliates.explanations import explain
from affiliates.models import Attribution, AttributionPolicy, Precedence, StandDown
from affiliates.queries import policy_now
from affiliates.services import policy_set
from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from alliance.kernel.models import AuditEvent
from merchants.models import OrderLine
from tests.affiliates.conftest import START, line_of

pytestmark = pytest.mark.django_db

USUAL = {"window_days": 15, "precedence": Precedence.CODE_FIRST, "stand_down_seconds": 5}


def decide(line: OrderLine) -> Attribution:
    lines = OrderLine.objects.select_related("order__merchant", "product").filter(pk=line.pk)
    return attribute(lines)[line.pk]


@pytest.fixture
def put(ops, now):
    """A policy that holds from so long before START on."""

    def make(ago: timedelta = timedelta(0), **terms) -> AttributionPolicy:
        with clock.at(START - ago):
            return policy_set(actor=ops, **{**USUAL, **terms})

    return make


def test_an_order_keeps_the_policy_of_the_moment_when_it_was_placed(link, click, sell, terms, put):
    short = put(timedelta(days=2), window_days=3)
    long = put(timedelta(days=1), window_days=30)
    old = click(link, timedelta(days=20))

    today = decide(sell(old.click_id))
    assert today.affiliate == link.affiliate
    assert today.receipt["policy"]["version"] == long.pk

    before = decide(sell(old.click_id, placed_at=START - timedelta(days=1, minutes=1)))
    assert before.affiliate is None
    assert before.receipt["policy"]["version"] == short.pk
    assert "more than 3 days before" in explain(before, viewer=None)[0]

    first = decide(sell(old.click_id, placed_at=START - timedelta(days=3)))
    assert first.receipt["policy"]["version"] == 0
    assert first.receipt["policy"]["window_days"] == 15


def test_the_receipt_says_by_which_version_and_with_which_figures(link, click, sell, terms, put):
    made = put(window_days=30, stand_down_seconds=10)
    said = explain(decide(sell(click(link).click_id)), viewer=None)
    assert (
        f"Version {made.pk} of the attribution policy: clicks count for 30 days, but not in the "
        "last 10 seconds before the order."
    ) in said


def test_a_receipt_from_before_there_were_policies_is_still_readable(link, click, sell, terms):
    decision = decide(sell(click(link, timedelta(days=16)).click_id))
    decision.receipt["window_days"] = decision.receipt.pop("policy")["window_days"]
    del decision.receipt["rules"]
    decision.receipt["policy"] = 3
    said = explain(decision, viewer=None)
    assert said[0].startswith("The click was more than 15 days before the order")
    assert not [sentence for sentence in said if "policy" in sentence]


def test_an_announced_policy_waits_for_its_day(ops, now):
    made = policy_set(actor=ops, **USUAL | {"window_days": 7}, starts_at=START + timedelta(days=1))
    assert policy_now().window_days == 15
    now(days=1)
    assert policy_now() == made


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"window_days": 0}, "window_days"),
        ({"window_days": 91}, "window_days"),
        ({"stand_down_seconds": 601}, "stand_down_seconds"),
        ({"precedence": "coin_toss"}, "precedence"),
        ({"starts_at": START - timedelta(seconds=1)}, "starts_on"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(ops, now, wrong, field):
    with pytest.raises(Invalid) as refused:
        policy_set(actor=ops, **{**USUAL, **wrong})
    assert refused.value.field == field
    assert not AttributionPolicy.objects.exists()
    assert not AuditEvent.objects.filter(verb="attribution_policy.set").exists()


def test_the_desk_says_beside_the_day_that_it_is_too_early(ops, now, client):
    client.force_login(ops)
    address = "/admin/affiliates/attributionpolicy/new/"
    early = client.post(address, {**USUAL, "starts_on": "2026-05-31"})
    assert early.context["form"].errors["starts_on"] == [
        "Orders that were placed keep their terms."
    ]
    client.post(address, {**USUAL, "starts_on": "2026-06-01"})
    assert AttributionPolicy.objects.get().starts_at == START


def test_the_database_keeps_a_policy_as_it_was_set(put, sql):
    put()
    with pytest.raises(IntegrityError), transaction.atomic():
        sql("UPDATE affiliates_attributionpolicy SET window_days = 90")
    with pytest.raises(IntegrityError), transaction.atomic():
        sql("DELETE FROM affiliates_attributionpolicy")


# --- Stand-down ---


@pytest.fixture
def poached(make_affiliate, make_link, product, click):
    """A buyer who came through one affiliate, and whose browser clicked for another at the till."""
    brought, extension = (make_link(make_affiliate(), product) for _i in range(2))
    click(brought, timedelta(hours=2), visitor_key="v")
    return brought, click(extension, timedelta(seconds=3), visitor_key="v")


def test_a_click_seconds_before_the_order_leaves_it_to_the_one_before(poached, sell, terms):
    brought, fired = poached
    line = sell(fired.click_id)
    decision = decide(line)
    assert decision.affiliate == brought.affiliate
    seen = {one["click_id"]: one["why"] for one in decision.receipt["looked_at"]}
    assert seen[fired.click_id] == "stand_down"
    said = explain(decision, viewer=fired.affiliate)
    assert "it came less than 5 seconds before the order" in said[3]

    noted = StandDown.objects.get()
    assert (noted.order, noted.touch_id, noted.affiliate) == (line.order, fired.pk, fired.affiliate)
    assert (noted.zone_id, noted.after_ms) == (fired.zone_id, 3_000)


def test_a_suspicion_is_noted_once_however_many_lines_come(poached, sell, terms, product):
    _brought, fired = poached
    line = sell(fired.click_id)
    decide(line)
    decide(line_of(line.order, product))
    assert StandDown.objects.count() == 1


def test_with_nobody_before_it_the_order_is_nobodys_and_says_why(link, click, sell, terms):
    decision = decide(sell(click(link, timedelta(seconds=4)).click_id))
    assert decision.affiliate is None
    assert decision.receipt["why"] == "stand_down"
    assert "less than 5 seconds before the order" in explain(decision, viewer=None)[0]


def test_the_stand_down_can_be_switched_off(poached, sell, terms, put):
    _brought, fired = poached
    put(stand_down_seconds=0)
    assert decide(sell(fired.click_id)).affiliate == fired.affiliate
    assert not StandDown.objects.exists()
