"""An affiliate with a tool that speaks the protocol, and what it may ask for."""

import copy

import pytest

from commissions.services.api_apps import api_app_make, api_session_open
from tests.cast import Cast, cast_make
from tests.commissions.gateway.speaker import Speaker


@pytest.fixture(scope="module")
def made(one_world) -> tuple[Cast, Speaker]:
    cast = cast_make()
    facts = {"actor": cast.lin, "affiliate": cast.affiliate}
    app = api_app_make(name="Lin's tool", **facts)
    return cast, Speaker(app, session=api_session_open(app=app, **facts).access)


@pytest.fixture
def cast(made, db) -> Cast:
    return copy.deepcopy(made[0])


@pytest.fixture
def tool(made, db) -> Speaker:
    """With a session of its own affiliate's."""
    return Speaker(copy.deepcopy(made[1].app), session=made[1].session)
