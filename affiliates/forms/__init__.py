"""What affiliates type in. The services have the last word; forms only read and explain."""

from affiliates.forms.channels import ChannelForm, InviterCodeForm
from affiliates.forms.codes import CodeForm
from affiliates.forms.events import EventForm, EventRatesForm
from affiliates.forms.links import EVENTS, GENERAL, BasketForm, ConvertForm, LinkForm, ZoneChoice
from affiliates.forms.outlets import FeedForm, WidgetForm
from affiliates.forms.partners import InvitationCodeForm, InvitationForm, PercentField
from affiliates.forms.picking import PickingForm
from affiliates.forms.plans import ApplyForm, RatesForm, RuleForm
from affiliates.forms.sites import JoinForm, SiteForm, ZoneForm

__all__ = [
    "EVENTS",
    "GENERAL",
    "ApplyForm",
    "BasketForm",
    "ChannelForm",
    "CodeForm",
    "ConvertForm",
    "EventForm",
    "EventRatesForm",
    "FeedForm",
    "InvitationCodeForm",
    "InvitationForm",
    "InviterCodeForm",
    "JoinForm",
    "LinkForm",
    "PercentField",
    "PickingForm",
    "RatesForm",
    "RuleForm",
    "SiteForm",
    "WidgetForm",
    "ZoneChoice",
    "ZoneForm",
]
