"""An affiliate's debt: clawed back beyond what was payable, repaid before anything else."""

from collections.abc import Iterable, Mapping

from alliance.kernel.money import Money
from commissions import chart
from commissions.ledger import Move

PAYABLE, DEBT = ":payable", ":debt"


def through_debt(moves: Iterable[Move], balances: Mapping[tuple[str, str], int]) -> list[Move]:
    """The moves with each payable account's limit and debt respected.

    Money arriving on a payable account repays the debt first; money clawed back from it beyond
    what is there becomes debt. `balances` holds the locked (code, currency) balances of the
    payable and debt accounts concerned.
    """
    left = dict(balances)
    result: list[Move] = []
    # Arrivals first: what one order brings may cover what another one takes.
    for move in sorted(moves, key=lambda m: not m.credit.endswith(PAYABLE)):
        currency = move.amount.currency
        if move.credit.endswith(PAYABLE):
            payable, debt = _pair(move.credit, currency)
            repaid = min(move.amount.minor, -left.get(debt, 0))
            left[debt] = left.get(debt, 0) + repaid
            left[payable] = left.get(payable, 0) + move.amount.minor - repaid
            result += _parts(move, repaid, Move(Money(repaid, currency), move.debit, debt[0]))
        elif move.debit.endswith(PAYABLE):
            payable, debt = _pair(move.debit, currency)
            short = move.amount.minor - min(move.amount.minor, max(left.get(payable, 0), 0))
            left[payable] = left.get(payable, 0) - move.amount.minor + short
            left[debt] = left.get(debt, 0) - short
            result += _parts(move, short, Move(Money(short, currency), debt[0], move.credit))
        else:
            result.append(move)
    return result


def accounts_of(affiliate_ids: Iterable[int]) -> set[str]:
    """The guarded accounts that `through_debt` needs locked."""
    return {code for pk in affiliate_ids for code in (chart.payable(pk), chart.debt(pk))}


def _pair(payable: str, currency: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (payable, currency), (payable.removesuffix(PAYABLE) + DEBT, currency)


def _parts(move: Move, taken: int, other: Move) -> list[Move]:
    rest = Money(move.amount.minor - taken, move.amount.currency)
    kept = [Move(rest, move.debit, move.credit)] if rest else []
    return kept + ([other] if taken else [])
