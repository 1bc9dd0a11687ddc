"""Form fields for rates, amounts, moments and rows of rules, as people write them.

Each cleans to what the rules hold: basis points, minor units, "10:00", a list of dicts.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from alliance.kernel import clock
from alliance.kernel.money import exponent
from campaigns.mechanics.words import Input, RuleField
from merchants.models import Category

SPARE_ROWS = 1  # empty ones at the end, for who has no JavaScript to add more


class RateField(forms.DecimalField):
    """A rate in percent; cleans to basis points."""

    def __init__(
        self, *, least_bps: int | None = None, most_bps: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(
            min_value=None if least_bps is None else Decimal(least_bps) / 100,
            max_value=None if most_bps is None else Decimal(most_bps) / 100,
            max_digits=9,
            decimal_places=2,
            widget=UnfoldAdminDecimalFieldWidget({"step": "0.01", "inputmode": "decimal"}),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return f"{Decimal(value) / 100:f}" if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        return None if cleaned is None else int(cleaned * 100)


class MinorField(forms.DecimalField):
    """An amount in major units; cleans to minor units of `currency`."""

    def __init__(
        self,
        *,
        currency: str,
        least_minor: int | None = None,
        most_minor: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.digits = exponent(currency)
        super().__init__(
            min_value=None if least_minor is None else Decimal(least_minor).scaleb(-self.digits),
            max_value=None if most_minor is None else Decimal(most_minor).scaleb(-self.digits),
            max_digits=17,
            decimal_places=self.digits,
            widget=UnfoldAdminDecimalFieldWidget(
                {"step": str(Decimal(1).scaleb(-self.digits)), "inputmode": "decimal"}
            ),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return f"{Decimal(value).scaleb(-self.digits):f}" if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        return None if cleaned is None else int(cleaned.scaleb(self.digits))


class _Since(MinValueValidator):
    def clean(self, x: Any) -> Any:
        return clock.business_day(x)


class _Until(MaxValueValidator):
    def clean(self, x: Any) -> Any:
        return clock.business_day(x)


class MomentField(forms.DateTimeField):
    """Day and time in the alliance's zone, with the browser's own calendar."""

    default_validators = [_Since(clock.FIRST_DAY), _Until(clock.LAST_DAY)]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
            widget=UnfoldAdminTextInputWidget({"type": "datetime-local", "class": "desk-moment"}),
            **kwargs,
        )
        self.widget.input_type = "datetime-local"
        self.widget.format_value = lambda value: (
            value.strftime("%Y-%m-%dT%H:%M") if hasattr(value, "strftime") else value
        )


class TimeOfDayField(forms.TimeField):
    """A time of the day; cleans to "10:00"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            input_formats=["%H:%M", "%H:%M:%S"],
            widget=UnfoldAdminTextInputWidget({"type": "time"}),
            **kwargs,
        )
        self.widget.input_type = "time"

    def prepare_value(self, value: Any) -> Any:
        return value[:5] if isinstance(value, str) else value

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        return None if cleaned is None else cleaned.isoformat("minutes")


class RowsWidget(forms.Widget):
    """Rows of the same few inputs; an empty row is no row."""

    template_name = "desk/campaigns/rows.html"
    needs_multipart_form = False

    def __init__(self, fields: Mapping[str, forms.Field], most: int | None) -> None:
        super().__init__()
        self.fields = fields
        self.most = most

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        try:
            count = min(int(data.get(f"{name}-count", 0)), 500)
        except ValueError:
            count = 0
        return [
            {
                key: field.widget.value_from_datadict(data, files, f"{name}-{row}-{key}")
                for key, field in self.fields.items()
            }
            for row in range(count)
        ]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-count" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = [row for row in value or [] if isinstance(row, dict)]
        spare = SPARE_ROWS if self.most is None or len(rows) < self.most else 0
        shown = rows + [{}] * max(spare, 0 if rows else 1)
        context["head"] = [(field.label, field.help_text) for field in self.fields.values()]
        context["rows"] = [
            [self._cell(f"{name}-{place}-{key}", key, row) for key in self.fields]
            for place, row in enumerate(shown)
        ]
        context["count"] = len(shown)
        return context

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """By the desk's own template, which the forms' renderer does not look for."""
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def _cell(self, name: str, key: str, row: dict[str, Any]) -> tuple[Any, str]:
        field = self.fields[key]
        value = field.prepare_value(row[key]) if key in row else None
        attrs = {"id": f"id_{name}", "aria-label": str(field.label)}
        return field.label, field.widget.render(name, value, attrs)


class RowsField(forms.Field):
    """A list of dicts. What is wrong is said with the row's number and the input's name."""

    def __init__(
        self, *, rows: Sequence[RuleField], currency: str, most: int | None = None, **kwargs: Any
    ) -> None:
        self.cells = {row.name: field_for(row, currency, cell=True) for row in rows}
        self.defaults = {row.name: row.default for row in rows}
        super().__init__(widget=RowsWidget(self.cells, most), **kwargs)

    def clean(self, value: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        faults: list[str] = []
        for number, row in enumerate(value or [], 1):
            if self._empty(row):
                continue
            cleaned = {}
            for name, field in self.cells.items():
                try:
                    said = field.clean(row.get(name))
                except forms.ValidationError as exc:
                    faults += [
                        gettext("Row %(row)s, %(label)s: %(fault)s")
                        % {"row": number, "label": field.label, "fault": message}
                        for message in exc.messages
                    ]
                else:
                    if said not in (None, ""):
                        cleaned[name] = said
            found.append(cleaned)
        if faults:
            raise forms.ValidationError(faults)
        if self.required and not found:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return found

    def _empty(self, row: dict[str, Any]) -> bool:
        """Nothing was typed: blank, or as the row came. Selects and ticks alone make no row."""
        return all(
            self._untouched(name, row.get(name))
            for name, field in self.cells.items()
            if not isinstance(field, forms.ChoiceField | forms.BooleanField)
        )

    def _untouched(self, name: str, value: Any) -> bool:
        if value in (None, ""):
            return True
        try:
            return bool(self.cells[name].clean(value) == self.defaults[name])
        except forms.ValidationError:
            return False


def field_for(rule: RuleField, currency: str, *, cell: bool = False) -> forms.Field:
    """The form field of a rule. In a row an input that has a default may be left empty."""
    said: dict[str, Any] = {
        "label": with_unit(rule, currency),
        "help_text": rule.help,
        "required": (rule.required or not cell) and rule.input is not Input.FLAG,
    }
    match rule.input:
        case Input.RATE | Input.CENTI:  # hundredths, both
            return RateField(least_bps=rule.least, most_bps=rule.most, **said)
        case Input.AMOUNT:
            return MinorField(
                currency=currency, least_minor=rule.least, most_minor=rule.most, **said
            )
        case Input.COUNT:
            return forms.IntegerField(
                min_value=rule.least,
                max_value=rule.most,
                widget=UnfoldAdminIntegerFieldWidget({"inputmode": "numeric"}),
                **said,
            )
        case Input.FLAG:
            return forms.BooleanField(widget=UnfoldBooleanSwitchWidget, **said)
        case Input.CHOICE:
            return forms.ChoiceField(choices=rule.choices, widget=UnfoldAdminSelectWidget, **said)
        case Input.TIME:
            return TimeOfDayField(**said)
        case Input.ROWS:
            return RowsField(rows=rule.rows, currency=currency, most=rule.most, **said)
        case _ if rule.name == "category":
            known = [(one.slug, one.name) for one in Category.objects.order_by("slug")]
            return forms.ChoiceField(
                choices=[("", "–"), *known], widget=UnfoldAdminSelectWidget, **said
            )
        case _:
            said["required"] = bool(rule.least)
            return forms.CharField(max_length=rule.most, widget=UnfoldAdminTextInputWidget, **said)


def with_unit(rule: RuleField, currency: str) -> Any:
    """“At most per order line (CNY)”."""
    unit = {Input.RATE: _("%"), Input.AMOUNT: currency}.get(rule.input)
    return format_lazy("{} ({})", rule.label, unit) if unit else rule.label
