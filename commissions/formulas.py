"""What a base amount is worth to whom (docs/domain.md §4.2). Pure; amounts in, amounts out.

The same function gives the estimated figures (base: what was paid) and the settled ones (base:
what the merchant kept). Each step rounds once, half up to the minor unit, and the next step starts
from the rounded figure: a receipt can be checked with a pocket calculator (docs/adr/0003).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alliance.kernel.money import Money


class TechFeeBase(StrEnum):
    """What the technical service fee is taken of."""

    OWN_SHARE = "own_share"  # the affiliate's part: sums correctly over several payees
    ORDER_COMMISSION = "order_commission"  # the whole commission, as the wire field reads


class Role(StrEnum):
    """On whose account a commission stands (docs/domain.md §4.2: each payee has its own row)."""

    AFFILIATE = "affiliate"  # whose touch brought the order
    PARTNER = "partner"  # whom the affiliate gives a part of its share to
    SECOND = "second"  # whom that partner gives a part of its part to; there is no third
    INTERMEDIARY = "intermediary"  # who looks after the plan for a service fee


@dataclass(frozen=True, slots=True)
class Subsidy:
    """An extra on top of the commission: `rate_bps` of the base, at most `cap`, of which the
    affiliate gets `share_bps`. The merchant pays `merchant_bps` of that, the platform the rest."""

    rate_bps: int
    cap: Money
    share_bps: int = 10_000
    merchant_bps: int = 0

    def on(self, base: Money) -> Money:
        """What the affiliate gets of it."""
        return min(base.share(self.rate_bps), self.cap).share(self.share_bps)


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything that was promised at the touch, in basis points.

    `commission_bps` is without the special service fee; `share_bps` is what affiliate and partner
    get together, `partner_bps` the partner's part of it, and `second_bps` the part of that which
    the partner's own partner gets.
    """

    commission_bps: int
    share_bps: int
    tech_fee_bps: int
    tech_fee_base: TechFeeBase = TechFeeBase.OWN_SHARE
    partner_bps: int = 0
    second_bps: int = 0
    special_bps: int = 0
    subsidies: tuple[Subsidy, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For a receipt: the four that every order has, and what else there is."""
        facts: dict[str, Any] = {
            "commission_bps": self.commission_bps,
            "share_bps": self.share_bps,
            "tech_fee_bps": self.tech_fee_bps,
            "tech_fee_base": self.tech_fee_base.value,
        }
        if self.partner_bps:
            facts["partner_bps"] = self.partner_bps
        if self.second_bps:
            facts["second_bps"] = self.second_bps
        if self.special_bps:
            facts["special_bps"] = self.special_bps
        if self.subsidies:
            facts["subsidies"] = [
                {
                    "rate_bps": one.rate_bps,
                    "cap_minor": one.cap.minor,
                    "share_bps": one.share_bps,
                    "merchant_bps": one.merchant_bps,
                }
                for one in self.subsidies
            ]
        return facts


@dataclass(frozen=True, slots=True)
class Worth:
    """The parts of one payee. commission = publisher + platform;
    net = publisher + subsidy - tech_fee; `merchant_subsidy` is the merchant's part of `subsidy`."""

    base: Money
    commission: Money
    publisher: Money
    platform: Money
    tech_fee: Money
    subsidy: Money
    merchant_subsidy: Money
    special_fee: Money
    net: Money

    @property
    def cost(self) -> Money:
        """What the merchant pays for it."""
        return self.commission + self.special_fee + self.merchant_subsidy


def worth(base: Money, rates: Rates, role: Role = Role.AFFILIATE) -> Worth:
    """What `base` (minor units, not negative) earns at `rates` for the payee in that role.

    The rows of one order line add up: the affiliate's commission is the whole one without what
    its partners get. A commission below one minor unit is none at all (docs/domain.md §4.1). Raises
    ValueError for a negative base: a refund is worth(what remains) minus what is booked, never
    worth(-refund).
    """
    if base.minor < 0:
        raise ValueError("the base of a commission is never negative")
    nothing = Money(0, base.currency)
    whole = base.share(rates.commission_bps)
    shared = whole.share(rates.share_bps)
    partner = first = second = nothing
    if rates.partner_bps:
        own_bps = rates.share_bps - rates.partner_bps
        _own, partner = shared.split([own_bps, rates.partner_bps])
        # Out of the partner's part, so that the affiliate has the same with or without a second.
        first, second = partner.split([rates.partner_bps - rates.second_bps, rates.second_bps])
    if role is Role.PARTNER:
        commission = publisher = first
    elif role is Role.SECOND:
        commission = publisher = second
    else:
        commission, publisher = whole - partner, shared - partner
    of = commission if rates.tech_fee_base is TechFeeBase.ORDER_COMMISSION else publisher
    # The fee on the whole commission may exceed a small share; it never takes more than there is.
    tech_fee = min(of.share(rates.tech_fee_bps), publisher)
    subsidy = merchant_subsidy = nothing
    for one in rates.subsidies:
        extra = one.on(base)
        subsidy += extra
        merchant_subsidy += extra.share(one.merchant_bps)
    return Worth(
        base=base,
        commission=commission,
        publisher=publisher,
        platform=commission - publisher,
        tech_fee=tech_fee,
        subsidy=subsidy,
        merchant_subsidy=merchant_subsidy,
        special_fee=base.share(rates.special_bps),
        net=publisher + subsidy - tech_fee,
    )
