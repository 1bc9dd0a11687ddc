"""Incoming transfers, as the desk looks at them."""

from django.db.models import QuerySet

from commissions.models import BankCredit, BankStatement, TopUp, TopUpState

ALIKE = 3


def credits_of(statement: BankStatement) -> QuerySet[BankCredit]:
    """The transfers that this statement was the first to show, as they stand in it."""
    return (
        BankCredit.objects.filter(statement=statement)
        .select_related("top_up__merchant", "named__merchant")
        .order_by("pk")
    )


def top_ups_like(credit: BankCredit) -> list[TopUp]:
    """Received by hand with the same amount and without a transfer yet: it may be one of them."""
    alike = TopUp.objects.filter(
        amount_minor=credit.amount_minor,
        currency=credit.currency,
        state=TopUpState.RECEIVED,
        credit=None,
    )
    return list(alike.select_related("merchant").order_by("-decided_at")[:ALIKE])
