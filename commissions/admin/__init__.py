"""Operations desk: the road of an order and the money, split by noun.

Orders, refunds and merchants have their pages here, not in their own app: what is decided there
ends in a commission or in the books.
"""

from commissions.admin import (
    bank,
    commissions,
    finance,
    invoices,
    ledger,
    merchants,
    orders,
    payouts,
    settlements,
    taxes,
    top_ups,
    verification,
    wallet_refunds,
    write_offs,
)

__all__ = [
    "bank",
    "commissions",
    "finance",
    "invoices",
    "ledger",
    "merchants",
    "orders",
    "payouts",
    "settlements",
    "taxes",
    "top_ups",
    "verification",
    "wallet_refunds",
    "write_offs",
]
