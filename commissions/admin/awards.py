"""What campaigns pay at their close: looked at, granted, refused, taken back."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant

from alliance.kernel import columns
from alliance.kernel.desk import Decision, Facts, ReadOnlyAdmin, ReasonForm, in_state
from alliance.kernel.models import StaffRole
from alliance.kernel.templatetags.alliance import joined
from commissions import queries
from commissions.models import Award, AwardState
from commissions.services.awards import award_approve, award_refuse
from commissions.taking_part import doubts_of

DECIDES = (StaffRole.RISK,)


def facts(award: Award) -> Facts:
    yield _("affiliate"), columns.link_to(award.affiliate)
    yield _("campaign"), award.campaign
    yield _("amount"), award.amount.localized()
    yield _("to be looked at"), joined(*doubts_of(award)) or "–"
    if standing := queries.standing_of(award):
        yield _("valid orders"), standing.orders
        yield _("buyers"), standing.buyers
        yield _("orders of one shop"), standing.shop_orders


@admin.register(Award)
class AwardAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.FINANCE, StaffRole.SUPPORT)
    list_display = (
        columns.linked("affiliate", _("affiliate")),
        "campaign",
        "rank",
        columns.amount("amount_minor", _("amount")),
        columns.state(),
        "doubted",
        "due_month",
        columns.moment("paid_at", pgettext_lazy("award", "paid at")),
    )
    list_select_related = ("affiliate", "campaign", "decided_by")
    list_filter = ("state", "currency", "campaign", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("affiliate__name", "campaign__name")
    search_help_text = _("Affiliate or campaign")
    ordering = ("-pk",)
    fields = (*list_display, "reason", "decided_by", columns.moment("decided_at", _("decided at")))
    decisions = (
        Decision(
            name="approve",
            label=pgettext_lazy("award", "Grant"),
            icon="task_alt",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, award: award_approve(actor=actor, award=award),
            roles=DECIDES,
            when=in_state(AwardState.REVIEW),
            text=_("It is paid with the next settlement."),
            done=_("The reward is granted."),
            facts=facts,
        ),
        Decision(
            name="refuse",
            label=_("Refuse"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, award, reason: award_refuse(actor=actor, award=award, reason=reason),
            roles=DECIDES,
            when=in_state(AwardState.REVIEW, AwardState.DUE, AwardState.PAID),
            text=_(
                "The affiliate reads the reason. What was paid is taken back; beyond what is "
                "available it becomes a debt."
            ),
            done=_("The reward is refused."),
            form=ReasonForm,
            facts=facts,
        ),
    )

    @admin.display(description=_("to be looked at"))
    def doubted(self, award: Award) -> Any:
        return joined(*doubts_of(award)) or "–"
