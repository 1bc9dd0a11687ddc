"""The alliance's terms of attribution."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import (
    STAND_DOWN_MAX_SECONDS,
    WINDOW_MAX_DAYS,
    AttributionPolicy,
    Precedence,
)
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid
from alliance.kernel.models import User


@transaction.atomic
def policy_set(
    *,
    actor: User,
    window_days: int,
    precedence: str,
    stand_down_seconds: int,
    starts_at: datetime | None = None,
) -> AttributionPolicy:
    """What counts for orders placed from `starts_at` (now) on.

    Never for earlier ones: what was promised when an order was placed stays. Raises Invalid.
    """
    now = clock.now()
    starts_at = starts_at or now
    if starts_at < now:
        raise Invalid(_("Orders that were placed keep their terms."), field="starts_on")
    if not 1 <= window_days <= WINDOW_MAX_DAYS:
        raise Invalid(
            _("The window has 1 to %(most)d days.") % {"most": WINDOW_MAX_DAYS},
            field="window_days",
        )
    if not 0 <= stand_down_seconds <= STAND_DOWN_MAX_SECONDS:
        raise Invalid(
            _("The stand-down lasts 0 to %(most)d seconds.") % {"most": STAND_DOWN_MAX_SECONDS},
            field="stand_down_seconds",
        )
    if precedence not in Precedence.values:
        raise Invalid(_("Code first or click first?"), field="precedence")
    policy = AttributionPolicy.objects.create(
        starts_at=starts_at,
        window_days=window_days,
        precedence=precedence,
        stand_down_seconds=stand_down_seconds,
        created_by=actor,
    )
    audit.record(
        "attribution_policy.set",
        policy,
        actor=actor,
        window_days=window_days,
        precedence=precedence,
        stand_down_seconds=stand_down_seconds,
        starts_at=starts_at.isoformat(),
    )
    return policy
