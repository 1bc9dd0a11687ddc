"""Withdrawals on their way out: released by one person, confirmed by another."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from alliance.kernel import audit, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import (
    Decision,
    DecisionForm,
    Facts,
    ReadOnlyAdmin,
    ReasonForm,
    in_state,
    person,
)
from alliance.kernel.models import StaffRole, User
from commissions import rails, tasks
from commissions.models import PayeeAccount, Payout, PayoutState
from commissions.services.payouts import payout_fail, payout_mark_paid, payout_release

UNDER_WAY = (PayoutState.READY, PayoutState.SENDING)


class ReferenceForm(DecisionForm):
    rail_ref = forms.CharField(
        label=_("Reference of the transfer"),
        max_length=64,
        help_text=_("As the bank or wallet shows it."),
        widget=UnfoldAdminTextInputWidget({"autofocus": True, "autocomplete": "off"}),
    )


def release(actor: User, payout: Payout) -> None:
    payout_release(actor=actor, payout=payout)
    tasks.payout_send.delay_on_commit(payout.pk)  # type: ignore[attr-defined]


def fail(actor: User, payout: Payout, reason: str) -> None:
    payout_fail(actor=actor, payout=payout, reason=reason)


def said_by_hand(payout: Payout) -> bool:
    return payout.state == PayoutState.SENDING and rails.waits_for_a_person(
        payout.rail, payout.updated_at
    )


def facts(payout: Payout) -> Facts:
    yield _("affiliate"), columns.link_to(payout.affiliate)
    yield _("amount"), payout.amount.localized()
    yield _("payee account"), f"{payout.payee.holder}, {payout.payee}"
    yield _("requested by"), payout.requested_by or "–"
    yield _("requested"), payout.created_at
    if payout.released_by_id:
        yield _("released by"), payout.released_by


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        columns.plain("pk", _("number")),
        columns.amount("amount_minor", _("amount")),
        columns.linked("affiliate", _("affiliate")),
        columns.state(),
        "payee",
        columns.moment("created_at", _("requested")),
        "released_by",
        "confirmed_by",
    )
    list_select_related = ("affiliate", "payee", "released_by", "confirmed_by", "requested_by")
    list_filter = ("state", "rail", "currency", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("=pk", "affiliate__name", "=rail_ref")
    search_help_text = _("Number, affiliate or reference of the transfer")
    ordering = ("-pk",)
    change_form_outer_before_template = "desk/payout.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    columns.amount("amount_minor", _("amount")),
                    columns.state(),
                    columns.linked("affiliate", _("affiliate")),
                    "payee",
                    "rail",
                    "rail_ref",
                    "reason",
                )
            },
        ),
        (
            _("Who and when"),
            {
                "fields": (
                    "requested_by",
                    columns.moment("created_at", _("requested")),
                    "released_by",
                    columns.moment("released_at", _("released at")),
                    "confirmed_by",
                    columns.moment("finished_at", _("finished at")),
                )
            },
        ),
    )
    decisions = (
        Decision(
            name="release",
            label=_("Release"),
            icon="send_money",
            variant=ActionVariant.SUCCESS,
            run=release,
            roles=(StaffRole.FINANCE,),
            when=in_state(PayoutState.REQUESTED),
            text=_(
                "The money is sent at once by the payout's rail. By the manual rail finance makes "
                "the transfer, and another person than you confirms it."
            ),
            done=_("The payout is released."),
            facts=facts,
            bulk=True,
        ),
        Decision(
            name="confirm",
            label=_("Confirm the transfer"),
            icon="task_alt",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, payout, rail_ref: payout_mark_paid(
                actor=actor, payout=payout, rail_ref=rail_ref
            ),
            roles=(StaffRole.FINANCE,),
            when=said_by_hand,
            text=_("The transfer was made. Whoever released the payout cannot confirm it."),
            done=_("The payout is paid."),
            form=ReferenceForm,
            facts=facts,
        ),
        Decision(
            name="refuse",
            label=_("Refuse"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=fail,
            roles=(StaffRole.FINANCE,),
            when=in_state(PayoutState.REQUESTED, PayoutState.READY),
            text=_("The money goes back to the affiliate, who reads the reason."),
            done=_("The payout is refused, and the money is back with the affiliate."),
            form=ReasonForm,
            facts=facts,
        ),
        Decision(
            name="fail",
            label=_("Transfer failed"),
            icon="error",
            variant=ActionVariant.DANGER,
            run=fail,
            roles=(StaffRole.FINANCE,),
            when=said_by_hand,
            text=_(
                "Only if it is certain that no money left. It goes back to the affiliate, who "
                "reads the reason."
            ),
            done=_("The payout failed, and the money is back with the affiliate."),
            form=ReasonForm,
            facts=facts,
        ),
    )

    def more_context(self, request: HttpRequest, obj: Payout) -> dict[str, Any]:
        """The account number in full, for making the transfer: to finance only, and on record."""
        if obj.state not in UNDER_WAY or not has_role(request.user, StaffRole.FINANCE):
            return {}
        audit.record("payee.shown", obj.payee, actor=person(request), payout=obj.pk)
        return {"payee": obj.payee}


@admin.register(PayeeAccount)
class PayeeAccountAdmin(ReadOnlyAdmin):
    """The number is masked here; a released payout shows it in full."""

    seen_by = (StaffRole.FINANCE,)
    list_display = (
        "holder",
        columns.linked("affiliate", _("affiliate")),
        "__str__",
        columns.moment("created_at", _("since")),
    )
    list_select_related = ("affiliate",)
    search_fields = ("holder", "affiliate__name")
    ordering = ("-pk",)
    fields = (
        "rail_label",
        "holder",
        "institution",
        "masked",
        "bank_code",
        columns.linked("affiliate", _("affiliate")),
    )

    @admin.display(description=_("way"))
    def rail_label(self, payee: PayeeAccount) -> str:
        return str(rails.OFFERS[payee.rail].label)
