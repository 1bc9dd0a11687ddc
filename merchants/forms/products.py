"""Products: found, written, changed many at a time."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import User
from alliance.kernel.money import Money
from merchants import queries
from merchants.forms.fields import FigureField, ServiceForm, bps_of, rate_field
from merchants.models import (
    BulkDeed,
    Merchant,
    Plan,
    Product,
    ProductState,
    Shop,
)
from merchants.services.bulk import Wish
from merchants.services.products import ProductData, product_save


class ProductFilterForm(forms.Form):
    """Filters of the product list, straight out of the address. All are optional."""

    words = forms.CharField(label=_("Search"), required=False, max_length=200)
    category = forms.ChoiceField(label=_("Category"), required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Any state")), *ProductState.choices]
    )
    sort = forms.ChoiceField(
        label=_("Sorted by"),
        required=False,
        choices=[
            ("", _("Newest")),
            ("sales", _("Most sold")),
            ("rate", _("Highest rate")),
            ("price", _("Lowest price")),
            ("-price", _("Highest price")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = categories(_("All categories"))  # type: ignore[attr-defined]
        self.fields["words"].widget.attrs |= {
            "type": "search",
            "placeholder": _("Title or product id"),
            "autocomplete": "off",
        }

    def values(self) -> dict[str, str]:
        """What was asked for, without what nobody can ask for."""
        self.is_valid()
        return self.cleaned_data

    @property
    def narrowed(self) -> bool:
        return any(self.values().get(name) for name in ("words", "category", "state"))


def categories(nothing: Any) -> list[tuple[str, Any]]:
    return [("", nothing), *((c.slug, c.name) for c in queries.categories())]


class ProductForm(ServiceForm):
    """A product as its merchant describes it; the price in the merchant's currency."""

    shop = forms.ModelChoiceField(label=_("Shop"), queryset=Shop.objects.none(), empty_label=None)
    external_id = forms.CharField(label=_("Your product id"), max_length=64)
    title = forms.CharField(label=_("Title"), max_length=200)
    title_en = forms.CharField(label=_("English title"), max_length=200, required=False)
    title_de = forms.CharField(label=_("German title"), max_length=200, required=False)
    url = forms.URLField(label=_("Product page"), max_length=500, assume_scheme="https")
    image_url = forms.CharField(
        label=_("Picture"),
        max_length=500,
        required=False,
        help_text=_("The address of a picture; it begins with https://."),
    )
    price = FigureField(label=_("Price"), min_value=0, max_digits=12, decimal_places=2)
    category = forms.ChoiceField(label=_("Category"), required=False)
    brand = forms.CharField(label=_("Brand"), max_length=80, required=False)
    description = forms.CharField(
        label=_("Description"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self, *args: Any, user: User, merchant: Merchant, product: Product | None = None, **kw: Any
    ) -> None:
        if product is not None:
            kw["initial"] = {
                **{name: getattr(product, name) for name in self.base_fields if name != "price"},
                "category": product.category.slug if product.category else "",
                "price": product.price.decimal,
            }
        super().__init__(*args, **kw)
        self.product, self.currency = product, merchant.currency
        self.fields["price"].label = _("Price (%(currency)s)") % {"currency": merchant.currency}
        self.fields["category"].choices = categories(_("None"))  # type: ignore[attr-defined]
        shops = queries.shops_for(user)
        self.fields["shop"].queryset = shops  # type: ignore[attr-defined]
        if product is not None or len(shops) == 1:
            self.fields["shop"].initial = product.shop if product else shops[0]
            self.fields["shop"].widget = forms.HiddenInput()
        if product is not None:
            # By these the shop's reports know the product.
            self.fields["shop"].disabled = self.fields["external_id"].disabled = True

    def save(self, actor: User) -> bool:
        if not self.is_valid():
            return False
        values = dict(self.cleaned_data)
        shop, price = values.pop("shop"), values.pop("price")
        data = ProductData(
            **values,
            price_minor=Money.parse(f"{price:f}", self.currency).minor,
            on_sale=self.product is None or self.product.state == ProductState.ON_SALE,
        )
        return self.carried_out(product_save, shop=shop, data=data, actor=actor)


class BulkForm(forms.Form):
    """What shall be done with many products; its preview is asked for with it in the address."""

    WAYS = (
        ("set", _("to exactly")),
        ("raise", _("up by, in percentage points")),
        ("lower", _("down by, in percentage points")),
    )
    deed = forms.ChoiceField(
        label=_("What shall be done?"),
        choices=BulkDeed.choices,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
    )
    plan = forms.ModelChoiceField(
        label=_("Plan"), queryset=Plan.objects.none(), required=False, empty_label=None
    )
    way = forms.ChoiceField(label=_("Commission rate"), choices=WAYS, required=False)
    rate = rate_field(_("Percent"))
    into = forms.ChoiceField(label=_("Into the category"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"].queryset = queries.plans_to_edit(user)  # type: ignore[attr-defined]
        self.fields["into"].choices = categories(_("None"))  # type: ignore[attr-defined]
        self.fields["rate"].required = False
        self.fields["rate"].help_text = _("0 takes the products out of the plan.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("deed") == BulkDeed.RATE:
            if not data.get("plan"):
                self.add_error("plan", _("In which plan? Open one first if there is none."))
            if data.get("rate") is None and "rate" not in self.errors:
                self.add_error("rate", _("Give a rate in percent, such as 12.5."))
            elif not data.get("rate") and data.get("way") in {"raise", "lower"}:
                self.add_error("rate", _("By how much?"))
        return data

    def wish(self) -> Wish:
        """What the service takes."""
        data = self.cleaned_data
        if data["deed"] == BulkDeed.RATE:
            return Wish(
                data["deed"], plan=data["plan"], way=data["way"] or "set", bps=bps_of(data["rate"])
            )
        category = None
        if data["deed"] == BulkDeed.CATEGORY and data["into"]:
            category = queries.categories().filter(slug=data["into"]).first()
        return Wish(data["deed"], category=category)
