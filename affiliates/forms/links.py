"""What is made a link of, and baskets."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from affiliates import queries
from affiliates.models import (
    AdZone,
)
from affiliates.pasted import LONGEST
from affiliates.services.links import SUB_LENGTH, SUBS
from alliance.kernel.models import User
from merchants.models import Event, Plan


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
