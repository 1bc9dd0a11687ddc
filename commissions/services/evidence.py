"""Evidence in a case: added by both sides while it is open, never changed."""

import hashlib
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from commissions.evidence import PER_SIDE, check
from commissions.models import (
    Evidence,
    Violation,
    ViolationEvent,
    ViolationFact,
    ViolationState,
)


@transaction.atomic
def evidence_add(
    *, actor: User, violation: Violation, text: str, file: Any = None, from_desk: bool
) -> Evidence:
    """Words, and a file if there is one (a picture, PDF or text of at most 2 MB).

    Raises Invalid (words, file), WrongState (the case is decided, or the side has its number).
    """
    case = Violation.objects.select_for_update().get(pk=violation.pk)
    if case.state != ViolationState.OPEN:
        raise WrongState(_("This case is decided: nothing can be added any more."))
    kept = evidence_keep(case=case, actor=actor, text=text, file=file, from_desk=from_desk)
    ViolationEvent.objects.create(
        violation=case, fact=ViolationFact.EVIDENCE, actor=actor, words=kept.filename
    )
    return kept


def evidence_keep(
    *, case: Violation, actor: User, text: str, file: Any, from_desk: bool
) -> Evidence:
    """The row itself, for who holds the case."""
    text = text.replace("\x00", "").strip()[:2000]
    if not text:
        raise Invalid(_("Say what it shows."), field="text")
    if case.evidence.filter(from_desk=from_desk).count() >= PER_SIDE:
        raise WrongState(
            _("There are %(count)d pieces of evidence from your side, which is the limit.")
            % {"count": PER_SIDE}
        )
    kept = Evidence(violation=case, by=actor, from_desk=from_desk, text=text)
    if file:
        checked = check(file)
        kept.filename, kept.content_type = checked.filename, checked.content_type
        kept.content = checked.content
        kept.digest = hashlib.sha256(checked.content).hexdigest()
    kept.save()
    audit.record("evidence.added", kept, actor=actor, violation=case.pk, sha256=kept.digest)
    return kept
