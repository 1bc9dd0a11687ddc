"""Coupons."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import User
from alliance.kernel.money import Money
from merchants import queries
from merchants.forms.fields import DayField, FigureField, ServiceForm, first_moment, last_moment
from merchants.models import (
    Merchant,
    Shop,
)
from merchants.services.coupons import coupon_create


class CouponForm(ServiceForm):
    shop = forms.ModelChoiceField(label=_("Shop"), queryset=Shop.objects.none(), empty_label=None)
    code = forms.CharField(label=_("Code"), max_length=40)
    face = FigureField(
        label=_("Discount"), min_value=Decimal("0.01"), max_digits=10, decimal_places=2
    )
    threshold = FigureField(
        label=_("From an amount of"),
        min_value=0,
        max_digits=10,
        decimal_places=2,
        required=False,
        help_text=_("Empty: no minimum."),
    )
    product_id = forms.CharField(
        label=_("Only for the product with your id"),
        max_length=64,
        required=False,
        help_text=_("Empty: for the whole shop."),
    )
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))

    def __init__(self, *args: Any, user: User, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.currency = user, merchant.currency
        shops = queries.shops_for(user)
        self.fields["shop"].queryset = shops  # type: ignore[attr-defined]
        if len(shops) == 1:
            self.fields["shop"].initial = shops[0]
            self.fields["shop"].widget = forms.HiddenInput()
        for name in ("face", "threshold"):
            self.fields[name].label = f"{self.fields[name].label} ({self.currency})"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        starts, ends = data.get("starts_on"), data.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The last day must not come before the first."))
        number = data.get("product_id", "")
        data["product"] = None
        if number and data.get("shop"):
            mine = queries.products_for(self.user)
            data["product"] = mine.filter(shop=data["shop"], external_id=number).first()
            if data["product"] is None:
                self.add_error("product_id", _("Your shop has no product with this id."))
        return data

    def save(self, actor: User) -> bool:
        data = self.cleaned_data
        return self.carried_out(
            coupon_create,
            shop=data["shop"],
            code=data["code"],
            face_minor=Money.parse(f"{data['face']:f}", self.currency).minor,
            threshold_minor=Money.parse(f"{data['threshold'] or 0:f}", self.currency).minor,
            product=data["product"],
            starts_at=first_moment(data["starts_on"]),
            ends_at=last_moment(data["ends_on"]),
            actor=actor,
        )
