"""What the forms are made of: days, rates, and the service that has the last word."""

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

from alliance.kernel import clock
from alliance.kernel.errors import Invalid


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


class FigureField(forms.DecimalField):
    """A number as the reader of the page writes it, 3.5 or 3,5; what a browser makes of
    `type="number"` follows its own language and not ours."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(localize=True, **kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})


def rate_field(label: Any) -> FigureField:
    low, high = settings.ALLIANCE["RATE_MIN_BPS"], settings.ALLIANCE["RATE_MAX_BPS"]
    return FigureField(
        label=label,
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=Decimal(high) / 100,
        widget=forms.TextInput(
            attrs={"placeholder": format_lazy("{} – {}", _figure(low), _figure(high))}
        ),
    )


def bps_of(percent: Decimal) -> int:
    return int(percent * 100)


# 1.5 or 1,5, as the reader of the form writes it.
_figure = lazy(lambda bps: number_format(f"{bps / 100:g}"), str)


def first_moment(day: Any) -> datetime:
    """The start of the business day; now, if that is today."""
    return max(clock.day_start(day), clock.now())


def last_moment(day: Any) -> datetime:
    """The end of the business day."""
    return clock.day_start(day + timedelta(days=1))
