"""Lists of products that others choose for an affiliate, to be shown by its widgets.

Who chooses stands further left and may not be imported from here: an app names its lists in its
`shelves.py`, which is loaded with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from affiliates.models import Affiliate
from merchants.models import Product


@dataclass(frozen=True, slots=True)
class Shelf:
    """`products`: what is chosen for the affiliate now and can be promoted, the best first; none
    where nothing is known of it yet."""

    words: str | Promise
    products: Callable[[Affiliate], Sequence[Product]]


SHELVES: dict[str, Shelf] = {}
