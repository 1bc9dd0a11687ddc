"""What campaigns pay of commissions: how far their money reaches, and what is cut where it ends.

Terms are frozen when a line is first priced; money is taken when it is booked. Where a campaign's
budget or one of its limits does not reach, the line's cap is cut to what is left, for good: no
order is refused for it, and nothing is ever overspent (docs/campaigns.md).
"""

from collections.abc import Sequence

from alliance.kernel.money import Money
from campaigns.limits import Limits, cap_for
from campaigns.models import Grant
from commissions.models import Commission, CommissionState
from commissions.positions import BOOKED
from commissions.targets import given_of
from merchants.models import OrderLine

State = CommissionState


def booked(grants: Sequence[Grant]) -> dict[int, int]:
    """By campaign: what it pays of the line at present."""
    return {grant.campaign_id: grant.amount_minor for grant in grants if grant.amount_minor}


def fit(
    commission: Commission,
    grants: Sequence[Grant],
    line: OrderLine,
    state: str,
    base: Money,
    limits: Limits,
) -> bool:
    """Take what the commission needs of its campaigns in that state, or cut it to what is left.

    Changes the grants and, where something was cut, the commission's frozen terms; says whether.
    """
    cut = False
    wanted = given_of(commission, base) if state in BOOKED else {}
    for grant in grants:
        _place(grant, line, state, limits)
        now = wanted.get(grant.campaign_id, 0)
        room, by = limits.room(grant.campaign, grant.affiliate_id, grant.day)
        most = now if room is None else grant.amount_minor + room
        if not grant.active:
            most, by = 0, "place"
        if now > most:
            _cut(commission, grant, most, by)
            now, cut = given_of(commission, base)[grant.campaign_id], True
        limits.move(grant.campaign_id, grant.affiliate_id, grant.day, now - grant.amount_minor)
        grant.amount_minor = now
    return cut


def _place(grant: Grant, line: OrderLine, state: str, limits: Limits) -> None:
    """A line that falls through gives its place back; one that comes back asks for one again."""
    if grant.active and state == State.VOID:
        grant.active = False
        limits.give_place(grant, line)
    elif not grant.active and state != State.VOID:
        free = limits.free(grant.campaign, grant.affiliate_id, line.order_id, grant.pieces)
        if free:
            grant.active = True
            limits.take_place(grant, line)


def _cut(commission: Commission, grant: Grant, most: int, by: str) -> None:
    grant.why = {**grant.why, "cut": {"by": by, "from_minor": grant.cap_minor}}
    grant.cap_minor = min(cap_for(most, grant.subsidy_share_bps), grant.cap_minor)
    commission.subsidies = [
        {**terms, "cap_minor": grant.cap_minor}
        if terms.get("campaign_id") == grant.campaign_id
        else terms
        for terms in commission.subsidies
    ]
