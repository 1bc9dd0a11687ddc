"""Products fetched by address: when due, by one worker, told of when they fail, never inside."""

from base64 import b64decode
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from alliance.celery import app
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent, Notification
from alliance.kernel.notice_kinds import words_of
from merchants import queries, tasks
from merchants.models import ImportRun, Product, ProductFeed
from merchants.services.merchants import merchant_freeze
from merchants.services.product_feeds import (
    feed_claim,
    feed_hurry,
    feed_pause,
    feed_remove,
    feed_resume,
    feed_save,
)
from tests.far_end import INSIDE, WORLD
from tests.merchants.conftest import NOON
from tests.merchants.pages.room import signed_in, url

HEAD = "id,title,link,price,sale_price,sale_price_effective_date\n"


def rows(*numbers, more=",,"):
    return (
        HEAD + "".join(f"P{n},龙井 {n},https://tea.example/{n},9.00 CNY{more}\n" for n in numbers)
    ).encode()


@pytest.fixture(autouse=True)
def media(settings, tmp_path, noon):
    settings.MEDIA_ROOT = tmp_path
    settings.OUTBOUND_INTERNAL = [f"{WORLD}/32"]


@pytest.fixture
def server(serve):
    server = serve(WORLD)
    server.answers["/p.csv"] = (200, {"ETag": '"1"', "Last-Modified": "Mon"}, rows(1, 2, 3))
    return server


@pytest.fixture
def saved(shop):
    def save(address, **more):
        values = {"every_hours": 6, "full": True, "username": "", "password": None, **more}
        return feed_save(shop=shop, url=address, actor=None, **values)

    return save


@pytest.fixture
def feed(saved, server):
    return saved(server.url("/p.csv"))


def fetched(feed, hours=0):
    with clock.at(NOON + timedelta(hours=hours)):
        tasks.feed_fetch(feed.pk)
    feed.refresh_from_db()
    return feed


def test_fetching_waits_in_a_queue_of_its_own():
    tasks_of = ("merchants.tasks.feed_fetch", "commissions.tasks.orders_process")
    routes = [app.amqp.router.route({}, name)["queue"] for name in tasks_of]
    assert [(queue.name, queue.exchange.name, queue.routing_key) for queue in routes] == [
        ("fetch", "fetch", "fetch"), ("celery", "celery", "celery"),
    ]  # fmt: skip
    assert set(app.amqp.queues.consume_from) == {"celery", "fetch"}  # by a worker as it comes


def test_a_feed_is_fetched_read_and_due_again(feed, server):
    fetched(feed)

    run = ImportRun.objects.get()
    assert (run.feed, run.full, run.state, run.filename) == (feed, True, "done", "p.csv")
    assert Product.objects.count() == 3
    assert (feed.trouble, feed.failures, feed.etag, feed.fetched_at) == ("", 0, '"1"', NOON)
    assert feed.next_at == NOON + timedelta(hours=6)
    assert "Authorization" not in server.heard[0][1]


def test_what_has_not_changed_is_not_sent_again(feed, server):
    fetched(feed)
    server.answers["/p.csv"] = (304, {}, b"")
    fetched(feed, hours=6)
    _path, said = server.heard[-1]
    assert (said["If-None-Match"], said["If-Modified-Since"]) == ('"1"', "Mon")
    assert ImportRun.objects.count() == 1
    assert feed.next_at == NOON + timedelta(hours=12)


def test_a_price_that_turns_by_the_clock_is_read_again(saved, server):
    span = ",7.00 CNY,2026-06-01T00:00+0800/2026-06-01T14:00+0800"
    server.answers["/p.csv"] = (200, {"ETag": '"1"'}, rows(1, more=span))
    feed = fetched(saved(server.url("/p.csv")))
    assert Product.objects.get().price_minor == 700
    assert feed.next_at == NOON + timedelta(hours=2)

    fetched(feed, hours=2)

    assert "If-None-Match" not in server.heard[-1][1]
    assert Product.objects.get().price_minor == 900
    assert feed.next_at == NOON + timedelta(hours=8)


def test_one_worker_wins_and_one_that_died_is_only_late(feed):
    assert feed_claim(feed_pk=feed.pk) == feed
    assert feed_claim(feed_pk=feed.pk) is None
    with clock.at(NOON + timedelta(minutes=30)):
        assert queries.feeds_due() == [feed.pk]
        assert feed_claim(feed_pk=feed.pk) == feed


def test_the_beat_wakes_what_is_due(feed, saved, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks.feed_fetch, "delay", woken.append)
    tasks.feeds_fetch()
    fetched(feed)
    tasks.feeds_fetch()
    assert woken == [feed.pk]


def test_a_feed_of_a_merchant_that_does_not_trade_waits(feed, merchant):
    merchant_freeze(merchant=merchant, reason="x", actor=None)
    assert queries.feeds_due() == []
    assert feed_claim(feed_pk=feed.pk) is None


# --- Failures -------------------------------------------------------------------------------------


def test_failures_are_told_in_words_back_off_and_reach_the_team_once(feed, server, owner):
    fetched(feed)
    server.answers["/p.csv"] = (503, {}, b"")
    waits = []
    for hours in (6, 12, 24, 48, 72):
        fetched(feed, hours)
        waits.append((feed.next_at - NOON) / timedelta(hours=1) - hours)
    assert waits == [6, 12, 24, 24, 24]
    assert (feed.failures, feed.trouble, feed.status) == (5, "faulty", 503)
    assert feed.why == "The server has a fault at the moment. (HTTP 503)"
    told = Notification.objects.get(kind="feed.failed")
    assert told.user == owner
    assert "failed 3 times in a row. The server has a fault" in words_of(told)[1]
    assert Product.objects.filter(state="on_sale", ends_at=None).count() == 3

    server.answers["/p.csv"] = (200, {}, rows(1, 2, 3))
    fetched(feed, 96)
    assert (feed.failures, feed.trouble, feed.status) == (0, "", None)


def test_what_we_failed_to_read_is_asked_for_again(feed, server, monkeypatch):
    def broken(**_what):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("merchants.feeds.products.products_save", broken)
        with pytest.raises(RuntimeError):
            fetched(feed)
    feed.refresh_from_db()
    assert (ImportRun.objects.get().state, feed.etag, feed.failures) == ("failed", "", 1)

    fetched(feed, hours=6)

    assert "If-None-Match" not in server.heard[-1][1]
    assert (Product.objects.count(), feed.failures) == (3, 0)


def test_a_file_that_cannot_be_read_is_a_failure_and_ends_nothing(feed, server):
    fetched(feed)
    server.answers["/p.csv"] = (200, {"ETag": '"2"'}, b"<html>Please sign in</html>")
    fetched(feed, 6)
    assert (feed.trouble, feed.etag) == ("unreadable", "")
    assert not Product.objects.exclude(ends_at=None).exists()


def test_what_leads_inside_is_never_asked(saved, server, serve):
    inside = serve(INSIDE)
    inside.answers["/p.csv"] = (200, {}, rows(1))
    feed = saved(server.url("/p.csv"))
    ProductFeed.objects.update(url=inside.url("/p.csv", host=INSIDE))  # as it was once possible
    feed.refresh_from_db()
    assert fetched(feed).trouble == "address"
    server.answers["/p.csv"] = (302, {"Location": inside.url("/p.csv", host=INSIDE)}, b"")
    assert fetched(saved(server.url("/p.csv"))).trouble == "address"
    assert (inside.heard, Product.objects.count()) == ([], 0)


def test_a_password_is_said_again_and_readable_nowhere(saved, server, settings):
    feed = saved(server.url("/p.csv"), username="tea", password="geheim")
    fetched(feed)
    assert server.heard[-1][1]["Authorization"] == "Basic dGVhOmdlaGVpbQ=="
    assert "geheim" not in feed.password
    assert "geheim" not in str(list(AuditEvent.objects.values()))
    saved(server.url("/p.csv"), username="tea")  # without saying it again
    fetched(feed)
    assert server.heard[-1][1]["Authorization"] == "Basic dGVhOmdlaGVpbQ=="
    settings.SECRET_KEY = "y" * 50
    feed_hurry(feed=feed, actor=None)
    assert fetched(feed).trouble == "sign_in"
    saved(server.url("/p.csv"))
    assert ProductFeed.objects.get().password == ""


def test_whoever_leads_a_feed_elsewhere_does_not_learn_its_password(saved, server, serve):
    saved(server.url("/p.csv"), username="tea", password="geheim")
    saved(server.url("/q.csv"), username="tea")
    assert ProductFeed.objects.get().password
    other = serve(WORLD)
    other.answers["/p.csv"] = (200, {}, rows(1))
    fetched(saved(other.url("/p.csv"), username="tea"))
    assert "geheim" not in b64decode(other.heard[-1][1]["Authorization"].split()[1]).decode()
    assert ProductFeed.objects.get().password == ""


# --- What a person says ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["http://tea.example/p.csv", "https://tea.example:22/", "https://u:p@tea.example/",
     "https://0x7f.1/p.csv"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(saved, settings, address):
    settings.OUTBOUND_INTERNAL = []
    with pytest.raises(Invalid):
        saved(address)
    assert not ProductFeed.objects.exists()


def test_pause_go_on_hurry_remove(feed, shop):
    feed_pause(feed=feed, actor=None)
    assert queries.feeds_due() == []
    for service in (feed_pause, feed_hurry):
        with pytest.raises(WrongState):
            service(feed=feed, actor=None)
    feed_resume(feed=feed, actor=None)
    fetched(feed)
    feed_hurry(feed=feed, actor=None)
    assert queries.feeds_due() == [feed.pk]
    verbs = AuditEvent.objects.filter(object_type="merchants.productfeed").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "feed.saved", "feed.paused", "feed.resumed", "feed.fetch_asked",
    ]  # fmt: skip
    feed_remove(feed=feed, actor=None)
    assert ImportRun.objects.get().feed is None
    assert Product.objects.count() == 3


def test_the_database_knows_the_intervals(feed):
    with pytest.raises(IntegrityError), transaction.atomic():
        ProductFeed.objects.update(every_hours=5)


def test_the_page_of_a_feed(feed, server, shop, owner):
    room = signed_in(owner)
    fetched(feed)
    text = room.get(url("feed", shop.pk)).content.decode()
    assert server.url("/p.csv") in text
    assert "Well" in text
    answer = room.post(
        url("feed", shop.pk),
        {
            "url": server.url("/q.csv"),
            "every_hours": "24",
            "username": "tea",
            "password": "geheim-1",
        },
    )
    assert answer["Location"] == url("feed", shop.pk)
    feed.refresh_from_db()
    assert (feed.url, feed.every_hours, feed.full) == (server.url("/q.csv"), 24, False)
    assert "geheim-1" not in room.get(url("feed", shop.pk)).content.decode()
    room.post(url("feed_pause", shop.pk))
    assert "Paused" in room.get(url("imports")).content.decode()
    room.post(url("feed_pause", shop.pk))
    room.post(url("feed_fetch", shop.pk))
    room.post(url("feed_remove", shop.pk))
    assert not ProductFeed.objects.exists()


def test_an_address_that_is_none_is_said_beside_its_field(shop, owner, settings):
    settings.OUTBOUND_INTERNAL = []
    answer = signed_in(owner).post(
        url("feed", shop.pk), {"url": "http://127.0.0.1/", "every_hours": "6"}
    )
    assert "not one that can be asked" in str(answer.context["form"].errors["url"])


def test_a_feed_is_its_merchants_own(feed, shop, stranger, viewer):
    for name in ("feed", "feed_fetch", "feed_pause", "feed_remove"):
        assert signed_in(stranger).post(url(name, shop.pk)).status_code == 404
        assert signed_in(viewer).post(url(name, shop.pk)).status_code == 403
    feed.refresh_from_db()
    assert feed.active
