"""Operations desk: the alliance's terms of attribution, and orders too soon after their click."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from affiliates.models import (
    STAND_DOWN_MAX_SECONDS,
    WINDOW_MAX_DAYS,
    AttributionPolicy,
    Precedence,
    StandDown,
    Touch,
)
from affiliates.queries import policy_now
from affiliates.services import policy_set
from alliance.kernel import clock, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import ReadOnlyAdmin
from alliance.kernel.models import StaffRole
from merchants.forms import DayField

OPS, RISK, SUPPORT = StaffRole.OPS, StaffRole.RISK, StaffRole.SUPPORT


class PolicyForm(forms.Form):
    window_days = forms.IntegerField(
        label=_("Days from the click"),
        min_value=1,
        max_value=WINDOW_MAX_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("In which an order of the same shop earns commission."),
    )
    precedence = forms.ChoiceField(
        label=_("A click and a bound code"),
        choices=Precedence.choices,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Whose the order is when they name different affiliates."),
    )
    stand_down_seconds = forms.IntegerField(
        label=_("Stand-down in seconds"),
        min_value=0,
        max_value=STAND_DOWN_MAX_SECONDS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("An order so soon after a click was not brought by that click. 0: off."),
    )
    starts_on = DayField(label=_("First day"), widget=UnfoldAdminDateWidget)

    def values(self) -> dict[str, Any]:
        """What the service wants; today means at once."""
        given = dict(self.cleaned_data)
        day = given.pop("starts_on")
        starts_at: datetime | None = None if day == clock.business_day() else clock.day_start(day)
        return {**given, "starts_at": starts_at}


@admin.register(AttributionPolicy)
class PolicyAdmin(ReadOnlyAdmin):
    """Every version there ever was: orders keep the one of their day."""

    seen_by = tuple(StaffRole)
    list_display = (
        "number",
        "standing",
        columns.moment("starts_at", _("in force from")),
        "window_days",
        "precedence",
        "stand_down_seconds",
        "created_by",
    )
    list_select_related = ("created_by",)
    ordering = ("-starts_at", "-pk")
    fields = list_display[1:]
    actions_list = ("new",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        begun = AttributionPolicy.objects.filter(starts_at__lte=clock.now())
        newest = begun.order_by("-starts_at", "-pk").values("pk")[:1]
        return super().get_queryset(request).annotate(in_force=Subquery(newest))

    @display(description=_("version"), ordering="pk")
    def number(self, policy: AttributionPolicy) -> str:
        return str(policy)

    @display(description=columns.STATE)
    def standing(self, policy: AttributionPolicy) -> SafeString:
        if policy.starts_at > clock.now():
            return columns.badge("announced", _("Announced"))
        if policy.pk == policy.in_force:  # type: ignore[attr-defined]
            return columns.badge("active", _("In force"))
        return columns.badge("ended", pgettext_lazy("policy", "Earlier"))

    def has_new_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, OPS)

    @action(
        description=_("Set a new policy"),
        url_path="new",
        icon="add",
        variant=ActionVariant.PRIMARY,
        permissions=["new"],
    )
    def new(self, request: HttpRequest) -> HttpResponse:
        """From a day on; it is never edited, only followed by another one."""
        if not self.has_new_permission(request):
            raise PermissionDenied
        now = policy_now()
        form = PolicyForm(
            request.POST if request.method == "POST" else None,
            initial={
                "window_days": now.window_days,
                "precedence": now.precedence,
                "stand_down_seconds": now.stand_down_seconds,
                "starts_on": clock.business_day(),
            },
        )
        return self.make_page(
            request,
            form,
            lambda actor: policy_set(actor=actor, **form.values()),
            title=_("Set a new policy"),
            submit=_("Set"),
            text=_(
                "It counts for orders placed from its first day on, today: from now on. Orders "
                "that were placed before keep the policy of their day, however late they are "
                "reported."
            ),
            done=_("The policy is set."),
        )


@admin.register(StandDown)
class StandDownAdmin(ReadOnlyAdmin):
    """Clicks that were barred because the order came within seconds (docs/domain.md §3.3)."""

    seen_by = (OPS, RISK, SUPPORT)
    comes = _(
        "Clicks that came so shortly before an order that they cannot have led to it come here."
    )
    list_display = (
        columns.moment("noticed_at", _("noticed at")),
        columns.linked("order", _("order")),
        columns.linked("affiliate", _("affiliate")),
        columns.linked("zone.site", _("site")),
        "kind",
        "after",
    )
    list_filter = (
        ("affiliate", AutocompleteSelectFilter),
        "zone__site__kind",
        "noticed_at",
    )
    search_fields = ("=order__external_id", "affiliate__name", "=affiliate__pk")
    search_help_text = _("Order number, affiliate or member id")
    ordering = ("-pk",)
    fields = (*list_display, "click", "zone")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related("order", "affiliate", "zone__site")

    @display(description=_("click"))
    def click(self, row: StandDown) -> SafeString | str:
        """It outlives its click, which goes after a while."""
        return columns.link_to(Touch.objects.filter(pk=row.touch_id or 0).first())

    @display(description=_("kind of site"))
    def kind(self, row: StandDown) -> str:
        return row.zone.site.get_kind_display()

    @display(description=_("seconds from click to order"), ordering="after_ms")
    def after(self, row: StandDown) -> str:
        return f"{row.after_ms / 1000:.1f}"
