"""What follows from a merchant's money running low: a warning, then a pause, then it goes on.

`funding_review` looks at the books and brings the merchants' rows in line with them. It may be
called at any time by anybody; a row changes once per crossing, and whoever changes it tells the
team. What was promised to a click stays promised: a pause only stops new offers.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import queries
from commissions.notices import wallet_tell
from commissions.queries import Funding
from merchants.models import Merchant, MerchantState

AT_ONCE = 500


def funding_review(merchant_pks: Iterable[int] | None = None) -> None:
    """Warn, pause, resume, and say how far the money reaches; all trading merchants by default."""
    trading = Merchant.objects.filter(state__in=(MerchantState.ACTIVE, MerchantState.FROZEN))
    if merchant_pks is not None:
        trading = trading.filter(pk__in=merchant_pks)
    merchants = list(trading.order_by("pk"))
    for start in range(0, len(merchants), AT_ONCE):
        some = merchants[start : start + AT_ONCE]
        funding = queries.funding_of([merchant.pk for merchant in some])
        for merchant in some:
            if _due(merchant, funding[merchant.pk]):
                _follow(merchant.pk)


def _due(merchant: Merchant, funding: Funding) -> dict[str, Any]:
    """What has to change in the row: field by field, empty if it is in line with the books."""
    low = funding.dry or funding.spendable_minor < queries.low_below(merchant, funding)
    due: dict[str, Any] = {}
    if merchant.coverage != funding.coverage:
        due["coverage"] = funding.coverage
    if bool(merchant.funding_paused_at) != funding.dry:
        due["funding_paused_at"] = clock.now() if funding.dry else None
    if bool(merchant.low_balance_told_at) != low:
        due["low_balance_told_at"] = clock.now() if low else None
    return due


@transaction.atomic
def _follow(merchant_pk: int) -> None:
    """The row, under its lock and with fresh figures: of two that look at once, one writes."""
    merchant = Merchant.objects.select_for_update(no_key=True).get(pk=merchant_pk)
    funding = queries.funding_of([merchant_pk])[merchant_pk]
    due = _due(merchant, funding)
    if not due:
        return
    Merchant.objects.filter(pk=merchant_pk).update(**due, updated_at=clock.now())
    left = Money(funding.spendable_minor, merchant.currency)
    if "funding_paused_at" in due:
        paused = bool(due["funding_paused_at"])
        verb = "merchant.funding_paused" if paused else "merchant.funding_resumed"
        event = audit.record(verb, merchant, unfunded=funding.unfunded, spendable_minor=left.minor)
        wallet_tell(merchant, "wallet.empty" if paused else "wallet.enough", left, event)
    elif due.get("low_balance_told_at"):
        event = audit.record("merchant.low_balance", merchant, spendable_minor=left.minor)
        wallet_tell(merchant, "wallet.low", left, event)


@transaction.atomic
def low_balance_set(*, actor: User, merchant: Merchant, threshold: Money | None) -> None:
    """From where on the team is warned; None: below what a week like the last one costs.

    Whoever is below the new threshold is warned anew.
    """
    if threshold and (threshold.currency != merchant.currency or threshold.minor < 0):
        raise Invalid(_("Enter an amount of zero or more."), field="threshold")
    after = threshold.minor if threshold else None
    Merchant.objects.filter(pk=merchant.pk).update(
        low_balance_minor=after, low_balance_told_at=None, updated_at=clock.now()
    )
    audit.record(
        "merchant.low_balance_set",
        merchant,
        actor=actor,
        before=merchant.low_balance_minor,
        after=after,
    )
