"""Clicks on their way from the spool's files to the table: none lost, none twice, whoever dies."""

import os
import resource
import signal
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.test import Client

from affiliates import redirect, tasks, ways
from affiliates.drain import Drainer, drain
from affiliates.models import (
    AdZone,
    Affiliate,
    Attribution,
    ClickFile,
    Link,
    Site,
    Touch,
)
from affiliates.services import Click, link_pause
from affiliates.spool import line_of, spool
from alliance.kernel import clock
from alliance.kernel.front import Front
from alliance.wsgi import django_application
from commissions import pipeline
from merchants.models import Merchant, Order, Product, Shop
from merchants.services.orders import orders_record
from tests.cast import cast_make
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)

PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"


@pytest.fixture
def cast():
    return cast_make()


@pytest.fixture
def files(settings):
    return lambda: sorted(settings.CLICKS_DIR.glob("*"))


def click(link, **asked) -> str:
    """A click through the door, as a web process takes it; the address that it answers."""
    environ = {"REQUEST_METHOD": "GET", "HTTP_USER_AGENT": PERSON, **asked}
    answer = redirect.door(environ, link.code)
    assert answer is not None
    return dict(answer.headers).get("Location", str(answer.status))


def written(link, count: int) -> list[str]:
    """That many clicks in the spool; their ids."""
    return [click(link).partition("click_id=")[2] for _n in range(count)]


def stored() -> list[str]:
    return sorted(Touch.objects.values_list("click_id", flat=True))


def test_a_click_is_in_the_file_before_it_is_answered_and_later_in_the_table(cast, files):
    ids = written(cast.link, 3)
    (file,) = files()
    assert [line.split(b"\t")[0].decode() for line in file.read_bytes().splitlines()] == ids
    assert not Touch.objects.exists()

    assert drain() == 3
    assert stored() == sorted(ids)
    assert (drain(), Touch.objects.count()) == (0, 3)


def test_every_field_comes_home_as_it_was(cast):
    """Also text that means something in the file, and none where there is none."""
    subs = {"sub1": "a\\b", "sub2": "茶\\N", "sub3": "\\."}
    said = Click.through(cast.link, visitor_key="k", ip_key="i", **subs)
    said = replace(said, product_id=None)
    spool.write(said)
    assert drain() == 1
    touch = Touch.objects.get()
    for name in Click.__dataclass_fields__:
        assert getattr(touch, name) == getattr(said, name), name


def test_a_line_break_in_a_field_makes_no_second_click(cast):
    spool.write(Click.through(cast.link, sub1="a\nb\tc\rd"))
    assert drain() == 1
    assert Touch.objects.get().sub1 == "a\nb\tc\rd"


def test_an_answered_click_survives_the_death_of_its_process(cast):
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        while True:
            os.write(write, click(cast.link).partition("click_id=")[2].encode() + b"\n")
    os.close(write)
    answered = os.read(read, 1 << 16)
    while answered.count(b"\n") < 200:
        answered += os.read(read, 1 << 16)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(read, "rb") as rest:
        answered += rest.read()
    ids = {line.decode() for line in answered.split(b"\n")[:-1]}

    drain()
    there = stored()
    assert ids <= set(there)
    assert len(there) - len(ids) <= 1, "written, and killed before it could say so"


def test_who_drains_may_die_at_any_moment(cast, files):
    ids = written(cast.link, 2_000)
    for _death in range(6):
        pid = os.fork()
        if not pid:
            connection.connect()
            drain()
            os._exit(0)
        time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    drain()
    assert stored() == sorted(ids)


def test_several_drain_at_once_and_each_click_comes_home_once(cast):
    ids = []
    for _file in range(4):
        ids += written(cast.link, 300)
        spool.close()
    in_processes(*[drain] * 3)
    assert stored() == sorted(ids)
    assert drain() == 0


def test_what_is_written_half_waits_for_its_other_half(cast, files):
    ids = written(cast.link, 1)
    (file,) = files()
    line = line_of(Click.through(cast.link, click_id="second"))
    with file.open("ab") as spooled:
        spooled.write(line[:30])
    assert (drain(), stored()) == (1, ids)
    with file.open("ab") as spooled:
        spooled.write(line[30:])
    assert (drain(), stored()) == (1, sorted([*ids, "second"]))


def test_a_line_that_is_no_click_is_set_aside_and_keeps_no_other_from_coming(cast, files, caplog):
    ids = written(cast.link, 1)
    (file,) = files()
    with file.open("ab") as spooled:
        spooled.write(b"\x00\x00\x00\nnonsense\n")
    ids += written(cast.link, 1)

    assert drain() == 2
    assert stored() == sorted(ids)
    assert file.with_suffix(".refused").read_bytes() == b"\x00\x00\x00\nnonsense\n"
    assert "set aside" in caplog.text
    file.with_suffix(".refused").unlink()


def test_half_a_line_is_set_aside_when_nobody_can_write_the_other_half(cast, files):
    with clock.at(clock.now() - timedelta(days=2, hours=2)):
        ids = written(cast.link, 1)
    (file,) = files()
    with file.open("ab") as spooled:
        spooled.write(b"half")
    for _again in range(3):
        drain()
    assert stored() == ids
    assert [left.suffix for left in files()] == [".refused"]
    files()[0].unlink()


def test_a_full_disk_turns_buyers_away_and_leaves_no_half_click(cast, files):
    written(cast.link, 1)
    (file,) = files()
    size = file.stat().st_size

    def fill():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        spool._of = (spool._of[0], os.getpid())  # the parent's file
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))
        assert click(cast.link) == "503"

    in_processes(fill)
    assert file.stat().st_size == size
    assert drain() == 1


def test_books_restored_from_a_dump_get_the_clicks_since_from_the_files(cast, sql):
    ids = written(cast.link, 2)
    drain()
    sql("ALTER TABLE affiliates_touch DISABLE TRIGGER USER")
    sql("DELETE FROM affiliates_touch WHERE click_id = %s", ids[1])
    sql("ALTER TABLE affiliates_touch ENABLE TRIGGER USER")
    sql("DELETE FROM affiliates_clickfile")
    assert (drain(), stored()) == (1, sorted(ids))


def test_a_file_goes_when_two_days_are_over(cast, files):
    with clock.at(clock.now() - timedelta(days=2, hours=2)):
        written(cast.link, 2)
    written(cast.link, 1)
    drain()
    assert len(files()) == 2, "stored, but it may be looked at for a moment"
    drain()
    assert len(files()) == 1
    assert ClickFile.objects.count() == 1
    assert Touch.objects.count() == 3


def test_a_drainer_outlives_the_connection_it_had(cast, sql):
    """As when PostgreSQL is restarted: the web process goes on, and so does its thread."""
    pid = os.fork()
    if not pid:
        connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
        Drainer().run()
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    try:
        with connection.cursor() as cursor:
            deadline = time.monotonic() + 60
            cursor.execute(f"SELECT count(*) {others} AND query LIKE 'LISTEN%'")
            while not cursor.fetchone()[0]:
                assert time.monotonic() < deadline, "nobody listens"
                time.sleep(0.1)
                cursor.execute(f"SELECT count(*) {others} AND query LIKE 'LISTEN%'")
        sql(f"SELECT pg_terminate_backend(pid) {others}")
        time.sleep(2)  # it looks for news twice a second, and there are no clicks to ask for
        ids = written(cast.link, 1)
        deadline = time.monotonic() + 60
        while stored() != ids:
            assert time.monotonic() < deadline, "nobody drains"
            time.sleep(0.1)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_the_clock_drains_too(cast):
    written(cast.link, 1)
    tasks.clicks_drain()
    assert Touch.objects.count() == 1


def test_no_order_is_looked_at_before_its_click(cast):
    click_id = click(cast.link).partition("click_id=")[2]
    placed = clock.now() + timedelta(seconds=6)
    report = cast.report("T1", click_id=click_id, placed_at=placed, paid_at=placed)
    outcomes = orders_record(shop=cast.shop, reports=[report])
    pipeline.orders_process([outcome.order_pk for outcome in outcomes])
    assert Attribution.objects.get().affiliate == cast.affiliate
    assert Order.objects.get().processed_version == 1


# --- Where codes lead ---


CHANGES = {
    "link": lambda: Link.objects.update(paused_at=clock.now()),
    "zone": lambda: AdZone.objects.update(frozen_until=clock.now() + timedelta(days=1)),
    "site": lambda: Site.objects.update(state="rejected", reason="Spam."),
    "affiliate": lambda: Affiliate.objects.update(state="frozen"),
    "product": lambda: Product.objects.update(state="withdrawn"),
    "shop": lambda: Shop.objects.update(domains=["other.example"]),
    "merchant": lambda: Merchant.objects.update(state="frozen"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_process_hears_of_a_change_made_by_another(cast, change):
    drainer = Drainer()
    drainer._listen()
    click(cast.link)
    drainer._listen()
    in_processes(CHANGES[change])
    connection.ensure_connection()
    drainer = Drainer() if drainer._listening is not connection.connection else drainer
    drainer._listen()
    environ = {"REQUEST_METHOD": "GET", "HTTP_USER_AGENT": PERSON}
    assert redirect.door(environ, cast.link.code) is None, "Django says why"


def test_what_was_asked_before_a_change_is_not_remembered_after_it(cast):
    def forgotten(execute, *asked):
        answer = execute(*asked)
        ways.forget()  # another transaction has committed, and we heard of it
        return answer

    with connection.execute_wrapper(forgotten):
        click(cast.link)
    assert cast.link.code not in ways._known


def test_a_deaf_process_remembers_no_longer_than_half_a_minute(cast, monkeypatch):
    click(cast.link)
    known = ways._known[cast.link.code]
    for heard, seconds, still in (
        (0, 500, True),
        (0, 700, False),
        (-60, 20, True),
        (-60, 40, False),
    ):
        ways._known[cast.link.code] = replace(known, at=time.monotonic() - seconds)
        monkeypatch.setattr(ways, "_heard", time.monotonic() + heard)
        kept = ways._known[cast.link.code]
        assert (ways.known_of(cast.link.code) is kept) is still


def test_known_ways_lead_on_while_the_database_is_away(cast):
    click(cast.link)
    stale = ways._known[cast.link.code]
    ways._known[cast.link.code] = replace(stale, at=time.monotonic() - ways.FRESH)

    def away(*_asked):
        raise OperationalError("away")

    with connection.execute_wrapper(away):
        assert click(cast.link).startswith(cast.link.url)
        ways.forget()
        assert click(cast.link) == "503"
    assert drain() == 2


def test_in_front_of_django_the_door_answers_and_leaves_the_rest_to_it(cast):
    front = Front(django_application, {redirect.PREFIX: redirect.door})
    client = Client(headers={"User-Agent": PERSON})

    def get(path: str) -> str:
        said = []
        environ = {**client.generic("GET", path).wsgi_request.environ}
        body = b"".join(front(environ, lambda status, headers: said.append((status, headers))))
        return said[0][0] + " " + dict(said[0][1]).get("Location", "") + body.decode()

    assert get(f"/r/{cast.link.code}").startswith(f"302 Found {cast.link.url}")
    link_pause(actor=cast.lin, link=cast.link)
    ways.forget()
    assert get(f"/r/{cast.link.code}").startswith("410 Gone")
    assert get("/r/nosuchcode").startswith("404 Not Found")
