"""Holds, releases by the system, oddities, and the last money of somebody who is closed."""

import threading
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connections, transaction

from affiliates.models import AffiliateMember
from affiliates.services import affiliate_apply, affiliate_close, affiliate_freeze
from alliance.kernel import clock
from alliance.kernel.errors import DomainError, Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, MemberRole
from alliance.kernel.money import cny
from alliance.kernel.tasks import mails_send
from commissions import chart, queries, tasks
from commissions.ledger import InsufficientFunds
from commissions.models import Payout
from commissions.services import payouts, settlements, taxes
from commissions.verify import verify
from tests.cast import cast_make, user_make
from tests.rows import once

pytestmark = pytest.mark.django_db(transaction=True)
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)
HELD = timedelta(hours=72)


@pytest.fixture
def policy(settings):
    def choose(**changes):
        settings.ALLIANCE = {**settings.ALLIANCE, **changes}

    choose(PAYEE_HOLD_HOURS=72)
    return choose


def settled():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        made.sold()
        made.received()
    with clock.at(JUNE_22):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        payee(made)
        mails_send()
    return made


@pytest.fixture
def cast(policy):
    """An affiliate with 19.34 payable, on 22 June, whose account is new."""
    made = once(settled)
    mail.outbox.clear()
    with clock.at(JUNE_22):
        yield made
    assert verify() == []


def payee(cast, number="6222 0000 1234", affiliate=None, actor=None):
    return payouts.payee_set(
        actor=actor or cast.lin,
        affiliate=affiliate or cast.affiliate,
        holder="Lin",
        institution="ICBC",
        number=number,
    )


def request(cast, amount="19.34"):
    return payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny(amount))


def state(payout):
    payout.refresh_from_db()
    return payout.state


# --- The hold -------------------------------------------------------------------------------------


def test_money_to_a_new_account_waits_for_three_days(cast):
    payout = request(cast)
    assert payout.held_until == JUNE_22 + HELD

    with clock.at(JUNE_22 + HELD - timedelta(seconds=1)), pytest.raises(WrongState, match="new"):
        payouts.payout_release(actor=cast.finance, payout=payout)
    with clock.at(JUNE_22 + HELD):
        payouts.payout_release(actor=cast.finance, payout=payout)
    assert state(payout) == "ready"


def test_money_to_an_old_account_does_not_wait(cast):
    with clock.at(JUNE_22 + HELD):
        payout = request(cast)
        assert payout.held_until is None
        payouts.payout_release(actor=cast.finance, payout=payout)


def test_another_account_waits_anew_and_what_is_under_way_keeps_its_own(cast):
    with clock.at(JUNE_22 + HELD):
        first = request(cast, "5.00")
        payee(cast, "6222 9999")
        payouts.payout_release(actor=cast.finance, payout=first)
        payouts.payout_fail(payout=Payout.objects.get(), reason="no", actor=cast.finance2)
        second = request(cast, "5.00")

    assert first.payee.masked == "…1234"
    assert second.held_until == JUNE_22 + HELD + HELD


def test_everybody_who_may_change_the_account_hears_of_a_new_one(cast):
    viewer, partner = user_make(), user_make(language="de")
    for user, role in ((viewer, MemberRole.VIEWER), (partner, MemberRole.MANAGER)):
        AffiliateMember.objects.create(affiliate=cast.affiliate, user=user, role=role)
    payee(cast, "6222 9999 8888")
    mails_send()

    assert sorted(m.to[0] for m in mail.outbox) == sorted([cast.lin.email, partner.email])
    assert all("…8888" in m.body and "62229999" not in m.body for m in mail.outbox)


# --- Released by the system -----------------------------------------------------------------------


def test_by_default_a_person_releases_everything(cast):
    with clock.at(JUNE_22 + HELD):
        payout = request(cast)
        tasks.payouts_auto_release()

    assert state(payout) == "requested"


def test_a_small_one_is_released_at_once(cast, policy):
    policy(RELEASE_LIMIT_MINOR=1934)
    with clock.at(JUNE_22 + HELD):
        payout = request(cast)

    assert payout.state == state(payout) == "ready"
    assert (payout.auto_released, payout.released_by) == (True, None)
    event = AuditEvent.objects.get(verb="payout.released")
    assert (event.actor, event.data) == (None, {"limit_minor": 1934})


def test_one_fen_more_needs_a_person(cast, policy):
    policy(RELEASE_LIMIT_MINOR=1933)
    with clock.at(JUNE_22 + HELD):
        assert request(cast).state == "requested"


def test_the_limit_is_for_a_day(cast, policy):
    policy(RELEASE_LIMIT_MINOR=1000)
    with clock.at(JUNE_22 + HELD):
        first = request(cast, "6.00")
        tasks.payout_send(first.pk)
        payouts.payout_mark_paid(payout=first, rail_ref="R", actor=cast.finance)
        second = request(cast, "6.00")
        assert (state(first), second.state) == ("paid", "requested")
    with clock.at(JUNE_22 + HELD + timedelta(days=1)):
        tasks.payouts_auto_release()
    assert state(second) == "sending"


def test_a_held_one_is_released_by_the_system_when_the_hold_ends(cast, policy):
    policy(RELEASE_LIMIT_MINOR=5000)
    payout = request(cast)
    tasks.payouts_auto_release()
    assert state(payout) == "requested"

    with clock.at(JUNE_22 + HELD):
        tasks.payouts_auto_release()
    assert state(payout) == "sending"


def test_the_system_releases_nothing_of_who_is_frozen(cast, policy):
    policy(RELEASE_LIMIT_MINOR=5000)
    payout = request(cast)
    affiliate_freeze(actor=cast.finance, affiliate=cast.affiliate, reason="odd clicks")
    with clock.at(JUNE_22 + HELD):
        tasks.payouts_auto_release()
        assert payouts.payout_auto_release(payout_pk=payout.pk) is False

    assert state(payout) == "requested"


def test_the_system_waits_for_a_companys_invoice(cast, policy):
    policy(RELEASE_LIMIT_MINOR=5000)
    taxes.tax_profile_set(
        actor=cast.finance, affiliate=cast.affiliate, kind="company", tax_id="9133"
    )
    with clock.at(JUNE_22 + HELD):
        payout = request(cast)
        assert payout.state == "requested"
        payouts.payout_invoice_note(actor=cast.finance, payout=payout, number="INV-1")
        tasks.payouts_auto_release()

    assert state(payout) == "sending"


def test_an_invoice_may_come_with_the_request(cast, policy):
    policy(RELEASE_LIMIT_MINOR=5000)
    taxes.tax_profile_set(
        actor=cast.finance, affiliate=cast.affiliate, kind="company", tax_id="9133"
    )
    with clock.at(JUNE_22 + HELD):
        payout = payouts.payout_request(
            actor=cast.lin,
            affiliate=cast.affiliate,
            amount=cny("19.34"),
            invoice_number=" INV-1 ",
        )

    assert (payout.state, payout.invoice_number) == ("ready", "INV-1")


def test_who_asked_for_what_the_system_released_does_not_confirm_it(cast, policy):
    policy(RELEASE_LIMIT_MINOR=5000)
    with clock.at(JUNE_22 + HELD):
        payout = request(cast)
        tasks.payout_send(payout.pk)
        payout.refresh_from_db()
        with pytest.raises(NotAllowed):
            payouts.payout_mark_paid(payout=payout, rail_ref="R", actor=cast.lin)
    with (
        pytest.raises(IntegrityError, match="payout_auto_four_eyes"),
        transaction.atomic(),
    ):
        Payout.objects.filter(pk=payout.pk).update(confirmed_by=cast.lin)


# --- What is odd ----------------------------------------------------------------------------------


def odd(payout):
    return queries.oddities(queries.payouts_looked_at(Payout.objects.filter(pk=payout.pk)).get())


def paid(cast, amount):
    payout = request(cast, amount)
    payouts.payout_release(actor=cast.finance, payout=payout)
    tasks.payout_send(payout.pk)
    payouts.payout_mark_paid(payout=payout, rail_ref="R", actor=cast.finance2)
    return payout


def test_an_account_that_was_never_paid_to_is_odd(cast):
    with clock.at(JUNE_22 + HELD):
        assert odd(request(cast)) == ["new_account"]


def test_more_than_three_times_the_largest_so_far_is_odd_and_needs_a_person(cast, policy):
    with clock.at(JUNE_22 + HELD):
        paid(cast, "4.00")
        policy(RELEASE_LIMIT_MINOR=5000)
        usual = request(cast, "12.00")
        assert (odd(usual), usual.state) == ([], "ready")
        payouts.payout_fail(payout=usual, reason="again", actor=cast.finance)
        huge = request(cast, "12.01")

    assert (odd(huge), huge.state) == (["huge"], "requested")


def test_an_account_that_others_use_too_is_odd_and_needs_a_person(cast, policy):
    policy(RELEASE_LIMIT_MINOR=5000)
    twin_user = user_make()
    twin = affiliate_apply(user=twin_user, kind="small", name="Twin")
    payee(cast, "622200001234", affiliate=twin, actor=twin_user)
    with clock.at(JUNE_22 + HELD):
        payout = request(cast)

    assert odd(payout) == ["shared", "new_account"]
    assert payout.state == "requested"


# --- The last money of who is closed --------------------------------------------------------------


@pytest.fixture
def closed(cast):
    affiliate_close(actor=cast.finance, affiliate=cast.affiliate, reason="gave up")
    with clock.at(JUNE_22 + HELD):
        yield cast


def close_out(cast, actor=None):
    return payouts.payout_close_out(
        actor=actor or cast.finance, affiliate=cast.affiliate, currency="CNY"
    )


def test_what_a_closed_affiliate_has_left_is_paid_out_by_two_people(closed, policy):
    policy(RELEASE_LIMIT_MINOR=5000)
    with pytest.raises(WrongState, match="not active"):
        request(closed)
    payout = close_out(closed)
    tasks.payouts_auto_release()
    assert (payout.amount, state(payout)) == (cny("19.34"), "requested")
    with pytest.raises(NotAllowed):
        payouts.payout_release(actor=closed.finance, payout=payout)

    payouts.payout_release(actor=closed.finance2, payout=payout)
    tasks.payout_send(payout.pk)
    payouts.payout_mark_paid(payout=payout, rail_ref="R", actor=closed.finance)
    assert closed.balance(chart.payable(closed.affiliate.pk)) == cny("0.00")
    with pytest.raises(WrongState, match="Nothing is left"):
        close_out(closed)


def test_only_the_closed_are_paid_out_by_operations_and_never_by_themselves(cast):
    with pytest.raises(WrongState, match="closed"):
        close_out(cast)
    affiliate_close(actor=cast.finance, affiliate=cast.affiliate, reason="gave up")
    with pytest.raises(NotAllowed):
        close_out(cast, actor=cast.lin)

    assert not Payout.objects.exists()


def test_a_request_from_before_the_closing_stays_held(cast):
    payout = request(cast)
    affiliate_close(actor=cast.finance, affiliate=cast.affiliate, reason="fraud")
    with clock.at(JUNE_22 + HELD), pytest.raises(WrongState, match="held"):
        payouts.payout_release(actor=cast.finance, payout=payout)


def test_last_money_is_not_released_by_the_system_whatever_the_code_says(closed):
    payout = close_out(closed)
    with (
        pytest.raises(IntegrityError, match="payout_released_by_someone"),
        transaction.atomic(),
    ):
        Payout.objects.filter(pk=payout.pk).update(state="ready", auto_released=True)


# --- At once --------------------------------------------------------------------------------------


def at_once(count, deed):
    """`count` threads begin together; what each came to: a value or the code of its refusal."""
    barrier, outcomes = threading.Barrier(count), []

    def run(number):
        try:
            with clock.at(JUNE_22 + HELD):
                barrier.wait()
                outcomes.append(deed(number))
        except DomainError as exc:
            outcomes.append(exc.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_two_withdrawals_at_once_are_one_and_taxed_once(cast, policy):
    policy(TAX_STRATEGY="flat", TAX_FLAT_BPS=1000)
    outcomes = at_once(2, lambda _n: request(cast, "10.00").tax_minor)

    assert sorted(map(str, outcomes)) == ["100", "wrong_state"]
    assert cast.balance(chart.TAX_WITHHELD) == cny("1.00")


def test_a_payout_that_two_people_release_at_once_is_released_once(cast):
    with clock.at(JUNE_22 + HELD):
        payout = request(cast)
    people = (cast.finance, cast.finance2)

    def release(number):
        payouts.payout_release(actor=people[number], payout=payout)
        return "released"

    assert sorted(at_once(2, release)) == ["released", "wrong_state"]
    assert AuditEvent.objects.filter(verb="payout.released").count() == 1


def test_the_system_and_a_person_release_once(cast, policy):
    with clock.at(JUNE_22 + HELD):
        payout = request(cast)
    policy(RELEASE_LIMIT_MINOR=5000)

    def release(number):
        if number:
            return payouts.payout_auto_release(payout_pk=payout.pk)
        payouts.payout_release(actor=cast.finance, payout=payout)
        return True

    assert at_once(2, release).count(True) == 1
    assert state(payout) == "ready"
    assert (payout.released_by is None) == payout.auto_released


# --- The words of a refusal -----------------------------------------------------------------------


def test_a_refusal_names_what_stands_in_the_way(cast):
    with pytest.raises(Invalid, match=r"smallest withdrawal is .*1\.00"):
        request(cast, "0.99")
    with pytest.raises(InsufficientFunds, match="more than you can withdraw"):
        request(cast, "19.35")
