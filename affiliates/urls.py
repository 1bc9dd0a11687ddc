from django.urls import path

from affiliates.views import (
    baskets,
    codes,
    events,
    feeds,
    join,
    keys,
    links,
    plans,
    products,
    sites,
    widgets,
)

app_name = "affiliates"
urlpatterns = [
    path("join/", join.join, name="join"),
    path("products/", products.products, name="products"),
    path("products/<int:pk>/", products.product, name="product"),
    path("products/baskets/", baskets.baskets, name="baskets"),
    path("products/baskets/put/", baskets.put, name="basket_put"),
    path("products/baskets/<int:pk>/", baskets.basket, name="basket"),
    path("products/baskets/<int:pk>/take/", baskets.take, name="basket_take"),
    path("products/baskets/<int:pk>/rename/", baskets.rename, name="basket_rename"),
    path("products/baskets/<int:pk>/drop/", baskets.drop, name="basket_drop"),
    path("codes/", codes.codes, name="codes"),
    path("plans/", plans.plans, name="plans"),
    path("plans/<int:pk>/", plans.plan, name="plan"),
    path("plans/<int:pk>/apply/", plans.apply, name="plan_apply"),
    path("plans/places/<int:pk>/leave/", plans.leave, name="plan_leave"),
    path("events/", events.events, name="events"),
    path("events/new/", events.event_new, name="event_new"),
    path("events/<int:pk>/", events.event, name="event"),
    path("events/<int:pk>/publish/", events.event_publish, name="event_publish"),
    path("events/<int:pk>/end/", events.event_end, name="event_end"),
    path("events/<int:pk>/void/", events.event_void, name="event_void"),
    path("rates/", plans.rates, name="rates"),
    path("rates.csv", plans.rates_csv, name="rates_csv"),
    path("links/", links.links, name="links"),
    path("links.csv", links.links_csv, name="links_csv"),
    path("links/<int:pk>/pause/", links.pause, name="link_pause"),
    path("links/<int:pk>/resume/", links.resume, name="link_resume"),
    path("keys/", keys.keys, name="keys"),
    path("keys/new/", keys.key_new, name="key_new"),
    path("keys/<int:pk>/revoke/", keys.key_out, name="key_out"),
    path("feeds/", feeds.feeds, name="feeds"),
    path("feeds/new/", feeds.feed_new, name="feed_new"),
    path("feeds/<int:pk>/close/", feeds.feed_close, name="feed_close"),
    path("widgets/", widgets.widgets, name="widgets"),
    path("widgets/new/", widgets.widget_new, name="widget_new"),
    path("widgets/<int:pk>/close/", widgets.widget_close, name="widget_close"),
    path("sites/", sites.sites, name="sites"),
    path("sites/<int:pk>/zones/", sites.zone_add, name="zone_add"),
]

# Below the merchant's rooms: what a merchant decides about an affiliate.
merchant_codes = [
    path("", codes.bound, name="bound"),
    path("<int:pk>/end/", codes.release, name="release"),
]
