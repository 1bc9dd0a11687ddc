"""Binding a shop's coupon code to an affiliate, and ending that."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.buyers import claim_code
from affiliates.models import (
    AdZone,
    Affiliate,
    AffiliateState,
    CodeBinding,
    SiteState,
    code_key,
)
from affiliates.notices import code_tell
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from merchants.models import Coupon, Shop
from merchants.queries import may_act_for


@transaction.atomic
def code_bind(
    *, actor: User, coupon: Coupon, affiliate: Affiliate, starts_at: datetime | None = None
) -> CodeBinding:
    """Orders placed from `starts_at` (now) on with the coupon's code are the affiliate's.

    Raises NotAllowed (not the merchant's team), WrongState (the affiliate is not active or has no
    ad zone, the coupon is over), Invalid (in the past, the code is bound, or another that differs
    only in its case; it looks like the code of a claim).
    """
    if not may_act_for(actor, coupon.merchant_id):
        raise NotAllowed(_("Only the merchant's own team binds its codes."))
    now = clock.now()
    starts_at = starts_at or now
    if starts_at < now:
        raise Invalid(_("Orders that were placed stay whose they are."), field="starts_on")
    if claim_code(coupon.code):  # an order that names it would be read as a claim's
        raise Invalid(
            _(
                "This code looks like one of the alliance's own coupons, 16 letters and digits. "
                "Choose a code of another length."
            ),
            field="coupon",
        )
    # All codes of the shop wait here, so that no two are bound at once that mean the same.
    Shop.objects.select_for_update(no_key=True).get(pk=coupon.shop_id)
    coupon = Coupon.objects.select_for_update(no_key=True).get(pk=coupon.pk)
    affiliate = Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)
    if affiliate.state != AffiliateState.ACTIVE:
        raise WrongState(_("%(name)s is not active.") % {"name": affiliate.name})
    if coupon.ends_at <= starts_at:
        raise WrongState(_("This coupon is over."))
    same = CodeBinding.objects.filter(coupon__shop=coupon.shop_id, key=code_key(coupon.code))
    if taken := same.filter(ends_at=None).first():
        raise Invalid(
            _("This code is bound to %(name)s. End that first.") % {"name": taken.affiliate.name},
            field="coupon",
        )
    zones = AdZone.objects.filter(site__affiliate=affiliate).exclude(site__state=SiteState.REJECTED)
    zone = zones.order_by("pk").first()
    if zone is None:
        raise WrongState(_("%(name)s has no ad zone yet.") % {"name": affiliate.name})
    binding = CodeBinding.objects.create(
        coupon=coupon, affiliate=affiliate, zone=zone, starts_at=starts_at, created_by=actor
    )
    audit.record(
        "code_binding.opened", binding, actor=actor, code=coupon.code, affiliate=affiliate.pk
    )
    code_tell(binding, "code.bound")
    return binding


@transaction.atomic
def code_release(*, actor: User, binding: CodeBinding) -> None:
    """Orders placed from now on with the code are nobody's by it; one that has not begun never
    begins. Raises NotAllowed, WrongState if it has ended."""
    if not may_act_for(actor, binding.coupon.merchant_id):
        raise NotAllowed(_("Only the merchant's own team binds its codes."))
    ends_at = max(clock.now(), binding.starts_at)
    if not CodeBinding.objects.filter(pk=binding.pk, ends_at=None).update(ends_at=ends_at):
        raise WrongState
    binding.ends_at = ends_at
    audit.record("code_binding.ended", binding, actor=actor, code=binding.coupon.code)
    code_tell(binding, "code.ended")
