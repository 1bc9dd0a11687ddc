"""Partners and their invitations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from affiliates.models import (
    Affiliate,
)
from affiliates.services.invitations import invitation_open
from alliance.kernel.models import User
from merchants.forms import FigureField, ServiceForm


class PercentField(FigureField):
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
