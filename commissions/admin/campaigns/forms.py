"""The form of a campaign: the rules of its mechanic, and what all campaigns have in common."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from affiliates.models import Affiliate, AffiliateKind, AffiliateState
from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from campaigns.mechanics import MECHANICS, Mechanic
from campaigns.models import Campaign, Season, Sponsor
from campaigns.services.campaigns import CONFIRM_WITHIN, LIMITS
from commissions.admin.campaigns.fields import (
    MinorField,
    MomentField,
    RateField,
    field_for,
)
from merchants.models import Merchant, MerchantState

RULE = "rule_"
DAY, WEEK = timedelta(days=1), timedelta(days=7)
BUDGET_MINOR = 1_000_000  # a first suggestion
# Of the campaigns in this group an order line gets the best one: the careful first suggestion.
GROUP = "orders"

SECTIONS = (
    ("about", _("What it is"), ("name", "about", "season")),
    ("rules", _("Rules"), ()),  # the mechanic's own
    (
        "time",
        _("When"),
        ("starts_at", "ends_at", "enrol_from", "enrol_until", "confirm_until"),
    ),
    (
        "money",
        _("Who pays, and how much at most"),
        ("budget_minor", "sponsor", "merchant", "merchant_bps", "host", *LIMITS),
    ),
    (
        "who",
        _("Who takes part, with what"),
        ("kinds", "least_tier", "barred", "all_products", "stacking_group", "self_buying"),
    ),
)
# What most campaigns leave as it is: folded away until one asks for it.
SELDOM = {
    "confirm_until",
    "enrol_from",
    "enrol_until",
    "least_tier",
    "barred",
    "stacking_group",
    "self_buying",
    "per_affiliate_minor",
    "per_affiliate_day_minor",
    "orders_per_affiliate",
    "pieces",
    "daily_minor",
    "per_order_minor",
}
LABELS = {
    "budget_minor": _("Budget"),
    "daily_minor": _("Budget of a day"),
    "per_order_minor": _("At most per order line"),
    "per_affiliate_minor": _("At most per affiliate"),
    "per_affiliate_day_minor": _("At most per affiliate and day"),
}


class CampaignForm(forms.Form):
    """Built for one mechanic. `values()` is what `campaign_make` and `campaign_edit` take."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=UnfoldAdminTextInputWidget({"autofocus": True})
    )
    about = forms.CharField(
        label=_("What it says to those who take part"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text=_(
            "Shown to affiliates and merchants. Plain words, no figures: the rules follow."
        ),
    )
    season = forms.ModelChoiceField(
        label=_("Season"),
        queryset=Season.objects.order_by("-warm_up_from"),
        required=False,
        empty_label=_("None"),
        widget=UnfoldAdminSelectWidget,
    )
    starts_at = MomentField(
        label=_("Starts"), help_text=_("Orders count by the moment they were placed.")
    )
    ends_at = MomentField(label=_("Ends"))
    confirm_until = MomentField(
        label=_("Goods received until"),
        required=False,
        help_text=format_lazy(
            _("What arrives later earns nothing. Empty: {days} days after the end."),
            days=CONFIRM_WITHIN.days,
        ),
    )
    enrol_from = MomentField(label=_("Enrolment from"), required=False)
    enrol_until = MomentField(
        label=_("Enrolment until"), required=False, help_text=_("Empty: until it ends.")
    )
    sponsor = forms.ChoiceField(
        label=_("Paid by"), choices=Sponsor.choices, widget=UnfoldAdminSelectWidget
    )
    merchant = forms.ModelChoiceField(
        label=_("Merchant"),
        queryset=Merchant.objects.filter(state=MerchantState.ACTIVE),
        required=False,
        help_text=_(
            "Who pays a part, or whose brand it is. Its team has to agree to what it pays."
        ),
    )
    merchant_bps = RateField(
        label=_("Paid by the merchant (%)"),
        required=False,
        least_bps=0,
        most_bps=10_000,
        help_text=_("Of the budget; the alliance pays the rest."),
    )
    host = forms.ModelChoiceField(
        label=_("Held by the affiliate"),
        queryset=Affiliate.objects.filter(state=AffiliateState.ACTIVE),
        required=False,
    )
    orders_per_affiliate = forms.IntegerField(
        label=_("Only the first orders of each affiliate"),
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("For example 50. Empty: all."),
    )
    pieces = forms.IntegerField(
        label=_("Only the first pieces"),
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Of all products together. Empty: all."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of affiliates"),
        choices=AffiliateKind.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None ticked: all."),
    )
    least_tier = forms.IntegerField(
        label=_("Least tier"),
        min_value=0,
        max_value=9,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    barred = forms.ModelMultipleChoiceField(
        label=_("Affiliates left out"), queryset=Affiliate.objects.all(), required=False
    )
    all_products = forms.BooleanField(
        label=_("All products"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Else those of its slate, which you choose in the next step."),
    )
    stacking_group = forms.CharField(
        label=_("Stacking group"),
        required=False,
        max_length=24,
        widget=UnfoldAdminTextInputWidget,
        help_text=_(
            "Of the campaigns in one group an order line gets the best one only. Empty: it comes "
            "on top of all others."
        ),
    )
    self_buying = forms.BooleanField(
        label=_("Affiliates' own purchases count"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    def __init__(
        self,
        *args: Any,
        mechanic: Mechanic,
        currency: str,
        campaign: Campaign | None = None,
        season: Season | None = None,
        **kwargs: Any,
    ) -> None:
        self.mechanic = mechanic
        self.currency = currency
        kwargs["initial"] = self._of(campaign) if campaign else self._suggested(season)
        super().__init__(*args, **kwargs)
        for name, label in LABELS.items():
            self.fields[name] = MinorField(
                currency=currency,
                label=format_lazy("{} ({})", label, currency),
                required=name == "budget_minor",
                least_minor=0 if name == "budget_minor" else 1,
                most_minor=10**15,
                help_text=_("Empty: no limit.")
                if name != "budget_minor"
                else _budget_help(mechanic),
            )
        for rule in mechanic.fields:
            self.fields[RULE + rule.name] = field_for(rule, currency)
        for name, widget in (("merchant", AutocompleteSelect), ("host", AutocompleteSelect),
                             ("barred", AutocompleteSelectMultiple)):  # fmt: skip
            field: Any = self.fields[name]
            relation = Campaign._meta.get_field(name)
            field.widget = widget(relation, admin.site)
            field.widget.choices = field.choices
        sponsors: Any = self.fields["sponsor"]
        sponsors.choices = [
            (value, label)
            for value, label in Sponsor.choices
            if value != Sponsor.AFFILIATE or self._by_affiliate
        ]
        for name in self._needless():
            del self.fields[name]

    @property
    def _by_affiliate(self) -> bool:
        """Only what buyers are given can be an affiliate's own present."""
        return self.mechanic.hosted and self.mechanic.coupons

    def _needless(self) -> Iterator[str]:
        """What this mechanic has no use for is not asked."""
        if not (self.mechanic.enrols or self.mechanic.merchants_enrol):
            yield from ("enrol_from", "enrol_until")
        if not self.mechanic.hosted:
            yield "host"
        if self.mechanic.on_order is None:
            yield "stacking_group"

    def _suggested(self, season: Season | None) -> dict[str, Any]:
        begins = clock.day_start(clock.business_day() + timedelta(days=1))
        if season is not None:
            begins = max(begins, season.main_from)
        ends = begins + (self.mechanic.longest or self.mechanic.shortest or WEEK)
        if season is not None and begins + (self.mechanic.shortest or DAY) <= season.ends_at:
            ends = min(ends, season.ends_at)
        rules = self.mechanic.parse({}) if _complete(self.mechanic) else None
        owes = self.mechanic.owes(rules) if self.mechanic.owes and rules else 0
        return {
            "name": str(self.mechanic.label),
            "season": season,
            "starts_at": begins,
            "ends_at": ends,
            "budget_minor": owes or BUDGET_MINOR,
            "sponsor": Sponsor.AFFILIATE if self._by_affiliate else Sponsor.PLATFORM,
            "kinds": list(self.mechanic.audience),
            "stacking_group": GROUP if self.mechanic.on_order else "",
            **{RULE + rule.name: rule.default for rule in self.mechanic.fields},
        }

    def _of(self, campaign: Campaign) -> dict[str, Any]:
        names = [name for _key, _title, names in SECTIONS for name in names]
        own = {name: getattr(campaign, name) for name in names if name != "barred"}
        rules = {RULE + rule.name: campaign.rules.get(rule.name, rule.default)
                 for rule in self.mechanic.fields}  # fmt: skip
        return {**own, **rules, "barred": list(campaign.barred.all())}

    @property
    def sections(self) -> list[dict[str, Any]]:
        """For the page: what is asked always, and what is folded away."""
        found = []
        for key, title, names in SECTIONS:
            own = [RULE + rule.name for rule in self.mechanic.fields] if key == "rules" else names
            fields = [self[name] for name in own if name in self.fields]
            seldom = [field for field in fields if field.name in SELDOM]
            shown = [field for field in fields if field.name not in SELDOM]
            found.append(
                {
                    "key": key,
                    "title": title,
                    "fields": shown,
                    "seldom": seldom,
                    "open": any(field.errors or field.value() for field in seldom),
                }
            )
        return [section for section in found if section["fields"] or section["seldom"]]

    @property
    def conditions(self) -> dict[str, tuple[str, str]]:
        """Rules that matter only while another has a value: name → (the other's name, value)."""
        return {
            RULE + rule.name: (RULE + rule.when[0], rule.when[1])
            for rule in self.mechanic.fields
            if rule.when
        }

    def values(self) -> dict[str, Any]:
        """The cleaned values under the names of the service."""
        given = dict(self.cleaned_data)
        rules = {
            name.removeprefix(RULE): given.pop(name)
            for name in list(given)
            if name.startswith(RULE)
        }
        given["rules"] = {name: said for name, said in rules.items() if said is not None}
        given["barred"] = list(given["barred"])
        given["least_tier"] = given["least_tier"] or 0
        given["merchant_bps"] = given["merchant_bps"] or 0
        return given

    def refused(self, refusal: Invalid) -> None:
        """Say the service's refusal beside the field that it is about."""
        path = refusal.field.split(".")
        name = RULE + path[1] if path[0] == "rules" and len(path) > 1 else path[0]
        self.add_error(name if name in self.fields else None, str(refusal))


def _complete(mechanic: Mechanic) -> bool:
    return not any(rule.required for rule in mechanic.fields)


def _budget_help(mechanic: Mechanic) -> Any:
    if mechanic.most is not None:
        return _("Each accepted task sets its greatest reward aside: it decides how many can join.")
    if mechanic.owes is not None:
        return _("All prizes together at least.")
    if mechanic.coupons:
        return _("The worth of all coupons at least; it is set aside when they are offered.")
    return _("It pays nothing beyond it. What is left goes back at the end.")


def own_currency() -> str:
    return str(settings.ALLIANCE["CURRENCY"])


def mechanic_of(campaign: Campaign) -> Mechanic:
    return MECHANICS[campaign.kind]
