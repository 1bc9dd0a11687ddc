"""The redirect, beside the cheapest page there is (the live probe), in the same process.

What it costs a buyer to pass through us: two statements, one of them durable. Requests go through
the whole of Django, without a network. Every click must be stored when it is over.
"""

from collections.abc import Callable
from itertools import cycle
from statistics import median, quantiles
from time import perf_counter

from django.test import Client

from affiliates.models import Touch
from bench.world import world_make

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


def run(small: bool = False) -> None:
    rounds, each = (2, 10) if small else (5, 400)
    world = world_make(products=5, affiliates=2)
    client = Client(headers={"User-Agent": BROWSER, "Host": "localhost"})
    codes = cycle([link.code for link in world.links])
    before = Touch.objects.count()
    client.get("/health/live")  # whatever is loaded once

    followed: list[float] = []
    probed: list[float] = []
    for _round in range(rounds):
        followed += _times(each, lambda: _follow(client, next(codes)))
        probed += _times(each, lambda: client.get("/health/live"))
    stored = Touch.objects.count() - before
    if stored != rounds * each:
        raise AssertionError(f"{rounds * each} clicks, {stored} stored")
    print(f"  redirect  : {_words(followed)}")
    print(f"  live probe: {_words(probed)}")
    print(f"  ratio     : {median(followed) / median(probed):.1f} times the cheapest page")
    print(f"  {stored:,} clicks, all stored")


def _follow(client: Client, code: str) -> None:
    client.cookies.clear()  # every buyer is a new one
    response = client.get(f"/r/{code}")
    if response.status_code != 302:
        raise AssertionError(f"/r/{code} answered {response.status_code}")


def _times(count: int, call: Callable[[], object]) -> list[float]:
    times = []
    for _call in range(count):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return times


def _words(times: list[float]) -> str:
    p95 = quantiles(times, n=20)[-1]
    return f"{median(times) * 1000:.2f} ms in the middle, {p95 * 1000:.2f} ms for 95 of 100"
