"""Coupons that a buyer can use in the shop (docs/domain.md §2.4)."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import Coupon, Product, Shop


@transaction.atomic
def coupon_create(
    *,
    shop: Shop,
    code: str,
    face_minor: int,
    starts_at: datetime,
    ends_at: datetime,
    threshold_minor: int = 0,
    product: Product | None = None,
    actor: User | None,
) -> Coupon:
    """`face_minor` off from `threshold_minor` on, in the merchant's currency; without a product for
    the whole shop. Raises Invalid for amounts or dates that make no sense and for a code in use."""
    code = code.strip()
    if not code or len(code) > 40 or "\x00" in code:
        raise Invalid(_("A coupon needs a code of at most 40 characters."), field="code")
    if product is not None and product.shop_id != shop.pk:
        raise Invalid(_("This is not a product of this shop."), field="product")
    if face_minor <= 0 or threshold_minor < 0:
        raise Invalid(_("A coupon takes off an amount above zero."), field="face_minor")
    if threshold_minor and face_minor >= threshold_minor:
        raise Invalid(_("The discount is less than the amount it starts from."), field="face_minor")
    if product is not None and threshold_minor > product.price_minor:
        raise Invalid(
            _("One piece of the product does not reach this amount."), field="threshold_minor"
        )
    if ends_at <= max(starts_at, clock.now()):
        raise Invalid(_("A coupon ends after it begins, and not in the past."), field="ends_at")
    try:
        with transaction.atomic():
            coupon = Coupon.objects.create(
                merchant_id=shop.merchant_id,
                shop=shop,
                product=product,
                code=code,
                face_minor=face_minor,
                threshold_minor=threshold_minor,
                currency=shop.merchant.currency,
                starts_at=starts_at,
                ends_at=ends_at,
            )
    except IntegrityError:
        raise Invalid(_("This shop has a coupon with this code already."), field="code") from None
    audit.record("coupon.created", coupon, actor=actor, code=code, face_minor=face_minor)
    return coupon


@transaction.atomic
def coupon_end(*, coupon: Coupon, actor: User | None) -> None:
    """The coupon ends now; one that has not begun never begins. WrongState if it is over."""
    now = clock.now()
    coupon = Coupon.objects.select_for_update().get(pk=coupon.pk)
    if coupon.ends_at <= now:
        raise WrongState(_("This coupon is over."))
    coupon.starts_at = min(coupon.starts_at, now - timedelta(microseconds=1))
    coupon.ends_at = now
    coupon.save(update_fields=["starts_at", "ends_at"])
    audit.record("coupon.ended", coupon, actor=actor)
