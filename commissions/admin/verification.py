"""The history of the books' verification, and the button that asks for one more."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from alliance.kernel import clock, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import ReadOnlyAdmin, person
from alliance.kernel.models import StaffRole
from alliance.kernel.templatetags import alliance as say
from commissions import tasks
from commissions.models import VerifyRun, VerifyState
from commissions.services.verification import STALLED, verification_ask
from commissions.verify import INVARIANTS

SEES_BOOKS = (StaffRole.FINANCE, StaffRole.AUDITOR)


def results_context(run: VerifyRun | None) -> dict[str, Any]:
    """What desk/verify_results.html shows: each promise, and what the run has said of it so far."""
    if run is None:
        return {"run": None}
    said = {result["name"]: result for result in run.results}
    return {
        "run": run,
        "going": run.state != VerifyState.ENDED and run.asked_at > clock.now() - STALLED,
        "checks": [(one.name, one.promise, said.get(one.name)) for one in INVARIANTS],
        "kept": len([result for result in run.results if not result["faults"]]),
    }


@admin.register(VerifyRun)
class VerifyRunAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.FINANCE,)
    list_display = (
        columns.moment("asked_at", _("asked at")),
        "source",
        "result",
        "rows",
        "took",
        "asked_by",
    )
    list_select_related = ("asked_by",)
    list_filter = ("source",)
    ordering = ("-pk",)
    actions_list = ("verify",)
    change_form_outer_before_template = "desk/verify_results.html"
    fields = ("source", columns.moment("asked_at", _("asked at")), "asked_by")

    def get_urls(self) -> list[URLPattern]:
        progress = path(
            "<path:object_id>/progress/",
            self.admin_site.admin_view(self.progress),
            name=f"{self._url_base}_progress",
        )
        return [progress, *super().get_urls()]

    def has_books_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, *SEES_BOOKS)

    @display(description=_("result"))
    def result(self, run: VerifyRun) -> SafeString:
        if run.faults:
            said = ngettext("%(count)d fault", "%(count)d faults", run.faults)
            return columns.badge("failed", said % {"count": run.faults})
        if run.well:
            return columns.badge("done", gettext("well"))
        return columns.badge("open", run.get_state_display())

    @display(description=_("rows checked"))
    def rows(self, run: VerifyRun) -> str:
        return say.number(run.checked)

    @display(description=_("seconds"))
    def took(self, run: VerifyRun) -> float | str:
        return "–" if run.seconds is None else run.seconds

    def more_context(self, request: HttpRequest, obj: VerifyRun) -> dict[str, Any]:
        return results_context(obj)

    def progress(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The results alone, asked for every second while the run is going."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        return TemplateResponse(request, "desk/verify_results.html", results_context(run))

    @action(
        description=_("Verify the books"),
        url_path="verify",
        icon="verified",
        variant=ActionVariant.PRIMARY,
        permissions=["books"],
    )
    def verify(self, request: HttpRequest) -> HttpResponse:
        """POST: a worker verifies the books, and the page shows how far it is."""
        if not self.has_books_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self.page(
                request,
                "desk/verify.html",
                _("Verify the books"),
                back=self.url_of("changelist"),
                **results_context(VerifyRun.objects.order_by("-pk").first()),
            )
        run = verification_ask(actor=person(request))
        tasks.verification_start.delay_on_commit(run.pk)  # type: ignore[attr-defined]
        return HttpResponseRedirect(self.url_of("change", run.pk))
