"""Statements at the desk: to look at, and to hand out again, byte for byte the same."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from alliance.kernel import columns
from alliance.kernel.desk import ReadOnlyAdmin
from alliance.kernel.models import StaffRole
from commissions import queries
from commissions.models import Statement
from commissions.statements import keys
from commissions.statements.canonical import Chain
from commissions.statements.kinds import accounts, waterfall
from commissions.views.statements import csv_of, pdf_of


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.FINANCE, StaffRole.SUPPORT)
    list_display = (
        "number",
        "month_name",
        "owner",
        "rows",
        columns.amount("opens_with.minor", _("opening"), currency="currency"),
        columns.amount("closes_with.minor", _("closing"), currency="currency"),
        columns.moment("signed_at", _("signed at")),
    )
    list_select_related = ("affiliate", "merchant")
    list_filter = ("kind", "currency", "month")
    search_fields = ("number", "affiliate__name", "merchant__name")
    ordering = ("-pk",)
    fields = (
        "number",
        "owner",
        "month_name",
        columns.linked("settlement", _("settlement")),
        columns.linked("previous", _("previous statement")),
        "rows",
        "head",
        "signature",
        "key",
        columns.moment("signed_at", _("signed at")),
    )
    change_form_outer_after_template = "desk/statement.html"

    @admin.display(description=_("month"), ordering="month")
    def month_name(self, statement: Statement) -> str:
        return date_format(statement.month, "YEAR_MONTH_FORMAT")

    @admin.display(description=_("of whom"))
    def owner(self, statement: Statement) -> Any:
        return columns.link_to(statement.owner)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"commissions_statement_{name}",
            )
            for name, view in (("csv", self.csv), ("pdf", self.pdf))
        ]
        return own + super().get_urls()

    def csv(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return csv_of(self._seen(request, object_id))

    def pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return pdf_of(self._seen(request, object_id))

    def _seen(self, request: HttpRequest, object_id: str) -> Statement:
        if not self.has_view_permission(request):
            raise PermissionDenied
        statement = self.get_object(request, unquote(object_id))
        if not isinstance(statement, Statement):
            raise Http404
        return statement

    def more_context(self, request: HttpRequest, obj: Statement) -> dict[str, Any]:
        chain = Chain()
        for line in queries.statement_lines(obj):
            chain.add(line)
        return {
            "whole": chain.head == obj.head and keys.holds(obj.key.public, obj.head, obj.signature),
            "csv": self.url_of("csv", obj.pk),
            "pdf": self.url_of("pdf", obj.pk),
            "blocks": waterfall(obj),
            "currency": obj.currency,
            "accounts": accounts(obj),
        }
