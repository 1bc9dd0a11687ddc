"""The bank's statements: money that names an announced top-up is received by itself.

Everything else waits for a person, and what a person decides is seen by a second one. Reading is
one transaction, matching one per transfer: whatever breaks off between them, `credits_match` goes
on, and neither the same file nor the same transfer in another file counts twice.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from commissions import bank
from commissions.models import (
    BankCredit,
    BankCreditState,
    BankStatement,
    Finding,
    TopUp,
    TopUpState,
)
from commissions.services.outsiders import in_merchant, outside_merchant
from commissions.services.wallets import (
    ALPHABET,
    REFERENCE_LENGTH,
    too_much_alone,
    top_up_announce,
    top_up_credit,
)
from merchants.models import Merchant

_REFERENCE = re.compile(rf"(?=(TK[{ALPHABET}]{{{REFERENCE_LENGTH}}}))")


@transaction.atomic(durable=True)
def statement_read(*, actor: User, content: bytes, name: str, account: str = "") -> BankStatement:
    """Keep the file and every transfer in it that no earlier statement has shown.

    `account` names the alliance's account where the file does not. Raises Invalid: the same file,
    no statement, too large, or a bank's reference that stood for another transfer before.
    """
    if len(content) > bank.TOO_LARGE:
        raise Invalid(_("The file is larger than 5 MB. Ask the bank for shorter statements."))
    statement = bank.read(content)
    arrivals = statement.arrivals
    if len(arrivals) > bank.MOST:
        raise Invalid(
            _("The file has more than %(most)d incoming transfers. Split it.") % {"most": bank.MOST}
        )
    account = statement.account or account.strip()[:64]
    digest = hashlib.sha256(content).hexdigest()
    _one_at_a_time()
    if BankStatement.objects.filter(sha256=digest).exists():
        raise Invalid(_("This very file was uploaded before."), field="file")
    known = _known(account, arrivals)
    kept = BankStatement.objects.create(
        sha256=digest,
        name=name[:120],
        format=statement.format,
        content=content,
        account=account,
        credits_found=len(arrivals),
        credits_new=len(arrivals) - len(known),
        uploaded_by=actor,
    )
    BankCredit.objects.bulk_create(
        BankCredit(
            statement=kept,
            account=arrival.account or account,
            entry_ref=arrival.ref,
            amount_minor=arrival.amount.minor,
            currency=arrival.amount.currency,
            text=arrival.text,
            payer=arrival.payer,
            booked_on=arrival.booked_on,
            reversal=arrival.reversal,
        )
        for arrival in arrivals
        if (arrival.account or account, arrival.ref) not in known
    )
    audit.record(
        "bank_statement.read", kept, actor=actor, found=kept.credits_found, new=kept.credits_new
    )
    return kept


def _one_at_a_time() -> None:
    """Two statements that show the same transfer must see each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('bank-statement'), 0)")


def _known(account: str, arrivals: Sequence[bank.Arrival]) -> set[tuple[str, str]]:
    """Which of them stand in an earlier statement. Raises Invalid if one was another transfer."""
    refs = {arrival.ref for arrival in arrivals}
    held = {
        (credit.account, credit.entry_ref): credit
        for credit in BankCredit.objects.filter(entry_ref__in=refs)
    }
    known = set()
    for arrival in arrivals:
        key = (arrival.account or account, arrival.ref)
        if (credit := held.get(key)) is None:
            continue
        if (credit.amount, credit.booked_on) != (arrival.amount, arrival.booked_on):
            raise Invalid(
                _("The bank's reference %(ref)s stood for another transfer before.")
                % {"ref": arrival.ref},
                field="file",
            )
        known.add(key)
    return known


# --- Matching -------------------------------------------------------------------------------------


def references_in(text: str) -> list[str]:
    """What looks like a reference of ours, however the bank or the payer spaced and cased it."""
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = re.sub(r"[^A-Z0-9]", "", plain)
    return list(dict.fromkeys(_REFERENCE.findall(plain)))


def credits_match() -> set[int]:
    """Decide about every transfer that nobody has looked at; returns the merchants that got money.

    May be called at any time, from any number of processes.
    """
    fresh = BankCredit.objects.filter(state=BankCreditState.NEW).order_by("pk")
    pks = list(fresh.values_list("pk", flat=True))
    return {merchant for pk in pks if (merchant := _match(pk))}


@transaction.atomic(durable=True)
def _match(pk: int) -> int | None:
    """The merchant whose wallet got the money, if one did. Lock order: transfer, top-up."""
    credit = (
        BankCredit.objects.select_for_update(of=("self",))
        .select_related("statement__uploaded_by")
        .filter(pk=pk, state=BankCreditState.NEW)
        .first()
    )
    if credit is None:
        return None
    named = _lock(reference__in=references_in(credit.text))
    if proven := None if named else _booked_by_hand(credit):
        received = proven.state == TopUpState.RECEIVED
        state = BankCreditState.RECEIVED if received else BankCreditState.ASSIGNED
        _put(credit, state, named=proven, top_up=proven)
        return None
    finding, top_up = _found(credit, named)
    if finding in (Finding.SAME_PERSON, Finding.ABOVE_LIMIT):
        _put(credit, BankCreditState.ASSIGNED, finding=finding, named=top_up, top_up=top_up)
    elif finding or top_up is None:
        _put(credit, BankCreditState.OPEN, finding=finding, named=top_up)
    else:
        return _receive(credit, top_up)
    return None


def _receive(credit: BankCredit, top_up: TopUp) -> int | None:
    """Into the wallet; where a person received it before the statement came, this is its proof."""
    fresh = top_up.state == TopUpState.ANNOUNCED
    if fresh:
        facts = {"statement": credit.statement_id, "entry_ref": credit.entry_ref}
        top_up_credit(actor=None, top_up=top_up, **facts)
    _put(credit, BankCreditState.RECEIVED, named=top_up, top_up=top_up)
    return top_up.merchant_id if fresh else None


def _lock(**which: Any) -> list[TopUp]:
    found = TopUp.objects.select_for_update(no_key=True, of=("self",)).filter(**which)
    return list(found.order_by("pk"))


def _booked_by_hand(credit: BankCredit) -> TopUp | None:
    """What finance booked under the bank's reference of this transfer, before it stood here."""
    found = _lock(
        receipt=credit.entry_ref,
        amount_minor=credit.amount_minor,
        currency=credit.currency,
        state__in=(TopUpState.ANNOUNCED, TopUpState.RECEIVED),
    )
    free = [top_up for top_up in found if not BankCredit.objects.filter(top_up=top_up).exists()]
    return free[0] if len(free) == 1 and not credit.reversal else None


def _found(credit: BankCredit, named: Sequence[TopUp]) -> tuple[Finding, TopUp | None]:
    """Why it cannot be received by itself (NONE: it can), and the top-up that it names."""
    top_up = named[0] if len(named) == 1 else None
    if credit.reversal:
        return Finding.REVERSAL, top_up
    if top_up is None:
        return (Finding.SEVERAL if named else Finding.UNKNOWN), None
    if BankCredit.objects.filter(top_up=top_up).exists():
        return Finding.TWICE, top_up
    if top_up.amount != credit.amount:
        return Finding.DIFFERS, top_up
    if top_up.state == TopUpState.REFUSED:
        return Finding.REFUSED, top_up
    uploader = credit.statement.uploaded_by_id
    if top_up.state == TopUpState.ANNOUNCED and (
        top_up.announced_by_id == uploader or in_merchant(uploader, top_up.merchant_id)
    ):
        return Finding.SAME_PERSON, top_up
    if top_up.state == TopUpState.ANNOUNCED and too_much_alone(uploader, top_up):
        return Finding.ABOVE_LIMIT, top_up
    return Finding.NONE, top_up


def _put(credit: BankCredit, state: BankCreditState, **values: object) -> None:
    credit.state = state
    for name, value in values.items():
        setattr(credit, name, value)
    credit.save(update_fields=["state", *values])
    audit.record(f"bank_credit.{state.value}", credit, finding=credit.finding)


# --- What a person decides ------------------------------------------------------------------------


@transaction.atomic(durable=True)
def credit_assign(*, actor: User, credit: BankCredit, merchant: Merchant) -> TopUp:
    """OPEN → ASSIGNED: the money is this merchant's. A second person receives the new top-up.

    An announced top-up of the merchant that the transfer names is refused: this one replaces it.
    Raises NotAllowed for the merchant's own people, Invalid for another currency.
    """
    outside_merchant(actor, merchant.pk)
    if credit.currency != merchant.currency:
        raise Invalid(_("The merchant's wallet has another currency."), field="merchant")
    credit = _open(credit)
    top_up = top_up_announce(
        actor=actor, merchant=merchant, amount=credit.amount, receipt=credit.entry_ref
    )
    credit.state, credit.top_up = BankCreditState.ASSIGNED, top_up
    credit.save(update_fields=["state", "top_up"])
    audit.record("bank_credit.assigned", credit, actor=actor, merchant=merchant.pk)
    _replace(credit, merchant, top_up)
    return top_up


def _replace(credit: BankCredit, merchant: Merchant, by: TopUp) -> None:
    """The announcement that the transfer names but does not fit must not be received as well."""
    if (named := credit.named) is None or named.merchant_id != merchant.pk:
        return
    reason = gettext("Another amount arrived: see %(reference)s.") % {"reference": by.reference}
    announced = TopUp.objects.filter(pk=named.pk, state=TopUpState.ANNOUNCED)
    if announced.update(state=TopUpState.REFUSED, reason=reason, decided_at=clock.now()):
        audit.record("top_up.refused", named, reason=reason)


@transaction.atomic
def credit_reject(*, actor: User, credit: BankCredit, reason: str) -> None:
    """OPEN → REJECTED: the money is no merchant's. `reason` says whose it is or what it was."""
    if not reason.strip():
        raise Invalid(_("Say what this money is."), field="reason")
    credit = _open(credit)
    credit.state, credit.reason = BankCreditState.REJECTED, reason.strip()
    credit.save(update_fields=["state", "reason"])
    audit.record("bank_credit.rejected", credit, actor=actor, reason=credit.reason)


@transaction.atomic
def credit_reopen(*, actor: User, credit: BankCredit) -> None:
    """REJECTED → OPEN: it was somebody's after all."""
    rejected = BankCredit.objects.filter(pk=credit.pk, state=BankCreditState.REJECTED)
    if not rejected.update(state=BankCreditState.OPEN, reason="", updated_at=clock.now()):
        raise WrongState
    audit.record("bank_credit.reopened", credit, actor=actor)


def _open(credit: BankCredit) -> BankCredit:
    """The row, locked. WrongState if it does not wait for a person any more."""
    found = (
        BankCredit.objects.select_for_update()
        .filter(pk=credit.pk, state=BankCreditState.OPEN)
        .first()
    )
    if found is None:
        raise WrongState
    return found
