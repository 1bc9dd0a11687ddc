"""What the workers have to do: the rows are the queue."""

from django.db.models import F, QuerySet

from commissions.models import Commission, CommissionState, Payout, PayoutState
from merchants.models import Order


def orders_waiting(*, after: int, limit: int) -> list[int]:
    """Orders beyond primary key `after` that changed since the pipeline last saw them."""
    waiting = Order.objects.filter(pk__gt=after).exclude(processed_version=F("version"))
    waiting = waiting.order_by("pk")
    return list(waiting.values_list("pk", flat=True)[:limit])


def orders_unfunded(merchant_pk: int) -> list[int]:
    """Orders of a merchant with a commission that waits for money in the wallet, oldest first."""
    unfunded = Commission.objects.filter(merchant=merchant_pk, state=CommissionState.UNFUNDED)
    return list(unfunded.order_by("pk").values_list("line__order_id", flat=True))


def payouts_ready() -> list[int]:
    return list(Payout.objects.filter(state=PayoutState.READY).values_list("pk", flat=True))


def payouts_sending() -> QuerySet[Payout]:
    return Payout.objects.filter(state=PayoutState.SENDING).order_by("pk")
