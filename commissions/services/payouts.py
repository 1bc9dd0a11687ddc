"""Withdrawals: requested → ready → sending → paid | failed. Money leaves at most once.

What a rail says on the way is in `transfers`, money that comes back later in `returns`.
"""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, AffiliateState
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.limits import limit
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import chart, debts, ledger, notices, payees, queries, rails, tax
from commissions.happenings import payout_happened
from commissions.ledger import InsufficientFunds, Move
from commissions.models import PayeeAccount, Payout, PayoutState
from commissions.services.outsiders import outside_affiliate

OPEN = (PayoutState.REQUESTED, PayoutState.READY, PayoutState.SENDING)


@transaction.atomic
def payee_set(
    *,
    actor: User,
    affiliate: Affiliate,
    holder: str,
    number: str,
    institution: str = "",
    bank_code: str = "",
    rail: str = "manual",
) -> PayeeAccount:
    """Where the affiliate wants its money from now on. Payouts under way keep their account.

    Everybody who could have done it is told by e-mail, and withdrawals to it wait for a while.
    Raises Invalid, with the field, for what cannot be an account of that rail.
    """
    if rail not in rails.OFFERS or not rails.OFFERS[rail].ready():
        raise Invalid(_("Choose one of the ways that are offered."), field="rail")
    account = payees.cleaned(
        rail=rail, holder=holder, institution=institution, number=number, bank_code=bank_code
    )
    payee = PayeeAccount.objects.create(affiliate=affiliate, **account)
    audit.record(
        "payee.set", payee, actor=actor, affiliate=affiliate.pk, rail=rail, number=payee.masked
    )
    notices.payee_changed(payee)
    return payee


@transaction.atomic(durable=True)
def payout_request(
    *, actor: User, affiliate: Affiliate, amount: Money, invoice_number: str = ""
) -> Payout:
    """Take `amount` out of what is payable, keep the tax back, and queue the rest for release.

    A small one is READY at once, see `_release_small`. Raises Invalid (below the minimum, no payee
    account, nothing left after tax), WrongState (affiliate not active, one under way already,
    settlement day), InsufficientFunds (more than payable, or a debt is open).
    """
    locked = lock_affiliate(affiliate.pk)
    if locked.state != AffiliateState.ACTIVE:
        raise WrongState(_("Withdrawals are closed while your account is not active."))
    minimum = queries.withdrawal_minimum(amount.currency)
    if amount < minimum:
        raise Invalid(
            _("The smallest withdrawal is %(amount)s.") % {"amount": minimum.localized()},
            field="amount",
        )
    payout = _queue(locked, amount, actor=actor, invoice_number=invoice_number.strip()[:64])
    _release_small(payout)
    return payout


@transaction.atomic(durable=True)
def payout_close_out(*, actor: User, affiliate: Affiliate, currency: str) -> Payout:
    """All that a closed affiliate has left, to its last payee account; another person releases it.

    Raises NotAllowed for whoever belongs to the affiliate, WrongState while it is not closed, and
    as `payout_request` does.
    """
    locked = lock_affiliate(affiliate.pk)
    outside_affiliate(actor, locked.pk)
    if locked.state != AffiliateState.CLOSED:
        raise WrongState(_("Only what a closed affiliate has left is paid out by the alliance."))
    left = ledger.balance(chart.payable(locked.pk), currency)
    if not left:
        raise WrongState(_("Nothing is left to pay out."))
    return _queue(locked, left, actor=actor, closing=True)


def _queue(
    affiliate: Affiliate,
    amount: Money,
    *,
    actor: User,
    closing: bool = False,
    invoice_number: str = "",
) -> Payout:
    """The payout and its entry; the affiliate is locked."""
    payee = _may_begin(affiliate, amount.currency)
    quote = queries.withdrawal_quote(affiliate, payee, amount)
    if not Money(0, amount.currency) < quote.net:
        raise Invalid(_("After tax nothing would be left to send."), field="amount")
    payout = Payout.objects.create(
        affiliate=affiliate,
        payee=payee,
        rail=payee.rail,
        amount_minor=amount.minor,
        tax_minor=quote.tax.minor,
        currency=amount.currency,
        month=quote.month,
        tax_rule=quote.rule,
        held_until=quote.held_until,
        invoice_number=invoice_number if quote.needs_invoice else "",
        closing=closing,
        requested_by=actor,
    )
    try:
        ledger.post(
            key=f"payout:{payout.pk}:requested",
            moves=[
                Move(amount, debit=chart.payable(affiliate.pk), credit=account)
                for amount, account in (
                    (quote.net, chart.IN_FLIGHT),
                    (quote.tax, chart.TAX_WITHHELD),
                )
                if amount
            ],
            actor=actor,
        )
    except InsufficientFunds as exc:
        raise InsufficientFunds(
            _("That is more than you can withdraw now."), field="amount"
        ) from exc
    audit.record(
        "payout.requested",
        payout,
        actor=actor,
        amount_minor=amount.minor,
        tax_minor=payout.tax_minor,
    )
    payout_happened(payout, "requested")
    return payout


def _may_begin(affiliate: Affiliate, currency: str) -> PayeeAccount:
    """The account that the money goes to; a refusal if nothing can be withdrawn now at all."""
    # docs/domain.md §4.4: the settlement day itself is for reconciliation.
    if clock.business_day().day == settings.ALLIANCE["SETTLEMENT_DAY"]:
        raise WrongState(
            _("Today is settlement day, the books are being reconciled. Come back tomorrow.")
        )
    payee = queries.payee_of(affiliate)
    if payee is None:
        raise Invalid(_("Tell us first where to send the money."))
    if not rails.OFFERS[payee.rail].carries(currency):
        raise Invalid(_("Your account cannot be sent this currency. Name another one."))
    if affiliate.payouts.filter(currency=currency, state__in=OPEN).exists():
        raise WrongState(_("Another withdrawal is still under way."))
    if ledger.balance(chart.debt(affiliate.pk), currency):
        raise InsufficientFunds(_("A debt from refunds is open; it is repaid first."))
    return payee


@transaction.atomic(durable=True)
def payout_invoice_note(*, actor: User, payout: Payout, number: str) -> None:
    """The number of the invoice that a company sent for a withdrawal. Needed for its release."""
    if not number.strip():
        raise Invalid(_("Enter the number of the invoice."), field="number")
    requested = Payout.objects.filter(
        pk=payout.pk, state=PayoutState.REQUESTED, tax_rule=tax.COMPANY
    )
    if not requested.update(invoice_number=number.strip()[:64], updated_at=clock.now()):
        raise WrongState
    audit.record("payout.invoice_noted", payout, actor=actor, number=number.strip()[:64])


@transaction.atomic(durable=True)
def payout_release(*, actor: User, payout: Payout) -> None:
    """REQUESTED → READY. Whoever asked for the money may not release it.

    Raises WrongState while the affiliate is not active (a freeze holds its money; of a closed one
    only its last money leaves), while the payee account is new, or without a company's invoice.
    """
    if payout.requested_by_id == actor.pk:
        raise NotAllowed(_("Somebody else must release a payout that you requested."))
    outside_affiliate(actor, payout.affiliate_id)
    affiliate = lock_affiliate(payout.affiliate_id)
    fresh = Payout.objects.get(pk=payout.pk)
    if affiliate.state != (AffiliateState.CLOSED if fresh.closing else AffiliateState.ACTIVE):
        raise WrongState(_("This affiliate is not active; its money is held."))
    if fresh.held_until and clock.now() < fresh.held_until:
        raise WrongState(_("The payee account is new; withdrawals to it are held for a while."))
    if _lacks_invoice(fresh):
        raise WrongState(_("Note the number of the company's invoice first."))
    _ready(payout, released_by=actor)
    audit.record("payout.released", payout, actor=actor)


def _lacks_invoice(payout: Payout) -> bool:
    return payout.tax_rule == tax.COMPANY and not payout.invoice_number


def _ready(payout: Payout, **by: object) -> None:
    requested = Payout.objects.filter(pk=payout.pk, state=PayoutState.REQUESTED)
    if not requested.update(state=PayoutState.READY, released_at=clock.now(), **by):
        raise WrongState


@transaction.atomic(durable=True)
def payout_auto_release(*, payout_pk: int) -> bool:
    """REQUESTED → READY by the system, if the hold is over and the sum is small. False: not."""
    payout = Payout.objects.get(pk=payout_pk)
    locked = lock_affiliate(payout.affiliate_id)
    payout.refresh_from_db()
    if payout.state != PayoutState.REQUESTED or locked.state != AffiliateState.ACTIVE:
        return False
    return _release_small(payout)


def _release_small(payout: Payout) -> bool:
    """Release what needs no person; the affiliate is locked and active.

    That is: up to RELEASE_LIMIT_MINOR an affiliate and day, held no longer, nothing odd, and asked
    for by the affiliate itself.
    """
    most = limit("RELEASE_LIMIT_MINOR", payout.currency)
    held = payout.held_until is not None and clock.now() < payout.held_until
    if held or payout.closing or _lacks_invoice(payout):
        return False
    if most < queries.auto_released_today(payout) + payout.amount:
        return False
    looked_at = queries.payouts_looked_at(Payout.objects.filter(pk=payout.pk)).get()
    if {"shared", "huge"} & set(queries.oddities(looked_at)):
        return False
    _ready(payout, auto_released=True)
    payout.state = PayoutState.READY
    audit.record("payout.released", payout, limit_minor=most.minor)
    return True


@transaction.atomic(durable=True)
def payout_claim(*, payout_pk: int) -> Payout | None:
    """READY → SENDING for exactly one caller; None for all others.

    What was released before its affiliate was frozen waits, like everything else of it; so does
    what its rail cannot send by itself.
    """
    stopped = Affiliate.objects.exclude(state=AffiliateState.ACTIVE).values("pk")
    ready = Payout.objects.filter(pk=payout_pk, state=PayoutState.READY).exclude(
        affiliate__in=stopped, closing=False
    )
    ready = ready.exclude(rail__in=rails.held_back())
    if not ready.update(state=PayoutState.SENDING, updated_at=clock.now()):
        return None
    payout = Payout.objects.select_related("payee", "affiliate").get(pk=payout_pk)
    audit.record("payout.sending", payout, rail=payout.rail)
    return payout


@transaction.atomic(durable=True)
def payout_mark_paid(*, payout: Payout, rail_ref: str, actor: User | None = None) -> None:
    """SENDING → PAID, and the money in flight becomes money gone; the tax stays withheld.

    `actor` is set when a person confirms a manual transfer: never the one who released it.
    """
    if actor:
        may_say(actor, payout)
    rail_ref = _words(rail_ref, 64)
    if not rail_ref:
        raise Invalid(_("Enter the reference of the transfer."), field="rail_ref")
    _finish(payout, PayoutState.PAID, rail_ref=rail_ref, confirmed_by=actor)
    ledger.post(
        key=f"payout:{payout.pk}:paid",
        moves=[Move(payout.net, debit=chart.IN_FLIGHT, credit=chart.CASH)],
        actor=actor,
    )
    audit.record("payout.paid", payout, actor=actor, rail_ref=rail_ref)
    notices.payout_tell(payout, "paid")
    payout_happened(payout, "paid")


@transaction.atomic(durable=True)
def payout_fail(*, payout: Payout, reason: str, actor: User | None = None) -> None:
    """A definite no: SENDING (the rail's), REQUESTED or READY (ours) → FAILED; the money goes back,
    and the tax with it.

    Only from the state in which `payout` was looked at, WrongState otherwise: what has begun to be
    sent meanwhile is not called off. And like the opposite it is for others to say than who
    released it or gets it: a transfer that was made and called failed would be paid twice.
    """
    if actor:
        may_say(actor, payout)
    reason = _words(reason, 300)
    if not reason:
        raise Invalid(_("Say why, the affiliate will read it."), field="reason")
    lock_affiliate(payout.affiliate_id)
    _finish(
        payout,
        PayoutState.FAILED,
        source=payout.state if payout.state in OPEN else PayoutState.SENDING,
        reason=reason,
        confirmed_by=actor,
    )
    give_back(payout, fact="failed", source=chart.IN_FLIGHT, actor=actor)
    audit.record("payout.failed", payout, actor=actor, reason=reason)
    notices.payout_tell(payout, "failed", reason)
    payout_happened(payout, "failed", reason)


def give_back(payout: Payout, *, fact: str, source: str, actor: User | None) -> None:
    """Book that a payout came to nothing: its net out of `source` and its tax are payable again.

    The affiliate is locked and the payout in its last state. The tax is the difference that the
    month's other payouts leave, so a later one may give back more than was kept back of it.
    """
    others, withheld = queries.taxed_in(
        payout.affiliate_id, payout.month, payout.tax_rule, payout.currency
    )
    tax_back = tax.back(payout.tax_rule, left=others, withheld=withheld)
    Payout.objects.filter(pk=payout.pk).update(tax_back_minor=tax_back.minor)
    payable = chart.payable(payout.affiliate_id)
    moves = [Move(payout.net, debit=source, credit=payable)]
    if tax_back:
        moves.append(Move(tax_back, debit=chart.TAX_WITHHELD, credit=payable))
    accounts = {(code, payout.currency) for code in debts.accounts_of([payout.affiliate_id])}
    ledger.post(
        key=f"payout:{payout.pk}:{fact}",
        moves=debts.through_debt(moves, ledger.lock(accounts)),
        actor=actor,
    )


def lock_affiliate(pk: int) -> Affiliate:
    """First of all locks: whatever decides about an affiliate's withdrawals comes one by one.

    no_key: a new commission of the affiliate must not wait for us, who wait for its balances.
    """
    return Affiliate.objects.select_for_update(no_key=True).get(pk=pk)


def may_say(actor: User, payout: Payout) -> None:
    """Raises NotAllowed for whoever may not say how the transfer ended."""
    _second(actor, payout)
    outside_affiliate(actor, payout.affiliate_id)


def _second(actor: User, payout: Payout) -> None:
    """Says how a transfer ended: not who released it, nor who asked for what the system did."""
    if actor.pk == payout.released_by_id:
        raise NotAllowed(_("Somebody else must confirm a payout that you released."))
    if payout.auto_released and actor.pk == payout.requested_by_id:
        raise NotAllowed(_("Somebody else must confirm a payout that you requested."))


def _words(text: str, most: int) -> str:
    """What a person or a rail said, as it can be kept."""
    return text.replace("\x00", "").strip()[:most].strip()


def _finish(
    payout: Payout,
    state: PayoutState,
    *,
    source: str = PayoutState.SENDING,
    **changes: object,
) -> None:
    if not Payout.objects.filter(pk=payout.pk, state=source).update(
        state=state, finished_at=clock.now(), **changes
    ):
        raise WrongState
