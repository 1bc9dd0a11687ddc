"""Closed merchants' money on its way back: asked for by one person, paid by another."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant

from alliance.kernel import columns
from alliance.kernel.desk import Decision, Facts, ReadOnlyAdmin, ReasonForm, in_state
from alliance.kernel.models import StaffRole, User
from commissions import figures
from commissions.admin.taxes import ReferenceForm
from commissions.models import WalletRefund, WalletRefundState
from commissions.services.wallet_refunds import (
    wallet_refund_pay,
    wallet_refund_refuse,
    wallet_refund_request,
)
from merchants.models import Merchant, MerchantState


def ask(actor: User, merchant: Merchant) -> None:
    wallet_refund_request(actor=actor, merchant=merchant)


def ask_facts(merchant: Merchant) -> Facts:
    names: dict[str, Any] = {"wallet": _("wallet"), "reserved": _("reserved for orders")}
    for kind, balance in figures.money_of(f"merchant:{merchant.pk}"):
        yield names.get(kind, kind), balance.localized()


WALLET_REFUND = Decision(
    name="refund",
    label=_("Refund the wallet"),
    icon="undo",
    run=ask,
    roles=(StaffRole.FINANCE,),
    when=lambda merchant: merchant.state == MerchantState.CLOSED,
    text=_(
        "All that is left in the wallet is taken out of it at once; another person transfers it "
        "to the account that the merchant's top-ups came from. What is reserved for orders stays."
    ),
    done=_("The refund is requested; another person transfers it."),
    facts=ask_facts,
)


def facts(refund: WalletRefund) -> Facts:
    yield _("merchant"), columns.link_to(refund.merchant)
    yield _("amount"), refund.amount.localized()
    yield _("requested by"), refund.requested_by
    yield _("requested"), refund.created_at


@admin.register(WalletRefund)
class WalletRefundAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        columns.moment("created_at", _("requested")),
        columns.linked("merchant", _("merchant")),
        columns.amount("amount_minor", _("amount")),
        columns.state(),
        "requested_by",
        "decided_by",
        "reference",
    )
    list_select_related = ("merchant", "requested_by", "decided_by")
    list_filter = ("state", ("merchant", AutocompleteSelectFilter))
    search_fields = ("merchant__name", "=reference")
    search_help_text = _("Merchant or reference of the transfer")
    ordering = ("-pk",)
    fields = (*list_display, columns.moment("decided_at", _("decided at")), "reason")
    decisions = (
        Decision(
            name="pay",
            label=_("Confirm the transfer"),
            icon="task_alt",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, refund, reference: wallet_refund_pay(
                actor=actor, refund=refund, reference=reference
            ),
            roles=(StaffRole.FINANCE,),
            when=in_state(WalletRefundState.REQUESTED),
            text=_(
                "The transfer was made, to the account that the merchant's top-ups came from. "
                "Whoever asked for the refund cannot confirm it."
            ),
            done=_("The refund is paid."),
            form=ReferenceForm,
            facts=facts,
        ),
        Decision(
            name="refuse",
            label=_("Refuse"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, refund, reason: wallet_refund_refuse(
                actor=actor, refund=refund, reason=reason
            ),
            roles=(StaffRole.FINANCE,),
            when=in_state(WalletRefundState.REQUESTED),
            text=_("Only if no money left. It goes back into the wallet."),
            done=_("The refund is refused, and the money is back in the wallet."),
            form=ReasonForm,
            facts=facts,
        ),
    )
