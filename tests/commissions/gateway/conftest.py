"""An affiliate with a tool that speaks the protocol, and what it may ask for."""

import copy
from datetime import timedelta

import pytest

from affiliates.services import (
    event_draft,
    event_join,
    event_open,
    event_publish,
    link_create,
)
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from commissions.services.api_apps import api_app_make, api_session_open
from tests.cast import Cast, cast_make, staff_make
from tests.commissions.gateway.speaker import Speaker


@pytest.fixture(scope="module")
def made(one_world) -> tuple[Cast, Speaker]:
    with clock.at(clock.now() - timedelta(days=30)):
        cast = cast_make()
    facts = {"actor": cast.lin, "affiliate": cast.affiliate}
    app = api_app_make(name="Lin's tool", **facts)
    event_make(cast)
    order_make(cast)
    return cast, Speaker(app, session=api_session_open(app=app, **facts).access)


def event_make(cast: Cast) -> None:
    """A published event in which the product earns more."""
    now, ops = clock.now(), staff_make(StaffRole.OPS)
    event = event_draft(
        actor=ops,
        name="618",
        least_bps=1_000,
        enrol_until=now + timedelta(days=1),
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=9),
    )
    event_open(actor=ops, event=event)
    rates = {cast.product.pk: 1_500}
    event_join(actor=cast.chen, merchant=cast.merchant, event=event, rates=rates)
    event_publish(actor=ops, event=event)


def order_make(cast: Cast) -> None:
    """An order that came through a channel's link, and of which a part came back."""
    link = link_create(
        actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=cast.product,
        subs={"sub1": "a1", "sub2": "77"},
    )  # fmt: skip
    cast.sold(click_id=cast.click(link=link))
    cast.refunded("50.00")


@pytest.fixture
def cast(made, db) -> Cast:
    return copy.deepcopy(made[0])


@pytest.fixture
def tool(made, db) -> Speaker:
    """With a session of its own affiliate's."""
    return Speaker(copy.deepcopy(made[1].app), session=made[1].session)
