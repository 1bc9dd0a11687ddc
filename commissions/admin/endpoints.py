"""Addresses of partners' own systems: how they take what we send. Looked at, never changed here."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from alliance.kernel import columns
from alliance.kernel.desk import ReadOnlyAdmin
from alliance.kernel.models import Endpoint, StaffRole
from alliance.kernel.templatetags import alliance as say
from commissions.outgoing.delivery import trouble_words
from commissions.queries.endpoints import calls_failed, with_failures


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    """No secret, no message and no more of an address than its host: the rest may be a password."""

    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.SUPPORT)
    comes = _(
        "Webhooks and postbacks come here when affiliates or merchants enter addresses of their "
        "own systems."
    )
    list_display = (
        "name",
        columns.organisation(),
        "form",
        "host",
        columns.state(),
        "waiting",
        "failed",
        columns.moment("failing_since", _("failing since")),
        columns.moment("off_at", _("off since")),
        "sandbox",
    )
    list_filter = ("state", "form", "sandbox")
    search_fields = ("name", "organisation")
    search_help_text = _("Name or organisation")
    ordering = ("-pk",)
    fields = (*list_display, "events", columns.moment("created_at", _("created at")), "failures")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        return with_failures(super().get_queryset(request))

    @display(description=pgettext_lazy("address", "host"))
    def host(self, endpoint: Endpoint) -> str:
        return urlsplit(endpoint.url).hostname or "–"

    @display(description=_("waiting messages"))
    def waiting(self, endpoint: Any) -> int:
        return int(endpoint.waiting)

    @display(description=_("failed messages"))
    def failed(self, endpoint: Any) -> int:
        return int(endpoint.failed)

    @display(description=pgettext_lazy("outgoing", "Events"))
    def events(self, endpoint: Endpoint) -> str:
        return ", ".join(endpoint.kinds)

    @display(description=_("calls that failed lately"))
    def failures(self, endpoint: Endpoint) -> SafeString | str:
        told: list[str] = [
            format_html(
                "{} · {} · {}",
                say.moment(call.at),
                call.delivery.kind,
                call.status or trouble_words(call),
            )
            for call in calls_failed(endpoint)
        ]
        return columns.lines(told) if told else "–"
