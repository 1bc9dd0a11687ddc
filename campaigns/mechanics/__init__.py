"""The table of campaign kinds. A new kind is one file and one line in here."""

from campaigns.mechanics import double_commission
from campaigns.mechanics.base import Mechanic, Rules, Words

MECHANICS: dict[str, Mechanic] = {
    module.MECHANIC.kind: module.MECHANIC for module in (double_commission,)
}

__all__ = ["MECHANICS", "Mechanic", "Rules", "Words"]
