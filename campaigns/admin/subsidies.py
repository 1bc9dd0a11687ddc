"""Operations desk: extras on top of the commission."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from affiliates.admin_parts import PercentField
from alliance.kernel import clock, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import Decision, ReadOnlyAdmin
from alliance.kernel.models import StaffRole
from alliance.kernel.money import Money, exponent
from campaigns.models import Subsidy
from campaigns.services.subsidies import subsidy_end, subsidy_open
from merchants.forms import DayField
from merchants.models import Merchant, MerchantState

OPS, RISK, FINANCE, SUPPORT = (
    StaffRole.OPS,
    StaffRole.RISK,
    StaffRole.FINANCE,
    StaffRole.SUPPORT,
)


class SubsidyForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, widget=UnfoldAdminTextInputWidget)
    merchant = forms.ModelChoiceField(
        label=_("Number of the merchant"),
        queryset=Merchant.objects.filter(state=MerchantState.ACTIVE),
        widget=UnfoldAdminIntegerFieldWidget,
        required=False,
        help_text=_("As in the address of its page. Empty: orders of every merchant."),
    )
    rate = PercentField(label=_("Rate in percent"), most_bps=10_000)
    cap = forms.DecimalField(
        label=_("At most per order line"),
        min_value=Decimal("0.01"),
        max_digits=12,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    share = PercentField(
        label=_("Affiliate's share in percent"),
        most_bps=10_000,
        help_text=_("Of the subsidy. No technical service fee is taken of it."),
    )
    merchant_part = PercentField(
        label=_("Funded by the merchant, in percent"),
        least_bps=0,
        most_bps=10_000,
        help_text=_("0: the alliance pays it. Else it counts when the merchant has agreed."),
    )
    starts_on = DayField(label=_("First day"), widget=UnfoldAdminDateWidget)
    ends_on = DayField(
        label=_("Last day"),
        required=False,
        widget=UnfoldAdminDateWidget,
        help_text=_("Empty: until it is ended."),
    )

    def values(self) -> dict[str, Any]:
        """What the service wants."""
        given = self.cleaned_data
        merchant: Merchant | None = given["merchant"]
        currency = merchant.currency if merchant else settings.ALLIANCE["CURRENCY"]
        last = given["ends_on"]
        return {
            "name": given["name"],
            "merchant": merchant,
            "rate_bps": given["rate"],
            "cap": Money(int(given["cap"].scaleb(exponent(currency))), currency),
            "share_bps": given["share"],
            "merchant_bps": given["merchant_part"],
            "starts_at": _begin(given["starts_on"]),
            "ends_at": clock.day_start(last + timedelta(days=1)) if last else None,
        }


def _begin(day: date) -> datetime | None:
    """The start of the business day; at once, if that is today."""
    return None if day == clock.business_day() else clock.day_start(day)


@admin.register(Subsidy)
class SubsidyAdmin(ReadOnlyAdmin):
    seen_by = (OPS, RISK, FINANCE, SUPPORT)
    list_display = (
        "name",
        columns.linked("merchant", _("merchant")),
        columns.rate("rate_bps", _("subsidy rate")),
        columns.amount("cap_minor", _("at most per order line")),
        columns.rate("share_bps", _("affiliate's share")),
        columns.rate("merchant_bps", _("funded by the merchant")),
        "standing",
        columns.moment("starts_at", _("starts at")),
        columns.moment("ends_at", _("ends at")),
    )
    list_select_related = ("merchant",)
    list_filter = ("currency", ("merchant", AutocompleteSelectFilter))
    search_fields = ("name", "merchant__name")
    ordering = ("-pk",)
    fields = (*list_display, columns.moment("agreed_at", _("agreed at")))
    actions_list = ("grant",)
    decisions = (
        Decision(
            name="end",
            label=_("End"),
            icon="event_busy",
            variant=ActionVariant.WARNING,
            run=lambda actor, subsidy: subsidy_end(actor=actor, subsidy=subsidy),
            roles=(OPS,),
            when=lambda subsidy: not subsidy.over,
            text=_("Orders placed from now on have it no more; earlier ones keep it."),
            done=_("The subsidy has ended."),
        ),
    )

    @display(description=columns.STATE)
    def standing(self, subsidy: Subsidy) -> SafeString:
        if subsidy.over:
            return columns.badge("ended", _("Ended"))
        if subsidy.waits_for_consent:
            return columns.badge("requested", _("Waits for the merchant"))
        if subsidy.starts_at > clock.now():
            return columns.badge("announced", _("Announced"))
        return columns.badge("active", pgettext_lazy("terms", "Active"))

    def has_grant_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, OPS)

    @action(
        description=_("Grant a subsidy"),
        url_path="grant",
        icon="add",
        variant=ActionVariant.PRIMARY,
        permissions=["grant"],
    )
    def grant(self, request: HttpRequest) -> HttpResponse:
        """The terms are asked once; afterwards a subsidy is only ended."""
        if not self.has_grant_permission(request):
            raise PermissionDenied
        form = SubsidyForm(
            request.POST if request.method == "POST" else None,
            initial={"share": 100, "merchant_part": 0, "starts_on": clock.business_day()},
        )
        return self.make_page(
            request,
            form,
            lambda actor: subsidy_open(actor=actor, **form.values()),
            title=_("Grant a subsidy"),
            submit=_("Grant"),
            text=_("The terms cannot be edited later. End it and grant another one instead."),
            done=_("The subsidy is granted."),
        )
