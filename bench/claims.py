"""Claims of one hot coupon by 64 clients at once, each durable before its answer.

Beside each other, in turns: our claim in one round trip; the same row by a bare INSERT, which is
the most that this database can write; and the way of an ORM: lock the stock's row, look, insert,
count down, commit. When it is over, exactly the stock is sold and nobody has two.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from statistics import median
from threading import Barrier

from django.db import connection

from alliance.kernel import clock
from bench import claims_http
from bench.clients import Talk, talk_together
from bench.night import FACE, Night, ratio, sold_exactly
from bench.plain import claim_with_lock
from campaigns.claims import TAKE, code_of
from campaigns.models import CouponStock

CLIENTS = 64
INSERT = f"""
    INSERT INTO campaigns_claim (
        stock_id, campaign_id, slot, state, code, face_minor, currency, buyer_key, network_key,
        trail, day, link_id, affiliate_id, zone_id, shop_id, product_id, claimed_at, expires_at,
        paid_minor, paid_revision
    ) VALUES (%s, %s, %s, 'held', %s, {FACE}, 'CNY', %s, '', true, %s, %s, %s, %s, %s, %s, %s, %s,
              0, 0)
    RETURNING code, face_minor, expires_at
"""


def run(small: bool = False) -> None:
    night = Night()
    print("  in the database")
    _in_turns(night, small)
    _rush(night, 40 if small else 5_000)
    print("  over HTTP")
    claims_http.run(small)


def _in_turns(night: Night, small: bool) -> None:
    rounds, each, slow = (1, 2, 1) if small else (5, 150, 6)
    ours, bare, orm = [], [], []
    for _round in range(rounds):
        many, more = CLIENTS * each, CLIENTS * (each + 1)
        ours.append(many / talk_together(_ours(night, night.stock(more), each)))
        bare.append(many / talk_together(_bare(night, night.stock(more), each)))
        stock = night.stock(CLIENTS * (slow + 1))
        orm.append(CLIENTS * slow / _row_lock(night, stock, slow))
    for name, rates in (("ours", ours), ("bare INSERT", bare), ("ORM, row lock", orm)):
        print(f"    {name:13}: {median(rates):8,.0f} claims per second")
    print(f"    ratio        : {ratio(ours, bare):8.2f} of a bare INSERT,"
          f" {ratio(ours, orm):.1f} times the ORM with a row lock")  # fmt: skip


def _ours(
    night: Night, stock: CouponStock, each: int, buyers: Sequence[str] = ()
) -> Iterator[Talk]:
    """64 clients, each with so many tries and one to warm up, of these buyers or of a new one each
    time."""

    def talk() -> Talk:
        for _claim in range(each + 1):
            buyer = secrets.choice(buyers) if buyers else secrets.token_hex(16)
            now = clock.now()
            asked = [stock.pk, buyer, clock.business_day(now), now, code_of(secrets.token_hex(16)),
                     *night.through, "", True]  # fmt: skip
            answer = yield TAKE, asked
            if answer is None or answer[0] not in ("claimed", "again", "sold_out"):
                raise AssertionError(answer)

    return (talk() for _client in range(CLIENTS))


def _bare(night: Night, stock: CouponStock, each: int) -> Iterator[Talk]:
    slots = count(1)

    def talk() -> Talk:
        for _claim in range(each + 1):
            now, buyer = clock.now(), secrets.token_hex(16)
            yield INSERT, [stock.pk, stock.campaign_id, next(slots), code_of(buyer), buyer,
                           clock.business_day(now), *night.through, now,
                           now + timedelta(hours=1)]  # fmt: skip

    return (talk() for _client in range(CLIENTS))


def _row_lock(night: Night, stock: CouponStock, each: int) -> float:
    """Seconds for 64 threads, each on a connection of its own, that claim as a plain view would."""
    ready = Barrier(CLIENTS + 1)

    def claim() -> None:
        buyer = secrets.token_hex(16)
        if not claim_with_lock(stock_pk=stock.pk, buyer=buyer, link=night.link):
            raise AssertionError("sold out too early")

    def work() -> None:
        claim()
        ready.wait()
        for _claim in range(each):
            claim()
        ready.wait()
        connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        working = [pool.submit(work) for _client in range(CLIENTS)]
        ready.wait()
        started = time.perf_counter()
        ready.wait()
        took = time.perf_counter() - started
    for done in working:
        done.result()
    return took


def _rush(night: Night, size: int) -> None:
    """Four tries for each coupon, of fewer buyers than tries: what is sold is exactly the stock."""
    stock, each = night.stock(size), size * 4 // CLIENTS
    buyers = [secrets.token_hex(16) for _buyer in range(size * 5 // 2)]
    seconds = talk_together(_ours(night, stock, each, buyers))
    sold_exactly(stock)
    print(f"    rush         : {CLIENTS * each / seconds:8,.0f} tries per second; {size:,} of"
          f" {size:,} sold, no buyer twice")  # fmt: skip
