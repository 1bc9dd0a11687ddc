import pytest

from alliance.kernel import clock
from campaigns import door
from tests.campaigns.claims.world import EVENING, world_make


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """What the process remembers of one test must not reach the next."""
    door.forget()


@pytest.fixture
def world():
    with clock.at(EVENING):
        yield world_make()
