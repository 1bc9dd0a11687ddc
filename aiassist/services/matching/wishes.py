"""What affiliates said of their audience and goal, as matching reads it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings

from affiliates.models import Affiliate
from aiassist.models import Audience, Goal
from campaigns.models import Enrolment, EnrolmentState
from campaigns.queries import campaigns_with_boards


@dataclass(frozen=True, slots=True)
class Wishes:
    """`traits`: who the affiliate is and whom it reaches, in words that can be compared.
    `interests`: keys of categories. Prices in minor units of `currency`. `favoured`: products that
    its goal names."""

    traits: frozenset[str]
    goal: str = Goal.COMMISSION
    interests: frozenset[int] = frozenset()
    price_from: int | None = None
    price_to: int | None = None
    currency: str = ""
    said: bool = False
    favoured: frozenset[int] = field(default_factory=frozenset)


def wishes_of(affiliates: Iterable[Affiliate]) -> dict[int, Wishes]:
    audiences = {
        one.affiliate_id: one for one in Audience.objects.prefetch_related("interests").all()
    }
    return {
        affiliate.pk: _wishes(affiliate, audiences.get(affiliate.pk)) for affiliate in affiliates
    }


def _wishes(affiliate: Affiliate, audience: Audience | None) -> Wishes:
    traits = {f"kind:{affiliate.kind}"}
    if audience is None:
        return Wishes(frozenset(traits))
    interests = frozenset(category.pk for category in audience.interests.all())
    traits |= {f"interest:{pk}" for pk in interests}
    traits |= {f"age:{age}" for age in audience.ages}
    traits |= {f"region:{region}" for region in audience.regions}
    traits |= {f"gender:{audience.gender}"} if audience.gender else set()
    traits |= {f"channel:{audience.channel}"} if audience.channel else set()
    return Wishes(
        traits=frozenset(traits),
        goal=audience.goal,
        interests=interests,
        price_from=audience.price_from_minor,
        price_to=audience.price_to_minor,
        currency=settings.ALLIANCE["CURRENCY"],
        said=len(traits) > 1,
        favoured=_favoured(affiliate, audience.goal),
    )


def _favoured(affiliate: Affiliate, goal: str) -> frozenset[int]:
    """What counts in the campaigns that the affiliate may join, or in those it is in."""
    if goal not in (Goal.SEASON, Goal.TASK):
        return frozenset()
    boards = campaigns_with_boards(affiliate)
    if goal == Goal.TASK:
        accepted = Enrolment.objects.filter(affiliate=affiliate, state=EnrolmentState.ACCEPTED)
        boards = boards.filter(campaign__in=accepted.values("campaign"))
    return frozenset(place["product"] for board in boards for place in board.places)
