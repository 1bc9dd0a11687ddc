"""What a merchant's team may look up."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import Field

from aiassist import guard
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
from alliance.kernel import clock
from alliance.kernel.money import Money, half_up, hundredths, percent
from alliance.kernel.templatetags.alliance import moment
from commissions import queries
from commissions.merchant_todo import todo_of
from commissions.queries.report_names import names_of
from commissions.queries.reports_merchant import Figures, report_rows, report_total
from commissions.reporting.spans import PERIODS, Span, named
from merchants import queries as merchant_queries
from merchants.models import Plan, PlanKind

PARTS = ("affiliate", "product", "plan")  # what a change is looked for in
WEIGHT_BPS = 500  # of the cost, that something must have to be named


# --- What came of it ---


def roi_why(scope: Scope, args: InPeriod) -> Result:
    """How the return changed against the period before, and through what."""
    merchant, span = scope.merchant, named(args.period)
    now = report_total(merchant, span.start, span.end)
    before = report_total(merchant, span.before.start, span.before.end)
    sources = [Link(_("Reports"), report_of("merchant", "affiliate", span))]
    if not (now.cost and before.cost):
        words = _("There is nothing to compare: no commissions in the period or in the one before.")
        return Result([words], {"found": 0}, sources)
    weighs = list(_weighs(scope, span, now))
    figures = {
        "period": PERIODS[span.period],
        "now": hundredths(_roi(now)),
        "before": hundredths(_roi(before)),
    }
    if _roi(now) < _roi(before):
        head = _("%(period)s: your return fell from %(before)s to %(now)s.") % figures
    elif _roi(now) > _roi(before):
        head = _("%(period)s: your return rose from %(before)s to %(now)s.") % figures
    else:
        head = _("%(period)s: your return stayed at %(now)s.") % figures
    sentences = [head, *_reasons(now, before), *(one["words"] for one in weighs)]
    facts = {
        "roi_centi": _roi(now),
        "roi_before_centi": _roi(before),
        "cost_of_sales_bps": _bps(now.cost, now.amount),
        "cost_of_sales_before_bps": _bps(before.cost, before.amount),
        "refunded_bps": _bps(now.refunded, now.amount),
        "refunded_before_bps": _bps(before.refunded, before.amount),
        "weighs": weighs,
    }
    return Result(sentences, facts, sources, _try_rate(scope))


def _roi(figures: Figures) -> int:
    """Sales that buyers kept per commission, times 100."""
    return (figures.amount - figures.refunded) * 100 // figures.cost


def _bps(part: int, whole: int) -> int:
    return half_up(part * 10_000, whole) if whole else 0


def _reasons(now: Figures, before: Figures) -> Iterator[str]:
    """The return has two sides: what sales cost, and what of them comes back."""
    pairs = (
        (_("What sales cost in commission: %(now)s of them, %(before)s before."), "cost"),
        (_("What buyers sent back: %(now)s of the sales, %(before)s before."), "refunded"),
    )
    for words, name in pairs:
        if not (getattr(now, name) or getattr(before, name)):
            continue
        rates = {
            "now": percent(_bps(getattr(now, name), now.amount)),
            "before": percent(_bps(getattr(before, name), before.amount)),
        }
        yield words % rates


def _weighs(scope: Scope, span: Span, now: Figures) -> Iterator[dict[str, Any]]:
    """Of each sort the one without which the return would be highest."""
    for by in PARTS:
        rows, _count = report_rows(scope.merchant, by, span.start, span.end, limit=100)
        heavy = [row for row in rows if WEIGHT_BPS <= _bps(row.cost, now.cost) < 10_000]
        names = names_of(by, [row.key for row in heavy])
        known = [(_without(row, now), names[row.key]) for row in heavy if row.key in names]
        roi, name = max(known, default=(0, ""))
        if roi > _roi(now):
            words = _("Without “%(name)s” it would be %(roi)s.") % {
                "name": said(name),
                "roi": hundredths(roi),
            }
            yield {"by": by, "name": said(name), "roi_without_centi": roi, "words": words}


def _without(row: Figures, all_: Figures) -> int:
    kept = all_.amount - all_.refunded - row.amount + row.refunded
    return kept * 100 // (all_.cost - row.cost)


def sales(scope: Scope, args: InPeriod) -> Result:
    """What affiliates sold in a period, beside the one before."""
    span, currency = named(args.period), scope.currency
    now = report_total(scope.merchant, span.start, span.end)
    before = report_total(scope.merchant, span.before.start, span.before.end)
    sources = [
        Link(_("Reports"), report_of("merchant", "day", span)),
        Link(_("Orders"), reverse("commissions:merchant_orders")),
    ]
    sentences = [
        ngettext(
            "%(period)s: %(orders)d order through affiliates, %(amount)s (before: %(before)s).",
            "%(period)s: %(orders)d orders through affiliates, %(amount)s (before: %(before)s).",
            now.orders,
        )
        % {
            "period": PERIODS[span.period],
            "orders": now.orders,
            "amount": Money(now.amount, currency).localized(),
            "before": Money(before.amount, currency).localized(),
        }
    ]
    if now.cost:
        sentences.append(
            _("They cost you %(cost)s, a return of %(roi)s. Buyers sent back %(refunded)s.")
            % {
                "cost": Money(now.cost, currency).localized(),
                "roi": hundredths(_roi(now)),
                "refunded": Money(now.refunded, currency).localized(),
            }
        )
    facts = {
        "currency": currency,
        "orders": now.orders,
        "amount_minor": now.amount,
        "amount_before_minor": before.amount,
        "refunded_minor": now.refunded,
        "cost_minor": now.cost,
        "roi_centi": _roi(now) if now.cost else None,
    }
    return Result(sentences, facts, sources)


def affiliates_best(scope: Scope, args: InPeriod) -> Result:
    """Who brought most, and at what return."""
    return _best(scope, "affiliate", args)


def products_best(scope: Scope, args: InPeriod) -> Result:
    """What sold most through affiliates, and at what return."""
    return _best(scope, "product", args)


def _best(scope: Scope, by: str, args: InPeriod) -> Result:
    span, currency = named(args.period), scope.currency
    rows, count = report_rows(scope.merchant, by, span.start, span.end, limit=MOST)
    names = names_of(by, [row.key for row in rows])
    rows = [row for row in rows if row.key in names]
    sources = [Link(_("Reports"), report_of("merchant", by, span))]
    if by == "affiliate":
        sources.append(Link(_("Affiliates"), reverse("commissions:merchant_affiliates")))
    if not rows:
        words = _("%(period)s: nothing was sold through affiliates.")
        return Result([words % {"period": PERIODS[span.period]}], {"found": 0}, sources)
    facts = [
        {
            "name": said(names[row.key]),
            "orders": row.orders,
            "amount_minor": row.amount,
            "cost_minor": row.cost,
            "roi_centi": _roi(row) if row.cost else None,
        }
        for row in rows
    ]
    sentences = [_("%(period)s, by sales:") % {"period": PERIODS[span.period]}]
    sentences += [
        _("“%(name)s”: %(amount)s of sales, %(cost)s of commission, return %(roi)s.")
        % {
            "name": said(names[row.key]),
            "amount": Money(row.amount, currency).localized(),
            "cost": Money(row.cost, currency).localized(),
            "roi": hundredths(_roi(row)) if row.cost else "–",
        }
        for row in rows
    ]
    return Result(sentences, {"currency": currency, "rows": facts, "in_all": count}, sources)


# --- Money ---


def wallet(scope: Scope, args: Nothing) -> Result:
    """What is in the wallet and how long it lasts."""
    state = queries.wallet_of(scope.merchant)
    page = reverse("commissions:wallet")
    sentences = [
        _("%(balance)s is in the wallet, %(reserved)s is reserved for orders.")
        % {"balance": state.balance.localized(), "reserved": state.reserved.localized()}
    ]
    if state.credit:
        sentences.append(
            _("Your credit line adds %(amount)s.") % {"amount": state.credit.localized()}
        )
    if state.until:
        sentences.append(
            _("At the pace of the last fourteen days, %(daily)s a day, it lasts until %(day)s.")
            % {"daily": state.daily.localized(), "day": day_words(state.until)}
        )
    if state.unfunded:
        sentences.append(
            ngettext(
                "%(count)d commission waits for money.",
                "%(count)d commissions wait for money.",
                state.unfunded,
            )
            % {"count": state.unfunded}
        )
    facts = {
        "currency": scope.currency,
        "balance_minor": state.balance.minor,
        "reserved_minor": state.reserved.minor,
        "credit_minor": state.credit.minor,
        "lasts_until": state.until.isoformat() if state.until else None,
        "unfunded": state.unfunded,
    }
    return Result(sentences, facts, [Link(_("Wallet"), page)], [Link(_("Top up"), page)])


# --- Orders, plans, what to do ---


def order_show(scope: Scope, args: Number) -> Result:
    """An order of the merchant's by its exact number: its state, who brought it, what it costs."""
    number = guard.seen(args.number).strip()
    mine = queries.lines_sold_for(scope.user).filter(order__merchant=scope.merchant)
    lines = list(mine.filter(order__external_id=number)[:MOST])
    page = f"{reverse('commissions:merchant_orders')}?{urlencode({'number': number})}"
    if not lines:
        words = _("You have reported no order with the number %(number)s.") % {"number": number}
        return Result([words], {"found": 0}, [Link(_("Orders"), page)])
    sentences = []
    for line in lines:
        due = queries.due_of(line)
        facts = {
            "title": said(line.title or number),
            "state": line.order.get_state_display(),
            "day": moment(line.order.placed_at, "date"),
        }
        sentences.append(_("“%(title)s”, placed on %(day)s: %(state)s.") % facts)
        if due:
            sentences.append(
                _("Brought by %(affiliate)s; it costs you %(cost)s.")
                % {
                    "affiliate": said(due.affiliate.name),
                    "cost": queries.cost_of(line).localized(),
                }
            )
        else:
            sentences.append(_("No affiliate brought it, so it costs no commission."))
    order = lines[0].order
    shown = Link(
        _("Order %(number)s") % {"number": number},
        reverse("commissions:merchant_order", args=[order.pk]),
    )
    return Result(sentences, {"number": number, "lines": len(lines)}, [shown])


class Rate(Args):
    rate_bps: int | None = Field(None, ge=0, le=10_000, description="a rate to try, basis points")


def plans_now(scope: Scope, args: Rate) -> Result:
    """The plans that are open, with their rates for the whole shop; with a rate, the form that
    tries it is filled in with it. Nothing is changed."""
    now = clock.now()
    plans = [
        plan
        for plan in merchant_queries.plans_for(scope.user).filter(merchant=scope.merchant)
        if plan.ends_at is None or plan.ends_at > now
    ]
    rates = _rates(plans)
    sources = [Link(_("Plans and rates"), reverse("merchants:plans"))]
    shown = [plan for plan in plans if plan.pk in rates][:MOST]
    sentences = [
        _("“%(name)s” pays %(rate)s.") % {"name": said(plan.name), "rate": percent(rates[plan.pk])}
        for plan in shown
    ]
    facts = [{"name": said(plan.name), "rate_bps": rates[plan.pk]} for plan in shown]
    if not sentences:
        sentences = [_("No plan of yours pays a rate for the whole shop.")]
    actions = _try_rate(scope, args.rate_bps)
    if args.rate_bps is not None:
        sentences.append(
            _(
                "A rate of the general plan is for all; one affiliate alone is paid in a targeted"
                " plan."
            )
        )
        actions.append(Link(_("Targeted plan"), reverse("merchants:plan_new", args=["sp"])))
    return Result(sentences, {"plans": facts}, sources, actions)


def _rates(plans: Sequence[Plan]) -> dict[int, int]:
    """By plan what it pays for the whole shop now, in basis points."""
    terms = merchant_queries.terms_of(plans).filter(product=None, category=None)
    standing = merchant_queries.standings(terms).items()
    return {pk: one.now.rate_bps for pk, (one, *_more) in standing if one.now}


def _try_rate(scope: Scope, bps: int | None = None) -> list[Link]:
    """The form that tries a rate on past orders, begun with `bps` or the one that counts now: it
    announces nothing by itself."""
    plans = merchant_queries.plans_for(scope.user).filter(
        merchant=scope.merchant, kind=PlanKind.COMMON, ends_at=None
    )[:1]
    rates = _rates(list(plans))
    return [
        Link(
            _("Try another rate on past orders"),
            f"{reverse('commissions:plan_try', args=[plan.pk])}"
            f"?rate={_typed(rates[plan.pk] if bps is None else bps)}",
        )
        for plan in plans
        if plan.pk in rates
    ]


def _typed(bps: int) -> str:
    """12.5, as a form takes it."""
    return f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".")


def todo(scope: Scope, args: Nothing) -> Result:
    """What waits for the merchant."""
    found = todo_of(scope.merchant, queries.wallet_of(scope.merchant))
    home = [Link(_("Home"), reverse("commissions:merchant_home"))]
    if not found:
        return Result([_("Nothing waits for you.")], {"found": 0}, home)
    count = ngettext("%(count)d thing waits for you:", "%(count)d things wait for you:", len(found))
    return Result(
        [count % {"count": len(found)}, *(str(one.text) for one in found)],
        {"todo": [str(one.text) for one in found]},
        home,
        [Link(said(str(one.text)), one.url) for one in found[:3]],
    )
