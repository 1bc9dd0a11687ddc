"""Notifications: written in the caller's transaction, like the audit trail; read by their reader.

Whoever decides something calls `notify` beside `audit.record`. The mail leaves after the commit.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from alliance.kernel import clock
from alliance.kernel.models import Notification, Side, User
from alliance.kernel.notice_kinds import ALWAYS, KINDS, Group, by_mail
from alliance.kernel.tasks import mails_send

COUNTED = 100  # no bell says more
TOGETHER = timedelta(minutes=5)  # in which decisions of one kind are told at once
LISTED = 20  # of what is told together, so much by name

# Whom to tell: user → the organisation in whose team they are told of it, or None.
People = Mapping[int, int | None]


@transaction.atomic
def notify(
    people: People,
    kind: str,
    *,
    side: Side | str,
    key: str,
    link: str,
    wait: timedelta = timedelta(0),
    **data: Any,
) -> None:
    """Tell each of these users, once for each key ("payout:7:paid"): a retried task tells nobody
    twice.

    `link` is a path of ours where the team of the organisation can look at it. `data` must be
    JSON-able: amounts as `name_minor` beside `currency`, moments in ISO as `name_at`. A mail leaves
    after a `wait`.
    """
    group, now = KINDS[kind].group, clock.now()
    active = User.objects.filter(pk__in=people.keys(), is_active=True)
    chosen = dict(active.order_by("pk").values_list("pk", "mail_choices"))
    mailed = {pk for pk, choices in chosen.items() if by_mail(choices, group)}
    Notification.objects.bulk_create(
        (
            Notification(
                user_id=pk,
                side=side,
                organisation=people[pk],
                kind=kind,
                key=key,
                link=link,
                data=data,
                created_at=now,
                mail_at=now + wait if pk in mailed else None,
            )
            for pk in chosen
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )
    if mailed:
        mails_send.delay_on_commit()  # type: ignore[attr-defined]


@transaction.atomic
def notify_together(
    people: People,
    kind: str,
    *,
    side: Side | str,
    about: str,
    key: str,
    link: str,
    item: Mapping[str, Any],
    **data: Any,
) -> None:
    """As `notify`, for what comes many times within minutes: whatever else is said `about` the same
    ("campaign:7:accepted") in that time joins the first notification. It holds the `items`, LISTED
    of them at most, and the `count` of all; one mail tells of them when the time is over.
    """
    first = Notification.objects.filter(
        user__in=people.keys(),
        key__startswith=f"{about}:",
        read_at=None,
        created_at__gt=clock.now() - TOGETHER,
    )
    joined = set()
    for row in first.select_for_update().order_by("-pk"):
        if row.user_id not in joined:
            row.data["count"] += 1
            row.data["items"] = [*row.data["items"], item][:LISTED]
            row.save(update_fields=["data"])
            joined.add(row.user_id)
    rest = {pk: team for pk, team in people.items() if pk not in joined}
    facts = {**data, "count": 1, "items": [item]}
    notify(rest, kind, side=side, key=f"{about}:{key}", link=link, wait=TOGETHER, **facts)


def notifications_of(user: User, *, unread: bool = False) -> QuerySet[Notification]:
    """The newest first."""
    mine = Notification.objects.filter(user=user).order_by("-pk")
    return mine.filter(read_at=None) if unread else mine


def unread_count(user: User) -> int:
    """At most COUNTED: the page behind it tells the rest."""
    return Notification.objects.filter(user=user, read_at=None)[:COUNTED].count()


def notification_read(*, notification: Notification) -> None:
    """Opening it again changes nothing."""
    unread = Notification.objects.filter(pk=notification.pk, read_at=None)
    unread.update(read_at=clock.now())


def notifications_read(*, user: User, newest: int) -> None:
    """All that the page showed, or lies behind it; what came since (a greater key) stays unread."""
    unread = Notification.objects.filter(user=user, read_at=None, pk__lte=newest)
    unread.update(read_at=clock.now())


@transaction.atomic
def mails_choose(*, user: User, choices: Mapping[Group, bool]) -> None:
    """Which groups come by mail from now on; the others stay as they are. None of ALWAYS goes."""
    held = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    wanted = {str(group): on for group, on in choices.items() if group not in ALWAYS}
    user.mail_choices = held.mail_choices = {**held.mail_choices, **wanted}
    held.save(update_fields=["mail_choices"])
