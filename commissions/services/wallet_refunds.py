"""What a closed merchant has left in its wallet goes back to it."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from commissions import chart, ledger
from commissions.ledger import Move
from commissions.models import WalletRefund, WalletRefundState
from commissions.services.outsiders import outside_merchant
from merchants.models import Merchant, MerchantState


@transaction.atomic(durable=True)
def wallet_refund_request(*, actor: User, merchant: Merchant) -> WalletRefund:
    """Take all that a closed merchant has left out of its wallet; another person pays it.

    Raises NotAllowed for whoever belongs to the merchant, WrongState while it is not closed, when
    nothing is left, or while another refund waits.
    """
    outside_merchant(actor, merchant.pk)
    locked = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    if locked.state != MerchantState.CLOSED:
        raise WrongState(_("Only the wallet of a closed merchant is paid back."))
    wallet = (chart.wallet(locked.pk), locked.currency)
    left = ledger.lock({wallet})[wallet]
    if left <= 0:
        raise WrongState(_("Nothing is left in the wallet."))
    try:
        with transaction.atomic():
            made = WalletRefund.objects.create(
                merchant=locked, amount_minor=left, currency=locked.currency, requested_by=actor
            )
    except IntegrityError as exc:
        raise WrongState(_("Another refund of this wallet waits already.")) from exc
    _post(made, "requested", debit=wallet[0], credit=chart.IN_FLIGHT, actor=actor)
    return made


@transaction.atomic(durable=True)
def wallet_refund_pay(*, actor: User, refund: WalletRefund, reference: str) -> None:
    """REQUESTED → PAID: the transfer was made. Never by whoever asked for it."""
    if not reference.strip():
        raise Invalid(_("Enter the reference of the transfer."), field="reference")
    _decide(actor, refund, WalletRefundState.PAID, reference=reference.strip()[:64])
    _post(refund, "paid", debit=chart.IN_FLIGHT, credit=chart.CASH, actor=actor)


@transaction.atomic(durable=True)
def wallet_refund_refuse(*, actor: User, refund: WalletRefund, reason: str) -> None:
    """REQUESTED → REFUSED: the money is back in the wallet."""
    if not reason.strip():
        raise Invalid(_("Say why: it stays on record."), field="reason")
    _decide(actor, refund, WalletRefundState.REFUSED, reason=reason.strip()[:300])
    wallet = chart.wallet(refund.merchant_id)
    _post(refund, "refused", debit=chart.IN_FLIGHT, credit=wallet, actor=actor)


def _post(refund: WalletRefund, fact: str, *, debit: str, credit: str, actor: User) -> None:
    ledger.post(
        key=f"wallet_refund:{refund.pk}:{fact}",
        moves=[Move(refund.amount, debit=debit, credit=credit)],
        actor=actor,
    )
    audit.record(f"wallet_refund.{fact}", refund, actor=actor, amount_minor=refund.amount_minor)


def _decide(actor: User, refund: WalletRefund, state: WalletRefundState, **changes: object) -> None:
    if refund.requested_by_id == actor.pk:
        raise NotAllowed(_("Somebody else must decide about what you asked for."))
    outside_merchant(actor, refund.merchant_id)
    requested = WalletRefund.objects.filter(pk=refund.pk, state=WalletRefundState.REQUESTED)
    moved = requested.update(state=state, decided_by=actor, decided_at=clock.now(), **changes)
    if not moved:
        raise WrongState
