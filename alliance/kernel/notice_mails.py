"""Notifications as mails: due rows of the table, each claimed by one worker for a while."""

import logging
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.mail import get_connection
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from alliance.kernel import clock, mails
from alliance.kernel.models import Notification, User
from alliance.kernel.notice_kinds import ALWAYS, KINDS, Group, words_of

logger = logging.getLogger(__name__)

AGAIN = timedelta(minutes=15)  # after a failure, and after a worker that never came back
OLD = timedelta(days=2)  # nobody wants a mail about it any more
_SALT = "notices.unsubscribe"


def mails_due_send() -> None:
    """All that is due. A mail server that is away leaves the rest due; the beat calls again."""
    _old_drop()
    if not (row := _claim()):
        return
    try:
        with get_connection() as connection:
            while row:
                try:
                    _send(row, connection)
                except SMTPRecipientsRefused:
                    logger.warning("notification %s: the address takes no mail", row.pk)
                else:
                    Notification.objects.filter(pk=row.pk).update(mail_at=None)
                row = _claim()
    except OSError:  # SMTP errors are among them
        logger.warning("mails of notifications wait", exc_info=True)


def _old_drop() -> None:
    old = Notification.objects.filter(mail_at__isnull=False, created_at__lt=clock.now() - OLD)
    if count := old.update(mail_at=None):
        logger.warning("%d mails of notifications were too old to send", count)


@transaction.atomic
def _claim() -> Notification | None:
    """One that is due, whoever else looks: due again later unless it is sent."""
    now = clock.now()
    due = Notification.objects.filter(mail_at__lte=now).select_related("user")
    row = due.select_for_update(of=("self",), skip_locked=True).order_by("mail_at", "pk").first()
    if row:
        Notification.objects.filter(pk=row.pk).update(mail_at=now + AGAIN)
    return row


def _send(row: Notification, connection: Any) -> None:
    person, kind = row.user, KINDS.get(row.kind)
    if kind is None or not person.is_active:
        return
    with translation.override(person.language or settings.LANGUAGE_CODE):
        title, text = words_of(row)
        footer, headers = _ways_out(person, kind.group)
        # Sent twice after all (a worker died between sending and noting it), it is one message.
        headers["Message-ID"] = f"<notification-{row.pk}@{_host()}>"
        mails.tell(
            person.email,
            title,
            text or title,
            link=settings.PUBLIC_URL + row.link,
            footer=footer,
            headers=headers,
            connection=connection,
        )


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "alliance"


def _ways_out(person: User, group: Group) -> tuple[str, dict[str, str]]:
    """How to get no more of these: words, and headers for mail programs (RFC 8058)."""
    if group in ALWAYS:
        return gettext("Mails about the security of your account always come."), {}
    path = reverse("unsubscribe", args=[unsubscribe_token(person, group)])
    url = settings.PUBLIC_URL + path
    footer = gettext(
        "You get mails about “%(group)s”. No more of these: %(url)s\nAll choices: %(all)s"
    ) % {
        "group": group.label,
        "url": url,
        "all": settings.PUBLIC_URL + reverse("notification_settings"),
    }
    return footer, {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def unsubscribe_token(person: User, group: Group) -> str:
    """Says who wants no more of what. It opens nothing else, so it does not expire."""
    return signing.dumps([person.pk, group.value], salt=_SALT)


def unsubscribe_read(token: str) -> tuple[User, Group] | None:
    """Whose token it is, and of which group; None if we never gave it, or the person is gone."""
    try:
        pk, group = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    person = User.objects.filter(pk=pk).first()
    if person is None or group not in Group.values:
        return None
    return person, Group(group)
