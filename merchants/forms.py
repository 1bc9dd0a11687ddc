"""What merchants type in. Forms read and explain; the services have the last word.

`form.carried_out(service, …)` runs the service with the form's values and shows its refusal at the
field it is about, so nobody types a long form twice.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.formats import number_format
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from alliance.kernel.models import MemberRole, User
from alliance.kernel.money import Money
from merchants import queries
from merchants.models import (
    JOINED,
    BulkDeed,
    HookKind,
    Merchant,
    Plan,
    PlanKind,
    Product,
    ProductFeed,
    ProductState,
    Shop,
)
from merchants.services.bulk import Wish
from merchants.services.coupons import coupon_create
from merchants.services.plans import first_pieces_open, plan_open
from merchants.services.product_feeds import feed_save
from merchants.services.products import ProductData, product_save

SCOPES = [
    ("orders:write", _("Report orders and refunds")),
    ("orders:read", _("Read orders")),
]


class ServiceForm(forms.Form):
    """A form behind which one service stands."""

    result: Any = None

    def carried_out(self, service: Callable[..., Any], **values: Any) -> bool:
        """Call the service. False if it refuses; then the form says why, at the field at fault."""
        try:
            self.result = service(**values)
        except Invalid as exc:
            name = exc.field.removesuffix("_minor").removesuffix("_bps")
            here = next((one for one in (name, name.removesuffix("s")) if one in self.fields), None)
            self.add_error(here, str(exc))  # "domains", where the form asks for one domain
            return False
        return True


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    widget = DateInput
    default_validators = [
        MinValueValidator(clock.FIRST_DAY),
        MaxValueValidator(clock.LAST_DAY),
    ]


# 1.5 or 1,5, as the reader of the form writes it.
_figure = lazy(lambda bps: number_format(f"{bps / 100:g}"), str)


def rate_field(label: Any) -> forms.DecimalField:
    low, high = settings.ALLIANCE["RATE_MIN_BPS"], settings.ALLIANCE["RATE_MAX_BPS"]
    return forms.DecimalField(
        label=label,
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=Decimal(high) / 100,
        widget=forms.NumberInput(
            attrs={"step": "0.01", "min": 0, "max": f"{high / 100:g}", "inputmode": "decimal",
                   "placeholder": format_lazy("{} – {}", _figure(low), _figure(high))}
        ),
    )  # fmt: skip


def bps_of(percent: Decimal) -> int:
    return int(percent * 100)


def first_moment(day: Any) -> datetime:
    """The start of the business day; now, if that is today."""
    return max(clock.day_start(day), clock.now())


def last_moment(day: Any) -> datetime:
    """The end of the business day."""
    return clock.day_start(day + timedelta(days=1))


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
        self.fields["category"].choices = _categories(_("All categories"))  # type: ignore[attr-defined]
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


def _categories(nothing: Any) -> list[tuple[str, Any]]:
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
    price = forms.DecimalField(label=_("Price"), min_value=0, max_digits=12, decimal_places=2)
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
        self.fields["category"].choices = _categories(_("None"))  # type: ignore[attr-defined]
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
        self.fields["into"].choices = _categories(_("None"))  # type: ignore[attr-defined]
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


class RateForm(ServiceForm):
    """A new rate; for the whole shop or a category on the plans page, for one product on its."""

    category = forms.ChoiceField(label=_("For"), required=False)
    rate = rate_field(_("Commission rate in percent"))

    def __init__(self, *args: Any, product: Product | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if product is not None:
            del self.fields["category"]
            self.fields["rate"].help_text = _("0 takes the product out of the plan.")
        else:
            self.fields["category"].choices = _categories(_("The whole shop"))  # type: ignore[attr-defined]
        self.product = product

    def scope(self) -> dict[str, Any]:
        """`product` or `category` for the service."""
        slug = self.cleaned_data.get("category", "")
        category = queries.categories().filter(slug=slug).first() if slug else None
        return {"product": self.product, "category": category}

    def bps(self) -> int:
        return bps_of(self.cleaned_data["rate"])


class NewRateForm(forms.Form):
    """The rate of a plan that somebody thinks of opening, out of the address."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in PlanKind if kind != PlanKind.EVENT])
    name = forms.CharField(max_length=80, required=False)
    rate = rate_field(_("Commission rate in percent"))

    def bps(self) -> int:
        return bps_of(self.cleaned_data["rate"])


class PlanForm(ServiceForm):
    """A plan of any kind that a merchant opens: each has the fields that it needs."""

    name = forms.CharField(label=_("Name"), max_length=80)
    product_id = forms.CharField(label=_("The product with your id"), max_length=64)
    rate = rate_field(_("Commission rate for the whole shop, in percent"))
    pieces = forms.IntegerField(label=_("For the first … pieces"), min_value=1)
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))
    exclusive = forms.BooleanField(
        label=_("Exclusive: nobody else may promote its products"), required=False
    )
    rates_shown = forms.BooleanField(
        label=_("Show its rates to affiliates who are not in it"), required=False, initial=True
    )

    def __init__(self, *args: Any, kind: str, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.user = kind, user
        if kind == PlanKind.COMMON:
            del self.fields["starts_on"], self.fields["ends_on"]
            self.fields["name"].initial = _("General plan")
        if kind == PlanKind.TOPN:
            self.fields["rate"].label = _("Commission rate for them, in percent")
        else:
            del self.fields["product_id"], self.fields["pieces"]
        if kind != PlanKind.SP:
            del self.fields["exclusive"], self.fields["rates_shown"]
        if kind in JOINED:
            self.fields["rate"].required = self.fields["ends_on"].required = False
            self.fields["rate"].help_text = _("Empty: only products and categories that you add.")
            self.fields["ends_on"].help_text = _("Empty: until you end it.")

    def save(self, actor: User, merchant: Merchant) -> bool:
        data = self.cleaned_data
        values: dict[str, Any] = {"name": data["name"], "actor": actor}
        if data.get("starts_on"):
            values["starts_at"] = first_moment(data["starts_on"])
        if data.get("ends_on"):
            values["ends_at"] = last_moment(data["ends_on"])
        if data.get("rate") is not None:
            values["rate_bps"] = bps_of(data["rate"])
        if self.kind == PlanKind.TOPN:
            return self.carried_out(
                first_pieces_open, product=data["product"], pieces=data["pieces"], **values
            )
        flags = {name: data[name] for name in ("exclusive", "rates_shown") if name in data}
        return self.carried_out(plan_open, merchant=merchant, kind=self.kind, **flags, **values)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        starts, ends = data.get("starts_on"), data.get("ends_on")
        if starts and starts < clock.business_day():
            self.add_error("starts_on", _("A plan cannot begin in the past."))
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The last day must not come before the first."))
        if number := data.get("product_id"):
            mine = queries.products_for(self.user).filter(external_id=number)
            data["product"] = mine.first()
            if data["product"] is None:
                self.add_error("product_id", _("Your shop has no product with this id."))
        return data


class LockForm(ServiceForm):
    """Until when a plan pays no less, for one product or for anything."""

    until = DayField(label=_("Locked until the end of"))


class CouponForm(ServiceForm):
    shop = forms.ModelChoiceField(label=_("Shop"), queryset=Shop.objects.none(), empty_label=None)
    code = forms.CharField(label=_("Code"), max_length=40)
    face = forms.DecimalField(
        label=_("Discount"), min_value=Decimal("0.01"), max_digits=10, decimal_places=2
    )
    threshold = forms.DecimalField(
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


class MerchantForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    legal_name = forms.CharField(label=_("Legal name"), max_length=200, required=False)
    contact_email = forms.EmailField(label=_("Contact e-mail"), max_length=254, required=False)
    roi_target = forms.DecimalField(
        label=_("Return that you aim for"),
        required=False,
        max_digits=7,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
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


class KeyForm(forms.Form):
    name = forms.CharField(
        label=_("What is it for?"), max_length=60, help_text=_("Such as: our web shop.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        initial=[scope for scope, _words in SCOPES],
    )


class UploadForm(forms.Form):
    """A file for one of the shops."""

    LARGEST = 64 * 1024 * 1024

    shop = forms.ModelChoiceField(label=_("Shop"), queryset=Shop.objects.none(), empty_label=None)
    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shops = queries.shops_for(user)
        self.fields["shop"].queryset = shops  # type: ignore[attr-defined]
        if len(shops) == 1:
            self.fields["shop"].initial = shops[0]
            self.fields["shop"].widget = forms.HiddenInput()

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > self.LARGEST:
            raise forms.ValidationError(_("A file may have at most 64 MB. Split it."))
        return file


class OrderUploadForm(UploadForm):
    own = forms.BooleanField(
        label=_("I say myself what the columns mean"),
        required=False,
        help_text=_("Also where the file is an export that we know."),
    )


class ProductUploadForm(UploadForm):
    """A product file, which may be all that the shop sells."""

    full = forms.BooleanField(
        label=_("This is everything that the shop sells"),
        required=False,
        help_text=_("Products that the file does not list end with the next business day."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        file = self.fields["file"]
        file.label = _("Product file")
        file.help_text = _("CSV, TSV, RSS, Atom or JSON, also packed with gzip.")
        file.widget.attrs["accept"] = ".csv,.tsv,.txt,.xml,.rss,.atom,.json,.jsonl,.gz"


class FeedForm(ServiceForm):
    """Where a shop's products are fetched."""

    url = forms.CharField(
        label=_("Address of the file"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://shop.example.com/products.xml"}),
        help_text=_("It begins with https://."),
    )
    every_hours = forms.TypedChoiceField(
        label=_("Fetch it"), choices=ProductFeed.Every.choices, coerce=int, initial=6
    )
    full = forms.BooleanField(
        label=_("This is everything that the shop sells"),
        required=False,
        initial=True,
        help_text=_("Products that the file does not list end with the next business day."),
    )
    username = forms.CharField(
        label=_("User name"),
        max_length=120,
        required=False,
        help_text=_("If the server asks for one."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, feed: ProductFeed | None = None, **kwargs: Any) -> None:
        if feed is not None:
            names = ("url", "every_hours", "full", "username")
            kwargs["initial"] = {name: getattr(feed, name) for name in names}
        super().__init__(*args, **kwargs)
        if feed is not None and feed.password:
            self.fields["password"].help_text = _("Empty: the one that you gave before.")

    def save(self, shop: Shop, actor: User) -> bool:
        if not self.is_valid():
            return False
        values = {**self.cleaned_data, "password": self.cleaned_data["password"] or None}
        return self.carried_out(feed_save, shop=shop, actor=actor, **values)


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
