"""The door for shops' own systems: signed deliveries of what happened to an order.

A delivery is taken at once and priced by a worker. Whatever is wrong with what it says is written
down for the merchant and answered 200: systems send again what is refused, and in the end give up
for good. Only a wrong signature, an unknown door or a body beyond measure is refused.
"""

import hashlib
import json
import re

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

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
    body = request.body
    system = WEBHOOKS[door.kind]
    if not signed(hook_secret(door), body, request.headers.get(system.SIGNATURE, "")):
        return HttpResponse(status=200 if _PING.fullmatch(body) else 401)
    try:
        payload = json.loads(body, parse_float=str, parse_constant=str)
        json.dumps(payload, ensure_ascii=False).encode()  # a lone half of a pair fails here
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        return HttpResponse(status=400)
    hearing = hook_hear(
        hook=door,
        topic=request.headers.get(system.TOPIC, ""),
        delivery_id=request.headers.get(system.DELIVERY, "") or hashlib.sha256(body).hexdigest(),
        payload=payload,
    )
    if hearing and hearing.order_pk:
        tasks.orders_process.delay_on_commit([hearing.order_pk])  # type: ignore[attr-defined]
    return HttpResponse(status=200)
