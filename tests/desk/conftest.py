"""The world of the desk, and a browser for whom one names."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.desk.world import World, world_make


@pytest.fixture
def world(db) -> World:
    return world_make()


@pytest.fixture
def as_(world) -> Callable[[str], Client]:
    """A client signed in as that person of the world ("ops", "finance", "anonymous", …)."""

    def sign_in(name: str) -> Client:
        client = Client()
        if user := world.people[name]:
            client.force_login(user)
        return client

    return sign_in
