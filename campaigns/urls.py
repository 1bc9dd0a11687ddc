"""The merchant's page of agreements."""

from django.urls import path

from campaigns.views import agreements

app_name = "campaigns"

urlpatterns = [
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
