"""The merchant's page of agreements."""

from django.urls import path

from campaigns import views

app_name = "campaigns"

urlpatterns = [
    path("merchant/agreements/", views.agreements, name="agreements"),
    path(
        "merchant/agreements/intermediations/<int:pk>/agree/",
        views.intermediation,
        {"deed": "agree"},
        name="intermediation_agree",
    ),
    path(
        "merchant/agreements/intermediations/<int:pk>/end/",
        views.intermediation,
        {"deed": "end"},
        name="intermediation_end",
    ),
    path(
        "merchant/agreements/subsidies/<int:pk>/agree/",
        views.subsidy,
        {"deed": "agree"},
        name="subsidy_agree",
    ),
    path(
        "merchant/agreements/subsidies/<int:pk>/end/",
        views.subsidy,
        {"deed": "end"},
        name="subsidy_end",
    ),
]
