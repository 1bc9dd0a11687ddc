"""The form in which a merchant says what the columns of an order file mean, with a preview."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid
from merchants.feeds.order_columns import FIELDS, REQUIRED, OrderColumns, Row, suggest
from merchants.feeds.table import Table
from merchants.models import ColumnMapping, ImportKind, Merchant, OrderState
from merchants.services.imports import mapping_save

_DATE_FORMATS = [
    ("", _("2026-06-18 10:30 (ISO)")),
    ("%d.%m.%Y %H:%M", "18.06.2026 10:30"),
    ("%d/%m/%Y %H:%M", "18/06/2026 10:30"),
    ("%m/%d/%Y %H:%M", "06/18/2026 10:30"),
    ("%Y/%m/%d %H:%M:%S", "2026/06/18 10:30:00"),
    ("%Y-%m-%d %H:%M:%S %z", "2026-06-18 10:30:00 +0800"),
]
_ZONES = ["Asia/Shanghai", "Asia/Hong_Kong", "Europe/Berlin", "Europe/London", "UTC",
          "America/New_York", "America/Los_Angeles"]  # fmt: skip
_PREVIEW = 8


class OrderMappingForm(forms.Form):
    """Columns (`column_<field>`, choices from the file's header) and options.

    Starts from the saved mapping where its columns are in the file, otherwise from what the header
    looks like. After `is_valid()`: `columns`, `options`; `save()` keeps them; `preview()` shows the
    first rows as they will be read.
    """

    encoding = forms.ChoiceField(
        label=_("Encoding"),
        required=False,
        choices=[("", _("Find out")), ("utf-8-sig", "UTF-8"), ("gb18030", "GBK / GB18030"),
                 ("cp1252", "Windows-1252")],
    )  # fmt: skip
    date_format = forms.ChoiceField(label=_("Dates look like"), required=False)
    zone = forms.ChoiceField(label=_("Time zone of the dates"))
    decimal = forms.ChoiceField(
        label=_("Amounts look like"), choices=[(".", "1,234.50"), (",", "1.234,50")]
    )
    state = forms.ChoiceField(label=_("State where the file says nothing"))
    states = forms.CharField(
        label=_("Words for states"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One per line: the file's word = placed, paid, received or void."),
    )
    refunds = forms.ChoiceField(
        label=_("A row is a refund if"),
        choices=[
            ("none", _("never: the file has no refunds")),
            ("negative", _("its quantity or amount is below zero")),
            ("prefix", _("its order number begins with these letters")),
        ],
    )
    refund_prefix = forms.CharField(label=_("Letters"), required=False, max_length=10)
    refund_match = forms.ChoiceField(
        label=_("What a refund undoes"),
        choices=[
            ("order", _("the order that its row names")),
            ("customer", _("the buyer's last purchase of the product")),
        ],
    )
    not_products = forms.CharField(
        label=_("Product ids that are no products"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One per line: freight, fees, corrections. Their rows are left out."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        header: Sequence[str],
        merchant: Merchant,
        saved: ColumnMapping | None = None,
    ) -> None:
        self.header, self.merchant = list(header), merchant
        super().__init__(data, initial=self._initial(saved))
        self._choices("date_format", _DATE_FORMATS)
        self._choices("zone", [(zone, zone.replace("_", " ")) for zone in _ZONES])
        self._choices("state", OrderState.choices)
        columns = [(name, name) for name in self.header]
        for name, (label, _usual) in FIELDS.items():
            required = name in REQUIRED
            nothing = _("Choose a column") if required else _("Not in the file")
            self.fields[f"column_{name}"] = forms.ChoiceField(
                label=label, required=required, choices=[("", nothing), *columns]
            )

    def _choices(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        """The usual ones, and the one that was saved if it is another."""
        saved = self.initial.get(name, "")
        more = [(saved, saved)] if saved and saved not in dict(choices) else []
        self.fields[name].choices = [*choices, *more]  # type: ignore[attr-defined]

    def _initial(self, saved: ColumnMapping | None) -> dict[str, Any]:
        columns = suggest(self.header)
        options: dict[str, Any] = {"zone": settings.TIME_ZONE, "decimal": ".", "state": "paid"}
        if saved is not None and set(saved.columns.values()) <= set(self.header):
            columns, options = saved.columns, {**options, **saved.options}
        options["states"] = "\n".join(f"{k} = {v}" for k, v in options.get("states", {}).items())
        options["not_products"] = "\n".join(options.get("not_products", []))
        return {**options, **{f"column_{name}": column for name, column in columns.items()}}

    def column_fields(self) -> list[forms.BoundField]:
        return [self[f"column_{name}"] for name in FIELDS]

    def option_fields(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("column_")]

    def clean_states(self) -> dict[str, str]:
        states: dict[str, str] = {}
        for line in str(self.cleaned_data["states"]).splitlines():
            word, mark, ours = (part.strip() for part in line.rpartition("="))
            if not line.strip():
                continue
            if not mark or ours not in OrderState.values:
                raise forms.ValidationError(_("Not understood: %(line)s"), params={"line": line})
            states[word] = ours
        return states

    def clean_not_products(self) -> list[str]:
        lines = str(self.cleaned_data["not_products"]).splitlines()
        return [line.strip() for line in lines if line.strip()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                OrderColumns(
                    self._columns(data),
                    self._options(data),
                    header=self.header,
                    currency=self.merchant.currency,
                )
            except Invalid as exc:
                name = exc.field if exc.field in self.fields else f"column_{exc.field}"
                self.add_error(name if name in self.fields else None, str(exc))
        return data

    def _columns(self, data: Mapping[str, Any]) -> dict[str, str]:
        chosen = {name: data.get(f"column_{name}", "") for name in FIELDS}
        return {name: column for name, column in chosen.items() if column}

    def _options(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in data.items() if not name.startswith("column_")}

    @property
    def columns(self) -> dict[str, str]:
        return self._columns(self.cleaned_data)

    @property
    def options(self) -> dict[str, Any]:
        return self._options(self.cleaned_data)

    def save(self, actor: Any) -> ColumnMapping:
        return mapping_save(
            merchant=self.merchant,
            kind=ImportKind.ORDERS,
            columns=self.columns,
            options=self.options,
            actor=actor,
        )

    def preview(self, file: BinaryIO) -> list[Row]:
        """The file's first rows as they are read now; a row that will be refused has a `fault`."""
        columns = OrderColumns(
            self.columns, self.options, header=self.header, currency=self.merchant.currency
        )
        frame = next(Table(file, self.options["encoding"]).chunks(_PREVIEW), None)
        return [] if frame is None else list(islice(columns.rows(frame), _PREVIEW))
