"""What a merchant's people find of their own: products, coupons, plans, imports."""

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliance.kernel.models import User
from alliance.kernel.search import MOST, Asked, Hit
from merchants import queries
from merchants.models import Product


def found_by_merchant(user: User, asked: Asked) -> Iterator[Hit]:
    yield from _products(user, asked)
    yield from _coupons(user, asked)
    yield from _plans(user, asked)
    yield from _imports(user, asked)


def _products(user: User, asked: Asked) -> Iterator[Hit]:
    mine = queries.products_for(user)
    exact = mine.filter(Q(external_id=asked.text) | Q(pk=asked.key)).order_by("-pk")
    for product in exact[:MOST]:
        yield _product(product, exact=True)
    if asked.searches:
        for product in queries.products_found(mine, words=asked.text)[:MOST]:
            yield _product(product)


def _product(product: Product, *, exact: bool = False) -> Hit:
    return Hit(
        what=_("Product"),
        icon="package",
        title=product.name,
        url=reverse("merchants:product", args=[product.pk]),
        note=f"{product.shop.name} · {product.external_id}",
        exact=exact,
    )


def _coupons(user: User, asked: Asked) -> Iterator[Hit]:
    if not asked.searches:
        return
    for coupon in queries.coupons_for(user).filter(code__istartswith=asked.text)[:MOST]:
        yield Hit(
            what=_("Coupon"),
            icon="ticket",
            title=coupon.code,
            url=reverse("merchants:coupons"),
            exact=asked.is_whole(coupon.code),
        )


def _plans(user: User, asked: Asked) -> Iterator[Hit]:
    if not asked.searches:
        return
    for plan in queries.plans_for(user).filter(name__icontains=asked.text)[:MOST]:
        yield Hit(
            what=_("Plan"),
            icon="percentage",
            title=plan.name,
            url=reverse("merchants:plans"),
            note=str(plan.get_kind_display()),
        )


def _imports(user: User, asked: Asked) -> Iterator[Hit]:
    mine = queries.imports_for(user)
    which = Q(pk=asked.key)
    if asked.searches:
        which |= Q(filename__icontains=asked.text)
    for run in mine.filter(which)[:MOST]:
        yield Hit(
            what=pgettext_lazy("noun", "Import"),
            icon="file-import",
            title=run.filename,
            url=reverse("merchants:import_run", args=[run.pk]),
            note=f"#{run.pk} · {run.get_state_display()}",
            exact=run.pk == asked.key,
        )
