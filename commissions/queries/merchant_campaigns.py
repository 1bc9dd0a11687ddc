"""What campaigns brought to a merchant and cost it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from alliance.kernel.models import User
from alliance.kernel.money import Money
from campaigns.models import Campaign, Grant
from campaigns.queries import campaigns_of, campaigns_open_to
from commissions.models import Commission
from merchants.models import Merchant
from merchants.queries import merchant_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the merchant's own orders in a campaign: how many, what buyers paid (refunds off), what
    affiliates got on top of their commission, and what all of it cost the merchant: commissions,
    service fees and, of the budget it pays into, its part of what was granted to anybody."""

    orders: int
    sales: Money
    granted: Money
    cost: Money


def outcomes(merchant: Merchant, among: Iterable[Campaign]) -> dict[int, Outcome]:
    """By campaign. Three statements, however many campaigns."""
    wanted = {campaign.pk: campaign for campaign in among}
    grants = Grant.objects.filter(campaign__in=wanted, active=True).order_by()
    own = Q(line__order__merchant=merchant)
    brought = {
        row["campaign"]: row
        for row in grants.filter(own)
        .values("campaign")
        .annotate(
            orders=Count("line__order", distinct=True),
            sales=Sum("line__amount_minor") - Sum("line__refunded_minor"),
            granted=Sum("amount_minor"),
        )
    }
    paid_in = dict(grants.values_list("campaign").annotate(Sum("amount_minor")))
    owed = {
        row["line__grants__campaign"]: row["cost"]
        for row in Commission.objects.filter(merchant=merchant, line__grants__in=grants)
        .order_by()
        .values("line__grants__campaign")
        .annotate(cost=Sum("commission_minor") + Sum("special_fee_minor"))
    }
    currency = merchant.currency
    return {
        pk: Outcome(
            orders=brought[pk]["orders"] if pk in brought else 0,
            sales=Money(brought[pk]["sales"] if pk in brought else 0, currency),
            granted=Money(brought[pk]["granted"] if pk in brought else 0, currency),
            cost=Money(owed.get(pk, 0), currency)
            + Money(paid_in.get(pk, 0), currency).share(campaign.merchant_bps),
        )
        for pk, campaign in wanted.items()
    }


def campaigns_seen_by(user: User) -> QuerySet[Campaign]:
    """Every campaign that the person's merchant may look at: open to it, or its own."""
    merchant = merchant_of(user)
    if merchant is None:
        return Campaign.objects.none()
    seen = campaigns_open_to(merchant).values("pk")
    mine = campaigns_of(merchant).values("pk")
    return Campaign.objects.filter(Q(pk__in=seen) | Q(pk__in=mine)).select_related("merchant")
