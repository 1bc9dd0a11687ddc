"""Withdrawals: requested → ready → sending → paid | failed. Money leaves at most once."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, AffiliateMember, AffiliateState
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import chart, debts, ledger
from commissions.ledger import InsufficientFunds, Move
from commissions.models import PayeeAccount, Payout, PayoutState

OPEN = (PayoutState.REQUESTED, PayoutState.READY, PayoutState.SENDING)


@transaction.atomic
def payee_set(
    *, actor: User, affiliate: Affiliate, holder: str, institution: str, number: str
) -> PayeeAccount:
    """Where the affiliate wants its money from now on. Payouts under way keep their account."""
    number = "".join(number.split())
    if not (holder.strip() and institution.strip() and len(number) >= 4):
        raise Invalid(_("Holder, bank or wallet, and account number are all needed."))
    payee = PayeeAccount.objects.create(
        affiliate=affiliate,
        holder=holder.strip(),
        institution=institution.strip(),
        number=number,
    )
    audit.record("payee.set", payee, actor=actor, affiliate=affiliate.pk, number=payee.masked)
    return payee


@transaction.atomic(durable=True)
def payout_request(*, actor: User, affiliate: Affiliate, amount: Money) -> Payout:
    """Take `amount` out of what is payable and queue it for release.

    Raises Invalid (below the minimum, no payee account), WrongState (affiliate not active, one
    under way already, settlement day), InsufficientFunds (more than payable, or a debt is open).
    """
    # no_key: a new commission of the affiliate must not wait for us, who wait for its balances.
    locked = Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)
    if locked.state != AffiliateState.ACTIVE:
        raise WrongState(_("Withdrawals are closed while your account is not active."))
    # docs/domain.md §4.4: the settlement day itself is for reconciliation.
    if clock.business_day().day == settings.ALLIANCE["SETTLEMENT_DAY"]:
        raise WrongState(
            _("Today is settlement day, the books are being reconciled. Come back tomorrow.")
        )
    minimum = Money(settings.ALLIANCE["WITHDRAWAL_MIN_MINOR"], amount.currency)
    if amount < minimum:
        raise Invalid(
            _("The smallest withdrawal is %(amount)s.") % {"amount": minimum.localized()},
            field="amount",
        )
    payee = affiliate.payee_accounts.order_by("-pk").first()
    if payee is None:
        raise Invalid(_("Tell us first where to send the money."))
    if affiliate.payouts.filter(currency=amount.currency, state__in=OPEN).exists():
        raise WrongState(_("Another withdrawal is still under way."))
    if ledger.balance(chart.debt(affiliate.pk), amount.currency):
        raise InsufficientFunds(_("A debt from refunds is open; it is repaid first."))
    payout = Payout.objects.create(
        affiliate=affiliate,
        payee=payee,
        amount_minor=amount.minor,
        currency=amount.currency,
        requested_by=actor,
    )
    try:
        ledger.post(
            key=f"payout:{payout.pk}:requested",
            moves=[Move(amount, debit=chart.payable(affiliate.pk), credit=chart.IN_FLIGHT)],
            actor=actor,
        )
    except InsufficientFunds as exc:
        raise InsufficientFunds(
            _("That is more than you can withdraw now."), field="amount"
        ) from exc
    audit.record("payout.requested", payout, actor=actor, amount_minor=amount.minor)
    return payout


@transaction.atomic(durable=True)
def payout_release(*, actor: User, payout: Payout) -> None:
    """REQUESTED → READY. Whoever asked for the money may not release it.

    Raises WrongState while the affiliate is not active: a freeze holds its money.
    """
    if payout.requested_by_id == actor.pk:
        raise NotAllowed(_("Somebody else must release a payout that you requested."))
    _outsider(actor, payout)
    affiliate = Affiliate.objects.select_for_update(no_key=True).get(pk=payout.affiliate_id)
    if affiliate.state != AffiliateState.ACTIVE:
        raise WrongState(_("This affiliate is not active; its money is held."))
    requested = Payout.objects.filter(pk=payout.pk, state=PayoutState.REQUESTED)
    if not requested.update(state=PayoutState.READY, released_by=actor, released_at=clock.now()):
        raise WrongState
    audit.record("payout.released", payout, actor=actor)


@transaction.atomic(durable=True)
def payout_claim(*, payout_pk: int) -> Payout | None:
    """READY → SENDING for exactly one caller; None for all others.

    What was released before its affiliate was frozen waits, like everything else of it.
    """
    active = Affiliate.objects.filter(state=AffiliateState.ACTIVE).values("pk")
    ready = Payout.objects.filter(pk=payout_pk, state=PayoutState.READY, affiliate__in=active)
    if not ready.update(state=PayoutState.SENDING, updated_at=clock.now()):
        return None
    payout = Payout.objects.select_related("payee", "affiliate").get(pk=payout_pk)
    audit.record("payout.sending", payout, rail=payout.rail)
    return payout


@transaction.atomic(durable=True)
def payout_mark_paid(*, payout: Payout, rail_ref: str, actor: User | None = None) -> None:
    """SENDING → PAID, and the money in flight becomes money gone.

    `actor` is set when a person confirms a manual transfer: never the one who released it.
    """
    if actor and actor.pk == payout.released_by_id:
        raise NotAllowed(_("Somebody else must confirm a payout that you released."))
    if actor:
        _outsider(actor, payout)
    if not rail_ref.strip():
        raise Invalid(_("Enter the reference of the transfer."), field="rail_ref")
    _finish(payout, PayoutState.PAID, rail_ref=rail_ref.strip(), confirmed_by=actor)
    ledger.post(
        key=f"payout:{payout.pk}:paid",
        moves=[Move(payout.amount, debit=chart.IN_FLIGHT, credit=chart.CASH)],
        actor=actor,
    )
    audit.record("payout.paid", payout, actor=actor, rail_ref=rail_ref.strip())


@transaction.atomic(durable=True)
def payout_fail(*, payout: Payout, reason: str, actor: User | None = None) -> None:
    """A definite no: SENDING (the rail's), REQUESTED or READY (ours) → FAILED; the money goes back.

    Only from the state in which `payout` was looked at, WrongState otherwise: what has begun to be
    sent meanwhile is not called off. And like the opposite it is for others to say than who
    released it: a transfer that was made and called failed would be paid twice.
    """
    if actor and actor.pk == payout.released_by_id:
        raise NotAllowed(_("Somebody else must confirm a payout that you released."))
    if not reason.strip():
        raise Invalid(_("Say why, the affiliate will read it."), field="reason")
    _finish(
        payout,
        PayoutState.FAILED,
        source=payout.state if payout.state in OPEN else PayoutState.SENDING,
        reason=reason.strip()[:300],
        confirmed_by=actor,
    )
    accounts = {(code, payout.currency) for code in debts.accounts_of([payout.affiliate_id])}
    ledger.post(
        key=f"payout:{payout.pk}:failed",
        moves=debts.through_debt(
            [
                Move(
                    payout.amount,
                    debit=chart.IN_FLIGHT,
                    credit=chart.payable(payout.affiliate_id),
                )
            ],
            ledger.lock(accounts),
        ),
        actor=actor,
    )
    audit.record("payout.failed", payout, actor=actor, reason=reason.strip())


def _outsider(actor: User, payout: Payout) -> None:
    """Staff who promote themselves do not decide about their own money, whoever asked for it."""
    if AffiliateMember.objects.filter(affiliate=payout.affiliate_id, user=actor).exists():
        raise NotAllowed(_("You belong to this affiliate: somebody else must decide."))


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
