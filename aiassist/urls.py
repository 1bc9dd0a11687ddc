"""What advisers show to affiliates."""

from django.urls import path

from aiassist import views

app_name = "aiassist"

urlpatterns = [
    path("affiliate/products/for-you/", views.for_you, name="for_you"),
    path("affiliate/products/<int:pk>/dismiss/", views.dismiss, name="dismiss"),
]
