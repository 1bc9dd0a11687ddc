"""Rates, plans and locks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.models import User
from merchants import queries
from merchants.forms.fields import (
    DayField,
    ServiceForm,
    bps_of,
    first_moment,
    last_moment,
    rate_field,
)
from merchants.forms.products import categories
from merchants.models import (
    JOINED,
    Merchant,
    PlanKind,
    Product,
)
from merchants.services.plans import first_pieces_open, plan_open


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
            self.fields["category"].choices = categories(_("The whole shop"))  # type: ignore[attr-defined]
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
