"""The world of the desk, and a browser for whom one names."""

import copy
from collections.abc import Callable

import pytest
from django.test import Client

from tests.desk.world import World, world_make


@pytest.fixture(scope="module")
def _world_of_the_file(one_world: None) -> World:
    """It takes eight hundred statements."""
    return world_make()


@pytest.fixture
def world(_world_of_the_file: World, db: None) -> World:
    """As if made for this test alone: what a test does is undone, and its objects are copies."""
    return copy.deepcopy(_world_of_the_file)


@pytest.fixture
def as_(world) -> Callable[[str], Client]:
    """A client signed in as that person of the world ("ops", "finance", "anonymous", …)."""

    def sign_in(name: str) -> Client:
        client = Client()
        if user := world.people[name]:
            client.force_login(user)
        return client

    return sign_in
