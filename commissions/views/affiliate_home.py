"""The affiliate's first page: what came in, what comes next, and what can be done about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from affiliates import queries as affiliate_queries
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.models import Affiliate
from affiliates.queries import Clicks
from alliance.kernel import clock
from alliance.kernel.exports import csv_response
from alliance.kernel.http import page_or_part
from alliance.kernel.money import Money, half_up
from commissions import charts, obstacles, queries, receipts, taking_part
from commissions.queries import Earned
from commissions.queries.reports import Figures
from commissions.reporting.columns import OF_AFFILIATES
from commissions.season_ahead import season_ahead
from commissions.todos import first_steps, is_fresh, takes_link, todos_of
from commissions.views.affiliate import currency_of

SHOWN_DAYS = 30
RECENT = 6
TASKS = 3
PICKS = 4
COLUMNS = {column.name: column for column in OF_AFFILIATES}
METRICS = (
    charts.Metric("estimated", gettext_lazy("Estimated commission"), money=True),
    charts.Metric("settled", gettext_lazy("Settled"), money=True),
    charts.Metric("orders", gettext_lazy("Orders"), money=False),
    charts.Metric("clicks", gettext_lazy("Clicks"), money=False),
    charts.Metric("visitors", gettext_lazy("Visitors"), money=False),
    charts.Metric("epc", gettext_lazy("Per click"), money=True),
)


@require_GET
@affiliate_required
def home(request: AffiliateRequest) -> HttpResponse:
    """Today, yesterday and this month; the last days beside those before; the next payout and what
    stands in its way; campaigns, and what waits. Twenty-odd statements, whatever there is."""
    affiliate = request.affiliate
    currency, currencies = currency_of(request, affiliate)
    days = _Days(affiliate, currency)
    metric = charts.chosen(METRICS, request.GET.get("metric", ""))
    drawn = {
        "currency": currency,
        "chart": days.chart(metric),
        "table": days.table(metric),
        "metric": metric,
        "metrics": METRICS,
    }
    if request.headers.get("HX-Request"):
        return page_or_part(request, "commissions/affiliate_home.html", drawn, part="chart")
    cards = taking_part.cards(affiliate, queries.campaigns_current(affiliate))
    mine = queries.commissions_for(request.user).filter(affiliate=affiliate, currency=currency)
    recent = list(mine[:RECENT])
    steps = [] if recent else first_steps(request.user, affiliate)
    zone = affiliate_queries.zone_usual(request.user)
    begins = takes_link(steps) and zone and request.membership.may_change
    context = {
        **drawn,
        **_money(request, currency),
        "currencies": currencies,
        "periods": days.periods(),
        "out_of_money": affiliate_queries.merchants_out_of_money(request.user),
        "cases": queries.violations_open(affiliate),
        "season": season_ahead(cards),
        "tasks": _tasks(cards),
        "todos": todos_of(request.user, affiliate, cards),
        "steps": steps,
        "next_step": next((step for step in steps if not step.done), None),
        "fresh": is_fresh(steps),
        "zone": zone,
        "picks": _picks(affiliate) if begins else [],
        "recent": [(row, receipts.reason(row)) for row in recent],
    }
    return render(request, "commissions/affiliate_home.html", context)


def _money(request: AffiliateRequest, currency: str) -> dict[str, Any]:
    """Balances, the next settlement, and what stands between them and the affiliate's account."""
    affiliate = request.affiliate
    settles_on, month = receipts.next_settlement()
    balances = queries.balances_of(affiliate, currency)
    found = obstacles.obstacles_of(
        affiliate,
        currency,
        balances,
        queries.payee_of(affiliate),
        may_change=request.membership.may_change,
    )
    return {
        "balances": balances,
        "obstacles": found,
        "ready": not any(one.stops for one in found),
        "settles_on": settles_on,
        "settles_month": receipts.month_words(month),
        "to_settle": queries.to_settle(affiliate, currency, month),
    }


def _picks(affiliate: Affiliate) -> Sequence[affiliate_queries.Offer]:
    """What sells best, for whoever has no link yet."""
    found = affiliate_queries.products_offered(affiliate_queries.Wish(), size=PICKS)
    return affiliate_queries.offers_of(found.products, affiliate=affiliate)


def _tasks(cards: Sequence[taking_part.Card]) -> Sequence[taking_part.Card]:
    """Campaigns that the affiliate is in and that go on, tasks first; else those it may join."""
    mine = [card for card in cards if card.takes_part and card.running]
    mine.sort(key=lambda card: not card.is_task)
    return (mine or [card for card in cards if card.joins])[:TASKS]


@require_GET
@affiliate_required
def days_csv(request: AffiliateRequest) -> HttpResponse:
    """The days of the chart, with everything that it can draw and what came beside people."""
    currency, _currencies = currency_of(request, request.affiliate)
    days = _Days(request.affiliate, currency)
    header = (
        _("Day"), _("Currency"), _("Estimated commission"), _("Confirmed"), _("Settled"),
        _("Orders"), _("Clicks"), _("Visitors"), _("Bots"), _("Link previews"),
    )  # fmt: skip
    rows = (
        (
            day,
            currency,
            Money(days.earned[day].estimated_minor, currency),
            Money(days.earned[day].confirmed_minor, currency),
            Money(days.earned[day].settled_minor, currency),
            days.earned[day].orders,
            *(getattr(days.clicks[day], name) for name in affiliate_queries.FIGURES),
        )
        for day in days.shown
    )
    return csv_response("days", header, rows)


# --- Days ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Period:
    """A day, or some: the estimate first, then the rest as (label, words). `delta`: whole percent
    against `then`, the time before; None where there is nothing to compare with."""

    title: str
    estimated: str
    figures: list[tuple[str, str]]
    visitors: int
    then: str = ""
    delta: int | None = None


class _Days:
    """The affiliate's days since the month before, or twice the chart, whichever is longer."""

    def __init__(self, affiliate: Affiliate, currency: str) -> None:
        self.currency, self.today = currency, clock.business_day()
        start = self.today - timedelta(days=2 * SHOWN_DAYS - 1)
        self.start = min(clock.previous_month(self.today), start)
        self.earned = queries.earned_by_day(affiliate, currency, self.start, self.today)
        self.clicks = affiliate_queries.clicks_by_day(affiliate, self.start, self.today)

    @cached_property
    def shown(self) -> list[date]:
        return [self.today - timedelta(days=i) for i in range(SHOWN_DAYS - 1, -1, -1)]

    @cached_property
    def before(self) -> list[date]:
        """As many days before those shown."""
        return [day - timedelta(days=SHOWN_DAYS) for day in self.shown]

    # --- Figures ---

    def periods(self) -> list[Period]:
        """Today (which is not over: compared with nothing), yesterday, this month; the last with
        as many days of the month before, and all of that where it is shorter."""
        today = self.today
        yesterday, month = today - timedelta(days=1), clock.month_start(today)
        last = clock.previous_month(today)
        same_day = min(last + (today - month), month - timedelta(days=1))
        return [
            self._period(_("Today"), (today, today)),
            self._period(
                _("Yesterday"),
                (yesterday, yesterday),
                (yesterday - timedelta(days=1),) * 2,
                _("the day before"),
            ),
            self._period(_("This month"), (month, today), (last, same_day), _("last month so far")),
        ]

    def _period(
        self,
        title: str,
        days: tuple[date, date],
        before: tuple[date, date] | None = None,
        then: str = "",
    ) -> Period:
        now = self._total(*days)
        names = ("settled", "orders", "clicks", "epc")
        return Period(
            title=title,
            estimated=COLUMNS["estimated"].shown(now, self.currency),
            figures=[
                (str(COLUMNS[name].label), COLUMNS[name].shown(now, self.currency))
                for name in names
            ],
            visitors=now.visitors or 0,
            then=then,
            delta=COLUMNS["estimated"].change(now, self._total(*before)) if before else None,
        )

    def _total(self, start: date, end: date) -> Figures:
        inside = [start + timedelta(days=i) for i in range((end - start).days + 1)]
        earned = sum((self.earned[day] for day in inside), Earned())
        clicks = sum((self.clicks[day] for day in inside), Clicks())
        return Figures(
            clicks=clicks.clicks,
            visitors=clicks.visitors,
            orders=earned.orders,
            estimated=earned.estimated_minor,
            confirmed=earned.confirmed_minor,
            settled=earned.settled_minor,
        )

    # --- The chart ---

    def chart(self, metric: charts.Metric) -> dict[str, Any] | None:
        """The days shown beside those before them."""
        value = self._value(metric)
        return charts.by_day(
            metric,
            {day: value(day) for day in self.shown},
            self.currency,
            before=[value(day) for day in self.before],
        )

    def table(self, metric: charts.Metric) -> list[tuple[date, str, str]]:
        """The same in figures, the newest first: the day, its figure, that of the day before."""
        column = COLUMNS[metric.name]

        def shown(day: date) -> str:
            return column.shown(self._total(day, day), self.currency)

        pairs = zip(reversed(self.shown), reversed(self.before), strict=True)
        return [(day, shown(day), shown(before)) for day, before in pairs]

    def _value(self, metric: charts.Metric) -> Callable[[date], int]:
        column = COLUMNS[metric.name]

        def value(day: date) -> int:
            found = column.value(self._total(day, day))
            if column.kind == "each":
                return half_up(*found) if found else 0
            return int(found)

        return value
