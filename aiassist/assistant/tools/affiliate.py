"""What an affiliate may look up."""

from datetime import date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import Field

from affiliates import queries as affiliate_queries
from affiliates.queries import Offer, Wish
from aiassist import for_you, guard, tasks_ahead
from aiassist.assistant.tools.words import (
    MOST,
    Args,
    InPeriod,
    Link,
    Nothing,
    Number,
    Result,
    Scope,
    day_words,
    report_of,
    said,
)
from aiassist.models import PostState
from aiassist.planner import drafted, week_of
from aiassist.planner.draft import DAYS
from aiassist.queries import planner as planner_queries
from alliance.kernel import clock
from alliance.kernel.money import Money, percent
from alliance.kernel.templatetags.alliance import moment
from campaigns.calendar import last_day
from commissions import lookup, obstacles, queries, receipts, taking_part
from commissions.queries.report_names import names_of
from commissions.queries.reports import report_rows, report_total
from commissions.reporting.columns import OF_AFFILIATES
from commissions.reporting.spans import PERIODS, named
from commissions.todos import todos_of

TURNS = 3  # campaigns that a day of the plan names
COLUMNS = {column.name: column for column in OF_AFFILIATES}


class Products(Args):
    words: str = Field("", description="words in the title; empty for all")
    rate_from_bps: int = Field(0, ge=0, le=10_000, description="commission of at least, bps")
    price_to_minor: int | None = Field(None, ge=0, lt=10**15, description="price at most")
    coupon_only: bool = False
    sort: Literal["sales", "rate", "earning", "price", "-price"] = "earning"


# --- Orders ---


def order_explain(scope: Scope, args: Number) -> Result:
    """Why an order is or is not the affiliate's: what "Where is my order?" says."""
    number = guard.seen(args.number).strip()
    page = f"{reverse('commissions:order_find')}?{urlencode({'number': number})}"
    answers = lookup.ask(user=scope.user, affiliate=scope.affiliate, number=number)
    sources = [Link(_("Where is my order?"), page)]
    if not answers:
        return Result(
            [
                _("No shop that you promote has reported an order with the number %(number)s.")
                % {"number": number},
                _("Most report within the hour. Check the number with the buyer."),
            ],
            {"number": number, "found": 0},
            sources,
        )
    sentences, facts = [], []
    for one in answers:
        sentences.append(
            _("%(shop)s, placed on %(day)s:")
            % {"shop": said(one.shop), "day": moment(one.placed_at, "date")}
        )
        sentences += one.sentences
        facts.append({"shop": said(one.shop), "yours": bool(one.commission_pk)})
        if one.commission_pk:
            receipt = reverse("commissions:receipt", args=[one.commission_pk])
            sources.append(Link(_("Receipt of the order"), receipt))
    return Result(sentences, {"number": number, "orders": facts}, sources)


# --- Products ---


def products_find(scope: Scope, args: Products) -> Result:
    """What can be promoted now and fits: on sale, of a merchant that can pay."""
    found, wish = _found(args)
    page = f"{reverse('affiliates:products')}?{urlencode(_picking(wish))}"
    sources = [Link(_("Products"), page)]
    if not found:
        words = _("Nothing that can be promoted now fits that. Try fewer words or a lower rate.")
        return Result([words], {"found": 0}, sources)
    offers = affiliate_queries.offers_of(found, affiliate=scope.affiliate)
    sentences = [
        _("These can be promoted now; their merchants have the money for it:"),
        *map(_offered, offers),
    ]
    return Result(
        sentences,
        {"products": list(map(_offer_facts, offers))},
        sources + list(map(_product_page, offers)),
        [_make_link(offers[0])],
    )


def _found(args: Products) -> tuple[list[Any], Wish]:
    """As it was said, and with the endings of its words cut off if nothing fits so."""
    for words in dict.fromkeys([args.words, *_stems(args.words)]):
        wish = Wish(
            words=words,
            rate_from=args.rate_from_bps,
            price_to=args.price_to_minor,
            coupon_only=args.coupon_only,
            sort=args.sort,
        )
        if found := affiliate_queries.products_offered(wish, size=MOST).products:
            return found, wish
    return [], wish


def _stems(words: str) -> list[str]:
    """Shoes is shoe, Jacken is Jacke."""
    each = words.split()
    return [
        " ".join(word[:-cut] if len(word) > cut + 2 else word for word in each) for cut in (1, 2)
    ]


def _picking(wish: Wish) -> dict[str, Any]:
    """The same in the list of products, as far as its form can say it."""
    offered = [bps for bps in (500, 1000, 2000, 3000) if bps <= wish.rate_from]
    asked = {
        "words": wish.words,
        "rate": max(offered, default=""),
        "coupon": "on" if wish.coupon_only else "",
        "sort": "" if wish.sort == "sales" else wish.sort,
    }
    return {name: value for name, value in asked.items() if value}


def _offered(offer: Offer) -> str:
    return _("“%(name)s” pays %(rate)s: %(earning)s for you of %(price)s.") % {
        "name": said(offer.product.name),
        "rate": percent(offer.rate_bps),
        "earning": offer.earning.localized(),
        "price": offer.price.localized(),
    }


def _offer_facts(offer: Offer) -> dict[str, Any]:
    return {
        "title": said(offer.product.name),
        "rate_bps": offer.rate_bps,
        "price_minor": offer.price.minor,
        "earning_minor": offer.earning.minor,
        "currency": offer.price.currency,
    }


def _product_page(offer: Offer) -> Link:
    page = reverse("affiliates:product", args=[offer.product.pk])
    return Link(said(offer.product.name), page)


def _make_link(offer: Offer) -> Link:
    form = f"{reverse('campaigns:convert')}?{urlencode({'text': offer.product.url})}"
    return Link(_("Make a link for “%(name)s”") % {"name": said(offer.product.name)}, form)


def products_for_me(scope: Scope, args: Nothing) -> Result:
    """What suits the affiliate, with the reason."""
    matched, _made_at = for_you.shown(scope.affiliate)
    sources = [Link(_("For you"), reverse("aiassist:for_you"))]
    if not matched:
        words = _("Nothing is matched to you yet: it is done every night, from your links on.")
        return Result([words], {"found": 0}, sources)
    first = matched[:MOST]
    offers = [one.offer for one in first]
    return Result(
        [f"{_offered(one.offer)} {one.why}" for one in first],
        {"products": [{**_offer_facts(one.offer), "why": one.why} for one in first]},
        sources + list(map(_product_page, offers)),
        [_make_link(offers[0])],
    )


# --- Money ---


def money_when(scope: Scope, args: Nothing) -> Result:
    """Where the money stands, when the next settlement is, and what stands in the way."""
    affiliate, currency = scope.affiliate, scope.currency
    balances = queries.balances_of(affiliate, currency)
    settles_on, month = receipts.next_settlement()
    due = queries.to_settle(affiliate, currency, month)
    in_the_way = obstacles.obstacles_of(affiliate, currency, balances, queries.payee_of(affiliate))
    sentences = [
        _("%(amount)s can be withdrawn now.") % {"amount": balances.payable.localized()},
        _("The next settlement is on %(day)s; as it stands it brings %(amount)s.")
        % {"day": day_words(settles_on), "amount": due.localized()},
        _("%(pending)s is confirmed and waits for it, %(estimated)s for the buyers' receipt.")
        % {
            "pending": balances.pending.localized(),
            "estimated": balances.estimated.localized(),
        },
        *(one.words for one in in_the_way),
    ]
    facts = {
        "currency": currency,
        "payable_minor": balances.payable.minor,
        "settles_on": settles_on.isoformat(),
        "to_settle_minor": due.minor,
        "pending_minor": balances.pending.minor,
        "estimated_minor": balances.estimated.minor,
        "obstacles": [one.words for one in in_the_way],
    }
    stopped = any(one.stops for one in in_the_way)
    withdraw = Link(_("Withdraw"), reverse("commissions:withdrawals"))
    mine = affiliate_queries.membership_of(scope.user)
    goes = [Link(_("Where the money goes"), reverse("commissions:payee"))]
    return Result(
        sentences,
        facts,
        [
            Link(_("Earnings"), reverse("commissions:earnings")),
            Link(_("Withdrawals"), reverse("commissions:withdrawals")),
        ],
        ([] if stopped or not balances.payable else [withdraw])
        + (goes if mine and mine.may_change else []),
    )


def earnings(scope: Scope, args: InPeriod) -> Result:
    """What came in in a period, beside the one before, and what brought most."""
    span, currency = named(args.period), scope.currency
    now = report_total(scope.affiliate, currency, span.start, span.end)
    before = report_total(scope.affiliate, currency, span.before.start, span.before.end)
    rows, _count = report_rows(
        scope.affiliate, currency, "product", span.start, span.end, limit=MOST
    )
    rows = [row for row in rows if row.estimated > 0]
    names = names_of("product", [row.key for row in rows])
    sentences = [
        _("%(period)s: %(orders)s orders, %(amount)s estimated for you (before: %(before)s).")
        % {
            "period": PERIODS[span.period],
            "orders": COLUMNS["orders"].shown(now, currency),
            "amount": COLUMNS["estimated"].shown(now, currency),
            "before": COLUMNS["estimated"].shown(before, currency),
        },
        *(
            _("“%(name)s” brought %(amount)s.")
            % {"name": said(names[row.key]), "amount": Money(row.estimated, currency).localized()}
            for row in rows
            if row.key in names
        ),
    ]
    facts = {
        "currency": currency,
        "orders": now.orders,
        "clicks": now.clicks,
        "estimated_minor": now.estimated,
        "estimated_before_minor": before.estimated,
        "settled_minor": now.settled,
        "best": [
            {"title": said(names[row.key]), "estimated_minor": row.estimated}
            for row in rows
            if row.key in names
        ],
    }
    return Result(sentences, facts, [Link(_("Reports"), report_of("affiliate", "product", span))])


# --- Campaigns, and what to do ---


def campaigns_open(scope: Scope, args: Nothing) -> Result:
    """Campaigns that go on or come, what they pay, and what is missing for more."""
    cards = _cards(scope)
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


def _cards(scope: Scope) -> list[taking_part.Card]:
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
    return " ".join(filter(None, [head, *map(str, card.promise), more]))


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
        [*joins[:2], *map(_make_link, offers[:2])],
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
    return " ".join(filter(None, [head, one.told.pace, one.told.more]))


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
    cards, today = _cards(scope), clock.business_day()
    sentences, days = [], []
    for place in range(DAYS):
        day = today + timedelta(days=place)
        turns = [words for card in cards if (words := _turn(card, day))][:TURNS]
        shared = [(at, offers[pk]) for at, pk in posts if clock.business_day(at) == day]
        share = [
            _("share this at %(time)s: %(offer)s")
            % {"time": f"{at.astimezone(clock.ZONE):%H:%M}", "offer": _offered(offer)}
            for at, offer in shared
        ]
        if turns or share:
            words = " ".join([*turns, *share])
            sentences.append(f"{day_words(day)}: {words[:1].upper()}{words[1:]}")
        facts = [{"at": at.isoformat(), **_offer_facts(offer)} for at, offer in shared]
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
            *map(_product_page, used[:MOST]),
        ],
        list(map(_make_link, used[:3])),
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


def rates_changed(scope: Scope, args: Nothing) -> Result:
    """Rates that were announced in the last days, where the affiliate's links lead."""
    since = clock.business_day() - timedelta(days=7)
    found = affiliate_queries.rate_changes(scope.affiliate, since=since)[:MOST]
    sources = [Link(_("Rate changes"), reverse("affiliates:rates"))]
    rows = list(found)
    if not rows:
        return Result([_("No rate was announced in the last seven days.")], {"found": 0}, sources)
    sentences = [
        _("%(merchant)s: %(rate)s for %(what)s from %(day)s on.")
        % {
            "merchant": said(row.plan.merchant.name),
            "rate": percent(row.rate_bps),
            "what": said(row.product.name if row.product else row.plan.name),
            "day": moment(row.starts_at, "date"),
        }
        for row in rows
    ]
    facts = [{"merchant": said(row.plan.merchant.name), "rate_bps": row.rate_bps} for row in rows]
    return Result(sentences, {"changes": facts}, sources)


def todo(scope: Scope, args: Nothing) -> Result:
    """What waits for the affiliate."""
    found = todos_of(scope.user, scope.affiliate, _cards(scope))
    home = [Link(_("Home"), reverse("commissions:affiliate_home"))]
    if not found:
        return Result([_("Nothing waits for you.")], {"found": 0}, home)
    count = ngettext("%(count)d thing waits for you:", "%(count)d things wait for you:", len(found))
    return Result(
        [count % {"count": len(found)}, *(one.words for one in found)],
        {"todo": [one.words for one in found]},
        home,
        [Link(said(one.words), one.url) for one in found[:3]],
    )
