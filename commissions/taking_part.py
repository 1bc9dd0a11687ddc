"""A campaign as an affiliate sees it: what it promises, how far one is, what comes next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from affiliates.queries import share_of
from alliance.kernel import clock
from alliance.kernel.money import Money, percent
from alliance.kernel.templatetags.alliance import number
from campaigns.audience import enrols_now, is_for
from campaigns.mechanics import (
    MECHANICS,
    Mechanic,
    gmv_pot,
    guaranteed_task,
    leaderboard,
    super_coupon,
)
from campaigns.mechanics.exclusive_day import ExclusiveDay
from campaigns.mechanics.guaranteed_task import GuaranteedTask, Mode
from campaigns.mechanics.leaderboard import Leaderboard
from campaigns.mechanics.super_coupon import SuperCoupon
from campaigns.models import Campaign, CampaignState, Enrolment, EnrolmentState, Standing
from commissions import queries
from commissions.models import Award

GONE = (EnrolmentState.QUIT, EnrolmentState.VOID)
RUNNING = (CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.PAUSED)
PLACES = 50

LEFT_OUT: dict[str, str | Promise] = {
    "small": _("too little left of them"),
    "same_buyer": _("by a buyer who counts already"),
    "held": _("held back by a case"),
    "late": _("received too late, or not yet"),
    "before": _("by a click before you joined"),
    "paused": _("while the campaign stood still"),
    "own": _("from a shop of your own"),
    "unfunded": _("waiting for the merchant's funds"),
    "void": _("called off"),
}
DOUBTS: dict[str, str | Promise] = {
    "buyers": _("Few different buyers."),
    "one_shop": _("Nearly all from one shop."),
    "account": _("Your account is not active."),
}


@dataclass(slots=True)
class Card:
    """One campaign, and the affiliate's part in it."""

    campaign: Campaign
    mechanic: Mechanic
    rules: Any
    enrolment: Enrolment | None
    standing: Standing | None
    award: Award | None
    slots: int | None  # places left of a task
    joins: bool  # the affiliate may join it now

    @property
    def running(self) -> bool:
        return self.campaign.state in RUNNING and clock.now() < self.campaign.ends_at

    @property
    def takes_part(self) -> bool:
        return self.enrolment is not None and self.enrolment.state not in GONE

    @property
    def offered(self) -> bool:
        return self.enrolment is not None and self.enrolment.state == EnrolmentState.OFFERED

    @property
    def begins(self) -> datetime | None:
        """When it begins, if that is still to come."""
        return self.campaign.starts_at if self.campaign.starts_at > clock.now() else None

    @property
    def is_task(self) -> bool:
        return self.mechanic.most is not None

    @property
    def is_board(self) -> bool:
        return isinstance(self.rules, Leaderboard)

    @property
    def promise(self) -> list[str]:
        """What it pays, in short sentences."""
        return self.mechanic.promises(self.rules, self.campaign.currency)

    @property
    def reward(self) -> Money:
        """What it has come to so far: the award, else the estimate."""
        if self.award:
            return self.award.amount
        minor = self.standing.reward_minor if self.standing else 0
        return Money(minor, self.campaign.currency)

    @property
    def steps(self) -> list[tuple[str, str, bool]]:
        """The steps of a ladder: what each asks for, what it pays, whether it is reached."""
        rules = self.rules
        if not isinstance(rules, GuaranteedTask) or rules.mode != Mode.LADDER:
            return []
        at, currency = self._facts, self.campaign.currency
        steps = []
        for tier in rules.tiers:
            by_orders = rules.metric == guaranteed_task.Metric.ORDERS
            reached = at.orders >= tier.orders if by_orders else at.gmv_minor >= tier.gmv_minor
            asked = guaranteed_task.asked(rules, tier, currency)
            steps.append((asked, guaranteed_task.pays(tier, currency), reached))
        return steps

    @property
    def percent(self) -> int:
        """How far one is on the way to the last step, 0 to 100."""
        rules = self.rules
        if not isinstance(rules, GuaranteedTask):
            return 0
        at = self._facts
        if rules.mode == Mode.PER_ORDER:
            have, whole = at.orders, rules.first_orders
        elif rules.mode == Mode.FLOOR:
            asked = (
                (at.links, rules.effort_links),
                (at.clicks, rules.effort_clicks),
                (at.visitors, rules.effort_visitors),
                (at.active_days, rules.effort_days),
            )
            have = sum(min(got, least) * 100 // least for got, least in asked if least)
            whole = 100 * sum(1 for _got, least in asked if least)
        elif rules.metric == guaranteed_task.Metric.ORDERS:
            have, whole = at.orders, rules.tiers[-1].orders
        else:
            have, whole = at.gmv_minor, rules.tiers[-1].gmv_minor
        return min(100, have * 100 // whole) if whole else 100

    @property
    def next_step(self) -> str:
        """What is missing for more, in a sentence; "" when there is nothing more to reach."""
        if not isinstance(self.rules, GuaranteedTask):
            return ""
        ahead = guaranteed_task.progress(self.rules, self._facts)
        if not ahead.missing or ahead.next_minor is None:
            return ""
        currency = self.campaign.currency
        missing = gettext(", ").join(
            _missing(name, count, currency) for name, count in ahead.missing.items()
        )
        return gettext("%(missing)s to %(amount)s") % {
            "missing": missing,
            "amount": Money(ahead.next_minor, currency).localized(),
        }

    @property
    def left_out(self) -> list[tuple[int, str]]:
        """How many orders do not count, and why."""
        found = self.standing.left_out if self.standing else {}
        return [(count, str(LEFT_OUT.get(why, why))) for why, count in sorted(found.items())]

    @property
    def doubts(self) -> list[str]:
        """Why a person looks at the award before it is paid."""
        return doubts_of(self.award) if self.award else []

    @property
    def _facts(self) -> Any:
        return queries.facts(self.standing or Standing(affiliate_id=0))


def doubts_of(award: Award) -> list[str]:
    """Why a person should look at it, in sentences."""
    return [str(DOUBTS.get(name, name)) for name in award.doubts]


def cards(affiliate: Affiliate, campaigns: Iterable[Campaign]) -> list[Card]:
    """A card for each (from `queries.campaigns_for`), in two more statements."""
    shown = list(campaigns)
    standings = queries.standings_mine(affiliate, shown)
    slots = queries.slots_left(shown)
    made = []
    for campaign in shown:
        mechanic = MECHANICS[campaign.kind]
        mine: list[Enrolment] = campaign.mine  # type: ignore[attr-defined]
        won: list[Award] = campaign.won  # type: ignore[attr-defined]
        alive = [one for one in mine if one.state not in GONE]
        latest = max(alive or mine, key=lambda one: one.pk, default=None)
        offered = bool(alive) and alive[0].state == EnrolmentState.OFFERED
        places = slots.get(campaign.pk)
        made.append(
            Card(
                campaign=campaign,
                mechanic=mechanic,
                rules=mechanic.parse(campaign.rules),
                enrolment=latest,
                standing=standings.get(campaign.pk),
                award=won[0] if won else None,
                slots=places,
                joins=enrols_now(campaign)
                and is_for(campaign, affiliate)
                and (offered or (not alive and places != 0)),
            )
        )
    return made


# --- In words ------------------------------------------------------------------------------------


def _missing(name: str, count: int, currency: str) -> str:
    if name == "gmv_minor":
        amount = Money(count, currency).localized()
        return gettext("%(amount)s more of sales") % {"amount": amount}
    words = {
        "orders": ngettext("%(count)s more order", "%(count)s more orders", count),
        "links": ngettext("%(count)s more link", "%(count)s more links", count),
        "clicks": ngettext("%(count)s more click", "%(count)s more clicks", count),
        "visitors": ngettext("%(count)s more visitor", "%(count)s more visitors", count),
        "active_days": ngettext("%(count)s more active day", "%(count)s more active days", count),
    }
    return words[name] % {"count": number(count)}


def ahead(card: Card, affiliate: Affiliate) -> str:
    """What is missing for a greater pot or a higher share, in a sentence; "" where nothing is. Two
    statements at most."""
    rules, currency = card.rules, card.campaign.currency
    if isinstance(rules, SuperCoupon):
        uses = queries.coupons_used(affiliate, card.campaign)
        usual_bps = share_of(affiliate)
        facts: dict[str, Any] = {"kind": affiliate.kind, "tier": affiliate.tier, "uses": uses}
        step = super_coupon.next_share(rules, usual_bps=usual_bps, **facts)
        if step is None and usual_bps > super_coupon.share(rules, **facts).bps:
            words = gettext("Your usual share of %(percent)s is the higher one, and stays.")
            return words % {"percent": percent(usual_bps)}
        if step is None:
            return ""
        missing, share_bps = step
        words = ngettext(
            "%(count)s more coupon used within seven days to %(percent)s of the commission",
            "%(count)s more coupons used within seven days to %(percent)s of the commission",
            missing,
        )
        return words % {"count": number(missing), "percent": percent(share_bps)}
    if isinstance(rules, ExclusiveDay):
        sold = queries.sold_together(card.campaign)
        pot = gmv_pot.following(rules.pot, sold)
        if pot is None:
            return ""
        return gettext("All together have sold %(sold)s. %(missing)s more to a pot of %(pot)s") % {
            "sold": Money(sold, currency).localized(),
            "missing": Money(pot.gmv_minor - sold, currency).localized(),
            "pot": Money(pot.pot_minor, currency).localized(),
        }
    return ""


# --- The board -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A place on the board; names of others are shortened."""

    rank: int
    name: str
    value: str
    prize: Money | None
    mine: bool
    missing: str  # to have more than the place above


def board(card: Card, affiliate: Affiliate) -> list[Row]:
    """The first places, and one's own if it lies behind them. Real standings only."""
    rules, campaign = card.rules, card.campaign
    standings = list(queries.standings_of(campaign))
    names = {one.affiliate_id: one.affiliate.name for one in standings}
    places = leaderboard.board(rules, queries.facts_of(campaign, standings))
    shown = [p for p in places if p.rank <= PLACES or p.affiliate_id == affiliate.pk]
    return [
        Row(
            rank=place.rank,
            name=affiliate.name
            if place.affiliate_id == affiliate.pk
            else shortened(names[place.affiliate_id]),
            value=_value(rules, place.value, campaign.currency),
            prize=Money(place.prize_minor, campaign.currency) if place.prize_minor else None,
            mine=place.affiliate_id == affiliate.pk,
            missing=_value(rules, place.missing, campaign.currency) if place.missing else "",
        )
        for place in shown
    ]


def shortened(name: str) -> str:
    """The first letter of a name: enough for whoever it is, too little for anybody else."""
    return f"{name[:1]}***"


def _value(rules: Leaderboard, value: int, currency: str) -> str:
    if rules.metric == leaderboard.Metric.ORDERS:
        return ngettext("%(count)s order", "%(count)s orders", value) % {"count": number(value)}
    return Money(value, currency).localized()
