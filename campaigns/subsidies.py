"""Which subsidies an order line has (docs/domain.md §4.2): those in force when it was placed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import F, Q

from campaigns.models import Grant, Subsidy
from merchants.models import OrderLine


@dataclass(frozen=True, slots=True)
class SubsidyTerms:
    """What a subsidy promises, as a commission keeps it. Rates in basis points, cap in minor units.

    Of min(base × rate, cap) the affiliate gets `share_bps`; of that the merchant funds
    `merchant_bps`, the alliance the rest. What `campaign_id` grants is paid by its budget alone,
    and `id` is its own then.
    """

    id: int
    name: str
    rate_bps: int
    cap_minor: int
    share_bps: int
    merchant_bps: int
    campaign_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        facts = asdict(self)
        if self.campaign_id is None:
            del facts["campaign_id"]
        return facts

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "SubsidyTerms":
        return cls(**facts)


def in_force(lines: Sequence[OrderLine]) -> dict[int, list[SubsidyTerms]]:
    """The subsidies of each line, by its primary key, in the order of their keys.

    The lines carry `order`. One statement, however many lines.
    """
    placed = [line.order.placed_at for line in lines]
    if not placed:
        return {}
    rows = list(
        Subsidy.objects.filter(
            Q(merchant=None) | Q(merchant__in={line.order.merchant_id for line in lines}),
            Q(ends_at=None) | Q(ends_at__gt=min(placed)) & Q(ends_at__gt=F("starts_at")),
            Q(merchant_bps=0) | Q(agreed_at__isnull=False),
            starts_at__lte=max(placed),
        ).order_by("pk")
    )
    return {
        line.pk: [_terms(subsidy) for subsidy in rows if _reaches(subsidy, line)] for line in lines
    }


def _reaches(subsidy: Subsidy, line: OrderLine) -> bool:
    at = line.order.placed_at
    return (
        subsidy.currency == line.currency
        and subsidy.merchant_id in (None, line.order.merchant_id)
        and subsidy.starts_at <= at
        and (subsidy.ends_at is None or at < subsidy.ends_at)
        and (
            not subsidy.merchant_bps or (subsidy.agreed_at is not None and subsidy.agreed_at <= at)
        )
    )


def _terms(subsidy: Subsidy) -> SubsidyTerms:
    return SubsidyTerms(
        id=subsidy.pk,
        name=subsidy.name,
        rate_bps=subsidy.rate_bps,
        cap_minor=subsidy.cap_minor,
        share_bps=subsidy.share_bps,
        merchant_bps=subsidy.merchant_bps,
    )


def granted(grant: Grant) -> SubsidyTerms:
    """What a campaign pays of an order line, in the words of a subsidy."""
    return SubsidyTerms(
        id=grant.campaign_id,
        name=grant.campaign.name,
        rate_bps=grant.rate_bps,
        cap_minor=grant.cap_minor,
        share_bps=grant.subsidy_share_bps,
        merchant_bps=0,
        campaign_id=grant.campaign_id,
    )
