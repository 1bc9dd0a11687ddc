"""Money that comes back after it was paid: a new fact, with an entry of its own."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from commissions import chart, notices
from commissions.happenings import payout_happened
from commissions.models import Payout, PayoutState
from commissions.services import payouts


@transaction.atomic(durable=True)
def payout_return(*, payout: Payout, reason: str, actor: User | None = None) -> None:
    """PAID → RETURNED: it goes back to the affiliate with the tax that was kept of it, debts first.

    Raises WrongState unless the payout is paid, Invalid without a reason, NotAllowed for whoever
    released it: money that is said to be back can be asked for again.
    """
    if not reason.strip():
        raise Invalid(_("Say why, the affiliate will read it."), field="reason")
    if actor:
        payouts.may_say(actor, payout)
    payouts.lock_affiliate(payout.affiliate_id)
    paid = Payout.objects.filter(pk=payout.pk, state=PayoutState.PAID)
    if not paid.update(state=PayoutState.RETURNED, reason=reason.strip()[:300]):
        raise WrongState
    payouts.give_back(payout, fact="returned", source=chart.CASH, actor=actor)
    audit.record("payout.returned", payout, actor=actor, reason=reason.strip())
    notices.payout_tell(payout, "returned", reason.strip()[:300])
    payout_happened(payout, "returned", reason.strip()[:300])
