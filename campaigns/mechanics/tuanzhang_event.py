"""Event of an intermediary 团长活动 (docs/domain.md §2.5): a raised rate, a fee for the host.

Both stand on the slate, product by product, as the merchant promised them. The affiliate's
commission is not reduced by the fee; a product that is not on the slate pays none.
"""

from typing import Annotated, Self

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from alliance.kernel.money import percent
from campaigns.facts import OrderFacts, ProductFacts, Reward
from campaigns.mechanics.base import Bps, Fault, Mechanic, Rules, Text, Words


class TuanzhangEvent(Rules):
    least_rate_bps: Annotated[
        Bps,
        Field(gt=0, le=9_000),
        Words(_("Commission rate at least"), _("Of each product. For example 10 percent.")),
    ] = 1_000
    least_service_bps: Annotated[
        Bps,
        Field(le=9_000),
        Words(_("Service fee at least"), _("Of what the buyer paid. For example 1 percent.")),
    ] = 100
    most_service_bps: Annotated[
        Bps, Field(le=9_000), Words(_("Service fee at most"), _("For example 20 percent."))
    ] = 2_000

    @model_validator(mode="after")
    def fee_has_room(self) -> Self:
        if self.least_service_bps > self.most_service_bps:
            raise Fault(
                _("The least service fee is above the greatest."), field="least_service_bps"
            )
        return self


def on_order(rules: TuanzhangEvent, facts: OrderFacts) -> Reward | None:
    """Rate and service fee as promised; the fee within the event's bounds."""
    service_bps = min(facts.slate_service_bps, rules.most_service_bps)
    raised = facts.slate_rate_bps > facts.rate_bps
    if not raised and not service_bps:
        return None
    return Reward(
        commission_bps=facts.slate_rate_bps if raised else None,
        service_bps=service_bps,
        why={
            "usual_bps": facts.rate_bps,
            "promised_bps": facts.slate_rate_bps,
            "service_bps": service_bps,
        },
    )


def objections(rules: TuanzhangEvent, product: ProductFacts) -> list[Text]:
    said: list[Text] = []
    if product.best_bps < rules.least_rate_bps:
        said.append(
            _("Its commission rate must be at least %(rate)s during the campaign.")
            % {"rate": percent(rules.least_rate_bps)}
        )
    if not rules.least_service_bps <= product.service_bps <= rules.most_service_bps:
        said.append(
            _("The service fee lies between %(least)s and %(most)s.")
            % {
                "least": percent(rules.least_service_bps),
                "most": percent(rules.most_service_bps),
            }
        )
    return said


def promises(rules: TuanzhangEvent, currency: str) -> list[str]:
    words = gettext("At least %(percent)s commission on each product.")
    return [words % {"percent": percent(rules.least_rate_bps)}]


MECHANIC = Mechanic(
    kind="tuanzhang_event",
    label=_("Intermediary's event"),
    about=_(
        "An intermediary gathers products at a raised commission rate. Merchants pay the "
        "intermediary a service fee beside it, which takes nothing from the affiliate."
    ),
    rules=TuanzhangEvent,
    promises=promises,
    on_order=on_order,
    objections=objections,
    merchants_enrol=True,
    hosted=True,
)
