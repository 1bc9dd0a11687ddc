"""Models of the money, split by noun."""

from commissions.models.commission import Commission, CommissionLine, CommissionState
from commissions.models.ledger import Account, Balance, Entry, Line, Period
from commissions.models.payout import PayeeAccount, Payout, PayoutState
from commissions.models.settlement import Settlement, SettlementShare, SettlementState
from commissions.models.verification import VerifyRun, VerifySource, VerifyState
from commissions.models.wallet import TopUp, TopUpState

__all__ = [
    "Account",
    "Balance",
    "Commission",
    "CommissionLine",
    "CommissionState",
    "Entry",
    "Line",
    "PayeeAccount",
    "Payout",
    "PayoutState",
    "Period",
    "Settlement",
    "SettlementShare",
    "SettlementState",
    "TopUp",
    "TopUpState",
    "VerifyRun",
    "VerifySource",
    "VerifyState",
]
