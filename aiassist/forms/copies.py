"""Where a text goes out, in which language, from which ad zone; and an affiliate's own words."""

from typing import Any, cast

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from affiliates.forms.links import ZoneChoice
from affiliates.models import AdZone, Affiliate
from affiliates.queries import zone_usual, zones_for
from aiassist import providers
from aiassist.copy.check import Channel, Language
from aiassist.models import CopyVariant
from aiassist.queries.audiences import audience_of
from aiassist.services.copies import copy_edit
from aiassist.services.copies.writing import LONGEST
from alliance.kernel.models import User
from merchants.forms.fields import ServiceForm


class CopyForm(forms.Form):
    channel = forms.ChoiceField(label=_("Where it goes out"), choices=Channel)
    language = forms.ChoiceField(label=_("Language of the text"), choices=Language)
    zone = ZoneChoice(label=_("Ad zone"), queryset=AdZone.objects.none(), empty_label=None)
    by_model = forms.BooleanField(
        label=_("Also ask the language model"),
        required=False,
        help_text=_("It writes sentences without figures; what fails the check is left out."),
    )

    def __init__(self, *args: Any, user: User, affiliate: Affiliate, **kwargs: Any) -> None:
        audience = audience_of(affiliate)
        usual = {
            "channel": (audience and audience.channel) or Channel.WECHAT_GROUP,
            "language": (get_language() or "zh")[:2],
            "zone": zone_usual(user),
        }
        super().__init__(*args, **{"initial": usual, **kwargs})
        cast("forms.ModelChoiceField[AdZone]", self.fields["zone"]).queryset = zones_for(user)
        if not providers.online():
            del self.fields["by_model"]

    def place(self) -> dict[str, Any]:
        """What was said, or what is usual where nothing sensible was."""
        self.is_valid()
        said = {**self.initial, **getattr(self, "cleaned_data", {})}
        return {name: said[name] for name in ("channel", "language", "zone")}

    @property
    def by_the_model(self) -> bool:
        return bool(self.cleaned_data.get("by_model"))


class OwnWordsForm(ServiceForm):
    text = forms.CharField(
        label=_("Your text"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 10, "autofocus": True}),
        help_text=_("Words in curly brackets are facts: they are filled in anew each time."),
    )

    def save(self, *, actor: User, variant: CopyVariant) -> bool:
        text = self.cleaned_data["text"]
        return self.carried_out(copy_edit, actor=actor, variant=variant, text=text)
