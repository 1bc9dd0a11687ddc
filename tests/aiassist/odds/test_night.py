"""The odds of tasks in the product: reckoned at night and on acceptance, told to whose they are."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from affiliates.models import Affiliate, AffiliateState
from affiliates.services.figures import clicks_count
from aiassist.assistant.tools import TOOLS, Scope
from aiassist.models import OddsSaid, TaskOdds
from aiassist.queries.odds import odds_judged, tasks_unreckoned
from aiassist.services.odds import odds_begin, odds_catch_up
from aiassist.services.odds.known import Known
from aiassist.tasks import task_odds_catch_up, task_odds_make
from aiassist.tasks_ahead import chance_words, told_of
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from campaigns.models import Campaign, Standing
from commissions.queries.counted import days_counted
from commissions.services.standings import standings_refresh
from commissions.verify import verify
from tests.aiassist.risk.world import peer_link
from tests.cast import Cast, cast_make, staff_make

NOON = datetime(2026, 4, 10, 12, tzinfo=clock.ZONE)
DAY = timedelta(days=1)
LADDER = {
    "tiers": [
        {"orders": 1, "reward_minor": 200},
        {"orders": 5, "reward_minor": 1200},
        {"orders": 40, "reward_minor": 6000},
    ]
}
PAGE = "/affiliate/tasks/"


@pytest.fixture(scope="module")
def made(one_world):
    """Lin sells one a day for forty days, but not yesterday; three in four are received, and the
    oldest was sent back. Eleven peers; the last of them has sold nothing yet."""
    with clock.at(NOON - 60 * DAY):
        cast = cast_make(wallet="900000.00")
        links = [peer_link(cast, number) for number in range(11)]
        reports = [_report(cast, f"T{n}", cast.link, n, received=n % 4 > 0) for n in range(2, 42)]
        for peer, link in enumerate(links[:10]):
            reports += [
                _report(cast, f"P{peer}-{n}", link, n, received=True)
                for n in range(2, 42, peer + 1)
            ]
    with clock.at(NOON):
        cast.record(*reports)
        cast.refunded("199.00", "T41", paid_at=NOON - 41 * DAY)
    cast.peer = links[-1].affiliate
    return cast


@pytest.fixture
def cast(made, db) -> Cast:
    with clock.at(NOON):
        clicks_count()
        yield made


@pytest.fixture
def lin(cast, client):
    client.force_login(cast.lin)
    return client


def _report(cast: Cast, number: str, link, days: int, *, received: bool):
    at = NOON - days * DAY
    click = cast.click(link=link, at=at - timedelta(minutes=9), visitor_key=number)
    done = {"received_at": at + 3 * DAY} if received and days > 3 else {}
    return cast.report(number, click_id=click, placed_at=at, paid_at=at,
                       state="received" if done else "paid", **done)  # fmt: skip


def task(cast: Cast, **changes):
    facts = {"name": "Spring task", "rules": LADDER, **changes}
    made = cast.campaign("guaranteed_task", **facts)
    return cast.publish(made)


def night() -> None:
    """As the workers do it: the beat asks for each task."""
    for campaign in odds_begin():
        task_odds_make(campaign)


def test_a_night_reckons_every_task_for_everybody_who_may_make_it(cast, lin):
    campaign = task(cast)
    night()
    odds = TaskOdds.objects.get(affiliate=cast.affiliate)
    likely = [step["likely"] for step in odds.steps]
    assert likely[0] > 9_500
    # Seven days at one a day, something may be lost: about one in two. Keys choose the draws.
    assert 4_000 < likely[1] < 9_500
    assert likely[2] < 500
    assert not odds.little
    assert 200 < odds.expected_minor < 1_300
    assert odds.pace["aim"] in (1, 2)
    assert (odds.pace["done"], odds.pace["days_centi"]) == (0, 700)
    assert odds.pace["now_centi"] == 93  # thirteen in a fortnight

    before = {o.affiliate_id: (o.steps, o.expected_minor) for o in TaskOdds.objects.all()}
    night()
    assert {o.affiliate_id: (o.steps, o.expected_minor) for o in TaskOdds.objects.all()} == before
    assert cast.peer.pk not in before  # no click, no order: nothing to go by
    slow = TaskOdds.objects.get(affiliate__name="Peer 9")
    assert slow.little
    assert slow.steps[1]["likely"] < likely[1]
    with clock.at(campaign.ends_at + DAY):
        night()
    assert not TaskOdds.objects.exists()
    assert verify() == []


def test_history_is_what_would_have_counted_with_what_was_lost(cast):
    campaign = task(cast)
    mine = [d for d in days_counted(campaign, since=NOON - 90 * DAY)
            if d.affiliate == cast.affiliate.pk]  # fmt: skip
    assert (sum(d.valid for d in mine), sum(d.lost for d in mine)) == (39, 1)
    assert sum(d.received for d in mine) == sum(1 for n in range(4, 41) if n % 4)
    assert sum(d.amounts for d in mine) == 39 * 19_900
    assert days_counted(campaign) == []  # nobody takes part


def test_accepting_reckons_anew_and_what_is_done_counts(cast):
    campaign = task(cast)
    task_odds_catch_up()  # published since the night
    before = TaskOdds.objects.get(affiliate=cast.affiliate)
    with clock.at(NOON + timedelta(hours=1)):
        cast.enrol(campaign)
        cast.enrol(campaign, cast.peer)
    with clock.at(NOON + timedelta(hours=3)):
        for n in range(3):
            cast.sold(f"N{n}", click_id=cast.click(visitor_key=f"N{n}"))
        standings_refresh(campaign=campaign)
        task_odds_catch_up()
        after = TaskOdds.objects.get(affiliate=cast.affiliate)
        assert after.made_at == clock.now()
        assert after.pace["done"] == 3
        assert after.steps[1]["likely"] > before.steps[1]["likely"]
        new = TaskOdds.objects.get(affiliate=cast.peer)
        assert new.little
        assert "too little history" in told_of(cast.peer)[campaign.pk].summary
        task_odds_catch_up()
    with clock.at(NOON + timedelta(hours=4)):
        task_odds_catch_up()
    assert TaskOdds.objects.get(affiliate=cast.affiliate).made_at == after.made_at


def test_who_accepts_is_told_what_the_night_would_tell_without_reading_others_rows(cast):
    campaign = task(cast)
    night()
    with clock.at(NOON + timedelta(hours=1)):
        cast.enrol(campaign)
        cast.enrol(campaign, cast.peer)
        with CaptureQueriesContext(connection) as asked:
            task_odds_catch_up()
        assert len(asked) < 25
        [clicks] = [q["sql"] for q in asked if "affiliates_clickday" in q["sql"]]
        assert f"IN ({cast.affiliate.pk}, {cast.peer.pk})" in clicks
        mine = TaskOdds.objects.filter(affiliate__in=[cast.affiliate, cast.peer]).order_by("pk")
        told = list(mine.values("affiliate", "steps", "pace", "expected_minor"))
        night()
        assert list(mine.values("affiliate", "steps", "pace", "expected_minor")) == told


def test_a_task_for_which_there_is_nobody_is_looked_at_once(cast):
    task(cast, least_tier=5)
    assert (odds_catch_up(), list(tasks_unreckoned()), TaskOdds.objects.count()) == (0, [], 0)


def test_what_was_said_is_held_against_what_came(cast, client, monkeypatch):
    campaign = task(cast)
    cast.enrol(campaign)
    night()
    [said] = OddsSaid.objects.all()  # of the one member
    steps = {step["least"]: step["likely"] for step in TaskOdds.objects.get(
        affiliate=cast.affiliate).steps}  # fmt: skip
    assert dict(said.steps) == steps
    with clock.at(NOON + timedelta(hours=3)):
        for n in range(3):
            cast.sold(f"N{n}", click_id=cast.click(visitor_key=f"N{n}"))
        night()  # what was said first on a day stands
    assert OddsSaid.objects.get().steps == said.steps
    with clock.at(NOON + DAY):
        night()
    assert [one.steps[0][0] for one in OddsSaid.objects.order_by("day")] == [1, 5]
    assert odds_judged() == []
    standings_refresh(campaign=campaign)
    Standing.objects.filter(campaign=campaign).update(final=True, orders=5)
    judged = odds_judged()
    assert sum(one.times for one in judged) == 5
    assert judged[0].tenth == 0
    assert judged[0].came == 0  # forty orders, said twice
    assert judged[0].said < 0.05
    assert all(one.came == 1 for one in judged[1:])
    with monkeypatch.context() as desk:
        desk.setattr("alliance.desk.ODDS_LEAST", 2)
        client.force_login(staff_make(StaffRole.OPS))
        assert "0% came, 2 times" in client.get(reverse("admin:index")).content.decode()
    with clock.at(NOON + 200 * DAY):
        night()
    assert not OddsSaid.objects.exists()


@pytest.mark.parametrize(
    ("rules", "by"),
    [
        ({"mode": "per_order", "bonus_minor": 100, "first_orders": 20}, "orders"),
        ({"mode": "floor", "guaranteed_minor": 30_000, "effort_links": 1, "effort_clicks": 5,
          "effort_visitors": 4, "effort_days": 3}, "clicks"),
        ({"metric": "gmv", "cap_minor": 5_000,
          "tiers": [{"gmv_minor": 50_000, "reward_bps": 200}]}, "gmv_minor"),
    ],
)  # fmt: skip
def test_other_modes(cast, lin, rules, by):
    task(cast, rules=rules)
    night()
    odds = TaskOdds.objects.get(affiliate=cast.affiliate)
    assert odds.pace["by"] == by
    assert 0 < odds.steps[0]["likely"] <= 10_000
    assert 0 <= odds.steps[-1]["likely"] <= odds.steps[0]["likely"]
    assert odds.expected_minor > 0
    if by == "orders":  # the bonus of about six of seven orders
        assert 400 < odds.expected_minor < 800
    if by == "gmv_minor":  # two per cent of about six orders of 199.00
        assert 1_500 < odds.expected_minor < 3_500
    assert "Spring task" in lin.get(PAGE).content.decode()


FLOOR = {"mode": "floor", "guaranteed_minor": 30_000, "effort_links": 0, "effort_clicks": 2,
         "effort_visitors": 2, "effort_days": 6, "cap_minor": 900}  # fmt: skip


def test_an_effort_is_made_when_all_of_it_is_made_and_pays_no_more_than_its_cap(cast, lin):
    campaign = task(cast, rules=FLOOR)
    cast.enrol(campaign)
    with clock.at(NOON + timedelta(hours=2)):
        for n in range(3):
            cast.click(visitor_key=f"E{n}")
        standings_refresh(campaign=campaign)
        night()
        odds = TaskOdds.objects.get(affiliate=cast.affiliate)
        assert (odds.pace["done"], odds.pace["reached"]) == (3, 0)  # clicks enough, days are not
        assert odds.steps[0]["pays_minor"] == 900
        assert odds.expected_minor <= 900
        said = told_of(cast.affiliate)[campaign.pk]
        assert "reached" not in said.summary
        assert (said.pace, said.more) == ("", "")  # more clicks would not help
        assert lin.get(PAGE).status_code == 200
        Standing.objects.filter(affiliate=cast.affiliate).update(active_days=6)
        night()
        assert told_of(cast.affiliate)[campaign.pk].summary == "All steps are reached."


def test_a_part_of_the_sales_is_told_as_what_such_orders_bring(cast):
    steps = [{"orders": 5, "reward_bps": 200}]
    task(cast, rules={"cap_minor": 50_000, "tiers": steps})
    night()
    [step] = TaskOdds.objects.get(affiliate=cast.affiliate).steps
    assert step["pays_minor"] == 1_990  # two per cent of five orders of 199.00


def test_who_is_in_keeps_its_history_and_who_is_frozen_is_told_nothing(cast):
    campaign = task(cast)
    cast.enrol(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(least_tier=5)
    night()
    odds = TaskOdds.objects.get(affiliate=cast.affiliate)
    assert not odds.little
    assert odds.pace["now_centi"] == 93
    assert told_of(Affiliate(pk=cast.affiliate.pk, state=AffiliateState.FROZEN)) == {}


def test_the_page_says_how_likely_what_it_is_worth_and_what_to_do(
    cast, lin, django_assert_max_num_queries
):
    campaign = task(cast)
    assert "Not reckoned yet" in lin.get(PAGE).content.decode()
    night()
    said = lin.get(PAGE).content.decode()
    for words in ("nearly certain", "in 10 (between", "less than 1 in 20", "Of late 0.9 orders",
                  "on average", "Accept the task", "Take the link"):  # fmt: skip
        assert words in said, words
    pages = [reverse(f"commissions:{name}") for name in ("campaigns", "affiliate_home")]
    for url in (*pages, reverse("commissions:campaign", args=[campaign.pk])):
        assert "How likely" in lin.get(url).content.decode(), url

    for n in range(3):
        task(cast, name=f"Another {n}")
    night()
    with django_assert_max_num_queries(40):
        assert lin.get(PAGE).content.decode().count("Take the link:") >= 4


def test_nobody_sees_the_odds_of_another(cast, client):
    campaign = task(cast)
    night()
    mine = told_of(cast.affiliate)[campaign.pk].summary
    client.force_login(cast.peer.members.get().user)
    for url in (PAGE, reverse("commissions:campaign", args=[campaign.pk])):
        said = client.get(url).content.decode()
        assert "How likely" not in said
        assert mine not in said
    client.force_login(cast.chen)
    assert client.get(PAGE).status_code == 302


def test_few_peers_tell_nothing_of_a_single_one(cast):
    known = Known(task(cast, rules=FLOOR))
    newcomer, rival = cast.peer.pk, cast.affiliate.pk
    assert known.net_each(newcomer) > 0  # eleven who have sold
    few = Known(known.campaign)
    few.sums = {rival: few.sums[rival]}
    few.peers = few._peers()
    assert few.net_each(rival) > 0
    assert few.net_each(newcomer) == 0


def test_the_assistant_tells_the_same(cast):
    task(cast)
    night()
    odds = TaskOdds.objects.get(affiliate=cast.affiliate)
    found = TOOLS["tasks_likely"].call(Scope(cast.lin, cast.affiliate))
    [fact] = found.facts["tasks"]
    assert fact["expected_minor"] == odds.expected_minor
    assert [s["likely_bps"] for s in fact["steps"]] == [s["likely"] for s in odds.steps]
    assert "on average" in found.sentences[0]
    assert found.sources[0].url == PAGE
    assert any("Join" in link.title for link in found.actions)


def test_chances_in_words():
    assert chance_words(7_000, 5_100, 8_300) == "about 7 in 10 (between 5 and 8)"
    assert chance_words(7_000, 6_900, 7_100) == "about 7 in 10"
    assert chance_words(9_700, 9_000, 10_000) == "nearly certain"
    assert chance_words(10_000, 10_000, 10_000) == "certain"
    assert chance_words(300, 0, 900) == "less than 1 in 20"
