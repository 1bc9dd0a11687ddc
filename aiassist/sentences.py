"""What the autopilot decided, in words: each sentence out of numbers that are kept with it."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aiassist.autopilot import Guard
from aiassist.models import (
    AutopilotDecision,
    AutopilotGroup,
    AutopilotNight,
    NightOutcome,
    StopReason,
)
from alliance.kernel.money import Money, hundredths, percent
from alliance.kernel.templatetags.alliance import moment, number


def who(decision: AutopilotDecision) -> str:
    """For whom a rate is: an affiliate by name, or a tier."""
    if decision.affiliate:
        return decision.affiliate.name
    return _("Affiliates of tier T%(tier)d who bring little each") % {"tier": decision.tier}


def what(decision: AutopilotDecision) -> str:
    """The change itself, as it reaches the affiliate."""
    words = {"before": percent(decision.paid_bps), "after": percent(decision.pays_bps)}
    if not decision.to_bps and decision.paid_bps == decision.pays_bps:
        return _("%(after)s as before, now out of your own plans.") % words
    if not decision.to_bps:
        return _("From %(before)s back to your own rate of %(after)s.") % words
    if decision.pays_bps == decision.paid_bps:
        return _("%(after)s as before, in a plan of its own.") % words
    if decision.pays_bps > decision.paid_bps:
        return _("From %(before)s up to %(after)s.") % words
    return _("From %(before)s down to %(after)s.") % words


def why(decision: AutopilotDecision) -> list[str]:
    """The reasons, the strongest first."""
    facts, currency = decision.evidence, decision.night.policy.currency
    found = []
    guard = facts.get("guard", "")
    if guard == Guard.HOLDOUT:
        return [_("Kept at your own rate for comparison: it shows what sells without us.")]
    if facts.get("marginal_roi"):
        words = {
            "rate": percent(decision.pays_bps),
            "brings": decimal(facts["marginal_roi"]),
            "least": decimal(facts.get("threshold") or 0),
        }
        found.append(
            _(
                "At %(rate)s the next 1 of commission brings %(brings)s of sales. "
                "It stops where this falls below %(least)s."
            )
            % words
            if facts.get("threshold")
            else _(
                "At %(rate)s the next 1 of commission brings %(brings)s of sales. "
                "The return so far is above the aim: there is room for it."
            )
            % words
        )
    if facts.get("elasticity"):
        words = {
            "step": percent(100),
            "more": percent(round(facts["elasticity"] * 100)),
            "sd": percent(round((facts.get("elasticity_sd") or 0) * 100)),
        }
        found.append(
            _("A rate that is higher by %(step)s of itself brings %(more)s more sales, ± %(sd)s.")
            % words
        )
    if facts.get("gmv_minor"):
        found.append(
            _("Expected a day: %(sales)s of sales for %(cost)s.")
            % {
                "sales": Money(facts["gmv_minor"], currency).localized(),
                "cost": Money(facts["cost_minor"] or 0, currency).localized(),
            }
        )
    if guard == Guard.LIMIT and not decision.to_bps:
        found.append(_("It cannot go lower: your own plans pay this to everybody."))
    elif held := _guards().get(guard):
        found.append(held)
    return found


def _guards() -> dict[str, str]:
    return {
        Guard.CHANGE: _("It would go further: two percentage points are the most of a day."),
        Guard.REACH: _("It would go further: three points beyond what was tried are the most."),
        Guard.LIMIT: _("Your limit holds it here."),
        Guard.BUDGET: _("The budget holds it here."),
        Guard.WITHHELD: _("Sales fell here: that is not rewarded with a higher rate."),
    }


def becomes(decision: AutopilotDecision) -> str:
    """From when on an applied rate counts, or why it was refused."""
    if decision.reason:
        return decision.reason
    if decision.terms:
        return _("Counts from %(moment)s.") % {"moment": moment(decision.terms.starts_at)}
    return ""


def night_words(night: AutopilotNight) -> str:
    """What one night came to."""
    facts = night.facts
    if night.outcome == NightOutcome.STOPPED:
        return str(StopReason(facts["reason"]).label)
    if night.outcome == NightOutcome.FROZEN:
        return _frozen(str(facts.get("why", "")), night.orders)
    count = night.decisions.count()
    if not count:
        return _("Looked, and found nothing worth a change.")
    return ngettext("%(count)d change.", "%(count)d changes.", count) % {"count": count}


def _frozen(reason: str, orders: int) -> str:
    words = {
        "few_orders": _("Too few orders to learn from so far: %(orders)s. It takes 100."),
        "few_days": _("Too few days of clicks to learn from so far. It takes two weeks."),
        "stale": _("No clicks for three days: nothing is changed on old news."),
    }.get(reason, _("Too little is known to change anything."))
    return words % {"orders": number(orders)} if "%(" in words else words


def frozen(facts: dict[str, Any], orders: int) -> str:
    """Why nothing would be decided."""
    return _frozen(str(facts.get("why", "")), orders)


def uplift_words(uplift: dict[str, Any] | None, currency: str) -> str:
    """What it brought that would not have come anyway, with how sure that is."""
    if not uplift or not uplift.get("units"):
        return _("Nothing to compare with yet: some affiliates have to be kept at your own rates.")
    words = {
        "sales": Money(int(uplift["gmv_minor"]), currency).localized(),
        "sd": Money(int(uplift["gmv_sd_minor"]), currency).localized(),
        "cost": Money(int(uplift["cost_minor"]), currency).localized(),
    }
    said = _(
        "Against those kept at your own rates: %(sales)s of sales (± %(sd)s) for %(cost)s of "
        "commission more."
    )
    return said % words


def limits(group: AutopilotGroup) -> str:
    """Which rates may be paid for what."""
    words = {"least": percent(group.least_bps), "most": percent(group.most_bps), "what": group}
    return _("%(what)s: %(least)s to %(most)s") % words


def decimal(value: float) -> str:
    """As the reader writes it, with two places."""
    return hundredths(round(float(value) * 100))


def ratio(centi: int | None) -> str:
    """A return kept times 100."""
    return "–" if centi is None else hundredths(centi)
