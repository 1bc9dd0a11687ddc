"""Every planted bug, by where in the books it lies."""

from tests.mutants.bugs import (
    attribution,
    commissions,
    ledger,
    mechanics,
    payouts,
    plans,
    settlement,
)
from tests.mutants.bugs.locks import LOCKS

BUGS = (
    *attribution.BUGS,
    *commissions.BUGS,
    *ledger.BUGS,
    *settlement.BUGS,
    *payouts.BUGS,
    *mechanics.BUGS,
    *plans.BUGS,
    *LOCKS,
)
