"""What the affiliate's templates say beyond the kernel's tags."""

from decimal import Decimal

from babel.numbers import format_decimal
from django import template
from django.utils.translation import get_language, to_locale

from affiliates import queries, services
from affiliates.models import Affiliate, Link
from affiliates.services.links import SUBS
from merchants.models import Shop

register = template.Library()

register.filter("address", services.link_address)


@register.filter
def bare(link: Link) -> str:
    """The short address without https://, as people write it."""
    return services.link_address(link).partition("://")[2]


@register.simple_tag
def reason_of_state(affiliate: Affiliate) -> str:
    """Why operations rejected, froze or closed the affiliate, in their words."""
    return queries.reason_of_state(affiliate)


@register.filter
def subs(link: Link) -> list[str]:
    """The sub-ids that are set, as name: value."""
    return [f"{name}: {value}" for name in SUBS if (value := getattr(link, name))]


@register.filter
def score(shop: Shop) -> str:
    """Buyers' rating of the shop, as the reader writes it: 4.80."""
    return format_decimal(
        Decimal(shop.score_centi) / 100, "0.00", locale=to_locale(get_language() or "en")
    )
