"""What an affiliate may look up of its orders and money, and what waits for it."""

from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from affiliates import queries as affiliate_queries
from aiassist import guard
from aiassist.assistant.tools.campaigns import cards_of
from aiassist.assistant.tools.words import (
    MOST,
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
from alliance.kernel.money import Money, percent
from alliance.kernel.templatetags.alliance import moment
from commissions import lookup, obstacles, queries, receipts
from commissions.queries.report_names import names_of
from commissions.queries.reports import report_rows, report_total
from commissions.reporting.columns import OF_AFFILIATES
from commissions.reporting.spans import PERIODS, named
from commissions.todos import todos_of

COLUMNS = {column.name: column for column in OF_AFFILIATES}


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
    found = todos_of(scope.user, scope.affiliate, cards_of(scope))
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
