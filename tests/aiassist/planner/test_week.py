"""A week of posts: drafted with reasons, changed by a person, read by calendars, told in time."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from affiliates.models import AdZone
from affiliates.services.figures import clicks_count
from aiassist.assistant.tools import TOOLS, Scope
from aiassist.models import PlannedPost, WeekPlan
from aiassist.planner import week_of
from aiassist.planner.draft import DAYS, Candidate, Place, Turn, Week, drafted
from aiassist.planner.reasons import day_notes
from aiassist.queries.planner import clicks_by_hour
from aiassist.tasks import posts_remind
from alliance.kernel import clock
from alliance.kernel.models import Notification
from campaigns.models import Campaign
from campaigns.services.slates import slate_add
from merchants.services.products import ProductData, products_save
from tests.cast import Cast, cast_make, user_make

NOON = datetime(2026, 6, 10, 12, tzinfo=clock.ZONE)
DAY = timedelta(days=1)
PAGE = "/affiliate/planner/"


@pytest.fixture
def cast(db) -> Cast:
    with clock.at(NOON - 30 * DAY):
        made = cast_make(wallet="900000.00")
    with clock.at(NOON):
        rows = [
            ProductData(name, f"Tea {name}", f"https://shop.chen.example/t/{name}", 50_00)
            for name in "ABCD"
        ]
        products_save(shop=made.shop, products=rows, actor=made.chen)
        yield made


@pytest.fixture
def lin(cast, client):
    client.force_login(cast.lin)
    return client


def at_hours(day: datetime, *hours: int) -> list[datetime]:
    return [day.astimezone(clock.ZONE).replace(hour=hour, minute=5) for hour in hours]


# --- Pure ---


def test_what_ends_at_midnight_ends_on_the_day_before():
    midnight = clock.day_start(clock.business_day(NOON + 2 * DAY))
    campaign = Campaign(name="Tea days", starts_at=NOON - 3 * DAY, ends_at=midnight)
    said = [list(day_notes((NOON + n * DAY).date(), None, [campaign])) for n in range(3)]
    assert said == [[], ["“Tea days” ends"], []]
    turn = Turn(7, campaign.starts_at, midnight, None, mine=True, task=False, wanted=False)
    why = {slot.at.date(): slot.why.get("turn") for slot in drafted(world(turns=[turn])).slots}
    assert [why[(NOON + n * DAY).date()] for n in range(3)] == ["runs", "ends", None]


def world(**changes) -> Week:
    clicks = tuple(50 if hour in (9, 21) else 1 for hour in range(24))
    places = [Place(1, "web", clicks), Place(2, "moments")]
    candidates = [Candidate(n, 1 / n, "matched", category=n % 3) for n in range(1, 7)]
    return Week(**{"begins": NOON, "places": places, "candidates": candidates, **changes})


def test_a_week_is_posted_when_the_audience_clicks_and_repeats_little():
    draft = drafted(world())
    assert draft == drafted(world())
    assert {slot.at.hour for slot in draft.slots} == {9, 21}
    assert len(draft.slots) == 2 * DAYS - 1  # nine today is over
    assert {slot.zone for slot in draft.slots} == {1}
    assert draft.slots[0].why["share_bps"] == 50 * 10_000 // 122
    for day in range(DAYS):
        of_day = [s.product for s in draft.slots if s.at.date() == (NOON + day * DAY).date()]
        assert len(of_day) == len(set(of_day))
    assert {slot.product for slot in draft.slots} == set(range(1, 7))


def test_without_clicks_the_channels_habit_decides_and_says_so():
    draft = drafted(world(places=[Place(2, "email")]))
    assert {slot.at.hour for slot in draft.slots} == {10, 15}
    assert {slot.why["share_bps"] for slot in draft.slots} == {None}


def test_the_target_says_how_many_posts_within_reason():
    assert [drafted(world(posts=n)).a_day for n in (1, 7, 8, 500)] == [1, 1, 2, 4]
    busy = frozenset({(NOON + DAY).date()})
    assert len(drafted(world(more=busy)).slots) == 2 * DAYS


def test_a_campaign_brings_its_products_forward_on_its_days():
    turn = Turn(
        7, NOON + 2 * DAY, NOON + 3 * DAY, frozenset({6}), mine=True, task=True, wanted=True
    )
    plain, turned = drafted(world()), drafted(world(turns=[turn]))
    inside = [s for s in turned.slots if turn.starts_at <= s.at < turn.ends_at]
    assert any(slot.product == 6 and slot.campaign == 7 for slot in inside)
    assert [s.why.get("turn") for s in inside if s.campaign] == ["begins"]
    assert not any(s.product == 6 for s in plain.slots if turn.starts_at <= s.at < turn.ends_at)


def test_what_a_person_decided_stays_and_what_was_dropped_stays_away():
    first = drafted(world()).slots
    week = world(busy=[(first[1].at, 5)], out=frozenset({1}))
    again = drafted(week).slots
    assert first[1].at not in {slot.at for slot in again}
    assert 1 not in {slot.product for slot in again}


# --- The page ---


def test_a_week_is_planned_from_ones_own_clicks_and_says_why(cast, lin):
    for day in range(1, 13):
        for at in at_hours(NOON - day * DAY, 8, 8, 19, 19, 19, 19):
            cast.click(at=at)
    cast.sold("T1", placed_at=NOON - 2 * DAY, paid_at=NOON - 2 * DAY,
              click_id=cast.click(at=NOON - 2 * DAY - timedelta(hours=1)))  # fmt: skip
    clicks_count()
    other = cast.campaign("double_commission", name="Tea days", all_products=False)
    slate = cast.shop.products.filter(external_id="D")
    slate_add(actor=cast.finance, campaign=other, products=slate)
    cast.publish(other)

    with CaptureQueriesContext(connection) as asked:
        clicks = clicks_by_hour(cast.affiliate)
    assert {hour: n for hour, n in enumerate(clicks[cast.zone.pk]) if n} == {8: 24, 11: 2, 19: 48}
    assert ["affiliates_touch" in one["sql"] for one in asked] == [False]  # counted, not live
    assert lin.post(PAGE, {"target": "clicks", "amount": ""}).status_code == 200
    assert not PlannedPost.objects.exists()
    said = lin.post(PAGE, {"target": "clicks", "amount": "120"}, follow=True).content.decode()

    posts = PlannedPost.objects.filter(affiliate=cast.affiliate).order_by("at")
    assert {post.at.astimezone(clock.ZONE).hour for post in posts} == {8, 11, 14, 19}
    plan = WeekPlan.objects.get()
    assert plan.pace["clicks_per_post_centi"] == 569
    assert plan.pace["posts"] == 22
    assert "of your clicks come in this hour." in said
    assert "120 clicks take about 22 posts" in said
    assert "Tea D" in said
    assert "It counts in “Tea days”." in said

    again = set(posts.values_list("at", "product"))
    lin.post(PAGE, {"target": "clicks", "amount": "120"})
    assert set(posts.all().values_list("at", "product")) == again  # the same facts, the same week

    with CaptureQueriesContext(connection) as one:
        week_of(cast.affiliate, plan, "CNY")
    more = cast.campaign("double_commission", name="More tea", all_products=False)
    slate_add(actor=cast.finance, campaign=more, products=cast.shop.products.all())
    cast.publish(more)
    with CaptureQueriesContext(connection) as two:
        week_of(cast.affiliate, plan, "CNY")
    assert len(two) <= len(one) + 1  # not one or two more for each slate
    AdZone.objects.filter(pk=cast.zone.pk).update(frozen_until=NOON + DAY)
    assert cast.zone.pk not in {at.zone for at in week_of(cast.affiliate, plan, "CNY").week.places}
    AdZone.objects.filter(pk=cast.zone.pk).update(frozen_until=None)

    tool = TOOLS["week_plan"].call(Scope(cast.lin, cast.affiliate))
    assert tool.sources[0].url == PAGE
    assert sum(len(day["posts"]) for day in tool.facts["days"]) == len(posts)


def test_a_person_moves_swaps_drops_and_does_and_a_new_draft_respects_it(cast, lin):
    lin.post(PAGE, {"target": "none"})
    moved, swapped, dropped, done, *_rest = PlannedPost.objects.order_by("at")
    to = NOON + 3 * DAY + timedelta(hours=2, minutes=30)
    edit = reverse("aiassist:planned_post", args=[moved.pk])
    page = lin.post(edit, {"at": "2026-06-01T10:00", "zone": cast.zone.pk}).content.decode()
    assert "within the next 60 days" in page
    lin.post(edit, {"at": f"{to:%Y-%m-%dT%H:%M}", "zone": cast.zone.pk})

    def turn(post: PlannedPost, deed: str):
        return lin.post(reverse("aiassist:planned_post_turn", args=[post.pk]), {"deed": deed})

    before = swapped.product_id
    turn(swapped, "swap")
    turn(dropped, "dropped")
    turn(done, "done")
    assert turn(done, "swap").status_code == 409
    assert turn(done, "fly").status_code == 404
    turn(swapped, "link")
    page = lin.get(PAGE).content.decode()
    swapped.refresh_from_db()
    link = cast.affiliate.links.get(product=swapped.product_id, zone=swapped.zone_id)
    assert f"/r/{link.code}" in page
    assert swapped.product_id != before

    lin.post(PAGE, {"target": "none"})
    for post in (moved, swapped, dropped, done):
        post.refresh_from_db()  # none was replaced
    assert (moved.at, moved.sequence, dropped.state, done.state) == (to, 1, "dropped", "done")
    planned = PlannedPost.objects.filter(state="planned", at__gt=NOON)
    assert not planned.filter(product=dropped.product_id, kept=False).exists()

    stranger = AdZone.objects.exclude(site__affiliate=cast.affiliate).first()
    assert stranger is None or lin.post(edit, {"at": f"{to:%Y-%m-%dT%H:%M}", "zone": stranger.pk})
    viewer = user_make()
    cast.affiliate.members.create(user=viewer, role="viewer")
    lin.force_login(viewer)
    assert lin.post(PAGE, {"target": "none"}).status_code == 403
    assert turn(moved, "dropped").status_code == 403
    assert "Plan anew" not in lin.get(PAGE).content.decode()


# --- Calendars ---


def events(answer) -> dict[str, object]:
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    read = Calendar.from_ical(answer.content)
    assert [str(zone["TZID"]) for zone in read.walk("VTIMEZONE")] == ["Asia/Shanghai"]
    return {str(event["UID"]): event for event in read.walk("VEVENT")}


def test_a_calendar_reads_the_plan_at_a_private_address_until_it_is_revoked(cast, lin, client):
    lin.post(PAGE, {"target": "none"})
    page = lin.post(reverse("aiassist:planner_feed")).content.decode()
    path = re.search(r"/calendar/([\w-]{43})\.ics", page)
    assert path is not None
    assert path[0] not in lin.get(PAGE).content.decode()  # said once

    client.logout()
    first = events(client.get(path[0]))
    post = PlannedPost.objects.earliest("at")
    event = first[str(post.uid)]
    assert len(first) == PlannedPost.objects.count()
    assert event["DTSTART"].dt == post.at.astimezone(clock.ZONE)
    assert post.product.name in str(event["SUMMARY"])
    assert "a rule of thumb" in str(event["DESCRIPTION"])

    client.force_login(cast.lin)
    to = post.at + timedelta(hours=1)
    edit = reverse("aiassist:planned_post", args=[post.pk])
    client.post(edit, {"at": f"{to.astimezone(clock.ZONE):%Y-%m-%dT%H:%M}", "zone": post.zone_id})
    later = events(client.get(reverse("aiassist:planner_download")))
    assert set(later) == set(first)
    assert (later[str(post.uid)]["SEQUENCE"], later[str(post.uid)]["DTSTART"].dt) == (1, to)

    # Some programs begin a line where Unicode or Python does, and a merchant chose the title.
    post.product.title_en = "Tea\u2028ATTENDEE:a\x85ATTENDEE:b\x1cATTENDEE:c\rATTENDEE:d"
    post.product.save()
    lines = client.get(path[0]).content.decode().splitlines()
    assert [line for line in lines if line.startswith("ATTENDEE")] == []

    assert client.get("/calendar/guessed.ics").status_code == 404
    lin.post(reverse("aiassist:planner_feed"))
    assert client.get(path[0]).status_code == 404  # another one took its place
    page = lin.post(reverse("aiassist:planner_feed")).content.decode()
    path = re.search(r"/calendar/([\w-]{43})\.ics", page)
    assert client.get(path[0]).status_code == 200
    member = cast.affiliate.members.get(user=cast.lin)
    member.delete()
    assert client.get(path[0]).status_code == 404  # whoever leaves the team reads on no more


def test_who_wants_it_is_told_once_before_a_post(cast, lin):
    lin.post(PAGE, {"target": "none"})
    post = PlannedPost.objects.earliest("at")
    with clock.at(post.at - timedelta(minutes=10)):
        posts_remind()
    assert not Notification.objects.filter(kind="post.due").exists()  # nobody asked for it

    lin.post(reverse("aiassist:planner_reminders"), {"wanted": "on"})
    PlannedPost.objects.update(reminded_at=None)
    for minutes in (20, 10, 5):
        with clock.at(post.at - timedelta(minutes=minutes)):
            posts_remind()
    told = Notification.objects.get(kind="post.due")
    assert told.user == cast.lin
    assert told.link == f"{PAGE}#post-{post.pk}"
    assert f"Share now: {post.product.name}" in lin.get("/notifications/").content.decode()
    lin.post(reverse("aiassist:planner_reminders"))
    with clock.at(PlannedPost.objects.latest("at").at - timedelta(minutes=5)):
        posts_remind()
    assert Notification.objects.filter(kind="post.due").count() == 1
