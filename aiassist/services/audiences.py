"""An affiliate says whom it reaches and what it wants."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from aiassist.copy.check import Channel
from aiassist.models import Age, Audience, Gender, Goal, Region
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid
from alliance.kernel.models import User
from merchants.models import Category

INTERESTS = 8  # more say nothing


@transaction.atomic
def audience_save(
    *,
    actor: User,
    affiliate: Affiliate,
    goal: str,
    channel: str = "",
    interests: Iterable[Category] = (),
    ages: Iterable[str] = (),
    gender: str = "",
    regions: Iterable[str] = (),
    price_from_minor: int | None = None,
    price_to_minor: int | None = None,
) -> Audience:
    """Keep what was said; the next night matches by it. Prices in minor units of the alliance's
    currency. Raises Invalid for an unknown choice, too many interests, or prices the wrong way
    round."""
    interests = list(interests)
    said: dict[str, tuple[Iterable[str], list[str]]] = {
        "goal": ([goal], Goal.values),
        "channel": ([channel], ["", *Channel.values]),
        "ages": (ages, Age.values),
        "gender": ([gender], ["", *Gender.values]),
        "regions": (regions, Region.values),
    }
    for field, (values, known) in said.items():
        if not set(values) <= set(known):
            raise Invalid(_("Please choose one of those offered."), field=field)
    if len(interests) > INTERESTS:
        raise Invalid(
            _("Please choose %(most)d at most: the more you name, the less each counts.")
            % {"most": INTERESTS},
            field="interests",
        )
    if min(price_from_minor or 0, price_to_minor or 0) < 0:
        raise Invalid(_("A price is not below 0."), field="price_from_minor")
    if None not in (price_from_minor, price_to_minor) and price_from_minor > price_to_minor:  # type: ignore[operator]
        raise Invalid(_("The upper price is below the lower one."), field="price_to_minor")
    audience, _made = Audience.objects.update_or_create(
        affiliate=affiliate,
        defaults={
            "goal": goal,
            "channel": channel,
            "ages": sorted(set(ages)),
            "gender": gender,
            "regions": sorted(set(regions)),
            "price_from_minor": price_from_minor,
            "price_to_minor": price_to_minor,
            "updated_at": clock.now(),
        },
    )
    audience.interests.set(interests)
    audit.record("audience.changed", affiliate, actor=actor, goal=goal, channel=channel)
    return audience
