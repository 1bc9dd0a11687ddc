"""Numbered pages of products, which our search knows by the place that they begin at."""

from django.core.cache import cache
from django.db.models import prefetch_related_objects

from affiliates.queries import Place, Wish, places_offered, products_offered
from alliance.kernel.hashing import keyed
from merchants.models import Product

REMEMBERED = 600  # seconds


def offered(wish: Wish, number: int, size: int) -> tuple[list[Product], int]:
    """The products of that page, and how many there are in all, or about.

    A page is asked for after the one before it: its place is remembered then. For whoever jumps
    the places in between are read at once, without their products, and remembered as well.
    """
    keys = {page: _key(wish, page, size) for page in range(2, number + 1)}
    known = cache.get_many(keys.values())
    begun = max((page for page, key in keys.items() if key in known), default=1)
    after = Place.read(known[keys[begun]]) if begun > 1 else None
    if begun < number:
        places = places_offered(wish, count=(number - begun) * size, after=after)
        ends = enumerate(places[size - 1 :: size], begun + 1)
        cache.set_many({keys[page]: str(place) for page, place in ends}, REMEMBERED)
        after = places[-1] if places else after
        if len(places) < (number - begun) * size:
            size = 0  # there are fewer pages; how many products, the next question says
    found = products_offered(wish, size=size, after=after)
    if found.after and size:
        cache.set(_key(wish, number + 1, size), str(found.after), REMEMBERED)
    prefetch_related_objects(found.products, "category")
    return found.products, found.about if found.total is None else found.total


def _key(wish: Wish, page: int, size: int) -> str:
    return f"gateway:page:{keyed('gateway.page', f'{wish!r} {page} {size}').hex()[:32]}"
