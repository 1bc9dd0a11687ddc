"""Ours against theirs: what a file decides, what it only shows, and who may follow it."""

from datetime import timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, StaffRole
from alliance.kernel.money import cny
from commissions import chart, rails
from commissions.models import Difference, RailFile
from commissions.services import reconciliation
from tests.cast import staff_make
from tests.commissions.rails.bank import camt_053, pain_002
from tests.commissions.rails.conftest import released_by

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("far", ["bank_file"], indirect=True),
]


@pytest.fixture
def payout(cast, far):
    """At the bank, and no word of it yet."""
    made = released_by(cast, far)
    far.set("after")
    far.send(made)
    return made


def read(actor, content, name="answer.xml"):
    return reconciliation.rail_file_read(actor=actor, kind="bank", name=name, content=content)


def statement(*bookings, day="2026-06-22"):
    return camt_053(day, bookings)


def said(payout, amount="19.34", way="DBIT", why=""):
    return (rails.key_of(payout.pk), cny(amount), way, why)


def kinds():
    return list(Difference.objects.order_by("pk").values_list("kind", "state"))


def test_a_row_decides_what_was_unclear_and_the_file_is_kept(cast, far, payout):
    content = statement(said(payout))
    file, is_new = read(cast.finance2, content)

    payout.refresh_from_db()
    assert (payout.state, payout.rail_ref, payout.confirmed_by) == ("paid", "B1", cast.finance2)
    assert is_new
    assert bytes(RailFile.objects.get().content) == content
    assert kinds() == []
    assert AuditEvent.objects.filter(verb="rail_file.read").count() == 1
    assert file.closes_days


def test_the_same_file_again_changes_nothing(cast, far, payout):
    content = statement(said(payout), ("", cny("3.00"), "DBIT", ""))
    first, _new = read(cast.finance2, content)
    before = AuditEvent.objects.count()
    second, is_new = read(cast.finance2, content, name="again.xml")

    assert (second.pk, is_new) == (first.pk, False)
    assert RailFile.objects.get().rows.count() == 2
    assert kinds() == [("theirs_only", "open")]
    assert AuditEvent.objects.count() == before


def test_a_refusal_in_the_banks_report_gives_the_money_back(cast, far, payout, monkeypatch):
    far.end.paid.clear()  # this bank did not carry it out
    one = {"key": rails.key_of(payout.pk), "amount": cny("19.34")}
    read(cast.finance2, pain_002(far.file.number, rows=[(one, "RJCT", "AC01")]))

    payout.refresh_from_db()
    assert (payout.state, payout.reason) == ("failed", "RJCT AC01")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")


def test_a_word_on_the_whole_file_is_one_on_each_of_its_payouts(cast, far, payout):
    far.end.paid.clear()
    read(cast.finance2, pain_002(far.file.number, group="RJCT", reason="AM05"))

    payout.refresh_from_db()
    assert (payout.state, payout.reason) == ("failed", "RJCT AM05")


def test_a_bounce_in_a_later_statement_brings_the_money_back_when_a_second_person_says_so(
    cast, far, payout
):
    third = staff_make(StaffRole.FINANCE)
    read(cast.finance2, statement(said(payout)))
    bounced = statement(said(payout, way="CRDT", why="AC04"), day="2026-06-30")
    read(cast.finance2, bounced)
    payout.refresh_from_db()
    assert (payout.state, kinds()) == ("paid", [("state", "open")])
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("0.00")

    difference = Difference.objects.get()
    for nobody in (cast.finance, cast.finance2):  # released it; uploaded the file
        with pytest.raises(NotAllowed):
            reconciliation.difference_carry_out(actor=nobody, difference=difference)
    reconciliation.difference_carry_out(actor=third, difference=difference)

    payout.refresh_from_db()
    assert (payout.state, payout.reason) == ("returned", "AC04")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")
    assert kinds() == [("state", "resolved")]


def test_a_forged_bounce_moves_nothing_however_often_it_is_uploaded(cast, far, payout):
    """The forger calls the money back, and the affiliate, a friend, would ask for it again."""
    read(cast.finance2, statement(said(payout)))
    for day in ("2026-06-29", "2026-06-30", "2026-06-30"):
        read(cast.finance2, statement(said(payout, way="CRDT", why="AC04"), day=day))

    for difference in Difference.objects.all():
        with pytest.raises(NotAllowed):
            reconciliation.difference_carry_out(actor=cast.finance2, difference=difference)
    payout.refresh_from_db()
    assert payout.state == "paid"
    assert cast.balance(chart.CASH) == cny("-9980.66")
    assert kinds() == [("state", "open")] * 2


def test_another_amount_decides_nothing_and_is_shown(cast, far, payout):
    far.end.paid.clear()
    read(cast.finance2, statement(said(payout, "19.35")))

    payout.refresh_from_db()
    assert payout.state == "sending"
    assert kinds() == [("amount", "open")]


def test_who_released_it_decides_it_by_no_file_and_somebody_else_carries_it_out(cast, far, payout):
    read(cast.finance, statement(said(payout)))
    payout.refresh_from_db()
    assert payout.state == "sending"
    (difference,) = Difference.objects.all()
    assert difference.kind == "state"

    with pytest.raises(NotAllowed):
        reconciliation.difference_carry_out(actor=cast.finance, difference=difference)
    reconciliation.difference_carry_out(actor=cast.finance2, difference=difference)

    payout.refresh_from_db()
    assert payout.state == "paid"
    difference.refresh_from_db()
    assert (difference.state, difference.resolved_by) == ("resolved", cast.finance2)
    with pytest.raises(WrongState):
        reconciliation.difference_carry_out(actor=cast.finance2, difference=difference)


def test_what_they_paid_and_we_call_failed_is_shown_and_not_undone(cast, far, payout):
    one = {"key": rails.key_of(payout.pk), "amount": cny("19.34")}
    far.end.paid.clear()
    read(cast.finance2, pain_002(far.file.number, rows=[(one, "RJCT", "AC01")]))
    read(cast.finance2, statement(said(payout)))

    payout.refresh_from_db()
    assert payout.state == "failed"
    assert kinds() == [("state", "open")]
    with pytest.raises(WrongState):
        reconciliation.difference_carry_out(
            actor=cast.finance2, difference=Difference.objects.get()
        )


def test_what_only_we_know_is_settled_by_the_file_that_names_it(cast, far, payout):
    read(cast.finance2, statement(day="2026-06-22"))
    assert kinds() == [("ours_only", "open")]
    read(cast.finance2, statement(day="2026-06-23"))
    assert kinds() == [("ours_only", "open")]  # once, however many files lack it

    with clock.at(clock.now() + timedelta(days=2)):
        read(cast.finance2, statement(said(payout), day="2026-06-24"))
    assert kinds() == [("ours_only", "resolved")]
    assert Difference.objects.get().reason == "It stands in answer.xml."


def test_money_that_left_past_us_is_shown(cast, far, payout):
    read(
        cast.finance2,
        statement(
            said(payout),
            ("payout-999999", cny("50.00"), "DBIT", ""),
            ("RENT", cny("900.00"), "DBIT", ""),
        ),
    )
    assert kinds() == [("theirs_only", "open"), ("theirs_only", "open")]


def test_a_person_resolves_a_difference_once_and_with_a_reason(cast, far, payout):
    read(cast.finance2, statement(said(payout), ("", cny("3.00"), "DBIT", "")))
    difference = Difference.objects.get()
    with pytest.raises(reconciliation.Invalid):
        reconciliation.difference_resolve(actor=cast.finance, difference=difference, reason=" ")
    reconciliation.difference_resolve(
        actor=cast.finance, difference=difference, reason="The bank's fee"
    )
    with pytest.raises(WrongState):
        reconciliation.difference_resolve(actor=cast.finance, difference=difference, reason="Again")

    event = AuditEvent.objects.get(verb="difference.resolved")
    assert (event.actor, event.data["reason"]) == (cast.finance, "The bank's fee")
