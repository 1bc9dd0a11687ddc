"""Channels and members, and the codes that bring them in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.models import (
    Affiliate,
    ChannelKind,
    CodeKind,
    OfflineScene,
    OnlineScene,
    Scene,
)
from affiliates.services.channels import About, channel_add, inviter_code_get
from alliance.kernel.models import User
from merchants.forms import ServiceForm

_UNSAID = ("", pgettext_lazy("scene", "not said"))


def _number(value: Any) -> int | None:
    return int(value) if value else None


class ChannelForm(ServiceForm):
    kind = forms.TypedChoiceField(
        label=pgettext_lazy("channel", "Who"), choices=ChannelKind.choices, coerce=int
    )
    name = forms.CharField(label=_("Name"), max_length=80)
    online_scene = forms.TypedChoiceField(
        label=_("Online"),
        choices=[_UNSAID, *OnlineScene.choices],
        coerce=_number,
        empty_value=None,
        required=False,
    )
    offline_scene = forms.TypedChoiceField(
        label=_("Offline"),
        choices=[_UNSAID, *OfflineScene.choices],
        coerce=_number,
        empty_value=None,
        required=False,
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def save(self, actor: User, affiliate: Affiliate) -> bool:
        said = self.cleaned_data
        return self.carried_out(
            channel_add,
            actor=actor,
            affiliate=affiliate,
            kind=ChannelKind(said["kind"]),
            name=said["name"],
            about=About(
                online_scene=said["online_scene"],
                offline_scene=said["offline_scene"],
                note=said["note"],
            ),
        )


class InviterCodeForm(ServiceForm):
    """A code for a channel's own channels is made by a tool: it names the channel."""

    kind = forms.TypedChoiceField(
        label=_("Takes"),
        choices=[(kind.value, kind.label) for kind in (CodeKind.CHANNEL, CodeKind.MEMBER)],
        coerce=int,
    )
    scene = forms.ChoiceField(label=_("Where"), choices=Scene.choices)

    def save(self, actor: User, affiliate: Affiliate) -> bool:
        return self.carried_out(
            inviter_code_get,
            actor=actor,
            affiliate=affiliate,
            kind=CodeKind(self.cleaned_data["kind"]),
            scene=self.cleaned_data["scene"],
        )
