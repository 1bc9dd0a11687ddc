"""A clawback takes what is payable, then becomes debt; whatever arrives repays the debt first."""

from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.money import Money, cny
from commissions import chart, debts
from commissions.ledger import Move

PAYABLE, DEBT = (chart.payable(1), "CNY"), (chart.debt(1), "CNY")


def clawback(minor):
    return Move(Money(minor, "CNY"), debit=chart.payable(1), credit=chart.wallet(9))


def arrival(minor):
    return Move(Money(minor, "CNY"), debit=chart.pending(1), credit=chart.payable(1))


def test_a_clawback_beyond_what_is_payable_becomes_debt():
    moves = debts.through_debt([clawback(700)], {PAYABLE: 500, DEBT: 0})

    assert moves == [
        Move(cny("5.00"), chart.payable(1), chart.wallet(9)),
        Move(cny("2.00"), chart.debt(1), chart.wallet(9)),
    ]


def test_what_arrives_repays_the_debt_first():
    moves = debts.through_debt([arrival(700)], {PAYABLE: 0, DEBT: -500})

    assert moves == [
        Move(cny("2.00"), chart.pending(1), chart.payable(1)),
        Move(cny("5.00"), chart.pending(1), chart.debt(1)),
    ]


def test_what_arrives_in_the_same_entry_covers_what_is_taken():
    moves = debts.through_debt([clawback(700), arrival(700)], {PAYABLE: 0, DEBT: 0})

    assert set(moves) == {arrival(700), clawback(700)}


def test_other_moves_pass_untouched():
    other = Move(cny("1.00"), chart.CASH, chart.wallet(9))

    assert debts.through_debt([other], {}) == [other]


@given(
    start=st.integers(-1000, 1000),
    moves=st.lists(
        st.builds(arrival, st.integers(1, 999)) | st.builds(clawback, st.integers(1, 999))
    ),
)
def test_nothing_is_lost_and_nobody_has_money_while_owing(start, moves):
    balances = {PAYABLE: max(start, 0), DEBT: min(start, 0)}
    after = dict(balances)
    for move in debts.through_debt(moves, balances):
        for code, sign in ((move.debit, -1), (move.credit, 1)):
            if (code, "CNY") in after:
                after[code, "CNY"] += sign * move.amount.minor
    wanted = start + sum(m.amount.minor * (1 if m.credit == PAYABLE[0] else -1) for m in moves)

    assert after[PAYABLE] >= 0 >= after[DEBT]
    assert not (after[PAYABLE] and after[DEBT])
    assert after[PAYABLE] + after[DEBT] == wanted
