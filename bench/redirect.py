"""The redirect under the web server of production, two workers, beside nginx and a plain view.

nginx answers a fixed 302 and stores nothing. The plain view looks the code up and INSERTs the click
before it answers. Ours writes a line into a file; every click that was answered must be in the
table two seconds later, once. Then the way from the file to the table, beside an INSERT for each.

Random codes of links that the processes know, to 32 connections that stay open; one process drives
them, and it costs the same for all three. And once more with links that no process knows, each
clicked once: there the database has to say where the code leads.
"""

import os
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import psutil
from django.conf import settings
from django.db import connection

from affiliates.drain import drain
from affiliates.models import Link, Touch
from affiliates.services import Click, touches_record
from affiliates.spool import spool
from bench.night import ratio
from bench.web import Buyer, Visit, browse_together, granian, nginx
from bench.world import world_make

CONNECTIONS = 32
SETTLED = 2.0  # seconds within which a click has to be in the table


def run(small: bool = False) -> None:
    links, rounds, each, slow = (50, 1, 4, 2) if small else (1_000, 3, 1_000, 25)
    once = 4 if small else 120  # clicks on unknown links of each connection, a round
    made = _codes(links + rounds * once * CONNECTIONS)
    codes, unknown = made[:links], made[links:]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with tempfile.TemporaryDirectory() as folder, _clicks_below(Path(folder)):
        static = (
            "location /r/ { return 302 https://shop.example/p?click_id=0123456789012345678901; }"
        )
        with granian() as port, nginx(Path(folder), static) as other:
            # The processes know the links.
            _answered(port, _some(codes, links * 8 // CONNECTIONS + 1))
            ours, first, plain, theirs, cpu = [], [], [], [], []
            for number in range(rounds):
                before = _used()
                ours.append(_answered(port, _some(codes, each)))
                cpu.append((_used() - before) / (CONNECTIONS * each))
                fresh = unknown[number * once * CONNECTIONS :][: once * CONNECTIONS]
                first.append(_answered(port, [fresh[n::CONNECTIONS] for n in range(CONNECTIONS)]))
                plain.append(_browse(port, "/plain/r/", _some(codes, slow)))
                if other:
                    theirs.append(_browse(other, "/r/", _some(codes, each)))
        print(f"  ours      : {median(ours):9,.0f} clicks per second, "
              f"{median(cpu) * 1000:.2f} ms of CPU each, web and database")  # fmt: skip
        print(f"  plain view: {median(plain):9,.0f} clicks per second")
        print(f"  ratio     : {ratio(ours, plain):9.1f} times the plain view")
        print(f"  first     : {median(first):9,.0f} clicks per second, on links not yet known")
        print(f"  ratio     : {ratio(first, plain):9.1f} times the plain view")
        if theirs:
            print(f"  nginx     : {median(theirs):9,.0f} answers per second, nothing stored")
            print(f"  ratio     : {ratio(ours, theirs):9.2f} of nginx")
        else:
            print("  ratio     : none to nginx, which is not installed here")
        _home(200 if small else 100_000, 20 if small else 1_000)


def _codes(count: int) -> list[str]:
    """That many links; most are copies of a few."""
    made = world_make(products=5, affiliates=2).links
    copies = [_copy(random.choice(made)) for _number in range(count - len(made))]
    return [link.code for link in [*made, *Link.objects.bulk_create(copies, batch_size=2_000)]]


def _copy(link: Link) -> Link:
    facts = {name: getattr(link, name) for name in ("affiliate", "zone", "shop", "product", "url")}
    return Link(code=secrets.token_hex(5), **facts)


@contextmanager
def _clicks_below(folder: Path) -> Iterator[None]:
    place, before = folder / "clicks", settings.CLICKS_DIR
    os.environ["CLICKS_DIR"], settings.CLICKS_DIR = str(place), place
    try:
        yield
    finally:
        spool.close()
        del os.environ["CLICKS_DIR"]
        settings.CLICKS_DIR = before


def _some(codes: list[str], each: int) -> list[list[str]]:
    """For each connection, that many of them by chance."""
    return [random.choices(codes, k=each) for _connection in range(CONNECTIONS)]


def _browse(port: int, path: str, dealt: list[list[str]]) -> float:
    """Answers per second; each of them sends on. `dealt`: the codes that each connection asks."""

    def visit(buyer: Buyer, codes: list[str]) -> Visit:
        for code in codes:
            answer = yield buyer.get(path + code)
            if answer.status != 302:
                raise AssertionError(answer)

    visits = [visit(Buyer(f"10.0.0.{n}"), codes) for n, codes in enumerate(dealt)]
    return sum(map(len, dealt)) / browse_together(port, visits)


def _answered(port: int, dealt: list[list[str]]) -> float:
    """The same of ours, and soon afterwards all of them are in the table."""
    before, asked = Touch.objects.count(), sum(map(len, dealt))
    rate = _browse(port, "/r/", dealt)
    deadline = time.monotonic() + SETTLED
    while (stored := Touch.objects.count() - before) < asked:
        if time.monotonic() > deadline:
            raise AssertionError(f"{asked} clicks were answered, {stored} are there")
        time.sleep(0.05)
    if stored != asked:
        raise AssertionError(f"{asked} clicks were answered, {stored} are stored")
    return rate


def _used() -> float:
    """Seconds of CPU that web server and database have used so far."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        postmaster = int((Path(cursor.fetchone()[0]) / "postmaster.pid").read_text().split()[0])
    used = 0.0
    for root in (psutil.Process(postmaster), *psutil.Process().children()):
        for process in (root, *root.children(recursive=True)):
            spent = process.cpu_times()
            used += spent.user + spent.system
    return used


def _home(count: int, slow: int) -> None:
    """From the file to the table, and row by row."""
    link = Link.objects.all()[0]
    click = Click.through(link)
    for number in range(count):
        spool.write(replace(click, click_id=f"home-{number}"))
    started = time.perf_counter()
    if drain() != count:
        raise AssertionError("clicks were lost on their way home")
    drained = count / (time.perf_counter() - started)
    started = time.perf_counter()
    for number in range(slow):
        touches_record([replace(click, click_id=f"row-{number}")])
    inserted = slow / (time.perf_counter() - started)
    print(f"  drained   : {drained:9,.0f} clicks per second")
    print(f"  INSERTs   : {inserted:9,.0f} per second, one at a time")
    print(f"  ratio     : {drained / inserted:9.1f} times")
