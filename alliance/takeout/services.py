"""Asking for an archive, writing it, letting it go again."""

import hashlib
import secrets
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import WrongState
from alliance.kernel.models import User
from alliance.takeout.archive import archive_write
from alliance.takeout.models import Takeout, TakeoutState
from alliance.takeout.notices import takeout_tell
from alliance.takeout.queries import progress_tell

KEPT = timedelta(days=7)
A_DAY = 3  # archives of one organisation
LOST = timedelta(hours=3)  # after which what is still being written is taken as broken off


@transaction.atomic
def takeout_ask(*, actor: User, organisation: str) -> Takeout:
    """An archive of all that is kept of the organisation, written by a worker. Raises WrongState
    while one is being written, and above A_DAY a day."""
    since = clock.now() - timedelta(days=1)
    if Takeout.objects.filter(organisation=organisation, created_at__gt=since).count() >= A_DAY:
        raise WrongState(
            _("Three archives a day are enough for everybody. Take the one that is ready.")
        )
    try:
        with transaction.atomic():
            takeout = Takeout.objects.create(organisation=organisation, asked_by=actor)
    except IntegrityError:
        raise WrongState(_("An archive is being written already.")) from None
    audit.record("takeout.asked", takeout, actor=actor, organisation=organisation)
    return takeout


def takeout_write(*, takeout_pk: int) -> None:
    """waiting → running → ready, or failed with the file gone. A second delivery finds it running
    and does nothing."""
    waiting = Takeout.objects.filter(pk=takeout_pk, state=TakeoutState.WAITING)
    if not waiting.update(state=TakeoutState.RUNNING, updated_at=clock.now()):
        return
    takeout = Takeout.objects.get(pk=takeout_pk)
    name = f"{takeout.organisation.replace(':', '-')}-{secrets.token_hex(16)}.zip"
    Takeout.objects.filter(pk=takeout_pk).update(name=name)
    path = path_of(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            archive_write(takeout.organisation, file, partial(progress_tell, takeout_pk))
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        _ready(takeout, path, digest)
    except BaseException:  # also when the worker is told to stop: nobody wants half a file
        path.unlink(missing_ok=True)
        running = Takeout.objects.filter(pk=takeout_pk, state=TakeoutState.RUNNING)
        running.update(state=TakeoutState.FAILED, updated_at=clock.now())
        raise


@transaction.atomic
def _ready(takeout: Takeout, path: Path, digest: str) -> None:
    now = clock.now()
    running = Takeout.objects.filter(pk=takeout.pk, state=TakeoutState.RUNNING)
    if not running.update(
        state=TakeoutState.READY,
        size=path.stat().st_size,
        sha256=digest,
        expires_at=now + KEPT,
        updated_at=now,
    ):
        raise WrongState  # it was given up meanwhile
    takeout_tell(Takeout.objects.get(pk=takeout.pk))


def takeouts_sweep() -> list[int]:
    """Give up what a worker left, remove what has expired; the keys of those that wait."""
    now = clock.now()
    lost = Takeout.objects.filter(state=TakeoutState.RUNNING, updated_at__lt=now - LOST)
    over = Takeout.objects.filter(state=TakeoutState.READY, expires_at__lte=now)
    for found, state in ((lost, TakeoutState.FAILED), (over, TakeoutState.EXPIRED)):
        for takeout in found:
            if found.filter(pk=takeout.pk).update(state=state, updated_at=now) and takeout.name:
                path_of(takeout.name).unlink(missing_ok=True)
    waiting = Takeout.objects.filter(state=TakeoutState.WAITING).order_by("pk")
    return list(waiting.values_list("pk", flat=True))


def takeout_downloaded(*, actor: User, takeout: Takeout) -> Path:
    """Where its file lies. Raises WrongState once it has expired."""
    path = path_of(takeout.name) if takeout.name else None
    if takeout.state != TakeoutState.READY or path is None or not path.is_file():
        raise WrongState(_("This archive is not there any more. Ask for another one."))
    audit.record("takeout.downloaded", takeout, actor=actor)
    return path


def path_of(name: str) -> Path:
    return Path(settings.TAKEOUT_DIR) / name
