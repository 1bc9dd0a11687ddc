"""Pages of the money: the affiliate's and the merchant's; and the REST door for orders."""

from django.urls import path

from commissions import api, conversions
from commissions.views import (
    affiliate,
    campaigns,
    earnings,
    imports,
    invoices,
    merchant,
    merchant_campaigns,
    orders,
    refunds,
    statements,
    violations,
    wallet,
    withdrawals,
)

app_name = "commissions"

urlpatterns = [
    path("affiliate/", affiliate.home, name="affiliate_home"),
    path("affiliate/orders/", affiliate.orders, name="affiliate_orders"),
    path("affiliate/orders.csv", affiliate.orders_csv, name="affiliate_orders_csv"),
    path("affiliate/orders/find/", affiliate.order_find, name="order_find"),
    path("affiliate/orders/<int:pk>/", affiliate.receipt, name="receipt"),
    path("affiliate/orders/refunds/", refunds.refunds, name="affiliate_refunds"),
    path("affiliate/orders/refunds.csv", refunds.refunds_csv, name="affiliate_refunds_csv"),
    path("affiliate/campaigns/", campaigns.campaigns, name="campaigns"),
    path("affiliate/campaigns/<int:pk>/", campaigns.campaign, name="campaign"),
    path("affiliate/campaigns/<int:pk>/join/", campaigns.join, name="campaign_join"),
    path("affiliate/campaigns/<int:pk>/leave/", campaigns.leave, name="campaign_leave"),
    path("affiliate/earnings/", earnings.earnings, name="earnings"),
    path("affiliate/earnings/rewards.csv", earnings.awards_csv, name="awards_csv"),
    path("affiliate/earnings.csv", earnings.earnings_csv, name="earnings_csv"),
    path("affiliate/withdrawals/", withdrawals.withdrawals, name="withdrawals"),
    path("affiliate/withdrawals.csv", withdrawals.withdrawals_csv, name="withdrawals_csv"),
    path("affiliate/withdrawals/account/", earnings.payee, name="payee"),
    path("affiliate/violations/", violations.violations, name="violations"),
    path("affiliate/violations/<int:pk>/", violations.violation, name="violation"),
    path("affiliate/violations/<int:pk>/appeal/", violations.appeal, name="appeal"),
    path("affiliate/violations/<int:pk>/evidence/", violations.add_evidence, name="evidence_add"),
    path("affiliate/violations/evidence/<int:pk>/", violations.evidence_file, name="evidence_file"),
    path("affiliate/statements/", statements.affiliate_list, name="affiliate_statements"),
    path("affiliate/statements/<int:pk>/", statements.affiliate_page, name="affiliate_statement"),
    path(
        "affiliate/statements/<int:pk>.csv",
        statements.affiliate_csv,
        name="affiliate_statement_csv",
    ),
    path(
        "affiliate/statements/<int:pk>.pdf",
        statements.affiliate_pdf,
        name="affiliate_statement_pdf",
    ),
    path("merchant/", merchant.home, name="merchant_home"),
    path("merchant/affiliates/", merchant.affiliates, name="merchant_affiliates"),
    path("merchant/affiliates.csv", merchant.affiliates_csv, name="merchant_affiliates_csv"),
    path("merchant/campaigns/", merchant_campaigns.campaigns, name="merchant_campaigns"),
    path("merchant/campaigns/<int:pk>/", merchant_campaigns.campaign, name="merchant_campaign"),
    path(
        "merchant/campaigns/<int:pk>/agree/",
        merchant_campaigns.agree,
        name="merchant_campaign_agree",
    ),
    path(
        "merchant/campaigns/products/<int:pk>/agree/",
        merchant_campaigns.promise,
        name="merchant_promise",
    ),
    path(
        "merchant/campaigns/products/<int:pk>/withdraw/",
        merchant_campaigns.withdraw,
        name="merchant_proposal_withdraw",
    ),
    path("merchant/orders/", orders.orders, name="merchant_orders"),
    path("merchant/orders.csv", orders.orders_csv, name="merchant_orders_csv"),
    path("merchant/orders/<int:pk>/", orders.order, name="merchant_order"),
    path("merchant/orders/refunds/", orders.refunds, name="merchant_refunds"),
    path("merchant/orders/refunds/<int:pk>/", orders.refund, name="merchant_refund"),
    path("merchant/orders/import/", imports.upload, name="order_import"),
    path("merchant/orders/import/<int:pk>/", imports.mapping, name="order_mapping"),
    path("merchant/orders/import/<int:pk>/give-up/", imports.give_up, name="order_import_give_up"),
    path("merchant/wallet/", wallet.wallet, name="wallet"),
    path("merchant/wallet/warning/", wallet.warning, name="wallet_warning"),
    path("merchant/wallet.csv", wallet.wallet_csv, name="wallet_csv"),
    path("merchant/invoices/", invoices.invoices, name="invoices"),
    path("merchant/invoices.csv", invoices.invoices_csv, name="invoices_csv"),
    path("merchant/invoices/<int:pk>/", invoices.invoice, name="invoice"),
    path("merchant/invoices/<int:pk>.csv", invoices.invoice_csv, name="invoice_csv"),
    path("merchant/invoices/<int:pk>.pdf", invoices.invoice_pdf, name="invoice_pdf"),
    path("merchant/statements/", statements.merchant_list, name="merchant_statements"),
    path("merchant/statements/<int:pk>/", statements.merchant_page, name="merchant_statement"),
    path(
        "merchant/statements/<int:pk>.csv", statements.merchant_csv, name="merchant_statement_csv"
    ),
    path(
        "merchant/statements/<int:pk>.pdf", statements.merchant_pdf, name="merchant_statement_pdf"
    ),
    path("statements/keys/", statements.key_list, name="statement_keys"),
    path("statements/verify_statement.py", statements.verifier, name="statement_verifier"),
    path("api/v1/conversions", conversions.conversions, name="api_conversions"),
    path("api/v1/orders", api.orders, name="api_orders"),
    path("api/v1/orders/bulk", api.orders_bulk, name="api_orders_bulk"),
    path("api/v1/orders/<path:external_id>", api.order, name="api_order"),
]
