"""Models of the money, split by noun."""

from commissions.models.award import Award, AwardHold, AwardState, AwardStep
from commissions.models.bank import BankCredit, BankCreditState, BankStatement, Finding
from commissions.models.commission import (
    Commission,
    CommissionLine,
    CommissionState,
    Hold,
    PayeeRole,
)
from commissions.models.gateway import ApiApp, ApiSession
from commissions.models.invoice import (
    ChargeKind,
    Invoice,
    InvoiceCounter,
    InvoiceLine,
    InvoiceRun,
)
from commissions.models.ledger import Account, Balance, Entry, Line, Period
from commissions.models.payout import CAME_BACK, PayeeAccount, Payout, PayoutState
from commissions.models.rails import (
    BankFile,
    BankFileItem,
    Difference,
    DifferenceKind,
    DifferenceState,
    FileFact,
    RailFile,
    RailFileRow,
    Transfer,
)
from commissions.models.reporting import SavedReport
from commissions.models.sandbox import SaleState, SandboxOrder, SandboxSale
from commissions.models.settlement import Settlement, SettlementState
from commissions.models.shares import SettlementLine, SettlementShare
from commissions.models.statement import (
    Statement,
    StatementKey,
    StatementKind,
    StatementPart,
)
from commissions.models.tax import (
    TaxKind,
    TaxProfile,
    TaxRemittance,
    TaxRemittanceLine,
    TaxRemittanceState,
)
from commissions.models.verification import VerifyRun, VerifySource, VerifyState
from commissions.models.violation import (
    Appeal,
    AppealState,
    Consequence,
    Evidence,
    Severity,
    Violation,
    ViolationEvent,
    ViolationFact,
    ViolationState,
    ViolationTarget,
    ViolationType,
)
from commissions.models.wallet import TopUp, TopUpState
from commissions.models.wallet_refund import WalletRefund, WalletRefundState
from commissions.models.write_off import Debt, DebtWriteOff, WriteOffState

__all__ = [
    "CAME_BACK",
    "Account",
    "ApiApp",
    "ApiSession",
    "Appeal",
    "AppealState",
    "Award",
    "AwardHold",
    "AwardState",
    "AwardStep",
    "Balance",
    "BankCredit",
    "BankCreditState",
    "BankFile",
    "BankFileItem",
    "BankStatement",
    "ChargeKind",
    "Commission",
    "CommissionLine",
    "CommissionState",
    "Consequence",
    "Debt",
    "DebtWriteOff",
    "Difference",
    "DifferenceKind",
    "DifferenceState",
    "Entry",
    "Evidence",
    "FileFact",
    "Finding",
    "Hold",
    "Invoice",
    "InvoiceCounter",
    "InvoiceLine",
    "InvoiceRun",
    "Line",
    "PayeeAccount",
    "PayeeRole",
    "Payout",
    "PayoutState",
    "Period",
    "RailFile",
    "RailFileRow",
    "SaleState",
    "SandboxOrder",
    "SandboxSale",
    "SavedReport",
    "Settlement",
    "SettlementLine",
    "SettlementShare",
    "SettlementState",
    "Severity",
    "Statement",
    "StatementKey",
    "StatementKind",
    "StatementPart",
    "TaxKind",
    "TaxProfile",
    "TaxRemittance",
    "TaxRemittanceLine",
    "TaxRemittanceState",
    "TopUp",
    "TopUpState",
    "Transfer",
    "VerifyRun",
    "VerifySource",
    "VerifyState",
    "Violation",
    "ViolationEvent",
    "ViolationFact",
    "ViolationState",
    "ViolationTarget",
    "ViolationType",
    "WalletRefund",
    "WalletRefundState",
    "WriteOffState",
]
