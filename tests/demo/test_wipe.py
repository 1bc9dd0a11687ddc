"""A load that broke off starts over on an empty database."""

import pytest

from alliance.demo import load as demo
from alliance.kernel import clock
from alliance.kernel.models import User
from tests.campaigns.claims.world import EVENING, world_make

pytestmark = pytest.mark.django_db(transaction=True)


def test_stocks_of_the_same_numbers_can_be_opened_again():
    with clock.at(EVENING):
        before = world_make()
        demo._wipe()
        assert not User.objects.exists()
        after = world_make()
        assert after.claim().holds

    assert after.stock.pk <= before.stock.pk
