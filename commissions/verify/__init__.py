"""Proof of the books: each invariant by name, each fault as a sentence.

`verify()` empty means well. It runs nightly, around every settlement, at the end of every journey
test, and by hand (`manage.py ledger_verify`). docs/ledger.md explains each invariant. One file per
noun; each ends in its INVARIANTS.
"""

from collections.abc import Callable

from commissions.verify import (
    awards,
    books,
    business,
    campaigns,
    cases,
    computed,
    coupons,
    evidence,
    plans,
    rails,
    statements,
    wallets,
)
from commissions.verify.base import Invariant, Result, Text, check

__all__ = ["INVARIANTS", "Invariant", "Result", "Text", "verify"]

INVARIANTS = (
    *books.INVARIANTS,
    *business.INVARIANTS,
    *awards.INVARIANTS,
    *rails.INVARIANTS,
    *wallets.INVARIANTS,
    *evidence.INVARIANTS,
    *computed.INVARIANTS,
    *cases.INVARIANTS,
    *campaigns.INVARIANTS,
    *coupons.INVARIANTS,
    *plans.INVARIANTS,
    *statements.INVARIANTS,
)


def verify(report: Callable[[Result], None] | None = None, *, whole: bool = False) -> list[str]:
    """Check every invariant; returns sentences, empty means well.

    What Python looks at (commissions computed anew, the lines of statements) is some of many rows
    each day, so that each has its turn; `whole`: all of them.

    Work in flight is no fault. `report` hears the result of each invariant as soon as it is there.
    At most `base.SAID` sentences of one invariant are returned; its result counts them all.
    """
    sentences: list[str] = []
    for invariant in INVARIANTS:
        result = check(invariant, whole=whole)
        sentences += result.sentences
        if report:
            report(result)
    return sentences
