"""What people type on the pages of the money. Forms check shapes; services decide."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from babel.numbers import get_decimal_symbol, get_group_symbol
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import get_language, pgettext_lazy, to_locale
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money, exponent
from commissions import evidence, payees
from commissions.models import CommissionState
from commissions.reporting.spans import PERIODS
from merchants.forms import ServiceForm
from merchants.models import OrderState, Product


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    input_formats = ["%Y-%m-%d"]
    default_validators = [
        MinValueValidator(clock.FIRST_DAY),
        MaxValueValidator(clock.LAST_DAY),
    ]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, input_formats=["%Y-%m-%d"], **kwargs)


class AmountField(forms.DecimalField):
    """An amount in major units, as the reader writes decimals; cleans to Money."""

    def __init__(self, *, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(max_digits=15, decimal_places=exponent(currency), localize=True, **kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        """Groups of three may be set apart as the reader's language does; nothing is guessed."""
        locale = to_locale(get_language() or "en")
        group, point = re.escape(get_group_symbol(locale)), re.escape(get_decimal_symbol(locale))
        if re.fullmatch(rf"\s*\d{{1,3}}({group}\d{{3}})+({point}\d*)?\s*", str(value), re.ASCII):
            value = re.sub(group, "", value)
        return super().to_python(value)

    def clean(self, value: Any) -> Any:
        amount = super().clean(value)
        if amount is None:
            return None
        return Money(int(amount.scaleb(exponent(self.currency))), self.currency)


class Filter(forms.Form):
    """A filter in the address: what is not understood is left out, the rest still works."""

    def values(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class _Key(forms.IntegerField):
    """The primary key of what the rows are narrowed to; nobody types it."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, min_value=1, max_value=2**63 - 1)


class AffiliateOrderFilter(Filter):
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All states")), *CommissionState.choices],
    )
    start = Day(label=_("Placed from"))
    end = Day(label=_("to"))
    sub = forms.CharField(label=_("Sub-id"), required=False, max_length=100)
    number = forms.CharField(
        label=_("Order number"),
        required=False,
        max_length=64,
        widget=forms.SearchInput,
    )
    # What a row of a report leads here with.
    zone, product, shop, campaign = (_Key() for _name in range(4))
    through = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    sub1, sub2, sub3, sub4, sub5 = (
        forms.CharField(required=False, max_length=100, strip=False, widget=forms.HiddenInput)
        for _name in range(5)
    )


class MerchantOrderFilter(Filter):
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *OrderState.choices]
    )
    brought = forms.ChoiceField(
        label=_("Brought by"),
        required=False,
        choices=[
            ("", _("Anybody")),
            ("yes", _("An affiliate")),
            ("no", _("Nobody: it came by itself")),
        ],
    )
    affiliate, bringer, product, plan, campaign = (_Key() for _name in range(5))
    start = Day(label=_("Placed from"))
    end = Day(label=_("to"))
    number = forms.CharField(
        label=_("Order number"),
        required=False,
        max_length=64,
        widget=forms.SearchInput,
    )


class PeriodFilter(forms.Form):
    """A period by name, as everyone means it; 30 days unless said otherwise."""

    PERIODS = (
        ("7", _("Last 7 days")),
        ("30", _("Last 30 days")),
        ("month", _("This month")),
        ("last_month", _("Last month")),
        ("year", _("Last 365 days")),
        ("all", _("All time")),
    )
    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)

    def days(self) -> tuple[date | None, date | None]:
        """First and last day, both included; None: no limit."""
        today = clock.business_day()
        match self.chosen:
            case "month":
                return clock.month_start(today), today
            case "last_month":
                return clock.previous_month(today), clock.month_start(today) - timedelta(days=1)
            case "all":
                return None, None
            case "year":
                return today - timedelta(days=364), today
            case count:
                return today - timedelta(days=int(count) - 1), today

    @property
    def chosen(self) -> str:
        said = self.cleaned_data.get("period") if self.is_valid() else ""
        return said or "30"


class ReportForm(forms.Form):
    """By what, and over which period; "" are the days of `ReportDaysForm`."""

    def __init__(self, groupings: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields["by"] = forms.ChoiceField(
            label=pgettext_lazy("report", "By"), choices=list(groupings.items())
        )
        own = [] if self.initial["period"] else [("", _("From day to day"))]
        choices = [*own, *PERIODS.items()]
        self.fields["period"] = forms.ChoiceField(label=_("Period"), choices=choices)
        for field in self.fields.values():
            field.widget.attrs["data-submits"] = True


class ReportDaysForm(forms.Form):
    start = Day(label=pgettext_lazy("report", "From"))
    end = Day(label=_("to"))


class OrderNumberForm(forms.Form):
    number = forms.CharField(
        label=_("Order number"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Exactly as the buyer sees it in the shop."),
    )


class WithdrawalForm(forms.Form):
    """How much; of a company also for which invoice. `address` answers with what would arrive."""

    def __init__(
        self, *args: Any, currency: str, invoice: bool = False, address: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(currency=currency, label=_("Amount"), min_value=0)
        self.fields["amount"].widget.attrs |= {
            "hx-get": address,
            "hx-trigger": "input changed delay:300ms",
            "hx-target": "#quote",
            "hx-swap": "outerHTML",
        }
        if invoice:
            self.fields["invoice_number"] = forms.CharField(
                label=_("Number of your invoice"),
                max_length=64,
                required=False,
                help_text=_("The money leaves once we have it. You can also send it later."),
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )


class PayeeForm(forms.Form):
    """What the chosen way needs to know of an account, and nothing else."""

    # way: ((field, label, help), …)
    ASKS: Mapping[str, tuple[tuple[str, Any, Any], ...]] = {
        "alipay": (
            ("holder", _("Real name"), _("As Alipay has verified it, or the transfer is refused.")),
            ("number", _("Alipay login"), _("E-mail address or mobile number.")),
        ),
        "paypal": (
            ("holder", _("Name"), ""),
            ("number", _("PayPal e-mail address"), _("The one your PayPal account goes by.")),
        ),
        "bank_file": (
            ("holder", _("Account holder"), _("As the bank has it.")),
            ("number", _("IBAN or account number"), ""),
            ("institution", _("Bank and branch"), _("Not needed with an IBAN.")),
            ("bank_code", _("BIC or CNAPS code"), _("If you know it.")),
        ),
        "manual": (
            ("holder", _("Account holder"), ""),
            ("institution", _("Bank or wallet"), _("For example: Alipay, ICBC, Sparkasse.")),
            ("number", _("Account number"), ""),
        ),
    }
    LONGEST = {"holder": 100, "institution": 100, "number": 64, "bank_code": 12}
    OPTIONAL = {("bank_file", "institution"), ("bank_file", "bank_code")}

    def __init__(self, *args: Any, rail: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rail = rail
        for name, label, words in self.ASKS[rail]:
            self.fields[name] = forms.CharField(
                label=label,
                help_text=words,
                required=(rail, name) not in self.OPTIONAL,
                max_length=self.LONGEST[name],
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        """Everything about the account is checked together, and said at its field."""
        typed = {"holder": "", "number": "", **(super().clean() or {}), "rail": self.rail}
        if self.errors:
            return typed
        try:
            return payees.cleaned(**typed)
        except Invalid as exc:
            self.add_error(exc.field, str(exc))
            return typed


class TopUpForm(forms.Form):
    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(currency=currency, label=_("Amount"), min_value=0)


class WarningForm(forms.Form):
    """From where on the team is warned; empty: below a week's spending."""

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["threshold"] = AmountField(
            currency=currency,
            label=_("Warn below"),
            min_value=0,
            required=False,
            help_text=_("Empty: below what a week like the last one costs."),
        )


class ApplicationForm(forms.Form):
    """What an affiliate plans to do in a campaign that people decide about."""

    statement = forms.CharField(
        label=_("What do you plan to do?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Where you will show the products, to how many people, and when."),
    )

    def __init__(self, *args: Any, required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["statement"].required = required


class CaseForm(forms.Form):
    """Words in a case, with a file if there is one: an appeal or further evidence."""

    text = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))
    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=forms.FileInput(attrs={"accept": evidence.ACCEPT}),
        help_text=_("A picture (PNG, JPEG), PDF or plain text of at most 2 MB."),
    )

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label


class SeenForm(forms.Form):
    """When what the person looked at was last changed, to the microsecond, with its zone."""

    seen = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def clean_seen(self) -> datetime:
        try:
            moment = datetime.fromisoformat(self.cleaned_data["seen"])
        except ValueError as exc:
            raise forms.ValidationError("no moment", code="invalid") from exc
        if moment.tzinfo is None:
            raise forms.ValidationError("no zone", code="invalid")
        return moment


class ProposalForm(ServiceForm):
    """One product for a campaign: its rate and price while it runs."""

    rate = forms.DecimalField(
        label=_("Commission rate in the campaign (%)"),
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
    )
    service = forms.DecimalField(
        label=_("Service fee (%)"),
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
    )

    def __init__(self, *args: Any, product: Product, hosted: bool, **kwargs: Any) -> None:
        self.product = product
        super().__init__(*args, **kwargs)
        self.fields["price"] = forms.DecimalField(
            label=_("Price in the campaign"),
            required=False,
            min_value=0,
            max_digits=15,
            decimal_places=exponent(product.currency),
        )
        self.order_fields(("rate", "price", "service"))
        if not hosted:
            del self.fields["service"]
        for field in self.fields.values():
            field.widget.attrs |= {"aria-label": field.label, "inputmode": "decimal"}
        self.fields["rate"].widget.attrs["placeholder"] = f"{product.rate_bps / 100:g}"
        self.fields["price"].widget.attrs["placeholder"] = product.price.plain

    def values(self) -> dict[str, Any]:
        """What the service wants; empty is as now."""
        rate, price = self.cleaned_data["rate"], self.cleaned_data["price"]
        digits = exponent(self.product.currency)
        return {
            "rate_bps": None if rate is None else int(rate * 100),
            "price_minor": None if price is None else int(price.scaleb(digits)),
            "service_bps": int((self.cleaned_data.get("service") or 0) * 100),
        }


class ApiAppForm(ServiceForm):
    """A tool that is to speak with the gateway."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("What you know the tool by.")
    )
    redirect_url = forms.CharField(
        label=_("Address for permissions"),
        required=False,
        max_length=300,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=_(
            "Only for tools that other affiliates use as well: where they are sent back to once "
            "they have allowed the tool to act for them."
        ),
    )
