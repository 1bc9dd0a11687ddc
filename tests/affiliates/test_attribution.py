"""Whose order it is: each reason, each edge, and a naive reference that must always agree."""

from datetime import timedelta

import pytest
from django.utils import translation

from affiliates.attribution import SHOWN, attribute
from affiliates.explanations import DECISIONS, DEFEATS, explain
from affiliates.models import (
    Affiliate,
    AffiliateKind,
    Attribution,
    AttributionRule,
    Touch,
    Visitor,
)
from alliance.kernel import clock
from merchants.models import OrderLine, Terms
from merchants.services.products import ProductData, product_save
from tests.affiliates.conftest import START, line_of

pytestmark = pytest.mark.django_db


def decide(line: OrderLine) -> Attribution:
    lines = OrderLine.objects.select_related("order__merchant", "product").filter(pk=line.pk)
    return attribute(lines)[line.pk]


# --- Somebody's ---


def test_the_last_click_on_the_product_gets_the_order(link, click, sell, terms, affiliate):
    touch = click(link)
    decision = decide(sell(touch.click_id))

    assert decision.rule == AttributionRule.SAME_PRODUCT
    assert (decision.affiliate, decision.zone) == (affiliate, affiliate.zone)
    assert (decision.touch, decision.terms, decision.plan) == (touch, terms, terms.plan)
    assert (decision.rate_bps, decision.share_bps) == (1_200, 9_000)
    assert decision.decided_at == START
    assert decision.receipt == {
        "rules": 6,
        "policy": {
            "version": 0,
            "window_days": 15,
            "precedence": "code_first",
            "stand_down_seconds": 5,
        },
        "identity": "click_id",
        "looked_at": [
            {
                "click_id": touch.click_id,
                "affiliate_id": affiliate.pk,
                "touched_at": "2026-06-01T03:00:00+00:00",
                "product_id": link.product_id,
                "verdict": "won",
                "why": "same_product",
            }
        ],
        "more": 0,
        "why": "same_product",
        "terms": [
            {
                "code": "chosen",
                "plan": "General",
                "kind": "COMMON",
                "scope": "everything",
                "rate_bps": 1_200,
            }
        ],
        "parts": [],
    }


def test_a_decision_is_made_once(link, click, sell, terms, django_assert_num_queries):
    line = sell(click(link).click_id)
    first = decide(line)
    Affiliate.objects.update(share_bps=1)
    with django_assert_num_queries(2):  # the line and its decision
        assert decide(line) == first
    assert Attribution.objects.count() == 1


def test_an_agreed_share_counts_even_when_it_is_nothing(
    make_affiliate, make_link, product, click, sell, terms
):
    for share in (5_500, 0):
        affiliate = make_affiliate(kind=AffiliateKind.KA, share_bps=share)
        touch = click(make_link(affiliate, product))
        assert decide(sell(touch.click_id)).share_bps == share


def test_another_product_of_the_shop_counts_with_the_terms_of_the_bought_one(
    link, click, sell, terms, make_product
):
    bought = make_product()
    dearer = Terms.objects.create(
        plan=terms.plan,
        product=bought,
        rate_bps=3_000,
        starts_at=START - timedelta(days=9),
        created_at=START - timedelta(days=9),
    )
    decision = decide(sell(click(link).click_id, bought=bought))
    assert (decision.rule, decision.terms) == (AttributionRule.SAME_SHOP, dearer)
    assert decision.rate_bps == 3_000


def test_a_line_whose_product_is_unknown_has_the_terms_of_the_whole_shop(link, click, sell, terms):
    decision = decide(sell(click(link).click_id, bought=None))
    assert (decision.rule, decision.rate_bps) == (AttributionRule.SAME_SHOP, 1_200)


def test_the_terms_are_those_at_the_click_not_at_the_order(link, click, sell, terms):
    since = START - timedelta(minutes=30)
    Terms.objects.create(plan=terms.plan, rate_bps=200, starts_at=since, created_at=since)
    before, after = click(link), click(link, timedelta(minutes=30))
    assert decide(sell(before.click_id)).rate_bps == 1_200
    assert decide(sell(after.click_id)).rate_bps == 200


def test_the_category_is_the_one_at_the_click_not_at_the_order(
    make_link, affiliate, make_product, category, click, sell, terms, shop
):
    bought = make_product(category=category)
    dearer = Terms.objects.create(
        plan=terms.plan, category=category, rate_bps=3_000,
        starts_at=terms.starts_at, created_at=terms.starts_at,
    )  # fmt: skip
    touch = click(make_link(affiliate, bought))
    with clock.at(START - timedelta(minutes=30)):
        moved = ProductData(bought.external_id, bought.title, bought.url, 19_900, category="")
        product_save(shop=shop, data=moved, actor=None)
    decision = decide(sell(touch.click_id, bought=bought))
    assert (decision.terms, decision.rate_bps) == (dearer, 3_000)


def test_of_two_affiliates_the_later_click_wins(
    make_affiliate, make_link, product, click, sell, terms
):
    early, late = (make_link(make_affiliate(), product) for _i in range(2))
    first = click(early, timedelta(hours=2), visitor_key="v")
    second = click(late, visitor_key="v")
    for reported in (first, second):
        decision = decide(sell(reported.click_id))
        assert decision.affiliate == late.affiliate
        assert decision.receipt["identity"] == "visitor"
        looked_at = decision.receipt["looked_at"]
        assert {(seen["click_id"], seen["verdict"], seen["why"]) for seen in looked_at} == {
            (first.click_id, "lost", "later_click"),
            (second.click_id, "won", "same_product"),
        }


def test_a_click_on_the_product_beats_a_later_one_on_its_neighbour(
    make_affiliate, make_link, product, make_product, click, sell, terms
):
    on_it = make_link(make_affiliate(), product)
    beside = make_link(make_affiliate(), make_product())
    click(on_it, timedelta(days=14), visitor_key="v")
    later = click(beside, visitor_key="v")
    decision = decide(sell(later.click_id))
    assert decision.affiliate == on_it.affiliate
    assert decision.receipt["looked_at"][1]["why"] == "product_click_won"


def test_lines_of_one_order_may_belong_to_different_affiliates(
    make_affiliate, make_link, product, make_product, click, sell, terms
):
    other = make_product()
    first, second = make_link(make_affiliate(), product), make_link(make_affiliate(), other)
    click(first, timedelta(hours=2), visitor_key="v")
    line = sell(click(second, visitor_key="v").click_id)
    assert decide(line).affiliate == first.affiliate
    assert decide(line_of(line.order, other)).affiliate == second.affiliate


def test_without_a_visitor_key_only_the_reported_click_is_known(
    link, click, sell, terms, make_link, make_affiliate, product
):
    reported = click(link, timedelta(hours=2))
    click(make_link(make_affiliate(), product))
    assert decide(sell(reported.click_id)).affiliate == link.affiliate


@pytest.mark.parametrize(
    ("ago", "wins"),
    [
        (timedelta(0), False),
        (timedelta(seconds=5, microseconds=-1), False),
        (timedelta(seconds=5), True),
        (timedelta(days=15), True),
        (timedelta(days=15, microseconds=1), False),
        (timedelta(microseconds=-1), False),
    ],
)
def test_the_edges_of_the_window(link, click, sell, terms, ago, wins):
    for key in ("", "v"):
        decision = decide(sell(click(link, ago, visitor_key=key).click_id))
        assert (decision.rule == AttributionRule.SAME_PRODUCT) == wins


def test_an_old_click_still_tells_who_the_buyer_is(link, click, sell, terms):
    old = click(link, timedelta(days=20), visitor_key="v")
    fresh = click(link, timedelta(days=2), visitor_key="v")
    assert decide(sell(old.click_id)).touch == fresh


def test_a_frozen_affiliate_keeps_the_order_of_a_click_from_before(link, click, sell, terms):
    touch = click(link)
    Affiliate.objects.update(state="frozen")
    assert decide(sell(touch.click_id)).affiliate == link.affiliate


# --- Nobody's ---


def nobodys(decision: Attribution, why: str) -> None:
    assert decision.rule == AttributionRule.NONE
    assert decision.receipt["why"] == why
    assert (decision.affiliate, decision.touch_id, decision.plan, decision.terms) == (None,) * 4
    assert (decision.rate_bps, decision.share_bps) == (0, 0)
    assert explain(decision, viewer=None)[0] == str(DECISIONS[why]) % {"days": 15, "seconds": 5}


def test_nobodys_without_a_click_id(sell, terms):
    nobodys(decide(sell("")), "no_click_id")


def test_nobodys_with_an_invented_click_id(sell, terms):
    nobodys(decide(sell("invented")), "unknown_click")


def test_nobodys_when_the_click_led_to_another_shop(
    make_link, make_shop, make_product, affiliate, click, sell, terms
):
    elsewhere = make_product(shop=make_shop("other.example"))
    touch = click(make_link(affiliate, elsewhere), visitor_key="v")
    nobodys(decide(sell(touch.click_id)), "click_of_another_shop")


def test_nobodys_when_the_click_is_too_old(link, click, sell, terms):
    nobodys(decide(sell(click(link, timedelta(days=16)).click_id)), "too_old")


def test_nobodys_when_the_click_came_after_the_order(link, click, sell, terms):
    nobodys(decide(sell(click(link, timedelta(seconds=-1)).click_id)), "after_order")


@pytest.mark.parametrize("visitor", [Visitor.BOT, Visitor.PREVIEW])
def test_nobodys_when_no_person_clicked(link, click, sell, terms, visitor):
    touch = click(link, visitor=visitor, visitor_key="v")
    nobodys(decide(sell(touch.click_id)), "not_human")


def test_a_claim_counts_as_a_click(link, click, sell, terms):
    touch = Touch(kind="claim", click_id="claim", link=link, affiliate_id=link.affiliate_id)
    touch.zone_id, touch.shop_id, touch.touched_at = link.zone_id, link.shop_id, START
    touch.save()
    decision = decide(sell("claim"))
    assert (decision.rule, decision.touch) == ("same_shop", touch)


def test_nobodys_without_terms_at_the_click(link, click, sell, make_plan, shop):
    make_plan(shop.merchant, 1_200, since=START - timedelta(minutes=5))
    decision = decide(sell(click(link).click_id))
    nobodys(decision, "no_terms")
    assert decision.receipt["looked_at"][0]["verdict"] == "lost"


def test_nobodys_when_the_plan_takes_the_product_out(link, click, sell, make_plan, shop):
    make_plan(shop.merchant, 0)
    nobodys(decide(sell(click(link).click_id)), "no_terms")


def test_a_closed_affiliate_does_not_get_it_but_the_one_before_does(
    make_affiliate, make_link, product, click, sell, terms
):
    early, late = (make_link(make_affiliate(), product) for _i in range(2))
    first = click(early, timedelta(hours=2), visitor_key="v")
    click(late, visitor_key="v")
    Affiliate.objects.filter(pk=late.affiliate_id).update(state="closed")
    assert decide(sell(first.click_id)).affiliate == early.affiliate
    Affiliate.objects.update(state="closed")
    nobodys(decide(sell(first.click_id)), "affiliate_not_active")


# --- The receipt ---


def test_the_receipt_shows_twenty_clicks_the_winner_first_and_counts_the_rest(
    link, click, sell, terms, make_product, make_link, affiliate
):
    winner = click(link, timedelta(days=10), visitor_key="v")
    beside = make_link(affiliate, make_product())
    reported = click(beside, timedelta(days=9), visitor_key="v")
    for minutes in range(1, 31):
        click(beside, timedelta(minutes=minutes), visitor_key="v")
    receipt = decide(sell(reported.click_id)).receipt
    shown = [seen["click_id"] for seen in receipt["looked_at"]]
    assert len(shown) == SHOWN
    assert shown[:2] == [winner.click_id, reported.click_id]
    assert receipt["more"] == 12


def test_an_affiliate_reads_who_won_but_not_the_others_name(
    make_affiliate, make_link, product, click, sell, terms
):
    mine, theirs = (make_link(make_affiliate(), product) for _i in range(2))
    click(mine, timedelta(hours=2), visitor_key="v")
    decision = decide(sell(click(theirs, visitor_key="v").click_id))

    said = explain(decision, viewer=mine.affiliate)
    assert said[0] == "It was the last click on this product before the order."
    assert "through another affiliate. It counts." in said[2]
    assert "through you. It does not count: a later click counts instead." in said[3]
    assert not [
        s for s in said if theirs.affiliate.name in s or f"affiliate {theirs.affiliate_id}" in s
    ]
    assert (
        f"through {theirs.affiliate.name} ({theirs.affiliate_id})."
        in explain(decision, viewer=None)[2]
    )
    assert "12%" in said[-1]


BEATEN = {
    "later_click",
    "product_click_won",
    "coupon_won",
    "code_won",
    "click_won",
    "shop_click_won",
}  # by another


def test_every_reason_has_its_sentence():
    assert set(DECISIONS) >= set(DEFEATS) - BEATEN


@pytest.mark.parametrize("why", sorted({*DECISIONS, *DEFEATS}))
def test_every_reason_has_words_in_every_language(why):
    for table in (DECISIONS, DEFEATS):
        if why in table:
            said = set()
            for language in ("en", "de", "zh-hans"):
                with translation.override(language):
                    said.add(table[why] % {"days": 15, "seconds": 5, "version": 1})
            assert len(said) == 3
