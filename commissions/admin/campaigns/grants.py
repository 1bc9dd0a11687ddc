"""What campaigns gave to order lines: evidence, never edited."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from alliance.kernel import columns
from alliance.kernel.desk import ReadOnlyAdmin
from alliance.kernel.models import StaffRole
from campaigns.models import Grant


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.FINANCE, StaffRole.SUPPORT)
    list_display = (
        "number",
        columns.linked("campaign", _("campaign")),
        columns.linked("affiliate", _("affiliate")),
        columns.linked("line.order", _("order")),
        columns.amount("amount_minor", _("amount"), currency="campaign.currency"),
        columns.amount("cap_minor", _("at most"), currency="campaign.currency"),
        columns.rate("commission_bps", _("commission raised to")),
        columns.rate("share_bps", _("share raised to")),
        "active",
        columns.moment("granted_at", _("granted at")),
    )
    list_select_related = ("campaign", "affiliate", "line__order__shop")
    list_filter = (
        "active",
        ("campaign", AutocompleteSelectFilter),
        ("affiliate", AutocompleteSelectFilter),
    )
    search_fields = ("=line__order__external_id", "=affiliate__pk")
    search_help_text = _("Order number or member id")
    ordering = ("-pk",)
    fields = (*list_display[1:], columns.rate("service_bps", _("service fee")), "day", "facts")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    @admin.display(description=_("number"), ordering="pk")
    def number(self, grant: Grant) -> str:
        return f"#{grant.pk}"

    @admin.display(description=_("why"))
    def facts(self, grant: Grant) -> SafeString:
        return columns.facts(grant.why)
