"""The settlement run: choose, build, look, close; and closing the books of a month."""

import pytest

from affiliates.services import affiliate_freeze
from alliance.kernel.money import cny
from commissions import chart, figures, ledger
from commissions.models import Period, Settlement, SettlementState, VerifyRun, VerifySource
from commissions.services.statements import statements_issue
from commissions.services.verification import verification_ask, verification_run
from commissions.verify import verify
from tests.desk.world import JUNE_22, at

SETTLEMENTS = "/admin/commissions/settlement/"


@pytest.fixture(autouse=True)
def _in_july(world):
    with at(JUNE_22, days=28):  # 20 July
        yield


def test_a_run_opens_and_builds_the_month_and_shows_who_gets_what(world, as_):
    Settlement.objects.filter(pk=world.june.pk).update(state="open", built_at=None)
    world.june.shares.all().delete()
    client = as_("finance")

    assert "June 2026" in client.get(f"{SETTLEMENTS}run/").content.decode()
    answer = client.post(f"{SETTLEMENTS}run/", {"month": "2026-06", "currency": "CNY"})

    assert answer["Location"] == f"{SETTLEMENTS}{world.june.pk}/change/"
    page = client.get(answer["Location"])
    assert page.context["totals"]["net_minor"] == 1934
    assert "Lin&#x27;s picks" in page.content.decode()
    assert ledger.balance(chart.pending(world.cast.affiliate.pk), "CNY") == cny("19.34")


def test_a_month_that_is_not_over_is_not_offered(world, as_):
    answer = as_("finance").post(f"{SETTLEMENTS}run/", {"month": "2026-07", "currency": "CNY"})

    assert answer.status_code == 200
    assert "month" in answer.context["form"].errors


def test_closing_makes_the_money_payable(world, as_):
    before = ledger.balance(chart.payable(world.cast.affiliate.pk), "CNY")
    verification_run(source=VerifySource.NIGHT)
    client = as_("finance")
    question = client.get(f"{SETTLEMENTS}{world.june.pk}/close/")
    assert cny("19.34").localized() in question.content.decode()

    page = client.post(f"{SETTLEMENTS}{world.june.pk}/close/", follow=True).content.decode()

    world.june.refresh_from_db()
    assert world.june.state == SettlementState.CLOSED
    assert world.june.closed_by == world.people["finance"]
    assert cny("19.34").localized() in page
    after = ledger.balance(chart.payable(world.cast.affiliate.pk), "CNY")
    assert after.minor - before.minor == 1934
    assert verify() == []
    assert "0 statements of affiliates are written." in page  # and it asks again by itself
    statements_issue(world.june)
    page = client.get(f"{SETTLEMENTS}{world.june.pk}/change/").content.decode()
    assert '<div id="telling"></div>' in page


def test_what_changed_since_the_build_is_pointed_at(world, as_):
    world.cast.refunded("99.50", number="T2", refund="R-LATE")

    page = as_("finance").get(f"{SETTLEMENTS}{world.june.pk}/change/")

    assert page.context["drift"] == 1
    assert page.context["drift_minor"] == 967 - 1934
    assert "changed since built" in page.content.decode()

    as_("finance").post(f"{SETTLEMENTS}{world.june.pk}/build/")
    page = as_("finance").get(f"{SETTLEMENTS}{world.june.pk}/change/")
    assert page.context["drift"] == 0
    assert page.context["totals"]["net_minor"] == 967


def close(client, settlement):
    address = f"{SETTLEMENTS}{settlement.pk}/close/"
    page = client.post(address, headers={"referer": f"http://testserver{address}"}, follow=True)
    settlement.refresh_from_db()
    return page.content.decode()


def test_books_that_do_not_verify_are_not_settled(world, as_, sql):
    sql("UPDATE commissions_balance SET balance_minor = balance_minor + 1 WHERE balance_minor > 0")
    verification_run(source=VerifySource.DESK)

    page = close(as_("finance"), world.june)

    assert "do not verify" in page
    assert "its lines say" in page
    assert world.june.state == SettlementState.BUILT


@pytest.mark.parametrize(
    ("verified", "said"),
    [
        ({"days": 9}, "not verified since then"),  # the day before it was built
        ({"days": 20}, "more than a day ago"),
    ],
)
def test_a_settlement_wants_a_proof_that_is_newer_and_fresh(world, as_, verified, said):
    with at(JUNE_22, **verified):
        verification_run(source=VerifySource.NIGHT)

    assert said in as_("finance").get(f"{SETTLEMENTS}{world.june.pk}/change/").content.decode()
    assert said in close(as_("finance"), world.june)
    assert world.june.state == SettlementState.BUILT


def test_a_verification_under_way_is_waited_for_though_an_older_one_was_well(world, as_):
    verification_run(source=VerifySource.NIGHT)
    verification_ask(actor=world.people["finance"])

    assert "being verified" in close(as_("finance"), world.june)
    assert world.june.state == SettlementState.BUILT


def test_a_fault_found_first_counts_while_the_run_goes_on(world, as_):
    verification_run(source=VerifySource.NIGHT)
    run = verification_ask()
    VerifyRun.objects.filter(pk=run.pk).update(
        state="running", started_at=run.asked_at, faults=1, results=[{"sentences": ["odd"]}]
    )

    assert "do not verify" in close(as_("finance"), world.june)


def test_a_share_says_what_is_odd_about_it(world):
    affiliate_freeze(actor=world.people["ops"], affiliate=world.cast.affiliate, reason="Odd.")
    world.june.shares.update(publisher_minor=20_000, tech_fee_minor=0, net_minor=20_000)

    (share,) = figures.shares(world.june)

    assert share.usual_minor == 1934
    assert share.odd == ["changed", "stopped", "huge"]
    assert share.now_minor == 1934


def test_a_closed_settlement_offers_nothing_more(world, as_):
    settled = world.things["commissions.settlement"]
    page = as_("finance").get(f"{SETTLEMENTS}{settled.pk}/change/")

    assert page.context["actions_detail"] == []


def test_a_month_of_the_books_is_closed_for_good(world, as_):
    verification_run(source=VerifySource.NIGHT)
    client = as_("finance")
    client.post("/admin/commissions/period/close/", {"month": "2026-05"})

    assert Period.objects.filter(month="2026-05-01", closed_by=world.people["finance"]).exists()
    assert "May 2026" not in client.get("/admin/commissions/period/close/").content.decode()
    assert verify() == []


def test_a_month_stays_open_while_its_books_are_not_proved(world, as_, sql):
    sql("UPDATE commissions_balance SET balance_minor = balance_minor + 1 WHERE balance_minor > 0")
    verification_run(source=VerifySource.NIGHT)

    as_("finance").post("/admin/commissions/period/close/", {"month": "2026-05"})

    assert not Period.objects.filter(month="2026-05-01").exists()
