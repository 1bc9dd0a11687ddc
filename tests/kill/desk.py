"""`python -m tests.kill.desk`: finance and an affiliate at work, until killed. The worker tells
what was settled, sends what was released, and does what the beat wants.

What it was told had happened is a line in a file, written after the fact: none of it may be lost.
"""

import fcntl
import os
import sys
import time
from itertools import count
from pathlib import Path

import django

TURN, BEATS = count(), count()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")


def main() -> None:
    django.setup()
    from django.db import DatabaseError, connections
    from kombu.exceptions import KombuError

    from alliance.kernel.errors import DomainError

    said = Path(os.environ["DESK_SAYS"])
    print("desk: ready", flush=True)
    while True:
        with Path(os.environ["DESK"]).open("w") as desk:
            fcntl.flock(desk, fcntl.LOCK_EX)  # who counts the books takes it, and we wait
            for job in (settle, withdraw, release, beat):
                try:
                    news = job()
                except DomainError:
                    continue
                except (DatabaseError, KombuError, OSError) as exc:  # a server is away
                    print(f"{job.__name__}: {type(exc).__name__}", flush=True)
                    connections.close_all()
                    continue
                if news:
                    with said.open("a") as out:
                        out.write(f"{news}\n")
        time.sleep(0.1)


def settle() -> str | None:
    """The month of the newest receipt that is over, as soon as somebody has something in it."""
    from django.db.models import Max

    from alliance.kernel import clock
    from commissions import tasks
    from commissions.models import Settlement
    from commissions.services import settlements
    from merchants.models import Order

    present = clock.day_start(clock.month_start(clock.business_day()))
    over = Order.objects.filter(received_at__lt=present)  # buyers with coupons receive today
    received_at = over.aggregate(last=Max("received_at"))["last"]
    if received_at is None:
        return None
    month = clock.month_start(clock.business_day(received_at))
    if Settlement.objects.filter(month=month, state="closed").exists():
        return None
    if not settlements.currencies_due(month):
        return None
    closed = settlements.settlement_run(month=month, currency="CNY")
    tasks.statements_issue.delay(closed.pk)
    return f"settled {month}"


def withdraw() -> str | None:
    """One of those who have something; the one of the turn, so that a refusal stops nobody else."""
    from affiliates.models import AffiliateMember
    from alliance.kernel.money import Money
    from commissions import chart, ledger
    from commissions.services import payouts

    owners = AffiliateMember.objects.select_related("user", "affiliate").order_by("pk")
    member = owners[next(TURN) % len(owners)]
    payable = ledger.balance(chart.payable(member.affiliate_id), "CNY")
    if payable < Money(100, "CNY"):
        return None
    payout = payouts.payout_request(actor=member.user, affiliate=member.affiliate, amount=payable)
    return f"requested {payout.pk}"


def release() -> str | None:
    from alliance.kernel.models import User
    from commissions import tasks
    from commissions.models import Payout
    from commissions.services import payouts

    payout = Payout.objects.filter(state="requested").first()
    if payout is None:
        return None
    finance = User.objects.get(email="finance@test.example")
    payouts.payout_release(actor=finance, payout=payout)
    tasks.payout_send.delay(payout.pk)
    return f"released {payout.pk}"


def beat() -> None:
    """What the beat does every few minutes, only faster: lost messages are made good."""
    from commissions import tasks

    tasks.payouts_reconcile.delay()
    if next(BEATS) % 10 == 0:
        tasks.statements_sweep.delay()


if __name__ == "__main__":
    sys.exit(main())
