"""What an affiliate can do next: the road to its first commission, and what waits for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from affiliates import queries as affiliate_queries
from affiliates.models import Affiliate, PlanMemberState
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.templatetags.alliance import moment
from commissions import queries
from commissions.taking_part import Card

DECIDED = timedelta(days=7)  # for how long a decision is told
EXPIRES = timedelta(days=7)  # how long before its end a code is named
SHOWN = 5  # of each sort


@dataclass(frozen=True, slots=True)
class Step:
    """A step on the road to the first commission; `done` by what there is, not by a click on it."""

    name: str
    title: str
    words: str
    url: str
    label: str
    done: bool


def is_fresh(steps: Iterable[Step]) -> bool:
    """Whether there is nothing to look back on: no order, and nobody has clicked."""
    return any(step.name == "click" and not step.done for step in steps)


def takes_link(steps: Iterable[Step]) -> bool:
    """Whether the first link is still to be made."""
    return any(step.name == "link" and not step.done for step in steps)


def first_steps(user: User, affiliate: Affiliate) -> list[Step]:
    """The road to the first order, its steps ticked off; empty once there was an order.

    Five short looks into indexes, one where there are orders.
    """
    if queries.has_commissions(affiliate):
        return []
    link = affiliate_queries.links_of(user).first()
    card = reverse("campaigns:convert") + (f"?link={link.pk}" if link else "")
    return [
        Step(
            "zone",
            _("A place to share"),
            _("Your groups and channels are an ad zone. It is there already."),
            reverse("affiliates:sites"),
            _("Create an ad zone"),
            affiliate_queries.zones_for(user).exists(),
        ),
        Step(
            "link",
            _("Your first link"),
            _("Paste one below, or pick a product: each link has a code of its own."),
            reverse("affiliates:products"),
            _("Pick a product"),
            link is not None,
        ),
        Step(
            "click",
            _("The first click"),
            _("Send words, poster or share code to your people. Say that it is an advertisement."),
            card,
            _("Share your link"),
            affiliate_queries.has_clicks(affiliate),
        ),
        Step(
            "order",
            _("The first order"),
            _("It stands here within minutes of being reported, with what it earns you."),
            card,
            _("Share it again"),
            False,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Todo:
    """Something that waits for the affiliate, or that it should know of."""

    icon: str
    words: str
    url: str


def todos_of(user: User, affiliate: Affiliate, cards: Iterable[Card]) -> list[Todo]:
    """What is offered, what was decided, what ends soon. Two statements; `cards` are those of the
    campaigns that go on."""
    return [
        *(
            Todo(
                "target-arrow",
                _("You were offered a task: %(campaign)s.") % {"campaign": card.campaign.name},
                reverse("commissions:campaign", args=[card.campaign.pk]),
            )
            for card in cards
            if card.offered and card.joins
        ),
        *_decided(user, affiliate),
        *_expiring(user, affiliate),
    ]


def _decided(user: User, affiliate: Affiliate) -> list[Todo]:
    decided = affiliate_queries.places_for(user).filter(
        affiliate=affiliate,
        state__in=(PlanMemberState.APPROVED, PlanMemberState.REJECTED),
        by_rule=False,
        decided_at__gte=clock.now() - DECIDED,
    )
    found = []
    for place in decided[:SHOWN]:
        facts = {"merchant": place.plan.merchant.name, "plan": place.plan.name}
        if place.state == PlanMemberState.APPROVED:
            words = _("%(merchant)s has let you into “%(plan)s”: its rates are yours now.")
            url = reverse("affiliates:plan", args=[place.plan_id])
        else:
            words = _("%(merchant)s has declined your application for “%(plan)s”: %(reason)s")
            facts["reason"] = place.reason
            url = reverse("affiliates:plans")
        found.append(Todo("key", words % facts, url))
    return found


def _expiring(user: User, affiliate: Affiliate) -> list[Todo]:
    now = clock.now()
    ending = affiliate_queries.codes_for(user).filter(
        affiliate=affiliate,
        ends_at=None,
        coupon__ends_at__gt=now,
        coupon__ends_at__lte=now + EXPIRES,
    )
    words = _("Your code %(code)s at %(shop)s ends %(moment)s.")
    return [
        Todo(
            "ticket",
            words
            % {
                "code": binding.coupon.code,
                "shop": binding.coupon.shop.name,
                "moment": moment(binding.coupon.ends_at),
            },
            reverse("affiliates:codes"),
        )
        for binding in ending.order_by("coupon__ends_at", "pk")[:SHOWN]
    ]
