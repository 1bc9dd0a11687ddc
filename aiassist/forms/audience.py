"""What affiliates tell their advisers."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from affiliates.queries import categories
from aiassist.copy.check import Channel
from aiassist.models import Age, Audience, Gender, Goal, Region
from aiassist.services.audiences import audience_save
from alliance.kernel.models import User
from alliance.kernel.money import Money
from merchants.forms import ServiceForm


def _price(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=format_lazy("{} ({})", label, settings.ALLIANCE["CURRENCY"]),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
    )


class AudienceForm(ServiceForm):
    goal = forms.ChoiceField(label=_("What you want most"), choices=Goal, widget=forms.RadioSelect)
    interests = forms.ModelMultipleChoiceField(
        label=_("What your audience is interested in"),
        queryset=categories(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    channel = forms.ChoiceField(
        label=_("Where you post most"),
        choices=[("", _("not said")), *Channel.choices],
        required=False,
    )
    price_from = _price(_("Price from"))
    price_to = _price(_("Price to"))
    gender = forms.ChoiceField(
        label=_("Who they are"), choices=[("", _("not said")), *Gender.choices], required=False
    )
    ages = forms.MultipleChoiceField(
        label=_("Their age"), choices=Age, required=False, widget=forms.CheckboxSelectMultiple
    )
    regions = forms.MultipleChoiceField(
        label=_("Where they live"),
        choices=Region,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    @staticmethod
    def initial_of(audience: Audience | None) -> dict[str, Any]:
        if audience is None:
            return {"goal": Goal.COMMISSION}
        names = ("goal", "channel", "ages", "gender", "regions")
        return {
            **{name: getattr(audience, name) for name in names},
            "interests": audience.interests.all(),
            "price_from": _shown(audience.price_from_minor),
            "price_to": _shown(audience.price_to_minor),
        }

    def save(self, *, actor: User, affiliate: Affiliate) -> bool:
        values = dict(self.cleaned_data)
        for name in ("price_from", "price_to"):
            values[f"{name}_minor"] = _minor(values.pop(name))
        return self.carried_out(audience_save, actor=actor, affiliate=affiliate, **values)


def _shown(minor: int | None) -> Decimal | None:
    return None if minor is None else Money(minor, settings.ALLIANCE["CURRENCY"]).decimal


def _minor(amount: Decimal | None) -> int | None:
    return None if amount is None else Money.parse(str(amount), settings.ALLIANCE["CURRENCY"]).minor
