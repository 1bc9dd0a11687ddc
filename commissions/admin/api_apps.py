"""Tools of affiliates: whose they are, who allowed them what is theirs, and stopping one."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from alliance.kernel import columns
from alliance.kernel.desk import Decision, ReadOnlyAdmin
from alliance.kernel.models import StaffRole
from commissions.models import ApiApp
from commissions.services.api_apps import api_app_revoke


@admin.register(ApiApp)
class ApiAppAdmin(ReadOnlyAdmin):
    """Secrets are nobody's to see here."""

    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.SUPPORT)
    comes = _(
        "Apps come here when affiliates make them, to call the gateway with tools of their own."
    )
    list_display = (
        "name",
        "key",
        columns.linked("affiliate", _("affiliate")),
        "user",
        "allowances",
        columns.moment("created_at", _("created at")),
        columns.moment("last_used_at", _("last used at")),
        columns.moment("revoked_at", _("revoked at")),
    )
    list_select_related = ("affiliate", "user")
    list_filter = (("affiliate", AutocompleteSelectFilter),)
    search_fields = ("name", "=key", "affiliate__name", "redirect_url")
    search_help_text = _("Name, key, affiliate or address")
    ordering = ("-pk",)
    fields = (*list_display, "redirect_url")
    decisions = (
        Decision(
            name="revoke",
            label=_("Revoke"),
            icon="key_off",
            run=lambda actor, app: api_app_revoke(actor=actor, app=app),
            roles=(StaffRole.OPS, StaffRole.RISK),
            when=lambda app: app.revoked_at is None,
            text=_(
                "The tool stops at once, and so does whatever others have allowed it. "
                "This cannot be taken back."
            ),
            done=_("The app is revoked."),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiApp]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.annotate(allowed=Count("sessions", filter=Q(sessions__revoked_at=None)))

    @display(description=_("open permissions"))
    def allowances(self, app: ApiApp) -> int:
        return app.allowed  # type: ignore[attr-defined]
