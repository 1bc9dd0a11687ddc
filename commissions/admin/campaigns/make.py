"""Making a campaign: choose a mechanic, fill in one form; edit a draft; clone."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from alliance.kernel.access import has_role
from alliance.kernel.desk import in_state, person
from alliance.kernel.errors import Invalid
from alliance.kernel.http import key_in
from alliance.kernel.models import StaffRole
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignState, Season
from campaigns.services.campaigns import (
    campaign_clone,
    campaign_edit,
    campaign_make,
    week_from_now,
)
from commissions.admin.campaigns.fields import MomentField
from commissions.admin.campaigns.forms import CampaignForm, mechanic_of, own_currency
from commissions.admin.campaigns.pages import Page

# Cards in groups, so that fourteen of them can be told apart at a glance.
GROUPS = (
    (_("For buyers"), ("super_coupon", "freebie", "gift_voucher", "supermarket_benefits")),
    (
        _("More for affiliates"),
        ("double_commission", "million_subsidy", "super_u", "bargain_channel"),
    ),
    (_("Tasks and contests"), ("guaranteed_task", "leaderboard")),
    (
        _("Days and hours"),
        ("crazy_four_hours", "super_brand_day", "super_category_day", "tuanzhang_event"),
    ),
)
ICONS = {
    "super_coupon": "confirmation_number",
    "freebie": "featured_seasonal_and_gifts",
    "gift_voucher": "redeem",
    "supermarket_benefits": "shopping_cart",
    "double_commission": "exposure_plus_2",
    "million_subsidy": "rocket_launch",
    "super_u": "workspace_premium",
    "bargain_channel": "factory",
    "guaranteed_task": "task_alt",
    "leaderboard": "leaderboard",
    "crazy_four_hours": "timer",
    "super_brand_day": "storefront",
    "super_category_day": "category",
    "tuanzhang_event": "diversity_3",
}


class CloneForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, widget=UnfoldAdminTextInputWidget)
    starts_at = MomentField(
        label=_("Starts"), help_text=_("All other dates move along by as much.")
    )


MAKE_PAGES = (
    Page(
        name="edit",
        label=_("Edit"),
        icon="edit",
        roles=(StaffRole.OPS,),
        when=in_state(CampaignState.DRAFT),
    ),
    Page(name="clone", label=_("Clone"), icon="content_copy", roles=(StaffRole.OPS,)),
)


class Making:
    """Mixin of the campaigns' desk."""

    def has_make_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, StaffRole.OPS)

    @action(
        description=_("Plan a campaign"),
        url_path="make",
        icon="add",
        variant=ActionVariant.PRIMARY,
        permissions=["make"],
    )
    def make(self, request: HttpRequest) -> HttpResponse:
        """Without a kind the cards; with one its form."""
        if not self.has_make_permission(request):
            raise PermissionDenied
        admin: Any = self
        season = Season.objects.filter(pk=key_in(request.GET.get("season", ""))).first()
        mechanic = MECHANICS.get(request.GET.get("kind", ""))
        if mechanic is None:
            return admin.page(
                request,
                "desk/campaigns/kinds.html",
                _("Plan a campaign"),
                groups=_cards(),
                season=season,
                back=admin.url_of("changelist"),
            )
        form = CampaignForm(
            request.POST if request.method == "POST" else None,
            mechanic=mechanic,
            currency=own_currency(),
            season=season,
        )
        if form.is_valid():
            try:
                made = campaign_make(
                    actor=person(request),
                    kind=mechanic.kind,
                    currency=own_currency(),
                    **form.values(),
                )
            except Invalid as exc:
                form.refused(exc)
            else:
                messages.success(request, gettext("The draft is there. Nothing is live yet."))
                return HttpResponseRedirect(admin.url_of("change", made.pk))
        return self._form(request, form, _("Make the draft"), admin.url_of("make"))

    def edit_page(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        admin: Any = self
        back = admin.url_of("change", campaign.pk)
        if campaign.state != CampaignState.DRAFT:
            messages.warning(request, gettext("It is published: make another one, or clone it."))
            return HttpResponseRedirect(back)
        form = CampaignForm(
            request.POST if request.method == "POST" else None,
            mechanic=mechanic_of(campaign),
            currency=campaign.currency,
            campaign=campaign,
        )
        if form.is_valid():
            asked_anew = campaign.agreed_at is not None
            try:
                campaign_edit(actor=person(request), campaign=campaign, **form.values())
            except Invalid as exc:
                form.refused(exc)
            else:
                messages.success(request, gettext("The draft is changed."))
                if asked_anew and campaign.agreed_at is None:
                    messages.warning(
                        request,
                        gettext("The merchant had agreed to other terms and is asked anew."),
                    )
                return HttpResponseRedirect(back)
        return self._form(request, form, _("Save"), back, campaign)

    def clone_page(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        admin: Any = self
        suggested = {"name": campaign.name, "starts_at": week_from_now(campaign.starts_at)}
        form = CloneForm(request.POST if request.method == "POST" else None, initial=suggested)
        if form.is_valid():
            try:
                fresh = campaign_clone(
                    actor=person(request), campaign=campaign, **form.cleaned_data
                )
            except Invalid as exc:
                form.add_error(exc.field if exc.field in form.fields else None, str(exc))
            else:
                messages.success(request, gettext("The draft is there. Nothing is live yet."))
                return HttpResponseRedirect(admin.url_of("change", fresh.pk))
        return admin.page(
            request,
            "desk/form.html",
            _("Clone: %(name)s") % {"name": campaign},
            form=form,
            submit=_("Make the draft"),
            text=_(
                "Rules, limits and slate come along. What merchants agreed to for the old time "
                "they are asked for anew."
            ),
            back=admin.url_of("change", campaign.pk),
            original=campaign,
        )

    def _form(
        self,
        request: HttpRequest,
        form: CampaignForm,
        submit: Any,
        back: str,
        campaign: Campaign | None = None,
    ) -> HttpResponse:
        admin: Any = self
        return admin.page(
            request,
            "desk/campaigns/form.html",
            campaign or form.mechanic.label,
            form=form,
            mechanic=form.mechanic,
            icon=ICONS.get(form.mechanic.kind, "campaign"),
            submit=submit,
            back=back,
            original=campaign,
            media=form.media,
        )


def _cards() -> list[tuple[Any, list[tuple[Any, str]]]]:
    """The mechanics by group; one that no group names yet stands at the end."""
    groups = [(title, [kind for kind in kinds if kind in MECHANICS]) for title, kinds in GROUPS]
    known = {kind for _title, kinds in groups for kind in kinds}
    rest = [kind for kind in MECHANICS if kind not in known]
    return [
        (title, [(MECHANICS[kind], ICONS.get(kind, "campaign")) for kind in kinds])
        for title, kinds in [*groups, (_("More"), rest)]
        if kinds
    ]
