"""Picking products for a campaign by score (docs/campaign-mechanics.md, Super U selection)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit
from alliance.kernel.errors import Invalid
from alliance.kernel.models import User
from alliance.kernel.templatetags.alliance import joined
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, SlateItem, SlateState
from campaigns.services.slates import slate_decide
from commissions.queries.forecasts import facts_of_items


@dataclass(frozen=True, slots=True)
class Picked:
    """How many proposals joined the slate, were rejected, and still wait for a better week."""

    joined: int
    rejected: int
    waiting: int


@transaction.atomic
def slate_pick(*, actor: User, campaign: Campaign) -> Picked:
    """The best proposals of each category join the slate of a campaign that picks by score; those
    that something speaks against are rejected with it. The others stay proposed.

    What is on the slate already takes its place. Raises Invalid for a kind that does not pick by
    score, WrongState when the campaign is over.
    """
    mechanic = MECHANICS[campaign.kind]
    if mechanic.picks is None or mechanic.objections is None:
        raise Invalid(_("A campaign of this kind does not pick by score."), field="campaign")
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    rules = mechanic.parse(campaign.rules)
    items = {item.product_id: item for item in _of(campaign, SlateState.PROPOSED)}
    facts = facts_of_items(list(items.values()))
    taken = Counter(
        item.product.category.slug if item.product.category else ""
        for item in _of(campaign, SlateState.APPROVED)
    )
    chosen = mechanic.picks(rules, facts, taken)
    rejected = {
        one.product_id: joined(*objections)
        for one in facts
        if (objections := mechanic.objections(rules, one))
    }
    for product_id in chosen:
        slate_decide(actor=actor, item=items[product_id], accept=True)
    for product_id, reason in rejected.items():
        slate_decide(actor=actor, item=items[product_id], accept=False, reason=reason)
    waiting = len(items) - len(chosen) - len(rejected)
    audit.record(
        "campaign.picked",
        campaign,
        actor=actor,
        joined=len(chosen),
        rejected=len(rejected),
        waiting=waiting,
    )
    return Picked(len(chosen), len(rejected), waiting)


def _of(campaign: Campaign, state: str) -> Iterable[SlateItem]:
    rows = SlateItem.objects.filter(campaign=campaign, state=state).order_by("pk")
    return rows.select_related("campaign", "product__category", "product__shop")
