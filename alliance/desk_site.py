"""The site behind the operations desk's pages."""

from typing import Any

from django.http import HttpRequest
from django.utils.module_loading import import_string
from unfold.sites import UnfoldAdminSite


class Desk(UnfoldAdminSite):
    """Its menu is as `desk.navigation` makes it, which knows what this person may see and which
    page is open. To have each entry and tab asked for that again took a third of a page's time."""

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        navigation = import_string("alliance.desk.navigation")  # which needs this site to be there
        return list(navigation(request))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The tables of one app. Of all of them no page of ours has a list: the menu names them."""
        return super().get_app_list(request, app_label) if app_label else []
