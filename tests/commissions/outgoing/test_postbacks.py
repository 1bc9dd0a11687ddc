"""Postbacks: addresses with macros that trackers listen at."""

from urllib.parse import parse_qs, urlsplit

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import Invalid
from alliance.kernel.models import Delivery, Endpoint
from commissions.outgoing import delivery
from commissions.outgoing.delivery import deliveries_due_send
from tests.commissions.outgoing.heard import MAY, OK, postback


def test_a_tracker_hears_of_its_clicks_and_of_nothing_personal(cast, world):
    zone = cast.zone
    query = (
        "cid={click_id}&s1={sub1}&sum={payout}&cur={currency}&st={status}&n={status_code}"
        "&o={order_id}&ev={event}&token=abc"
    )
    tracker = postback(cast, world.url(f"/pb?{query}"), only=f"zone:{zone.pk}")
    elsewhere = postback(cast, world.url("/never?x={payout}"))
    Endpoint.objects.filter(pk=elsewhere.pk).update(only="zone:0")
    form = postback(cast, world.url("/form?cid={click_id}"), "commission.void", method="POST")
    world.answers = {"/form": OK}
    with clock.at(MAY):
        click = cast.click(sub1="a&b=c/../{payout}\r\nX: y")
        cast.sold("SECRET-1", click_id=click)
        cast.record(cast.report("SECRET-1", state="void", void_at=clock.now(), lines=()))
    world.answers |= dict.fromkeys((_target(tracker, row) for row in tracker.deliveries.all()), OK)
    Delivery.objects.update(due_at=clock.now())
    deliveries_due_send()

    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert not elsewhere.deliveries.exists()
    asked = sorted(path for path, _said in world.heard if path.startswith("/pb"))
    heard = [{k: v[0] for k, v in parse_qs(urlsplit(path).query).items()} for path in asked]
    paid = next(one for one in heard if one["st"] == "pending")
    assert paid | {
        "cid": click, "s1": "a&b=c/../{payout}\r\nX: y", "sum": "19.34", "cur": "CNY", "n": "2",
        "ev": "commission.estimated", "token": "abc",
    } == paid  # fmt: skip
    assert [one["n"] for one in heard if one["st"] == "rejected"] == ["3"]
    assert len({one["o"] for one in heard}) == 1
    assert not any("SECRET" in path for path, _said in world.heard)
    assert world.bodies == [f"cid={click}".encode()]
    assert form.deliveries.get().calls.get().url.endswith(f"?cid={click}")


def _target(endpoint, row):
    row.endpoint = endpoint
    parts = urlsplit(delivery.ask_of(row).to)
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize(
    "address",
    ["https://t.example/?a={nobody}", "https://{click_id}.example/", "https://t.example/{sub1}",
     "https://t.example/?a={click_id", "https://t.example/?a={{click_id}}", "https://t.example/?a=}",
     "https://t.example/?a={payout}#x", "https://2130706433/?a={payout}",
     "ftp://t.example/?a={payout}", "https://t.example:{sub1}/?"],
)  # fmt: skip
def test_an_address_that_could_not_be_filled_is_refused(cast, address):
    with pytest.raises(Invalid) as refused:
        postback(cast, address)
    assert refused.value.field == "url"
