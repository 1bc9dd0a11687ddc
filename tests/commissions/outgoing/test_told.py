"""What webhooks are told, and who hears of it."""

from datetime import timedelta

import jsonschema
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from alliance.kernel import clock
from alliance.kernel.models import Delivery, Endpoint, Side
from alliance.kernel.outbox import EVENTS
from commissions.happenings import sample_of
from commissions.models import Commission
from commissions.outgoing.delivery import deliveries_due_send
from commissions.outgoing.described import message_schema
from commissions.services import payouts, settlements
from commissions.services.campaigns import campaign_pause
from commissions.services.violations import violation_open
from merchants.services.products import ProductData, product_withdraw, products_save
from tests.cast import staff_make
from tests.commissions.outgoing.heard import JUNE_20, MAY, told, webhook


def test_the_life_of_an_order_is_told_to_both_sides_and_verified_by_the_standards_library(
    cast, world
):
    every = [kind for kind in EVENTS if Side.AFFILIATE in EVENTS[kind].sides]
    mine, secret = webhook(cast, world.url("/hook"), *every)
    merchants = [kind for kind in EVENTS if Side.MERCHANT in EVENTS[kind].sides]
    theirs, _secret = webhook(cast, world.url("/hook"), *merchants, side="merchant")
    with clock.at(MAY):
        click = cast.click(sub1="spring")
        cast.sold("A", click_id=click)
        cast.received("A")
        cast.refunded("50.00", "A")
        cast.sold("B")
        cast.record(
            cast.report("B", state="void", void_at=clock.now(), lines=(), void_reason="no stock")
        )
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        cast.refunded("10.00", "A", refund="R2")
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
    with clock.at(JUNE_20 + timedelta(days=5)):
        asked = payouts.payout_request(
            actor=cast.lin,
            affiliate=cast.affiliate,
            amount=cast.balance(f"affiliate:{cast.affiliate.pk}:payable"),
        )
        payouts.payout_fail(payout=asked, reason="no such account")

    kinds = [message["type"] for message in told(mine)]
    assert kinds == [
        "commission.estimated", "commission.confirmed", "commission.corrected",
        "commission.estimated", "commission.void",
        "settlement.closed", "commission.settled", "commission.corrected",
        "payout.requested", "payout.failed",
    ]  # fmt: skip
    first, *_rest, settled = told(mine, "commission.estimated") + told(mine, "commission.settled")
    row = Commission.objects.get(line__order__external_id="A")
    assert first["data"] | {"click_id": click, "subs": ["spring", "", "", "", ""]} == first["data"]
    assert (first["data"]["net_minor"], first["data"]["state"]) == (1934, "estimated")
    assert first["timestamp"] == "2026-05-10T04:00:00Z"
    assert settled["data"]["commission"] == row.pk
    assert [m["type"] for m in told(theirs)][:4] == [
        "order.created", "commission.estimated", "order.changed", "commission.confirmed",
    ]  # fmt: skip
    assert told(theirs, "order.changed")[1]["data"]["refunded_minor"] == 5000
    assert "click_id" not in told(theirs, "commission.estimated")[0]["data"]
    # The samples of the documentation and of the tests have the fields of the real ones.
    for endpoint, side in ((mine, Side.AFFILIATE), (theirs, Side.MERCHANT)):
        for message in told(endpoint):
            sample = sample_of(message["type"], side)
            assert list(message["data"]) == list(sample), message["type"]
            jsonschema.validate(message, message_schema(message["type"]))

    Delivery.objects.update(due_at=clock.now())
    deliveries_due_send()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert len(world.bodies) == Delivery.objects.count() == len(kinds) + len(told(theirs))
    ours = [
        (body, heard[1])
        for body, heard in zip(world.bodies, world.heard, strict=True)
        if b'"click_id"' in body
    ]
    body, said = ours[0]
    said = {name.lower(): text for name, text in said.items()}
    assert Webhook(secret).verify(body, said)["type"].startswith("commission.")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", said)


def test_campaigns_products_and_cases_are_told_to_those_whom_they_concern(cast, world):
    kinds = ["campaign.published", "campaign.paused", "product.created", "product.changed",
             "product.withdrawn", "violation.changed"]  # fmt: skip
    mine, _secret = webhook(cast, world.url("/hook"), *kinds)
    nobodys = Endpoint.objects.get(pk=mine.pk)
    nobodys.pk, nobodys.organisation = None, "affiliate:999999"
    nobodys.save()
    campaign = cast.publish(cast.campaign())
    campaign_pause(actor=cast.finance, campaign=campaign, reason="stock")
    fresh = [
        ProductData(
            external_id=f"N{n}",
            title=f"New {n}",
            url="https://shop.chen.example/n",
            price_minor=100,
        )
        for n in range(3)
    ]
    products_save(shop=cast.shop, products=fresh, actor=cast.chen)
    products_save(shop=cast.shop, products=fresh, actor=cast.chen)  # nothing new, nothing said
    product_withdraw(product=cast.product, actor=cast.chen)
    violation_open(
        actor=staff_make("risk"),
        target=cast.affiliate,
        reason=26,
        consequence="freeze",
        text="Look.",
    )

    messages = told(mine)
    assert [one["type"] for one in messages] == [kinds[n] for n in (0, 1, 2, 4, 5)]
    assert [one["external_id"] for one in messages[2]["data"]["products"]] == ["N0", "N1", "N2"]
    assert messages[1]["data"]["state"] == "paused"
    for one in messages:
        assert list(one["data"]) == list(sample_of(one["type"], Side.AFFILIATE))
    sample = EVENTS["product.created"].sample["products"][0]
    assert list(messages[2]["data"]["products"][0]) == list(sample)
    # A campaign is for whom it is for; what is on offer is everybody's to know.
    assert {one["type"].partition(".")[0] for one in told(nobodys)} == {"product"}


def test_who_hears_of_nothing_costs_nothing(cast, world):
    webhook(cast, world.url("/hook"), "payout.paid")
    with clock.at(MAY):
        cast.sold("A")
        cast.received("A")
    assert not Delivery.objects.exists()
