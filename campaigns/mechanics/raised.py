"""A commission rate that a merchant promised to raise for a campaign, shared by several kinds."""

from django.utils.translation import gettext_lazy as _

from alliance.kernel.money import BPS, percent
from campaigns.facts import OrderFacts, ProductFacts, Reward
from campaigns.mechanics.base import Text


def least_rate(usual_bps: int, raise_bps: int) -> int:
    """What a promised rate must be at least: the usual one and `raise_bps` of it, rounded up.

    12 % and 30 % more of it is 15.6 %. Where no commission is usual, any rate is a raise.
    """
    return max(1, usual_bps + -(-usual_bps * raise_bps // BPS))


def raised(facts: OrderFacts, *, raise_bps: int = 0) -> Reward | None:
    """The promised rate, if it is above the usual one by at least `raise_bps` of it."""
    promised = facts.slate_rate_bps
    if promised <= facts.rate_bps or promised < least_rate(facts.rate_bps, raise_bps):
        return None
    return Reward(
        commission_bps=promised, why={"usual_bps": facts.rate_bps, "promised_bps": promised}
    )


def rate_objections(product: ProductFacts, *, raise_bps: int = 0) -> list[Text]:
    """What a promised rate lacks."""
    least = max(least_rate(product.rate_bps, raise_bps), product.rate_bps + 1)
    if product.offered_bps >= least:
        return []
    return [
        _("Its commission rate must be at least %(rate)s during the campaign.")
        % {"rate": percent(least)}
    ]
