"""The demo's data, pushed through the public services at the moments at which it happened.

A load is all or nothing: one that was cut short is wiped and begun anew. It only ever starts in a
database without any users, so what a broken load left behind is the demo's own.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from affiliates.services import policy_set
from affiliates.services.figures import clicks_count
from affiliates.services.months import months_make
from aiassist.services.matching import matches_make
from aiassist.services.risk import risk_scores_make
from alliance.celery import nobody_woken
from alliance.demo.catalogue import products_by_shop
from alliance.demo.load.accounts import accounts_make
from alliance.demo.load.addresses import addresses_follow
from alliance.demo.load.autopilot import autopilot_plan
from alliance.demo.load.cases import cases_plan
from alliance.demo.load.desk import desk_fill
from alliance.demo.load.money import Wallets, settlements_plan
from alliance.demo.load.parts import parts_plan
from alliance.demo.load.plans import plans_plan
from alliance.demo.load.promoters import promoters_join
from alliance.demo.load.season import season_plan, wake
from alliance.demo.load.shops import shops_open
from alliance.demo.load.stage import Stage
from alliance.demo.load.year import Year
from alliance.demo.made import DROPS
from alliance.demo.orders import orders, visits
from alliance.kernel import audit, clock
from alliance.kernel.errors import DomainError
from alliance.kernel.models import AuditEvent, Notification, User
from campaigns.services.boards import boards_make
from commissions import tasks
from commissions.models import VerifySource
from commissions.services.funding import funding_review
from commissions.services.verification import verification_run
from merchants.services.rates import rates_refresh

SEED = 618
BEGAN, DONE = "demo.began", "demo.loaded"
_LOCK = 0x64656D6F  # any number of our own: "demo"


class Occupied(DomainError):
    """There are people in the database who are not the demo's."""

    code = "demo_occupied"
    message = "This database holds other data. The demo loads into an empty one only."


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a year. `shelf`: products per shop, beside those that somebody clicked; `claims`:
    coupons of the season."""

    orders: int = 12_000
    visits: int = 15_000
    shelf: int = 1_000
    claims: int = 240

    @classmethod
    def of(cls, orders: int) -> "Size":
        """A year of so many orders, and the rest in proportion; people and plans are the same."""
        whole = cls()
        return cls(
            *(-(-getattr(whole, one.name) * orders // whole.orders) for one in fields(whole))
        )


def load(*, size: Size | None = None, say: Callable[[str], None] = lambda _line: None) -> bool:
    """Load the demo as of now. False: it was there already (its addresses follow PUBLIC_URL).

    Raises Occupied if the database holds anything else. `say` hears of the progress, line by line.
    """
    with _alone():
        if AuditEvent.objects.filter(verb=DONE).exists():
            addresses_follow()
            return False
        if AuditEvent.objects.filter(verb=BEGAN).exists():
            say("an earlier load was cut short: starting over")
            _wipe()
        elif User.objects.exists():
            raise Occupied
        _load(size or Size(), _timed(say))
        return True


def _load(size: Size, say: Callable[[str], None]) -> None:
    stage = Stage(clock.now(), say)
    with transaction.atomic():
        users = accounts_make(stage.ago(days=440))
        audit.record(BEGAN, users["admin"])
    stage.staff = users
    months_make(since=stage.ago(days=440).date(), until=stage.end)
    say("shops and products")
    span = (SEED, stage.start, stage.end)
    told = list(orders(*span, size.orders, stage.now))
    seen = list(visits(*span, size.visits, stage.now))
    stocked = {line.product for order in told for line in order.lines}
    stocked |= {touch.product for order in told for touch in order.touches}
    stocked |= {touch.product for touch in seen}
    stocked |= {p.code for listed in products_by_shop().values() for p in listed[: size.shelf]}
    shops_open(stage, users, stocked)
    promoters_join(stage, users)
    year = Year(stage, told, seen)
    Wallets(stage, year)
    parts_plan(stage)
    plans_plan(stage)
    autopilot_plan(stage)
    settlements_plan(stage)
    desk_fill(stage, users)
    cases_plan(stage)
    season_plan(stage, size.claims)
    say("affiliates")
    with nobody_woken():  # thousands of messages about what is long done
        stage.agenda.run()
    _notices_settle(stage)
    # The demo's shops sell with one press: a visitor buys within seconds of the click.
    policy_set(actor=users["ops"], window_days=15, precedence="code_first", stand_down_seconds=0)
    say("boards, matches and balances")
    # What their jobs do every few minutes: a plan may have begun, a wallet run dry since the last.
    rates_refresh()
    funding_review()
    wake()
    tasks.standings_count()
    clicks_count()
    boards_make()
    matches_make()
    risk_scores_make()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say("the books are checked")
    verification_run(source=VerifySource.NIGHT)
    audit.record(DONE, users["admin"], orders=len(told), clicks=len(seen))


def _notices_settle(stage: Stage) -> None:
    """Nobody is mailed about a year that was played in minutes, and what is older than three days
    was read."""
    Notification.objects.update(mail_at=None)
    Notification.objects.filter(created_at__lt=stage.ago(days=3)).update(read_at=stage.now)


def _timed(say: Callable[[str], None]) -> Callable[[str], None]:
    began = time.monotonic()
    return lambda line: say(f"{time.monotonic() - began:3.0f} s  {line}")


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else loads at the same time; and nobody waits for the disk: a crash starts over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        cursor.execute("SET synchronous_commit TO off")
        try:
            yield
        finally:
            cursor.execute("RESET synchronous_commit")
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@transaction.atomic
def _wipe() -> None:
    """Empty every table of ours. Append-only ones refuse that, unless their owner insists."""
    kept = {ContentType, Permission}
    tables = [
        connection.ops.quote_name(model._meta.db_table)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model not in kept
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'affiliates_touch'::regclass"
        )
        tables += [part for (part,) in cursor.fetchall()]
        cursor.execute(DROPS)  # they are named by numbers that begin anew
        for (drop,) in cursor.fetchall():
            cursor.execute(drop)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
