"""Which terms of attribution were in force when (docs/domain.md §3.3)."""

from collections.abc import Iterable
from datetime import datetime

from affiliates.models import FIRST_POLICY, AttributionPolicy
from alliance.kernel import clock


def policies_at(moments: Iterable[datetime]) -> dict[datetime, AttributionPolicy]:
    """By moment. One statement: there are few policies."""
    newest_first = list(AttributionPolicy.objects.order_by("-starts_at", "-pk"))
    return {
        moment: next((one for one in newest_first if one.starts_at <= moment), FIRST_POLICY)
        for moment in set(moments)
    }


def policy_now() -> AttributionPolicy:
    """What counts for an order that is placed now."""
    moment = clock.now()
    return policies_at([moment])[moment]
