"""The products of a shop: saved one by one or by the feed, never deleted (orders name them)."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.bulk import update_many
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.models import User
from merchants.happenings import products_tell
from merchants.models import Category, Merchant, PastCategory, Product, ProductState, Shop
from merchants.services.locks import moves_pin
from merchants.services.order_reports import LARGEST_MINOR
from merchants.services.prices import prices_ended
from merchants.services.rates import rates_refresh
from merchants.services.shops import url_of_shop

_LONGEST = {
    "external_id": 64,
    "title": 200,
    "title_en": 200,
    "title_de": 200,
    "description": 5000,
    "brand": 80,
    "url": 500,
    "image_url": 500,
    "gtin": 14,
    "group_id": 50,
}
# A name is one line wherever it is shown, read in one direction: signs that begin a line (in a
# file, a field), steer a terminal or turn the text around are spaces. Joiners stay: emoji and some
# scripts are written with them.
_ONE_LINE = ("title", "title_en", "title_de", "brand")
_BREAKS = re.compile(r"[\s\x01-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ufeff]+")
_PICTURES = ("https://", "/static/", *(() if settings.PRODUCTION else ("/demo/pictures/",)))


Fields = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class ProductData:
    """What a merchant says of a product. `category` is a slug; "" is none. Price in minor units.

    None says nothing: what is known stays.
    """

    external_id: str
    title: str
    url: str
    price_minor: int
    title_en: str | None = ""
    title_de: str | None = ""
    description: str | None = ""
    category: str | None = ""
    brand: str | None = ""
    image_url: str | None = ""
    gtin: str | None = None
    group_id: str | None = None
    on_sale: bool = True


@dataclass(frozen=True, slots=True)
class ProductOutcome:
    external_id: str
    product_pk: int | None
    change: Literal["created", "changed", "unchanged", "refused"]
    error: DomainError | None = None
    fields: Fields = field(default_factory=dict)  # of a changed one: what it was and what it is


def product_save(*, shop: Shop, data: ProductData, actor: User | None) -> Product:
    """Create or change one product. Raises Invalid as `products_save` reports it."""
    outcome = products_save(shop=shop, products=[data], actor=actor)[0]
    if outcome.error:
        raise outcome.error
    return Product.objects.get(shop=shop, external_id=outcome.external_id)


def products_save(
    *, shop: Shop, products: Sequence[ProductData], actor: User | None, listed: bool = False
) -> list[ProductOutcome]:
    """Create or change many, by the shop's own product id; one outcome each, in order.

    One that is refused (bad address, picture or price, unknown category) does not hurt the others.
    The same id twice: the later one counts. What a person held back stays withdrawn. `listed`: they
    stand in the shop's feed, so one that was about to end for missing in it stays.
    """
    try:
        return _save(shop, products, actor, listed)
    except IntegrityError:  # somebody else created one of them first: look again
        return _save(shop, products, actor, listed)


@transaction.atomic
def _save(
    shop: Shop, products: Sequence[ProductData], actor: User | None, listed: bool
) -> list[ProductOutcome]:
    currency = Merchant.objects.values_list("currency", flat=True).get(pk=shop.merchant_id)
    categories = dict(Category.objects.values_list("slug", "pk"))
    numbers = [data.external_id for data in products]
    rows = Product.objects.filter(shop=shop, external_id__in=numbers)
    held = {row.external_id: row for row in rows.order_by("pk").select_for_update(no_key=True)}
    fresh: dict[str, Product] = {}
    changed: dict[str, Product] = {}
    left: list[PastCategory] = []
    ended: dict[int, int] = {}
    answers: list[tuple[ProductData, Product | None, Any, Fields]] = []
    for data in products:
        try:
            values = _checked(data, shop, categories)
        except DomainError as exc:
            answers.append((data, None, exc, {}))
            continue
        row = held.get(data.external_id)
        if row is None:
            row = Product(shop=shop, external_id=data.external_id, currency=currency, **values)
            held[data.external_id] = fresh[data.external_id] = row
            answers.append((data, row, "created", {}))
            continue
        if row.held_back:
            values["state"] = ProductState.WITHDRAWN
        if listed:
            values["ends_at"] = None
        if differing := {
            k: (getattr(row, k), v) for k, v in values.items() if v != getattr(row, k)
        }:
            for name, (_before, value) in differing.items():
                setattr(row, name, value)
            if data.external_id not in fresh:
                changed[data.external_id] = row
                if "category_id" in differing:
                    was, _now = differing["category_id"]
                    left.append(PastCategory(product=row, category_id=was, until=clock.now()))
                if "price_minor" in differing:
                    ended.setdefault(row.pk, differing["price_minor"][0])
            answers.append((data, row, "changed", differing))
        else:
            answers.append((data, row, "unchanged", {}))
    Product.objects.bulk_create([fresh[number] for number in sorted(fresh)], batch_size=1000)
    update_many(changed.values(), _FIELDS)
    PastCategory.objects.bulk_create(left)
    moves_pin(merchant_pk=shop.merchant_id, products=changed.values(), left=left)
    prices_ended(ended)
    touched = [row.pk for row in (*fresh.values(), *changed.values())]
    if touched:
        rates_refresh(products=touched)
        audit.record("products.saved", shop, actor=actor, created=len(fresh), changed=len(changed))
        products_tell("product.created", products=[row.pk for row in fresh.values()])
        products_tell("product.changed", products=[row.pk for row in changed.values()])
    return [
        ProductOutcome(data.external_id, row.pk, change, None, fields)
        if row is not None
        else ProductOutcome(data.external_id, None, "refused", change)
        for data, row, change, fields in answers
    ]


_FIELDS = (
    "title",
    "title_en",
    "title_de",
    "description",
    "category",
    "brand",
    "url",
    "image_url",
    "price_minor",
    "gtin",
    "group_id",
    "state",
    "ends_at",
)


def _checked(data: ProductData, shop: Shop, categories: dict[str, int]) -> dict[str, Any]:
    """The row's values, or Invalid with the field at fault."""
    said = {name: getattr(data, name) for name in _LONGEST}
    texts: dict[str, Any] = {name: text.strip() for name, text in said.items() if text is not None}
    for name in texts.keys() & set(_ONE_LINE):
        texts[name] = _BREAKS.sub(" ", texts[name]).strip()
    for name, text in texts.items():
        if len(text) > _LONGEST[name] or "\x00" in text:
            raise Invalid(_("This text is too long or not readable."), field=name)
    number = texts.pop("external_id")
    if not number or number != data.external_id:
        raise Invalid(_("A product needs an id, without spaces around it."), field="external_id")
    if not texts["title"]:
        raise Invalid(_("A product needs a title."), field="title")
    if not 0 <= data.price_minor <= LARGEST_MINOR:
        raise Invalid(_("A price is zero or more."), field="price_minor")
    if data.category and data.category not in categories:
        raise Invalid(_("There is no such category."), field="category")
    url_of_shop(texts["url"], shop.domains)
    if (picture := texts.get("image_url")) and not picture.startswith(_PICTURES):
        raise Invalid(_("The address of a picture begins with https://."), field="image_url")
    if data.category is not None:
        texts["category_id"] = categories[data.category] if data.category else None
    return {
        **texts,
        "price_minor": data.price_minor,
        "state": ProductState.ON_SALE if data.on_sale else ProductState.WITHDRAWN,
    }


@transaction.atomic
def product_withdraw(*, product: Product, actor: User | None) -> None:
    """ON_SALE → WITHDRAWN: not shown to affiliates any more; its links say so. No feed puts it on
    sale again, only `product_restore` does."""
    _move(product, ProductState.ON_SALE, ProductState.WITHDRAWN, "product.withdrawn", actor)


@transaction.atomic
def product_restore(*, product: Product, actor: User | None) -> None:
    """WITHDRAWN → ON_SALE."""
    _move(product, ProductState.WITHDRAWN, ProductState.ON_SALE, "product.restored", actor)


def _move(
    product: Product, before: ProductState, after: ProductState, verb: str, actor: User | None
) -> None:
    if not _move_many([product.pk], before, after, verb, actor):
        raise WrongState
    product.state, product.ends_at = after, None
    product.held_back = after == ProductState.WITHDRAWN


@transaction.atomic
def products_withdraw(
    *, products: Sequence[int], actor: User | None, held_back: bool = True
) -> set[int]:
    """`product_withdraw` for many at once; the keys of those that were on sale. Not `held_back`:
    a feed may put them on sale again."""
    return _move_many(
        products,
        ProductState.ON_SALE,
        ProductState.WITHDRAWN,
        "product.withdrawn",
        actor,
        held_back=held_back,
    )


@transaction.atomic
def products_restore(*, products: Sequence[int], actor: User | None) -> set[int]:
    """`product_restore` for many at once; the keys of those that were withdrawn."""
    return _move_many(
        products, ProductState.WITHDRAWN, ProductState.ON_SALE, "product.restored", actor
    )


def _move_many(
    keys: Sequence[int],
    before: ProductState,
    after: ProductState,
    verb: str,
    actor: User | None,
    *,
    held_back: bool = True,
) -> set[int]:
    # In the order in which everybody holds products, or two would wait for each other.
    rows = Product.objects.filter(pk__in=keys, state=before).order_by("pk")
    held = list(rows.select_for_update(no_key=True).only("pk"))
    moved = {row.pk for row in held}
    Product.objects.filter(pk__in=moved).update(
        state=after,
        held_back=held_back and after == ProductState.WITHDRAWN,
        ends_at=None,
        updated_at=clock.now(),
    )
    audit.record_many(verb, held, actor=actor)
    products_tell(verb, products=moved)
    return moved


@transaction.atomic
def products_file(
    *, categories: Mapping[int, tuple[int | None, int | None]], actor: User | None
) -> set[int]:
    """Put products into another category: key → (the category it was in, the one it comes into).

    The keys of those that were still in the first; their rates follow.
    """
    rows = Product.objects.filter(pk__in=categories).order_by("pk")
    held = list(rows.select_for_update(no_key=True).only("pk", "category"))
    moved = [row for row in held if row.category_id == categories[row.pk][0]]
    now = clock.now()
    PastCategory.objects.bulk_create(
        [PastCategory(product=row, category_id=row.category_id, until=now) for row in moved]
    )
    for row in moved:
        row.category_id = categories[row.pk][1]
    update_many(moved, ("category",))
    keys = {row.pk for row in moved}
    if keys:
        rates_refresh(products=keys)
    audit.record_many("product.category_set", moved, actor=actor)
    return keys


@transaction.atomic
def products_let_end(*, products: Sequence[int], at: datetime) -> int:
    """These, of what is on sale, end at a moment to come; until then their links lead on."""
    rows = Product.objects.filter(pk__in=products, state=ProductState.ON_SALE, ends_at=None)
    # In the order in which everybody holds products, or two would wait for each other.
    held = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    return Product.objects.filter(pk__in=held).update(ends_at=at, updated_at=clock.now())


@transaction.atomic
def products_end() -> int:
    """ON_SALE → WITHDRAWN for what was to end by now. How many."""
    over = Product.objects.filter(state=ProductState.ON_SALE, ends_at__lte=clock.now())
    locked = over.order_by("pk").select_for_update(no_key=True)
    ended = dict(locked.values_list("pk", "shop"))
    shops = Counter(ended.values())
    over.update(state=ProductState.WITHDRAWN, updated_at=clock.now())
    for shop in Shop.objects.filter(pk__in=shops).order_by("pk"):
        audit.record("products.ended", shop, count=shops[shop.pk])
    products_tell("product.withdrawn", products=ended)
    return shops.total()
