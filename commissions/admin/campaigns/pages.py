"""Pages of their own about one object, beside its decisions: buttons, doors, refusals."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.enums import ActionVariant

from alliance.kernel.access import has_role
from alliance.kernel.columns import Text
from alliance.kernel.desk import QUEUES_CACHE
from alliance.kernel.models import StaffRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`<object>/<name>/` is answered by the method `<name>_page(request, obj)` for these roles. Its
    button is shown while `when(obj)`; without a label it has none."""

    name: str
    roles: tuple[StaffRole, ...]
    label: Text = ""
    icon: str = ""
    when: Callable[[Any], bool] = lambda obj: True
    variant: ActionVariant = ActionVariant.DEFAULT


class WithPages:
    """Mixin for a DeskAdmin, to its left."""

    pages: tuple[Page, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        admin: Any = self
        own = [
            path(
                f"<path:object_id>/{page.name}/",
                admin.admin_site.admin_view(partial(self._open, page)),
                name=f"{admin.opts.app_label}_{admin.opts.model_name}_{page.name}",
            )
            for page in self.pages
        ]
        return own + super().get_urls()  # type: ignore[misc]

    def _open(self, page: Page, request: HttpRequest, object_id: str) -> HttpResponse:
        admin: Any = self
        if not has_role(request.user, *page.roles):
            raise PermissionDenied
        obj = admin.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        answer: HttpResponse = getattr(self, f"{page.name}_page")(request, obj)
        if request.method == "POST":
            cache.delete(QUEUES_CACHE)
        return answer

    def buttons(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        admin: Any = self
        own = [
            {
                "title": page.label,
                "icon": page.icon,
                "variant": page.variant,
                "path": admin.url_of(page.name, obj.pk),
            }
            for page in self.pages
            if page.label and has_role(request.user, *page.roles) and page.when(obj)
        ]
        return own + super().buttons(request, obj)  # type: ignore[misc]
