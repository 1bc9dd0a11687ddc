"""The parts of others: who may agree on what, and what counted at the winning click."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from affiliates.attribution import attribute
from affiliates.explanations import explain
from affiliates.models import (
    Affiliate,
    AffiliateKind,
    Attribution,
    Intermediation,
    Relation,
    SpecialFee,
)
from affiliates.services import (
    intermediation_agree,
    intermediation_end,
    intermediation_open,
    relation_end,
    relation_open,
    site_special_fee_set,
)
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, MemberRole
from merchants.models import MerchantMember, OrderLine
from tests.affiliates.conftest import START

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def decide(line: OrderLine) -> Attribution:
    lines = OrderLine.objects.select_related("order__merchant", "product").filter(pk=line.pk)
    return attribute(lines)[line.pk]


def before(**ago):
    return clock.at(START - timedelta(**ago))


@pytest.fixture
def partner(make_affiliate) -> Affiliate:
    return make_affiliate()


@pytest.fixture
def tuan(make_affiliate) -> Affiliate:
    return make_affiliate(kind=AffiliateKind.TUANZHANG)


@pytest.fixture
def owner(make_user, shop):
    user = make_user()
    MerchantMember.objects.create(merchant=shop.merchant, user=user, role=MemberRole.OWNER)
    return user


# --- Agreements ---


def test_a_partner_is_set_ended_and_set_anew_with_its_trace(affiliate, partner, ops, now):
    first = relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=2_000)
    with pytest.raises(WrongState):
        relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=1_000)
    relation_end(actor=ops, relation=first)
    with pytest.raises(WrongState):
        relation_end(actor=ops, relation=first)
    relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=1_000)
    events = AuditEvent.objects.filter(object_type="affiliates.relation").order_by("pk")
    assert [event.verb for event in events] == [
        "relation.opened",
        "relation.ended",
        "relation.opened",
    ]
    assert Relation.objects.count() == 2


def test_there_are_two_paid_levels_at_most(make_affiliate, ops):
    a, b, c, d = (make_affiliate() for _i in range(4))
    relation_open(actor=ops, affiliate=b, partner=c, share_bps=1_000, below_bps=200)
    relation_open(actor=ops, affiliate=a, partner=b, share_bps=1_000)
    for affiliate, partner in ((c, d), (d, a)):  # above the top, below the bottom
        with pytest.raises(Invalid, match="third level"):
            relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=1_000)
    with pytest.raises(Invalid, match="detour"):
        relation_open(actor=ops, affiliate=c, partner=a, share_bps=1_000)
    relation_open(actor=ops, affiliate=d, partner=c, share_bps=1_000)  # beside, not below
    assert Relation.objects.count() == 3


def test_a_second_level_gets_its_part_out_of_the_partners(
    affiliate, partner, make_affiliate, ops, make_link, product, click, sell, terms, now
):
    top = make_affiliate()
    with before(days=2):
        relation_open(actor=ops, affiliate=partner, partner=top, share_bps=1_000, below_bps=500)
        relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=2_000)
    link = make_link(affiliate, product)
    decision = decide(sell(click(link).click_id))
    assert (decision.share_bps, decision.partner_share_bps) == (7_000, 2_000)
    assert (decision.partner, decision.second_partner, decision.second_share_bps) == (
        partner,
        top,
        500,
    )
    assert decision.receipt["parts"] == [
        {"code": "partner", "affiliate_id": partner.pk, "bps": 1_500},
        {"code": "second_partner", "affiliate_id": top.pk, "bps": 500},
    ]
    assert f"{top.name} gets 5% of the commission" in explain(decision, viewer=partner)[-1]
    for reader in (affiliate, top):  # two steps apart nobody is named
        said = " ".join(explain(decision, viewer=reader))
        assert (top if reader == affiliate else affiliate).name not in said

    Affiliate.objects.filter(pk=top.pk).update(state="closed")
    without = decide(sell(click(link).click_id))
    assert (without.partner_share_bps, without.second_partner) == (2_000, None)


def test_a_partners_own_partner_without_a_part_of_the_level_below_gets_none(
    affiliate, partner, make_affiliate, ops, make_link, product, click, sell, terms, now
):
    with before(days=2):
        relation_open(actor=ops, affiliate=partner, partner=make_affiliate(), share_bps=1_000)
        relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=2_000)
    decision = decide(sell(click(make_link(affiliate, product)).click_id))
    assert (decision.partner_share_bps, decision.second_partner) == (2_000, None)


def test_a_partner_is_another_active_affiliate_with_a_share_of_the_agreed_one(
    affiliate, partner, ops
):
    with pytest.raises(Invalid, match="own partner"):
        relation_open(actor=ops, affiliate=affiliate, partner=affiliate, share_bps=1)
    for share_bps in (0, 9_001):
        with pytest.raises(Invalid, match="90%"):
            relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=share_bps)
    Affiliate.objects.filter(pk=partner.pk).update(state="frozen")
    with pytest.raises(WrongState, match="not active"):
        relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=1)
    assert not Relation.objects.exists()


def test_the_database_refuses_what_the_services_refuse(affiliate, partner, ops, terms, tuan):
    relation = relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=2_000)
    offer = intermediation_open(actor=ops, affiliate=tuan, plan=terms.plan, service_bps=500)
    fee = site_special_fee_set(actor=ops, site=affiliate.zone.site, special_bps=300)
    wrongs = [
        lambda: Relation.objects.create(affiliate=affiliate, partner=partner, share_bps=1),
        lambda: Relation.objects.create(affiliate=partner, partner=partner, share_bps=1),
        lambda: Relation.objects.filter(pk=relation.pk).update(share_bps=3_000),
        lambda: Relation.objects.filter(pk=relation.pk)._raw_delete("default"),
        lambda: Intermediation.objects.filter(pk=offer.pk).update(service_bps=600),
        lambda: Intermediation.objects.create(affiliate=tuan, plan=terms.plan, service_bps=1),
        lambda: SpecialFee.objects.filter(pk=fee.pk).update(special_bps=0),
    ]
    for wrong in wrongs:
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


def test_a_service_fee_needs_the_merchants_consent(tuan, terms, ops, owner, make_user, now):
    offer = intermediation_open(actor=ops, affiliate=tuan, plan=terms.plan, service_bps=500)
    assert offer.starts_at is None
    viewer = make_user()
    MerchantMember.objects.create(merchant=terms.plan.merchant, user=viewer, role=MemberRole.VIEWER)
    for stranger in (ops, tuan.owner, viewer):
        with pytest.raises(NotAllowed):
            intermediation_agree(actor=stranger, intermediation=offer)
    intermediation_agree(actor=owner, intermediation=offer)
    offer.refresh_from_db()
    assert offer.starts_at == START
    with pytest.raises(WrongState):
        intermediation_agree(actor=owner, intermediation=offer)


def test_an_offer_that_was_declined_is_never_in_force(
    tuan, terms, ops, owner, link, click, sell, now
):
    with before(days=2):
        offer = intermediation_open(actor=ops, affiliate=tuan, plan=terms.plan, service_bps=500)
        intermediation_end(actor=owner, intermediation=offer)
    assert decide(sell(click(link).click_id)).intermediary is None
    with pytest.raises(WrongState):
        intermediation_agree(actor=owner, intermediation=offer)


def test_only_an_intermediary_looks_after_a_plan_one_at_a_time(
    affiliate, tuan, terms, ops, make_affiliate
):
    with pytest.raises(Invalid, match="intermediary"):
        intermediation_open(actor=ops, affiliate=affiliate, plan=terms.plan, service_bps=500)
    for service_bps in (0, 9_001):
        with pytest.raises(Invalid, match="90%"):
            intermediation_open(actor=ops, affiliate=tuan, plan=terms.plan, service_bps=service_bps)
    intermediation_open(actor=ops, affiliate=tuan, plan=terms.plan, service_bps=500)
    second = make_affiliate(kind=AffiliateKind.TUANZHANG)
    with pytest.raises(WrongState, match="already"):
        intermediation_open(actor=ops, affiliate=second, plan=terms.plan, service_bps=500)


def test_a_special_fee_is_at_most_half_of_the_base(affiliate, ops):
    for special_bps in (-1, 5_001):
        with pytest.raises(Invalid):
            site_special_fee_set(actor=ops, site=affiliate.zone.site, special_bps=special_bps)


# --- What counted at the click ---


@pytest.fixture
def agreed(affiliate, partner, tuan, terms, ops, owner, now) -> Relation:
    """In force since ten days: partner 20 %, service fee 5 %, special fee 3 %."""
    with before(days=10):
        relation = relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=2_000)
        intermediation_open(actor=owner, affiliate=tuan, plan=terms.plan, service_bps=500)
        site_special_fee_set(actor=ops, site=affiliate.zone.site, special_bps=300)
    return relation


def test_the_parts_of_others_are_frozen_with_the_decision(
    agreed, link, click, sell, partner, tuan, affiliate
):
    decision = decide(sell(click(link).click_id))
    assert (decision.rate_bps, decision.special_bps) == (900, 300)
    assert (decision.share_bps, decision.partner_share_bps) == (7_000, 2_000)
    assert (decision.partner, decision.intermediary) == (partner, tuan)
    assert decision.service_bps == 500
    assert decision.receipt["parts"] == [
        {"code": "special_fee", "bps": 300},
        {"code": "partner", "affiliate_id": partner.pk, "bps": 2_000},
        {"code": "intermediary", "affiliate_id": tuan.pk, "bps": 500},
    ]


def test_what_counted_at_the_click_counts_whatever_ended_since(
    agreed, link, click, sell, ops, affiliate, terms, tuan
):
    early, late = click(link, 2 * HOUR), click(link, timedelta(minutes=30))
    with before(hours=1):
        relation_end(actor=ops, relation=agreed)
        intermediation_end(actor=ops, intermediation=Intermediation.objects.get())
        site_special_fee_set(actor=ops, site=affiliate.zone.site, special_bps=0)
    decision = decide(sell(early.click_id))
    assert (decision.share_bps, decision.partner_share_bps) == (7_000, 2_000)
    assert (decision.special_bps, decision.service_bps) == (300, 500)
    decision = decide(sell(late.click_id))
    assert (decision.share_bps, decision.partner, decision.intermediary) == (9_000, None, None)
    assert (decision.rate_bps, decision.special_bps, decision.receipt["parts"]) == (1_200, 0, [])


def test_what_began_after_the_click_does_not_count(
    link, click, sell, affiliate, partner, ops, terms, tuan, owner
):
    touch = click(link)
    relation_open(actor=ops, affiliate=affiliate, partner=partner, share_bps=2_000)
    intermediation_open(actor=owner, affiliate=tuan, plan=terms.plan, service_bps=500)
    site_special_fee_set(actor=ops, site=affiliate.zone.site, special_bps=300)
    decision = decide(sell(touch.click_id))
    assert (decision.share_bps, decision.service_bps, decision.special_bps) == (9_000, 0, 0)


def test_no_service_fee_for_what_the_buyer_had_not_clicked_on(
    agreed, link, click, sell, make_product
):
    decision = decide(sell(click(link).click_id, bought=make_product()))
    assert decision.rule == "same_shop"
    assert (decision.intermediary, decision.service_bps) == (None, 0)
    assert decision.partner_share_bps == 2_000


def test_whoever_left_gets_no_part(agreed, link, click, sell, partner, tuan):
    touch = click(link)
    Affiliate.objects.filter(pk__in=[partner.pk, tuan.pk]).update(state="closed")
    decision = decide(sell(touch.click_id))
    assert (decision.share_bps, decision.partner, decision.intermediary) == (9_000, None, None)


def test_no_part_is_larger_than_what_there_is(agreed, link, click, sell, affiliate, ops):
    with before(days=5):
        site_special_fee_set(actor=ops, site=affiliate.zone.site, special_bps=5_000)
    Affiliate.objects.filter(pk=affiliate.pk).update(share_bps=1_500)
    decision = decide(sell(click(link).click_id))
    assert (decision.rate_bps, decision.special_bps) == (0, 1_200)
    assert (decision.share_bps, decision.partner_share_bps) == (0, 1_500)


def test_each_reader_learns_the_names_that_concern_them(
    agreed, link, click, sell, affiliate, partner, tuan, make_affiliate
):
    decision = decide(sell(click(link).click_id))

    def last(count: int, viewer, **staff) -> list[str]:
        return explain(decision, viewer=viewer, **staff)[-count:]

    special = "Of this rate the platform keeps 3% as a special service fee for orders of this site."
    gets = "gets 20% of the commission as partner, out of the agreed share."
    after = "looks after the plan; the merchant pays 5% as service fee beside the commission."
    assert last(3, affiliate) == [
        special, f"{partner.name} {gets}", f"An intermediary {after}",
    ]  # fmt: skip
    assert last(2, partner) == [f"Your team {gets}", f"An intermediary {after}"]
    assert last(2, tuan) == [f"A partner {gets}", f"Your team {after}"]
    assert last(2, None) == [f"A partner {gets}", f"{tuan.name} ({tuan.pk}) {after}"]
    assert last(2, None, staff=True)[0] == f"{partner.name} ({partner.pk}) {gets}"
    assert special not in explain(decision, viewer=make_affiliate())


def test_a_batch_with_parts_takes_as_many_statements_as_a_line(
    agreed, link, click, sell, django_assert_num_queries
):
    pks = [sell(click(link).click_id).pk for _i in range(20)]
    lines = list(OrderLine.objects.filter(pk__in=pks).select_related("order__merchant", "product"))
    for batch in (lines[:1], lines[1:]):
        with django_assert_num_queries(15):
            assert {row.service_bps for row in attribute(batch).values()} == {500}
