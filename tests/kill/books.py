"""What has to be true after each round, whatever was killed: ours against what the shops were
told, what the desk was told, and what the wallet really paid."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import DatabaseError, connections

from affiliates.drain import drain
from affiliates.models import AdZone, Link, Touch
from affiliates.services import affiliate_apply, link_create
from affiliates.services.months import months_make
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from campaigns.claims import left_in
from campaigns.models import LIVE, Claim, CouponStock
from campaigns.services.stock import stock_make
from campaigns.tasks import claims_turn
from commissions import rails, tasks
from commissions.models import Commission, Payout, Settlement, Statement
from commissions.services import coupons, payouts
from commissions.verify import verify
from merchants.models import Order, Refund
from tests.cast import cast_make, user_make
from tests.kill.buyers import Buyers
from tests.kill.rig import Rig
from tests.kill.traffic import Shop
from tests.kill.wallet import Wallet

T = TypeVar("T")
STOCK = 60  # coupons each round
AFFILIATES = 5  # each has one withdrawal under way at most


class Books:
    def __init__(self, rig: Rig, wallet: Wallet, begin: datetime) -> None:
        self.rig, self.wallet = rig, wallet
        self.told = self.told_by_the_worker = 0  # statements
        with clock.at(begin - timedelta(days=1)):
            self.cast = cast_make(wallet="100000000.00")
            self.links = [self._affiliate(number) for number in range(AFFILIATES)]
        _key, token = api_key_issue(
            actor=self.cast.chen,
            organisation=f"merchant:{self.cast.merchant.pk}",
            name="shop",
            scopes=["orders:write"],
        )
        self.shop = Shop(rig.url, token)
        self.buyers = Buyers(rig.url, self.shop)
        rules = {"faces": [{"face_minor": 500, "weight": 1}], "least_wait_seconds": 0}
        self.campaign = self.cast.publish(
            self.cast.campaign("super_coupon", rules=rules, budget_minor=10**9)
        )

    def _affiliate(self, number: int) -> Link:
        user = user_make(f"affiliate{number}@test.example")
        affiliate = affiliate_apply(user=user, kind="small", name=f"Affiliate {number}")
        payouts.payee_set(
            actor=user, affiliate=affiliate, rail="alipay", holder="林小美", number=user.email
        )
        zone = AdZone.objects.get(site__affiliate=affiliate)
        return link_create(actor=user, affiliate=affiliate, zone=zone, product=self.cast.product)

    def clicks(self, month: datetime) -> list[str]:
        """One for each affiliate, by whom the orders of that month come. And a top-up, so that the
        merchant has something to be told, too."""
        moment = month + timedelta(days=2)
        again(lambda: months_make(since=moment.date(), until=moment.date()))
        with clock.at(moment):
            again(lambda: self.cast.top_up("100.00"))
        return again(lambda: [self.cast.click(link=link, at=moment) for link in self.links])

    def stock(self) -> str:
        """A fresh hot coupon, of which there are too few; the code of a link to it."""
        made = again(
            lambda: stock_make(actor=self.cast.finance, campaign=self.campaign, size=STOCK)
        )
        again(lambda: coupons.stock_open(actor=self.cast.finance, stock=made))
        return self.links[0].code

    def come_to_rest(self) -> list[str]:
        """Nobody works any more: the sweeps do what is left, today and on the days that follow."""
        again(tasks.orders_sweep)
        before = again(Statement.objects.count)
        self.told_by_the_worker += before - self.told
        again(tasks.statements_sweep)
        self.told = again(Statement.objects.count)
        self.wallet.finish()
        for later in (timedelta(minutes=11), timedelta(hours=25), timedelta(hours=27)):
            with clock.at(clock.now() + later):
                again(self._reconcile)
        # The last rest looked at the stocks minutes ahead of the clock; we are back at the present.
        again(lambda: CouponStock.objects.update(swept_at=None))
        for later in (timedelta(minutes=1), timedelta(minutes=2)):
            with clock.at(clock.now() + later):
                again(claims_turn)
                again(tasks.coupons_turn)
        return again(self._faults)

    def _reconcile(self) -> None:
        """Like the beat, without sending what is new: it is sent by the worker, which may die."""
        from commissions import queries

        for payout in queries.payouts_sending():
            tasks.payout_lookup(payout)

    def _faults(self) -> list[str]:
        return [
            *verify(),
            *self._lost(),
            *self._unclicked(),
            *self._unclaimed(),
            *self._untold(),
            *self._paid_wrongly(),
        ]

    def _unclicked(self) -> list[str]:
        """Sent on to the shop, and not there. (Twice is what the table does not let happen.)"""
        drain()
        there = set(Touch.objects.filter(kind="click").values_list("click_id", flat=True))
        return [f"click {click} is lost" for click in self.buyers.clicked - there]

    def _unclaimed(self) -> list[str]:
        """Answered, and not there; or coupons that are neither claimed nor to be claimed."""
        there = dict(Claim.objects.values_list("buyer_key", "code"))
        faults = [f"buyer {key} lost a claim" for key in self.buyers.claimed - set(there)]
        faults += [f"code {code} is lost" for code in self.buyers.codes - set(there.values())]
        used = set(Claim.objects.filter(paid_minor=500).values_list("code", flat=True))
        faults += [f"coupon {code} was not paid" for code in self.buyers.bought - used]
        for stock in CouponStock.objects.all():
            live = stock.claims.filter(state__in=LIVE).count()
            if live + left_in(stock) != stock.size:
                faults.append(f"stock {stock.pk}: {live} claims, {left_in(stock)} left")
        return faults

    def _untold(self) -> list[str]:
        owing = Settlement.objects.filter(state="closed", told_at=None)
        return [f"settlement {one.pk} is not told" for one in owing]

    def _lost(self) -> list[str]:
        """Acknowledged, and not there or not looked at."""
        there = set(Order.objects.values_list("external_id", flat=True))
        priced = set(Commission.objects.values_list("line__order__external_id", flat=True))
        back = set(Refund.objects.filter(state="applied").values_list("external_id", flat=True))
        lost = [f"order {n} was acknowledged and is lost" for n in set(self.shop.orders) - there]
        lost += [f"order {n} was acknowledged and has no commission" for n in there - priced]
        lost += [f"refund {n} was acknowledged and is lost" for n in self.shop.refunds - back]
        settled = {f"settled {row.month}" for row in Settlement.objects.filter(state="closed")}
        known = dict(Payout.objects.values_list("pk", "state"))
        asked = {f"requested {pk}" for pk in known}
        asked |= {f"released {pk}" for pk, state in known.items() if state != "requested"}
        said = set(self.rig.acknowledged.read_text().splitlines())
        return lost + [f"the desk was told: {line}" for line in said - settled - asked]

    def _paid_wrongly(self) -> list[str]:
        faults = [
            f"{n} was sent {times} times" for n, times in self.wallet.transfers.items() if times > 1
        ]
        for payout in Payout.objects.all():
            sums = self.wallet.paid.get(rails.key_of(payout.pk), [])
            if sums != ([payout.amount_minor] if payout.state == "paid" else []):
                faults.append(f"payout {payout.pk} is {payout.state}, the wallet paid {sums}")
        return faults

    def figures(self) -> str:
        paid = sum(len(sums) for sums in self.wallet.paid.values())
        return (
            f"{len(self.shop.orders)} orders, {len(self.shop.refunds)} refunds, "
            f"{self.shop.unanswered + self.buyers.unanswered} unanswered, "
            f"{len(self.buyers.clicked)} clicks, {len(self.buyers.claimed)} claims, "
            f"{len(self.buyers.bought)} used, "
            f"{paid} of {len(self.wallet.transfers)} transfers, "
            f"{self.told_by_the_worker} of {self.told} statements by the worker"
        )

    def proved_something(self) -> int:
        """0 if all came by: orders, refunds, settlements, statements, transfers, lost calls."""
        settled = Settlement.objects.filter(state="closed").count()
        seen = [len(self.shop.orders), len(self.shop.refunds), settled, self.shop.unanswered]
        seen += [self.told_by_the_worker, len(self.buyers.claimed), len(self.buyers.bought)]
        seen += [self.buyers.unanswered, len(self.buyers.clicked)]
        seen += [sum(len(sums) for sums in self.wallet.paid.values())]
        return 0 if all(seen) else 1


def again(job: Callable[[], T]) -> T:
    """On a fresh connection, as often as the server needs to come back."""
    for _attempt in range(20):
        try:
            return job()
        except DatabaseError:
            connections.close_all()
            time.sleep(0.5)
    return job()
