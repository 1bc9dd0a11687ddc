"""What a merchant fills in to sign a policy of the autopilot."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from aiassist.models import AutopilotMode, AutopilotPolicy, GroupKind
from aiassist.queries.autopilot import affiliates_to_pin
from aiassist.services.autopilot.policies import Limits, PolicyWish
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money, exponent
from merchants import queries
from merchants.forms import DayField, FigureField, ServiceForm, bps_of, rate_field
from merchants.models import Merchant, Product

CATEGORIES = 3  # with limits of their own
DAYS = 60  # that a policy is first proposed for


def _amount(label: Any, help_text: Any) -> FigureField:
    return FigureField(
        label=label, help_text=help_text, min_value=Decimal("0.01"), max_digits=12, decimal_places=2
    )


def _ratio(label: Any, help_text: Any) -> FigureField:
    return FigureField(
        label=label,
        help_text=help_text,
        min_value=1,
        max_value=1000,
        max_digits=6,
        decimal_places=2,
    )


class PolicyForm(ServiceForm):
    """Everything that a policy says. Groups are the whole shop, categories, and chosen products."""

    mode = forms.ChoiceField(
        label=_("What it may do"),
        choices=AutopilotMode.choices,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
    )
    roi_target = _ratio(
        _("Return aimed for"),
        _("Sales that buyers keep, for each 1 that you pay in commission and fees."),
    )
    roi_floor = _ratio(
        _("Return below which it stops"),
        _("Then its rates end and yours are left. About seven tenths of the aim is usual."),
    )
    budget_day = _amount(
        _("Budget of a day"), _("For all commission on the clicks of a day, at your own rates too.")
    )
    budget = _amount(_("Budget in all"), _("When nearly all of it is spent, it stops."))
    ends_on = DayField(label=_("Last day"))
    held_out = FigureField(
        label=_("Kept for comparison, in percent"),
        help_text=_(
            "So many affiliates keep your own rates. Only they show what it really brings."
        ),
        min_value=0,
        max_value=50,
        max_digits=4,
        decimal_places=1,
        initial=5,
    )
    pinned = forms.ModelMultipleChoiceField(
        label=_("Never touch"),
        help_text=_("Affiliates whose rates you keep to yourself."),
        queryset=Affiliate.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    products = forms.CharField(
        label=_("Chosen products, by your ids"),
        help_text=_("One on each line, 500 at most. They have one rate together."),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    def __init__(self, *args: Any, user: User, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.merchant = user, merchant
        pins = Affiliate.objects.filter(pk__in=affiliates_to_pin(merchant).values("pk"))
        self.fields["pinned"].queryset = pins.order_by("name", "pk")  # type: ignore[attr-defined]
        for name in ("budget_day", "budget"):
            self.fields[name].label = f"{self.fields[name].label} ({merchant.currency})"
        filed = [(one.pk, one.name) for one in queries.categories()]
        for n in range(1, CATEGORIES + 1):
            self.fields[f"category_{n}"] = forms.TypedChoiceField(
                label=_("Category"),
                choices=[("", _("None")), *filed],
                coerce=int,
                empty_value=None,
                required=False,
            )
        for name in self.group_names():
            for end, label in (("least", _("from, in percent")), ("most", _("up to, in percent"))):
                field = rate_field(label)
                field.required = False
                self.fields[f"{name}_{end}"] = field

    def group_names(self) -> list[str]:
        return ["shop", *(f"category_{n}" for n in range(1, CATEGORIES + 1)), "products"]

    def narrower(self) -> bool:
        """Whether any group but the whole shop has something in it."""
        names = [n for n in self.fields if n.startswith(("category", "products"))]
        return any(self[name].value() or self[name].errors for name in names)

    def groups(self) -> Iterator[dict[str, Any]]:
        """The fields of each group, for the page; the whole shop comes first."""
        for name in self.group_names():
            own = self[name] if name in self.fields else None
            yield {"own": own, "ends": [self[f"{name}_least"], self[f"{name}_most"]]}

    def basics(self) -> Iterator[Any]:
        for name in ("mode", "roi_target", "roi_floor", "budget_day", "budget", "ends_on"):
            yield self[name]

    def others(self) -> Iterator[Any]:
        for name in ("held_out", "pinned"):
            yield self[name]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["chosen"] = self._chosen(str(data.get("products", "")))
        limits = [one for name in self.group_names() if (one := self._limits(name, data))]
        if not limits and not self.errors:
            self.add_error("shop_least", _("Say for at least one group which rates it may pay."))
        filed = [one.category for one in limits if one.category]
        if len({one.pk for one in filed}) < len(filed):
            self.add_error("category_1", _("Each category once, please."))
        data["limits"] = limits
        return data

    def _limits(self, name: str, data: dict[str, Any]) -> Limits | None:
        least, most = data.get(f"{name}_least"), data.get(f"{name}_most")
        wanted = name == "shop" or bool(data.get(name))
        if least is None and most is None:
            if wanted and name != "shop":
                self.add_error(f"{name}_least", _("Which rates may it pay here?"))
            return None
        if least is None or most is None or not wanted:
            where = name if not wanted else f"{name}_least" if least is None else f"{name}_most"
            self.add_error(where, _("A group needs its products and both limits."))
            return None
        if least > most:
            self.add_error(f"{name}_least", _("The lower limit comes first."))
        category = None
        if name.startswith("category"):
            category = queries.categories().get(pk=data[name])
        kind = GroupKind(name.partition("_")[0])
        chosen = data["chosen"] if kind == GroupKind.PRODUCTS else ()
        return Limits(kind, bps_of(least), bps_of(most), category, chosen)

    def _chosen(self, text: str) -> list[Product]:
        numbers = list(dict.fromkeys(text.split()))[:501]
        mine = queries.products_for(self.user).filter(external_id__in=numbers)
        found = {product.external_id: product for product in mine}
        unknown = [number for number in numbers if number not in found]
        if unknown:
            self.add_error(
                "products",
                _("Your shop has no product with this id: %(ids)s")
                % {"ids": ", ".join(unknown[:5])},
            )
        return list(found.values())

    def wish(self) -> PolicyWish:
        data, currency = self.cleaned_data, self.merchant.currency
        return PolicyWish(
            mode=AutopilotMode(data["mode"]),
            roi_target_centi=int(data["roi_target"] * 100),
            roi_floor_centi=int(data["roi_floor"] * 100),
            budget_day_minor=Money.parse(f"{data['budget_day']:f}", currency).minor,
            budget_minor=Money.parse(f"{data['budget']:f}", currency).minor,
            ends_on=data["ends_on"],
            limits=data["limits"],
            held_out_bps=bps_of(data["held_out"]),
            pinned=list(data["pinned"]),
        )


def initial_of(merchant: Merchant, policy: AutopilotPolicy | None) -> dict[str, Any]:
    """What the form begins with: the policy that counts, or what suits the merchant's aim."""
    if policy is None:
        aim = merchant.roi_target or Decimal(8)
        return {
            "mode": AutopilotMode.SUGGEST,
            "roi_target": aim,
            "roi_floor": (aim * 7 / 10).quantize(Decimal("0.01")),
            "ends_on": clock.business_day() + timedelta(days=DAYS),
        }
    unit = 10 ** exponent(policy.currency)
    values: dict[str, Any] = {
        "mode": policy.mode,
        "roi_target": policy.roi_target,
        "roi_floor": policy.roi_floor,
        "budget_day": Decimal(policy.budget_day_minor) / unit,
        "budget": Decimal(policy.budget_minor) / unit,
        "ends_on": policy.ends_on,
        "held_out": Decimal(policy.held_out_bps) / 100,
        "pinned": list(policy.pinned.all()),
    }
    number = 0
    for group in policy.groups.order_by("pk"):
        name = group.kind
        if group.kind == GroupKind.CATEGORY:
            number += 1
            name = f"category_{number}"
            values[name] = group.category_id
        elif group.kind == GroupKind.PRODUCTS:
            ids = group.products.order_by("pk").values_list("external_id", flat=True)
            values["products"] = "\n".join(ids)
        values[f"{name}_least"] = Decimal(group.least_bps) / 100
        values[f"{name}_most"] = Decimal(group.most_bps) / 100
    return values
