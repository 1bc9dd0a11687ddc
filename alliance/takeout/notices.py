"""Who asked for an archive is told that it is there."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import Side
from alliance.kernel.notice_kinds import KINDS, Group, Kind, told
from alliance.kernel.notices import notify
from alliance.takeout.models import Takeout


def takeout_tell(takeout: Takeout) -> None:
    side, _colon, key = takeout.organisation.partition(":")
    notify(
        {takeout.asked_by_id: int(key)},
        "takeout.ready",
        side=Side(side),
        key=f"takeout:{takeout.pk}:ready",
        link=reverse(f"takeout:{side}"),
        until_at=takeout.expires_at.isoformat() if takeout.expires_at else "",
    )


KINDS["takeout.ready"] = Kind(
    Group.ACCOUNT,
    "download",
    told(_("The archive of your data is ready"), _("It can be downloaded until %(until)s.")),
)
