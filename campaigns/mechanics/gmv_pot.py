"""A pot that grows with the sales of all together, and is shared by the sales of each."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from alliance.kernel.money import Money, apportion
from campaigns.facts import Award, StandingFacts
from campaigns.mechanics.base import Fault, Minor, Rules, Words


class PotStep(Rules):
    """From so many sales of all affiliates together on, so much to share."""

    gmv_minor: Annotated[Minor, Field(gt=0), Words(_("From sales of all together"))]
    pot_minor: Annotated[Minor, Field(gt=0), Words(_("Pot to share"))]


DEFAULT = (
    PotStep(gmv_minor=10_000_000, pot_minor=100_000),
    PotStep(gmv_minor=50_000_000, pot_minor=800_000),
    PotStep(gmv_minor=100_000_000, pot_minor=2_000_000),
)


def check(steps: Sequence[PotStep]) -> None:
    """Raises Fault unless each step is above the one before, with a greater pot."""
    if any(
        low.gmv_minor >= high.gmv_minor or low.pot_minor >= high.pot_minor
        for low, high in pairwise(steps)
    ):
        raise Fault(
            _("Each step has more sales and a greater pot than the one before."), field="pot"
        )


def reached(steps: Sequence[PotStep], gmv_minor: int) -> int:
    """The pot at that sum of sales; 0 below the first step."""
    return max((step.pot_minor for step in steps if step.gmv_minor <= gmv_minor), default=0)


def following(steps: Sequence[PotStep], gmv_minor: int) -> PotStep | None:
    """The step that is not reached yet, with the least sales."""
    return next((step for step in steps if step.gmv_minor > gmv_minor), None)


def shared(steps: Sequence[PotStep], standings: Sequence[StandingFacts]) -> list[Award]:
    """The reached pot by sales, largest remainder: the awards add up to it exactly."""
    sellers = sorted(
        (each for each in standings if each.gmv_minor > 0), key=lambda each: each.affiliate_id
    )
    total = sum(each.gmv_minor for each in sellers)
    pot = reached(steps, total)
    if not pot:
        return []
    parts = apportion(pot, [each.gmv_minor for each in sellers])
    return [
        Award(
            affiliate_id=each.affiliate_id,
            amount_minor=part,
            why={"gmv_minor": each.gmv_minor, "all_minor": total, "pot_minor": pot},
        )
        for each, part in zip(sellers, parts, strict=True)
        if part
    ]


def greatest(steps: Sequence[PotStep]) -> int:
    return max((step.pot_minor for step in steps), default=0)


def promises(steps: Sequence[PotStep], currency: str) -> list[str]:
    """A sentence for each step."""
    words = gettext("From %(sales)s that all sell together on: %(pot)s to share by your sales.")
    return [
        words
        % {
            "sales": Money(step.gmv_minor, currency).localized(),
            "pot": Money(step.pot_minor, currency).localized(),
        }
        for step in steps
    ]
