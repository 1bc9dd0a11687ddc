"""What an affiliate does not want to be shown again."""

from affiliates.models import Affiliate
from aiassist.models import Dismissal
from merchants.models import Product


def dismiss(*, affiliate: Affiliate, product: Product) -> None:
    """From the next match on, and at once on its page. Nothing changes if it was said before."""
    Dismissal.objects.get_or_create(affiliate=affiliate, product=product)


def dismissal_undo(*, affiliate: Affiliate, product: Product) -> None:
    Dismissal.objects.filter(affiliate=affiliate, product=product).delete()
