"""Who takes part in campaigns: what operations let in, and what runs."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant

from alliance.kernel import columns
from alliance.kernel.desk import Decision, Facts, ReadOnlyAdmin, ReasonForm, in_state
from alliance.kernel.models import StaffRole
from campaigns.models import Enrolment, EnrolmentState
from campaigns.services.enrolments import enrolment_decide


def facts(enrolment: Enrolment) -> Facts:
    affiliate = enrolment.affiliate
    yield _("affiliate"), columns.link_to(affiliate)
    yield _("kind"), affiliate.get_kind_display()
    yield _("tier"), affiliate.tier
    yield _("campaign"), columns.link_to(enrolment.campaign)
    yield _("what the affiliate says"), enrolment.statement


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.FINANCE, StaffRole.SUPPORT)
    list_display = (
        "number",
        columns.linked("affiliate", _("affiliate")),
        columns.linked("campaign", _("campaign")),
        columns.state(),
        "statement",
        columns.amount("reserved_minor", _("reserved"), currency="campaign.currency"),
        columns.amount("reward_minor", _("reward"), currency="campaign.currency"),
        columns.moment("created_at", _("since")),
    )
    list_select_related = ("affiliate", "campaign")
    tabs_by = "state"
    list_filter = (
        "state",
        ("campaign", AutocompleteSelectFilter),
        ("affiliate", AutocompleteSelectFilter),
    )
    search_fields = ("affiliate__name", "=affiliate__pk", "campaign__name")
    search_help_text = _("Affiliate, member id or campaign")
    ordering = ("-pk",)
    fields = (
        *list_display[1:],
        columns.moment("accepted_at", _("accepted at")),
        columns.linked("decided_by", _("decided by")),
        "reason",
    )
    decisions = (
        Decision(
            name="approve",
            label=_("Let in"),
            icon="check",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, enrolment: enrolment_decide(
                actor=actor, enrolment=enrolment, accept=True
            ),
            roles=(StaffRole.OPS,),
            when=in_state(EnrolmentState.APPLIED),
            text=_("Its orders count from now on."),
            done=_("The affiliate takes part."),
            facts=facts,
            bulk=True,
        ),
        Decision(
            name="reject",
            label=_("Reject"),
            icon="close",
            variant=ActionVariant.DANGER,
            run=lambda actor, enrolment, reason: enrolment_decide(
                actor=actor, enrolment=enrolment, accept=False, reason=reason
            ),
            roles=(StaffRole.OPS,),
            when=in_state(EnrolmentState.APPLIED),
            text=_("The affiliate reads the reason."),
            done=_("The application is rejected."),
            form=ReasonForm,
            facts=facts,
            bulk=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Enrolment]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    @admin.display(description=_("number"), ordering="pk")
    def number(self, enrolment: Enrolment) -> str:
        return f"#{enrolment.pk}"
