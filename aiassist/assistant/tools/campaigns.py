"""What an affiliate may look up of campaigns, tasks and the week before it."""

from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from affiliates import queries as affiliate_queries
from affiliates.queries import Offer
from aiassist import tasks_ahead
from aiassist.assistant.tools.products import make_link, offer_facts, offered, product_page
from aiassist.assistant.tools.words import (
    MOST,
    Link,
    Nothing,
    Result,
    Scope,
    day_words,
    ended,
    said,
)
from aiassist.models import PostState
from aiassist.planner import drafted, week_of
from aiassist.planner.draft import DAYS
from aiassist.queries import planner as planner_queries
from alliance.kernel import clock
from alliance.kernel.templatetags.alliance import joined, moment
from campaigns.calendar import last_day
from commissions import queries, taking_part

TURNS = 3  # campaigns that a day of the plan names


def campaigns_open(scope: Scope, args: Nothing) -> Result:
    """Campaigns that go on or come, what they pay, and what is missing for more."""
    cards = cards_of(scope)
    sources = [Link(_("Campaigns"), reverse("commissions:campaigns"))]
    if not cards:
        return Result([_("No campaign is open to you at the moment.")], {"found": 0}, sources)
    shown = cards[:MOST]
    return Result(
        [_campaign_words(card) for card in shown],
        {
            "campaigns": [
                {
                    "name": said(card.campaign.name),
                    "ends": last_day(card.campaign.ends_at).isoformat(),
                    "takes_part": card.takes_part,
                    "promise": card.promise,
                    "next_step": card.next_step,
                }
                for card in shown
            ]
        },
        sources + [_campaign_page(card) for card in shown],
        [
            Link(_("Join “%(name)s”") % {"name": said(card.campaign.name)}, _page_of(card))
            for card in shown
            if card.joins
        ][:2],
    )


def cards_of(scope: Scope) -> list[taking_part.Card]:
    """Those one is in first, then those that end first."""
    found = taking_part.cards(scope.affiliate, queries.campaigns_current(scope.affiliate))
    found = [card for card in found if card.running]
    return sorted(found, key=lambda card: (not card.takes_part, card.campaign.ends_at))


def _campaign_words(card: taking_part.Card) -> str:
    name, last = said(card.campaign.name), clock.day_start(last_day(card.campaign.ends_at))
    head = _("“%(name)s”, until %(day)s:") % {"name": name, "day": moment(last, "date")}
    more = _("You take part.") if card.takes_part else ""
    if card.next_step:
        more = _("You take part; still %(missing)s.") % {"missing": card.next_step}
    return joined(head, *map(ended, map(str, card.promise)), more)


def _page_of(card: taking_part.Card) -> str:
    return reverse("commissions:campaign", args=[card.campaign.pk])


def _campaign_page(card: taking_part.Card) -> Link:
    return Link(said(card.campaign.name), _page_of(card))


def tasks_likely(scope: Scope, args: Nothing) -> Result:
    """How likely each task is to be completed, how sure that is, and what to do about it."""
    ahead = tasks_ahead.tasks_ahead(scope.affiliate)[:MOST]
    sources = [Link(_("Tasks worth your time"), reverse("aiassist:tasks"))]
    if not ahead:
        return Result([_("There is no task for you at the moment.")], {"found": 0}, sources)
    offers = list({o.product.pk: o for one in ahead for o in one.offers}.values())
    joins = [
        Link(_("Join “%(name)s”") % {"name": said(one.card.campaign.name)}, _page_of(one.card))
        for one in ahead
        if one.card.joins
    ]
    return Result(
        [_task_words(one) for one in ahead],
        {"tasks": [_task_facts(one) for one in ahead]},
        sources + [_campaign_page(one.card) for one in ahead],
        [*joins[:2], *map(make_link, offers[:2])],
    )


def _task_words(one: tasks_ahead.Ahead) -> str:
    name = said(one.card.campaign.name)
    if one.told is None:
        return _("“%(name)s”: not reckoned yet.") % {"name": name}
    head = _("“%(name)s” comes to %(amount)s on average. %(step)s.") % {
        "name": name,
        "amount": one.told.expected.localized(),
        "step": one.told.summary.rstrip("."),
    }
    return joined(head, one.told.pace, one.told.more)


def _task_facts(one: tasks_ahead.Ahead) -> dict[str, Any]:
    campaign = one.card.campaign
    facts = {"name": said(campaign.name), "takes_part": one.card.takes_part}
    if one.told is None:
        return facts
    odds = one.told.odds
    steps = [
        {
            "asks": step.asks,
            "pays_minor": step.pays.minor,
            **{f"{name}_bps": kept[name] for name in ("likely", "low", "high")},
        }
        for step, kept in zip(one.told.steps, odds.steps, strict=True)
    ]
    return facts | {
        "currency": campaign.currency,
        "expected_minor": odds.expected_minor,
        "too_little_history": odds.little,
        "steps": steps,
        "as_of": odds.made_at.isoformat(),
    }


def week_plan(scope: Scope, args: Nothing) -> Result:
    """A draft for seven days: what to share on which day, and why then."""
    posts, offers = _week_posts(scope)
    cards, today = cards_of(scope), clock.business_day()
    sentences, days = [], []
    for place in range(DAYS):
        day = today + timedelta(days=place)
        turns = [words for card in cards if (words := _turn(card, day))][:TURNS]
        shared = [(at, offers[pk]) for at, pk in posts if clock.business_day(at) == day]
        share = [
            _("share this at %(time)s: %(offer)s")
            % {"time": f"{at.astimezone(clock.ZONE):%H:%M}", "offer": offered(offer)}
            for at, offer in shared
        ]
        if turns or share:
            words = joined(*turns, *share)
            told = {"day": day_words(day), "turns": f"{words[:1].upper()}{words[1:]}"}
            sentences.append(_("%(day)s: %(turns)s") % told)
        facts = [{"at": at.isoformat(), **offer_facts(offer)} for at, offer in shared]
        days.append({"day": day.isoformat(), "campaigns": turns, "posts": facts})
    if not sentences:
        sentences = [_("There is nothing to promote this week.")]
    used = list(offers.values())
    return Result(
        sentences,
        {"days": days},
        [
            Link(_("Week plan"), reverse("aiassist:planner")),
            Link(_("Campaigns"), reverse("commissions:campaigns")),
            *map(product_page, used[:MOST]),
        ],
        list(map(make_link, used[:3])),
    )


def _week_posts(scope: Scope) -> tuple[list[tuple[datetime, int]], dict[int, Offer]]:
    """What is planned from now on, else what the planner would draft: moments and products that
    can still be promoted, in the order of their first moment."""
    now = clock.now()
    planned = planner_queries.posts_of(scope.affiliate, now, now + timedelta(days=DAYS))
    posts = [(p.at, p.product_id) for p in planned if p.state == PostState.PLANNED]
    if not posts:
        plan = planner_queries.week_plan_of(scope.affiliate)
        draft = drafted(week_of(scope.affiliate, plan, scope.currency).week)
        posts = [(slot.at, slot.product) for slot in draft.slots]
    wanted = list(dict.fromkeys(product for _at, product in posts))
    products = affiliate_queries.products_offered_among(wanted).in_bulk()
    known = [products[pk] for pk in wanted if pk in products]
    offers = affiliate_queries.offers_of(known, affiliate=scope.affiliate)
    found = {offer.product.pk: offer for offer in offers}
    return [(at, pk) for at, pk in posts if pk in found], found


def _turn(card: taking_part.Card, day: date) -> str:
    """What a campaign means for that day."""
    name = {"name": said(card.campaign.name)}
    if clock.business_day(card.campaign.starts_at) == day:
        return _("“%(name)s” begins;") % name
    if last_day(card.campaign.ends_at) == day:
        return _("“%(name)s” ends;") % name
    return ""
