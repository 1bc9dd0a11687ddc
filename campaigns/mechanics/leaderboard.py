"""Reward leaderboard 奖励榜单 (docs/domain.md §5): prizes by final standing.

The better place never gets less: a prize whose least value the best did not reach is not given out
and everybody's prizes move down one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Self

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from affiliates.models import AffiliateKind
from alliance.kernel.money import Money
from campaigns.facts import Award, StandingFacts
from campaigns.mechanics.base import Count, Fault, Mechanic, Minor, Rules, Words

_NEVER = datetime.max.replace(tzinfo=UTC)


class Metric(TextChoices):
    ORDERS = "orders", _("Orders")
    GMV = "gmv", _("Sales")
    COMMISSION = "commission", _("Commission")


class Prize(Rules):
    prize_minor: Annotated[Minor, Field(gt=0), Words(_("Prize"))]
    least_orders: Annotated[Count, Words(_("From orders"), _("Where the board counts orders."))] = 0
    least_minor: Annotated[
        Minor, Words(_("From amount"), _("Where the board counts sales or commission."))
    ] = 0


class Leaderboard(Rules):
    metric: Annotated[Metric, Words(_("The board counts"))] = Metric.GMV
    prizes: Annotated[
        tuple[Prize, ...],
        Field(min_length=1, max_length=100),
        Words(_("Prizes"), _("The first row is the first place. For example 5,000.00.")),
    ] = (
        Prize(prize_minor=500_000, least_minor=5_000_000),
        Prize(prize_minor=300_000, least_minor=3_000_000),
        Prize(prize_minor=100_000, least_minor=1_000_000),
    )
    most_points: Annotated[
        Count,
        Words(
            _("Violation points at most"),
            _("In the campaign's time. Whoever has more is off the board."),
        ),
    ] = 0
    audit_days: Annotated[
        Count,
        Field(le=90),
        Words(_("Days of audit"), _("Between the frozen board and the prizes. For example 7.")),
    ] = 7

    @model_validator(mode="after")
    def better_places_get_more(self) -> Self:
        ladder = [(least(self, prize), prize.prize_minor) for prize in self.prizes]
        if any(low[0] > high[0] or low[1] > high[1] for high, low in pairwise(ladder)):
            raise Fault(
                _("A lower place has no greater prize and needs no greater result."),
                field="prizes",
            )
        return self


def least(rules: Leaderboard, prize: Prize) -> int:
    """What a prize asks for, in the board's own measure."""
    return prize.least_orders if rules.metric is Metric.ORDERS else prize.least_minor


def value(rules: Leaderboard, standing: StandingFacts) -> int:
    """What the board counts of a standing: orders, or minor units."""
    return {
        Metric.ORDERS: standing.orders,
        Metric.GMV: standing.gmv_minor,
        Metric.COMMISSION: standing.commission_minor,
    }[rules.metric]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One row of the board. `prize` is the number of the prize that it would get now, None where
    it reached none; `missing` what it lacks to have one value more than the place above."""

    rank: int
    affiliate_id: int
    value: int
    prize: int | None
    prize_minor: int
    missing: int


def board(rules: Leaderboard, standings: Iterable[StandingFacts]) -> list[Place]:
    """The places 1 to n. Ties go to who was there first, then to the lower number.

    Affiliates of one legal entity have one entry, their best one; whoever has too many violation
    points, or nothing to show, has none.
    """
    ranked = _one_per_entity(sorted(_entries(rules, standings), key=lambda s: _key(rules, s)))
    places: list[Place] = []
    following = 0  # the best prize not yet given out
    for rank, standing in enumerate(ranked, start=1):
        own = value(rules, standing)
        while following < len(rules.prizes) and least(rules, rules.prizes[following]) > own:
            following += 1
        won = rules.prizes[following] if following < len(rules.prizes) else None
        places.append(
            Place(
                rank=rank,
                affiliate_id=standing.affiliate_id,
                value=own,
                prize=following + 1 if won else None,
                prize_minor=won.prize_minor if won else 0,
                missing=places[-1].value - own + 1 if places else 0,
            )
        )
        following += 1 if won else 0
    return places


def _entries(rules: Leaderboard, standings: Iterable[StandingFacts]) -> list[StandingFacts]:
    return [
        standing
        for standing in standings
        if value(rules, standing) > 0 and standing.violation_points <= rules.most_points
    ]


def _key(rules: Leaderboard, standing: StandingFacts) -> tuple[int, datetime, int]:
    return (-value(rules, standing), standing.reached_at or _NEVER, standing.affiliate_id)


def _one_per_entity(ranked: Sequence[StandingFacts]) -> list[StandingFacts]:
    seen: set[str] = set()
    kept: list[StandingFacts] = []
    for standing in ranked:
        if standing.legal_entity and standing.legal_entity in seen:
            continue
        seen.add(standing.legal_entity)
        kept.append(standing)
    return kept


def on_close(rules: Leaderboard, standings: Sequence[StandingFacts]) -> list[Award]:
    return [
        Award(
            affiliate_id=place.affiliate_id,
            amount_minor=place.prize_minor,
            rank=place.rank,
            why={"metric": rules.metric.value, "value": place.value, "prize": place.prize},
        )
        for place in board(rules, standings)
        if place.prize_minor
    ]


def owes(rules: Leaderboard) -> int:
    return sum(prize.prize_minor for prize in rules.prizes)


def promises(rules: Leaderboard, currency: str) -> list[str]:
    return [
        gettext("Place %(rank)d: %(amount)s")
        % {"rank": rank, "amount": Money(prize.prize_minor, currency).localized()}
        for rank, prize in enumerate(rules.prizes, start=1)
    ]


MECHANIC = Mechanic(
    kind="leaderboard",
    label=_("Reward leaderboard"),
    about=_(
        "Affiliates race for prizes. The live board counts valid orders; the final one is frozen "
        "at the end, audited, and paid with the next settlement."
    ),
    rules=Leaderboard,
    promises=promises,
    on_close=on_close,
    owes=owes,
    audience=(AffiliateKind.KA.value,),
)
