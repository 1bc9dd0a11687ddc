"""The weeks after, in a minute: the season closes, is evaluated, settled and paid.

Time travels in this process only (`clock.at`), after the servers have closed. On each day that
matters every task of the beat runs once, as the beat would have let it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from celery import current_app
from django.conf import settings
from django.db.models import Count, Max, Sum

from alliance.demo.load.stage import CURRENCY
from alliance.kernel import clock
from alliance.kernel.money import Money
from alliance.season.world import World
from campaigns.models import Campaign, CampaignState
from commissions import chart, ledger, tasks
from commissions.models import Award, AwardState, Payout
from commissions.services import payouts
from commissions.services.awards import award_approve

LEAST = 1_00  # that anybody withdraws
DAYS_AFTER = (1, 2, 8)  # the cut-off: evaluation, decisions, a board after its audit
MONTHS = 3  # in which everything has to be settled and paid

Say = Callable[[str], None]


@contextmanager
def at_once() -> Iterator[None]:
    """Messages are worked off by whoever sends them: the workers have gone home."""
    conf = current_app.conf
    conf.task_always_eager = conf.task_eager_propagates = True
    try:
        yield
    finally:
        conf.task_always_eager = conf.task_eager_propagates = False


def season_close(world: World, say: Say) -> None:
    """Everything that is due in the weeks after the night, each thing on its day."""
    for moment, deed in sorted(_days(world), key=lambda pair: pair[0]):
        with clock.at(moment), at_once():
            beat()
            if said := deed():
                say(f"{clock.business_day():%d %b %Y}  {said}")


def beat() -> None:
    """All that wakes by itself, once. The nightly proof is left for the end."""
    current_app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        name = str(entry["task"])
        if name != "commissions.tasks.ledger_verify":
            current_app.tasks[name]()


def _days(world: World) -> Iterator[tuple[datetime, Callable[[], str]]]:
    last = Campaign.objects.aggregate(ends=Max("ends_at"), confirmed=Max("confirm_until"))
    yield last["ends"] + timedelta(minutes=10), _closed
    for days in DAYS_AFTER:
        yield last["confirmed"] + timedelta(days=days, hours=1), lambda: decide(world)
    month = clock.month_start(clock.business_day())
    for _number in range(MONTHS):
        day = clock.next_month(month).replace(day=settings.ALLIANCE["SETTLEMENT_DAY"])
        yield _at(day, 3), f"{month:%B} is settled".format
        yield _at(day + timedelta(days=1), 10), lambda: _pay(world)
        month = clock.next_month(month)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), clock.ZONE)


def _closed() -> str:
    closed = Campaign.objects.filter(state=CampaignState.CLOSED).count()
    return f"{closed} campaigns are closed"


def decide(world: World) -> str:
    """Operations look at what the rules found odd, and find it in order."""
    waiting = list(Award.objects.filter(state=AwardState.REVIEW).order_by("pk"))
    for award in waiting:
        award_approve(actor=world.stage.staff["ops2"], award=award)
    found = Award.objects.exclude(state=AwardState.DROPPED).aggregate(
        number=Count("pk"), sum=Sum("amount_minor")
    )
    money = Money(found["sum"] or 0, CURRENCY).localized()
    looked = f", {len(waiting)} of them looked at" if waiting else ""
    return f"{found['number']} awards of {money}{looked}" if found["number"] else ""


def _pay(world: World) -> str:
    """Everybody withdraws what they have; finance releases it and it leaves."""
    finance, finance2 = world.stage.staff["finance"], world.stage.staff["finance2"]
    paid, count = Money(0, CURRENCY), 0
    for promoter in world.stage.promoters.values():
        payable = ledger.balance(chart.payable(promoter.affiliate.pk), CURRENCY)
        if payable.minor < LEAST:
            continue
        payout = payouts.payout_request(
            actor=promoter.user, affiliate=promoter.affiliate, amount=payable
        )
        payouts.payout_release(actor=finance, payout=payout)
        tasks.payout_send(payout.pk)
        sent = Payout.objects.get(pk=payout.pk)
        payouts.payout_mark_paid(payout=sent, rail_ref=f"618-{payout.pk}", actor=finance2)
        paid, count = paid + payable, count + 1
    return f"{count} affiliates withdraw {paid.localized()}" if count else ""
