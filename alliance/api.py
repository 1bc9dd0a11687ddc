"""Every call of the REST door, /api/v1/: each lives in the app that owns its outcome."""

from django.urls import path, re_path

from alliance.kernel.rest import keys
from commissions import conversions
from commissions.api import orders

app_name = "api"
urlpatterns = [
    path("me", keys.me, name="me"),
    path("conversions", conversions.conversions, name="conversions"),
    path("orders", orders.orders, name="orders"),
    path("orders/bulk", orders.orders_bulk, name="orders_bulk"),
    path("orders/<path:external_id>", orders.order, name="order"),
    re_path(r"^.*$", keys.nothing, name="nothing"),
]
