"""What affiliates are matched to: products that were taken, and the best of the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10

import numpy as np
from django.db.models import QuerySet

from affiliates.queries.products import coupons_for_products
from aiassist.services.matching.taken import Taken
from merchants.models import MerchantState, Product, ProductState

FRESH = 20_000  # products that nobody took: half of them the best sold, half the newest
SURE = 50  # clicks that weigh as much as what is known of a product's whole category
LOOKED = 1_000  # products at a time
NONE = 0  # for no category


@dataclass(frozen=True, slots=True)
class Goods:
    """A place for each product: first those that were `taken`, so many, then the fresh ones.

    `price` is after the best coupon, in minor units; `conversion` the kept order lines to be
    expected of a click; `open` says what can be promoted now.
    """

    keys: np.ndarray
    taken: int
    merchant: np.ndarray
    category: np.ndarray
    price: np.ndarray
    currency: Sequence[str]
    rate: np.ndarray
    sales: np.ndarray
    open: np.ndarray
    conversion: np.ndarray
    titles: Sequence[str]
    marks: Sequence[Sequence[str]]


def goods_of(taken: Taken) -> Goods:
    known = taken.products
    rows = [*_looked_at(known), *_looked_at(_fresh(set(known)))]
    products = [product for product, _price in rows]
    count = len(known)
    category = np.array([product.category_id or NONE for product in products], np.int64)
    return Goods(
        keys=np.array([product.pk for product in products], np.int64),
        taken=count,
        merchant=np.array([product.shop.merchant_id for product in products], np.int64),
        category=category,
        price=np.array([price for _product, price in rows], np.int64),
        currency=[product.currency for product in products],
        rate=np.array([product.rate_bps for product in products], np.int64),
        sales=np.array([product.sales_count for product in products], np.int64),
        open=np.array([_is_open(product) for product in products], bool),
        conversion=_conversion(products, category, taken),
        titles=[f"{p.title} {p.title_en} {p.title_de}" for p in products],
        marks=[_marks(product) for product in products],
    )


def _fresh(known: set[int]) -> list[int]:
    """What can be promoted and was taken by nobody."""
    half = FRESH // 2
    offered = _offered().values_list("pk", flat=True)
    best = offered.order_by("-sales_count", "-pk")[: half + len(known)]
    newest = offered.order_by("-pk")[: half + len(known)]
    halves = ([pk for pk in some if pk not in known][:half] for some in (best, newest))
    return list(dict.fromkeys(pk for some in halves for pk in some))


def _offered() -> QuerySet[Product]:
    return Product.objects.filter(
        state=ProductState.ON_SALE,
        rate_bps__gt=0,
        shop__merchant__state=MerchantState.ACTIVE,
        shop__merchant__funding_paused_at=None,
    )


def _looked_at(keys: Sequence[int]) -> Iterator[tuple[Product, int]]:
    """The products and what a buyer pays for one, in the order of the keys."""
    columns = (
        "title", "title_en", "title_de", "category_id", "brand", "price_minor", "currency",
        "rate_bps", "sales_count", "state", "shop", "shop__merchant", "shop__merchant__state",
        "shop__merchant__funding_paused_at",
    )  # fmt: skip
    for start in range(0, len(keys), LOOKED):
        some = keys[start : start + LOOKED]
        found = Product.objects.select_related("shop__merchant").only(*columns).in_bulk(some)
        coupons = coupons_for_products(found.values())
        for pk in some:
            face = coupons[pk].face_minor if pk in coupons else 0
            yield found[pk], found[pk].price_minor - face


def _is_open(product: Product) -> bool:
    merchant = product.shop.merchant
    return (
        product.state == ProductState.ON_SALE
        and product.rate_bps > 0
        and merchant.state == MerchantState.ACTIVE
        and merchant.funding_paused_at is None
    )


def _marks(product: Product) -> list[str]:
    band = round(2 * log10(max(product.price_minor, 1)))  # each about three times the one before
    marks = [f"price:{product.currency}:{band}", f"shop:{product.shop_id}"]
    if product.category_id:
        marks.append(f"category:{product.category_id}")
    if product.brand:
        marks.append(f"brand:{product.brand.casefold()}")
    return marks


def _conversion(products: Sequence[Product], category: np.ndarray, taken: Taken) -> np.ndarray:
    """Kept order lines for a click. What few clicks say is drawn to what the category says, and
    that to what all say (an empirical Bayes estimate with a fixed weight)."""
    clicks = np.array([taken.clicks_for[product.pk] for product in products], float)
    kept = np.array([taken.kept_for[product.pk] for product in products], float)
    overall = (kept.sum() + 1) / (clicks.sum() + SURE)
    expected = np.full(len(products), overall)
    for one in np.unique(category):
        here = category == one
        expected[here] = (kept[here].sum() + SURE * overall) / (clicks[here].sum() + SURE)
    conversion: np.ndarray = (kept + SURE * expected) / (clicks + SURE)
    return conversion
