"""Many at once, in real processes: exactly the stock is sold, and nobody has two."""

import os
import random

import pytest

from campaigns import claims
from campaigns.models import Claim, FreeSlot
from tests.campaigns.claims.world import stock_of, through, world_make
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)


def test_eight_processes_sell_exactly_the_stock_and_nobody_has_two():
    world = world_make()
    stock = stock_of(world.campaign, size=150)
    way = through(world.cast.link)

    def rush():
        dice = random.Random(os.getpid())
        for number in range(60):
            buyer = f"buyer{dice.randrange(260)}"
            taken = claims.claim(
                stock_id=stock.pk,
                buyer_key=buyer,
                request_key=f"{os.getpid()}-{number}",
                through=way,
            )
            assert taken.outcome in ("claimed", "again", "sold_out")

    in_processes(*[rush] * 8)

    held = list(Claim.objects.filter(stock=stock).values_list("slot", "buyer_key"))
    assert len(held) + claims.left_in(stock) == 150
    assert len({slot for slot, _buyer in held}) == len(held)
    assert len({buyer for _slot, buyer in held}) == len(held)
    assert {slot for slot, _buyer in held} <= set(range(1, 151))
    # Whoever is still without one gets what is left, to the last.
    for number in range(claims.left_in(stock)):
        assert world.claim(f"late{number}", stock=stock).outcome == "claimed"
    assert world.claim("nobody", stock=stock).outcome == "sold_out"
    assert not FreeSlot.objects.filter(stock=stock).exists()
    assert Claim.objects.filter(stock=stock).count() == 150


def test_the_same_request_from_eight_processes_is_one_claim():
    world = world_make()
    way = through(world.cast.link)

    def tap():
        for number in range(20):
            taken = claims.claim(
                stock_id=world.stock.pk,
                buyer_key=f"buyer{number}",
                request_key=f"request{number}",
                through=way,
            )
            assert taken.holds

    in_processes(*[tap] * 8)

    assert Claim.objects.count() == 20
    assert claims.left_in(world.stock) == 80
