"""Files for the bank: made once out of released payouts, kept for ever."""

import hashlib
from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from commissions import queries, rails
from commissions.models import BankFile, BankFileItem, PayeeAccount, Payout, PayoutState
from commissions.rails.bank_file import Party, Transfer, debtor, pain_001

MOST = 2000  # transfers in one file


@transaction.atomic(durable=True)
def bank_file_make(*, actor: User, currency: str, payout_pks: Collection[int]) -> BankFile:
    """READY → SENDING for all of these, and the file that says so to the bank.

    All or nothing: WrongState if one of them has changed meanwhile, or is not to be sent by a bank
    file in this currency. Invalid for none at all, or more than a file takes.
    """
    ours = debtor()
    if ours is None:
        raise WrongState(_("The bank file is not set up."))
    if not 0 < len(payout_pks) <= MOST:
        raise Invalid(_("Choose from 1 to %(count)d payouts.") % {"count": MOST})
    chosen = _claimed(currency, payout_pks)
    made_at = clock.now()
    file = BankFile(
        number=_number(f"{clock.business_day(made_at):%Y%m%d}"),
        currency=currency,
        payouts_count=len(chosen),
        total_minor=sum(payout.net.minor for payout in chosen),
        made_at=made_at,
        made_by=actor,
    )
    file.content = pain_001(
        number=file.number,
        debtor=ours,
        transfers=[_transfer(payout) for payout in chosen],
        moment=made_at.astimezone(clock.ZONE),
        day=clock.business_day(made_at),
    )
    file.sha256 = hashlib.sha256(file.content).hexdigest()
    try:
        with transaction.atomic():
            file.save()
    except IntegrityError as exc:  # somebody else made the file of this number just now
        raise WrongState from exc
    BankFileItem.objects.bulk_create(
        BankFileItem(file=file, payout=payout, amount_minor=payout.net.minor) for payout in chosen
    )
    for payout in chosen:
        audit.record("payout.sending", payout, actor=actor, rail=payout.rail, file=file.number)
    audit.record("bank_file.made", file, actor=actor, payouts=len(chosen), sha256=file.sha256)
    return file


def _claimed(currency: str, payout_pks: Collection[int]) -> list[Payout]:
    """The payouts, now SENDING. A frozen affiliate's money is not among them."""
    ready = queries.payouts_for_bank_file().filter(pk__in=payout_pks, currency=currency)
    if ready.order_by().update(state=PayoutState.SENDING, updated_at=clock.now()) != len(
        set(payout_pks)
    ):
        raise WrongState
    chosen = Payout.objects.filter(pk__in=payout_pks).select_related("payee")
    return list(chosen.order_by("pk"))


def _number(day: str) -> str:
    """The day, and which of its files. Of two people at once one is told to look again."""
    made = BankFile.objects.filter(number__startswith=f"TK-{day}-").count()
    return f"TK-{day}-{made + 1:03d}"


def _transfer(payout: Payout) -> Transfer:
    return Transfer(
        key=rails.key_of(payout.pk),
        amount=payout.net,
        payee=_party(payout.payee),
        words=f"Payout {payout.pk}",
    )


def _party(payee: PayeeAccount) -> Party:
    return Party(payee.holder, payee.number, payee.bank_code, payee.institution)


@transaction.atomic
def bank_file_downloaded(*, actor: User, file: BankFile) -> bytes:
    """The bytes as they were made, and on record who took them: they name accounts in full."""
    audit.record("bank_file.downloaded", file, actor=actor, sha256=file.sha256)
    return bytes(file.content)
