"""Which products a program shows, and how."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from affiliates import queries
from affiliates.forms.links import ZoneChoice
from affiliates.forms.picking import PickingForm
from affiliates.models import AdZone, Basket, FeedFormat
from affiliates.services import feeds, widgets
from affiliates.shelves import SHELVES
from alliance.kernel.models import User


class OutletForm(PickingForm):
    """The filters of the product list, and what becomes of what they find."""

    name = forms.CharField(label=_("Name"), max_length=60)
    zone = ZoneChoice(label=_("Ad zone"), queryset=AdZone.objects.none(), empty_label=None)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    size = forms.TypedChoiceField(label=_("Products at most"), coerce=int)
    sizes: ClassVar[tuple[int, ...]]
    field_order: tuple[str, ...] = ("name", "zone", "language", "size")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = settings.ALLIANCE["CURRENCY"]
        self.fields["price_from"].label = f"{_('Price from')} ({currency})"
        self.fields["price_to"].label = f"{_('Price up to')} ({currency})"  # stands alone here
        self.fields["zone"].queryset = queries.zones_for(user)  # type: ignore[attr-defined]
        self.fields["size"].choices = [(n, str(n)) for n in self.sizes]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        said = self.cleaned_data
        low, high = said.get("price_from"), said.get("price_to")
        if low is not None and high is not None and high < low:
            self.add_error("price_to", _("The upper price is below the lower one."))
        return said

    def values(self) -> dict[str, Any]:
        """What `feed_open` or `widget_open` wants. Only of a valid form."""
        return {name: self.cleaned_data[name] for name in self.field_order} | {"wish": self.wish}


class FeedForm(OutletForm):
    layout = forms.ChoiceField(label=_("Format"), choices=FeedFormat.choices)
    sizes = feeds.SIZES
    field_order = ("name", "layout", "zone", "language", "size")


class WidgetForm(OutletForm):
    basket = forms.ModelChoiceField(
        label=_("Basket"),
        queryset=Basket.objects.none(),
        required=False,
        empty_label=_("No basket: by the filters below"),
    )
    shelf = forms.ChoiceField(label=_("Chosen by"), required=False)
    sizes = widgets.SIZES
    field_order = ("name", "zone", "language", "size", "basket", "shelf")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["basket"].queryset = queries.baskets_for(user)  # type: ignore[attr-defined]
        self.fields["shelf"].choices = [  # type: ignore[attr-defined]
            ("", _("You: a basket, or the filters")),
            *((name, shelf.words) for name, shelf in SHELVES.items()),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("shelf") and cleaned.get("basket"):
            self.add_error("shelf", _("Choose either a basket or what suits you."))
        return cleaned
