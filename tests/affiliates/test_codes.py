"""Coupon codes that stand for an affiliate: bound, leaked, ended; and what they decide."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates import queries
from affiliates.attribution import attribute
from affiliates.explanations import explain
from affiliates.models import Affiliate, Attribution, CodeBinding, Site
from affiliates.services import code_bind, code_release, policy_set
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, MemberRole
from merchants.models import Coupon, MerchantMember, OrderLine
from tests.affiliates.conftest import START

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def decide(line: OrderLine) -> Attribution:
    lines = OrderLine.objects.select_related("order__merchant", "product").filter(pk=line.pk)
    return attribute(lines)[line.pk]


@pytest.fixture
def owner(make_user, shop):
    user = make_user()
    MerchantMember.objects.create(merchant=shop.merchant, user=user, role=MemberRole.OWNER)
    return user


@pytest.fixture
def make_coupon(shop):
    def make(code: str = "LIN10", at=shop, **facts) -> Coupon:
        return Coupon.objects.create(
            **{
                "merchant": at.merchant,
                "shop": at,
                "code": code,
                "face_minor": 1_000,
                "currency": "CNY",
                "starts_at": START - timedelta(days=30),
                "ends_at": START + timedelta(days=30),
                **facts,
            }
        )

    return make


@pytest.fixture
def bind(owner, make_coupon, now):
    """A code bound to an affiliate so long before START."""

    def make(affiliate: Affiliate, code: str = "LIN10", ago: timedelta = HOUR) -> CodeBinding:
        coupon = Coupon.objects.filter(code=code).first() or make_coupon(code)
        with clock.at(START - ago):
            return code_bind(actor=owner, coupon=coupon, affiliate=affiliate)

    return make


# --- Whose the order is ---


def test_an_order_with_the_code_is_the_affiliates_without_any_click(affiliate, bind, sell, terms):
    bind(affiliate)
    decision = decide(sell(coupon_code="LIN10"))
    assert (decision.rule, decision.affiliate) == ("code", affiliate)
    assert (decision.zone, decision.touch_id) == (affiliate.zone, None)
    assert (decision.rate_bps, decision.share_bps, decision.service_bps) == (1_200, 9_000, 0)
    assert explain(decision, viewer=affiliate)[:2] == [
        "The order used a coupon code that is bound to this affiliate.",
        "Coupon code LIN10, bound to you. It counts.",
    ]


SAME = [
    ("LIN10", "lin10"),
    ("LIN10", " Lin10 "),
    ("ＬＩＮ10", "lin10"),
    ("straße5", "STRASSE5"),
    ("STRAẞE5", "straße5"),
    ("Kılıç", "KILIÇ"),
]


@pytest.mark.parametrize(("code", "said"), SAME)
def test_shops_write_the_code_in_any_case(affiliate, bind, sell, terms, code, said):
    bind(affiliate, code)
    assert decide(sell(coupon_code=said)).affiliate == affiliate


def test_the_code_of_another_shop_says_nothing(affiliate, bind, sell, terms, make_shop, make_plan):
    bind(affiliate)
    other = make_shop("other.example")
    make_plan(other.merchant)
    decision = decide(sell(coupon_code="LIN10", at=other, bought=None))
    assert decision.receipt["why"] == "no_click_id"


def test_the_code_goes_before_a_click_of_somebody_else(
    affiliate, make_affiliate, make_link, product, bind, click, sell, terms
):
    other = make_link(make_affiliate(), product)
    touch = click(other)
    bind(affiliate)
    decision = decide(sell(touch.click_id, coupon_code="LIN10"))
    assert decision.affiliate == affiliate
    assert [seen["why"] for seen in decision.receipt["looked_at"]] == ["code", "code_won"]
    said = " ".join(explain(decision, viewer=other.affiliate))
    assert "A coupon code that is bound to another affiliate. It counts." in said
    assert "LIN10" not in said  # it is not theirs to spread
    assert affiliate.name not in said


def test_the_policy_may_put_the_click_first(
    affiliate, make_affiliate, make_link, product, bind, click, sell, terms, ops
):
    with clock.at(START - 2 * HOUR):
        policy_set(actor=ops, window_days=15, precedence="click_first", stand_down_seconds=5)
    bind(affiliate)
    touch = click(make_link(make_affiliate(), product))
    decision = decide(sell(touch.click_id, coupon_code="LIN10"))
    assert decision.touch == touch
    assert [seen["why"] for seen in decision.receipt["looked_at"]] == ["same_product", "click_won"]
    too_old = click(make_link(make_affiliate(), product), timedelta(days=16))
    assert decide(sell(too_old.click_id, coupon_code="LIN10")).affiliate == affiliate


def test_a_leaked_code_ends_and_earlier_orders_keep_it(affiliate, bind, sell, terms, owner, now):
    binding = bind(affiliate, ago=2 * HOUR)
    with clock.at(START - HOUR):
        code_release(actor=owner, binding=binding)
    before = decide(sell(coupon_code="LIN10", placed_at=START - HOUR - timedelta(seconds=1)))
    after = decide(sell(coupon_code="LIN10", placed_at=START - HOUR))
    early = decide(sell(coupon_code="LIN10", placed_at=START - 3 * HOUR))
    assert [one.affiliate for one in (before, after, early)] == [affiliate, None, None]
    assert (after.receipt["why"], early.receipt["why"]) == ("code_ended", "code_not_yet")
    assert "not bound to anybody any more" in explain(after, viewer=None)[0]


def test_a_code_that_changed_hands_is_whose_it_was_at_the_order(
    affiliate, make_affiliate, bind, sell, terms, owner
):
    next_one = make_affiliate()
    first = bind(affiliate, ago=3 * HOUR)
    with clock.at(START - 2 * HOUR):
        code_release(actor=owner, binding=first)
    bind(next_one, ago=HOUR)
    old = sell(coupon_code="LIN10", placed_at=START - 2.5 * HOUR)
    assert decide(old).affiliate == affiliate
    decision = decide(sell(coupon_code="LIN10"))
    assert decision.affiliate == next_one
    assert [seen["why"] for seen in decision.receipt["looked_at"]] == ["code", "code_ended"]


def test_a_code_of_an_affiliate_who_left_is_nobodys(affiliate, bind, sell, terms):
    bind(affiliate)
    Affiliate.objects.filter(pk=affiliate.pk).update(state="closed")
    decision = decide(sell(coupon_code="LIN10"))
    assert (decision.affiliate, decision.receipt["why"]) == (None, "affiliate_not_active")


def test_without_terms_a_code_earns_nothing_and_says_so(affiliate, bind, sell):
    bind(affiliate)
    decision = decide(sell(coupon_code="LIN10"))
    assert (decision.affiliate, decision.receipt["why"]) == (None, "no_terms")


def test_a_code_nobody_has_costs_no_more_than_one_statement(
    link, click, sell, terms, django_assert_num_queries
):
    line = sell(click(link).click_id, coupon_code="SUMMER")
    lines = list(OrderLine.objects.select_related("order__merchant", "product").filter(pk=line.pk))
    with django_assert_num_queries(16):  # without a visitor nobody looks further
        assert attribute(lines)[line.pk].affiliate == link.affiliate


# --- Binding ---


def test_only_the_merchants_own_team_binds(affiliate, make_coupon, make_user, viewer, now):
    for stranger in (make_user(), affiliate.owner):
        with pytest.raises(NotAllowed):
            code_bind(actor=stranger, coupon=make_coupon(f"A{stranger.pk}"), affiliate=affiliate)
    assert not CodeBinding.objects.exists()


@pytest.mark.parametrize(("code", "other"), [("LIN10", "lin10"), ("straße5", "STRASSE5")])
def test_a_code_stands_for_one_affiliate_at_a_time_in_whatever_case(
    affiliate, make_affiliate, make_coupon, bind, owner, code, other
):
    bind(affiliate, code)
    again = make_coupon(other)
    for coupon in (Coupon.objects.get(code=code), again):
        with pytest.raises(Invalid, match="is bound to"):
            code_bind(actor=owner, coupon=coupon, affiliate=make_affiliate())
    assert CodeBinding.objects.count() == 1


@pytest.mark.parametrize(
    "code", ["SUMMERSALE234567", "summ-ersa-le23-4567", "ＳＵＭＭＥＲＳＡＬＥ234567"]
)
def test_a_code_that_reads_like_a_claim_is_refused(affiliate, make_coupon, owner, now, code):
    with pytest.raises(Invalid, match="another length") as refused:
        code_bind(actor=owner, coupon=make_coupon(code), affiliate=affiliate)
    assert refused.value.field == "coupon"
    assert not CodeBinding.objects.exists()


def test_what_cannot_be_bound(affiliate, make_affiliate, make_coupon, owner, now):
    with pytest.raises(Invalid) as refused:
        code_bind(actor=owner, coupon=make_coupon(), affiliate=affiliate, starts_at=START - HOUR)
    assert refused.value.field == "starts_on"
    over = make_coupon("OVER", ends_at=START - HOUR)
    with pytest.raises(WrongState, match="over"):
        code_bind(actor=owner, coupon=over, affiliate=affiliate)
    Affiliate.objects.filter(pk=affiliate.pk).update(state="frozen")
    with pytest.raises(WrongState, match="not active"):
        code_bind(actor=owner, coupon=make_coupon("B"), affiliate=affiliate)
    homeless = make_affiliate()
    Site.objects.filter(affiliate=homeless).update(state="rejected", reason="no")
    with pytest.raises(WrongState, match="no ad zone"):
        code_bind(actor=owner, coupon=make_coupon("C"), affiliate=homeless)
    assert not CodeBinding.objects.exists()
    assert not AuditEvent.objects.filter(verb="code_binding.opened").exists()


def test_one_announced_and_taken_back_was_never_in_force(
    affiliate, make_coupon, sell, terms, owner, now
):
    binding = code_bind(
        actor=owner, coupon=make_coupon(), affiliate=affiliate, starts_at=START + HOUR
    )
    code_release(actor=owner, binding=binding)
    assert binding.ends_at == binding.starts_at
    now(hours=2)
    decision = decide(sell(coupon_code="LIN10", placed_at=START + HOUR))
    assert decision.receipt["why"] == "no_click_id"
    with pytest.raises(WrongState):
        code_release(actor=owner, binding=binding)


def test_the_database_keeps_a_binding_as_it_was_made(affiliate, bind, make_affiliate):
    binding = bind(affiliate)
    other = make_affiliate()
    wrongs = [
        lambda: CodeBinding.objects.filter(pk=binding.pk).update(affiliate=other),
        lambda: CodeBinding.objects.filter(pk=binding.pk)._raw_delete("default"),
        lambda: CodeBinding.objects.create(coupon=binding.coupon, affiliate=other, zone=other.zone),
    ]
    for wrong in wrongs:
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


# --- Pages ---


def test_a_bound_code_is_not_shown_to_other_affiliates(product, affiliate, make_coupon, bind):
    make_coupon("ALL", face_minor=500)
    bind(affiliate)
    assert queries.coupons_for_products([product])[product.pk].code == "ALL"


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_merchant_binds_and_ends_on_its_page(affiliate, make_coupon, owner, now):
    client, coupon = client_of(owner), make_coupon()
    said = {"coupon": coupon.pk, "affiliate": affiliate.pk, "starts_on": "2026-06-01"}
    assert client.post("/merchant/codes/", said).status_code == 302
    binding = CodeBinding.objects.get()
    assert (binding.affiliate, binding.starts_at) == (affiliate, START)
    page = client.get("/merchant/codes/").content.decode()
    assert affiliate.name in page
    assert "Active" in page
    assert client.post(f"/merchant/codes/{binding.pk}/end/").status_code == 302
    binding.refresh_from_db()
    assert binding.ends_at == START


def test_the_page_says_what_is_wrong_where_it_is_wrong(affiliate, make_coupon, owner, now):
    client, coupon = client_of(owner), make_coupon()
    said = {"coupon": coupon.pk, "affiliate": affiliate.pk, "starts_on": "2026-05-31"}
    assert "stay whose they are" in client.post("/merchant/codes/", said).content.decode()
    said = {"coupon": coupon.pk, "affiliate": 10**6, "starts_on": "2026-06-01"}
    page = client.post("/merchant/codes/", said).content.decode()
    assert "No active affiliate has this member id." in page
    assert not CodeBinding.objects.exists()


def test_another_merchants_coupon_cannot_be_bound(
    affiliate, make_coupon, make_shop, owner, bind, make_user, now
):
    other = make_shop("other.example")
    foreign = make_coupon("FOREIGN", at=other)
    said = {"coupon": foreign.pk, "affiliate": affiliate.pk, "starts_on": "2026-06-01"}
    assert client_of(owner).post("/merchant/codes/", said).status_code == 200
    assert not CodeBinding.objects.exists()
    binding = bind(affiliate)
    stranger = make_user()
    MerchantMember.objects.create(merchant=other.merchant, user=stranger, role=MemberRole.OWNER)
    assert client_of(stranger).post(f"/merchant/codes/{binding.pk}/end/").status_code == 404
    assert client_of(affiliate.owner).get("/merchant/codes/").status_code == 302


def test_an_affiliate_sees_their_codes_and_nobody_elses(affiliate, make_affiliate, bind, now):
    bind(affiliate)
    other = make_affiliate()
    bind(other, "OTHER5")
    page = client_of(affiliate.owner).get("/affiliate/codes/").content.decode()
    assert "LIN10" in page
    assert "OTHER5" not in page


def test_the_lists_take_as_many_statements_with_thirty_rows(affiliate, bind, owner, now):
    bind(affiliate)
    pages = [
        (client_of(owner), "/merchant/codes/"),
        (client_of(affiliate.owner), "/affiliate/codes/"),
    ]
    counts = []
    for more in (0, 30):
        for i in range(more):
            bind(affiliate, f"C{i}")
        for client, address in pages:
            with CaptureQueriesContext(connection) as seen:
                assert client.get(address).status_code == 200
            counts.append(len(seen))
    assert counts[:2] == counts[2:]
