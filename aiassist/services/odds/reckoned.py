"""The odds of a task for one affiliate: its rest is played, and judged by the task's own rules."""

from typing import Any

import numpy as np

from aiassist.models import TaskOdds
from aiassist.odds import Ahead, Chance, Track, ahead_of, needed_more, worth_of
from aiassist.services.odds.known import Known
from campaigns.facts import StandingFacts
from campaigns.mechanics import guaranteed_task
from campaigns.mechanics.guaranteed_task import GuaranteedTask, Metric, Mode
from campaigns.models import Campaign
from commissions.services.standings import at_most

SAMPLES = 600  # ends of a task counted by sales that are judged
NEXT = 8_000  # of 10,000: a step that is likelier is no aim any more


def odds_reckoned(known: Known, pk: int) -> TaskOdds:
    """For an affiliate that may take the task. The same facts give the same all day."""
    rules, campaign = known.rules, known.campaign
    seed = [campaign.pk, pk, known.today.toordinal()]
    orders = ahead_of(known.track(pk), known.busy, known.usual(pk), known.left(pk), seed)
    if rules.mode is Mode.FLOOR:
        return _floor(known, pk, orders, seed)
    by_sales = rules.mode is Mode.LADDER and rules.metric is Metric.GMV
    ends = orders.amounts if by_sales else orders.orders
    left = known.left(pk)
    done = left.done_minor if by_sales else left.done + len(left.waiting)
    steps = [
        _step(least, pays, orders.amounts_reach(least) if by_sales else orders.orders_reach(least))
        for least, pays in _thresholds(campaign, rules, worth_of(known.track(pk), known.usual(pk)))
    ]
    reached = sum(step["least"] <= done for step in steps)
    pace = {
        "by": "gmv_minor" if by_sales else "orders",
        "done": done,
        "reached": reached,
        "now_centi": _now(known.track(pk), by_sales=by_sales),
        **_ends(ends),
        **_aim(steps[reached:], reached, ends, done, known.days_left),
    }
    worth = _expected(campaign, rules, orders, by_sales)
    return TaskOdds(
        campaign=campaign,
        affiliate_id=pk,
        expected_minor=worth,
        little=orders.little or any(step["vague"] for step in steps),
        steps=steps,
        pace=pace,
        made_at=known.now,
    )


def _thresholds(
    campaign: Campaign, rules: GuaranteedTask, each_minor: float
) -> list[tuple[int, int]]:
    """What each step asks for, and what reaching it comes to; where that is a part of the sales of
    so many orders, with orders of `each_minor`."""
    if rules.metric is Metric.GMV and rules.mode is Mode.LADDER:
        found = [(t.gmv_minor, StandingFacts(affiliate_id=0, gmv_minor=t.gmv_minor))
                 for t in rules.tiers]  # fmt: skip
    else:
        by_order = dict.fromkeys((1, max(1, rules.first_orders // 2), rules.first_orders))
        counts = by_order if rules.mode is Mode.PER_ORDER else [tier.orders for tier in rules.tiers]
        found = [
            (n, StandingFacts(affiliate_id=0, orders=n, gmv_minor=round(n * each_minor)))
            for n in counts
        ]
    return [(least, _reward(campaign, rules, at)) for least, at in found]


def _step(least: int, pays: int, chance: Chance) -> dict[str, Any]:
    return {
        "least": least,
        "pays_minor": pays,
        "likely": round(chance.likely * 10_000),
        "low": round(chance.low * 10_000),
        "high": round(chance.high * 10_000),
        "vague": chance.vague,
    }


def _ends(ends: np.ndarray) -> dict[str, int]:
    low, middle, high = np.percentile(ends, [10, 50, 90])
    return {"low": int(low), "middle": int(middle), "high": int(high)}


def _aim(
    ahead: list[dict[str, Any]], first: int, ends: np.ndarray, done: int, days: float
) -> dict[str, Any]:
    """The step to go for, of those ahead (from place `first` on), and what it takes; nothing where
    all are reached."""
    if not ahead:
        return {"days_centi": round(days * 100)}
    place = next((n for n, step in enumerate(ahead) if step["likely"] < NEXT), len(ahead) - 1)
    least = ahead[place]["least"]
    missing = max(0, least - done)
    return {
        "days_centi": round(days * 100),
        "aim": first + place,
        "missing": missing,
        "needed_centi": round(missing * 100 / max(days, 0.5)),
        "half": needed_more(ends, least, 0.5),
        "four_fifths": needed_more(ends, least, 0.8),
    }


def _now(track: Track, *, by_sales: bool = False) -> int:
    """What came a day in the last fortnight, hundredths: orders, clicks, minor units of sales."""
    days = min(14, len(track.counts) - track.first)
    if days <= 0:
        return 0
    each = track.amounts / track.sold if by_sales and track.sold else 1.0
    return round(float(track.counts[-days:].sum()) * 100 * each / days)


def _expected(campaign: Campaign, rules: GuaranteedTask, ahead: Ahead, by_sales: bool) -> int:
    """The reward on average, judged by the rules themselves."""
    if by_sales or any(tier.reward_bps for tier in rules.tiers):
        orders, amounts = ahead.orders.ravel(), ahead.amounts.ravel()
        stride = max(1, len(orders) // SAMPLES)
        pairs = zip(orders[::stride].tolist(), amounts[::stride].tolist(), strict=True)
        ends = [StandingFacts(affiliate_id=0, orders=int(n), gmv_minor=int(m)) for n, m in pairs]
        return round(float(np.mean([_reward(campaign, rules, at) for at in ends])))
    counts, often = np.unique(ahead.orders, return_counts=True)
    each = [_reward(campaign, rules, StandingFacts(affiliate_id=0, orders=int(n))) for n in counts]
    return round(float(np.average(each, weights=often)))


def _reward(campaign: Campaign, rules: GuaranteedTask, at: StandingFacts) -> int:
    return at_most(campaign, guaranteed_task.reward(rules, at))


# --- The income guarantee -------------------------------------------------------------------------


def _floor(known: Known, pk: int, orders: Ahead, seed: list[int]) -> TaskOdds:
    """The effort by clicks, visitors and active days; the links are the affiliate's to make."""
    rules, campaign = known.rules, known.campaign
    effort, share = known.effort(pk), known.visitors_share(pk)
    # Each thing has chances of its own.
    left, usual = known.left_clicks(pk), known.peers.clicks
    ahead = ahead_of(known.clicks(pk), known.busy, usual, left, [*seed, 1])
    visitors = effort.visitors + np.floor((ahead.orders - effort.clicks) * share)
    enough_days = effort.active_days + ahead.active >= rules.effort_days
    met = (ahead.orders >= rules.effort_clicks) & (visitors >= rules.effort_visitors) & enough_days
    left_orders = known.left(pk)
    had = left_orders.done + len(left_orders.waiting)
    new = np.maximum(orders.orders - had, 0)
    commission = np.maximum(known.done_net(pk) + new * known.net_each(pk), 0)
    most = at_most(campaign, guaranteed_task.most(rules))
    paid = np.where(met, np.clip(rules.guaranteed_minor - commission, 0, most), 0)
    least = max(rules.effort_clicks, 1)
    step = _step(least, most, ahead.reach(met))
    reached = not guaranteed_task.effort_missing(rules, effort)
    # More clicks bring visitors too, but no days.
    short = np.maximum(least - ahead.orders, (rules.effort_visitors - visitors) / share)
    ends = np.where(enough_days, least - short, -np.inf)
    return TaskOdds(
        campaign=campaign,
        affiliate_id=pk,
        expected_minor=round(float(paid.mean())),
        little=ahead.little or step["vague"],
        steps=[step],
        pace={
            "by": "clicks",
            "done": effort.clicks,
            "reached": int(reached),
            "now_centi": _now(known.clicks(pk)),
            **_ends(ahead.orders),
            **_aim([] if reached else [step], 0, ends, effort.clicks, known.days_left),
        },
        made_at=known.now,
    )
