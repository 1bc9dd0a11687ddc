"""A merchant's wallet: announced transfers become money when finance sees them."""

import secrets
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.limits import limit
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import chart, ledger, notices
from commissions.ledger import Move
from commissions.models import BankCredit, BankCreditState, Finding, TopUp, TopUpState
from commissions.services.outsiders import outside_merchant
from merchants.models import Merchant

# No 0/O, 1/I: a reference is typed from a screen, and read from a bank's text.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
REFERENCE_LENGTH = 10


@transaction.atomic
def top_up_announce(
    *, actor: User | None, merchant: Merchant, amount: Money, receipt: str = ""
) -> TopUp:
    """The merchant says that a transfer is on its way; the reference goes into the transfer.

    Raises Invalid for an amount that is not positive or in another currency than the merchant's.
    """
    if amount.currency != merchant.currency or amount.minor <= 0:
        raise Invalid(_("Enter an amount above zero in your wallet's currency."), field="amount")
    reference = "TK" + "".join(secrets.choice(ALPHABET) for _i in range(REFERENCE_LENGTH))
    top_up = TopUp.objects.create(
        merchant=merchant,
        amount_minor=amount.minor,
        currency=amount.currency,
        reference=reference,
        receipt=receipt,
        announced_by=actor,
    )
    facts = {"receipt": receipt} if receipt else {}
    audit.record("top_up.announced", top_up, actor=actor, amount_minor=amount.minor, **facts)
    return top_up


@transaction.atomic
def top_up_book(*, actor: User, merchant: Merchant, amount: Money, receipt: str) -> TopUp:
    """Finance saw money of the merchant and books it; a second person receives it.

    `receipt` is what the bank calls it. Raises Invalid without one, and what announcing raises.
    """
    outside_merchant(actor, merchant.pk)
    if not receipt.strip():
        raise Invalid(_("Name the bank's receipt: the second person looks it up."), field="receipt")
    return top_up_announce(
        actor=actor, merchant=merchant, amount=amount, receipt=receipt.strip()[:140]
    )


@transaction.atomic(durable=True)
def top_up_receive(*, actor: User, top_up: TopUp) -> None:
    """ANNOUNCED → RECEIVED: the money is in the bank and now in the wallet.

    Raises NotAllowed for whoever announced it, or uploaded the statement that shows it, and for
    anybody alone above TOP_UP_LIMIT_MINOR; WrongState if it was decided before.
    """
    credit = BankCredit.objects.filter(top_up=top_up).select_related("statement").first()
    if credit and credit.statement.uploaded_by_id == actor.pk:
        raise NotAllowed(_("Somebody else than who uploaded the statement must decide."))
    _allowed(actor, top_up)
    if not credit and not top_up.receipt and too_much_alone(actor.pk, top_up):
        raise NotAllowed(
            _(
                "That is more than one person may let into a wallet a day. Upload the bank's "
                "statement, or book it with the bank's receipt: then a second person confirms it."
            )
        )
    top_up_credit(actor=actor, top_up=top_up)
    _assigned(top_up).update(state=BankCreditState.RECEIVED, updated_at=clock.now())


def too_much_alone(person_pk: int, top_up: TopUp) -> bool:
    """Whether it takes two of finance: above TOP_UP_LIMIT_MINOR a merchant and business day, with
    all that came into its wallet on this person's word only, by hand or by a statement of theirs.

    Two of one merchant at once wait for each other, so that each counts the other.
    """
    TopUp.objects.select_for_update(no_key=True).get(pk=top_up.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('top-up'), %s)", [top_up.merchant_id])
    by_hand = Q(decided_by=person_pk, receipt="", credit=None)
    by_file = Q(decided_by=None, credit__statement__uploaded_by=person_pk)
    both = Q(decided_by=person_pk, credit__statement__uploaded_by=person_pk)
    alone = TopUp.objects.filter(
        by_hand | by_file | both,
        merchant=top_up.merchant_id,
        currency=top_up.currency,
        state=TopUpState.RECEIVED,
        decided_at__gte=clock.day_start(clock.business_day()),
    )
    so_far = Money(alone.aggregate(sum=Sum("amount_minor"))["sum"] or 0, top_up.currency)
    return so_far + top_up.amount > limit("TOP_UP_LIMIT_MINOR", top_up.currency)


def top_up_credit(*, actor: User | None, top_up: TopUp, **facts: Any) -> None:
    """The state, the ledger and the audit trail of a top-up that arrived. WrongState if it did
    before. Inside the caller's transaction; who may decide has been asked."""
    _move(top_up, TopUpState.RECEIVED, actor, **facts)
    ledger.post(
        key=f"top_up:{top_up.pk}:received",
        moves=[Move(top_up.amount, debit=chart.CASH, credit=chart.wallet(top_up.merchant_id))],
        actor=actor,
    )


@transaction.atomic(durable=True)
def top_up_refuse(*, actor: User, top_up: TopUp, reason: str) -> None:
    """ANNOUNCED → REFUSED: the transfer never came, or not like that. `reason` is shown.

    A transfer that was assigned to it waits for a person again.
    """
    if not reason.strip():
        raise Invalid(_("Say why, the merchant will read it."), field="reason")
    _allowed(actor, top_up)
    _move(top_up, TopUpState.REFUSED, actor, reason=reason.strip())
    _assigned(top_up).update(
        state=BankCreditState.OPEN,
        finding=Finding.REFUSED,
        named=top_up,
        top_up=None,
        updated_at=clock.now(),
    )


def _assigned(top_up: TopUp) -> QuerySet[BankCredit]:
    return BankCredit.objects.filter(top_up=top_up, state=BankCreditState.ASSIGNED)


def _allowed(actor: User, top_up: TopUp) -> None:
    if top_up.announced_by_id == actor.pk:
        raise NotAllowed(_("Somebody else must decide about a top-up that you announced."))
    outside_merchant(actor, top_up.merchant_id)


def _move(
    top_up: TopUp, state: TopUpState, actor: User | None, reason: str = "", **facts: Any
) -> None:
    announced = TopUp.objects.filter(pk=top_up.pk, state=TopUpState.ANNOUNCED)
    now = clock.now()
    if not announced.update(
        state=state, reason=reason, decided_by=actor, decided_at=now, updated_at=now
    ):
        raise WrongState
    audit.record(f"top_up.{state.value}", top_up, actor=actor, reason=reason, **facts)
    top_up.state = state
    notices.top_up_tell(top_up, reason)


@transaction.atomic
def credit_limit_set(*, actor: User, merchant: Merchant, limit: Money) -> None:
    """How far the wallet may go below zero. Raises InsufficientFunds if it is lower already."""
    outside_merchant(actor, merchant.pk)
    if limit.currency != merchant.currency or limit.minor < 0:
        raise Invalid(_("A credit limit is zero or more, in the merchant's currency."))
    ledger.floor_set(code=chart.wallet(merchant.pk), currency=limit.currency, floor=-limit)
    before = merchant.credit_limit_minor
    Merchant.objects.filter(pk=merchant.pk).update(credit_limit_minor=limit.minor)
    audit.record("merchant.credit_limit", merchant, actor=actor, before=before, after=limit.minor)
