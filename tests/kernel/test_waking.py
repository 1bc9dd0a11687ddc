"""Messages that wake a worker, and the past in which nobody is woken."""

from alliance.celery import nobody_woken
from merchants.tasks import rates_refresh


def test_a_past_that_is_played_wakes_nobody(db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as outside:
        rates_refresh.delay_on_commit()
    with django_capture_on_commit_callbacks() as inside, nobody_woken():
        rates_refresh.delay_on_commit()
    assert (len(outside), len(inside)) == (1, 0)
