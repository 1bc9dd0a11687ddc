"""Every call of the REST door, /api/v1/: each lives in the app that owns its outcome."""

from django.urls import path, re_path

from affiliates.api import catalogue, links
from alliance.kernel.rest import keys
from commissions import conversions
from commissions.api import changes, commissions, orders, reports, sandbox, wallet
from commissions.api.webhooks import deliveries, endpoints
from merchants.api import coupons, products

app_name = "api"
urlpatterns = [
    path("changes", changes.changes, name="changes"),
    path("me", keys.me, name="me"),
    path("conversions", conversions.conversions, name="conversions"),
    path("webhooks", endpoints.webhooks, name="webhooks"),
    path("webhooks/<int:pk>", endpoints.webhook, name="webhook"),
    path("webhooks/<int:pk>/pause", endpoints.pause, name="webhook_pause"),
    path("webhooks/<int:pk>/resume", endpoints.resume, name="webhook_resume"),
    path("webhooks/<int:pk>/secret", endpoints.secret, name="webhook_secret"),
    path("webhooks/<int:pk>/test", deliveries.test, name="webhook_test"),
    path("webhooks/<int:pk>/replay", deliveries.replay, name="webhook_replay"),
    path("webhooks/<int:pk>/deliveries", deliveries.deliveries, name="webhook_deliveries"),
    path(
        "webhooks/<int:pk>/deliveries/<int:delivery>", deliveries.delivery, name="webhook_delivery"
    ),
    path(
        "webhooks/<int:pk>/deliveries/<int:delivery>/redeliver",
        deliveries.redeliver,
        name="webhook_redeliver",
    ),
    # Affiliates
    path("catalogue", catalogue.catalogue, name="catalogue"),
    path("catalogue/<int:pk>", catalogue.product, name="catalogue_product"),
    path("zones", links.zones, name="zones"),
    path("links", links.links, name="links"),
    path("links/bulk", links.links_bulk, name="links_bulk"),
    path("links/<str:code>", links.link, name="link"),
    path("commissions", commissions.commissions, name="commissions"),
    path("commissions/<int:pk>", commissions.commission, name="commission"),
    path("sandbox/orders", sandbox.orders, name="sandbox_orders"),
    path("balances", commissions.balances, name="balances"),
    path("reports/earnings", reports.earnings, name="earnings"),
    path("reports/clicks", reports.clicks, name="clicks"),
    # Merchants
    path("products", products.products, name="products"),
    path("products/bulk", products.products_bulk, name="products_bulk"),
    path("products/<path:external_id>", products.product, name="product"),
    path("coupons", coupons.coupons, name="coupons"),
    path("reports/sales", reports.sales, name="sales"),
    path("wallet", wallet.wallet, name="wallet"),
    path("wallet/lines", wallet.lines, name="wallet_lines"),
    path("orders", orders.orders, name="orders"),
    path("orders/bulk", orders.orders_bulk, name="orders_bulk"),
    path("orders/<path:external_id>", orders.order, name="order"),
    re_path(r"^[\s\S]*$", keys.nothing, name="nothing"),
]
