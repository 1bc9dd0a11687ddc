"""Subsidies: who grants and agrees, which orders have them, and the merchant's page."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from affiliates.services import affiliate_apply, affiliate_approve, intermediation_open
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, MemberRole, StaffRole
from alliance.kernel.money import Money, cny
from campaigns.models import Subsidy
from campaigns.services.subsidies import subsidy_agree, subsidy_end, subsidy_open
from campaigns.subsidies import SubsidyTerms, in_force
from merchants.models import MerchantMember, OrderLine
from merchants.services.merchants import merchant_apply
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


NOON = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)

LATER = NOON + DAY


@pytest.fixture
def cast():
    with clock.at(NOON - DAY):
        made = cast_make()
    with clock.at(NOON):
        yield made


@pytest.fixture
def ops(cast):
    return staff_make(StaffRole.OPS)


def grant(actor, **changes) -> Subsidy:
    facts = {"name": "Summer", "rate_bps": 300, "cap": cny("5.00"), **changes}
    return subsidy_open(actor=actor, **facts)


def line(cast, number: str) -> OrderLine:
    cast.sold(number)
    return OrderLine.objects.select_related("order").get(order__external_id=number)


def terms(line: OrderLine) -> list[str]:
    return [one.name for one in in_force([line])[line.pk]]


def test_an_order_has_the_subsidies_in_force_when_it_was_placed(cast, ops):
    at = clock.now()
    with clock.at(at):
        grant(ops, starts_at=at + DAY, ends_at=at + 3 * DAY)
    lines = []
    for days in (0, 1, 2, 3):
        with clock.at(at + days * DAY):
            lines.append(line(cast, f"T{days}"))
    assert [terms(one) for one in lines] == [[], ["Summer"], ["Summer"], []]


def test_several_subsidies_add_up_and_keep_their_terms_through_json(cast, ops):
    first = grant(ops, share_bps=5_000)
    second = grant(cast.chen, name="Own", merchant=cast.merchant, merchant_bps=10_000)
    sold = line(cast, "T1")
    (a, b) = in_force([sold])[sold.pk]
    assert a == SubsidyTerms(first.pk, "Summer", 300, 500, 5_000, 0)
    assert b == SubsidyTerms(second.pk, "Own", 300, 500, 10_000, 10_000)
    assert SubsidyTerms.from_json(b.as_json()) == b


def test_a_subsidy_reaches_its_merchants_orders_in_its_currency_only(cast, ops):
    other = merchant_apply(
        user=user_make(), name="Other", shop_name="Other", domains=["other.example"]
    )
    grant(ops, cap=Money(500, "EUR"))
    grant(ops, name="Theirs", merchant=other)
    grant(ops, name="Ours", merchant=cast.merchant)
    assert terms(line(cast, "T1")) == ["Ours"]


def test_one_statement_however_many_lines(cast, ops, django_assert_num_queries):
    for i in range(5):
        grant(ops, name=f"S{i}")
    lines = [line(cast, f"T{i}") for i in range(4)]
    with django_assert_num_queries(1):
        assert {len(found) for found in in_force(lines).values()} == {5}
    assert in_force([]) == {}


def test_what_the_merchant_funds_waits_for_its_consent(cast, ops):
    subsidy = grant(ops, merchant=cast.merchant, merchant_bps=4_000)
    with clock.at(NOON - HOUR):
        early = line(cast, "T1")
    viewer = user_make()
    MerchantMember.objects.create(merchant=cast.merchant, user=viewer, role=MemberRole.VIEWER)
    for stranger in (ops, cast.lin, viewer):
        with pytest.raises(NotAllowed):
            subsidy_agree(actor=stranger, subsidy=subsidy)
    subsidy_agree(actor=cast.chen, subsidy=subsidy)
    with pytest.raises(WrongState):
        subsidy_agree(actor=cast.chen, subsidy=subsidy)
    late = line(cast, "T2")
    assert (terms(early), terms(late)) == ([], ["Summer"])
    verbs = AuditEvent.objects.filter(object_type="campaigns.subsidy").order_by("pk")
    assert [event.verb for event in verbs] == ["subsidy.opened", "subsidy.agreed"]


def test_an_end_counts_for_orders_placed_from_then_on(cast, ops):
    subsidy = grant(ops)
    early = line(cast, "T1")
    with clock.at(NOON + HOUR):
        subsidy_end(actor=ops, subsidy=subsidy)
    with clock.at(NOON + 2 * HOUR), pytest.raises(WrongState):
        subsidy_end(actor=ops, subsidy=subsidy)
    with clock.at(NOON + HOUR):
        late = line(cast, "T2")
    assert (terms(early), terms(late)) == (["Summer"], [])


def test_what_is_ended_before_it_begins_never_begins(cast, ops):
    at = clock.now()
    subsidy = grant(ops, starts_at=at + DAY, ends_at=at + 3 * DAY)
    subsidy_end(actor=ops, subsidy=subsidy)
    with pytest.raises(WrongState):
        subsidy_end(actor=ops, subsidy=subsidy)
    with clock.at(at + 2 * DAY):
        assert terms(line(cast, "T1")) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"rate_bps": 0}, "rate"),
        ({"share_bps": 10_001}, "share"),
        ({"cap": cny("0.00")}, "cap"),
        ({"merchant_bps": 1}, "merchant"),
        ({"starts_at": -DAY}, "starts_at"),
        ({"ends_at": -DAY}, "ends_at"),
    ],
)
def test_terms_that_make_no_sense_are_refused(cast, ops, wrong, field):
    now = clock.now()
    wrong = {k: now + v if isinstance(v, timedelta) else v for k, v in wrong.items()}
    with pytest.raises(Invalid) as refusal:
        grant(ops, **wrong)
    assert refusal.value.field == field
    assert not Subsidy.objects.exists()


def test_the_database_keeps_the_terms(cast, ops):
    subsidy = grant(ops)
    rows = Subsidy.objects.filter(pk=subsidy.pk)
    for wrong in (
        lambda: rows.update(rate_bps=400),
        lambda: rows.update(starts_at=clock.now() - DAY),
        lambda: rows._raw_delete("default"),
        lambda: Subsidy.objects.create(
            name="x", currency="CNY", rate_bps=1, cap_minor=1, merchant_bps=1, starts_at=LATER
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


# --- Pages ---


@pytest.fixture
def offers(cast, ops):
    """What operations offered to the merchant: an intermediary and a subsidy."""
    tuan = affiliate_apply(user=user_make(), kind="tuanzhang", name="Tuan")
    affiliate_approve(actor=ops, affiliate=tuan)
    plan = cast.merchant.plans.get()
    return (
        intermediation_open(actor=ops, affiliate=tuan, plan=plan, service_bps=500),
        grant(ops, merchant=cast.merchant, merchant_bps=10_000),
    )


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_merchant_agrees_and_ends_on_its_own_page(cast, offers):
    client = client_of(cast.chen)
    page = client.get("/merchant/agreements/").content.decode()
    assert page.count("Waits for you") == 2
    for kind, row in zip(("intermediations", "subsidies"), offers, strict=True):
        address = f"/merchant/agreements/{kind}/{row.pk}/"
        assert client.post(f"{address}agree/").status_code == 302
    page = client.get("/merchant/agreements/").content.decode()
    assert (page.count("Waits for you"), page.count("Active")) == (0, 2)
    click = cast.click(at=clock.now())
    with clock.at(clock.now() + timedelta(minutes=1)):
        sold = cast.sold("T1", click_id=click)
    assert sold.attribution.service_bps == 500
    for kind, row in zip(("intermediations", "subsidies"), offers, strict=True):
        client.post(f"/merchant/agreements/{kind}/{row.pk}/end/")
        row.refresh_from_db()
        assert row.ends_at


def test_a_viewer_agrees_to_nothing_and_a_stranger_finds_nothing(cast, offers):
    viewer = user_make()
    MerchantMember.objects.create(merchant=cast.merchant, user=viewer, role=MemberRole.VIEWER)
    address = f"/merchant/agreements/subsidies/{offers[1].pk}/agree/"
    assert client_of(viewer).post(address).status_code == 403
    assert "Agree?" not in client_of(viewer).get("/merchant/agreements/").content.decode()
    assert client_of(cast.lin).post(address).status_code == 302  # asked to join as a merchant
    offers[1].refresh_from_db()
    assert offers[1].agreed_at is None


def test_operations_grant_a_subsidy_at_the_desk(cast, ops):
    client = client_of(ops)
    facts = {
        "name": "June", "rate": "3", "cap": "5.00", "share": "100", "merchant_part": "50",
        "merchant": cast.merchant.pk, "starts_on": str(clock.business_day()),
        "ends_on": str(clock.business_day() + DAY),
    }  # fmt: skip
    answer = client.post("/admin/campaigns/subsidy/grant/", {**facts, "rate": "0"})
    assert answer.status_code == 200
    answer = client.post("/admin/campaigns/subsidy/grant/", {**facts, "merchant": ""})
    assert "which merchant" in answer.content.decode()
    client.post("/admin/campaigns/subsidy/grant/", facts)
    made = Subsidy.objects.get()
    assert (made.rate_bps, made.cap, made.merchant_bps) == (300, cny("5.00"), 5_000)
    assert made.ends_at == clock.day_start(clock.business_day() + 2 * DAY)
    assert made.waits_for_consent
    assert client_of(cast.finance).get("/admin/campaigns/subsidy/grant/").status_code == 403
