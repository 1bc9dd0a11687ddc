"""A cast that others may listen to, and a server of the world that does."""

from datetime import timedelta

import pytest

from alliance.kernel import clock
from commissions.services import endpoints
from commissions.verify import verify
from tests.cast import cast_make
from tests.commissions.outgoing.heard import MAY, OK, webhook
from tests.far_end import WORLD


@pytest.fixture
def cast(db, settings):
    settings.OUTBOUND_INTERNAL = [f"{WORLD}/32"]
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    yield made
    assert verify() == []


@pytest.fixture
def world(serve):
    server = serve(WORLD)
    server.answers["/hook"] = OK
    return server


@pytest.fixture
def hook(cast, world):
    """A webhook with one message that waits."""
    made, _secret = webhook(cast, world.url("/hook"), "commission.estimated")
    endpoints.endpoint_try(endpoint=made)
    return made
