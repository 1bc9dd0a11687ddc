"""Many processes sell for the same campaigns at once, void, top up, pause and wind up: no limit is
passed, each is exhausted to the last fen, nobody waits in a circle, and the books verify."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db.models import Count, Sum

from affiliates.models import AdZone
from affiliates.services import affiliate_apply, link_create
from alliance.kernel import clock
from alliance.kernel.errors import DomainError
from alliance.kernel.money import cny
from campaigns.models import Campaign, Grant
from commissions import chart, tasks
from commissions.services import settlements
from commissions.services.campaigns import campaign_close, campaign_raise_agree, campaign_top_up
from commissions.verify import verify
from merchants.models import Order
from merchants.services.orders import RefundReport
from tests.cast import cast_make, user_make
from tests.processes import in_processes
from tests.proof.test_writers import deadlocks

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
WRITERS = 16
# What each campaign ends at. An order earns 20.00 from each of them as long as it lasts.
LIMITS = {
    "budget": {"budget_minor": 181_11},
    "day": {"daily_minor": 150_50},
    "affiliate": {"per_affiliate_minor": 70_07},
    "affiliate's day": {"per_affiliate_day_minor": 63_00},
    "orders": {"orders_per_affiliate": 4},
    "pieces": {"pieces": 7},
}


class World:
    """Two affiliates, and six campaigns that end soon."""

    def __init__(self) -> None:
        self.cast = cast = cast_make(wallet="100000.00")
        wang = affiliate_apply(user=user_make(), kind="small", name="Wang")
        self.links = [cast.link, link_create(
            actor=wang.members.get().user, affiliate=wang, product=cast.product,
            zone=AdZone.objects.get(site__affiliate=wang),
        )]  # fmt: skip
        self.campaigns = {}
        for name, limit in LIMITS.items():
            made = cast.campaign(name=name, starts_at=MAY, ends_at=MAY + timedelta(days=1), **limit)
            cast.enrol(made)
            cast.enrol(made, wang)
            self.campaigns[name] = cast.publish(made)

    def sell(self, number: str, who: int) -> None:
        self.cast.sold(number, click_id=self.cast.click(link=self.links[who]))

    def void(self, number: str) -> None:
        self.cast.received(number, state="void", received_at=None, void_at=clock.now())

    def given(self) -> dict[str, int]:
        rows = Grant.objects.values_list("campaign__name").annotate(Sum("amount_minor"))
        return dict(rows.order_by("campaign"))


def write(world: World, number: int) -> None:
    """Three orders, in pieces: placed and paid later, or paid at once; one may fall through."""
    dice = random.Random(number)
    with clock.at(MAY + timedelta(minutes=number)):
        for turn in range(3):
            name = f"W{number}-{turn}"
            if dice.random() < 0.3:
                report = world.cast.report(name, state="placed", paid_at=None)
                link = world.links[dice.randrange(2)]
                world.cast.record(replace(report, click_id=world.cast.click(link=link)))
                world.cast.record(world.cast.report(name, lines=()))
            else:
                world.sell(name, dice.randrange(2))
            if dice.random() < 0.3:
                world.void(name)


def top_up(world: World) -> None:
    for _time in range(5):
        with clock.at(MAY):
            campaign = world.campaigns["budget"]
            campaign_top_up(actor=world.cast.finance, campaign=campaign, amount=cny("1.00"))
            campaign_raise_agree(actor=world.cast.finance2, campaign=campaign)


def test_every_limit_is_exhausted_and_none_is_passed():
    with clock.at(MAY - timedelta(days=1)):
        world = World()
    before = deadlocks()
    writers = [partial(write, world, number) for number in range(WRITERS)]
    in_processes(*writers, partial(top_up, world))

    assert deadlocks() == before
    assert verify() == []
    given = world.given()
    assert given["budget"] <= 186_11
    assert given["day"] <= 150_50
    assert given["affiliate"] <= 140_14
    # What fell through is free again; orders enough for all of it come after.
    with clock.at(MAY + timedelta(hours=10)):
        for number in range(20):
            world.sell(f"X{number}", number % 2)
    assert world.given() == {
        "budget": 186_11,
        "day": 150_50,
        "affiliate": 140_14,
        "affiliate's day": 126_00,
        "orders": 160_00,
        "pieces": 140_00,
    }
    places = Grant.objects.filter(active=True, campaign__name="orders").values("affiliate")
    assert [row["n"] for row in places.annotate(n=Count("pk"))] == [4, 4]
    assert world.cast.balance(chart.budget(world.campaigns["budget"].pk)) == cny("0.00")
    assert verify() == []


def settle_and_refund(world: World, number: int) -> None:
    """A fen of a hundred comes back of every order that is there, while budgets go home."""
    with clock.at(datetime(2026, 7, 2, 9, tzinfo=clock.ZONE) + timedelta(minutes=number)):
        for order in Order.objects.order_by("?"):
            refund = RefundReport(
                f"R{number}-{order.pk}", f"{order.external_id}-1", 199, clock.now()
            )
            report = world.cast.report(order.external_id, lines=(), refunds=(refund,))
            times = {"placed_at": order.placed_at, "paid_at": order.paid_at}
            world.cast.record(
                replace(report, state="received", received_at=order.received_at, **times)
            )


def wind_up(world: World) -> None:
    with clock.at(datetime(2026, 7, 2, 12, tzinfo=clock.ZONE)):
        for _time in range(12):
            tasks.campaigns_turn()


def close(world: World) -> None:
    with clock.at(MAY + timedelta(minutes=2)):
        for campaign in world.campaigns.values():
            try:
                campaign_close(actor=world.cast.finance, campaign=campaign, reason="enough")
            except DomainError:
                continue


def test_budgets_go_home_while_refunds_of_settled_orders_come_in():
    with clock.at(MAY - timedelta(days=1)):
        world = World()
    with clock.at(MAY):
        for number in range(6):
            world.sell(f"S{number}", number % 2)
            world.cast.received(f"S{number}")
    in_processes(partial(close, world), partial(close, world))
    with clock.at(datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
    before = deadlocks()
    refunds = [partial(settle_and_refund, world, number) for number in range(6)]
    in_processes(*refunds, *[partial(wind_up, world)] * 3)
    wind_up(world)

    assert deadlocks() == before
    assert verify() == []
    assert set(Campaign.objects.values_list("state", flat=True)) == {"settled"}
    for campaign in Campaign.objects.all():
        assert world.cast.balance(chart.budget(campaign.pk)) == cny("0.00")
        given = sum(campaign.grants.values_list("amount_minor", flat=True))
        assert campaign.budget_minor - campaign.returned_minor == given
