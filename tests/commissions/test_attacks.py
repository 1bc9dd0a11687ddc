"""Money attacked by those inside: staff with an affiliate of their own, many small steps, names."""

from datetime import datetime, timedelta

import pytest
from django.core import mail

from affiliates.models import Affiliate, AffiliateMember
from alliance.kernel import clock
from alliance.kernel.errors import NotAllowed
from alliance.kernel.models import MemberRole, StaffRole
from alliance.kernel.money import cny
from alliance.kernel.tasks import mails_send
from commissions import chart, rails, tasks
from commissions.models import Payout
from commissions.services import payouts, returns, settlements, write_offs
from commissions.verify import verify
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)


def payee(cast, affiliate=None, actor=None, **changes):
    account = {"holder": "L", "institution": "B", "number": "6222 0000", **changes}
    return payouts.payee_set(
        actor=actor or cast.lin, affiliate=affiliate or cast.affiliate, **account
    )


@pytest.fixture
def cast(settings):
    """An affiliate with 19.34 payable on 22 June; what is done alone is limited to 10.00."""
    settings.ALLIANCE = {
        **settings.ALLIANCE,
        "PAYEE_HOLD_HOURS": 0,
        "RELEASE_LIMIT_MINOR": 10_00,
        "WRITE_OFF_LIMIT_MINOR": 10_00,
        "WITHDRAWAL_MIN_MINOR": 1_00,
    }
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        made.sold()
        made.received()
    with clock.at(JUNE_22):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        payee(made)
        yield made
        assert verify() == []


def sent(cast, amount="19.34"):
    payout = payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny(amount))
    if payout.state == "requested":
        payouts.payout_release(actor=cast.finance, payout=payout)
    tasks.payout_send(payout.pk)
    payout.refresh_from_db()
    return payout


def test_staff_cannot_call_a_transfer_to_their_own_affiliate_failed(cast):
    both = staff_make(StaffRole.FINANCE)
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=both, role=MemberRole.VIEWER)
    payout = sent(cast)

    with pytest.raises(NotAllowed, match="You belong to this affiliate"):
        payouts.payout_fail(actor=both, payout=payout, reason="it bounced, send it again")
    payouts.payout_fail(actor=cast.finance2, payout=payout, reason="it bounced")


def test_one_persons_word_does_not_let_the_system_release_again_and_again(cast):
    first = sent(cast, "9.00")
    assert first.auto_released
    payouts.payout_mark_paid(payout=first, rail_ref="SLIP-1", actor=cast.finance2)
    returns.payout_return(payout=first, reason="so they say", actor=cast.finance2)

    second = payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("9.00"))
    assert second.state == "requested"
    payouts.payout_fail(actor=cast.finance2, payout=second, reason="not today")
    third = payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("1.00"))
    assert third.state == "ready"


def test_what_the_rail_itself_refused_may_be_released_again(cast):
    first = sent(cast, "9.00")
    payouts.payout_fail(payout=first, reason="The rail: no such account")

    second = payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny("9.00"))
    assert second.state == "ready"


def test_a_debt_in_small_pieces_still_takes_two_people(cast):
    payouts.payout_mark_paid(payout=sent(cast), rail_ref="SLIP-1", actor=cast.finance2)
    cast.refunded("199.00")

    def ask(amount):
        return write_offs.write_off_request(
            actor=cast.finance, affiliate=cast.affiliate, amount=cny(amount), reason="old friends"
        )

    assert [ask("6.00").state, ask("4.00").state] == ["done", "done"]
    assert ask("0.01").state == "requested"
    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("-9.34")


@pytest.mark.parametrize(
    ("rail", "theirs", "mine"),
    [
        ("paypal", "lin@test.example", "LIN@Test.example"),
        ("alipay", "13800138000", "+86-13800138000"),
    ],
)
def test_one_account_written_in_two_ways_is_still_shared(cast, settings, rail, theirs, mine):
    settings.RAILS = {"alipay": {}, "paypal": {}}
    other = user_make()
    shop = Affiliate.objects.create(name="Other", kind="small", state="active")
    AffiliateMember.objects.create(affiliate=shop, user=other, role=MemberRole.OWNER)
    payee(cast, shop, other, rail=rail, number=theirs)
    account = payee(cast, rail=rail, number=mine)
    Payout.objects.create(
        affiliate=cast.affiliate, payee=account, amount_minor=1, currency="CNY", state="failed",
        reason="only looked at",
    )  # fmt: skip

    looked_at = payouts.queries.payouts_looked_at(Payout.objects.all()).get()
    assert "shared" in payouts.queries.oddities(looked_at)
    Payout.objects.all().delete()


def test_a_line_break_in_a_name_keeps_nobody_from_being_told_of_a_new_account(cast):
    Affiliate.objects.update(name="Lin\nBcc: thief@evil.example")
    mails_send()
    mail.outbox.clear()
    payee(cast, Affiliate.objects.get())
    mails_send()

    (told,) = mail.outbox
    assert told.recipients() == [cast.lin.email]
    assert told.subject.endswith("Lin Bcc: thief@evil.example")


def test_a_mail_server_that_is_away_keeps_nobody_from_setting_an_account(cast, settings):
    settings.EMAIL_BACKEND = "tests.commissions.test_attacks.Away"

    assert payee(cast).masked == "…0000"


class Away:
    def __init__(self, **_options):
        raise ConnectionRefusedError


# --- What a rail answers --------------------------------------------------------------------------


class Mad:
    """A rail that says what no column can hold."""

    def __init__(self, said):
        self.said = said

    def lookup(self, *, key):
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


@pytest.mark.parametrize(
    ("said", "state", "kept"),
    [
        ("R" * 100 + "\x00", "paid", "R" * 64),
        (rails.Refused("no\x00 such account" + "!" * 400), "failed", ""),
        (ValueError("no answer of ours"), "sending", ""),
        (" ", "sending", ""),
    ],
)
def test_a_mad_answer_stops_neither_the_payout_nor_those_behind_it(
    cast, monkeypatch, said, state, kept
):
    payout = sent(cast)
    asked = []
    monkeypatch.setattr(rails, "get", lambda _name: Mad(said))
    monkeypatch.setattr(tasks.queries, "payouts_sending", lambda: [payout, payout])
    monkeypatch.setattr(tasks, "payout_lookup", counted(tasks.payout_lookup, asked))
    tasks.payouts_reconcile()

    payout.refresh_from_db()
    assert (payout.state, payout.rail_ref, len(asked)) == (state, kept, 2)


def counted(real, calls):
    def wrapper(payout):
        calls.append(payout)
        return real(payout)

    return wrapper


def test_an_answer_of_brackets_without_end_is_no_answer():
    with pytest.raises(rails.Unclear, match="not JSON"):
        rails.wire.members("[" * 100_000)
    with pytest.raises(rails.Unclear, match="broken off"):
        rails.alipay._text_of('{"a_response":' + '{"a":' * 100_000, "a_response")
