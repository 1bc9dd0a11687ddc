"""The table of campaign kinds. A new kind is one file and one line in here."""

from campaigns.mechanics import (
    bargain_channel,
    crazy_four_hours,
    double_commission,
    freebie,
    gift_voucher,
    guaranteed_task,
    leaderboard,
    million_subsidy,
    super_brand_day,
    super_category_day,
    super_coupon,
    super_u,
    supermarket_benefits,
    tuanzhang_event,
)
from campaigns.mechanics.base import Mechanic, RuleField, Rules, Words

MECHANICS: dict[str, Mechanic] = {
    module.MECHANIC.kind: module.MECHANIC
    for module in (
        super_coupon,
        guaranteed_task,
        double_commission,
        million_subsidy,
        leaderboard,
        freebie,
        supermarket_benefits,
        crazy_four_hours,
        super_brand_day,
        super_category_day,
        super_u,
        bargain_channel,
        tuanzhang_event,
        gift_voucher,
    )
}

__all__ = ["MECHANICS", "Mechanic", "RuleField", "Rules", "Words"]
