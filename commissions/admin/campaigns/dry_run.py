"""The dry run at the desk: a campaign, or another rate of a plan, on orders of the past."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget

from alliance.kernel import clock
from alliance.kernel.desk import in_state, person
from alliance.kernel.models import StaffRole, User
from campaigns.models import Campaign, CampaignState
from commissions.admin.campaigns.fields import RateField
from commissions.admin.campaigns.pages import Page, WithPages
from commissions.dryrun import RateChange, Report, dry_run_for
from merchants.admin.goods import PlanAdmin
from merchants.models import Category, Plan, PlanState

ROLES = (StaffRole.OPS, StaffRole.FINANCE, StaffRole.AUDITOR)
DAYS = 28  # the first suggestion: four whole weeks
MOST_DAYS = 92
SHOWN = 25  # winners and losers
LIMITS: Mapping[str, Any] = {
    "budget": _("the budget"),
    "day": _("the budget of a day"),
    "affiliate": _("the limit of an affiliate"),
    "affiliate_day": _("the limit of an affiliate's day"),
    "line": _("the limit of an order line"),
}


class PastForm(forms.Form):
    """On which days' orders."""

    since = forms.DateField(label=_("Orders from"), widget=UnfoldAdminSingleDateWidget)
    until = forms.DateField(label=_("Up to and including"), widget=UnfoldAdminSingleDateWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("since", "until"):
            field: Any = self.fields[name]
            field.widget.input_type = "date"
            field.widget.format = "%Y-%m-%d"
            field.input_formats = ["%Y-%m-%d"]
            field.validators.append(MinValueValidator(clock.FIRST_DAY))
            field.validators.append(MaxValueValidator(clock.LAST_DAY))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and not since <= until < since + timedelta(days=MOST_DAYS):
            self.add_error("until", _("From one to %(most)d days.") % {"most": MOST_DAYS})
        return cleaned

    def played(self, actor: User, change: Campaign | RateChange) -> Report:
        since: date = self.cleaned_data["since"]
        until: date = self.cleaned_data["until"]
        after = clock.day_start(until + timedelta(days=1))
        return dry_run_for(actor, change, clock.day_start(since), after)


class RateForm(PastForm):
    """Another rate, for a category or for everything in the plan that has none of its own."""

    rate = RateField(label=_("Commission rate (%)"), least_bps=0, most_bps=9_000)
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.order_by("slug"),
        required=False,
        empty_label=_("Everything else in the plan"),
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("rate", "category", "since", "until")


def _past() -> dict[str, date]:
    """The last whole weeks, up to yesterday."""
    yesterday = clock.business_day() - timedelta(days=1)
    return {"since": yesterday - timedelta(days=DAYS - 1), "until": yesterday}


DRY_RUN_PAGES = (
    Page(
        name="dry_run",
        label=_("Dry run"),
        icon="science",
        roles=ROLES,
        when=in_state(CampaignState.DRAFT),
    ),
)


class Playing:
    """Mixin of the campaigns' desk."""

    def dry_run_page(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """GET asks on which days and, with them, answers: a dry run changes nothing."""
        asked = "since" in request.GET
        form = PastForm(request.GET if asked else None, initial=_past())
        report = form.played(person(request), campaign) if form.is_valid() else None
        return _page(self, request, form, report, campaign)


class PlayedPlanAdmin(WithPages, PlanAdmin):
    """Plans, with another rate played on past orders."""

    pages = (
        Page(
            name="dry_run",
            label=_("Try another rate"),
            icon="science",
            roles=ROLES,
            when=in_state(PlanState.ACTIVE),
        ),
    )

    def dry_run_page(self, request: HttpRequest, plan: Plan) -> HttpResponse:
        asked = "since" in request.GET
        form = RateForm(request.GET if asked else None, initial=_past())
        report = None
        if form.is_valid():
            category = form.cleaned_data["category"]
            report = form.played(
                person(request),
                RateChange(
                    plan=plan,
                    rate_bps=form.cleaned_data["rate"],
                    category_id=category.pk if category else None,
                ),
            )
        return _page(self, request, form, report, plan)


def _page(
    desk: Any,
    request: HttpRequest,
    form: PastForm,
    report: Report | None,
    subject: Campaign | Plan,
) -> HttpResponse:
    answer: HttpResponse = desk.page(
        request,
        "desk/campaigns/dry_run.html",
        _("Dry run: %(name)s") % {"name": subject},
        form=form,
        report=report,
        original=subject,
        is_campaign=isinstance(subject, Campaign),
        winners=report.winners[:SHOWN] if report else [],
        losers=report.losers[:SHOWN] if report else [],
        merchants=report.merchants[:SHOWN] if report else [],
        cuts=[(LIMITS.get(name, name), count) for name, count in report.cut.most_common()]
        if report
        else [],
    )
    return answer


admin.site.unregister(Plan)
admin.site.register(Plan, PlayedPlanAdmin)
