"""Counting claims goes on whatever becomes of a connection, and on a server that knows nothing."""

import pytest
import redis
from django.conf import settings

from campaigns.velocity import too_fast


@pytest.fixture
def server():
    with redis.Redis.from_url(settings.CACHE_URL) as client:
        yield client


def counted(times: int) -> set[str]:
    return {too_fast("device", "203.0.113.9", "look") for _claim in range(times)}


def test_a_device_is_held_at_its_limit():
    most = settings.ALLIANCE["CLAIMS_PER_DEVICE"]
    assert counted(most) == {""}
    assert counted(1) == {"device"}


def test_a_connection_that_was_cut_and_a_script_that_was_forgotten_stop_nobody(server):
    most = settings.ALLIANCE["CLAIMS_PER_DEVICE"]
    assert counted(most - 1) == {""}
    server.client_kill_filter(_type="normal", skipme=True)
    server.script_flush()
    assert counted(1) == {""}
    assert counted(1) == {"device"}, "it was counted all the time"
