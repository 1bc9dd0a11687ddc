"""The door for shops' own systems: signed deliveries of what happened to an order.

A delivery is taken at once and priced by a worker. Whatever is wrong with what it says is written
down for the merchant and answered 200: systems send again what is refused, and in the end give up
for good. Only a wrong signature, an unknown door or a body beyond measure is refused, and for a
minute whoever comes with too many wrong signatures.
"""

import hashlib
import json
import re

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from alliance.kernel import tries
from commissions import tasks
from merchants import queries
from merchants.feeds.webhooks import WEBHOOKS, signed
from merchants.feeds.webhooks.hearing import hook_hear
from merchants.services.hooks import hook_secret

LARGEST = 2 * 1024 * 1024  # bytes
_PING = re.compile(rb"webhook_id=\d{1,12}")  # WooCommerce asks, unsigned, whether somebody is there


@csrf_exempt
@require_POST
def hook(request: HttpRequest, token: str) -> HttpResponse:
    door = queries.hook_at(token)
    if door is None:
        return HttpResponse(status=404)
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > LARGEST:  # without a length nothing is read at all
        return HttpResponse(status=413)
    # By door, too: shops that are well share the addresses of their system with those that are not.
    what, address = f"hook:{door.pk}", str(request.META.get("REMOTE_ADDR", ""))
    if tries.barred(what, address):
        wait = {"Retry-After": str(tries.SECONDS)}
        return HttpResponse(str(tries.TOO_MANY), "text/plain", status=429, headers=wait)
    body = request.body
    system = WEBHOOKS[door.kind]
    if not signed(hook_secret(door), body, request.headers.get(system.SIGNATURE, "")):
        if _PING.fullmatch(body):
            return HttpResponse(status=200)
        tries.wrong(what, address)
        return HttpResponse(status=401)
    try:
        payload = json.loads(body.decode("utf-8-sig"), parse_float=str, parse_constant=str)
        json.dumps(payload, ensure_ascii=False).encode()  # a lone half of a pair fails here
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        return HttpResponse(status=400)
    hearing = hook_hear(
        hook=door,
        topic=_said(request, system.TOPIC),
        delivery_id=_said(request, system.DELIVERY) or hashlib.sha256(body).hexdigest(),
        payload=payload,
    )
    if hearing and hearing.order_pk:
        tasks.orders_process.delay_on_commit([hearing.order_pk])  # type: ignore[attr-defined]
    return HttpResponse(status=200)


def _said(request: HttpRequest, name: str) -> str:
    """A header, without the NULs that no database keeps."""
    return request.headers.get(name, "").replace("\x00", "").strip()
