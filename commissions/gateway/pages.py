"""Numbered pages of products, which our search knows by the place that they begin at."""

from django.core.cache import cache
from django.db.models import prefetch_related_objects

from affiliates.queries import Place, Wish, products_offered
from alliance.kernel.hashing import keyed
from merchants.models import Product

REMEMBERED = 600  # seconds


def offered(wish: Wish, number: int, size: int) -> tuple[list[Product], int]:
    """The products of that page, and how many there are in all, or about.

    A page is asked for after the one before it: its place is remembered then. Whoever jumps makes
    us turn the pages in between.
    """
    keys = {page: _key(wish, page, size) for page in range(2, number + 1)}
    known = cache.get_many(keys.values())
    begun = max((page for page, key in keys.items() if key in known), default=1)
    after = Place.read(known[keys[begun]]) if begun > 1 else None
    for page in range(begun, number + 1):
        found = products_offered(wish, size=size, after=after)
        total = found.about if found.total is None else found.total
        if found.after:
            cache.set(_key(wish, page + 1, size), str(found.after), REMEMBERED)
        if page == number:
            prefetch_related_objects(found.products, "category")
            return found.products, total
        if found.after is None:
            break  # there are fewer pages
        after = found.after
    return [], total


def _key(wish: Wish, page: int, size: int) -> str:
    return f"gateway:page:{keyed('gateway.page', f'{wish!r} {page} {size}').hex()[:32]}"
