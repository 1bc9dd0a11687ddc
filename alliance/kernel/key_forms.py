"""The form behind which a team's API key is made: merchants' and affiliates' alike."""

import ipaddress
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel import clock

Scope = tuple[str, str | Promise]  # its name, and what it allows in words

NETWORKS_MOST = 20
TERMS = [
    ("", _("Until you revoke it")),
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", _("A year")),
]


class KeyForm(forms.Form):
    """What `access.api_key_issue` wants to know of a key, by `values`."""

    name = forms.CharField(
        label=_("What is it for?"), max_length=60, help_text=_("Such as: our web shop, our bot.")
    )
    scopes = forms.MultipleChoiceField(
        label=pgettext_lazy("key", "It may"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one thing that it may do.")},
    )
    days = forms.ChoiceField(label=_("It works"), choices=TERMS, required=False)
    networks = forms.CharField(
        label=_("Only from these addresses"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_(
            "Of your servers, such as 203.0.113.7 or 203.0.113.0/24, one on a line. Empty: from "
            "anywhere."
        ),
    )
    sandbox = forms.BooleanField(
        label=_("For trying out (sandbox)"),
        required=False,
        help_text=_("It works on invented orders of its own and never touches real ones or money."),
    )

    def __init__(
        self,
        *args: Any,
        scopes: Iterable[Scope],
        usual: Iterable[str] = (),
        sandbox: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not sandbox:
            del self.fields["sandbox"]
        field: Any = self.fields["scopes"]
        field.choices, field.initial = list(scopes), list(usual)

    def clean_networks(self) -> list[str]:
        said = self.cleaned_data["networks"].replace(",", " ").split()
        if len(said) > NETWORKS_MOST:
            raise forms.ValidationError(
                _("At most %(most)d addresses."), params={"most": NETWORKS_MOST}
            )
        networks = []
        for one in said:
            try:
                networks.append(str(ipaddress.ip_network(one, strict=False)))
            except ValueError as exc:
                raise forms.ValidationError(
                    _("“%(said)s” is no address and no network."), params={"said": one}
                ) from exc
        return list(dict.fromkeys(networks))

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        days = data.pop("days")
        return {**data, "expires_at": clock.now() + timedelta(days=int(days)) if days else None}
