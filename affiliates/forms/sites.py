"""Who joins, and where they promote."""

from django import forms
from django.utils.translation import gettext_lazy as _

from affiliates.models import (
    AffiliateKind,
    SiteKind,
)


class JoinForm(forms.Form):
    kind = forms.ChoiceField(
        choices=AffiliateKind, widget=forms.RadioSelect, initial=AffiliateKind.SMALL
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Under which you promote. Merchants see it beside the orders that you bring."),
    )
    introduction = forms.CharField(
        label=_("Where and how do you promote?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Groups, channels, sites, apps: a few words and addresses help us to decide."),
    )


class SiteForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=SiteKind)
    url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=300,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=_("Where we can look at it. Groups may leave it empty."),
    )


class ZoneForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=64)
