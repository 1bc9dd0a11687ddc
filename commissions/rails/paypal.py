"""PayPal Payouts: a batch of one, recognised by `sender_batch_id`, asked about by PayPal's number.

PayPal answers a payout with a batch number and pays a little later. It can be asked by that number
only: if the answer with it is lost, PayPal's report, which carries our key, says what became of it.
"""

import re
from typing import TYPE_CHECKING, Any

from commissions import rails
from commissions.rails import wire

if TYPE_CHECKING:
    from commissions.models import Payout

_BATCH = re.compile(r"[A-Z0-9]{8,30}")
_TOKEN = re.compile(r"[\w.~+/=-]{1,2000}", re.ASCII)
REFUSALS = frozenset(
    {"INSUFFICIENT_FUNDS", "SENDER_EMAIL_UNCONFIRMED", "SENDER_RESTRICTED", "VALIDATION_ERROR"}
)
ITEM_REFUSED = frozenset({"FAILED", "BLOCKED", "RETURNED", "REFUNDED", "REVERSED"})
BATCH_REFUSED = frozenset({"DENIED", "CANCELED"})


class PayPalRail:
    """The payee's `number` is the e-mail address of the PayPal account."""

    def send(self, payout: "Payout", *, key: str) -> str:
        item = {
            "recipient_type": "EMAIL",
            "receiver": payout.payee.number,
            "amount": {"value": payout.net.plain, "currency": payout.currency},
            "sender_item_id": key,
            "note": f"Payout {payout.pk}",
        }
        header = {"sender_batch_id": key, "email_subject": "Your payout"}
        api, bearer = _entrance()
        response = wire.call(
            "POST",
            f"{api}/v1/payments/payouts",
            json={"sender_batch_header": header, "items": [item]},
            headers={**bearer, "PayPal-Request-Id": key},
        )
        said = wire.members(response.text)
        if response.status_code == 201:
            raise rails.Unclear("PayPal has accepted it", handle=_handle(said, key))
        known = _known(said)  # it has a batch under our key, whatever else it finds wrong
        definite = 400 <= response.status_code < 500 and said.get("name") in REFUSALS
        _refuse_if(definite and not known, said)
        raise rails.Unclear(
            f"PayPal answered {response.status_code} {said.get('name')}", handle=known
        )

    def lookup(self, *, key: str) -> str:
        if not _BATCH.fullmatch(key):
            raise rails.Unclear("PayPal's number was lost; its report will tell")
        api, bearer = _entrance()
        response = wire.call("GET", f"{api}/v1/payments/payouts/{key}", headers=bearer)
        if response.status_code != 200:
            raise rails.Unclear(f"PayPal answered {response.status_code}")
        return _outcome(wire.members(response.text), key)


def _entrance() -> tuple[str, dict[str, str]]:
    """PayPal's address and a pass for it. NotSent without one: no payout has been named yet."""
    setup = wire.settings_of("paypal")
    if setup is None:
        raise rails.NotSent("PayPal is not set up")
    try:
        response = wire.call(
            "POST",
            f"{setup['API']}/v1/oauth2/token",
            auth=(setup["CLIENT_ID"], setup["SECRET"]),
            data={"grant_type": "client_credentials"},
        )
        token = wire.members(response.text).get("access_token")
    except rails.Unclear as exc:
        raise rails.NotSent(f"PayPal let us not in: {exc}") from exc
    if response.status_code != 200 or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise rails.NotSent(f"PayPal let us not in ({response.status_code})")
    return setup["API"], {"Authorization": f"Bearer {token}"}


def _handle(said: dict[str, Any], key: str) -> str:
    """PayPal's number of the batch that was accepted under our key."""
    header = wire.inside(said, "batch_header")
    if wire.inside(header, "sender_batch_header").get("sender_batch_id") != key:
        return ""
    return _number(header.get("payout_batch_id"))


def _known(said: dict[str, Any]) -> str:
    """The number at the end of the link to the batch that PayPal has already."""
    details = said.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and detail.get("field") == "SENDER_BATCH_ID":
            for link in detail.get("link") or ():
                return _number(str(wire.inside({"link": link}, "link").get("href")).split("/")[-1])
    return ""


def _number(value: Any) -> str:
    return value if isinstance(value, str) and _BATCH.fullmatch(value) else ""


def _outcome(said: dict[str, Any], handle: str) -> str:
    """What became of the only item of the batch."""
    header, items = wire.inside(said, "batch_header"), said.get("items")
    if header.get("payout_batch_id") != handle:
        raise rails.Unclear("PayPal answered about another batch")
    status = str(header.get("batch_status"))
    _refuse_if(status in BATCH_REFUSED, {"name": status})
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        raise rails.Unclear("PayPal does not show the payout yet")
    item = items[0]
    status = str(item.get("transaction_status"))
    _refuse_if(status in ITEM_REFUSED, wire.inside(item, "errors") or {"name": status})
    if status != "SUCCESS" or not item.get("payout_item_id"):
        raise rails.Unclear(f"PayPal says {status}")
    return str(item.get("transaction_id") or item["payout_item_id"])


def _refuse_if(no: bool, said: dict[str, Any]) -> None:
    if no:
        raise rails.Refused(f"PayPal: {said.get('message') or said.get('name')}")
