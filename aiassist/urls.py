"""What advisers show to affiliates."""

from django.urls import path

from aiassist.views import for_you

app_name = "aiassist"

urlpatterns = [
    path("affiliate/products/for-you/", for_you.for_you, name="for_you"),
    path("affiliate/products/for-you/audience/", for_you.audience, name="audience"),
    path("affiliate/products/<int:pk>/dismiss/", for_you.dismiss, name="dismiss"),
]
