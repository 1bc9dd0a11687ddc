"""Money on its way in: a second person says that the bank shows it."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant

from alliance.kernel import columns
from alliance.kernel.desk import Decision, Facts, ReadOnlyAdmin, ReasonForm, in_state
from alliance.kernel.models import StaffRole, User
from commissions import tasks
from commissions.models import TopUp, TopUpState
from commissions.services.wallets import top_up_receive, top_up_refuse


def receive(actor: User, top_up: TopUp) -> None:
    top_up_receive(actor=actor, top_up=top_up)
    tasks.merchant_funded.delay_on_commit(top_up.merchant_id)  # type: ignore[attr-defined]


def facts(top_up: TopUp) -> Facts:
    yield _("merchant"), columns.link_to(top_up.merchant)
    yield _("amount"), top_up.amount.localized()
    yield _("reference"), top_up.reference
    yield _("announced by"), top_up.announced_by or "–"
    yield _("announced"), top_up.created_at


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.FINANCE, StaffRole.RISK)
    list_display = (
        "reference",
        columns.state(),
        columns.linked("merchant", _("merchant")),
        columns.amount("amount_minor", _("amount")),
        columns.moment("created_at", _("announced")),
        "announced_by",
        "decided_by",
    )
    list_select_related = ("merchant", "announced_by", "decided_by")
    list_filter = ("state", ("merchant", AutocompleteSelectFilter))
    search_fields = ("reference", "merchant__name")
    search_help_text = _("Reference or merchant")
    ordering = ("-pk",)
    fields = (*list_display, columns.moment("decided_at", _("decided at")), "reason")
    decisions = (
        Decision(
            name="receive",
            label=_("Confirm the money"),
            icon="savings",
            variant=ActionVariant.SUCCESS,
            run=receive,
            roles=(StaffRole.FINANCE,),
            when=in_state(TopUpState.ANNOUNCED),
            text=_(
                "You have seen the money in the bank, with this reference and exactly this amount. "
                "It goes into the merchant's wallet, and commissions that waited for it are booked."
            ),
            done=_("The money is in the wallet."),
            facts=facts,
            bulk=True,
        ),
        Decision(
            name="refuse",
            label=_("Refuse"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, top_up, reason: top_up_refuse(
                actor=actor, top_up=top_up, reason=reason
            ),
            roles=(StaffRole.FINANCE,),
            when=in_state(TopUpState.ANNOUNCED),
            text=_("The transfer never came, or not like that. The merchant reads the reason."),
            done=_("The top-up is refused."),
            form=ReasonForm,
            facts=facts,
        ),
    )
