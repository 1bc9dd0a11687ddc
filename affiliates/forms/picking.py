"""Which products are looked for."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from affiliates import queries
from alliance.kernel.money import Money


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
    score = forms.TypedChoiceField(
        label=_("Shop score"),
        required=False,
        coerce=int,
        empty_value="",
        choices=[
            ("", _("Any score")),
            ("450", _("4.5 and more")),
            ("470", _("4.7 and more")),
            ("480", _("4.8 and more")),
        ],
    )
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
            score_from=said.get("score") or 0,
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
