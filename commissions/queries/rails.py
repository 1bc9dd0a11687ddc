"""What waits on the rails for a person: payouts for a bank's file, differences to look at."""

from django.db.models import QuerySet

from affiliates.models import Affiliate, AffiliateState
from commissions.models import Difference, DifferenceState, Payout, PayoutState, RailFile
from commissions.models import RailFileRow as Row


def payouts_for_bank_file() -> QuerySet[Payout]:
    """Released, to be sent by the bank's file, and not held with their affiliate."""
    stopped = Affiliate.objects.exclude(state=AffiliateState.ACTIVE).values("pk")
    ready = Payout.objects.filter(state=PayoutState.READY, rail="bank_file").exclude(
        affiliate__in=stopped, closing=False
    )
    return ready.select_related("payee", "affiliate").order_by("currency", "pk")


def differences_open() -> QuerySet[Difference]:
    return Difference.objects.filter(state=DifferenceState.OPEN)


def rows_of(file: RailFile) -> QuerySet[Row]:
    """A file's rows with the payouts they are about, in its order."""
    return Row.objects.filter(file=file).select_related("payout").order_by("line")
