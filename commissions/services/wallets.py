"""A merchant's wallet: announced transfers become money when finance sees them."""

import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import chart, ledger
from commissions.ledger import Move
from commissions.models import TopUp, TopUpState
from merchants.models import Merchant, MerchantMember

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@transaction.atomic
def top_up_announce(*, actor: User | None, merchant: Merchant, amount: Money) -> TopUp:
    """The merchant says that a transfer is on its way; the reference goes into the transfer.

    Raises Invalid for an amount that is not positive or in another currency than the merchant's.
    """
    if amount.currency != merchant.currency or amount.minor <= 0:
        raise Invalid(_("Enter an amount above zero in your wallet's currency."), field="amount")
    reference = "TK" + "".join(secrets.choice(_ALPHABET) for _i in range(10))
    top_up = TopUp.objects.create(
        merchant=merchant,
        amount_minor=amount.minor,
        currency=amount.currency,
        reference=reference,
        announced_by=actor,
    )
    audit.record("top_up.announced", top_up, actor=actor, amount_minor=amount.minor)
    return top_up


@transaction.atomic(durable=True)
def top_up_receive(*, actor: User, top_up: TopUp) -> None:
    """ANNOUNCED → RECEIVED: the money is in the bank and now in the wallet.

    Raises NotAllowed for whoever announced it, WrongState if it was decided before.
    """
    _decide(actor=actor, top_up=top_up, state=TopUpState.RECEIVED)
    ledger.post(
        key=f"top_up:{top_up.pk}:received",
        moves=[Move(top_up.amount, debit=chart.CASH, credit=chart.wallet(top_up.merchant_id))],
        actor=actor,
    )


@transaction.atomic(durable=True)
def top_up_refuse(*, actor: User, top_up: TopUp, reason: str) -> None:
    """ANNOUNCED → REFUSED: the transfer never came, or not like that. `reason` is shown."""
    if not reason.strip():
        raise Invalid(_("Say why, the merchant will read it."), field="reason")
    _decide(actor=actor, top_up=top_up, state=TopUpState.REFUSED, reason=reason.strip())


def _decide(*, actor: User, top_up: TopUp, state: TopUpState, reason: str = "") -> None:
    if top_up.announced_by_id == actor.pk:
        raise NotAllowed(_("Somebody else must decide about a top-up that you announced."))
    _outsider(actor, top_up.merchant_id)
    announced = TopUp.objects.filter(pk=top_up.pk, state=TopUpState.ANNOUNCED)
    if not announced.update(state=state, reason=reason, decided_by=actor, decided_at=clock.now()):
        raise WrongState
    audit.record(f"top_up.{state.value}", top_up, actor=actor, reason=reason)


def _outsider(actor: User, merchant_pk: int) -> None:
    """Staff who also sell do not decide about their own wallet, whoever of the team asked."""
    if MerchantMember.objects.filter(merchant=merchant_pk, user=actor).exists():
        raise NotAllowed(_("You belong to this merchant: somebody else must decide."))


@transaction.atomic
def credit_limit_set(*, actor: User, merchant: Merchant, limit: Money) -> None:
    """How far the wallet may go below zero. Raises InsufficientFunds if it is lower already."""
    _outsider(actor, merchant.pk)
    if limit.currency != merchant.currency or limit.minor < 0:
        raise Invalid(_("A credit limit is zero or more, in the merchant's currency."))
    ledger.floor_set(code=chart.wallet(merchant.pk), currency=limit.currency, floor=-limit)
    before = merchant.credit_limit_minor
    Merchant.objects.filter(pk=merchant.pk).update(credit_limit_minor=limit.minor)
    audit.record("merchant.credit_limit", merchant, actor=actor, before=before, after=limit.minor)
