"""Who is taxed, and the tax on its way to the tax office."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from affiliates.models import Affiliate
from alliance.kernel import audit, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import (
    Decision,
    DecisionForm,
    Facts,
    ReadOnlyAdmin,
    ReadOnlyInline,
    in_state,
    person,
)
from alliance.kernel.models import StaffRole, User
from commissions import queries
from commissions.admin.settlements import RunForm
from commissions.models import (
    TaxKind,
    TaxProfile,
    TaxRemittance,
    TaxRemittanceLine,
    TaxRemittanceState,
)
from commissions.services.taxes import (
    tax_profile_set,
    tax_remittance_confirm,
    tax_remittance_drop,
    tax_remittance_prepare,
)


class ProfileForm(DecisionForm):
    kind = forms.ChoiceField(
        label=_("Kind"), choices=TaxKind.choices, widget=UnfoldAdminSelectWidget
    )
    tax_id = forms.CharField(
        label=_("Tax number"),
        max_length=40,
        required=False,
        help_text=_("A company must have one."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


def profile_set(actor: User, affiliate: Affiliate, kind: str, tax_id: str) -> None:
    tax_profile_set(actor=actor, affiliate=affiliate, kind=kind, tax_id=tax_id)


def profile_facts(affiliate: Affiliate) -> Facts:
    yield _("now"), queries.tax_profile_of(affiliate) or TaxKind.INDIVIDUAL.label


TAX_PROFILE = Decision(
    name="tax",
    label=_("Tax profile"),
    icon="assured_workload",
    run=profile_set,
    roles=(StaffRole.FINANCE,),
    when=lambda affiliate: True,
    text=_(
        "Tax is withheld from individuals by the alliance's rule. A company pays its own and sends "
        "an invoice for each withdrawal. It holds for withdrawals asked for from now on."
    ),
    done=_("The tax profile is set."),
    form=ProfileForm,
    facts=profile_facts,
)


@admin.register(TaxProfile)
class TaxProfileAdmin(ReadOnlyAdmin):
    """The newest of an affiliate counts. The number in full is for finance, and on record."""

    seen_by = (StaffRole.FINANCE,)
    list_display = (
        columns.linked("affiliate", _("affiliate")),
        "kind",
        "masked",
        "set_by",
        columns.moment("created_at", _("since")),
    )
    list_select_related = ("affiliate", "set_by")
    list_filter = ("kind", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("affiliate__name",)
    ordering = ("-pk",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if not has_role(request.user, StaffRole.FINANCE):
            return self.list_display
        return tuple("tax_id" if name == "masked" else name for name in self.list_display)

    def more_context(self, request: HttpRequest, obj: TaxProfile) -> dict[str, Any]:
        if has_role(request.user, StaffRole.FINANCE):
            audit.record("tax_profile.shown", obj, actor=person(request))
        return {}

    @admin.display(description=_("tax number"))
    def masked(self, profile: TaxProfile) -> str:
        return profile.masked or "–"


class ReferenceForm(DecisionForm):
    reference = forms.CharField(
        label=_("Reference of the transfer"),
        max_length=64,
        widget=UnfoldAdminTextInputWidget({"autofocus": True, "autocomplete": "off"}),
    )


class LineInline(ReadOnlyInline):
    model = TaxRemittanceLine
    tab = False
    show_change_link = False
    per_page = 100
    fields = (
        columns.linked("payout.affiliate", _("affiliate")),
        columns.linked("payout", _("payout")),
        columns.amount("payout.amount_minor", _("amount"), currency="payout.currency"),
        columns.amount("amount_minor", _("tax"), currency="payout.currency"),
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxRemittanceLine]:
        rows = super().get_queryset(request).select_related("payout__affiliate")
        return rows.order_by("payout__affiliate__name", "pk")


def facts(remittance: TaxRemittance) -> Facts:
    yield _("up to"), date_format(remittance.month, "YEAR_MONTH_FORMAT")
    yield _("amount"), remittance.amount.localized()
    yield _("prepared by"), remittance.prepared_by
    yield _("payouts"), remittance.lines.count()


@admin.register(TaxRemittance)
class TaxRemittanceAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.FINANCE,)
    list_display = (
        "month_name",
        columns.amount("amount_minor", _("amount")),
        columns.state(),
        "prepared_by",
        columns.moment("created_at", _("prepared")),
        "remitted_by",
        "reference",
    )
    list_select_related = ("prepared_by", "remitted_by")
    list_filter = ("state", "currency")
    search_fields = ("=reference",)
    ordering = ("-pk",)
    inlines = (LineInline,)
    actions_list = ("prepare",)
    fields = (*list_display, columns.moment("decided_at", _("decided at")))
    decisions = (
        Decision(
            name="confirm",
            label=_("Confirm the transfer"),
            icon="task_alt",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, remittance, reference: tax_remittance_confirm(
                actor=actor, remittance=remittance, reference=reference
            ),
            roles=(StaffRole.FINANCE,),
            when=in_state(TaxRemittanceState.PREPARED),
            text=_(
                "Exactly this amount was transferred to the tax office. Whoever prepared it cannot "
                "confirm it."
            ),
            done=_("The tax is with the tax office."),
            form=ReferenceForm,
            facts=facts,
        ),
        Decision(
            name="drop",
            label=_("Drop"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, remittance: tax_remittance_drop(actor=actor, remittance=remittance),
            roles=(StaffRole.FINANCE,),
            when=in_state(TaxRemittanceState.PREPARED),
            text=_("Only if nothing was transferred. Its payouts are in the next one again."),
            done=_("The remittance is dropped."),
            facts=facts,
        ),
    )

    @admin.display(description=_("up to"), ordering="month")
    def month_name(self, remittance: TaxRemittance) -> str:
        return date_format(remittance.month, "YEAR_MONTH_FORMAT")

    def has_prepare_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.FINANCE)

    @action(
        description=_("Prepare a remittance"),
        url_path="prepare",
        icon="assured_workload",
        variant=ActionVariant.PRIMARY,
        permissions=["prepare"],
    )
    def prepare(self, request: HttpRequest) -> HttpResponse:
        """Choose the month: what was withheld up to its end and is not paid on is collected."""
        if not self.has_prepare_permission(request):
            raise PermissionDenied
        months = queries.months_to_remit()
        form = RunForm(request.POST if request.method == "POST" else None, months=months)
        if form.is_valid():
            made = tax_remittance_prepare(actor=person(request), **form.cleaned_data)
            messages.success(request, gettext("Prepared. Another person confirms the transfer."))
            return HttpResponseRedirect(self.url_of("change", made.pk))
        return self.page(
            request,
            "desk/form.html",
            _("Prepare a remittance"),
            form=form,
            submit=_("Prepare"),
            text=_(
                "Collects the tax withheld from withdrawals up to the end of the month, less what "
                "went to the tax office before and what has come back since."
            ),
            back=self.url_of("changelist"),
        )
