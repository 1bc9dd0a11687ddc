"""Claims of one hot coupon by 64 clients at once, each durable before its answer.

Beside each other, in turns: our claim in one round trip; the same row by a bare INSERT, which is
the most that this database can write; and the way of an ORM: lock the stock's row, look, insert,
count down, commit. When it is over, exactly the stock is sold and nobody has two.
"""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from statistics import median
from typing import Any

from django.db import connections, transaction
from django.db.models import Count

from affiliates.models import Link
from alliance.kernel import clock
from alliance.kernel.models import StaffRole, User
from bench.clients import Talk, talk_together
from bench.world import world_make
from campaigns.claims import TAKE, code_of
from campaigns.models import Campaign, CampaignState, Claim, CouponStock
from campaigns.services.stock import stock_make, stock_open

CLIENTS = 64
FACE = 500
INSERT = """
    INSERT INTO campaigns_claim (
        stock_id, campaign_id, slot, state, code, face_minor, currency, buyer_key, network_key,
        trail, day, link_id, affiliate_id, zone_id, shop_id, product_id, claimed_at, expires_at,
        paid_minor, paid_revision
    ) VALUES (%s, %s, %s, 'held', %s, 500, 'CNY', %s, '', true, %s, %s, %s, %s, %s, %s, %s, %s,
              0, 0)
    RETURNING code, face_minor, expires_at
"""


class Night:
    """One campaign and its hot coupon; a fresh stock for each round."""

    def __init__(self) -> None:
        self.link: Link = world_make(products=1, affiliates=1).links[0]
        self.actor = User.objects.create_user(
            f"{secrets.token_hex(8)}@bench.example", is_staff=True, staff_roles=[StaffRole.OPS]
        )
        now = clock.now()
        self.campaign = Campaign.objects.create(
            kind="super_coupon",
            name="Bench",
            currency="CNY",
            state=CampaignState.LIVE,
            published_at=now,
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=5),
            confirm_until=now + timedelta(days=9),
            all_products=True,
            rules={"faces": [{"face_minor": FACE, "weight": 1}]},
        )

    def stock(self, size: int) -> CouponStock:
        made = stock_make(actor=self.actor, campaign=self.campaign, size=size)
        stock_open(stock=made)
        return made

    @property
    def _through(self) -> list[int | None]:
        link = self.link
        return [link.pk, link.affiliate_id, link.zone_id, link.shop_id, link.product_id]

    def ours(self, stock: CouponStock, each: int, buyers: list[str]) -> Callable[[], Talk]:
        def talk() -> Talk:
            for _claim in range(each):
                buyer, request = secrets.choice(buyers), secrets.token_hex(16)
                now = clock.now()
                day = clock.business_day(now)
                asked = [stock.pk, buyer, day, now, code_of(request), *self._through, "", True]
                answer = yield TAKE, asked
                if answer is None or answer[0] not in ("claimed", "again", "sold_out"):
                    raise AssertionError(answer)

        return talk

    def bare(self, stock: CouponStock, each: int) -> Callable[[], Talk]:
        slots = count(1)

        def talk() -> Talk:
            for _claim in range(each):
                yield INSERT, self._row(stock, next(slots))

        return talk

    def _row(self, stock: CouponStock, slot: int) -> list[Any]:
        now, buyer = clock.now(), secrets.token_hex(16)
        ends = now + timedelta(hours=1)
        day = clock.business_day(now)
        code = code_of(buyer)
        return [stock.pk, stock.campaign_id, slot, code, buyer, day, *self._through, now, ends]

    def row_lock(self, stock: CouponStock, each: int) -> float:
        """Seconds for 64 threads that claim as a view with the ORM would."""
        facts = dict(zip(("link_id", "affiliate_id", "zone_id", "shop_id", "product_id"),
                         self._through, strict=True))  # fmt: skip

        def claim() -> None:
            now, buyer = clock.now(), secrets.token_hex(16)
            day = clock.business_day(now)
            with transaction.atomic():
                held = CouponStock.objects.select_for_update().get(pk=stock.pk)
                mine = Claim.objects.filter(campaign=held.campaign_id, buyer_key=buyer, day=day)
                if held.set_aside_minor < FACE or mine.exists():
                    return
                held.set_aside_minor -= FACE
                held.save(update_fields=["set_aside_minor"])
                Claim.objects.create(
                    stock=held,
                    campaign_id=held.campaign_id,
                    slot=(held.total_minor - held.set_aside_minor) // FACE,
                    code=code_of(buyer),
                    face_minor=FACE,
                    currency=held.currency,
                    buyer_key=buyer,
                    day=day,
                    expires_at=now + timedelta(hours=1),
                    **facts,
                )

        def work(_client: int) -> None:
            for _claim in range(each):
                claim()
            connections.close_all()

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(work, range(CLIENTS), chunksize=1))  # every thread has its connection
            started = time.perf_counter()
            list(pool.map(work, range(CLIENTS)))
            return time.perf_counter() - started


def run(small: bool = False) -> None:
    rounds, each, slow = (1, 2, 1) if small else (5, 150, 6)
    night = Night()
    ours, bare, orm = [], [], []
    for _round in range(rounds):
        many = CLIENTS * each
        strangers = [secrets.token_hex(16) for _buyer in range(many * 50)]
        ours.append(many / talk_together(CLIENTS, night.ours(night.stock(many), each, strangers)))
        bare.append(many / talk_together(CLIENTS, night.bare(night.stock(many), each)))
        stock = night.stock(2 * CLIENTS * slow)
        orm.append(CLIENTS * slow / night.row_lock(stock, slow))
    for name, rates in (("ours", ours), ("bare INSERT", bare), ("ORM, row lock", orm)):
        print(f"  {name:13}: {median(rates):8,.0f} claims per second")
    print(f"  ratio     : {_ratio(ours, bare):.2f} of a bare INSERT,"
          f" {_ratio(ours, orm):.1f} times the ORM with a row lock")  # fmt: skip
    _rush(night, stock=40 if small else 5_000)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    """The middle of the rounds, each against its neighbour of the same minute."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def _rush(night: Night, stock: int) -> None:
    """Four tries for each coupon, of fewer buyers than tries: what is sold is exactly the stock."""
    hot = night.stock(stock)
    buyers = [secrets.token_hex(16) for _buyer in range(stock * 5 // 2)]
    each = stock * 4 // CLIENTS
    seconds = talk_together(CLIENTS, night.ours(hot, each, buyers))
    sold = Claim.objects.filter(stock=hot)
    twice = sold.values("buyer_key").annotate(times=Count("pk")).filter(times__gt=1).count()
    slots = set(sold.values_list("slot", flat=True))
    if sold.count() != stock or slots != set(range(1, stock + 1)) or twice:
        raise AssertionError(f"{sold.count()} of {stock} sold, {twice} buyers twice")
    tries = CLIENTS * each
    print(f"  rush      : {tries / seconds:,.0f} tries per second; {stock:,} of {stock:,} sold,"
          " no buyer twice")  # fmt: skip
