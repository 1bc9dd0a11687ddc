"""Debts that are let go: above a limit by two people, dust by the system."""

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.limits import limit
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import chart, ledger
from commissions.ledger import InsufficientFunds, Move
from commissions.models import DebtWriteOff, WriteOffState
from commissions.services.outsiders import outside_affiliate
from merchants.models import Merchant


@transaction.atomic(durable=True)
def write_off_request(
    *,
    actor: User,
    affiliate: Affiliate,
    amount: Money,
    reason: str,
    merchant: Merchant | None = None,
) -> DebtWriteOff:
    """Let `amount` of the affiliate's debt go; with `merchant` its wallet bears the loss.

    Up to WRITE_OFF_LIMIT_MINOR an affiliate and month it is done at once, above that another
    person decides. Raises NotAllowed for whoever belongs to the affiliate, Invalid, WrongState
    (one waits already), InsufficientFunds (more than is owed, or than the merchant's wallet has).
    """
    outside_affiliate(actor, affiliate.pk)
    if amount.minor <= 0:
        raise Invalid(_("Enter an amount above zero."), field="amount")
    if not reason.strip():
        raise Invalid(_("Say why: it stays on record."), field="reason")
    try:
        with transaction.atomic():
            made = DebtWriteOff.objects.create(
                affiliate=affiliate,
                merchant=merchant,
                amount_minor=amount.minor,
                currency=amount.currency,
                reason=reason.strip()[:300],
                requested_by=actor,
            )
    except IntegrityError as exc:
        raise WrongState(_("A write-off for this affiliate waits already.")) from exc
    if -ledger.balance(chart.debt(affiliate.pk), amount.currency) < amount:
        raise InsufficientFunds(_("That is more than is owed."), field="amount")
    audit.record("write_off.requested", made, actor=actor, amount_minor=amount.minor)
    if _let_go_alone(made) + amount <= limit("WRITE_OFF_LIMIT_MINOR", amount.currency):
        _write_off(made, actor=actor, decided_by=None)
    return made


def _let_go_alone(asked: DebtWriteOff) -> Money:
    """What single persons have written off for the affiliate this month: many small ones count as
    one. The row that waits keeps others of the affiliate out meanwhile."""
    alone = DebtWriteOff.objects.filter(
        affiliate=asked.affiliate_id,
        currency=asked.currency,
        state=WriteOffState.DONE,
        requested_by__isnull=False,
        decided_by=None,
        decided_at__gte=clock.day_start(clock.this_month()),
    )
    return Money(alone.aggregate(sum=Sum("amount_minor"))["sum"] or 0, asked.currency)


@transaction.atomic(durable=True)
def write_off_approve(*, actor: User, write_off: DebtWriteOff) -> None:
    """REQUESTED → DONE: the debt is smaller by that. Never by whoever asked for it.

    Raises InsufficientFunds when less is owed by now, or the merchant's wallet does not reach.
    """
    _second(actor, write_off)
    _write_off(write_off, actor=actor, decided_by=actor)


@transaction.atomic(durable=True)
def write_off_refuse(*, actor: User, write_off: DebtWriteOff) -> None:
    """REQUESTED → REFUSED: the debt stays."""
    _second(actor, write_off)
    _decide(write_off, WriteOffState.REFUSED, actor)
    audit.record("write_off.refused", write_off, actor=actor)


@transaction.atomic(durable=True)
def write_off_dust(*, affiliate_pk: int, amount: Money) -> DebtWriteOff | None:
    """A small old debt, written off by the system; None if it is another one by now."""
    debt = (chart.debt(affiliate_pk), amount.currency)
    if ledger.lock({debt})[debt] != -amount.minor:
        return None
    waits = DebtWriteOff.objects.filter(
        affiliate=affiliate_pk, currency=amount.currency, state=WriteOffState.REQUESTED
    )
    if waits.exists():
        return None
    made = DebtWriteOff.objects.create(
        affiliate_id=affiliate_pk,
        amount_minor=amount.minor,
        currency=amount.currency,
        reason=gettext("Too small to be collected."),
    )
    _write_off(made, actor=None, decided_by=None)
    return made


def _write_off(write_off: DebtWriteOff, *, actor: User | None, decided_by: User | None) -> None:
    _decide(write_off, WriteOffState.DONE, decided_by)
    bearer = chart.wallet(write_off.merchant_id) if write_off.merchant_id else chart.WRITE_OFF
    try:
        ledger.post(
            key=f"debt:{write_off.pk}:written_off",
            moves=[Move(write_off.amount, debit=bearer, credit=chart.debt(write_off.affiliate_id))],
            actor=actor,
        )
    except InsufficientFunds as exc:
        raise InsufficientFunds(
            _("Less is owed by now, or the merchant's wallet does not reach.")
        ) from exc
    audit.record("write_off.done", write_off, actor=actor, amount_minor=write_off.amount_minor)


def _decide(write_off: DebtWriteOff, state: WriteOffState, decided_by: User | None) -> None:
    requested = DebtWriteOff.objects.filter(pk=write_off.pk, state=WriteOffState.REQUESTED)
    if not requested.update(state=state, decided_by=decided_by, decided_at=clock.now()):
        raise WrongState
    write_off.state = state


def _second(actor: User, write_off: DebtWriteOff) -> None:
    if write_off.requested_by_id == actor.pk:
        raise NotAllowed(_("Somebody else must decide about what you asked for."))
    outside_affiliate(actor, write_off.affiliate_id)
