"""Rate locks: until a day a plan pays no less than it does now (docs/domain.md §2.1).

A lock pins: where it is for one product, the product gets terms of its own at the rate that it has,
so that nothing which is announced for its category or the shop reaches it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from merchants.models import RateLock


class Locks(NamedTuple):
    """The locks of some plans: (plan, product or None for any, from, until)."""

    rows: list[tuple[int, int | None, datetime, datetime]]

    def after(
        self, plan_id: int, product_id: int | None, moment: datetime, *, any_product: bool = False
    ) -> datetime:
        """The first moment from this one on at which the plan is not locked as a whole, nor for the
        product; with `any_product`, for none of them."""
        for plan, product, begins, ends in sorted(self.rows, key=lambda row: row[2]):
            concerned = plan == plan_id and (any_product or product in (None, product_id))
            if concerned and begins <= moment < ends:
                moment = ends
        return moment

    def promised(self, product_id: int | None, now: datetime) -> datetime | None:
        """Until when the product (None: any) is locked in one of the plans; None if it is not."""
        ends = [
            ends
            for _plan, product, _begins, ends in self.rows
            if ends > now and (product_id is None or product in (None, product_id))
        ]
        return max(ends, default=None)


def locks_of(plan_ids: Iterable[int]) -> Locks:
    rows = RateLock.objects.filter(plan__in=plan_ids)
    return Locks(list(rows.values_list("plan", "product", "starts_at", "ends_at")))
