"""What affiliates type in. The services have the last word; forms only read and explain."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates import queries
from affiliates.models import (
    AdZone,
    Affiliate,
    AffiliateKind,
    AffiliateState,
    PlanRule,
    SiteKind,
)
from affiliates.pasted import LONGEST
from affiliates.services.codes import code_bind
from affiliates.services.invitations import invitation_open
from affiliates.services.links import SUB_LENGTH, SUBS
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money
from merchants.forms import DayField, ServiceForm, bps_of, last_moment, rate_field
from merchants.models import Coupon, Event, Merchant, Plan, Product


class PickingForm(forms.Form):
    """Filters and order of the product list, straight out of the address. All are optional."""

    words = forms.CharField(label=_("Search"), required=False, max_length=200)
    category = forms.ChoiceField(label=_("Category"), required=False)
    rate = forms.TypedChoiceField(
        label=_("Commission"),
        required=False,
        coerce=int,
        empty_value="",
        choices=[
            ("", _("Any rate")),
            ("500", _("5 % and more")),
            ("1000", _("10 % and more")),
            ("2000", _("20 % and more")),
            ("3000", _("30 % and more")),
        ],
    )
    price_from = forms.DecimalField(
        label=_("Price from"), required=False, min_value=0, max_digits=15
    )
    price_to = forms.DecimalField(label=_("to"), required=False, min_value=0, max_digits=15)
    score = forms.TypedChoiceField(
        label=_("Shop score"),
        required=False,
        coerce=int,
        empty_value="",
        choices=[
            ("", _("Any score")),
            ("450", _("4.5 and more")),
            ("470", _("4.7 and more")),
            ("480", _("4.8 and more")),
        ],
    )
    coupon = forms.BooleanField(label=_("With coupon"), required=False)
    sort = forms.ChoiceField(
        label=_("Sorted by"),
        required=False,
        choices=[
            ("", _("Most sold")),
            ("rate", _("Highest rate")),
            ("earning", _("Highest earning")),
            ("price", _("Lowest price")),
            ("-price", _("Highest price")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(category.slug, category.name) for category in queries.categories()]
        cast(forms.ChoiceField, self.fields["category"]).choices = [
            ("", _("All categories")),
            *known,
        ]
        self.fields["words"].widget.attrs |= {
            "type": "search",
            "placeholder": _("Words in the title"),
            "autocomplete": "off",
        }
        for name in ("price_from", "price_to"):
            self.fields[name].widget.attrs |= {"step": "any", "inputmode": "decimal"}

    @cached_property
    def wish(self) -> queries.Wish:
        """What is looked for; a filter that makes no sense is left out."""
        self.full_clean()
        said = self.cleaned_data
        return queries.Wish(
            words=said.get("words", ""),
            category=said.get("category", ""),
            rate_from=said.get("rate") or 0,
            price_from=_minor(said.get("price_from")),
            price_to=_minor(said.get("price_to")),
            coupon_only=bool(said.get("coupon")),
            score_from=said.get("score") or 0,
            sort=said.get("sort", ""),
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything but the order was asked for."""
        return replace(self.wish, sort="") != queries.Wish(sort="")


def _minor(amount: Decimal | None) -> int | None:
    if amount is None:
        return None
    return Money.parse(f"{amount:f}", settings.ALLIANCE["CURRENCY"]).minor


class ZoneChoice(forms.ModelChoiceField):
    def label_from_instance(self, zone: AdZone) -> str:
        return f"{zone.site.name} · {zone.name}"


EVENTS = 50  # to choose from, the next to end first
GENERAL = "general"  # of the general plan only; else the key of an event, or nothing


class LinkForm(forms.Form):
    """From which ad zone, by which plan, and the affiliate's own marks."""

    zone = ZoneChoice(
        label=_("Ad zone"),
        queryset=AdZone.objects.none(),
        empty_label=None,
        help_text=_("Where you will share the link. Reports tell your zones apart."),
    )

    terms = forms.ChoiceField(
        label=_("Commission plan"),
        required=False,
        help_text=_("For an event: what it pays while it runs, for its products only."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone.queryset = queries.zones_for(user)
        self.events = {str(event.pk): event for event in queries.events_shown()[:EVENTS]}
        cast(forms.ChoiceField, self.fields["terms"]).choices = [
            ("", _("The best for me")),
            (GENERAL, _("General plan only")),
            *(
                (key, _("Event: %(name)s") % {"name": event.name})
                for key, event in self.events.items()
            ),
        ]
        for number, name in enumerate(SUBS, start=1):
            self.fields[name] = forms.CharField(
                label=_("Sub-id %(number)d") % {"number": number},
                required=False,
                max_length=SUB_LENGTH,
            )

    @property
    def sub_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in SUBS]

    @property
    def zones_exist(self) -> bool:
        return bool(self._zone.queryset)

    @property
    def _zone(self) -> "forms.ModelChoiceField[AdZone]":
        return cast("forms.ModelChoiceField[AdZone]", self.fields["zone"])

    def subs(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in SUBS}

    @property
    def general(self) -> bool:
        """Whether the general plan alone is wanted."""
        return bool(self.cleaned_data["terms"] == GENERAL)

    @property
    def event(self) -> Event | None:
        """Whose rates the links shall earn."""
        return self.events.get(self.cleaned_data["terms"])


class ConvertForm(LinkForm):
    """Whatever there is to make links of. `plan`: of an event, from the product's page there; it
    goes before the choice of an event."""

    text = forms.CharField(
        label=_("What do you want to promote?"),
        max_length=LONGEST,
        widget=forms.Textarea(
            attrs={
                "rows": 4,
                "autofocus": True,
                "placeholder": _("An address, a product number, a share code, or a whole message"),
            }
        ),
        help_text=_(
            "Paste anything that leads to a product or a page of a shop: also several at once, and "
            "links of other affiliates, which become yours."
        ),
    )
    plan = forms.ModelChoiceField(
        queryset=Plan.objects.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        plans = cast("forms.ModelChoiceField[Plan]", self.fields["plan"])
        plans.queryset = queries.event_plans()

    @property
    def event(self) -> Event | None:
        plan: Plan | None = self.cleaned_data["plan"]
        return plan.event if plan else super().event

    @property
    def general(self) -> bool:
        return super().general and self.event is None


class BasketForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60)


class JoinForm(forms.Form):
    kind = forms.ChoiceField(
        choices=AffiliateKind, widget=forms.RadioSelect, initial=AffiliateKind.SMALL
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Under which you promote. Merchants see it beside the orders that you bring."),
    )
    introduction = forms.CharField(
        label=_("Where and how do you promote?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Groups, channels, sites, apps: a few words and addresses help us to decide."),
    )


class SiteForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=SiteKind)
    url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=300,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=_("Where we can look at it. Groups may leave it empty."),
    )


class ZoneForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=64)


class CodeForm(ServiceForm):
    """Which of the merchant's codes stands for whom, from when on."""

    coupon = forms.ModelChoiceField(
        label=_("Coupon code"), queryset=Coupon.objects.none(), empty_label=None
    )
    affiliate = forms.ModelChoiceField(
        label=_("Member id of the affiliate"),
        queryset=Affiliate.objects.filter(state=AffiliateState.ACTIVE),
        widget=forms.NumberInput(attrs={"min": 1}),
        help_text=_("The first number of their PID, and beside their name in your orders."),
        error_messages={"invalid_choice": _("No active affiliate has this member id.")},
    )
    starts_on = DayField(label=pgettext_lazy("moment", "From"), help_text=_("Today: from now on."))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"starts_on": clock.business_day(), **self.initial}
        coupons = queries.coupons_to_bind(user)
        self.fields["coupon"].queryset = coupons  # type: ignore[attr-defined]

    def save(self, actor: User) -> bool:
        day = self.cleaned_data["starts_on"]
        return self.carried_out(
            code_bind,
            actor=actor,
            coupon=self.cleaned_data["coupon"],
            affiliate=self.cleaned_data["affiliate"],
            starts_at=None if day == clock.business_day() else clock.day_start(day),
        )


class ApplyForm(forms.Form):
    words = forms.CharField(
        label=_("Why you?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Whom you reach, and how you would promote it. The merchant reads it."),
    )


class RuleForm(forms.Form):
    """Who is let into a targeted plan without being looked at."""

    kinds = forms.MultipleChoiceField(
        label=_("Kinds of affiliates"),
        choices=AffiliateKind,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )
    least_tier = forms.TypedChoiceField(
        label=_("Tier from"), coerce=int, choices=[(n, f"T{n}") for n in range(6)]
    )
    least_orders = forms.IntegerField(
        label=_("Orders in 30 days from"), min_value=0, max_value=1_000_000, initial=0
    )
    least_gmv = forms.DecimalField(
        label=_("Sales in 30 days from"), min_value=0, max_digits=12, decimal_places=2, initial=0
    )
    approved_site = forms.BooleanField(label=_("With an approved site"), required=False)
    refuses = forms.BooleanField(
        label=_("Reject everybody else at once"),
        required=False,
        help_text=_("Otherwise they wait for your decision."),
    )

    @staticmethod
    def initial_of(rule: PlanRule | None) -> dict[str, Any]:
        if rule is None:
            return {}
        least = Money(rule.least_gmv_minor, rule.plan.merchant.currency).decimal
        names = ("kinds", "least_tier", "least_orders", "approved_site", "refuses")
        return {**{name: getattr(rule, name) for name in names}, "least_gmv": least}

    def values(self, currency: str) -> dict[str, Any]:
        """What `plan_rule_set` wants."""
        values = dict(self.cleaned_data)
        least = values.pop("least_gmv")
        return {**values, "least_gmv_minor": Money.parse(f"{least:f}", currency).minor}


class EventForm(ServiceForm):
    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(
        label=_("What is it about?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    least = rate_field(_("Least commission rate, in percent"))
    service = forms.DecimalField(
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


class RatesForm(forms.Form):
    """Filters of the log of rate changes, straight out of the address."""

    merchant = forms.ModelChoiceField(
        label=_("Merchant"),
        queryset=Merchant.objects.none(),
        required=False,
        empty_label=_("All merchants"),
    )
    product = forms.IntegerField(
        required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput
    )
    since = DayField(label=_("Announced from"), required=False)
    until = DayField(label=_("until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Merchant]", self.fields["merchant"])
        field.queryset = queries.merchants_trading()

    def narrowing(self) -> dict[str, Any]:
        """What `queries.rate_changes` wants; a filter that makes no sense is left out."""
        self.full_clean()
        said = self.cleaned_data
        return {
            "merchant": said["merchant"].pk if said.get("merchant") else 0,
            "product": said.get("product") or 0,
            "since": said.get("since"),
            "until": said.get("until"),
        }

    @property
    def narrowed(self) -> bool:
        return any(self.narrowing().values())


class PercentField(forms.DecimalField):
    """A rate as people write it; cleaned into basis points."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=100, decimal_places=2, **kwargs)

    def clean(self, value: Any) -> int | None:
        said = super().clean(value)
        return None if said is None else int(said * 100)


class InvitationForm(ServiceForm):
    share = PercentField(
        label=_("Your part in percent"),
        help_text=_("Of the whole commission of each order they bring, out of their share."),
    )
    below = PercentField(
        label=_("Your part of the level below, in percent"),
        required=False,
        help_text=_("Of orders that affiliates below them bring, out of what they get of those."),
    )

    def save(self, actor: User, affiliate: Affiliate) -> bool:
        return self.carried_out(
            invitation_open,
            actor=actor,
            affiliate=affiliate,
            share_bps=self.cleaned_data["share"],
            below_bps=self.cleaned_data["below"] or 0,
        )


class InvitationCodeForm(ServiceForm):
    code = forms.CharField(label=_("Code of an invitation"), max_length=20)
