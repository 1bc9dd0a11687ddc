"""The cast of May, and both sides at their pages."""

from datetime import timedelta

import pytest
from django.test import Client

from alliance.kernel import clock
from tests.cast import cast_make
from tests.commissions.reports.reading import MAY


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        yield made


@pytest.fixture
def lin(cast):
    client = Client()
    client.force_login(cast.lin)
    return client


@pytest.fixture
def chen(cast):
    client = Client()
    client.force_login(cast.chen)
    return client
