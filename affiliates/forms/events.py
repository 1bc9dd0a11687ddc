"""Events of many merchants."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from merchants.forms import DayField, FigureField, ServiceForm, bps_of, last_moment, rate_field
from merchants.models import Event, Product


class EventForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(
        label=_("What is it about?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    least = rate_field(_("Least commission rate, in percent"))
    service = FigureField(
        label=_("Your service fee, in percent"),
        max_digits=4,
        decimal_places=2,
        min_value=0,
        max_value=90,
        initial=0,
        help_text=_("Of what buyers pay; merchants pay it beside the commission."),
    )
    cross_shop = forms.BooleanField(
        label=_("Clicks count in every shop that takes part"), required=False
    )
    enrol_until = DayField(label=_("Merchants enrol until the end of"))
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))

    def values(self) -> dict[str, Any]:
        """What `event_draft` wants."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "description": data["description"],
            "least_bps": bps_of(data["least"]),
            "service_bps": bps_of(data["service"]),
            "cross_shop": data["cross_shop"],
            "enrol_until": last_moment(data["enrol_until"]),
            "starts_at": clock.day_start(data["starts_on"]),
            "ends_at": last_moment(data["ends_on"]),
        }


class EventRatesForm(ServiceForm):
    """A rate for each product on the page; empty: it does not take part."""

    def __init__(
        self,
        *args: Any,
        products: Iterable[Product],
        held: Mapping[int, int],
        event: Event,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.products, self.held = list(products), held
        for product in self.products:
            field = rate_field(product.name)
            field.required = False
            field.widget.attrs["placeholder"] = f"{event.least_bps / 100:g}"
            if bps := held.get(product.pk):
                field.initial = Decimal(bps) / 100
            self.fields[f"rate-{product.pk}"] = field

    @property
    def rows(self) -> list[tuple[Product, forms.BoundField]]:
        return [(product, self[f"rate-{product.pk}"]) for product in self.products]

    def rates(self) -> dict[int, int]:
        """By product what has changed; 0 takes one out that took part."""
        found = {}
        for product in self.products:
            said = self.cleaned_data.get(f"rate-{product.pk}")
            bps = bps_of(said) if said else 0
            if bps != self.held.get(product.pk, 0):
                found[product.pk] = bps
        return found
