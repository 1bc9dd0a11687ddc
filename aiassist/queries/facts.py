"""What may be said about a product now, for the check of texts about it."""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q

from affiliates.models import Affiliate, Link
from affiliates.queries import coupons_for_products
from aiassist.copy.check import Facts
from aiassist.copy.known import backing, coupon_facts
from alliance.kernel import clock
from merchants.models import Coupon, Product

CODES = 1_000  # share codes of the affiliate's newest links


def facts_of(product: Product, *, affiliate: Affiliate) -> Facts:
    """The product as it stands this moment, with the affiliate's own links and share codes.

    The coupon is the best that anybody can use now; without one the last that was, so that a text
    about it is known to be too late.
    """
    now = clock.now()
    coupon = coupons_for_products([product]).get(product.pk) or _last(product, now)
    links = Link.objects.filter(affiliate=affiliate).order_by("-pk")
    return Facts(
        title=product.title,
        price=product.price,
        as_of=now,
        coupon=coupon_facts(coupon) if coupon else None,
        attributes=backing(product),
        sold=product.sales_count,
        hosts=frozenset({urlsplit(settings.PUBLIC_URL).netloc}),
        codes=frozenset(links.values_list("code", flat=True)[:CODES]),
    )


def _last(product: Product, now: datetime) -> Coupon | None:
    of_it = Q(product=product) | Q(product=None, shop=product.shop_id)
    over = Coupon.objects.filter(of_it, currency=product.currency, ends_at__lte=now)
    return over.order_by("-ends_at").first()
