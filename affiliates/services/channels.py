"""Recording channels and members below an affiliate, by a code or by hand (docs/domain.md §1.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import (
    Affiliate,
    Channel,
    ChannelKind,
    CodeKind,
    ExternalKind,
    InviterCode,
    Scene,
)
from affiliates.notices import channel_tell
from affiliates.queries import manages_channels
from affiliates.services.invitations import code_drawn, team_must_act
from affiliates.services.standing import affiliate_must_be_active
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User

MANAGERS_ONLY = _("Channels are for service providers, intermediaries and key-account media.")


@dataclass(frozen=True, slots=True)
class About:
    """What is written down of a channel beside its name."""

    online_scene: int | None = None
    offline_scene: int | None = None
    note: str = ""
    source: str = ""
    register: Mapping[str, str] = field(default_factory=dict)


NOTHING = About()


@transaction.atomic
def inviter_code_get(
    *,
    actor: User,
    affiliate: Affiliate,
    kind: CodeKind,
    scene: str = Scene.COMMON,
    channel: Channel | None = None,
) -> InviterCode:
    """The open code of that sort, made if there is none.

    Raises NotAllowed (not of the team, or of no kind that manages channels), WrongState (not
    active), Invalid (`scene`; `channel`: missing, another's, or itself a channel's channel).
    """
    _may_manage(actor, affiliate)
    if scene not in Scene.values:
        raise Invalid(_("There is no such place."), field="scene")
    if (kind == CodeKind.FISSION) != (channel is not None):
        raise Invalid(_("Say whose channels the code is for."), field="channel")
    if channel and (channel.affiliate_id != affiliate.pk or channel.kind != ChannelKind.CHANNEL):
        raise Invalid(_("This is no channel of yours."), field="channel")
    if channel and channel.code and channel.code.channel_id:
        raise Invalid(
            _("A channel's channel brings in no others: two levels at most."), field="channel"
        )
    found, made = InviterCode.objects.get_or_create(
        affiliate=affiliate,
        kind=kind,
        scene=scene,
        channel=channel,
        ends_at=None,
        defaults={"code": code_drawn()},
    )
    if made:
        audit.record("inviter_code.opened", found, actor=actor, kind=int(kind), scene=scene)
    return found


@transaction.atomic
def inviter_code_end(*, actor: User, code: InviterCode) -> None:
    """It takes nobody any more; whom it took stays. Raises NotAllowed, WrongState."""
    team_must_act(actor, code.affiliate)
    open_one = InviterCode.objects.filter(pk=code.pk, ends_at=None)
    if not open_one.update(ends_at=clock.now()):
        raise WrongState
    audit.record("inviter_code.ended", code, actor=actor)


def inviter_code_find(*, code: str) -> InviterCode:
    """The open one. Raises Invalid: there is none, or whose it is may take nobody now."""
    plain = "".join(code.split()).upper()
    rows = InviterCode.objects.filter(code=plain, ends_at=None).select_related("affiliate")
    found = rows.first()
    if found is None or not manages_channels(found.affiliate):
        raise Invalid(_("There is no open inviter code like this."), field="code")
    affiliate_must_be_active(found.affiliate)
    return found


@transaction.atomic
def channel_record(
    *, actor: User, affiliate: Affiliate, code: InviterCode, about: About = NOTHING
) -> tuple[Channel, bool]:
    """Record below the code's affiliate who gave the code, and whether they are new there.

    That is `affiliate`, or, where it is the code's own affiliate, somebody without an account,
    whose name is then the note. Raises NotAllowed, WrongState, Invalid (`note`).
    """
    team_must_act(actor, affiliate)
    affiliate_must_be_active(affiliate)
    other = affiliate if affiliate.pk != code.affiliate_id else None
    name = other.name if other else about.note
    return _recorded(
        actor, code.affiliate, CodeKind(code.kind).takes, name, about, publisher=other, code=code
    )


@transaction.atomic
def channel_end(*, actor: User, channel: Channel) -> None:
    """Who is recorded wants to be so no longer: the code that they gave out for channels of their
    own takes nobody any more, and whose channel it was is told. What carries its number keeps it;
    giving a code again begins it anew.

    Raises NotAllowed (not of the team of whoever is recorded), WrongState (it has ended).
    """
    if channel.publisher is None:
        raise NotAllowed
    team_must_act(actor, channel.publisher)
    now = clock.now()
    if not Channel.objects.filter(pk=channel.pk, ended_at=None).update(ended_at=now):
        raise WrongState
    InviterCode.objects.filter(channel=channel, ends_at=None).update(ends_at=now)
    channel_tell(channel, audit.record("channel.ended", channel, actor=actor))


@transaction.atomic
def channel_add(
    *, actor: User, affiliate: Affiliate, kind: ChannelKind, name: str, about: About = NOTHING
) -> Channel:
    """By hand, without a code. Raises NotAllowed, WrongState, Invalid (`name`: missing, or there
    is one of that name)."""
    _may_manage(actor, affiliate)
    made, new = _recorded(actor, affiliate, kind, name, about)
    if not new:
        raise Invalid(_("You have one of that name."), field="name")
    return made


@transaction.atomic
def member_mark(
    *, actor: User, affiliate: Affiliate, external_id: str, external_kind: int, known: bool
) -> Channel:
    """The member of that mark in the affiliate's own system, recorded if need be; with `known` it
    must be there. Raises NotAllowed, WrongState, Invalid (`external_id`, `external_kind`)."""
    _may_manage(actor, affiliate)
    mark = external_id.strip()
    if not mark or len(mark) > 64:
        raise Invalid(_("A mark has at most 64 characters."), field="external_id")
    if external_kind not in ExternalKind.values:
        raise Invalid(_("There is no such system."), field="external_kind")
    facts = {"kind": ChannelKind.MEMBER, "external_kind": external_kind, "external_id": mark}
    if known:
        found = affiliate.channels.filter(**facts).first()
        if found is None:
            raise Invalid(_("No member has this mark."), field="external_id")
        return found
    made, new = affiliate.channels.get_or_create(**facts, defaults={"name": mark})
    if new:
        audit.record("channel.recorded", made, actor=actor)
    return made


def _recorded(
    actor: User,
    affiliate: Affiliate,
    kind: int,
    name: str,
    about: About,
    *,
    publisher: Affiliate | None = None,
    code: InviterCode | None = None,
) -> tuple[Channel, bool]:
    name = name.replace("\x00", "").strip()[:80]
    if not name:
        raise Invalid(_("Please give a name."), field="note" if code else "name")
    same: dict[str, Any] = {"publisher": None, "name": name, "external_id": ""}
    if publisher:
        same = {"publisher": publisher}
    defaults = {
        "name": name,
        "code": code,
        "scene": code.scene if code else Scene.COMMON,
        "online_scene": about.online_scene,
        "offline_scene": about.offline_scene,
        "note": about.note.strip()[:200],
        "source": about.source.strip()[:100],
        "register": dict(about.register),
    }
    made, new = Channel.objects.get_or_create(
        affiliate=affiliate, kind=kind, **same, defaults=defaults
    )
    back = made.ended_at is not None
    if back:
        anew = {**defaults, "ended_at": None}
        for field_name, value in anew.items():
            setattr(made, field_name, value)
        made.save(update_fields=[*anew, "updated_at"])
    if new or back:
        audit.record("channel.recorded", made, actor=actor, kind=int(kind))
    return made, new or back


def _may_manage(actor: User, affiliate: Affiliate) -> None:
    team_must_act(actor, affiliate)
    if not manages_channels(affiliate):
        raise NotAllowed(MANAGERS_ONLY)
    affiliate_must_be_active(affiliate)
