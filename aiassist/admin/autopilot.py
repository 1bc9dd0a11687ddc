"""Merchants' autopilots: what was signed, what each night found, what was decided and why."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from aiassist import sentences
from aiassist.models import Autopilot, AutopilotDecision, AutopilotNight
from alliance.kernel import columns
from alliance.kernel.desk import ReadOnlyAdmin, ReadOnlyInline
from alliance.kernel.models import StaffRole

SEEN_BY = (StaffRole.OPS, StaffRole.RISK, StaffRole.SUPPORT)


class NightsInline(ReadOnlyInline):
    model = AutopilotNight
    fields = ("day", "outcome", "orders", columns.amount("spent_minor", _("spent so far"),
              currency="policy.currency"), "found")  # fmt: skip
    readonly_fields = fields
    ordering = ("-day",)
    per_page = 30
    show_change_link = False

    @display(description=_("what it came to"))
    def found(self, night: AutopilotNight) -> str:
        return sentences.night_words(night)


@admin.register(Autopilot)
class AutopilotAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = SEEN_BY
    comes = _("A merchant's autopilot comes here when the merchant has signed its limits.")
    list_display = (
        columns.linked("merchant", _("merchant")),
        columns.state(),
        "mode",
        "aim",
        columns.moment("since", _("since")),
        "looked_on",
    )
    list_select_related = ("merchant", "policy__signed_by")
    list_filter = ("state", "reason")
    search_fields = ("merchant__name",)
    ordering = ("-pk",)
    inlines = (NightsInline,)
    fields = (
        columns.linked("merchant", _("merchant")),
        columns.state(),
        "reason",
        columns.moment("since", _("since")),
        "mode",
        "aim",
        "signed",
        "limits",
        "looked_on",
    )

    @display(description=_("mode"))
    def mode(self, autopilot: Autopilot) -> str:
        return str(autopilot.policy.get_mode_display())

    @display(description=_("return aimed for"))
    def aim(self, autopilot: Autopilot) -> str:
        return sentences.ratio(autopilot.policy.roi_target_centi)

    @display(description=_("signed"))
    def signed(self, autopilot: Autopilot) -> SafeString:
        policy = autopilot.policy
        return columns.with_note(columns.link_to(policy.signed_by), f"v{policy.version}")

    @display(description=_("limits"))
    def limits(self, autopilot: Autopilot) -> SafeString:
        return columns.lines([sentences.limits(group) for group in autopilot.policy.groups.all()])


@admin.register(AutopilotDecision)
class AutopilotDecisionAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = SEEN_BY
    comes = _(
        "Changes of rates come here from the first night on in which an autopilot has found one "
        "to suggest or to make."
    )
    list_display = (
        "day",
        columns.linked("night.autopilot.merchant", _("merchant")),
        "whom",
        "group",
        "change",
        columns.state(),
    )
    list_select_related = ("night__autopilot__merchant", "night__policy", "affiliate", "group")
    list_filter = ("state", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("night__autopilot__merchant__name", "affiliate__name")
    ordering = ("-pk",)
    fields = (
        *list_display,
        "why",
        "reason",
        columns.linked("decided_by", _("decided by")),
        columns.moment("decided_at", _("decided at")),
    )

    @display(description=_("day"))
    def day(self, decision: AutopilotDecision) -> str:
        return f"{decision.night.day:%Y-%m-%d}"

    @display(description=_("affiliate"))
    def whom(self, decision: AutopilotDecision) -> SafeString | str:
        words = sentences.who(decision)
        return columns.link_to(decision.affiliate, words) if decision.affiliate else words

    @display(description=_("change"))
    def change(self, decision: AutopilotDecision) -> str:
        return sentences.what(decision)

    @display(description=_("why"))
    def why(self, decision: AutopilotDecision) -> SafeString:
        return columns.lines(sentences.why(decision))
