"""Verifying at the desk: asked for in a page, done by a worker, kept for good."""

import pytest

from commissions import tasks
from commissions.models import VerifyRun
from commissions.verify import INVARIANTS

RUNS = "/admin/commissions/verifyrun/"


@pytest.fixture(autouse=True)
def _no_earlier_run(world):
    VerifyRun.objects.all().delete()


def test_the_button_asks_a_worker_and_the_page_shows_how_far_it_is(world, as_):
    client = as_("auditor")
    answer = client.post(f"{RUNS}verify/")

    run = VerifyRun.objects.get()
    assert answer["Location"] == f"{RUNS}{run.pk}/change/"
    assert (run.asked_by, run.state) == (world.people["auditor"], "waiting")
    page = client.get(answer["Location"]).content.decode()
    assert "Waiting for a worker" in page
    assert f'hx-get="{RUNS}{run.pk}/progress/"' in page

    tasks.verification_start(run.pk)

    part = client.get(f"{RUNS}{run.pk}/progress/").content.decode()
    assert "<html" not in part
    assert "hx-get" not in part  # it has ended: nobody asks any more
    assert f"all {len(INVARIANTS)} promises are kept" in part
    assert "balances_are_sums" in part
    assert "books verify" in as_("finance").get("/admin/").content.decode()


def test_the_page_counts_the_promises_while_they_are_checked(world, as_):
    as_("finance").post(f"{RUNS}verify/")
    run = VerifyRun.objects.get()
    one = {"name": INVARIANTS[0].name, "checked": 4321, "faults": 0, "seconds": 0.2}
    VerifyRun.objects.update(state="running", started_at=run.asked_at, results=[one])

    part = as_("finance").get(f"{RUNS}{run.pk}/progress/").content.decode()

    assert f"Verifying: 1 of {len(INVARIANTS)} promises checked" in part
    assert "4,321" in part
    assert "hx-get" in part


def test_a_fault_is_shown_in_words(world, as_, sql):
    sql("UPDATE commissions_balance SET balance_minor = balance_minor + 1 WHERE balance_minor > 0")
    as_("finance").post(f"{RUNS}verify/")
    run = VerifyRun.objects.get()
    tasks.verification_start(run.pk)

    page = as_("finance").get(f"{RUNS}{run.pk}/change/").content.decode()

    assert "its lines say" in page
    assert "faults found" in as_("auditor").get("/admin/").content.decode()


def test_a_run_that_no_worker_took_is_not_asked_about_for_ever(world, as_):
    as_("finance").post(f"{RUNS}verify/")
    run = VerifyRun.objects.get()
    VerifyRun.objects.update(asked_at=run.asked_at.replace(year=2020))

    part = as_("finance").get(f"{RUNS}{run.pk}/progress/").content.decode()

    assert "never came to its end" in part
    assert "hx-get" not in part
