"""Ours against theirs: a rail's file is kept, its rows decide what was unclear, the rest is shown.

`rail_file_read` may be called again with the same bytes, also after it was broken off half-way: the
file is kept once, a row that was carried out finds its payout decided, a difference stands once.
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from commissions.models import (
    BankFileItem,
    Difference,
    DifferenceKind,
    DifferenceState,
    FileFact,
    Payout,
    PayoutState,
    RailFile,
    RailFileRow,
)
from commissions.rails import files
from commissions.rails.files import Answer, Said
from commissions.services import payouts, returns

# What a row says, and the states of ours that agree with it.
AGREE = {
    FileFact.PAID: (PayoutState.PAID, PayoutState.RETURNED),
    FileFact.FAILED: (PayoutState.FAILED,),
    FileFact.RETURNED: (PayoutState.RETURNED, PayoutState.FAILED),
}


def rail_file_read(*, actor: User, kind: str, name: str, content: bytes) -> tuple[RailFile, bool]:
    """Keep the file, carry out what its rows decide, note the differences.

    Returns the file and whether it is new. Raises Invalid for a file that is none of that kind.
    """
    file, is_new = _kept(actor, kind, name, content)
    if file.uploaded_by_id == actor.pk:
        for row in file.rows.select_related("payout").order_by("line"):
            _carried_out(row, actor)
    _compare(file)
    return file, is_new


@transaction.atomic(durable=True)
def _kept(actor: User, kind: str, name: str, content: bytes) -> tuple[RailFile, bool]:
    digest = hashlib.sha256(content).hexdigest()
    if known := RailFile.objects.filter(sha256=digest).first():
        return known, False
    answer = files.read(kind, content)
    file, made = RailFile.objects.get_or_create(
        sha256=digest,
        defaults={
            "rail": files.READERS[kind].rail,
            "kind": kind,
            "name": name[-200:],
            "first_day": answer.first_day,
            "last_day": answer.last_day,
            "closes_days": answer.closes_days,
            "content": content,
            "uploaded_by": actor,
        },
    )
    if made:
        RailFileRow.objects.bulk_create(_rows(file, answer), batch_size=2000)
        audit.record("rail_file.read", file, actor=actor, kind=kind, sha256=digest)
    return file, made


def _rows(file: RailFile, answer: Answer) -> list[RailFileRow]:
    """The file's rows with the payouts they are about; a word on a bank file is one on each."""
    said = [one for row in answer.rows for one in _spread(row)]
    pks = {pk for row in said if (pk := _pk_of(row.key))}
    known = Payout.objects.filter(rail=file.rail).in_bulk(pks)
    return [
        RailFileRow(
            file=file,
            line=number,
            key=row.key[:100],
            payout=known.get(_pk_of(row.key)),
            fact=row.fact,
            amount_minor=row.amount.minor if row.amount else None,
            currency=row.amount.currency if row.amount else "",
            ref=row.ref[:64],
            words=row.words[:300],
        )
        for number, row in enumerate(said, 1)
    ]


def _spread(row: Said) -> Iterable[Said]:
    if not row.about:
        return [row]
    items = BankFileItem.objects.filter(file__number=row.about).order_by("payout")
    keys = [f"payout-{pk}" for pk in items.values_list("payout", flat=True)]
    return [Said(row.line, key, row.fact, words=row.words) for key in keys or [row.about]]


def _pk_of(key: str) -> int:
    head, _hyphen, number = key.partition("payout-")
    return int(number) if not head and number.isdecimal() and len(number) < 19 else 0


# --- What a row decides ---------------------------------------------------------------------------


def _same_amount(row: RailFileRow, payout: Payout) -> bool:
    said = (row.amount_minor, row.currency)
    return row.amount_minor is None or said == (payout.net.minor, payout.currency)


def _carried_out(row: RailFileRow, actor: User) -> None:
    """What is under way follows the rail's word, if the amount is right.

    Whoever released a payout cannot decide it by a file of theirs either, and nobody alone brings
    back by a file what was paid: then the row stays a difference, which somebody else may carry
    out.
    """
    try:
        row_carry_out(actor=actor, row=row)
    except (NotAllowed, WrongState):
        return


def row_carry_out(*, actor: User, row: RailFileRow) -> None:
    """Let the payout follow the row. NotAllowed, or WrongState if there is nothing to follow.

    That money came back after it was paid takes two: who uploaded the file, and somebody else.
    """
    if row.payout is None:
        raise WrongState
    payout = Payout.objects.get(pk=row.payout.pk)  # as it is now
    if not _same_amount(row, payout):
        raise WrongState
    words = row.words or str(_("The rail's file says so."))
    match row.fact, payout.state:
        case FileFact.PAID, PayoutState.SENDING:
            payouts.payout_mark_paid(payout=payout, rail_ref=row.ref or row.key, actor=actor)
        case ((FileFact.FAILED | FileFact.RETURNED), PayoutState.SENDING):
            payouts.payout_fail(payout=payout, reason=words, actor=actor)
        case FileFact.RETURNED, PayoutState.PAID:
            if row.file.uploaded_by_id == actor.pk:
                raise NotAllowed(_("Somebody else than who uploaded the file must confirm it."))
            returns.payout_return(payout=payout, reason=words, actor=actor)
        case _:
            raise WrongState


# --- What is left over ----------------------------------------------------------------------------


@transaction.atomic(durable=True)
def _compare(file: RailFile) -> None:
    found = [
        Difference(file=file, row=row, payout=row.payout, kind=kind)
        for row in file.rows.select_related("payout")
        if (kind := _difference(row)) is not None
    ]
    if file.closes_days:
        found += [
            Difference(file=file, payout=payout, kind=DifferenceKind.OURS_ONLY)
            for payout in _unseen(file)
        ]
    Difference.objects.bulk_create(found, ignore_conflicts=True, batch_size=2000)
    _settle_seen(file)


def _difference(row: RailFileRow) -> DifferenceKind | None:
    if row.payout is None:
        moved = row.fact in (FileFact.PAID, FileFact.RETURNED)
        return DifferenceKind.THEIRS_ONLY if moved else None
    if not _same_amount(row, row.payout):
        return DifferenceKind.AMOUNT
    if row.fact != FileFact.PENDING and row.payout.state not in AGREE[FileFact(row.fact)]:
        return DifferenceKind.STATE
    return None


def _unseen(file: RailFile) -> QuerySet[Payout]:
    """Ours of the file's days, or sent before their end and still under way, that no row names."""
    start = clock.day_start(file.first_day)
    end = clock.day_start(file.last_day + timedelta(days=1))
    paid = Q(state=PayoutState.PAID, finished_at__gte=start, finished_at__lt=end)
    sending = Q(state=PayoutState.SENDING, updated_at__lt=end)
    return Payout.objects.filter(paid | sending, rail=file.rail, file_rows=None)


def _settle_seen(file: RailFile) -> None:
    """What only we knew until this file named it is no difference any more."""
    seen = Difference.objects.filter(
        kind=DifferenceKind.OURS_ONLY, state=DifferenceState.OPEN, payout__file_rows__file=file
    )
    pks = list(seen.values_list("pk", flat=True))
    Difference.objects.filter(pk__in=pks).update(
        state=DifferenceState.RESOLVED,
        reason=str(_("It stands in %(file)s.") % {"file": file.name})[:300],
        resolved_at=clock.now(),
        updated_at=clock.now(),
    )


@transaction.atomic(durable=True)
def difference_resolve(*, actor: User, difference: Difference, reason: str) -> None:
    """A person has found out why, and says so. Raises WrongState if it was resolved before."""
    if not reason.strip():
        raise Invalid(_("Say why ours and theirs differ."), field="reason")
    changed = Difference.objects.filter(pk=difference.pk, state=DifferenceState.OPEN).update(
        state=DifferenceState.RESOLVED,
        reason=reason.strip()[:300],
        resolved_by=actor,
        resolved_at=clock.now(),
        updated_at=clock.now(),
    )
    if not changed:
        raise WrongState
    audit.record("difference.resolved", difference, actor=actor, reason=reason.strip())


def difference_carry_out(*, actor: User, difference: Difference) -> None:
    """Let our payout follow what the rail's file says of it. NotAllowed for who released it, and
    for who uploaded the file if it brings back what was paid."""
    if difference.row is None or difference.state != DifferenceState.OPEN:
        raise WrongState
    row_carry_out(actor=actor, row=difference.row)
    difference_resolve(
        actor=actor, difference=difference, reason=str(_("Carried out as the file says."))
    )


@transaction.atomic
def rail_file_downloaded(*, actor: User, file: RailFile) -> bytes:
    """The bytes as they came, and on record who took them."""
    audit.record("rail_file.downloaded", file, actor=actor, sha256=file.sha256)
    return bytes(file.content)
