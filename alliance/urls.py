"""Every door of the alliance."""

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.authentication import SessionAuthentication

from affiliates import redirect
from affiliates.urls import merchant_codes
from affiliates.views.feeds import feed
from affiliates.views.share_code import share_code
from affiliates.views.widgets import frame
from alliance import desk_search, health, home, notifications, search, teams
from alliance.kernel.embeds import script
from campaigns import door as coupon_door
from commissions.admin import finance
from commissions.gateway import door, oauth, ways

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", home.home, name="home"),
    path("r/<str:code>", redirect.follow, name="follow"),
    path("s/<str:code>", coupon_door.view, name="coupon"),
    path("code/", share_code, name="share_code"),
    path("feeds/<str:token>", feed, name="feed"),
    path("embed/<str:name>", script, name="embed"),
    path("w/<str:code>", frame, name="widget"),
    path("router/rest", door.router, name="gateway"),
    path("oauth/authorize", oauth.authorize, name="oauth_authorize"),
    path("oauth/token", oauth.token, name="oauth_token"),
    path("g/<str:token>", ways.follow, name="gateway_way"),
    path("g/e/<str:token>", ways.event_page, name="gateway_event"),
    path("g/c/<str:token>", ways.follow_to_coupon, name="gateway_coupon"),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("start/", home.start, name="start"),
    path("search/", search.search, name="search"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/read/", notifications.read, name="notifications_read"),
    path("notifications/settings/", notifications.settings, name="notification_settings"),
    path("notifications/<int:pk>/", notifications.follow, name="notification"),
    path("unsubscribe/<str:token>/", notifications.unsubscribe, name="unsubscribe"),
    path("teams/", teams.teams, name="teams"),
    path("teams/choose/", teams.choose, name="team_choose"),
    path("language/", home.language, name="set_language"),
    path("api/v1/schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/v1/", include("alliance.api")),
    path("api/errors/", home.api_errors, name="api_errors"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="api_schema",
            authentication_classes=[SessionAuthentication],  # its head knows who is signed in
        ),
        name="api_docs",
    ),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/find/", admin.site.admin_view(desk_search.page), name="desk_find"),
    path("admin/finance/", admin.site.admin_view(finance.page), name="desk_finance"),
    path("admin/", admin.site.urls),
    path("affiliate/", include("affiliates.urls")),
    path("merchant/codes/", include((merchant_codes, "merchant_codes"))),
    path("merchant/autopilot/", include("aiassist.merchant_urls")),
    path("merchant/", include("merchants.urls")),
    path("merchant/", include("affiliates.merchant_urls")),
    path("", include("campaigns.urls")),
    path("", include("aiassist.urls")),
    path("", include("alliance.takeout.urls")),
    path("", include("commissions.urls")),
]
if apps.is_installed("alliance.demo"):
    urlpatterns.append(path("demo/", include("alliance.demo.urls")))
