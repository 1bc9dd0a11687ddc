"""The world of the desk, and a browser for whom one names."""

import copy
from collections.abc import Callable, Iterator

import pytest
from django.test import Client, TestCase
from pytest_django import DjangoDbBlocker

from tests.desk.world import World, world_make


class _OfAFile(TestCase):
    """What Django has for the data of a class of tests, for a file of ours."""

    databases = {"default"}


@pytest.fixture(scope="module")
def _world_of_the_file(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[World]:
    """Made once, in a transaction around the tests of a file: it takes eight hundred statements."""
    with django_db_blocker.unblock():
        around = _OfAFile._enter_atomics()
        try:
            yield world_make()
        finally:
            _OfAFile._rollback_atomics(around)


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
