"""Super brand day 超级品牌日 (docs/domain.md §5): one day, one brand.

Its products earn an exclusive rate, and all affiliates share a pot that grows with their sales.
"""

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from campaigns.mechanics.base import Words
from campaigns.mechanics.exclusive_day import ExclusiveDay, day_of


class SuperBrandDay(ExclusiveDay):
    brand: Annotated[
        str,
        Field(min_length=1, max_length=80),
        Words(_("Brand"), _("As its products name it.")),
    ]


MECHANIC = day_of(
    "brand",
    stranger=_("It is not of the brand “%(name)s”."),
    kind="super_brand_day",
    label=_("Super brand day"),
    about=_(
        "For 24 hours the products of one brand earn an exclusive rate, and all affiliates share a "
        "pot that grows with what they sell together."
    ),
    rules=SuperBrandDay,
)
