"""Pages of the takeout."""

from django.urls import path

from alliance.takeout import views

app_name = "takeout"

urlpatterns = [
    path("affiliate/takeout/", views.affiliate, name="affiliate"),
    path("affiliate/takeout/<int:pk>/", views.affiliate_file, name="affiliate_file"),
    path("merchant/takeout/", views.merchant, name="merchant"),
    path("merchant/takeout/<int:pk>/", views.merchant_file, name="merchant_file"),
    path("takeout/verify_takeout.py", views.verifier, name="verifier"),
]
