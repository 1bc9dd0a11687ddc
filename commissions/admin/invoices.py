"""Invoices at the desk: every one that was issued, and issuing a month's by hand."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.enums import ActionVariant

from alliance.kernel import columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import ReadOnlyAdmin, person
from alliance.kernel.models import StaffRole
from commissions import queries
from commissions.models import Invoice
from commissions.services.invoices import invoices_issue


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.FINANCE, StaffRole.SUPPORT)
    list_display = (
        "__str__",
        columns.linked("merchant", _("merchant")),
        "month_name",
        columns.amount("total_minor", _("total")),
        "issued_on",
    )
    list_select_related = ("merchant",)
    list_filter = ("currency", "month", ("merchant", AutocompleteSelectFilter))
    search_fields = ("=number", "merchant__name")
    search_help_text = _("Number or merchant")
    ordering = ("-pk",)
    fields = (*list_display, "issuer_lines", "recipient_lines")
    actions_list = ("issue",)
    change_form_outer_after_template = "desk/invoice_lines.html"

    @admin.display(description=_("month"), ordering="month")
    def month_name(self, invoice: Invoice) -> str:
        return date_format(invoice.month, "YEAR_MONTH_FORMAT")

    @admin.display(description=_("issuer"))
    def issuer_lines(self, invoice: Invoice) -> Any:
        return columns.lines(invoice.issuer)

    @admin.display(description=_("recipient"))
    def recipient_lines(self, invoice: Invoice) -> Any:
        return columns.lines(invoice.recipient)

    def more_context(self, request: HttpRequest, obj: Invoice) -> dict[str, Any]:
        return {"invoice": obj}

    def has_issue_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.FINANCE)

    @action(
        description=_("Issue invoices"),
        url_path="issue",
        icon="request_quote",
        variant=ActionVariant.PRIMARY,
        permissions=["issue"],
    )
    def issue(self, request: HttpRequest) -> HttpResponse:
        """The first settled month that has none: otherwise the night does it by itself."""
        if not self.has_issue_permission(request):
            raise PermissionDenied
        due = queries.months_to_invoice()
        if due and request.method == "POST":
            month, currency = due[0]
            run = invoices_issue(month=month, currency=currency, actor=person(request))
            messages.success(request, gettext("Issued: %(run)s.") % {"run": run})
            return HttpResponseRedirect(self.url_of("changelist"))
        waiting = ", ".join(f"{month:%Y-%m} {currency}" for month, currency in due)
        return self.page(
            request,
            "desk/form.html",
            _("Issue invoices"),
            form=forms.Form() if due else None,
            submit=_("Issue the first of them"),
            text=_(
                "Settled months without invoices: %(months)s. They get theirs each night by "
                "themselves; once issued, nothing is changed in them."
            )
            % {"months": waiting}
            if due
            else _("Every settled month has its invoices."),
            back=self.url_of("changelist"),
        )
