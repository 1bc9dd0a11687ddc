"""Super category day 超级品类日 (docs/domain.md §5): one day, one category.

Its products earn an exclusive rate, and all affiliates share a pot that grows with their sales.
"""

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from campaigns.mechanics.base import Words
from campaigns.mechanics.exclusive_day import ExclusiveDay, day_of


class SuperCategoryDay(ExclusiveDay):
    category: Annotated[
        str,
        Field(min_length=1, max_length=50),
        Words(_("Category")),
    ]


MECHANIC = day_of(
    "category",
    stranger=_("It is not in the category “%(name)s”."),
    kind="super_category_day",
    label=_("Super category day"),
    about=_(
        "For 24 hours the products of one category earn an exclusive rate, and all affiliates "
        "share a pot that grows with what they sell together."
    ),
    rules=SuperCategoryDay,
)
