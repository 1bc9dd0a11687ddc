"""The odds of a task for one affiliate: its rest is played, and judged by the task's own rules."""

from typing import Any

import numpy as np

from aiassist.models import TaskOdds
from aiassist.odds import Ahead, Chance, ahead_of, needed_more
from aiassist.services.odds.known import Known
from campaigns.facts import StandingFacts
from campaigns.mechanics import guaranteed_task
from campaigns.mechanics.guaranteed_task import GuaranteedTask, Metric, Mode

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
        for least, pays in _thresholds(rules, campaign.per_affiliate_minor)
    ]
    pace = {
        "by": "gmv_minor" if by_sales else "orders",
        "done": done,
        "now_centi": _now(known, pk, by_sales=by_sales),
        **_ends(ends),
        **_aim(steps, ends, done, known.days_left),
    }
    worth = _expected(rules, orders, by_sales, campaign.per_affiliate_minor)
    return TaskOdds(
        campaign=campaign,
        affiliate_id=pk,
        expected_minor=worth,
        little=orders.little or any(step["vague"] for step in steps),
        steps=steps,
        pace=pace,
        made_at=known.now,
    )


def _thresholds(rules: GuaranteedTask, cap: int | None) -> list[tuple[int, int]]:
    """What each step asks for, and what reaching it comes to."""
    if rules.mode is Mode.PER_ORDER:
        steps = dict.fromkeys((1, max(1, rules.first_orders // 2), rules.first_orders))
        found = [(n, StandingFacts(affiliate_id=0, orders=n)) for n in steps]
    elif rules.metric is Metric.GMV:
        found = [(t.gmv_minor, StandingFacts(affiliate_id=0, gmv_minor=t.gmv_minor))
                 for t in rules.tiers]  # fmt: skip
    else:
        found = [(t.orders, StandingFacts(affiliate_id=0, orders=t.orders)) for t in rules.tiers]
    return [(least, _capped(guaranteed_task.reward(rules, at), cap)) for least, at in found]


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


def _aim(steps: list[dict[str, Any]], ends: np.ndarray, done: int, days: float) -> dict[str, Any]:
    """The step to go for, and what it takes; nothing where all are reached."""
    ahead = [place for place, step in enumerate(steps) if step["least"] > done]
    if not ahead:
        return {"days_centi": round(days * 100)}
    place = next((n for n in ahead if steps[n]["likely"] < NEXT), ahead[-1])
    least = steps[place]["least"]
    return {
        "days_centi": round(days * 100),
        "aim": place,
        "missing": least - done,
        "needed_centi": round((least - done) * 100 / max(days, 0.5)),
        "half": needed_more(ends, least, 0.5),
        "four_fifths": needed_more(ends, least, 0.8),
    }


def _now(known: Known, pk: int, *, by_sales: bool) -> int:
    """What came a day in the last fortnight, hundredths: orders, or minor units of sales."""
    track = known.track(pk)
    days = min(14, len(track.counts) - track.first)
    if days <= 0:
        return 0
    each = track.amounts / track.sold if by_sales and track.sold else 1.0
    return round(float(track.counts[-days:].sum()) * 100 * each / days)


def _expected(rules: GuaranteedTask, ahead: Ahead, by_sales: bool, cap: int | None) -> int:
    """The reward on average, judged by the rules themselves."""
    if by_sales or any(tier.reward_bps for tier in rules.tiers):
        orders, amounts = ahead.orders.ravel(), ahead.amounts.ravel()
        stride = max(1, len(orders) // SAMPLES)
        pairs = zip(orders[::stride].tolist(), amounts[::stride].tolist(), strict=True)
        each = [_reward(rules, int(n), int(minor), cap) for n, minor in pairs]
        return round(float(np.mean(each)))
    counts, often = np.unique(ahead.orders, return_counts=True)
    each = [_reward(rules, int(n), 0, cap) for n in counts]
    return round(float(np.average(each, weights=often)))


def _reward(rules: GuaranteedTask, orders: int, gmv_minor: int, cap: int | None) -> int:
    at = StandingFacts(affiliate_id=0, orders=orders, gmv_minor=gmv_minor)
    return _capped(guaranteed_task.reward(rules, at), cap)


def _capped(minor: int, cap: int | None) -> int:
    return min(minor, cap) if cap else minor


# --- The income guarantee -------------------------------------------------------------------------


def _floor(known: Known, pk: int, orders: Ahead, seed: list[int]) -> TaskOdds:
    """The effort by clicks, visitors and active days; the links are the affiliate's to make."""
    rules = known.rules
    busy, left = known.busy, known.left_clicks(pk)
    done_clicks, done_visitors, done_days = known.visits(pk)
    # Each thing has chances of its own.
    ahead = ahead_of(known.clicks(pk), busy, known.usual_clicks(pk), left, [*seed, 1])
    new = ahead.orders - done_clicks
    visitors = done_visitors + np.floor(new * known.visitors_share(pk))
    days = done_days + ahead.active
    met = (
        (ahead.orders >= rules.effort_clicks)
        & (visitors >= rules.effort_visitors)
        & (days >= rules.effort_days)
    )
    each = known.net_each(pk)
    left_orders = known.left(pk)
    had = left_orders.done + len(left_orders.waiting)
    commission = known.done_net(pk) + np.maximum(orders.orders - had, 0) * each
    paid = np.where(met, np.maximum(rules.guaranteed_minor - commission, 0), 0)
    least = max(rules.effort_clicks, 1)
    step = _step(least, guaranteed_task.most(rules), ahead.reach(met))
    return TaskOdds(
        campaign=known.campaign,
        affiliate_id=pk,
        expected_minor=_capped(round(float(paid.mean())), known.campaign.per_affiliate_minor),
        little=ahead.little or step["vague"],
        steps=[step],
        pace={
            "by": "clicks",
            "done": done_clicks,
            "now_centi": round(float(known.clicks(pk).counts[-14:].mean()) * 100),
            **_ends(ahead.orders),
            **_aim([step], ahead.orders, done_clicks, known.days_left),
        },
        made_at=known.now,
    )
