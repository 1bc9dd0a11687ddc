"""From a merchant's person to what their merchant was offered, agreed to and gave."""

from django.db.models import F, QuerySet

import merchants.queries
from affiliates.models import Intermediation
from alliance.kernel.models import User
from campaigns.models import Subsidy


def subsidies_for(user: User) -> QuerySet[Subsidy]:
    """The subsidies that the merchant funds a part of, or that are for it alone."""
    return (
        Subsidy.objects.filter(merchant=merchants.queries.merchant_of(user))
        .exclude(merchant=None)
        .order_by("-pk")
    )


def intermediations_for(user: User) -> QuerySet[Intermediation]:
    """Who looks after the merchant's plans, or has offered to."""
    rows = Intermediation.objects.filter(plan__merchant=merchants.queries.merchant_of(user))
    return rows.select_related("affiliate", "plan__merchant").order_by(
        F("ends_at").desc(nulls_first=True), "-pk"
    )
