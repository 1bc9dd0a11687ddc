"""What a rail says of a payout between sending and its end. Nothing here decides about money."""

import logging

from django.db import transaction

from alliance.kernel import audit, clock
from commissions import rails
from commissions.models import Payout, PayoutState, Transfer

logger = logging.getLogger(__name__)


def name_of(payout: Payout) -> str:
    """By what the rail is asked about it: its own number, if it gave one, or our key."""
    given = Transfer.objects.filter(payout=payout).values_list("handle", flat=True).first()
    return given or rails.key_of(payout.pk)


@transaction.atomic
def transfer_unclear(*, payout: Payout, said: rails.Unclear) -> None:
    """Keep the rail's own number, and that it answered at all."""
    logger.info("payout %s: %s", payout.pk, said)
    if said.handle:
        Transfer.objects.update_or_create(payout=payout, defaults={"handle": said.handle[:64]})


@transaction.atomic
def payout_not_sent(*, payout: Payout, reason: str) -> None:
    """SENDING → READY: the rail was never reached, so that it may be sent later."""
    sending = Payout.objects.filter(pk=payout.pk, state=PayoutState.SENDING)
    if sending.update(state=PayoutState.READY, updated_at=clock.now()):
        audit.record("payout.not_sent", payout, reason=reason[:300])


@transaction.atomic
def transfer_missing(*, payout: Payout) -> bool:
    """The rail knows no such transfer. True once that is proof that it never will.

    One look-up proves nothing: the transfer may be on its way through the rail still. It takes
    SETTLE since it was sent, and two look-ups, an hour or more apart, that agree.
    """
    now = clock.now()
    transfer, _made = Transfer.objects.get_or_create(payout=payout)
    if transfer.missing_since is None:
        transfer.missing_since = now
        transfer.save(update_fields=["missing_since"])
    settled = now - payout.updated_at >= rails.SETTLE
    return settled and now - transfer.missing_since >= rails.APART
