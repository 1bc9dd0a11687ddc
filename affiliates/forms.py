"""What affiliates type in. The services have the last word; forms only read and explain."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from affiliates import queries
from affiliates.models import AdZone, Affiliate, AffiliateKind, AffiliateState, SiteKind
from affiliates.services.codes import code_bind
from affiliates.services.links import SUB_LENGTH, SUBS
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money
from merchants.forms import DayField, ServiceForm
from merchants.models import Coupon


class PickingForm(forms.Form):
    """Filters and order of the product list, straight out of the address. All are optional."""

    words = forms.CharField(label=_("Search"), required=False, max_length=200)
    category = forms.ChoiceField(label=_("Category"), required=False)
    rate = forms.TypedChoiceField(
        label=_("Commission"),
        required=False,
        coerce=int,
        empty_value="",
        choices=[
            ("", _("Any rate")),
            ("500", _("5 % and more")),
            ("1000", _("10 % and more")),
            ("2000", _("20 % and more")),
            ("3000", _("30 % and more")),
        ],
    )
    price_from = forms.DecimalField(
        label=_("Price from"), required=False, min_value=0, max_digits=15
    )
    price_to = forms.DecimalField(label=_("to"), required=False, min_value=0, max_digits=15)
    coupon = forms.BooleanField(label=_("With coupon"), required=False)
    sort = forms.ChoiceField(
        label=_("Sorted by"),
        required=False,
        choices=[
            ("", _("Most sold")),
            ("rate", _("Highest rate")),
            ("earning", _("Highest earning")),
            ("price", _("Lowest price")),
            ("-price", _("Highest price")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(category.slug, category.name) for category in queries.categories()]
        cast(forms.ChoiceField, self.fields["category"]).choices = [
            ("", _("All categories")),
            *known,
        ]
        self.fields["words"].widget.attrs |= {
            "type": "search",
            "placeholder": _("Words in the title"),
            "autocomplete": "off",
        }
        for name in ("price_from", "price_to"):
            self.fields[name].widget.attrs |= {"step": "any", "inputmode": "decimal"}

    @cached_property
    def wish(self) -> queries.Wish:
        """What is looked for; a filter that makes no sense is left out."""
        self.full_clean()
        said = self.cleaned_data
        return queries.Wish(
            words=said.get("words", ""),
            category=said.get("category", ""),
            rate_from=said.get("rate") or 0,
            price_from=_minor(said.get("price_from")),
            price_to=_minor(said.get("price_to")),
            coupon_only=bool(said.get("coupon")),
            sort=said.get("sort", ""),
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything but the order was asked for."""
        return replace(self.wish, sort="") != queries.Wish(sort="")


def _minor(amount: Decimal | None) -> int | None:
    if amount is None:
        return None
    return Money.parse(f"{amount:f}", settings.ALLIANCE["CURRENCY"]).minor


class ZoneChoice(forms.ModelChoiceField):
    def label_from_instance(self, zone: AdZone) -> str:
        return f"{zone.site.name} · {zone.name}"


class LinkForm(forms.Form):
    """From which ad zone, and the affiliate's own marks."""

    zone = ZoneChoice(
        label=_("Ad zone"),
        queryset=AdZone.objects.none(),
        empty_label=None,
        help_text=_("Where you will share the link. Reports tell your zones apart."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone.queryset = queries.zones_for(user)
        for number, name in enumerate(SUBS, start=1):
            self.fields[name] = forms.CharField(
                label=_("Sub-id %(number)d") % {"number": number},
                required=False,
                max_length=SUB_LENGTH,
            )

    @property
    def sub_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in SUBS]

    @property
    def zones_exist(self) -> bool:
        return bool(self._zone.queryset)

    @property
    def _zone(self) -> "forms.ModelChoiceField[AdZone]":
        return cast("forms.ModelChoiceField[AdZone]", self.fields["zone"])

    def subs(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in SUBS}


class AddressLinkForm(LinkForm):
    url = forms.CharField(
        label=_("Address in a shop"),
        max_length=1000,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=_("Any page of a shop of the alliance: a product, a category, its start page."),
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
    starts_on = DayField(label=_("From"), help_text=_("Today: from now on."))

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
