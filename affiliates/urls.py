from django.urls import path

from affiliates.views import codes, join, links, products, sites

app_name = "affiliates"
urlpatterns = [
    path("join/", join.join, name="join"),
    path("products/", products.products, name="products"),
    path("products/<int:pk>/", products.product, name="product"),
    path("codes/", codes.codes, name="codes"),
    path("links/", links.links, name="links"),
    path("links.csv", links.links_csv, name="links_csv"),
    path("links/<int:pk>/pause/", links.pause, name="link_pause"),
    path("links/<int:pk>/resume/", links.resume, name="link_resume"),
    path("sites/", sites.sites, name="sites"),
    path("sites/<int:pk>/zones/", sites.zone_add, name="zone_add"),
]

# Below the merchant's rooms: what a merchant decides about an affiliate.
merchant_codes = [
    path("", codes.bound, name="bound"),
    path("<int:pk>/end/", codes.release, name="release"),
]
