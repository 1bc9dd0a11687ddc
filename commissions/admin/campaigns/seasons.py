"""Seasons at the desk: their dates, and the calendar of their campaigns."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from alliance.kernel import clock, columns
from alliance.kernel.access import has_role
from alliance.kernel.desk import ReadOnlyAdmin, person
from alliance.kernel.errors import Invalid
from alliance.kernel.models import StaffRole
from campaigns.calendar import next_618, season_calendar
from campaigns.models import Season
from campaigns.services.seasons import season_edit, season_make
from commissions.admin.campaigns.fields import MomentField
from commissions.admin.campaigns.pages import Page, WithPages


class SeasonForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, widget=UnfoldAdminTextInputWidget({"autofocus": True})
    )
    warm_up_from = MomentField(
        label=_("Warm-up from"), help_text=_("Campaigns are announced, affiliates enrol.")
    )
    opening_from = MomentField(label=_("Opening from"), help_text=_("The first rush of orders."))
    main_from = MomentField(label=_("Main days from"))
    closing_from = MomentField(
        label=_("Closing from"), help_text=_("The last coupons are used, boards are frozen.")
    )
    ends_at = MomentField(label=_("Ends"))


@admin.register(Season)
class SeasonAdmin(WithPages, ReadOnlyAdmin):
    seen_by = (StaffRole.OPS, StaffRole.RISK, StaffRole.FINANCE, StaffRole.SUPPORT)
    list_display = (
        "name",
        columns.moment("warm_up_from", _("warm-up from")),
        columns.moment("main_from", _("main days from")),
        columns.moment("ends_at", _("ends at")),
        "planned",
    )
    search_fields = ("name",)
    ordering = ("-warm_up_from", "-pk")
    actions_list = ("make",)
    change_form_outer_before_template = "desk/campaigns/season.html"
    fields = (
        columns.moment("warm_up_from", _("warm-up from")),
        columns.moment("opening_from", _("opening from")),
        columns.moment("main_from", _("main days from")),
        columns.moment("closing_from", _("closing from")),
        columns.moment("ends_at", _("ends at")),
    )
    pages = (Page(name="edit", label=_("Change the dates"), icon="edit", roles=(StaffRole.OPS,)),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Season]:
        return super().get_queryset(request).annotate(planned=Count("campaigns"))

    @admin.display(description=_("campaigns"), ordering="planned")
    def planned(self, season: Season) -> int:
        return season.planned  # type: ignore[attr-defined]

    def has_make_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.OPS)

    @action(
        description=_("Plan a season"),
        url_path="make",
        icon="add",
        variant=ActionVariant.PRIMARY,
        permissions=["make"],
    )
    def make(self, request: HttpRequest) -> HttpResponse:
        if not self.has_make_permission(request):
            raise PermissionDenied
        return self._form(request, _("Plan a season"), _("Make the season"))

    def edit_page(self, request: HttpRequest, season: Season) -> HttpResponse:
        return self._form(request, season.name, _("Save"), season)

    def _form(
        self, request: HttpRequest, title: Any, submit: Any, season: Season | None = None
    ) -> HttpResponse:
        said = (
            {name: getattr(season, name) for name in SeasonForm.base_fields}
            if season
            else next_618(clock.business_day())
        )
        form = SeasonForm(request.POST if request.method == "POST" else None, initial=said)
        if form.is_valid():
            try:
                if season is None:
                    season = season_make(actor=person(request), **form.cleaned_data)
                else:
                    season_edit(actor=person(request), season=season, **form.cleaned_data)
            except Invalid as exc:
                form.add_error(exc.field if exc.field in form.fields else None, str(exc))
            else:
                messages.success(request, gettext("The season is saved."))
                return HttpResponseRedirect(self.url_of("change", season.pk))
        return self.page(
            request,
            "desk/form.html",
            title,
            form=form,
            submit=submit,
            text=_("Four phases, one after the other. Campaigns keep their own times."),
            original=season,
            back=self.url_of("change", season.pk) if season else self.url_of("changelist"),
        )

    def more_context(self, request: HttpRequest, obj: Season) -> dict[str, Any]:
        return {
            "season": obj,
            "calendar": season_calendar(obj),
            "may_plan": has_role(request.user, StaffRole.OPS),
        }
