"""What the clock does with coupons. Each may run twice or late: the rows decide."""

from datetime import timedelta

from celery import shared_task

from campaigns import redemption
from campaigns.services import stock


@shared_task
def claims_turn() -> None:
    """Beat: unused coupons and lost slots are offered again, lots drawn, claims made touches."""
    stock.claims_expire()
    stock.slots_sweep()
    stock.draws_hold()
    redemption.touches_of_claims(since=timedelta(minutes=10))


@shared_task
def claims_sweep() -> None:
    """Beat: claims that no worker was there for in their time become touches, too."""
    redemption.touches_of_claims(since=timedelta(days=2))
