"""What the merchant's templates say beyond the kernel's tags."""

from collections.abc import Iterable
from typing import Any

from django import template

from alliance.kernel.money import Money
from merchants import plans, queries
from merchants.models import Coupon, Merchant, MerchantMember

register = template.Library()

register.filter("explained", plans.explain)


@register.simple_tag
def reason_of_state(merchant: Merchant) -> str:
    """Why operations froze or closed the merchant, in their words."""
    return queries.reason_of_state(merchant)


@register.filter
def threshold(coupon: Coupon) -> Money | None:
    """The amount that a coupon starts from; None if there is no minimum."""
    return Money(coupon.threshold_minor, coupon.currency) if coupon.threshold_minor else None


@register.filter
def others(members: Iterable[MerchantMember], user: Any) -> list[MerchantMember]:
    """The team without this person."""
    return [member for member in members if member.user_id != user.pk]
