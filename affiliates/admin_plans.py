"""Operations desk: who is in which plan, and events."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from affiliates.admin_parts import FINANCE, OPS, RISK, SUPPORT, PercentField
from affiliates.models import PlanMember
from affiliates.services import event_draft, event_end, event_open, event_publish, event_void
from alliance.kernel import clock, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import Decision, ReadOnlyAdmin, ReadOnlyInline, in_state
from merchants.forms import DayField
from merchants.models import Event, EventState, Plan


@admin.register(PlanMember)
class PlanMemberAdmin(ReadOnlyAdmin):
    """Merchants decide; the desk sees everything."""

    tabs_by = "state"
    seen_by = (OPS, RISK, SUPPORT)
    list_display = (
        columns.moment("applied_at", _("applied at")),
        columns.linked("affiliate", _("affiliate")),
        columns.linked("plan", _("commission plan")),
        columns.linked("plan.merchant", _("merchant")),
        columns.state(),
        columns.moment("starts_at", _("in the plan from")),
        columns.moment("ends_at", _("in the plan until")),
    )
    list_select_related = ("affiliate", "plan__merchant")
    list_filter = (
        "state",
        ("affiliate", AutocompleteSelectFilter),
        ("plan", AutocompleteSelectFilter),
    )
    search_fields = ("affiliate__name", "plan__name", "plan__merchant__name")
    search_help_text = _("Affiliate, plan or merchant")
    ordering = ("-pk",)
    fields = (
        *list_display,
        "words",
        "reason",
        "by_rule",
        columns.moment("decided_at", _("decided at")),
    )


class EventForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, widget=UnfoldAdminTextInputWidget)
    description = forms.CharField(
        label=_("What is it about?"),
        max_length=2000,
        required=False,
        widget=UnfoldAdminTextareaWidget,
    )
    least = PercentField(label=_("Least commission rate, in percent"), most_bps=9_000)
    cross_shop = forms.BooleanField(
        label=_("Clicks count in every shop that takes part"),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    enrol_until = DayField(
        label=_("Merchants enrol until the end of"), widget=UnfoldAdminDateWidget
    )
    starts_on = DayField(label=_("First day"), widget=UnfoldAdminDateWidget)
    ends_on = DayField(label=_("Last day"), widget=UnfoldAdminDateWidget)

    def values(self) -> dict[str, Any]:
        """What the service wants."""
        given, day = self.cleaned_data, timedelta(days=1)
        return {
            "name": given["name"],
            "description": given["description"],
            "least_bps": given["least"],
            "cross_shop": given["cross_shop"],
            "enrol_until": clock.day_start(given["enrol_until"] + day),
            "starts_at": clock.day_start(given["starts_on"]),
            "ends_at": clock.day_start(given["ends_on"] + day),
        }


class PlansInline(ReadOnlyInline):
    model = Plan
    verbose_name_plural = _("merchants who take part")
    fields = (columns.linked("merchant", _("merchant")), columns.state(), "starts_at", "ends_at")
    readonly_fields = fields
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("merchant").order_by("pk")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (OPS, RISK, FINANCE, SUPPORT)
    list_display = (
        "name",
        "host",
        columns.state(),
        columns.rate("least_bps", _("least commission rate")),
        columns.rate("service_bps", _("service fee")),
        columns.moment("enrol_until", _("merchants enrol until")),
        columns.moment("starts_at", _("starts at")),
        columns.moment("ends_at", _("ends at")),
    )
    list_select_related = ("hosting__affiliate",)
    list_filter = ("state", "cross_shop")
    search_fields = ("name",)
    ordering = ("-pk",)
    fields = (*list_display, "cross_shop", "description")
    inlines = (PlansInline,)
    actions_list = ("draft",)
    decisions = (
        Decision(
            name="open",
            label=_("Let merchants enrol"),
            icon="door_open",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, event: event_open(actor=actor, event=event),
            roles=(OPS,),
            when=in_state(EventState.DRAFT),
            text=_("Merchants see the event, its least rate and its service fee, and enrol."),
            done=_("Merchants can enrol."),
        ),
        Decision(
            name="publish",
            label=_("Publish"),
            icon="campaign",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, event: event_publish(actor=actor, event=event),
            roles=(OPS,),
            when=in_state(EventState.ENROLLING),
            text=_("Affiliates see its products and make links. Merchants cannot leave any more."),
            done=_("The event is published: affiliates see it."),
        ),
        Decision(
            name="end",
            label=_("End with today"),
            icon="event_busy",
            variant=ActionVariant.WARNING,
            run=lambda actor, event: event_end(actor=actor, event=event),
            roles=(OPS,),
            when=in_state(EventState.PUBLISHED),
            text=_("Its rates count until the end of this business day."),
            done=_("The event ends with this business day."),
        ),
        Decision(
            name="void",
            label=_("Call it off"),
            icon="cancel",
            variant=ActionVariant.DANGER,
            run=lambda actor, event: event_void(actor=actor, event=event),
            roles=(OPS,),
            when=in_state(EventState.DRAFT, EventState.ENROLLING),
            text=_("It does not take place. Nobody can bring it back."),
            done=_("The event does not take place."),
        ),
    )

    @display(description=_("host"))
    def host(self, event: Event) -> str:
        hosting = getattr(event, "hosting", None)
        return hosting.affiliate.name if hosting else gettext("the alliance")

    def has_draft_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, OPS)

    @action(
        description=_("Draft an event"),
        url_path="draft",
        icon="add",
        variant=ActionVariant.PRIMARY,
        permissions=["draft"],
    )
    def draft(self, request: HttpRequest) -> HttpResponse:
        """An event of the alliance's own, without a host and a service fee."""
        if not self.has_draft_permission(request):
            raise PermissionDenied
        form = EventForm(request.POST if request.method == "POST" else None)
        return self.make_page(
            request,
            form,
            lambda actor: event_draft(actor=actor, **form.values()),
            title=_("Draft an event"),
            submit=_("Draft"),
            text=_("Nobody sees it before you let merchants enrol."),
            done=_("The event is drafted."),
        )
