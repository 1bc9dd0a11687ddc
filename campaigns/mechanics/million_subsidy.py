"""Million subsidy 百万补贴 (docs/domain.md §5): a pot for what key-account media sell on top.

Each gets a rate of what it sold beyond its baseline. If that is more than the pot, the pot is
shared out by what each sold on top; nobody gets more than its own claim.
"""

from collections.abc import Sequence
from typing import Annotated

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from affiliates.models import AffiliateKind
from alliance.kernel.money import BPS, Money, apportion, half_up, percent
from campaigns.facts import Award, StandingFacts
from campaigns.mechanics.base import Bps, Count, Mechanic, Minor, Rules, Words


class MillionSubsidy(Rules):
    pot_minor: Annotated[
        Minor,
        Field(gt=0),
        Words(_("Pot"), _("Shared by all who sold more than before. For example 1,000,000.00.")),
    ] = 100_000_000
    rate_bps: Annotated[
        Bps,
        Field(gt=0, le=1_000),
        Words(_("Rate"), _("Of the sales above the baseline, at most 10 percent.")),
    ] = 500
    cap_minor: Annotated[
        Minor,
        Field(gt=0),
        Words(
            _("At most per order"),
            _("On average over an affiliate's valid orders. For example 20.00."),
        ),
    ] = 2_000
    baseline_days: Annotated[
        Count,
        Field(gt=0, le=90),
        Words(_("Days of the baseline"), _("Before the campaign. For example 14.")),
    ] = 14


def increment(standing: StandingFacts) -> int:
    """What was sold above the baseline; 0 where that is nothing."""
    return max(0, standing.gmv_minor - max(0, standing.baseline_gmv_minor))


def claim(rules: MillionSubsidy, standing: StandingFacts) -> int:
    """What an affiliate gets while the pot holds."""
    extra = half_up(increment(standing) * rules.rate_bps, BPS)
    return min(extra, rules.cap_minor * max(0, standing.orders))


def on_close(rules: MillionSubsidy, standings: Sequence[StandingFacts]) -> list[Award]:
    claims = {each.affiliate_id: claim(rules, each) for each in standings}
    asking = sorted(
        (each for each in standings if claims[each.affiliate_id]),
        key=lambda each: each.affiliate_id,
    )
    amounts = shared_out(
        rules.pot_minor,
        claims=[claims[each.affiliate_id] for each in asking],
        weights=[increment(each) for each in asking],
    )
    return [
        Award(
            affiliate_id=each.affiliate_id,
            amount_minor=amount,
            why={
                "increment_minor": increment(each),
                "baseline_minor": each.baseline_gmv_minor,
                "claim_minor": claims[each.affiliate_id],
                "claims_minor": sum(claims.values()),
                "pot_minor": rules.pot_minor,
            },
        )
        for each, amount in zip(asking, amounts, strict=True)
        if amount
    ]


def shared_out(pot: int, *, claims: Sequence[int], weights: Sequence[int]) -> list[int]:
    """The claims if the pot holds them, else the whole pot by weight, none above its claim.

    Whoever's part would exceed its claim gets the claim, and the others share what that leaves, by
    largest remainder. Each claim has a weight above 0.
    """
    if sum(claims) <= pot:
        return list(claims)
    parts = [0] * len(claims)
    open_, left = list(range(len(claims))), pot
    while open_:
        shares = apportion(left, [weights[i] for i in open_])
        full = [i for i, part in zip(open_, shares, strict=True) if part >= claims[i]]
        if not full:
            for i, part in zip(open_, shares, strict=True):
                parts[i] = part
            break
        for i in full:
            parts[i] = claims[i]
            left -= claims[i]
        open_ = [i for i in open_ if i not in set(full)]
    return parts


def owes(rules: MillionSubsidy) -> int:
    return rules.pot_minor


def promises(rules: MillionSubsidy, currency: str) -> list[str]:
    words = gettext("%(percent)s of what you sell above your usual sales, from a pot of %(pot)s.")
    pot = Money(rules.pot_minor, currency).localized()
    return [words % {"percent": percent(rules.rate_bps), "pot": pot}]


MECHANIC = Mechanic(
    kind="million_subsidy",
    label=_("Million subsidy"),
    about=_(
        "Key-account media share a pot by what they sold above their usual sales. What they get is "
        "not shown to promoters below them."
    ),
    rules=MillionSubsidy,
    promises=promises,
    on_close=on_close,
    owes=owes,
    enrols=True,
    reviewed=True,
    audience=(AffiliateKind.KA.value,),
)
