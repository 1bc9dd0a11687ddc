"""Targeted plans: applying, and answering."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from affiliates import queries
from affiliates.models import (
    AffiliateKind,
    PlanRule,
)
from alliance.kernel.money import Money
from merchants.forms import DayField, FigureField
from merchants.models import Merchant


class ApplyForm(forms.Form):
    words = forms.CharField(
        label=_("Why you?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Whom you reach, and how you would promote it. The merchant reads it."),
    )


class RuleForm(forms.Form):
    """Who is let into a targeted plan without being looked at."""

    kinds = forms.MultipleChoiceField(
        label=_("Kinds of affiliates"),
        choices=AffiliateKind,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )
    least_tier = forms.TypedChoiceField(
        label=_("Tier from"), coerce=int, choices=[(n, f"T{n}") for n in range(6)]
    )
    least_orders = forms.IntegerField(
        label=_("Orders in 30 days from"), min_value=0, max_value=1_000_000, initial=0
    )
    least_gmv = FigureField(
        label=_("Sales in 30 days from"), min_value=0, max_digits=12, decimal_places=2, initial=0
    )
    approved_site = forms.BooleanField(label=_("With an approved site"), required=False)
    refuses = forms.BooleanField(
        label=_("Reject everybody else at once"),
        required=False,
        help_text=_("Otherwise they wait for your decision."),
    )

    @staticmethod
    def initial_of(rule: PlanRule | None) -> dict[str, Any]:
        if rule is None:
            return {}
        least = Money(rule.least_gmv_minor, rule.plan.merchant.currency).decimal
        names = ("kinds", "least_tier", "least_orders", "approved_site", "refuses")
        return {**{name: getattr(rule, name) for name in names}, "least_gmv": least}

    def values(self, currency: str) -> dict[str, Any]:
        """What `plan_rule_set` wants."""
        values = dict(self.cleaned_data)
        least = values.pop("least_gmv")
        return {**values, "least_gmv_minor": Money.parse(f"{least:f}", currency).minor}


class RatesForm(forms.Form):
    """Filters of the log of rate changes, straight out of the address."""

    merchant = forms.ModelChoiceField(
        label=_("Merchant"),
        queryset=Merchant.objects.none(),
        required=False,
        empty_label=_("All merchants"),
    )
    product = forms.IntegerField(
        required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput
    )
    since = DayField(label=_("Announced from"), required=False)
    until = DayField(label=_("until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Merchant]", self.fields["merchant"])
        field.queryset = queries.merchants_trading()

    def narrowing(self) -> dict[str, Any]:
        """What `queries.rate_changes` wants; a filter that makes no sense is left out."""
        self.full_clean()
        said = self.cleaned_data
        return {
            "merchant": said["merchant"].pk if said.get("merchant") else 0,
            "product": said.get("product") or 0,
            "since": said.get("since"),
            "until": said.get("until"),
        }

    @property
    def narrowed(self) -> bool:
        return any(self.narrowing().values())
