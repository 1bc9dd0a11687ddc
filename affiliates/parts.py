"""Who and what else had a part in an order at the winning click (docs/domain.md §1.3, §2.5).

A special service fee, a partner and that one's own, an intermediary: each counts as it was in force
at that moment, whatever ended or began since. Somebody who has left the alliance by the time the
order comes gets no part: a partner's falls back to the affiliate, a second-level partner's to the
partner, an intermediary's fee is not charged.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import F, Q

from affiliates.models import AffiliateState, Intermediation, Relation, SpecialFee

Dated = TypeVar("Dated", Relation, Intermediation)


class Won(NamedTuple):
    """What a winning click says: through whom, from which zone, when; and under which plan.

    `plan_id` is None where no service fee can be due: the buyer clicked on another product.
    """

    affiliate_id: int
    zone_id: int
    at: datetime
    plan_id: int | None


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of others, in basis points (see `Attribution`)."""

    special_bps: int = 0
    partner_id: int | None = None
    partner_share_bps: int = 0  # of both partners together
    second_id: int | None = None
    second_share_bps: int = 0
    intermediary_id: int | None = None
    service_bps: int = 0

    def within(self, rate_bps: int, share_bps: int) -> "Parts":
        """No more than there is: of the plan's rate, and of the affiliate's agreed share."""
        partner_share = min(self.partner_share_bps, share_bps)
        second_share = min(self.second_share_bps, partner_share)
        return Parts(
            special_bps=min(self.special_bps, rate_bps),
            partner_id=self.partner_id if partner_share else None,
            partner_share_bps=partner_share,
            second_id=self.second_id if second_share else None,
            second_share_bps=second_share,
            intermediary_id=self.intermediary_id,
            service_bps=self.service_bps,
        )

    def as_json(self) -> list[dict[str, Any]]:
        """For the receipt of a decision; `affiliates.explanations` turns it into words."""
        said: list[dict[str, Any]] = [
            {"code": "special_fee", "bps": self.special_bps},
            {
                "code": "partner",
                "affiliate_id": self.partner_id,
                "bps": self.partner_share_bps - self.second_share_bps,
            },
            {
                "code": "second_partner",
                "affiliate_id": self.second_id,
                "bps": self.second_share_bps,
            },
            {"code": "intermediary", "affiliate_id": self.intermediary_id, "bps": self.service_bps},
        ]
        return [part for part in said if part["bps"]]


def parts_at(clicks: Collection[Won]) -> dict[Won, Parts]:
    """The parts in force at each click: three statements, however many clicks; a fourth where there
    are partners."""
    special = _special({click.zone_id for click in clicks})
    partners = _relations({click.affiliate_id for click in clicks})
    uppers = {row.partner_id for rows in partners.values() for row in rows}
    seconds = _relations(uppers) if uppers else partners
    services = _services({click.plan_id for click in clicks if click.plan_id})
    found = {}
    for click in clicks:
        fees = [bps for since, bps in special[click.zone_id] if since <= click.at]
        partner = _valid(partners[click.affiliate_id], click.at)
        second = _valid(seconds[partner.partner_id], click.at) if partner else None
        if second and (not second.below_bps or second.partner_id == click.affiliate_id):
            second = None
        service = _valid(services[click.plan_id], click.at) if click.plan_id else None
        found[click] = Parts(
            special_bps=fees[-1] if fees else 0,
            partner_id=partner.partner_id if partner else None,
            partner_share_bps=partner.share_bps if partner else 0,
            second_id=second.partner_id if second else None,
            second_share_bps=second.below_bps if second else 0,
            intermediary_id=service.affiliate_id if service else None,
            service_bps=service.service_bps if service else 0,
        )
    return found


def _special(zone_ids: Iterable[int]) -> dict[int, list[tuple[datetime, int]]]:
    """Per zone the fees of its site, the oldest first."""
    by_zone: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    rows = SpecialFee.objects.filter(site__zones__in=zone_ids).order_by("starts_at", "pk")
    for zone_id, since, bps in rows.values_list("site__zones", "starts_at", "special_bps"):
        by_zone[zone_id].append((since, bps))
    return by_zone


def _relations(affiliate_ids: Iterable[int]) -> dict[int, list[Relation]]:
    by_affiliate: dict[int, list[Relation]] = defaultdict(list)
    rows = Relation.objects.filter(_lasted, affiliate__in=affiliate_ids)
    for row in rows.exclude(partner__state=AffiliateState.CLOSED):
        by_affiliate[row.affiliate_id].append(row)
    return by_affiliate


def _services(plan_ids: Iterable[int]) -> dict[int, list[Intermediation]]:
    by_plan: dict[int, list[Intermediation]] = defaultdict(list)
    rows = Intermediation.objects.filter(_lasted, plan__in=plan_ids)
    for row in rows.exclude(affiliate__state=AffiliateState.CLOSED):
        by_plan[row.plan_id].append(row)
    return by_plan


# Never in force: an offer that was not agreed to, and what ended as it began.
_lasted = Q(starts_at__isnull=False) & (Q(ends_at=None) | Q(ends_at__gt=F("starts_at")))


def _valid(rows: Iterable[Dated], at: datetime) -> Dated | None:
    """The one in force at the moment; they follow one another and never overlap."""
    for row in rows:
        if row.starts_at and row.starts_at <= at and (row.ends_at is None or at < row.ends_at):
            return row
    return None
