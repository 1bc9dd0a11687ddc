"""Commission doubling 佣金翻倍 (docs/domain.md §5): a multiple of the usual commission."""

from typing import Annotated

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from alliance.kernel.money import Money, percent
from campaigns.facts import OrderFacts, Reward
from campaigns.mechanics.base import Mechanic, Minor, Rules, Words


class DoubleCommission(Rules):
    multiple_bps: Annotated[
        int,
        Field(gt=10_000, le=50_000),
        Words(_("Multiple of the commission"), _("200 percent double it.")),
    ] = 20_000
    cap_minor: Annotated[Minor, Field(gt=0), Words(_("At most per order line"))] = 2_000


def on_order(rules: DoubleCommission, facts: OrderFacts) -> Reward | None:
    """The part above one, as a subsidy on the base: rate × (multiple − 1)."""
    extra_bps = min(facts.rate_bps * (rules.multiple_bps - 10_000) // 10_000, 10_000)
    if not extra_bps:
        return None
    return Reward(
        rate_bps=extra_bps,
        cap_minor=rules.cap_minor,
        why={"multiple_bps": rules.multiple_bps, "rate_bps": facts.rate_bps},
    )


def promises(rules: DoubleCommission, currency: str) -> list[str]:
    words = gettext("%(percent)s of the usual commission, at most %(amount)s more an order.")
    most = Money(rules.cap_minor, currency).localized()
    return [words % {"percent": percent(rules.multiple_bps), "amount": most}]


MECHANIC = Mechanic(
    kind="double_commission",
    label=_("Commission doubling"),
    about=_("Enrolled affiliates get a multiple of the usual commission, up to a cap."),
    rules=DoubleCommission,
    promises=promises,
    on_order=on_order,
    enrols=True,
)
