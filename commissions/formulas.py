"""What a base amount is worth to whom (docs/domain.md §4.2). Pure; amounts in, amounts out.

The same function gives the estimated figures (base: what was paid) and the settled ones (base:
what the merchant kept). Each step rounds once, half up to the minor unit, and the next step starts
from the rounded figure: a receipt can be checked with a pocket calculator (docs/adr/0003).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alliance.kernel.money import Money


class TechFeeBase(StrEnum):
    """What the technical service fee is taken of."""

    OWN_SHARE = "own_share"  # the affiliate's part: sums correctly over several payees
    ORDER_COMMISSION = "order_commission"  # the whole commission, as the wire field reads


@dataclass(frozen=True, slots=True)
class Subsidy:
    """An extra on top of the commission: `rate_bps` of the base, at most `cap`, shared."""

    rate_bps: int
    cap: Money
    share_bps: int = 10_000


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything that was promised at the touch, in basis points."""

    commission_bps: int
    share_bps: int
    tech_fee_bps: int
    tech_fee_base: TechFeeBase = TechFeeBase.OWN_SHARE
    special_bps: int = 0
    subsidies: tuple[Subsidy, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For a receipt."""
        return {
            "commission_bps": self.commission_bps,
            "share_bps": self.share_bps,
            "tech_fee_bps": self.tech_fee_bps,
            "tech_fee_base": self.tech_fee_base.value,
        }


@dataclass(frozen=True, slots=True)
class Worth:
    """The parts. commission = publisher + platform; net = publisher + subsidy - tech_fee."""

    base: Money
    commission: Money
    publisher: Money
    platform: Money
    tech_fee: Money
    subsidy: Money
    special_fee: Money
    net: Money


def worth(base: Money, rates: Rates) -> Worth:
    """What `base` (minor units, not negative) earns at `rates`.

    A commission below one minor unit is none at all (docs/domain.md §4.1). Raises ValueError for
    a negative base: a refund is worth(what remains) minus what is booked, never worth(-refund).
    """
    if base.minor < 0:
        raise ValueError("the base of a commission is never negative")
    commission = base.share(rates.commission_bps)
    publisher = commission.share(rates.share_bps)
    of = commission if rates.tech_fee_base is TechFeeBase.ORDER_COMMISSION else publisher
    # The fee on the whole commission may exceed a small share; it never takes more than there is.
    tech_fee = min(of.share(rates.tech_fee_bps), publisher)
    subsidy = _subsidy(base, rates.subsidies)
    return Worth(
        base=base,
        commission=commission,
        publisher=publisher,
        platform=commission - publisher,
        tech_fee=tech_fee,
        subsidy=subsidy,
        special_fee=base.share(rates.special_bps),
        net=publisher + subsidy - tech_fee,
    )


def _subsidy(base: Money, subsidies: Sequence[Subsidy]) -> Money:
    total = Money(0, base.currency)
    for one in subsidies:
        total += min(base.share(one.rate_bps), one.cap).share(one.share_bps)
    return total
