"""The room of a merchant's owner."""

import pytest

from tests.merchants.pages.room import signed_in


@pytest.fixture(autouse=True)
def quiet(settings, tmp_path, noon):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def room(owner, merchant):
    return signed_in(owner)
