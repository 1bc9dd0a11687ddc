"""The demo's pictures and shops. Mounted everywhere but in production."""

from django.urls import path

from alliance.demo import views

app_name = "demo"

urlpatterns = [
    path("pictures/<slug:code>.svg", views.picture, name="picture"),
    path("shop/<slug:code>/", views.product, name="product"),
    path("shop/<slug:code>/buy/", views.buy, name="buy"),
    path("orders/<slug:number>/", views.order, name="order"),
]
