"""A fixed bonus on a valid order, shared by several kinds."""

from campaigns.facts import OrderFacts, Reward


def fixed(facts: OrderFacts, bonus_minor: int, *, least_minor: int = 1) -> Reward | None:
    """`bonus_minor` on a line of at least `least_minor`; never more than the line itself."""
    if not bonus_minor or facts.base_minor < max(1, least_minor):
        return None
    return Reward(rate_bps=10_000, cap_minor=bonus_minor, why={"bonus_minor": bonus_minor})
