"""Products as an affiliate sees them: the price with the best coupon, and what they would earn."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from affiliates.models import Affiliate, CodeBinding, PlanMember
from affiliates.promised import promised
from affiliates.queries.members import share_of
from alliance.kernel import clock
from alliance.kernel.money import Money
from merchants.models import Category, Coupon, MerchantState, Product, Shop
from merchants.models.catalogue import PICKABLE


def categories() -> QuerySet[Category]:
    """Public: the alliance's own list."""
    return Category.objects.order_by("slug")


def products_known() -> QuerySet[Product]:
    """Every product, for who may promote it and wants to know why it cannot be promoted now."""
    return Product.objects.select_related("shop__merchant", "category")


def products_offered_among(pks: Iterable[int]) -> QuerySet[Product]:
    """Those of the products that can be promoted now: on sale, at a rate, of a merchant who is
    active and can pay."""
    return products_known().filter(
        PICKABLE,
        pk__in=pks,
        shop__merchant__state=MerchantState.ACTIVE,
        shop__merchant__funding_paused_at=None,
    )


def shops_known() -> QuerySet[Shop]:
    """Every shop, with its merchant, for who may promote it."""
    return Shop.objects.select_related("merchant")


def shops_selling() -> QuerySet[Shop]:
    """Shops of merchants that are active and can pay."""
    return shops_known().filter(
        merchant__state=MerchantState.ACTIVE, merchant__funding_paused_at=None
    )


def shops_like(shop: Shop) -> QuerySet[Shop]:
    """Other shops that sell in the same categories, the best scored first."""
    categories = Product.objects.filter(PICKABLE, shop=shop).values("category")
    same = Product.objects.filter(PICKABLE, shop=OuterRef("pk"), category__in=categories)
    found = shops_selling().exclude(pk=shop.pk).filter(Exists(same))
    return found.order_by("-score_centi", "pk")


# --- What a product costs the buyer and earns the affiliate ---


@dataclass(frozen=True, slots=True)
class Offer:
    """A product as the affiliate sees it. `earning` is their share, before the service fee, at the
    rate that is promised to them; `better` than to everybody, if they are in a plan that pays it.
    """

    product: Product
    coupon: Coupon | None
    price: Money  # what the buyer pays, after the coupon
    earning: Money
    rate_bps: int
    better: bool


def offers_of(products: Iterable[Product], *, affiliate: Affiliate) -> list[Offer]:
    """The products with their best coupon, the affiliate's rate and its estimated earning. Two
    statements; six where it is in a plan of one of the merchants."""
    products = list(products)
    coupons = coupons_for_products(products)
    own = rates_of_members(products, affiliate)
    share = share_of(affiliate)
    offers = []
    for product in products:
        coupon = coupons.get(product.pk)
        price = product.price - coupon.face if coupon else product.price
        rate = own.get(product.pk, product.rate_bps)
        # Commission on what is paid, then the share of it: as the receipt will compute it.
        earning = price.share(rate).share(share)
        offers.append(Offer(product, coupon, price, earning, rate, rate > product.rate_bps))
    return offers


def rates_of_members(products: Iterable[Product], affiliate: Affiliate) -> dict[int, int]:
    """By product: what the affiliate is promised, where it is in a plan of the merchant."""
    now = clock.now()
    inside = PlanMember.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now), affiliate=affiliate, starts_at__lte=now
    )
    merchants = set(inside.values_list("plan__merchant", flat=True))
    concerned = [product for product in products if product.shop.merchant_id in merchants]
    if not concerned:
        return {}
    found = promised(concerned, affiliate.pk, now)
    return {pk: terms.rate_bps for pk, terms in found.items()}


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


def coupon_on(product: Product, key: int) -> Coupon | None:
    """The coupon of that number, if a buyer of one piece of the product can use it now and anybody
    may show it."""
    coupon = _coupons_now().filter(pk=key).first()
    return coupon if coupon and _usable(coupon, product) else None


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
