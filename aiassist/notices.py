"""What people are told of the advisers' doings, and in which words."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aiassist.models import Autopilot, AutopilotNight, StopReason
from alliance.kernel.models import AuditEvent
from alliance.kernel.notice_kinds import KINDS, Data, Group, Kind, Words, told
from merchants.notices import team_tell


def stopped_tell(autopilot: Autopilot, event: AuditEvent) -> None:
    """The merchant's team: it stopped itself."""
    team_tell(
        autopilot.merchant_id,
        "autopilot.stopped",
        key=f"autopilot:{autopilot.pk}:stopped:{event.pk}",
        link=reverse("autopilot:home"),
        reason=autopilot.reason,
    )


def suggestions_tell(night: AutopilotNight, count: int) -> None:
    """The merchant's team: changes wait to be accepted."""
    team_tell(
        night.autopilot.merchant_id,
        "autopilot.suggests",
        key=f"autopilot:{night.pk}:suggests",
        link=reverse("autopilot:home"),
        count=count,
    )


def _stopped_words(data: Data) -> Words:
    title = _("The autopilot has stopped itself")
    text = _("%(reason)s Its rates end with this business day; yours stay.")
    return str(title), str(text) % {"reason": StopReason(data["reason"]).label}


KINDS |= {
    "autopilot.stopped": Kind(Group.RATES, "alert-triangle", _stopped_words),
    "autopilot.suggests": Kind(
        Group.RATES,
        "target-arrow",
        told(
            _("The autopilot suggests changes of rates: %(count)s"),
            _("Accept those you want. What nobody accepts is overtaken by the next night."),
        ),
    ),
}
