"""Coupon codes that are bound to affiliates, as each side may see them."""

from django.db.models import F, QuerySet

from affiliates.models import CodeBinding
from affiliates.queries.members import acting_for
from alliance.kernel import clock
from alliance.kernel.models import User
from merchants.models import Coupon
from merchants.queries import coupons_for, merchant_of

_ENDED_LAST = (F("ends_at").desc(nulls_first=True), "-pk")


def codes_for(user: User) -> QuerySet[CodeBinding]:
    """The codes of the user's affiliate, those that ended last."""
    rows = CodeBinding.objects.filter(affiliate=acting_for(user))
    return rows.select_related("coupon__shop", "coupon__product", "zone").order_by(*_ENDED_LAST)


def codes_bound_for(user: User) -> QuerySet[CodeBinding]:
    """The bindings of the merchant's codes, those that ended last."""
    rows = CodeBinding.objects.filter(coupon__merchant=merchant_of(user))
    return rows.select_related("coupon__shop", "affiliate", "created_by").order_by(*_ENDED_LAST)


def coupons_to_bind(user: User) -> QuerySet[Coupon]:
    """The merchant's coupons that are not over and stand for nobody yet."""
    open_ones = CodeBinding.objects.filter(ends_at=None)
    free = coupons_for(user).filter(ends_at__gt=clock.now())
    return free.exclude(pk__in=open_ones.values("coupon")).order_by("code", "pk")
