"""What advisers show to affiliates and merchants."""

from django.urls import path

from aiassist.mcp import McpView
from aiassist.views import assistant, copies, copy_check, for_you, planner, tasks

app_name = "aiassist"

urlpatterns = [
    path("mcp", McpView.as_view(), name="mcp"),
    path("affiliate/products/for-you/", for_you.for_you, name="for_you"),
    path("affiliate/products/for-you/audience/", for_you.audience, name="audience"),
    path("affiliate/products/<int:pk>/dismiss/", for_you.dismiss, name="dismiss"),
    path("affiliate/copy/", copies.copies, name="copies"),
    path("affiliate/copy/many/", copies.many, name="copy_many"),
    path("affiliate/copy/many/<int:pk>/", copies.run, name="copy_run"),
    path("affiliate/copy/choose/", copies.choose, name="copy_choose"),
    path("affiliate/copy/<int:pk>/take/", copies.take, name="copy_take"),
    path("affiliate/copy/<int:pk>/edit/", copies.edit, name="copy_edit"),
    path("affiliate/products/<int:pk>/copy/", copies.of_product, name="copy"),
    path("affiliate/copy/check/", copy_check.copy_check, name="copy_check"),
    path("affiliate/tasks/", tasks.tasks, name="tasks"),
    path("affiliate/planner/", planner.week, name="planner"),
    path("affiliate/planner/week.ics", planner.download, name="planner_download"),
    path("affiliate/planner/feed/", planner.feed, name="planner_feed"),
    path("affiliate/planner/reminders/", planner.reminders, name="planner_reminders"),
    path("affiliate/planner/<int:pk>/", planner.post_edit, name="planned_post"),
    path("affiliate/planner/<int:pk>/turn/", planner.post_turn, name="planned_post_turn"),
    path("calendar/<str:token>.ics", planner.subscribed, name="calendar_feed"),
    path("affiliate/assistant/", assistant.of_affiliate, name="affiliate_assistant"),
    path("affiliate/assistant/<int:pk>/", assistant.of_affiliate, name="affiliate_conversation"),
    path(
        "affiliate/assistant/<int:pk>/forget/", assistant.affiliate_forget, name="affiliate_forget"
    ),
    path("merchant/assistant/", assistant.of_merchant, name="merchant_assistant"),
    path("merchant/assistant/<int:pk>/", assistant.of_merchant, name="merchant_conversation"),
    path("merchant/assistant/<int:pk>/forget/", assistant.merchant_forget, name="merchant_forget"),
]
