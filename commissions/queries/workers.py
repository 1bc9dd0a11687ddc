"""What the workers have to do: the rows are the queue."""

from datetime import timedelta

from django.db.models import F, QuerySet

from alliance.kernel import clock
from commissions.models import Balance, Commission, CommissionState, Payout, PayoutState
from merchants.models import ImportKind, ImportRun, ImportState, Order


def orders_waiting(*, after: int, limit: int) -> list[int]:
    """Orders beyond primary key `after` that changed since the pipeline last saw them."""
    waiting = Order.objects.filter(pk__gt=after).exclude(processed_version=F("version"))
    waiting = waiting.order_by("pk")
    return list(waiting.values_list("pk", flat=True)[:limit])


def orders_unfunded(merchant_pk: int) -> list[int]:
    """Orders of a merchant with a commission that waits for money in the wallet, oldest first."""
    unfunded = Commission.objects.filter(merchant=merchant_pk, state=CommissionState.UNFUNDED)
    return list(unfunded.order_by("pk").values_list("line__order_id", flat=True))


def merchants_to_fund() -> list[int]:
    """Merchants with commissions that wait for money, and some money to give them."""
    waiting = (
        Commission.objects.filter(state=CommissionState.UNFUNDED).values("merchant").distinct()
    )
    wallets = Balance.objects.filter(
        account__kind="wallet", balance_minor__gt=F("floor_minor")
    ).values_list("account__owner", flat=True)
    funded = {int(owner.removeprefix("merchant:")) for owner in wallets}
    return sorted(funded & set(waiting.values_list("merchant", flat=True).distinct()))


def imports_stalled() -> list[tuple[int, str]]:
    """Runs (key, kind) that nobody has got on with for ten minutes.

    An order file without counts is not one: its merchant is still thinking about the columns.
    """
    stalled = ImportRun.objects.filter(
        state=ImportState.RUNNING, updated_at__lt=clock.now() - timedelta(minutes=10)
    ).exclude(kind=ImportKind.ORDERS, counts={})
    return list(stalled.order_by("pk").values_list("pk", "kind"))


def payouts_ready() -> list[int]:
    return list(Payout.objects.filter(state=PayoutState.READY).values_list("pk", flat=True))


def payouts_sending() -> QuerySet[Payout]:
    """Sent ten minutes ago or longer: a rail asked about what is being sent now may not know it."""
    sending = Payout.objects.filter(
        state=PayoutState.SENDING, updated_at__lt=clock.now() - timedelta(minutes=10)
    )
    return sending.order_by("pk")
