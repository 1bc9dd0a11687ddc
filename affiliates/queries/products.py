"""Picking products: what can be promoted, at what rate, and what it would earn."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, Lookup, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable

from affiliates.models import Affiliate, CodeBinding
from affiliates.queries.members import share_of
from alliance.kernel import clock
from alliance.kernel.money import Money
from merchants.models import Category, Coupon, MerchantState, Product, ProductState

WORDS = 8  # of a search; more do not narrow it, they only cost
SORTS: dict[str, tuple[str | Combinable, str]] = {
    "sales": ("-sales_count", "-id"),
    "rate": ("-rate_bps", "-id"),
    "earning": (-(F("price_minor") * F("rate_bps")), "-id"),
    "price": ("price_minor", "id"),
    "-price": ("-price_minor", "-id"),
}


class ILike(Lookup[Any]):
    """`title ILIKE '%…%'` as the trigram index knows it; Django's own icontains wraps in UPPER."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} ILIKE {rhs}", (*lhs_params, *rhs_params)


def categories() -> QuerySet[Category]:
    """Public: the alliance's own list."""
    return Category.objects.order_by("slug")


def products_known() -> QuerySet[Product]:
    """Every product, for who may promote it and wants to know why it cannot be promoted now."""
    return Product.objects.select_related("shop__merchant", "category")


def products_offered(
    *,
    words: str = "",
    category: str = "",
    rate_from: int = 0,
    price_from: int | None = None,
    price_to: int | None = None,
    coupon_only: bool = False,
    sort: str = "sales",
) -> QuerySet[Product]:
    """What can be promoted now: on sale, of an active merchant who can pay, with a rate above 0.

    Each word must occur in one of the titles. `category` is a slug, `rate_from` basis points,
    prices minor units, both ends included. `sort`: a key of SORTS; an unknown one is "sales".
    """
    found = products_known().filter(
        state=ProductState.ON_SALE,
        shop__merchant__state=MerchantState.ACTIVE,
        shop__merchant__funding_paused_at=None,
        rate_bps__gte=max(rate_from, 1),
    )
    for word in words.split()[:WORDS]:
        pattern = "%" + "".join("\\" + c if c in "%_\\" else c for c in word) + "%"
        found = found.filter(
            Q(ILike(F("title"), pattern))
            | Q(ILike(F("title_en"), pattern))
            | Q(ILike(F("title_de"), pattern))
        )
    if category:
        found = found.filter(category__slug=category)
    if price_from is not None:
        found = found.filter(price_minor__gte=price_from)
    if price_to is not None:
        found = found.filter(price_minor__lte=price_to)
    if coupon_only:
        on_it = Q(product=OuterRef("pk")) | Q(product=None, shop=OuterRef("shop"))
        usable = Q(
            threshold_minor__lte=OuterRef("price_minor"),
            face_minor__lt=OuterRef("price_minor"),
            currency=OuterRef("currency"),
        )
        found = found.filter(Exists(_coupons_now().filter(on_it & usable)))
    return found.order_by(*SORTS.get(sort, SORTS["sales"]))


# --- What a product costs the buyer and earns the affiliate ---


@dataclass(frozen=True, slots=True)
class Offer:
    """A product as the affiliate sees it. `earning` is their share, before the service fee."""

    product: Product
    coupon: Coupon | None
    price: Money  # what the buyer pays, after the coupon
    earning: Money


def offers_of(products: Iterable[Product], *, affiliate: Affiliate) -> list[Offer]:
    """The products with their best coupon and the affiliate's estimated earning. One query."""
    products = list(products)
    coupons = coupons_for_products(products)
    share = share_of(affiliate)
    offers = []
    for product in products:
        coupon = coupons.get(product.pk)
        price = product.price - coupon.face if coupon else product.price
        # Commission on what is paid, then the share of it: as the receipt will compute it.
        offers.append(Offer(product, coupon, price, price.share(product.rate_bps).share(share)))
    return offers


def coupons_for_products(products: Iterable[Product]) -> dict[int, Coupon]:
    """For each product the best coupon that a buyer of one piece can use now. One query."""
    products = list(products)
    of_product = Q(product__in=products)
    of_shop = Q(product=None, shop__in={product.shop_id for product in products})
    coupons = list(_coupons_now().filter(of_product | of_shop).order_by("-face_minor", "pk"))
    best = {}
    for product in products:
        usable = (coupon for coupon in coupons if _usable(coupon, product))
        if coupon := next(usable, None):
            best[product.pk] = coupon
    return best


def _coupons_now() -> QuerySet[Coupon]:
    """What anybody may show. A code that is bound to an affiliate is only for that one to tell."""
    now = clock.now()
    bound = CodeBinding.objects.filter(coupon=OuterRef("pk"), ends_at=None)
    return Coupon.objects.filter(~Exists(bound), starts_at__lte=now, ends_at__gt=now)


def _usable(coupon: Coupon, product: Product) -> bool:
    on_it = coupon.product_id == product.pk or (
        coupon.product_id is None and coupon.shop_id == product.shop_id
    )
    return (
        on_it
        and coupon.currency == product.currency
        and coupon.threshold_minor <= product.price_minor
        and coupon.face_minor < product.price_minor
    )
