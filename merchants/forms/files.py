"""Files and feeds that are read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import User
from merchants import queries
from merchants.forms.fields import ServiceForm
from merchants.models import (
    ProductFeed,
    Shop,
)
from merchants.services.product_feeds import feed_save


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
