"""Campaigns at the desk: the list, a campaign's page, its decisions."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from alliance.kernel import columns, trail
from alliance.kernel.desk import (
    Decision,
    DecisionForm,
    Facts,
    ReadOnlyAdmin,
    ReasonForm,
    in_state,
)
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money
from campaigns.calendar import conflicts_of, part_of_merchant
from campaigns.mechanics import MECHANICS
from campaigns.models import (
    Campaign,
    CampaignState,
    EnrolmentState,
    SlateState,
    Sponsor,
    StockState,
)
from campaigns.rule_words import Line, audience_lines, limit_lines, rule_lines
from campaigns.services.campaigns import campaign_describe, campaign_discard, campaign_extend
from commissions.admin.campaigns import tasks
from commissions.admin.campaigns.dry_run import DRY_RUN_PAGES, Playing
from commissions.admin.campaigns.fields import MomentField
from commissions.admin.campaigns.make import MAKE_PAGES, Making
from commissions.admin.campaigns.meters import meter
from commissions.admin.campaigns.monitor import MONITOR_PAGES, Monitored
from commissions.admin.campaigns.pages import WithPages
from commissions.admin.campaigns.publish import PUBLISH_PAGES, Publishing
from commissions.admin.campaigns.slate import SLATE_PAGES, Slating
from commissions.admin.campaigns.stock import STOCK_PAGES, Stocking
from commissions.forms import AmountField, SeenForm
from commissions.models import Balance
from commissions.services.campaigns import (
    campaign_close,
    campaign_pause,
    campaign_raise_agree,
    campaign_raise_refuse,
    campaign_resume,
    campaign_top_up,
)

OPS, RISK, FINANCE, SUPPORT = (
    StaffRole.OPS,
    StaffRole.RISK,
    StaffRole.FINANCE,
    StaffRole.SUPPORT,
)
State = CampaignState
GOING = (State.SCHEDULED, State.LIVE, State.PAUSED)


class WordsForm(DecisionForm):
    name = forms.CharField(label=_("Name"), max_length=80, widget=UnfoldAdminTextInputWidget)
    about = forms.CharField(
        label=_("What it says to those who take part"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget({"rows": 4}),
    )


class EndForm(DecisionForm):
    ends_at = MomentField(label=_("New end"))


class AmountForm(DecisionForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(
            currency=self.obj.currency,
            label=_("Amount on top"),
            min_value=0,
            widget=UnfoldAdminTextInputWidget,
        )


class RaiseForm(SeenForm, DecisionForm):
    """Agrees to the amount that the page showed: another may be asked for meanwhile."""


def kind_of(campaign: Campaign) -> Any:
    return _label_of(campaign.kind)


def _label_of(kind: str) -> Any:
    mechanic = MECHANICS.get(kind)
    return mechanic.label if mechanic else kind


trail.CODES["campaigns.campaign.kind"] = _label_of


def budget_facts(campaign: Campaign) -> Facts:
    yield _("campaign"), kind_of(campaign)
    yield _("budget"), campaign.budget.localized()
    yield _("who pays"), campaign.get_sponsor_display()
    if campaign.merchant_bps:
        yield str(campaign.merchant), part_of_merchant(campaign).localized()
    if campaign.raise_minor:
        yield _("asked on top"), Money(campaign.raise_minor, campaign.currency).localized()
        yield _("asked by"), str(campaign.raise_by)


def top_up(actor: User, campaign: Campaign, amount: Money) -> Any:
    """What became of it, where it was only asked for."""
    if campaign_top_up(actor=actor, campaign=campaign, amount=amount):
        return None
    return _("Asked for: somebody else has to agree to a budget of that height.")


def time_facts(campaign: Campaign) -> Facts:
    yield _("starts at"), campaign.starts_at
    yield _("ends at"), campaign.ends_at


def told(lines: Iterable[Line]) -> SafeString | str:
    """Facts below each other; several values of one fact too."""
    said = [
        (label, format_html_join("", "<div>{}</div>", ((one,) for one in values)))
        if len(values) > 1
        else (label, "".join(values))
        for label, values in lines
    ]
    if not said:
        return "–"
    rows = format_html_join("", "<div><b>{}</b> {}</div>", said)
    return format_html('<div class="desk-facts">{}</div>', rows)


def resume(actor: User, campaign: Campaign) -> None:
    campaign_resume(actor=actor, campaign=campaign)


@admin.register(Campaign)
class CampaignAdmin(
    Making, Slating, Stocking, Playing, Publishing, Monitored, WithPages, ReadOnlyAdmin
):
    seen_by = (OPS, RISK, FINANCE, SUPPORT)
    list_display = (
        "name",
        "mechanic",
        columns.state(),
        columns.moment("starts_at", _("starts at")),
        columns.moment("ends_at", _("ends at")),
        "spent",
        "products",
    )
    tabs_by = "state"
    list_filter = (
        "state",
        ("season", AutocompleteSelectFilter),
        ("merchant", AutocompleteSelectFilter),
    )
    search_fields = ("name", "merchant__name", "=pk")
    search_help_text = _("Name, merchant or number")
    ordering = ("-starts_at", "-pk")
    actions_list = ("make",)
    change_form_outer_before_template = "desk/campaigns/campaign.html"
    fields = (
        "mechanic",
        columns.state(),
        columns.moment("starts_at", _("starts at")),
        columns.moment("ends_at", _("ends at")),
        columns.moment("confirm_until", _("received until")),
        "enrolment",
        "payer",
        "limits",
        "audience",
        "stacking",
        columns.linked("season", _("season")),
        columns.linked("made_by", _("planned by")),
        columns.linked("published_by", _("published by")),
        "rules_told",
        "about",
    )
    rare = frozenset(("clone", "top_up", "extend", "describe", "discard", "count"))
    pages = (
        *MONITOR_PAGES,
        *MAKE_PAGES,
        *SLATE_PAGES,
        *STOCK_PAGES,
        *DRY_RUN_PAGES,
        *PUBLISH_PAGES,
    )
    decisions = (
        Decision(
            name="pause",
            label=_("Pause"),
            icon="pause",
            variant=ActionVariant.WARNING,
            run=lambda actor, campaign, reason: campaign_pause(
                actor=actor, campaign=campaign, reason=reason
            ),
            roles=(OPS, RISK),
            when=in_state(State.LIVE),
            text=_("Orders placed from now on earn nothing from it until it goes on."),
            done=_("The campaign stands still."),
            form=ReasonForm,
        ),
        Decision(
            name="resume",
            label=_("Go on"),
            icon="play_arrow",
            variant=ActionVariant.SUCCESS,
            run=resume,
            roles=(OPS,),
            when=in_state(State.PAUSED),
            text=_("Orders placed from now on count again."),
            done=_("The campaign goes on."),
        ),
        Decision(
            name="top_up",
            label=_("Raise the budget"),
            icon="savings",
            run=top_up,
            roles=(OPS, FINANCE),
            when=lambda campaign: (
                campaign.state in GOING
                and campaign.sponsor == Sponsor.PLATFORM
                and not campaign.raise_minor
            ),
            text=_(
                "Paid in at once, by the alliance. Above the limit for campaigns somebody else has "
                "to agree first."
            ),
            done=_("The budget is raised."),
            form=AmountForm,
            facts=budget_facts,
        ),
        Decision(
            name="raise_agree",
            label=_("Agree to the greater budget"),
            icon="savings",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, campaign, seen: campaign_raise_agree(
                actor=actor, campaign=campaign, seen=seen
            ),
            roles=(OPS, FINANCE),
            when=lambda campaign: campaign.raise_minor > 0 and campaign.state != State.SETTLED,
            text=_("Paid in at once, by the alliance. Whoever asked for it cannot agree to it."),
            done=_("The budget is raised."),
            form=RaiseForm,
            initial=lambda campaign: {"seen": campaign.updated_at.isoformat()},
            facts=budget_facts,
        ),
        Decision(
            name="raise_refuse",
            label=_("Leave the budget as it is"),
            icon="block",
            run=lambda actor, campaign: campaign_raise_refuse(actor=actor, campaign=campaign),
            roles=(OPS, FINANCE),
            when=lambda campaign: campaign.raise_minor > 0,
            text=_("What was asked for on top is not paid in."),
            done=_("The budget stays as it is."),
            facts=budget_facts,
        ),
        Decision(
            name="extend",
            label=_("Later end"),
            icon="more_time",
            run=lambda actor, campaign, ends_at: campaign_extend(
                actor=actor, campaign=campaign, ends_at=ends_at
            ),
            roles=(OPS,),
            when=in_state(*GOING),
            text=_("Goods may arrive later by as much. Only where nobody else pays a part of it."),
            done=_("The campaign ends later."),
            form=EndForm,
            facts=time_facts,
            initial=lambda campaign: {"ends_at": campaign.ends_at},
        ),
        Decision(
            name="describe",
            label=_("Change the words"),
            icon="edit_note",
            run=lambda actor, campaign, name, about: campaign_describe(
                actor=actor, campaign=campaign, name=name, about=about
            ),
            roles=(OPS,),
            when=lambda campaign: campaign.state != State.DRAFT,
            text=_("What it is called and what it says of itself; its rules stay."),
            done=_("The words are changed."),
            form=WordsForm,
            initial=lambda campaign: {"name": campaign.name, "about": campaign.about},
        ),
        Decision(
            name="close",
            label=_("Close for good"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, campaign, reason: campaign_close(
                actor=actor, campaign=campaign, reason=reason
            ),
            roles=(OPS, RISK),
            when=in_state(*GOING),
            text=_(
                "Orders placed from now on earn nothing from it, for good. What was earned until "
                "now stays earned. What is left of the budget goes back once nothing is pending."
            ),
            done=_("The campaign is closed."),
            form=ReasonForm,
            facts=budget_facts,
        ),
        Decision(
            name="discard",
            label=_("Discard"),
            icon="delete",
            variant=ActionVariant.DANGER,
            run=lambda actor, campaign: campaign_discard(actor=actor, campaign=campaign),
            roles=(OPS,),
            when=in_state(State.DRAFT),
            text=_("The draft and its slate are gone. The audit trail remembers it."),
            done=_("The draft is discarded."),
        ),
        *tasks.DECISIONS,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        left = Balance.objects.filter(
            account__code=OuterRef("budget_code"), account__currency=OuterRef("currency")
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                budget_code=Concat(
                    Value("campaign:"), Cast(F("pk"), CharField()), Value(":budget")
                ),
                left_minor=Coalesce(
                    Subquery(left.values("balance_minor")[:1]),
                    F("budget_minor"),
                    output_field=BigIntegerField(),
                ),
                products=Count("slate", filter=Q(slate__state=SlateState.APPROVED)),
            )
        )

    # --- Columns ----------------------------------------------------------------------------------

    @display(description=_("mechanic"), ordering="kind")
    def mechanic(self, campaign: Campaign) -> Any:
        return kind_of(campaign)

    @display(description=_("budget used"), ordering="budget_minor")
    def spent(self, campaign: Campaign) -> SafeString:
        used = campaign.budget_minor - campaign.left_minor  # type: ignore[attr-defined]
        return meter(used, campaign.budget_minor, Money(used, campaign.currency).localized(),
                     campaign.budget.localized())  # fmt: skip

    @display(description=_("products"))
    def products(self, campaign: Campaign) -> Any:
        return _("all") if campaign.all_products else campaign.products  # type: ignore[attr-defined]

    @display(description=_("enrolment"))
    def enrolment(self, campaign: Campaign) -> SafeString | str:
        mechanic = MECHANICS[campaign.kind]
        if not (mechanic.enrols or mechanic.merchants_enrol):
            return gettext("not needed")
        since, until = campaign.enrol_from or campaign.starts_at, campaign.enrol_until
        return columns.span(since, until or campaign.ends_at)

    @display(description=_("who pays"))
    def payer(self, campaign: Campaign) -> SafeString:
        who = columns.link_to(campaign.merchant or campaign.host)
        if not campaign.merchant_bps:
            alone = campaign.get_sponsor_display()
            return columns.with_note(alone, "") if not campaign.host else columns.with_note(who, "")
        part = part_of_merchant(campaign).localized()
        agreed = gettext("agreed") if campaign.agreed_at else gettext("has not agreed yet")
        return columns.with_note(who, f"{part}, {agreed}")

    @display(description=_("limits"))
    def limits(self, campaign: Campaign) -> SafeString | str:
        return told(limit_lines(campaign))

    @display(description=_("affiliates"))
    def audience(self, campaign: Campaign) -> SafeString | str:
        lines = list(audience_lines(campaign))
        if out := campaign.barred.count():
            lines.append((_("left out"), [str(out)]))
        return told(lines)

    @display(description=_("stacking group"))
    def stacking(self, campaign: Campaign) -> str:
        return campaign.stacking_group or gettext("on top of all others")

    @display(description=_("rules"))
    def rules_told(self, campaign: Campaign) -> SafeString | str:
        return told(rule_lines(campaign))

    def more_context(self, request: HttpRequest, obj: Campaign) -> dict[str, Any]:
        draft = obj.state == State.DRAFT
        used = obj.budget_minor - obj.left_minor  # type: ignore[attr-defined]
        return {
            "campaign": obj,
            "mechanic_about": MECHANICS[obj.kind].about,
            "conflicts": conflicts_of(obj) if draft else [],
            "draft": draft,
            "used": Money(used, obj.currency),
            "left": Money(obj.left_minor, obj.currency),  # type: ignore[attr-defined]
            "pauses": list(obj.pauses.order_by("-from_at")[:5]),
            "waiting": obj.slate.filter(state=SlateState.PROPOSED).count(),
            "applied": obj.enrolments.filter(state=EnrolmentState.APPLIED).count(),
            "unopened": 0 if draft else obj.stocks.filter(state=StockState.DRAFT).count(),
            **self.draft_steps(request, obj),
        }
