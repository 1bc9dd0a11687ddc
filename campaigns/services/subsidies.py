"""Granting subsidies. Terms are never edited; a subsidy begins, is agreed to, and ends."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from alliance.kernel.money import Money
from campaigns.models import Subsidy
from merchants.models import Merchant
from merchants.queries import may_act_for


@transaction.atomic
def subsidy_open(
    *,
    actor: User,
    name: str,
    rate_bps: int,
    cap: Money,
    merchant: Merchant | None = None,
    share_bps: int = 10_000,
    merchant_bps: int = 0,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Subsidy:
    """An extra of `rate_bps` of an order line, at most `cap`, for orders placed in its time.

    What the merchant funds needs its consent: given at once if the actor belongs to its team, else
    by `subsidy_agree`. Raises Invalid for terms that make no sense or begin in the past.
    """
    now = clock.now()
    starts_at = starts_at or now
    if not name.strip():
        raise Invalid(_("Please give a name."), field="name")
    if starts_at < now:
        raise Invalid(_("A subsidy cannot begin in the past."), field="starts_at")
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid(_("A subsidy ends after it begins."), field="ends_at")
    for field, bps, least in (("rate", rate_bps, 1), ("share", share_bps, 1),
                              ("merchant_part", merchant_bps, 0)):  # fmt: skip
        if not least <= bps <= 10_000:
            raise Invalid(_("A rate lies above zero and at most at 100 %."), field=field)
    if cap.minor <= 0:
        raise Invalid(_("The cap is an amount above zero."), field="cap")
    if merchant is None and merchant_bps:
        raise Invalid(_("Say which merchant funds it."), field="merchant")
    if merchant is not None and merchant.currency != cap.currency:
        raise Invalid(_("The merchant sells in another currency."), field="currency")
    subsidy = Subsidy.objects.create(
        name=name.strip()[:80],
        currency=cap.currency,
        merchant=merchant,
        rate_bps=rate_bps,
        cap_minor=cap.minor,
        share_bps=share_bps,
        merchant_bps=merchant_bps,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
    )
    audit.record(
        "subsidy.opened",
        subsidy,
        actor=actor,
        rate_bps=rate_bps,
        cap_minor=cap.minor,
        merchant_bps=merchant_bps,
    )
    if merchant is not None and merchant_bps and may_act_for(actor, merchant.pk):
        subsidy_agree(actor=actor, subsidy=subsidy)
    return subsidy


@transaction.atomic
def subsidy_agree(*, actor: User, subsidy: Subsidy) -> None:
    """The merchant's team agrees to fund its part, for orders placed from now on.

    Raises NotAllowed for anybody else, WrongState if nothing waits for consent.
    """
    if subsidy.merchant_id is None or not may_act_for(actor, subsidy.merchant_id):
        raise NotAllowed(_("Only the merchant's own team agrees to what the merchant pays."))
    now = clock.now()
    waiting = Subsidy.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now), pk=subsidy.pk, merchant_bps__gt=0, agreed_at=None
    )
    if not waiting.update(agreed_at=now):
        raise WrongState
    subsidy.agreed_at = now
    audit.record("subsidy.agreed", subsidy, actor=actor)


@transaction.atomic
def subsidy_end(*, actor: User, subsidy: Subsidy) -> None:
    """Orders placed from now on have it no more; one that has not begun never begins.

    Raises WrongState if it is over.
    """
    now = clock.now()
    running = Subsidy.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=Greatest(F("starts_at"), now)), pk=subsidy.pk
    )
    ends_at = max(now, subsidy.starts_at)
    if not running.update(ends_at=ends_at):
        raise WrongState
    subsidy.ends_at = ends_at
    audit.record("subsidy.ended", subsidy, actor=actor)
