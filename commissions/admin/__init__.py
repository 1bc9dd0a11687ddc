"""Operations desk: the road of an order and the money, split by noun.

Orders, refunds and merchants have their pages here, not in their own app: what is decided there
ends in a commission or in the books. So does a case against an affiliate, which is opened on pages
of its own app.
"""

from commissions.admin import (
    api_apps,
    awards,
    bank,
    campaigns,
    cases,
    commissions,
    endpoints,
    finance,
    invoices,
    ledger,
    merchants,
    orders,
    payouts,
    rails,
    settlements,
    statements,
    taxes,
    top_ups,
    verification,
    violations,
    wallet_refunds,
    write_offs,
)

__all__ = [
    "api_apps",
    "awards",
    "bank",
    "campaigns",
    "cases",
    "commissions",
    "endpoints",
    "finance",
    "invoices",
    "ledger",
    "merchants",
    "orders",
    "payouts",
    "rails",
    "settlements",
    "statements",
    "taxes",
    "top_ups",
    "verification",
    "violations",
    "wallet_refunds",
    "write_offs",
]
