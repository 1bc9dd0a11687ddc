"""What follows from a merchant's money running low: a warning, then a pause, then it goes on.

`funding_review` looks at the books and brings the merchants' rows in line with them. It may be
called at any time by anybody; a row changes once per crossing, and whoever changes it writes the
mail. What was promised to a click stays promised: a pause only stops new offers.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions import queries
from commissions.queries import Funding
from merchants.models import Merchant, MerchantState
from merchants.notices import Words, team_tell

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
        audit.record(verb, merchant, unfunded=funding.unfunded, spendable_minor=left.minor)
        team_tell(merchant, _paused_words if paused else _resumed_words)
    elif due.get("low_balance_told_at"):
        audit.record("merchant.low_balance", merchant, spendable_minor=left.minor)
        team_tell(merchant, lambda m: _low_words(m, left))


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


# --- Mails ----------------------------------------------------------------------------------------


def _wallet_address() -> str:
    return f"{settings.PUBLIC_URL}/merchant/wallet/"


def _low_words(merchant: Merchant, left: Money) -> Words:
    return (
        gettext("Your wallet is running low: %(left)s left") % {"left": left.localized()},
        gettext(
            "%(merchant)s has %(left)s left for commissions. When it is used up, new commissions "
            "wait and your products are no longer offered to affiliates.\n\nTop up: %(url)s"
        )
        % {"merchant": merchant.name, "left": left.localized(), "url": _wallet_address()},
    )


def _paused_words(merchant: Merchant) -> Words:
    return (
        gettext("Your plans are paused: the wallet of %(merchant)s is empty")
        % {"merchant": merchant.name},
        gettext(
            "The money of %(merchant)s does not cover new commissions. Your products are not "
            "offered to affiliates until it does; orders that come in meanwhile wait.\n\n"
            "Everything goes on by itself after a top-up: %(url)s"
        )
        % {"merchant": merchant.name, "url": _wallet_address()},
    )


def _resumed_words(merchant: Merchant) -> Words:
    return (
        gettext("Your plans are offered again"),
        gettext("The wallet of %(merchant)s covers new commissions again: %(url)s")
        % {"merchant": merchant.name, "url": _wallet_address()},
    )
