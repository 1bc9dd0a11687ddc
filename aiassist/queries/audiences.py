"""What affiliates said of their audience."""

from affiliates.models import Affiliate
from aiassist.models import Audience


def audience_of(affiliate: Affiliate) -> Audience | None:
    return Audience.objects.filter(affiliate=affiliate).first()
