"""What the tests of messages set up, and what is heard of it.

127.0.0.2 stands for the world (it is named in OUTBOUND_INTERNAL), 127.0.0.1 for what is inside.
"""

import json
import time
from datetime import datetime

from alliance.kernel import clock
from alliance.kernel.models import Delivery
from commissions.services import endpoints

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
OK = (204, {}, b"")


def webhook(cast, url, *kinds, side="affiliate"):
    actor, team = (cast.lin, cast.affiliate) if side == "affiliate" else (cast.chen, cast.merchant)
    return endpoints.webhook_open(
        actor=actor, organisation=f"{side}:{team.pk}", name="Ours", url=url, kinds=kinds
    )


def postback(cast, url, *kinds, **how):
    return endpoints.postback_open(
        actor=cast.lin,
        organisation=f"affiliate:{cast.affiliate.pk}",
        name="Tracker",
        url=url,
        kinds=kinds or endpoints.POSTBACK_KINDS,
        **how,
    )


def told(endpoint, kind=""):
    rows = Delivery.objects.filter(endpoint=endpoint).order_by("pk")
    return [json.loads(row.body) for row in rows if kind in ("", row.kind)]


def due_again():
    """How long the only delivery waits."""
    return Delivery.objects.get().due_at - clock.now()


def half(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"half of")
    handler.wfile.flush()
    handler.connection.close()


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def slow(handler):
    time.sleep(1.5)
