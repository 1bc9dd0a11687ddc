"""Which products a program shows, and how."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from affiliates import queries
from affiliates.forms.links import ZoneChoice
from affiliates.forms.picking import PickingForm
from affiliates.models import AdZone, FeedFormat
from affiliates.services.feeds import SIZES
from alliance.kernel.models import User


class FeedForm(PickingForm):
    """The filters of the product list, and what becomes of what they find."""

    name = forms.CharField(label=_("Name"), max_length=60)
    layout = forms.ChoiceField(label=_("Format"), choices=FeedFormat.choices)
    zone = ZoneChoice(label=_("Ad zone"), queryset=AdZone.objects.none(), empty_label=None)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    size = forms.TypedChoiceField(
        label=_("Products at most"), coerce=int, choices=[(size, str(size)) for size in SIZES]
    )
    field_order = ("name", "layout", "zone", "language", "size")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].queryset = queries.zones_for(user)  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What `feed_open` wants. Only of a valid form."""
        return {name: self.cleaned_data[name] for name in self.field_order} | {"wish": self.wish}
