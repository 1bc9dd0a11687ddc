"""Pages of the merchant that have to do with affiliates: members of plans, events."""

from django.urls import path

from affiliates.views import merchant

app_name = "places"
urlpatterns = [
    path("plans/applications/", merchant.applications, name="applications"),
    path("plans/<int:pk>/members/", merchant.members, name="members"),
    path("plans/<int:pk>/members/decide/", merchant.decide, name="decide"),
    path("plans/<int:pk>/members/choose/", merchant.choose, name="choose"),
    path("plans/<int:pk>/rule/", merchant.rule, name="rule"),
    path("plans/members/<int:pk>/remove/", merchant.remove, name="remove"),
    path("events/", merchant.events, name="events"),
    path("events/<int:pk>/", merchant.event, name="event"),
    path("events/<int:pk>/leave/", merchant.leave, name="leave"),
]
