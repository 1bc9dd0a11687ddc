"""Refunds as their affiliates see them: where the arithmetic of `commissions.refunds` starts."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef, QuerySet

from affiliates.models import Affiliate
from alliance.kernel.models import User
from commissions.models import Commission, DebtWriteOff, WriteOffState
from commissions.models.commission import CommissionQuerySet
from merchants.models import Refund, RefundState


def refunds_of(user: User, affiliate: Affiliate) -> QuerySet[Refund]:
    """The refunds of order lines in which the user's affiliate has a part, the newest first."""
    mine = Commission.objects.filter(
        line=OuterRef("line"), affiliate=affiliate, affiliate__members__user=user
    )
    return Refund.objects.filter(Exists(mine)).order_by("-refunded_at", "-pk")


def refunds_of_line(line_pk: int) -> list[Refund]:
    """Of a line that the caller may see: all of them, whatever became of them."""
    return list(Refund.objects.filter(line=line_pk).order_by("refunded_at", "pk"))


def refunds_of_lines(lines: Iterable[int], state: RefundState) -> QuerySet[Refund]:
    """In the order in which they were taken off their lines."""
    rows = Refund.objects.filter(line__in=list(lines), state=state)
    return rows.order_by("applied_at", "pk")


def commissions_of_lines(lines: Iterable[int], affiliate: Affiliate) -> CommissionQuerySet:
    rows = Commission.objects.standing().filter(line__in=list(lines), affiliate=affiliate)
    return rows.select_related("line__order__shop", "line__product", "merchant").order_by("pk")


def refunds_after_settlement(affiliate: Affiliate, currency: str) -> list[Refund]:
    """The newest first; each with the affiliate's settled commissions as `settled_payees`."""
    settled = Commission.objects.standing().settled()
    payees: dict[int, list[Commission]] = defaultdict(list)
    late = Refund.objects.filter(state=RefundState.APPLIED, line=OuterRef("line"))
    rows = settled.filter(affiliate=affiliate, currency=currency).filter(
        Exists(late.filter(applied_at__gte=OuterRef("confirmed_at")))
    )
    for payee in rows.select_related("line__order"):
        payees[payee.line_id].append(payee)
    refunds = Refund.objects.filter(line__in=payees, state=RefundState.APPLIED)
    found = []
    for refund in refunds.select_related("line__order").order_by("-applied_at", "-pk"):
        after = [
            payee
            for payee in payees[refund.line_id or 0]
            if refund.applied_at and payee.settled_at and refund.applied_at >= payee.settled_at
        ]
        if after:
            refund.settled_payees = after  # type: ignore[attr-defined]
            found.append(refund)
    return found


def write_offs_borne(affiliate: Affiliate, currency: str) -> QuerySet[DebtWriteOff]:
    """What merchants bear of the affiliate's debts, or were asked to bear; the oldest first."""
    rows = DebtWriteOff.objects.filter(
        affiliate=affiliate, currency=currency, merchant__isnull=False
    )
    return rows.exclude(state=WriteOffState.REFUSED).order_by(F("created_at"), "pk")
