"""Whatever is sent to the REST door gets an answer that its description knows, never a 5xx."""

import os
from datetime import timedelta

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from affiliates.access import SCOPES as AFFILIATES
from alliance.kernel import clock
from alliance.kernel.rest.limits import KeyThrottle
from commissions.verify import verify
from merchants.access import SCOPES as MERCHANTS
from tests.cast import cast_make
from tests.commissions.test_api import token_of

pytestmark = pytest.mark.django_db(transaction=True)

# Of each call; a longer run by hand sets it (docs/api.md).
EXAMPLES = int(os.environ.get("API_EXAMPLES", "1"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def cast():
    with clock.at(clock.now() - timedelta(days=1)):
        return cast_make()


def test_whatever_is_sent_has_an_answer_that_is_described(cast, monkeypatch, live_server):
    monkeypatch.setattr(KeyThrottle, "THROTTLE_RATES", {"key": "1000000/min"})
    cast.sold("A1")
    tokens = {
        "merchant": token_of(cast.chen, f"merchant:{cast.merchant.pk}", MERCHANTS),
        "affiliate": token_of(cast.lin, f"affiliate:{cast.affiliate.pk}", AFFILIATES),
    }
    schema = Client().get("/api/v1/schema", headers={"accept": "application/json"}).json()
    api = schemathesis.openapi.from_dict(schema)
    calls = [found.ok() for found in api.get_all_operations()]
    sent = [_sent(call, live_server.url, tokens.values()) for call in calls]
    assert min(sent) >= EXAMPLES
    assert verify() == []


def _sent(call, site, tokens) -> int:
    """Good and bad calls of one kind, by each key; how many."""
    sent = 0

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def send(data):
        nonlocal sent
        for token in tokens:
            mode = data.draw(st.sampled_from(list(schemathesis.GenerationMode)))
            case = data.draw(call.as_strategy(generation_mode=mode))
            answer = case.call(site, headers={"Authorization": f"Bearer {token}"})
            case.validate_response(answer, checks=CHECKS)
            sent += 1

    send()
    return sent
