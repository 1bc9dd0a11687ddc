import pytest

from alliance.kernel import clock
from campaigns import door
from tests.campaigns.claims.world import EVENING
from tests.cast import Cast, cast_make


@pytest.fixture(autouse=True)
def _nothing_remembered():
    door.forget()


@pytest.fixture
def cast(db) -> Cast:
    with clock.at(EVENING):
        yield cast_make()


@pytest.fixture
def lin(cast, client):
    """Signed in as the affiliate."""
    client.force_login(cast.lin)
    return client
