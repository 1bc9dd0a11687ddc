"""What suits an affiliate, for its widgets (docs/matching.md)."""

from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from affiliates.shelves import SHELVES, Shelf
from aiassist import for_you
from merchants.models import Product


def _suiting(affiliate: Affiliate) -> list[Product]:
    found, _made_at = for_you.shown(affiliate)
    return [one.offer.product for one in found]


SHELVES |= {"for_you": Shelf(_("What suits you (For you)"), _suiting)}
