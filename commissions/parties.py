"""Who gets something of an order line, at which rates."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings

from affiliates.models import Attribution
from campaigns.models import Grant
from campaigns.offers import raised
from campaigns.subsidies import SubsidyTerms, granted
from commissions.formulas import Role
from commissions.models import Commission, CommissionState
from merchants.models import OrderLine


def payees_of(
    line: OrderLine,
    decision: Attribution,
    subsidies: Sequence[SubsidyTerms],
    extras: Sequence[Grant],
) -> Iterator[Commission]:
    """Each payee's commission, not saved, at the rates promised at the touch (docs/domain.md §4.2)
    and what campaigns add to them. The line carries `order`."""

    def payee(role: Role, affiliate_id: Any, **rates: Any) -> Commission:
        return Commission(
            line=line,
            role=role.value,
            affiliate_id=affiliate_id,
            merchant_id=line.order.merchant_id,
            currency=line.currency,
            state=CommissionState.PLACED,
            tech_fee_bps=settings.ALLIANCE["TECH_FEE_BPS"],
            tech_fee_base=settings.ALLIANCE["TECH_FEE_BASE"],
            placed_at=line.order.placed_at,
            **rates,
        )

    terms = raised(decision, extras)
    shared = {
        "rate_bps": terms.rate_bps,
        "share_bps": terms.share_bps,
        "partner_bps": decision.partner_share_bps,
        "second_bps": decision.second_share_bps,
    }
    promised = [*subsidies, *(granted(grant) for grant in extras if grant.cap_minor)]
    yield payee(
        Role.AFFILIATE,
        decision.affiliate_id,
        attribution=decision,
        special_bps=decision.special_bps,
        subsidies=[one.as_json() for one in promised],
        **shared,
    )
    if decision.partner_id:
        yield payee(Role.PARTNER, decision.partner_id, **shared)
    if decision.second_partner_id:
        yield payee(Role.SECOND, decision.second_partner_id, **shared)
    if terms.intermediary_id:
        yield payee(
            Role.INTERMEDIARY,
            terms.intermediary_id,
            rate_bps=terms.service_bps,
            share_bps=10_000,
        )
