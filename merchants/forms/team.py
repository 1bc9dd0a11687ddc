"""The merchant, its shops, its people and the keys of its programs."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel.models import MemberRole
from merchants.forms.fields import FigureField, ServiceForm
from merchants.models import (
    HookKind,
)


class JoinForm(ServiceForm):
    name = forms.CharField(label=_("Name of your company or brand"), max_length=120)
    legal_name = forms.CharField(
        label=_("Legal name"),
        max_length=200,
        required=False,
        help_text=_("As on your business licence. You can add it later."),
    )
    shop_name = forms.CharField(label=_("Name of your shop"), max_length=120)
    domain = forms.CharField(
        label=_("Domain of your shop"),
        max_length=253,
        help_text=_(
            "Such as shop.example.com, with everything below it. Buyers are only ever sent there."
        ),
    )


class MerchantForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    legal_name = forms.CharField(label=_("Legal name"), max_length=200, required=False)
    contact_email = forms.EmailField(label=_("Contact e-mail"), max_length=254, required=False)
    roi_target = FigureField(
        label=_("Return that you aim for"),
        required=False,
        max_digits=7,
        decimal_places=2,
        min_value=Decimal("0.01"),
        help_text=_("Sales for each 1 of commission, such as 8. Your home page measures by it."),
    )

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        data = dict(self.cleaned_data)
        target = data.pop("roi_target")
        return {**data, "roi_target_centi": None if target is None else int(target * 100)}


class ShopForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    domains = forms.CharField(
        label=_("Domains"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One per line. A domain covers everything below it."),
    )

    def clean_domains(self) -> list[str]:
        return str(self.cleaned_data["domains"]).replace(",", " ").split()


class MemberForm(ServiceForm):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=MemberRole.choices, initial="manager")


class HookForm(ServiceForm):
    """A door for the system of a shop."""

    kind = forms.ChoiceField(label=pgettext_lazy("shop", "System"), choices=HookKind.choices)
    secret = forms.CharField(
        label=_("Secret"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Shopify shows you one. For WooCommerce leave it empty, and we make one."),
    )
