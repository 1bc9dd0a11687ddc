"""What an affiliate wants of its week, and where a post is moved to."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from affiliates.models import AdZone, Affiliate
from affiliates.queries import zones_of
from aiassist.models import PlannedPost, Target, WeekPlan
from aiassist.services.planner import post_move, week_draft
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.money import Money
from merchants.forms import FigureField, ServiceForm

AT = "%Y-%m-%dT%H:%M"


class WeekForm(ServiceForm):
    target = forms.ChoiceField(
        label=_("What the week is to come to"), choices=Target, widget=forms.RadioSelect
    )
    amount = FigureField(
        label=_("How much"),
        help_text=_("An amount of money, or a number of clicks. A wish, not a promise."),
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=2,
    )

    @staticmethod
    def initial_of(plan: WeekPlan | None) -> dict[str, Any]:
        if plan is None or plan.drafted_at is None:
            return {"target": Target.NONE}
        shown: Any = plan.amount or None
        if plan.target == Target.EARN:
            shown = Money(plan.amount, settings.ALLIANCE["CURRENCY"]).decimal
        return {"target": plan.target, "amount": shown}

    def save(self, *, actor: User, affiliate: Affiliate) -> bool:
        target, said = self.cleaned_data["target"], self.cleaned_data["amount"] or 0
        amount = int(said)
        if target == Target.EARN:
            amount = Money.parse(str(said), settings.ALLIANCE["CURRENCY"]).minor
        return self.carried_out(
            week_draft, actor=actor, affiliate=affiliate, target=target, amount=amount
        )


class MoveForm(ServiceForm):
    """Times are those of the alliance (Asia/Shanghai)."""

    at = forms.DateTimeField(
        label=_("Time"),
        input_formats=[AT],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=AT),
    )
    zone: forms.ModelChoiceField[AdZone] = forms.ModelChoiceField(
        label=_("Ad zone"), queryset=AdZone.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, affiliate: Affiliate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].queryset = zones_of(affiliate)  # type: ignore[attr-defined]

    def save(self, *, actor: User, post: PlannedPost) -> bool:
        at: datetime = self.cleaned_data["at"].astimezone(clock.ZONE)
        return self.carried_out(
            post_move, actor=actor, post=post, at=at, zone=self.cleaned_data["zone"]
        )
