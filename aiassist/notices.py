"""What people are told of the advisers' doings, and in which words."""

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aiassist.copy.check import Channel
from aiassist.models import AnomalyNote, Autopilot, AutopilotNight, PlannedPost, StopReason
from aiassist.noted import compared, title
from alliance.kernel.models import DESK, AuditEvent, Side, StaffRole, User
from alliance.kernel.notice_kinds import KINDS, Data, Group, Kind, Words, told
from alliance.kernel.notices import notify
from alliance.kernel.templatetags.alliance import moment
from campaigns.models import Campaign
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


def post_tell(post: PlannedPost, people: Mapping[int, int]) -> None:
    """Those of the affiliate's team who want it: a post of theirs is due soon."""
    notify(
        people,
        "post.due",
        side=Side.AFFILIATE,
        key=f"post:{post.uid}:{post.at.isoformat()}",
        link=f"{reverse('aiassist:planner')}#post-{post.pk}",
        product=post.product.name,
        zone=post.zone.name,
        channel=post.channel,
        due_at=post.at.isoformat(),
    )


def note_tell(note: AnomalyNote) -> None:
    """Operations: a figure stands out. Once, however long it lasts."""
    people = User.objects.filter(is_staff=True, staff_roles__contains=[StaffRole.OPS])
    notify(
        dict.fromkeys(people.values_list("pk", flat=True)),
        "anomaly.opened",
        side=DESK,
        key=f"anomaly_note:{note.pk}:opened",
        link=reverse("admin:aiassist_anomalynote_change", args=[note.pk]),
        measure=note.measure,
        campaign=note.campaign.name if note.campaign else "",
        parts=note.parts,
        **{name: getattr(note, name) for name in _NOTED},
    )


_NOTED = ("value", "low", "high", "usual", "up", "record")


def _note_words(data: Data) -> Words:
    said = {name: data[name] for name in _NOTED}
    note = AnomalyNote(measure=data["measure"], parts=data["parts"], **said)
    if data["campaign"]:
        note.campaign = Campaign(name=data["campaign"])
    return title(note), compared(note)


def _due_words(data: Data) -> Words:
    title = _("Share now: %(product)s")
    text = _("Planned for %(due)s, %(channel)s, %(zone)s.")
    due = moment(datetime.fromisoformat(data["due_at"]))
    said = {**data, "due": due, "channel": Channel(data["channel"]).label}
    return str(title) % said, str(text) % said


def _stopped_words(data: Data) -> Words:
    title = _("The autopilot has stopped itself")
    text = _("%(reason)s Its rates end with this business day; yours stay.")
    return str(title), str(text) % {"reason": StopReason(data["reason"]).label}


KINDS |= {
    "anomaly.opened": Kind(Group.FIGURES, "alert-triangle", _note_words),
    "post.due": Kind(Group.POSTS, "calendar", _due_words),
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
