"""What one person of finance may let into a wallet a day; above that it takes two."""

from datetime import timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import NotAllowed
from alliance.kernel.models import StaffRole
from alliance.kernel.money import cny
from commissions.models import TopUp
from commissions.services import wallets
from merchants.services.merchants import merchant_apply, merchant_approve
from tests.cast import staff_make, user_make
from tests.commissions.wallet.test_bank import MAY, announced, cast, state_of, upload, wallet

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["cast"]


@pytest.fixture(autouse=True)
def limit(settings):
    """One person: 500.00 a merchant and day."""

    def at(value):
        settings.ALLIANCE = {**settings.ALLIANCE, "TOP_UP_LIMIT_MINOR": value}

    at(500_00)
    return at


def test_a_made_up_statement_fills_no_wallet_beyond_the_limit(cast):
    top_up = announced(cast, "500.01")
    upload(cast, ("500.01", top_up.reference, "B-1"), actor=cast.finance)

    assert state_of("B-1") == ("assigned", "limit")
    assert wallet(cast) == cny("0.00")
    with pytest.raises(NotAllowed, match="uploaded the statement"):
        wallets.top_up_receive(actor=cast.finance, top_up=top_up)
    assert wallet(cast) == cny("0.00")

    wallets.top_up_receive(actor=cast.finance2, top_up=top_up)
    assert state_of("B-1") == ("received", "limit")
    assert wallet(cast) == cny("500.01")


def test_up_to_the_limit_a_statement_is_enough(cast):
    top_up = announced(cast, "500.00")
    upload(cast, ("500.00", top_up.reference, "B-1"), actor=cast.finance)

    assert state_of("B-1") == ("received", "")
    assert wallet(cast) == cny("500.00")


def test_many_small_ones_count_as_one_in_one_file_or_in_several_and_by_hand(cast):
    first, second, third, fourth = (announced(cast, "200.00") for _each in range(4))
    upload(
        cast,
        ("200.00", first.reference, "B-1"),
        ("200.00", second.reference, "B-2"),
        ("200.00", third.reference, "B-3"),
        actor=cast.finance,
    )
    upload(cast, ("200.00", fourth.reference, "B-4"), actor=cast.finance, name="more.csv")
    by_hand = announced(cast, "100.01")
    with pytest.raises(NotAllowed, match="more than one person"):
        wallets.top_up_receive(actor=cast.finance, top_up=by_hand)

    assert [state_of(f"B-{n}")[0] for n in (1, 2, 3, 4)] == ["received"] * 2 + ["assigned"] * 2
    assert wallet(cast) == cny("400.00")

    # Somebody else has a limit of their own, and so has the next day.
    wallets.top_up_receive(actor=cast.finance2, top_up=by_hand)
    with clock.at(MAY + timedelta(days=1)):
        fifth = announced(cast, "500.00")
        upload(cast, ("500.00", fifth.reference, "B-5"), actor=cast.finance, name="next.csv")
    assert wallet(cast) == cny("1000.01")


def test_nobody_receives_by_hand_alone_what_is_above_the_limit(cast):
    top_up = announced(cast, "500.01")
    with pytest.raises(NotAllowed, match="more than one person"):
        wallets.top_up_receive(actor=cast.finance, top_up=top_up)

    top_up.refresh_from_db()
    assert (top_up.state, wallet(cast)) == ("announced", cny("0.00"))


def test_what_two_of_finance_look_at_has_no_limit(cast):
    booked = wallets.top_up_book(
        actor=cast.finance, merchant=cast.merchant, amount=cny("90000.00"), receipt="B-9"
    )
    wallets.top_up_receive(actor=cast.finance2, top_up=booked)
    assert wallet(cast) == cny("90000.00")

    # Nor does it use up what one of them may do alone.
    alone = announced(cast, "500.00")
    wallets.top_up_receive(actor=cast.finance2, top_up=alone)
    assert wallet(cast) == cny("90500.00")


def test_the_proof_that_comes_later_leaves_what_was_counted(cast):
    """By hand first; then the same person uploads the statement that shows it."""
    first = announced(cast, "400.00")
    wallets.top_up_receive(actor=cast.finance, top_up=first)
    upload(cast, ("400.00", first.reference, "B-1"), actor=cast.finance)
    assert state_of("B-1") == ("received", "")

    second = announced(cast, "100.01")
    upload(cast, ("100.01", second.reference, "B-2"), actor=cast.finance, name="more.csv")
    assert state_of("B-2") == ("assigned", "limit")
    assert wallet(cast) == cny("400.00")


def test_one_merchant_does_not_use_up_the_limit_of_another(cast):
    other = merchant_apply(
        user=user_make("wu@test.example"), name="Wu", shop_name="Wu", domains=["wu.example"]
    )
    merchant_approve(merchant=other, actor=staff_make(StaffRole.OPS))
    mine, theirs = (
        wallets.top_up_announce(actor=cast.chen, merchant=merchant, amount=cny("500.00"))
        for merchant in (cast.merchant, other)
    )
    for top_up in (mine, theirs):
        wallets.top_up_receive(actor=cast.finance, top_up=top_up)

    assert TopUp.objects.filter(state="received", amount_minor=500_00).count() == 2


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ({"CNY": 600_00}, "received"),
        ({"CNY": 599_99, "EUR": 10**9}, "assigned"),
        ({"EUR": 10**9}, "assigned"),  # a currency that nobody thought of: always two
        (0, "assigned"),
    ],
)
def test_a_limit_for_each_currency(cast, limit, value, state):
    limit(value)
    top_up = announced(cast, "600.00")
    upload(cast, ("600.00", top_up.reference, "B-1"), actor=cast.finance)

    assert state_of("B-1")[0] == state


def test_each_person_has_a_limit_of_their_own(cast):
    third = staff_make(StaffRole.FINANCE)
    for number, actor in enumerate((cast.finance, cast.finance2, third)):
        row = ("500.00", announced(cast, "500.00").reference, f"B-{number}")
        upload(cast, row, actor=actor, name=f"{number}.csv")

    assert wallet(cast) == cny("1500.00")
