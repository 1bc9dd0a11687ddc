"""Who may do what in a case, and until when; each refusal leaves everything as it was."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from affiliates.services import affiliate_freeze, link_create
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent
from commissions import tasks
from commissions.models import Appeal, Evidence, Violation, ViolationEvent
from commissions.services.campaigns import campaign_publish, faults
from commissions.services.evidence import evidence_add
from commissions.services.violations import points_of, violation_open, violation_release
from merchants.services.products import ProductData, product_save


def test_who_opened_the_case_does_not_answer_the_appeal(court):
    appeal = court.appeal(court.open(court.order()))
    with pytest.raises(NotAllowed, match="You opened this case"):
        court.answer(appeal, court.anna, grant=False)

    appeal.refresh_from_db()
    assert appeal.state == "filed"


def test_the_second_instance_is_another_person(court):
    case = court.open(court.order())
    court.answer(court.appeal(case), court.ben, grant=False)
    second = court.appeal(case)
    for wrong in (court.ben, court.anna):
        with pytest.raises(NotAllowed, match="somebody else"):
            court.answer(second, wrong, grant=True)
    # The database says no as well.
    with pytest.raises(IntegrityError, match="appeal_second_by_another"), transaction.atomic():
        Appeal.objects.filter(pk=second.pk).update(
            state="granted", answer="x", decided_by=court.ben, decided_at=clock.now()
        )
    court.answer(second, court.cora, grant=True)


def test_an_appeal_comes_in_time_and_one_at_a_time(court):
    case = court.open(court.order())
    with court.after(days=15), pytest.raises(WrongState, match="deadline"):
        court.appeal(case)
    court.appeal(case)
    with pytest.raises(WrongState, match="being looked at"):
        court.appeal(case)
    with pytest.raises(Invalid):
        court.appeal(case, "   ")


def test_the_deadline_of_the_second_instance_runs_from_the_first_answer(court):
    case = court.open(court.order())
    with court.after(days=10):
        first = court.appeal(case)
    with court.after(days=16):
        court.answer(first, court.ben, grant=False)
    with court.after(days=30):
        second = court.appeal(case)
    with court.after(days=32):
        court.answer(second, court.cora, grant=False)
        with pytest.raises(WrongState, match="decided"):
            court.appeal(case)


def test_whoever_opened_a_case_may_withdraw_it_until_somebody_appealed(court):
    case = court.open(court.order("T1"))
    violation_release(actor=court.anna, violation=case, words="The wrong order.")
    other = court.open(court.order("T2"))
    court.answer(court.appeal(other), court.ben, grant=False)
    with pytest.raises(NotAllowed, match="You opened this case"):
        violation_release(actor=court.anna, violation=other, words="Never mind.")

    violation_release(actor=court.cora, violation=other, words="It was somebody else.")
    tasks.violations_sweep()


def test_an_appeal_is_answered_and_not_passed_over(court):
    case = court.open(court.order())
    court.appeal(case)
    with pytest.raises(WrongState, match="answer that"):
        violation_release(actor=court.ben, violation=case, words="Free.")


def test_an_upheld_case_is_undone_by_another_and_not_for_ever(court):
    case = court.open(court.order())
    with court.after(days=15):
        tasks.violations_sweep()
        with pytest.raises(NotAllowed, match="You opened"):
            violation_release(actor=court.anna, violation=case, words="A mistake.")
    with court.after(days=31), pytest.raises(WrongState, match="too long ago"):
        violation_release(actor=court.ben, violation=case, words="A mistake.")


def test_a_member_of_the_affiliate_decides_nothing_about_it(court):
    commission = court.order()
    with pytest.raises(NotAllowed, match="belong"):
        violation_open(
            actor=court.cast.lin, target=commission, reason=25, consequence="points", text="x"
        )
    assert not Violation.objects.exists()


def test_a_case_says_what_it_means(court):
    commission = court.order()
    for said, field in (
        ({"reason": 99}, "reason"),
        ({"consequence": "prison"}, "consequence"),
        ({"severity": "general", "points": 48}, "points"),
        ({"severity": "general", "points": 0}, "points"),
        ({"consequence": "freeze", "days": 0}, "days"),
        ({"text": " "}, "text"),
    ):
        with pytest.raises(Invalid) as refused:
            court.open(commission, **said)
        assert refused.value.field == field

    assert not Violation.objects.exists()
    assert not AuditEvent.objects.filter(verb="violation.opened").exists()


def test_there_is_one_open_case_about_a_thing(court):
    commission = court.order()
    court.open(commission)
    for target in (commission, court.cast.affiliate, court.cast.zone):
        if target is not commission:
            court.open(target)
        with pytest.raises(WrongState, match="open already"):
            court.open(target)


def test_what_was_said_stays(court, sql):
    case = court.open(court.order())
    evidence_add(actor=court.anna, violation=case, text="More.", from_desk=True)
    for table in ("commissions_evidence", "commissions_violationevent"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            sql(f"DELETE FROM {table}")
    assert Evidence.objects.count() == 2
    assert ViolationEvent.objects.count() == 2


def test_a_decided_case_takes_no_more_evidence(court):
    case = court.open(court.order())
    violation_release(actor=court.anna, violation=case, words="The wrong order.")
    tasks.violations_sweep()
    with pytest.raises(WrongState, match="decided"):
        evidence_add(actor=court.cast.lin, violation=case, text="But", from_desk=False)


# --- Zones, relations, points ---------------------------------------------------------------------


def test_a_frozen_zone_earns_nothing_until_its_day(court, client):
    court.order("T1")
    elsewhere = court.cast.affiliate.sites.get().zones.create(name="Second")
    case = court.open(court.cast.zone, days=20)
    assert court.balances()[:2] == ("19.34", "0.00")

    answer = client.get(f"/r/{court.cast.link.code}")
    assert answer.status_code == 410
    assert court.cast.product.url in answer.content.decode()  # the buyer still finds the shop
    with pytest.raises(WrongState, match="frozen until"):
        link_create(
            actor=court.cast.lin,
            affiliate=court.cast.affiliate,
            zone=court.cast.zone,
            product=court.cast.product,
        )
    link_create(
        actor=court.cast.lin,
        affiliate=court.cast.affiliate,
        zone=elsewhere,
        product=court.cast.product,
    )
    with court.after(days=20):
        tasks.violations_sweep()
        assert client.get(f"/r/{court.cast.link.code}").status_code == 302
        court.order("T2", at=clock.now())
        assert court.balances() == ("0.00", "19.34", "0.00", "9976.12")  # T1 is invalid, T2 not
    case.refresh_from_db()
    assert (case.state, case.hold) == ("upheld", "barred")


def test_orders_of_another_zone_are_left_alone(court):
    second = court.cast.affiliate.sites.get().zones.create(name="Second")
    link = link_create(
        actor=court.cast.lin,
        affiliate=court.cast.affiliate,
        zone=second,
        product=court.cast.product,
    )
    court.order("T1")
    court.open(second)
    assert court.balances()[:2] == ("0.00", "19.34")
    click = court.cast.click(link=link)
    court.order("T2", at=clock.now() + timedelta(hours=1), click_id=click)
    assert court.balances()[:2] == ("19.34", "19.34")


def test_two_cases_about_one_order_both_have_to_end(court):
    commission = court.order()
    about_order, about_zone = court.open(commission), court.open(court.cast.zone)
    violation_release(actor=court.anna, violation=about_order, words="Covered by the other.")
    tasks.violations_sweep()
    assert court.balances()[:2] == ("19.34", "0.00")

    violation_release(actor=court.anna, violation=about_zone, words="A mistake.")
    tasks.violations_sweep()
    assert court.balances()[:2] == ("0.00", "19.34")


def test_an_account_that_operations_froze_before_stays_frozen(court):
    affiliate_freeze(actor=court.ben, affiliate=court.cast.affiliate, reason="Address unknown.")
    case = court.open(court.cast.affiliate)
    violation_release(actor=court.anna, violation=case, words="A mistake.")
    tasks.violations_sweep()

    court.cast.affiliate.refresh_from_db()
    assert court.cast.affiliate.state == "frozen"


def test_from_eighteen_points_on_no_new_link_is_made_until_the_year_is_over(court):
    cast = court.cast
    other = product_save(
        shop=cast.shop,
        data=ProductData(
            external_id="P2",
            title="茶",
            url="https://shop.chen.example/p/2",
            price_minor=100_00,
        ),
        actor=cast.chen,
    )

    def link(product):
        cast.affiliate.refresh_from_db()
        return link_create(
            actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=product
        )

    for n, points in ((1, 12), (2, 6)):
        court.open(court.order(f"T{n}"), severity="general", points=points)
    with court.after(days=15):
        tasks.violations_sweep()
        assert points_of(cast.affiliate) == 18
        with pytest.raises(WrongState, match="no new links until"):
            link(other)
        assert link(cast.product).pk == cast.link.pk  # what there is goes on
    with clock.at(datetime(2027, 1, 1, 0, 0, 1, tzinfo=clock.ZONE)):
        assert points_of(cast.affiliate) == 0
        assert link(other).product == other


def test_from_18_points_on_no_gift_vouchers_are_given(court):
    cast = court.cast
    for n, points in ((1, 12), (2, 6)):
        court.open(court.order(f"T{n}"), severity="general", points=points)

    def voucher():
        return cast.campaign(
            "gift_voucher",
            rules={"title": "谢谢", "face_minor": 100, "count": 1},
            sponsor="affiliate",
            host=cast.affiliate,
            agreed_at=clock.now(),
            budget_minor=100,
        )

    with court.after(days=14):
        faults(voucher())
    with court.after(days=15):
        tasks.violations_sweep()
        refused = voucher()
        with pytest.raises(Invalid, match="With 18 violation points") as said:
            campaign_publish(actor=cast.finance2, campaign=refused)

    refused.refresh_from_db()
    assert (said.value.field, refused.state) == ("host", "draft")


def test_undoing_a_case_gives_the_points_back(court):
    case = court.open(court.order(), severity="serious")
    with court.after(days=15):
        tasks.violations_sweep()
        court.cast.affiliate.refresh_from_db()
        assert points_of(court.cast.affiliate) == 48
        assert court.cast.affiliate.no_links_until == datetime(2027, 1, 1, tzinfo=clock.ZONE)
        violation_release(actor=court.ben, violation=case, words="A mistake.")
        tasks.violations_sweep()

    court.cast.affiliate.refresh_from_db()
    assert court.cast.affiliate.no_links_until is None
