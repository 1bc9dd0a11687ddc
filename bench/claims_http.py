"""The same coupon claimed over HTTP, from the button of its page, by 64 browsers at once.

In turns, on the same servers: our coupon page, and a plain Django page that locks the stock's row
(bench.plain). Each buyer has opened the page, has a device and an address of their own, and stays
within the usual limits. Then a rush: more buyers than coupons, who also press twice.
"""

import random
from statistics import median

from django.db import connection

from bench.night import Night, ratio, sold_exactly
from bench.web import Buyer, Visit, browse_together, granian

BROWSERS = 64


def run(small: bool) -> None:
    with granian() as port:
        _in_turns(port, small)
        _rush(port, 64 if small else 2_000)


def _in_turns(port: int, small: bool) -> None:
    rounds, each, slow = (1, 2, 1) if small else (5, 60, 6)
    ours: list[float] = []
    plain: list[float] = []
    for number in range(-1, rounds):  # the first only wakes the servers
        for rates, page, count in ((ours, _page, each), (plain, _plain_page, slow)):
            night = Night()
            stock = night.stock(BROWSERS * count)
            rate = _rate(port, page(night, stock.pk), stock.size)
            sold_exactly(stock)
            if number >= 0:
                rates.append(rate)
    for name, rates in (("ours", ours), ("plain view", plain)):
        print(f"    {name:13}: {median(rates):8,.0f} claims per second")
    print(f"    ratio        : {ratio(ours, plain):8.1f} times a plain view with a row lock")


def _page(night: Night, _stock_pk: int) -> str:
    return f"/s/{night.link.code}"


def _plain_page(night: Night, stock_pk: int) -> str:
    return f"/plain/{stock_pk}/{night.link.code}"


def _rate(port: int, path: str, claims: int) -> float:
    """Claims per second of as many buyers; all of them get one."""
    buyers = _buyers(port, path, claims)

    def visit(mine: list[Buyer]) -> Visit:
        for buyer in mine:
            answer = yield buyer.claim(path)
            if answer.status not in (302, 303):
                raise AssertionError(answer)

    return claims / browse_together(port, [visit(mine) for mine in _dealt(buyers)])


def _rush(port: int, size: int) -> None:
    """Four tries for each coupon; what is sold is exactly the stock, to those who were told so."""
    night = Night()
    stock, path = night.stock(size), _page(night, 0)
    buyers = _buyers(port, path, size * 5 // 2)
    told: dict[int, list[str]] = {303: [], 409: []}

    def visit(mine: list[Buyer]) -> Visit:
        for buyer in mine:
            answer = yield buyer.claim(path)
            told[answer.status].append(buyer.address)

    tries = random.choices(buyers, k=size * 4)
    seconds = browse_together(port, [visit(mine) for mine in _dealt(tries)])
    sold_exactly(stock)
    winners = set(told[303])
    if len(winners) != size:
        raise AssertionError(f"{len(winners)} were told that they have one of {size}")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT last_value FROM {stock.sequence}")
        asked = cursor.fetchone()[0] - size
    print(
        f"    rush         : {len(tries) / seconds:8,.0f} tries per second; {size:,} of {size:,}"
        " sold, no buyer twice"
    )
    print(f"    losers       : {asked:8,} of {len(told[409]):,} refusals asked the database")


def _buyers(port: int, path: str, count: int) -> list[Buyer]:
    """So many, each of whom has opened the page."""
    numbers = random.sample(range(1 << 24), count)
    buyers = [Buyer(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in numbers]

    def visit(mine: list[Buyer]) -> Visit:
        for buyer in mine:
            yield from buyer.open(path)

    browse_together(port, [visit(mine) for mine in _dealt(buyers)])
    return buyers


def _dealt(buyers: list[Buyer]) -> list[list[Buyer]]:
    """Among the browsers."""
    return [buyers[first::BROWSERS] for first in range(BROWSERS)]
