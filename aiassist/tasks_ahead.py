"""Tasks that an affiliate may complete, as it reads them: how likely, how sure, what next."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext, ngettext, to_locale

from affiliates import queries as affiliate_queries
from affiliates.models import Affiliate
from affiliates.queries import Offer, Wish
from aiassist import for_you
from aiassist.models import TaskOdds
from aiassist.queries.odds import odds_of
from aiassist.queries.planner import slates_of
from alliance.kernel.money import Money
from alliance.kernel.templatetags.alliance import number
from commissions import queries, taking_part
from merchants.models import Product

SHOWN = 3  # products for a task
OF_SLATES = 60  # of all slates together, where too few on them were matched
SURE, HARDLY = 9_500, 500  # of 10,000


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a task: what it asks for, what reaching it comes to, and how likely that is;
    `low`, `likely` and `high` in percent."""

    asks: str
    pays: Money
    words: str
    low: int
    likely: int
    high: int
    reached: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The odds of a task in words."""

    odds: TaskOdds

    @property
    def expected(self) -> Money:
        return Money(self.odds.expected_minor, self.odds.campaign.currency)

    @property
    def steps(self) -> list[Step]:
        return [self._step(place) for place in range(len(self.odds.steps))]

    @property
    def aim(self) -> Step | None:
        """The step to go for; None where all are reached."""
        place = self.odds.pace.get("aim")
        return None if place is None else self._step(place)

    @property
    def summary(self) -> str:
        """The step to go for and its chance: “5 orders: about 7 in 10 (between 5 and 8)”."""
        aim = self.aim
        if aim is None:
            return gettext("All steps are reached.")
        return gettext("%(step)s: %(chance)s") % {"step": aim.asks, "chance": aim.words}

    @property
    def pace(self) -> str:
        """The pace of late beside what the step takes; "" where all are reached, or where the pace
        is no matter any more (an effort that has its clicks, but not its days)."""
        if self.aim is None or not self.odds.pace["missing"]:
            return ""
        pace = self.odds.pace
        words = gettext("Of late %(now)s a day; from now on it takes %(needed)s a day.")
        return words % {
            "now": self._amount(pace["now_centi"]),
            "needed": self._amount(pace["needed_centi"]),
        }

    @property
    def more(self) -> str:
        """What would make the step likelier; "" where it is likely anyway."""
        pace = self.odds.pace
        half, most = pace.get("half", 0), pace.get("four_fifths", 0)
        days = max(pace["days_centi"], 50)
        if self.odds.little or not most:
            return ""
        if half:
            words = gettext("With %(half)s a day on top it is even, with %(most)s 8 in 10.")
        else:
            words = gettext("With %(most)s a day on top it is 8 in 10.")
        return words % {
            "half": self._amount(half * 10_000 // days),
            "most": self._amount(most * 10_000 // days),
        }

    def _step(self, place: int) -> Step:
        step = self.odds.steps[place]
        reached = place < self.odds.pace["reached"]
        return Step(
            self._asks(step["least"]),
            Money(step["pays_minor"], self.odds.campaign.currency),
            self._words(step, reached),
            step["low"] // 100,
            step["likely"] // 100,
            step["high"] // 100,
            reached,
        )

    def _words(self, step: dict[str, int], reached: bool) -> str:
        if reached and step["low"] == 10_000:
            return gettext("reached")
        if self.odds.little and step["low"] < SURE:
            return too_little(step["low"], step["high"])
        said = chance_words(step["likely"], step["low"], step["high"])
        return gettext("reached; that it stays: %(chance)s") % {"chance": said} if reached else said

    def _asks(self, least: int) -> str:
        match self.odds.pace["by"]:
            case "gmv_minor":
                amount = Money(least, self.odds.campaign.currency).localized()
                return gettext("%(amount)s of sales") % {"amount": amount}
            case "clicks":
                return gettext("the effort asked for")
        words = ngettext("%(count)s order", "%(count)s orders", least)
        return words % {"count": number(least)}

    def _amount(self, centi: int) -> str:
        """So many orders, clicks, or so much of sales; `centi` in hundredths."""
        by, currency = self.odds.pace["by"], self.odds.campaign.currency
        if by == "gmv_minor":
            return Money(centi // 100, currency).localized()
        locale = to_locale(get_language() or "en")
        often = format_decimal(Decimal(centi) / 100, "#,##0.#", locale=locale)
        if by == "clicks":
            return gettext("%(count)s clicks") % {"count": often}
        return gettext("%(count)s orders") % {"count": often}


def chance_words(likely: int, low: int, high: int) -> str:
    """A chance of 10,000 and between what it lies, as people say it."""
    if likely >= SURE:
        return gettext("nearly certain") if low < 10_000 else gettext("certain")
    if likely < HARDLY:
        return gettext("less than 1 in 20")
    middle, least, most = (round(one / 1_000) for one in (likely, low, high))
    if least == most:
        return gettext("about %(n)d in 10") % {"n": middle}
    return gettext("about %(n)d in 10 (between %(low)d and %(high)d)") % {
        "n": middle,
        "low": least,
        "high": most,
    }


def too_little(low: int, high: int) -> str:
    """What can be said where there is too little history."""
    least, most = round(low / 1_000), max(round(high / 1_000), 1)
    words = gettext("too little history to say: anywhere between %(low)d and %(high)d in 10")
    return words % {"low": least, "high": most}


def told_of(affiliate: Affiliate) -> dict[int, Told]:
    """The odds of the affiliate's tasks, by campaign; what is worth most first. One statement."""
    rows = odds_of(affiliate).select_related("campaign")
    return {odds.campaign_id: Told(odds) for odds in rows}


# --- Tasks, and what to do about them ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ahead:
    """A task with its odds (None: not reckoned yet) and products that count in it."""

    card: taking_part.Card
    told: Told | None
    offers: Sequence[Offer]


def tasks_ahead(affiliate: Affiliate) -> list[Ahead]:
    """Tasks that the affiliate is in or may accept, what is worth most first. About fifteen
    statements, however many there are."""
    told = told_of(affiliate)
    cards = [
        card
        for card in taking_part.cards(affiliate, queries.campaigns_current(affiliate))
        if card.is_task and card.running and (card.takes_part or card.joins)
    ]
    offers = _offers(affiliate, cards)
    found = [Ahead(card, told.get(card.campaign.pk), offers[card.campaign.pk]) for card in cards]
    return sorted(
        found,
        key=lambda one: (
            -one.told.odds.expected_minor if one.told else 1,
            one.card.campaign.ends_at,
        ),
    )


def _offers(affiliate: Affiliate, cards: list[taking_part.Card]) -> dict[int, list[Offer]]:
    """For each task products that count: matched ones first, then those that pay most."""
    matched = [one.offer for one in for_you.shown(affiliate)[0]]
    slates = slates_of([card.campaign.pk for card in cards if not card.campaign.all_products])
    whole = {card.campaign.pk for card in cards if card.campaign.all_products}

    def counting(pk: int, offers: Sequence[Offer]) -> list[Offer]:
        return [one for one in offers if pk in whole or one.product.pk in slates.get(pk, ())]

    found = {card.campaign.pk: counting(card.campaign.pk, matched)[:SHOWN] for card in cards}
    short = {pk for pk, mine in found.items() if len(mine) < SHOWN}
    best = _best(affiliate, set().union(*(slates.get(pk, ()) for pk in short)), bool(short & whole))
    for pk in short:
        here = {one.product.pk for one in found[pk]}
        more = [one for one in counting(pk, best) if one.product.pk not in here]
        found[pk] = [*found[pk], *more][:SHOWN]
    return found


def _best(affiliate: Affiliate, slate: set[int], others: bool) -> list[Offer]:
    """What pays most: of those on slates, and of all others if they count somewhere."""
    products: list[Product] = []
    if slate:
        on_slate = affiliate_queries.products_offered_among(slate).order_by("-rate_bps", "pk")
        products += on_slate[:OF_SLATES]
    if others:
        products += affiliate_queries.products_offered(Wish(sort="earning"), size=SHOWN).products
    unique = {product.pk: product for product in products}
    return affiliate_queries.offers_of(unique.values(), affiliate=affiliate)
