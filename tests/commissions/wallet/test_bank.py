"""Money by bank transfer: matched by reference, decided by two people, never counted twice."""

from datetime import datetime, timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, MemberRole, StaffRole
from alliance.kernel.money import Money, cny
from commissions import chart, tasks
from commissions.models import BankCredit, BankStatement, Finding, TopUp
from commissions.services import bank, wallets
from commissions.verify import verify
from merchants.models import MerchantMember
from merchants.services.merchants import merchant_apply, merchant_approve
from tests.cast import cast_make, staff_make, user_make
from tests.commissions.wallet.test_bank_files import camt, entry

pytestmark = pytest.mark.django_db(transaction=True)
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make(wallet="0.00")
    with clock.at(MAY):
        yield made
        assert verify() == []


def announced(cast, amount="500.00"):
    return wallets.top_up_announce(actor=cast.chen, merchant=cast.merchant, amount=cny(amount))


def upload(cast, *rows, actor=None, name="may.csv", account=""):
    """A CSV statement; each row is (amount, text, bank's reference)."""
    lines = [f"2026-05-10,{amount},CNY,{text},{ref}" for amount, text, ref in rows]
    content = "\n".join(["date,amount,currency,text,bank reference", *lines]).encode()
    statement = bank.statement_read(
        actor=actor or cast.finance2, content=content, name=name, account=account
    )
    tasks.bank_credits_match()
    return statement


def wallet(cast):
    return cast.balance(chart.wallet(cast.merchant.pk))


def state_of(ref):
    credit = BankCredit.objects.get(entry_ref=ref)
    return credit.state, credit.finding


def test_a_transfer_that_names_its_top_up_is_received_by_itself(cast):
    top_up = announced(cast)
    statement = upload(cast, ("500.00", f"充值 {top_up.reference.lower()}", "B-1"))

    top_up.refresh_from_db()
    assert (top_up.state, top_up.decided_by) == ("received", None)
    assert wallet(cast) == cny("500.00")
    assert state_of("B-1") == ("received", "")
    event = AuditEvent.objects.get(verb="top_up.received")
    assert (event.actor, event.data["statement"]) == (None, statement.pk)


def test_the_waiting_commissions_are_booked_at_once(cast):
    cast.sold()
    assert cast.commission().state == "unfunded"
    top_up = announced(cast)
    upload(cast, ("500.00", top_up.reference, "B-1"))

    assert cast.commission().state == "estimated"
    assert wallet(cast) == cny("476.12")


def test_the_same_file_and_the_same_transfer_count_once(cast):
    top_up = announced(cast)
    first = ("500.00", top_up.reference, "B-1")
    upload(cast, first)
    with pytest.raises(Invalid, match="uploaded before"):
        upload(cast, first, name="again.csv")
    overlapping = upload(cast, first, ("1.00", "other", "B-2"))
    tasks.bank_credits_match()

    assert (overlapping.credits_found, overlapping.credits_new) == (2, 1)
    assert wallet(cast) == cny("500.00")
    assert BankCredit.objects.count() == 2


def test_the_same_reference_in_another_account_is_another_transfer(cast):
    upload(cast, ("1.00", "x", "B-1"), account="ICBC")
    upload(cast, ("2.00", "x", "B-1"), account="Alipay")

    assert BankCredit.objects.filter(entry_ref="B-1").count() == 2


def test_a_banks_reference_that_means_something_else_refuses_the_file(cast):
    upload(cast, ("1.00", "x", "B-1"))
    with pytest.raises(Invalid, match="B-1 stood for another transfer"):
        upload(cast, ("2.00", "x", "B-1"))

    assert BankStatement.objects.count() == 1


def test_what_does_not_fit_waits_and_says_why(cast):
    top_up, twice, refused = announced(cast), announced(cast, "7.00"), announced(cast, "8.00")
    wallets.top_up_refuse(actor=cast.finance, top_up=refused, reason="no")
    upload(
        cast,
        ("400.00", top_up.reference, "B-1"),
        ("1.00", "hello", "B-2"),
        ("7.00", twice.reference, "B-3"),
        ("7.00", twice.reference, "B-4"),
        ("8.00", refused.reference, "B-5"),
        ("9.00", f"{top_up.reference} {twice.reference}", "B-6"),
    )

    assert [state_of(f"B-{n}") for n in range(1, 7)] == [
        ("open", Finding.DIFFERS), ("open", Finding.UNKNOWN), ("received", ""),
        ("open", Finding.TWICE), ("open", Finding.REFUSED), ("open", Finding.SEVERAL),
    ]  # fmt: skip
    assert wallet(cast) == cny("7.00")


def test_another_currency_does_not_fit(cast):
    top_up = announced(cast)
    content = f"date,amount,currency,text\n2026-05-10,500.00,EUR,{top_up.reference}\n".encode()
    bank.statement_read(actor=cast.finance2, content=content, name="e.csv")
    tasks.bank_credits_match()

    credit = BankCredit.objects.get()
    assert (credit.finding, credit.amount) == (Finding.DIFFERS, Money(50000, "EUR"))
    with pytest.raises(Invalid, match="another currency"):
        bank.credit_assign(actor=cast.finance, credit=credit, merchant=cast.merchant)
    assert wallet(cast) == cny("0.00")


def test_a_payment_of_ours_that_came_back_is_never_a_top_up(cast):
    top_up = announced(cast)
    back = entry(text=top_up.reference, more="<RvslInd>true</RvslInd>")
    bank.statement_read(actor=cast.finance2, content=camt(back), name="s.xml")
    tasks.bank_credits_match()

    assert state_of("B-1") == ("open", Finding.REVERSAL)
    assert wallet(cast) == cny("0.00")


# --- Two people -----------------------------------------------------------------------------------


def test_an_assigned_transfer_is_received_by_a_second_person(cast):
    upload(cast, ("300.00", "Chen May", "B-1"))
    credit = BankCredit.objects.get()
    top_up = bank.credit_assign(actor=cast.finance, credit=credit, merchant=cast.merchant)
    for who in (cast.finance, cast.finance2):  # assigned it; uploaded the statement
        with pytest.raises(NotAllowed):
            wallets.top_up_receive(actor=who, top_up=top_up)
    assert (wallet(cast), state_of("B-1")[0]) == (cny("0.00"), "assigned")

    wallets.top_up_receive(actor=staff_make(StaffRole.FINANCE), top_up=top_up)
    assert (wallet(cast), state_of("B-1")[0]) == (cny("300.00"), "received")


def test_an_assignment_that_is_refused_waits_again(cast):
    upload(cast, ("300.00", "Chen May", "B-1"))
    credit = BankCredit.objects.get()
    top_up = bank.credit_assign(actor=cast.finance, credit=credit, merchant=cast.merchant)
    wallets.top_up_refuse(actor=cast.finance2, top_up=top_up, reason="not theirs")

    assert state_of("B-1") == ("open", Finding.REFUSED)
    bank.credit_assign(actor=cast.finance, credit=credit, merchant=cast.merchant)
    assert wallet(cast) == cny("0.00")


def test_another_amount_replaces_the_announcement(cast):
    top_up = announced(cast)
    upload(cast, ("400.00", top_up.reference, "B-1"))
    made = bank.credit_assign(
        actor=cast.finance, credit=BankCredit.objects.get(), merchant=cast.merchant
    )

    top_up.refresh_from_db()
    assert top_up.state == "refused"
    assert made.reference in top_up.reason
    with pytest.raises(WrongState):
        wallets.top_up_receive(actor=cast.finance, top_up=top_up)


def test_who_uploads_does_not_receive_their_own_announcement(cast):
    own = wallets.top_up_book(
        actor=cast.finance2, merchant=cast.merchant, amount=cny("500.00"), receipt="by phone"
    )
    upload(cast, ("500.00", own.reference, "B-1"))
    assert (wallet(cast), state_of("B-1")) == (cny("0.00"), ("assigned", Finding.SAME_PERSON))

    wallets.top_up_receive(actor=cast.finance, top_up=own)
    assert (wallet(cast), state_of("B-1")[0]) == (cny("500.00"), "received")


def test_staff_who_sell_do_not_fill_their_own_wallet(cast):
    both = staff_make(StaffRole.FINANCE)
    MerchantMember.objects.create(merchant=cast.merchant, user=both, role=MemberRole.VIEWER)
    top_up = announced(cast)
    upload(cast, ("500.00", top_up.reference, "B-1"), ("9.00", "?", "B-2"), actor=both)
    assert state_of("B-1") == ("assigned", Finding.SAME_PERSON)
    with pytest.raises(NotAllowed):
        wallets.top_up_book(actor=both, merchant=cast.merchant, amount=cny("1.00"), receipt="x")
    with pytest.raises(NotAllowed):
        bank.credit_assign(
            actor=both, credit=BankCredit.objects.get(entry_ref="B-2"), merchant=cast.merchant
        )

    assert wallet(cast) == cny("0.00")


def test_money_that_is_not_ours_is_noted_with_a_reason_and_can_be_taken_up_again(cast):
    upload(cast, ("3.00", "rent", "B-1"))
    credit = BankCredit.objects.get()
    with pytest.raises(Invalid):
        bank.credit_reject(actor=cast.finance, credit=credit, reason=" ")
    bank.credit_reject(actor=cast.finance, credit=credit, reason="our tenant's rent")
    with pytest.raises(WrongState):
        bank.credit_assign(actor=cast.finance, credit=credit, merchant=cast.merchant)
    assert state_of("B-1")[0] == "rejected"

    bank.credit_reopen(actor=cast.finance, credit=credit)
    assert state_of("B-1")[0] == "open"
    assert TopUp.objects.count() == 0


# --- By hand --------------------------------------------------------------------------------------


def test_a_top_up_booked_by_hand_needs_a_second_person(cast):
    with pytest.raises(Invalid):
        wallets.top_up_book(
            actor=cast.finance, merchant=cast.merchant, amount=cny("5.00"), receipt=""
        )
    top_up = wallets.top_up_book(
        actor=cast.finance, merchant=cast.merchant, amount=cny("5.00"), receipt="B-7"
    )
    with pytest.raises(NotAllowed):
        wallets.top_up_receive(actor=cast.finance, top_up=top_up)
    wallets.top_up_receive(actor=cast.finance2, top_up=top_up)
    assert wallet(cast) == cny("5.00")

    upload(cast, ("5.00", "no word of it", "B-7"))  # the statement comes later: it is the proof
    assert state_of("B-7") == ("received", "")
    assert wallet(cast) == cny("5.00")


def test_a_booking_by_hand_that_nobody_confirmed_is_not_confirmed_by_the_statement(cast):
    top_up = wallets.top_up_book(
        actor=cast.finance, merchant=cast.merchant, amount=cny("5.00"), receipt="B-7"
    )
    upload(cast, ("5.00", "from somebody", "B-7"))

    assert (wallet(cast), state_of("B-7")[0]) == (cny("0.00"), "assigned")
    wallets.top_up_receive(actor=staff_make(StaffRole.FINANCE), top_up=top_up)
    assert (wallet(cast), state_of("B-7")[0]) == (cny("5.00"), "received")


def test_a_statement_that_follows_a_confirmation_proves_it_once(cast):
    top_up = announced(cast)
    wallets.top_up_receive(actor=cast.finance, top_up=top_up)
    upload(cast, ("500.00", top_up.reference, "B-1"), ("500.00", top_up.reference, "B-2"))

    assert state_of("B-1") == ("received", "")
    assert state_of("B-2") == ("open", Finding.TWICE)
    assert wallet(cast) == cny("500.00")


def test_matching_goes_on_where_it_broke_off(cast, monkeypatch):
    top_up = announced(cast)
    with monkeypatch.context() as patch:
        patch.setattr(tasks, "bank_credits_match", lambda: None)
        upload(cast, ("500.00", top_up.reference, "B-1"))
    assert (state_of("B-1")[0], wallet(cast)) == ("new", cny("0.00"))
    tasks.bank_credits_match()
    tasks.bank_credits_match()

    assert wallet(cast) == cny("500.00")


def test_another_merchants_reference_fills_another_merchants_wallet(cast):
    other = merchant_apply(
        user=user_make(), name="Other", shop_name="Other", domains=["other.example"]
    )
    merchant_approve(merchant=other, actor=cast.finance)
    top_up = wallets.top_up_announce(actor=None, merchant=other, amount=cny("5.00"))
    upload(cast, ("5.00", top_up.reference, "B-1"))

    assert cast.balance(chart.wallet(other.pk)) == cny("5.00")
    assert wallet(cast) == cny("0.00")
