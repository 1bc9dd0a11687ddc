"""A load that broke off starts over on an empty database."""

from datetime import timedelta

import pytest

from alliance.demo import load as demo
from alliance.kernel import clock
from alliance.kernel.models import User
from commissions.models import SettlementLine
from tests.campaigns.claims.world import EVENING, world_make
from tests.cast import cast_make
from tests.commissions.affiliate_pages.reading import MAY, settled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _numbers_begin_anew():
    demo._wipe()


def test_stocks_of_the_same_numbers_are_opened_again():
    for _load in range(2):
        with clock.at(EVENING):
            assert world_make().claim().holds
        demo._wipe()
    assert not User.objects.exists()


def test_settlements_of_the_same_numbers_are_closed_again():
    for _load in range(2):
        with clock.at(MAY - timedelta(days=1)):
            cast = cast_make()
        with clock.at(MAY):
            settled(cast)
        assert SettlementLine.objects.count() == 1
        demo._wipe()
    assert not User.objects.exists()
