"""The affiliate's links, one or many, boards and coupon pages; the merchant's agreements."""

from django.urls import path

from campaigns.views import agreements, boards, bulk, convert, coupons

app_name = "campaigns"

urlpatterns = [
    path("affiliate/convert/", convert.convert, name="convert"),
    path("affiliate/links/bulk/", bulk.bulk, name="bulk"),
    path("affiliate/links/bulk.csv", bulk.bulk_csv, name="bulk_csv"),
    path("affiliate/products/boards/", boards.boards, name="boards"),
    path("affiliate/links/<int:pk>/qr.svg", convert.qr, name="qr"),
    path("affiliate/links/<int:pk>/poster.png", convert.poster, name="poster"),
    path("affiliate/links/<int:pk>/pictures/", convert.pictures, name="pictures"),
    path("affiliate/coupons/", coupons.coupon_pages, name="coupon_pages"),
    path("affiliate/coupons/<int:pk>/link/", coupons.coupon_page_make, name="coupon_page_make"),
    path("affiliate/coupons/of/<int:pk>/", coupons.of_product, name="coupons_of_product"),
    path("merchant/agreements/", agreements.agreements, name="agreements"),
    path(
        "merchant/agreements/intermediations/<int:pk>/agree/",
        agreements.intermediation,
        {"deed": "agree"},
        name="intermediation_agree",
    ),
    path(
        "merchant/agreements/intermediations/<int:pk>/end/",
        agreements.intermediation,
        {"deed": "end"},
        name="intermediation_end",
    ),
    path(
        "merchant/agreements/subsidies/<int:pk>/agree/",
        agreements.subsidy,
        {"deed": "agree"},
        name="subsidy_agree",
    ),
    path(
        "merchant/agreements/subsidies/<int:pk>/end/",
        agreements.subsidy,
        {"deed": "end"},
        name="subsidy_end",
    ),
]
