"""What a draft of an affiliate's week rests on."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Any

from affiliates import queries as affiliate_queries
from affiliates.models import AdZone, Affiliate, SiteKind
from affiliates.queries import Offer, Wish
from aiassist import for_you
from aiassist.copy.check import Channel
from aiassist.models import Audience, Goal, PostState, Target, WeekPlan
from aiassist.planner.draft import DAYS, Candidate, Place, Turn, Week
from aiassist.queries import planner as queries
from aiassist.queries.audiences import audience_of
from alliance.kernel import clock
from campaigns.calendar import phase_at
from campaigns.mechanics import MECHANICS
from campaigns.queries import season_near
from commissions import taking_part
from commissions.queries import campaigns_current
from commissions.queries.reports import report_total
from merchants.models import Product

POOL = 24  # products to choose from, beside those on slates
OF_SLATE = 6  # of each slate
ENOUGH = 12  # with fewer a week would repeat itself: what earns most fills up
LEAST_LINK_DAYS = 5  # fewer say nothing about a post
BUSY_PHASES = {"opening", "main"}
BY_SITE = {SiteKind.GUIDE: Channel.WECHAT_GROUP}


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts, the cards of the campaigns in them, and how the target was reckoned."""

    week: Week
    cards: list[taking_part.Card]
    pace: dict[str, int] = field(default_factory=dict)


def week_of(affiliate: Affiliate, plan: WeekPlan | None, currency: str) -> Gathered:
    """From now on for seven days. About a dozen statements."""
    now = clock.now()
    audience = audience_of(affiliate)
    cards = _cards(affiliate)
    turns = _turns(cards, audience, plan)
    decided = [
        post
        for post in queries.posts_of(affiliate, clock.day_start(clock.business_day()), _end())
        if post.kept
    ]
    standing = [post for post in decided if post.state != PostState.DROPPED]
    pace = _pace(affiliate, plan, currency)
    week = Week(
        begins=now,
        places=_places(affiliate, audience),
        candidates=_candidates(affiliate, turns),
        turns=turns,
        posts=pace.get("posts"),
        more=_busy_days(),
        busy=[(post.at, post.product_id) for post in standing],
        out=frozenset(p.product_id for p in decided if p.state == PostState.DROPPED),
    )
    return Gathered(week, cards, pace)


def _end() -> Any:
    return clock.day_start(clock.business_day() + timedelta(days=DAYS))


# --- Where ---------------------------------------------------------------------------------------


def _places(affiliate: Affiliate, audience: Audience | None) -> list[Place]:
    """Its ad zones that earn, those with most clicks first."""
    clicks = queries.clicks_by_hour(affiliate)
    zones = [zone for zone in affiliate_queries.zones_of(affiliate) if not zone.frozen]
    places = [
        Place(zone.pk, channel_of(zone, audience), tuple(clicks.get(zone.pk, [0] * 24)))
        for zone in zones
    ]
    return sorted(places, key=lambda place: -sum(place.clicks))


def channel_of(zone: AdZone, audience: Audience | None) -> str:
    """A website's zone is a web page; of the others, what the affiliate says."""
    if zone.site.kind == SiteKind.WEBSITE:
        return Channel.WEB
    said = audience.channel if audience else ""
    return said or BY_SITE.get(SiteKind(zone.site.kind), Channel.WECHAT_GROUP)


# --- What ----------------------------------------------------------------------------------------


def _cards(affiliate: Affiliate) -> list[taking_part.Card]:
    """Campaigns that go on within the week and are open to the affiliate."""
    found = taking_part.cards(affiliate, campaigns_current(affiliate))
    return [
        card
        for card in found
        if card.running
        and card.campaign.starts_at < _end()
        and (card.takes_part or card.joins or not MECHANICS[card.campaign.kind].enrols)
    ]


def _turns(
    cards: list[taking_part.Card], audience: Audience | None, plan: WeekPlan | None
) -> list[Turn]:
    goal = audience.goal if audience else ""
    tasks = goal == Goal.TASK or (plan is not None and plan.target == Target.TASK)
    slates = queries.slates_of([one.campaign.pk for one in cards if not one.campaign.all_products])
    return [
        Turn(
            campaign=card.campaign.pk,
            starts_at=card.campaign.starts_at,
            ends_at=card.campaign.ends_at,
            products=None
            if card.campaign.all_products
            else frozenset(slates.get(card.campaign.pk, ())),
            mine=card.takes_part or not MECHANICS[card.campaign.kind].enrols,
            task=card.is_task,
            wanted=(tasks and card.is_task and card.takes_part) or goal == Goal.SEASON,
        )
        for card in cards
    ]


def _candidates(affiliate: Affiliate, turns: list[Turn]) -> list[Candidate]:
    """What was matched, by its place; what slates have; where that is little, what earns most."""
    matched, _made_at = for_you.shown(affiliate)
    found = _by_place([one.offer for one in matched[:POOL]], "matched")
    known = {candidate.product for candidate in found}
    slates = _of_slates(turns, known)
    found += [
        _candidate(offer, 0.4, "slate")
        for offer in affiliate_queries.offers_of(slates, affiliate=affiliate)
    ]
    known |= {product.pk for product in slates}
    if len(found) < ENOUGH:
        most = affiliate_queries.products_offered(Wish(sort="earning"), size=ENOUGH).products
        rest = [product for product in most if product.pk not in known]
        found += _by_place(affiliate_queries.offers_of(rest, affiliate=affiliate), "earning", 0.5)
    return found


def _of_slates(turns: list[Turn], known: set[int]) -> list[Product]:
    """Of each slate those that pay most and are not known yet. Two statements for all slates."""
    wanted = set().union(*(turn.products or () for turn in turns)) - known
    if not wanted:
        return []
    offered = affiliate_queries.products_offered_among(sorted(wanted))
    ranked = list(offered.order_by("-rate_bps", "pk").values_list("pk", flat=True))
    chosen: dict[int, None] = {}
    for turn in turns:
        mine = (pk for pk in ranked if pk in (turn.products or ()) and pk not in chosen)
        chosen |= dict.fromkeys(islice(mine, OF_SLATE))
    products = offered.in_bulk(list(chosen))
    return [products[pk] for pk in chosen if pk in products]


def _by_place(offers: list[Offer], source: str, first: float = 1) -> list[Candidate]:
    return [_candidate(one, first / (1 + place / 4), source) for place, one in enumerate(offers)]


def _candidate(offer: Offer, worth: float, source: str) -> Candidate:
    return Candidate(offer.product.pk, worth, source, offer.product.category_id)


# --- How much ------------------------------------------------------------------------------------


def _pace(affiliate: Affiliate, plan: WeekPlan | None, currency: str) -> dict[str, int]:
    """What a post has brought of late, and how many the target takes; no "posts" where that cannot
    be told. Clicks in hundredths, earnings per click in hundredths of a minor unit."""
    clicks, days = queries.clicks_per_link_day(affiliate)
    if days < LEAST_LINK_DAYS:
        return {}
    today = clock.business_day()
    month = report_total(affiliate, currency, today - timedelta(days=30), today)
    each = clicks * 100 // days
    earned = month.estimated * 100 // month.clicks if month.clicks else 0
    pace = {"clicks_per_post_centi": each, "earned_per_click_centi": max(0, earned)}
    if plan is not None and plan.target == Target.CLICKS:
        pace["posts"] = -(-plan.amount * 100 // each)
    elif plan is not None and plan.target == Target.EARN and earned > 0:
        pace["posts"] = -(-plan.amount * 10_000 // (each * earned))
    return pace


def _busy_days() -> frozenset[date]:
    """Days of the week that lie in the season's opening or main days."""
    season, today = season_near(), clock.business_day()
    days = [today + timedelta(days=place) for place in range(DAYS)]
    if season is None:
        return frozenset()
    noon = timedelta(hours=12)
    return frozenset(d for d in days if phase_at(season, clock.day_start(d) + noon) in BUSY_PHASES)
