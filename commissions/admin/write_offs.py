"""Who owes, for how long, and the debts that are let go."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from affiliates.models import Affiliate
from alliance.kernel import columns
from alliance.kernel.desk import Decision, DecisionForm, Facts, ReadOnlyAdmin, in_state
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money
from commissions import queries
from commissions.forms import AmountField
from commissions.models import Debt, DebtWriteOff, WriteOffState
from commissions.services.write_offs import write_off_approve, write_off_refuse, write_off_request
from merchants.models import Merchant


class WriteOffForm(DecisionForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(
            currency=self.obj.currency, label=_("Amount"), widget=UnfoldAdminTextInputWidget
        )
        self.fields["merchant"] = forms.ModelChoiceField(
            queries.merchants_of_debt(self.obj),
            label=_("Who bears it"),
            required=False,
            empty_label=_("The alliance"),
            widget=UnfoldAdminSelectWidget,
        )
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget({"rows": 3})
        )


def write_off(
    actor: User, debt: Debt, amount: Money, merchant: Merchant | None, reason: str
) -> Any:
    made = write_off_request(
        actor=actor,
        affiliate=Affiliate.objects.get(pk=debt.affiliate_pk),
        amount=amount,
        reason=reason,
        merchant=merchant,
    )
    return _("The debt is written off.") if made.state == WriteOffState.DONE else None


def debt_facts(debt: Any) -> Facts:
    yield _("affiliate"), debt.affiliate_name
    yield _("owed"), Money(debt.owed_minor, debt.currency).localized()
    yield _("since"), debt.since


class StandingFilter(admin.SimpleListFilter):
    title = pgettext_lazy("debt", "standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("old", _("two settlements or longer")), ("all", _("all, repaid ones too"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        owing = queryset.filter(owed_minor__gt=0)
        if self.value() == "old":
            return owing.filter(since__lt=queries.old_before())
        return owing


@admin.register(Debt)
class DebtAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        "affiliate",
        columns.amount("owed_minor", _("owed")),
        columns.moment("since", _("since")),
        "age",
    )
    list_filter = (StandingFilter, "currency")
    search_fields = ("affiliate_name",)
    search_help_text = _("Affiliate")
    ordering = ("-guarded__balance_minor", "pk")
    fields = list_display
    decisions = (
        Decision(
            name="write_off",
            label=_("Write off"),
            icon="money_off",
            variant=ActionVariant.DANGER,
            run=write_off,
            roles=(StaffRole.FINANCE,),
            when=lambda debt: debt.owed_minor > 0,
            text=_(
                "The debt is let go, and the alliance or a merchant bears the loss. Above the "
                "alliance's limit another person must agree first."
            ),
            done=_("Asked for; another person decides."),
            form=WriteOffForm,
            initial=lambda debt: {"amount": Money(debt.owed_minor, debt.currency).decimal},
            facts=debt_facts,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Debt]:
        return queries.debts_all()

    @admin.display(description=_("affiliate"), ordering="affiliate_name")
    def affiliate(self, debt: Any) -> Any:
        url = columns.url_of("affiliates.affiliate", debt.affiliate_pk)
        return columns.link(url, debt.affiliate_name)

    @admin.display(description=pgettext_lazy("debt", "standing"))
    def age(self, debt: Any) -> Any:
        if not debt.owed_minor:
            return _("repaid")
        if debt.since < queries.old_before():
            return columns.badge("failed", _("two settlements or longer"))
        return _("repaid from the next settlement")


def facts(made: DebtWriteOff) -> Facts:
    yield _("affiliate"), columns.link_to(made.affiliate)
    yield _("amount"), made.amount.localized()
    yield _("who bears it"), made.merchant or _("The alliance")
    yield _("reason"), made.reason
    yield _("requested by"), made.requested_by or _("the system")


@admin.register(DebtWriteOff)
class DebtWriteOffAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        columns.linked("affiliate", _("affiliate")),
        columns.amount("amount_minor", _("amount")),
        columns.state(),
        columns.linked("merchant", _("borne by the merchant")),
        "requested_by",
        columns.moment("created_at", _("requested")),
        "decided_by",
    )
    list_select_related = ("affiliate", "merchant", "requested_by", "decided_by")
    list_filter = ("state", "currency", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("affiliate__name",)
    ordering = ("-pk",)
    fields = (*list_display, columns.moment("decided_at", _("decided at")), "reason")
    decisions = (
        Decision(
            name="approve",
            label=_("Write off"),
            icon="task_alt",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, made: write_off_approve(actor=actor, write_off=made),
            roles=(StaffRole.FINANCE,),
            when=in_state(WriteOffState.REQUESTED),
            text=_("The debt is let go, for good. Whoever asked for it cannot agree to it."),
            done=_("The debt is written off."),
            facts=facts,
        ),
        Decision(
            name="refuse",
            label=_("Refuse"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, made: write_off_refuse(actor=actor, write_off=made),
            roles=(StaffRole.FINANCE,),
            when=in_state(WriteOffState.REQUESTED),
            text=_("The debt stays and is repaid from later earnings."),
            done=_("The write-off is refused."),
            facts=facts,
        ),
    )
