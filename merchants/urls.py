"""Pages of the merchant: products, plans, coupons, imports, settings, joining."""

from django.urls import path, re_path

from merchants.views import bulk, coupons, feeds, hooks, imports, join, plans, products, settings

app_name = "merchants"

urlpatterns = [
    path("join/", join.join, name="join"),
    path("products/", products.products, name="products"),
    path("products/new/", products.product_new, name="product_new"),
    path("products/bulk/", bulk.bulk, name="bulk"),
    path("products/bulk/<int:pk>/", bulk.run, name="bulk_run"),
    path("products/bulk/<int:pk>/undo/", bulk.undo, name="bulk_undo"),
    path("products/<int:pk>/", products.product, name="product"),
    path("products/<int:pk>/withdraw/", products.withdraw, name="product_withdraw"),
    path("products/<int:pk>/restore/", products.restore, name="product_restore"),
    path("plans/", plans.plans, name="plans"),
    re_path(r"^plans/new/(?P<kind>common|mkt|sp|zx|topn)/$", plans.plan_new, name="plan_new"),
    path("plans/<int:pk>/rate/", plans.rate, name="plan_rate"),
    path("plans/<int:pk>/preview/", plans.preview, name="rate_preview"),
    path("plans/<int:pk>/lock/", plans.lock, name="plan_lock"),
    path("plans/<int:pk>/end/", plans.end, name="plan_end"),
    path("coupons/", coupons.coupons, name="coupons"),
    path("coupons/<int:pk>/end/", coupons.end, name="coupon_end"),
    path("imports/", imports.imports, name="imports"),
    path("imports/sample.csv", imports.sample, name="import_sample"),
    path("imports/<int:pk>/", imports.run, name="import_run"),
    path("imports/<int:pk>/refused.csv", imports.issues_csv, name="import_issues"),
    path("imports/<int:pk>/changes.csv", imports.changes_csv, name="import_changes"),
    path("imports/<int:pk>/missing/", imports.missing, name="import_missing"),
    path("imports/feeds/<int:pk>/", feeds.feed, name="feed"),
    path("imports/feeds/<int:pk>/fetch/", feeds.fetch, name="feed_fetch"),
    path("imports/feeds/<int:pk>/pause/", feeds.pause, name="feed_pause"),
    path("imports/feeds/<int:pk>/remove/", feeds.remove, name="feed_remove"),
    path("settings/", settings.settings, name="settings"),
    path("settings/shops/new/", settings.shop_new, name="shop_new"),
    path("settings/shops/<int:pk>/", settings.shop, name="shop"),
    path("settings/shops/<int:pk>/postback/", settings.postback_new, name="postback_new"),
    path("settings/shops/<int:pk>/webhooks/", hooks.hooks, name="hooks"),
    path("settings/shops/<int:pk>/webhooks/close/", hooks.close, name="hook_close"),
    path("settings/members/new/", settings.member_new, name="member_new"),
    path("settings/members/<int:pk>/", settings.member, name="member"),
    path("settings/members/<int:pk>/remove/", settings.member_out, name="member_out"),
    path("settings/keys/new/", settings.key_new, name="key_new"),
    path("settings/keys/<int:pk>/revoke/", settings.key_out, name="key_out"),
]
