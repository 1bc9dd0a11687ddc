"""A commission in words: where it stands and why, how each figure came about, what ever changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal
from django.conf import settings
from django.utils.translation import get_language, gettext, ngettext, to_locale
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.money import BPS, Money, percent
from campaigns.models import Grant
from commissions import additions
from commissions.formulas import Rates, Role, TechFeeBase, Worth
from commissions.models import Commission, CommissionLine, CommissionState, Hold
from commissions.services.settlements import settlement_day
from commissions.targets import rates_of, subsidies_of, worth_of
from merchants.models import OrderState

State = CommissionState


def next_settlement() -> tuple[date, date]:
    """The next settlement day, today included, and the month (its first day) that it settles."""
    today = clock.business_day()
    due = today.day <= settings.ALLIANCE["SETTLEMENT_DAY"]
    month = clock.previous_month(today) if due else clock.month_start(today)
    return settlement_day(month), month


# --- Where it stands -----------------------------------------------------------------------------


def reason(commission: Commission) -> str:
    """Why the commission is in its state and what happens next, in a sentence or two.

    Reads line.order, merchant and standing: load them along.
    """
    sentence = _REASONS[State(commission.standing)](commission)
    refunded = commission.line.refunded_minor
    if refunded and commission.state != State.VOID:
        whole = refunded == commission.line.amount_minor
        sentence = (
            gettext("The buyer got all of the money back, so nothing is left of it.")
            if whole
            else sentence
            + " "
            + gettext("%(amount)s was refunded to the buyer.")
            % {"amount": Money(refunded, commission.currency).localized()}
        )
    return sentence


def _placed(commission: Commission) -> str:
    return gettext("Placed, not paid yet. It counts from the payment on.")


def _unfunded(commission: Commission) -> str:
    return gettext(
        "Waiting for the merchant's funds: paid, but the merchant's wallet is used up. "
        "Booked as soon as the merchant tops up."
    )


def _estimated(commission: Commission) -> str:
    if commission.line.order.balance_open:
        return gettext(
            "Pre-sale: the deposit is paid and counts. The whole price counts when the buyer has "
            "paid the balance."
        )
    days = commission.merchant.auto_receive_days
    return ngettext(
        "Paid. Becomes confirmed when the buyer has received the goods, %(count)d day after "
        "payment at the latest.",
        "Paid. Becomes confirmed when the buyer has received the goods, %(count)d days after "
        "payment at the latest.",
        days,
    ) % {"count": days}


def _confirmed(commission: Commission) -> str:
    received = clock.business_day(commission.confirmed_at)
    month = commission.settles_in or clock.month_start(received)
    day = max(settlement_day(month), next_settlement()[0])
    return gettext("Goods received on %(received)s. Settles on %(day)s.") % {
        "received": _day(received),
        "day": _day(day),
    }


def _settled(commission: Commission) -> str:
    month = commission.settled_month
    return gettext("Settled with %(month)s: part of your available balance.") % {
        "month": month_words(month) if month else ""
    }


def _frozen(commission: Commission) -> str:
    return gettext(
        "Goods received, but held back while a violation is looked into. It settles when it is "
        "released, or goes back to the merchant."
    )


def _void(commission: Commission) -> str:
    order = commission.line.order
    if commission.hold == Hold.BARRED:
        return gettext("Void: invalidated for a violation.")
    if order.state != OrderState.VOID:
        return gettext("Void: the commission would be less than the smallest coin.")
    if order.void_reason:
        return gettext("Void: %(reason)s") % {"reason": order.void_reason}
    if order.balance_open:
        return gettext("Void: the balance of the pre-sale was never paid.")
    if order.paid_at:
        return gettext("Void: refunded before the buyer received the goods.")
    return gettext("Void: the order was never paid.")


_REASONS = {
    State.PLACED: _placed,
    State.UNFUNDED: _unfunded,
    State.ESTIMATED: _estimated,
    State.CONFIRMED: _confirmed,
    State.FROZEN: _frozen,
    State.SETTLED: _settled,
    State.VOID: _void,
}


# --- How the figures came about ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the receipt: a name, the sum, and the arithmetic anybody can repeat."""

    label: str
    amount: Money
    how: str
    kind: str = ""  # "", "less" (taken off) or "result"


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the price to the affiliate's net. `expected`: nothing is booked yet, it would be."""

    steps: tuple[Step, ...]
    net: Money
    expected: bool


def waterfall(commission: Commission, grants: Sequence[Grant] = ()) -> Waterfall:
    """The arithmetic of what is booked; of an order that is not paid or not funded yet, what it
    will be. `grants` are what campaigns gave to its line."""
    line, currency = commission.line, commission.currency
    grants = additions.shown(commission, grants)
    rates = rates_of(commission)
    expected = commission.state in (State.PLACED, State.UNFUNDED)
    base = line.base if expected else Money(commission.base_minor, currency)
    due = worth_of(commission, base)
    whole = base.share(rates.commission_bps)
    paid = Money(line.amount_minor, currency)
    of_all = rates.tech_fee_base is TechFeeBase.ORDER_COMMISSION
    fee_of = due.commission if of_all else due.publisher
    steps = (
        Step(gettext("Base"), base, _base_words(commission, paid, base)),
        Step(
            gettext("Commission"),
            whole,
            _said(
                _times(base, rates.commission_bps, whole),
                additions.rate_words(commission, grants),
            ),
        ),
        _share_step(commission, rates, whole, due, additions.share_words(commission, grants)),
        Step(
            gettext("Technical service fee"),
            -due.tech_fee,
            _times(fee_of, rates.tech_fee_bps, due.tech_fee)
            + (" " + gettext("(of the whole commission)") if of_all else ""),
            "less",
        ),
        *_subsidy_steps(commission, base, grants),
        Step(
            gettext("Yours"),
            due.net,
            _sum_words(due),
            "result",
        ),
    )
    return Waterfall(steps, due.net, expected)


def _said(*words: str) -> str:
    return ". ".join(word for word in words if word)


def _share_step(
    commission: Commission, rates: Rates, whole: Money, due: Worth, raised: str
) -> Step:
    """Of the whole commission: alone, or shared between affiliate and partners."""
    if not rates.partner_bps:
        how = _times(whole, rates.share_bps, due.publisher)
    else:
        mine = {
            Role.PARTNER.value: rates.partner_bps - rates.second_bps,
            Role.SECOND.value: rates.second_bps,
        }.get(commission.role, rates.share_bps - rates.partner_bps)
        how = gettext(
            "%(mine)s of %(whole)s; affiliate and partners together get %(share)s of it, rounded "
            "once and shared out to the last coin"
        ) % {
            "mine": percent(mine),
            "whole": whole.localized(),
            "share": percent(rates.share_bps),
        }
    return Step(gettext("Your share"), due.publisher, _said(how, raised))


def _subsidy_steps(commission: Commission, base: Money, grants: Sequence[Grant]) -> list[Step]:
    """One a subsidy: rate, cap, own share; of a campaign with its name, and why it was cut."""
    steps, by_campaign = [], {grant.campaign_id: grant for grant in grants}
    for terms, one in subsidies_of(commission):
        grant = by_campaign.get(terms.campaign_id or 0)
        capped = min(base.share(one.rate_bps), one.cap)
        if grant and grant.rate_bps == BPS:
            how = gettext("A fixed bonus of the order, at most what was paid for it")
        else:
            how = _times(base, one.rate_bps, base.share(one.rate_bps))
        if grant and (cut := additions.cut_words(grant, commission.currency)):
            how += ", " + cut
        elif capped < base.share(one.rate_bps):
            how += ", " + gettext("at most %(cap)s") % {"cap": one.cap.localized()}
        if one.share_bps != BPS:
            how += "; " + _times(capped, one.share_bps, capped.share(one.share_bps))
        label = terms.name if terms.campaign_id else gettext("Subsidy")
        steps.append(Step(label, one.on(base), how))
    return steps


def _sum_words(due: Worth) -> str:
    facts = {
        "share": due.publisher.localized(),
        "subsidy": due.subsidy.localized(),
        "fee": due.tech_fee.localized(),
        "net": due.net.localized(),
    }
    if due.subsidy:
        return gettext("%(share)s − %(fee)s + %(subsidy)s = %(net)s") % facts
    return gettext("%(share)s − %(fee)s = %(net)s") % facts


def _base_words(commission: Commission, paid: Money, base: Money) -> str:
    if commission.state == State.VOID:
        return gettext("The order came to nothing, so there is nothing to take a commission of.")
    if not commission.line.refunded_minor:
        if base == paid and commission.line.order.balance_open:
            total = Money(commission.line.total_minor or 0, commission.currency)
            return gettext("The deposit of a pre-sale; with the balance it will be %(total)s.") % {
                "total": total.localized()
            }
        if base == paid:
            return gettext("What the buyer paid for it, after coupons and without freight.")
        return gettext("The figure booked so far; the shop has since corrected it to %(paid)s.") % {
            "paid": paid.localized()
        }
    refunded = Money(commission.line.refunded_minor, commission.currency)
    return gettext("%(paid)s paid − %(refunded)s refunded = %(base)s") % {
        "paid": paid.localized(),
        "refunded": refunded.localized(),
        "base": (paid - refunded).localized(),
    }


def _times(amount: Money, bps: int, result: Money) -> str:
    """199.00 × 12 % = 23.88, with the exact product where it had to be rounded."""
    locale = to_locale(get_language() or "en")
    exact = amount.decimal * bps / BPS
    facts = {
        "amount": amount.localized(),
        "rate": percent(bps),
        "exact": format_decimal(exact.normalize(), decimal_quantization=False, locale=locale),
        "result": result.localized(),
    }
    if exact == result.decimal:
        return gettext("%(amount)s × %(rate)s = %(result)s") % facts
    return gettext("%(amount)s × %(rate)s = %(exact)s, rounded half up to %(result)s") % facts


# --- What ever changed ---------------------------------------------------------------------------

WHY = {
    "placed": _("The shop reported the order. Nothing is due before it is paid."),
    "paid": _("The shop reported that the order was paid."),
    "received": _("The shop reported that the buyer received the goods."),
    "void": _("The order came to nothing."),
    "unfunded": _("The merchant's prepaid money did not cover it. It waits for the next top-up."),
    "funded": _("The merchant topped up, and it was booked."),
    "estimated": _("The order was paid."),
    "confirmed": _("The buyer received the goods."),
    "refund": _("The buyer got money back, so it was worked out anew on what remains."),
    "corrected": _("The shop corrected the amount, so it was worked out anew."),
    "balance": _("The buyer paid the balance of the pre-sale, so the whole price counts."),
    "rise_unfunded": _(
        "The shop raised the amount, but the merchant's prepaid money did not cover the "
        "difference. The earlier figure stands until the next top-up."
    ),
    "frozen": _("The buyer received the goods; held back while a violation is looked into."),
    "released": _("The violation was not upheld: it was released."),
    "barred": _("Invalidated for a violation: the merchant gets it back."),
    "settled": _("The month was settled: it became part of the available balance."),
}


@dataclass(frozen=True, slots=True)
class Revision:
    """A step in the life of a commission: what it changed, why, and the entry that booked it."""

    at: datetime
    state: str
    state_words: str
    why: str
    base: Money
    net: Money
    entry_key: str


def revisions(commission: Commission, lines: Iterable[CommissionLine]) -> list[Revision]:
    """Every revision and the settlement, in the order in which they happened."""
    currency = commission.currency
    told = [
        Revision(
            at=line.at,
            state=line.state,
            state_words=str(State(line.state).label),
            why=str(WHY[line.receipt["why"]]),
            base=Money(line.base_minor, currency),
            net=Money(line.net_minor, currency),
            entry_key=line.entry.key if line.entry else "",
        )
        for line in lines
    ]
    if commission.settled_at:
        nothing = Money(0, currency)
        told.append(
            Revision(
                at=commission.settled_at,
                state=State.SETTLED,
                state_words=str(State.SETTLED.label),
                why=str(WHY["settled"]),
                base=nothing,
                net=nothing,
                entry_key="",
            )
        )
        told.sort(key=lambda step: step.at)
    return told


def month_words(month: date) -> str:
    """ "November 2026" in the active language."""
    return format_skeleton("yMMMM", month, locale=to_locale(get_language() or "en"))


def _day(day: date) -> str:
    return format_date(day, "medium", locale=to_locale(get_language() or "en"))
