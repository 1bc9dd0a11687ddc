"""What products carry for lists and sorting: `Product.rate_bps`, in line with the terms in force
(docs/domain.md §2.2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from alliance.kernel import clock
from alliance.kernel.bulk import update_many
from merchants.models import Merchant, Plan, Product, Terms
from merchants.plans import Wanted, terms_at

SLICE = 2_000  # products whose rates are looked at together


def rates_refresh(
    *,
    merchant: Merchant | None = None,
    products: Iterable[int] | None = None,
    since: datetime | None = None,
) -> int:
    """Bring `Product.rate_bps` in line with the terms in force now. Returns how many changed.

    Runs after each announcement for what it touches, and by the clock for all; with `since` only
    for merchants of whom something has begun, ended or sold out after that. A slice at a time: in
    the memory of one, and in a transaction of its own where the caller has none.
    """
    rows = _rated()
    if merchant is not None:
        rows = rows.filter(shop__merchant=merchant)
    if products is not None:
        rows = rows.filter(pk__in=list(products))
    if since is not None:
        rows = rows.filter(shop__merchant__in=_turned(since))
    changed, last = 0, 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:SLICE]):
        changed += _refresh(found)
        last = found[-1].pk
        if len(found) < SLICE:
            break
    return changed


def _refresh(rows: Sequence[Product]) -> int:
    """What seems out of line is looked at again when it is ours: whoever had it announced more."""
    stale = [row.pk for row in _out_of_line(rows)]
    if not stale:
        return 0
    with transaction.atomic():
        held = _rated().filter(pk__in=stale).order_by("pk")
        held = held.select_for_update(of=("self",), no_key=True)
        return update_many(_out_of_line(held), ("rate_bps",))


def _rated() -> QuerySet[Product]:
    return Product.objects.only("rate_bps", "category", "shop__merchant").select_related("shop")


def _out_of_line(rows: Iterable[Product]) -> list[Product]:
    """Those that carry another rate than counts now, with that rate."""
    now, moved = clock.now(), []
    asked = {Wanted(row.shop.merchant_id, row.pk, row.category_id, now): row for row in rows}
    for wanted, found in terms_at(asked).items():
        row = asked[wanted]
        if row.rate_bps != found.rate_bps:
            row.rate_bps = found.rate_bps
            moved.append(row)
    return moved


def _turned(since: datetime) -> set[int]:
    """The merchants whose plans or terms began or ended, or whose first pieces moved, since."""
    span = (since, clock.now())
    plans = Plan.objects.filter(
        Q(starts_at__range=span) | Q(ends_at__range=span) | Q(stock__updated_at__gte=since)
    )
    terms = Terms.objects.filter(starts_at__range=span)
    return {
        *plans.values_list("merchant", flat=True),
        *terms.order_by().values_list("plan__merchant", flat=True).distinct(),
    }
