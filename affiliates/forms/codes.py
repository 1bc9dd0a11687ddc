"""Codes that bring orders."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates import queries
from affiliates.models import (
    Affiliate,
    AffiliateState,
)
from affiliates.services.codes import code_bind
from alliance.kernel import clock
from alliance.kernel.models import User
from merchants.forms import DayField, ServiceForm
from merchants.models import Coupon


class CodeForm(ServiceForm):
    """Which of the merchant's codes stands for whom, from when on."""

    coupon = forms.ModelChoiceField(
        label=_("Coupon code"), queryset=Coupon.objects.none(), empty_label=None
    )
    affiliate = forms.ModelChoiceField(
        label=_("Member id of the affiliate"),
        queryset=Affiliate.objects.filter(state=AffiliateState.ACTIVE),
        widget=forms.NumberInput(attrs={"min": 1}),
        help_text=_("The first number of their PID, and beside their name in your orders."),
        error_messages={"invalid_choice": _("No active affiliate has this member id.")},
    )
    starts_on = DayField(label=pgettext_lazy("moment", "From"), help_text=_("Today: from now on."))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"starts_on": clock.business_day(), **self.initial}
        coupons = queries.coupons_to_bind(user)
        self.fields["coupon"].queryset = coupons  # type: ignore[attr-defined]

    def save(self, actor: User) -> bool:
        day = self.cleaned_data["starts_on"]
        return self.carried_out(
            code_bind,
            actor=actor,
            coupon=self.cleaned_data["coupon"],
            affiliate=self.cleaned_data["affiliate"],
            starts_at=None if day == clock.business_day() else clock.day_start(day),
        )
