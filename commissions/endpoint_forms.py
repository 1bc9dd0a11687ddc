"""What people type in about the addresses of their other systems."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from affiliates.queries import sites_for
from alliance.kernel.models import Endpoint, EndpointForm, HttpMethod, Side, User
from alliance.kernel.outbox import EVENTS
from commissions.services.endpoints import kinds_for
from merchants.forms import ServiceForm

EVERYTHING = _("All sites and ad zones")


class WebhookForm(ServiceForm):
    """Where signed messages go, and which."""

    form = EndpointForm.WEBHOOK
    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("For your own eyes."))
    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://", "spellcheck": "false"}),
        help_text=_("It begins with https:// and answers with a status from 200 to 299."),
    )
    kinds = forms.MultipleChoiceField(
        label=pgettext_lazy("outgoing", "Events"),
        widget=forms.CheckboxSelectMultiple,
        choices=[],
        error_messages={"required": _("Choose at least one event to hear of.")},
    )

    sandbox = forms.BooleanField(
        label=_("For trying out (sandbox)"),
        required=False,
        help_text=_("It hears of what a sandbox key invents, and of nothing real."),
    )

    def __init__(self, *args: Any, side: Side, held: Endpoint | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if held:  # it stays what it was made for
            del self.fields["sandbox"]
        self.fields["kinds"].choices = [  # type: ignore[attr-defined]
            (kind, format_html("{} <code>{}</code>", EVENTS[kind].words, kind))
            for kind in kinds_for(side, self.form)
        ]


class PostbackForm(WebhookForm):
    """A tracker's address with macros."""

    form = EndpointForm.POSTBACK
    method = forms.ChoiceField(
        label=_("Method"),
        choices=HttpMethod.choices,
        help_text=_("By POST what stands behind the “?” is sent as a form."),
    )
    only = forms.ChoiceField(
        label=pgettext_lazy("postback", "Only from"), required=False, choices=[]
    )
    field_order = ("name", "url", "method", "only", "kinds", "sandbox")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, side=Side.AFFILIATE, **kwargs)
        url = self.fields["url"]
        url.help_text = _("It begins with https://. Macros in braces are filled in.")
        url.widget.attrs["placeholder"] = "https://…?cid={click_id}&payout={payout}"
        url.widget.input_type = "text"
        self.fields["only"].choices = places(user)  # type: ignore[attr-defined]


def places(user: User) -> list[tuple[str, Any]]:
    """Everything, each site, each ad zone; as endpoints keep them."""
    found: list[tuple[str, Any]] = [("", EVERYTHING)]
    for site in sites_for(user):
        found.append((f"site:{site.pk}", site.name))
        found += [(f"zone:{zone.pk}", f"{site.name} · {zone.name}") for zone in site.zones.all()]
    return found


def form_for(
    form: str, data: Any, *, side: Side, user: User, endpoint: Endpoint | None = None
) -> WebhookForm:
    """The form of an endpoint, filled with what it has."""
    held = (
        {name: getattr(endpoint, name) for name in ("name", "url", "kinds", "method", "only")}
        if endpoint
        else {"method": HttpMethod.GET}
    )
    if form == EndpointForm.POSTBACK:
        return PostbackForm(data, initial=held, user=user, held=endpoint)
    return WebhookForm(data, initial=held, side=side, held=endpoint)
