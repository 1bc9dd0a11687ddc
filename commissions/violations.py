"""What the cases against affiliates do to commissions: asked by the pipeline for each batch.

A commission is held only before its settlement. `docs/violations.md` has the whole story.
"""

from collections import defaultdict
from collections.abc import Sequence

from affiliates.models import Attribution
from commissions.models import Commission, Hold, PayeeRole, Violation, ViolationTarget


def holds_of(commissions: Sequence[Commission]) -> dict[int, Hold]:
    """What is held back, by primary key; commissions that no case covers are left out.

    One statement where there is no case, two at most. A proven violation outweighs a frozen one.
    """
    return {
        pk: Hold.BARRED if any(case.hold == Hold.BARRED for case in found) else Hold.FROZEN
        for pk, found in cases_on(commissions).items()
    }


def cases_on(commissions: Sequence[Commission]) -> dict[int, list[Violation]]:
    """The cases in effect that cover each, by its primary key. As many statements."""
    affiliates = {commission.affiliate_id for commission in commissions}
    cases: dict[int, list[Violation]] = defaultdict(list)
    in_effect = Violation.objects.exclude(hold=Hold.NONE).filter(affiliate__in=affiliates)
    for case in in_effect.select_related("relation"):
        cases[case.affiliate_id].append(case)
    concerned = [one for one in commissions if one.affiliate_id in cases]
    ways = _ways(concerned) if _ask_for_ways(cases) else {}
    covered = {}
    for one in concerned:
        found = [
            case
            for case in cases[one.affiliate_id]
            if _covers(case, one, *ways.get(one.line_id, (None, None, None)))
        ]
        if found:
            covered[one.pk] = found
    return covered


def _ask_for_ways(cases: dict[int, list[Violation]]) -> bool:
    asking = (ViolationTarget.ZONE, ViolationTarget.RELATION)
    return any(case.target in asking for found in cases.values() for case in found)


Way = tuple[int | None, int | None, int | None]


def _ways(commissions: Sequence[Commission]) -> dict[int, Way]:
    """The ad zone through which each line came, the affiliate that brought it, and its partner."""
    lines = {commission.line_id for commission in commissions}
    rows = Attribution.objects.filter(line__in=lines)
    return {
        line: (zone, affiliate, partner)
        for line, zone, affiliate, partner in rows.values_list(
            "line_id", "zone_id", "affiliate_id", "partner_id"
        )
    }


def _covers(
    case: Violation,
    commission: Commission,
    zone_id: int | None,
    brought_by: int | None,
    partner_id: int | None,
) -> bool:
    if case.target == ViolationTarget.ORDER:
        return case.commission_id == commission.pk
    if case.target == ViolationTarget.ZONE and case.zone_id != zone_id:
        return False
    if case.relation:
        # Whose share of it the relation gives away: the bringing affiliate's, or its partner's.
        of = {PayeeRole.PARTNER.value: brought_by, PayeeRole.SECOND.value: partner_id}
        if commission.role not in of or case.relation.affiliate_id != of[commission.role]:
            return False
    return case.frozen_until is not None and commission.placed_at < case.frozen_until
