"""Links out of whatever was pasted (转链): each thing becomes a link, or says why it cannot."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import AdZone, Affiliate, Link
from affiliates.pasted import Kind, Thing
from affiliates.promised import promised
from affiliates.queries import Missing, Sight, Target, event_plans
from affiliates.services.links import NO_SHOP, link_create, links_make
from affiliates.services.standing import (
    affiliate_must_be_active,
    site_must_stand,
    why_not,
    zone_must_not_be_frozen,
)
from alliance.kernel import clock
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import Event, Plan, Product, Shop
from merchants.plans import Found, reserved

_NOBODYS = {
    Kind.ADDRESS: NO_SHOP,
    Kind.CODE: _("Nobody here has made a link with this code. Perhaps a character got lost."),
    Kind.PRODUCT: _("There is no product with this number."),
    Kind.NUMBER: _("There is no product with this number."),
}
_NOT_OF_EVENT = _("This is not a product of the event.")
_NO_RATE = _("No commission is promised for this product now.")


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a thing that was pasted: its `link`, or `why_not` in words and in one word:
    `state` (missing, no_rate, reserved, no_links, or of product or merchant). `found`: what a link
    to the product earns."""

    thing: Thing
    shop: Shop | None = None
    product: Product | None = None
    found: Found | None = None
    link: Link | None = None
    why_not: str = ""
    state: str = ""
    from_others: bool = False  # out of the link of another affiliate


@transaction.atomic
def links_convert(
    *,
    actor: User,
    affiliate: Affiliate,
    zone: AdZone,
    sights: Sequence[Sight],
    subs: Mapping[str, str] | None = None,
    event: Event | None = None,
    dx: bool = False,
) -> list[Made]:
    """A link for each sight that can be promoted, as `link_create` makes them: asking again gives
    the same. A product that nothing is promised for gets none; with an event neither does what does
    not take part in it.

    Raises what concerns them all: Invalid (not the affiliate's zone), WrongState (affiliate not
    active, site rejected, zone frozen).
    """
    affiliate_must_be_active(affiliate)
    if zone.site.affiliate_id != affiliate.pk:
        raise Invalid(_("This ad zone is not yours."), field="zone")
    site_must_stand(zone.site)
    zone_must_not_be_frozen(zone)

    products = {
        one.product.pk: one.product
        for one in sights
        if not isinstance(one, Missing) and one.product
    }
    plans = _plans(event)
    pays = _pays(products.values(), affiliate, plans, general=dx)
    barred = {
        place: refusal
        for place, sight in enumerate(sights)
        if (refusal := _objection(sight, pays, event, plans))
    }
    own = {
        sight.product.pk: sight.product
        for place, sight in enumerate(sights)
        if isinstance(sight, Target) and sight.product and not sight.url and place not in barred
    }
    facts: dict[str, Any] = {"affiliate": affiliate, "zone": zone, "subs": subs, "dx": dx}
    at_once = links_make(actor=actor, products=own.values(), plans=plans, **facts)
    made = []
    for place, sight in enumerate(sights):
        if isinstance(sight, Missing):
            why = str(_NOBODYS[sight.thing.kind])
            made.append(Made(sight.thing, why_not=why, state="missing"))
            continue
        product = sight.product
        answer: Link | DomainError
        if place in barred:
            answer = barred[place]
        elif product and not sight.url:
            answer = at_once[product.pk]
        else:
            answer = _by_itself(sight, actor, plans.get(sight.shop.merchant_id), facts)
        made.append(_made(sight, pays[product.pk] if product else None, answer, affiliate))
    return made


def _by_itself(
    sight: Target, actor: User, plan: Plan | None, facts: dict[str, Any]
) -> Link | DomainError:
    """A link to another page than a product's own."""
    try:
        with transaction.atomic():
            return link_create(
                actor=actor, product=sight.product, url=sight.url, plan=plan, **facts
            )
    except DomainError as refusal:
        if refusal.field in (facts["subs"] or {}):
            raise  # of the sub-id, not of the thing
        return refusal


def _made(
    sight: Target, found: Found | None, answer: Link | DomainError, affiliate: Affiliate
) -> Made:
    others = bool(sight.link and sight.link.affiliate_id != affiliate.pk)
    about = Made(sight.thing, sight.shop, sight.product, found, from_others=others)
    if isinstance(answer, Link):
        return replace(about, link=answer)
    state = str(answer.facts.get("state", answer.code))
    return replace(about, why_not=str(answer), state=state)


def _plans(event: Event | None) -> dict[int, Plan]:
    """By merchant: what pays in the event."""
    if event is None:
        return {}
    return {plan.merchant_id: plan for plan in event_plans().filter(event=event)}


def _pays(
    products: Collection[Product], affiliate: Affiliate, plans: Mapping[int, Plan], *, general: bool
) -> dict[int, Found]:
    """What a link to each product earns; of an event that is to come from its beginning on."""
    now = clock.now()
    found: dict[int, Found] = {}
    asked: dict[int | None, list[Product]] = defaultdict(list)
    for product in products:
        plan = plans.get(product.shop.merchant_id)
        asked[plan.pk if plan else None].append(product)
    starts = {plan.pk: plan.starts_at for plan in plans.values()}
    for key, some in asked.items():
        at = max(now, starts[key]) if key else now
        found |= promised(some, affiliate.pk, at, plan_id=key, general=general)
    return found


def link_shown(link: Link) -> Made:
    """A link that the affiliate has, as if it had just been made. Nothing is."""
    found = None
    if product := link.product:
        at = max(clock.now(), link.plan.starts_at) if link.plan else clock.now()
        pays = promised([product], link.affiliate_id, at, plan_id=link.plan_id, general=link.dx)
        found = pays[product.pk]
    return Made(Thing(Kind.CODE, link.code), link.shop, link.product, found, link)


def _objection(
    sight: Sight, pays: Mapping[int, Found], event: Event | None, plans: Mapping[int, Plan]
) -> DomainError | None:
    """What speaks against a link at once; refusals that say more come later."""
    if isinstance(sight, Missing):
        return None
    if event and sight.shop.merchant_id not in plans:
        return Invalid(_NOT_OF_EVENT, state="not_in_event")
    product = sight.product
    if product is None or pays[product.pk]:
        return None
    if why_not(product) or reserved(pays[product.pk]):
        return None
    return WrongState(_NO_RATE, state="no_rate")
