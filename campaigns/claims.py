"""Claiming a coupon: one round trip, durable before the answer (docs/claims.md).

The SQL function `claim_take` (migration 0002) reads the stock, takes a slot and writes the claim;
unique indexes make it impossible to sell more than there is, or twice to a buyer on a day.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from alliance.kernel import clock
from alliance.kernel.hashing import keyed
from campaigns.models import CouponStock

CLAIMED, AGAIN = "claimed", "again"

TAKE = (
    "SELECT outcome, code, face_minor, expires_at, state"
    " FROM claim_take(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """Through whose link the buyer came."""

    link_id: int
    affiliate_id: int
    zone_id: int
    shop_id: int
    product_id: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a claim.

    `outcome`: claimed; again (there is one of this buyer or this request, here it is); or why not:
    early, paused, ended, sold_out, enough (all that one buyer may have), unknown.
    """

    outcome: str
    code: str = ""
    face_minor: int = 0
    expires_at: datetime | None = None
    state: str = ""

    @property
    def holds(self) -> bool:
        return self.outcome in (CLAIMED, AGAIN)


def code_of(request_key: str) -> str:
    """The coupon code of a request: 16 letters and digits that nobody can guess, 80 bits.

    A function of the request, so the same one twice finds its claim by the code.
    """
    return base64.b32encode(keyed("campaigns.claims.code", request_key)[:10]).decode()


def claim(
    *,
    stock_id: int,
    buyer_key: str,
    request_key: str,
    through: Through,
    network_key: str = "",
    trail: bool = True,
) -> Taken:
    """Take a coupon of the stock for the buyer. Outside of a transaction it is durable when this
    returns.

    `buyer_key` is a keyed hash, `request_key` the same for each repetition of one request. `trail`:
    the buyer agreed to be known again when they come back.
    """
    moment = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE,
            [
                stock_id,
                buyer_key,
                clock.business_day(moment),
                moment,
                code_of(request_key),
                through.link_id,
                through.affiliate_id,
                through.zone_id,
                through.shop_id,
                through.product_id,
                network_key,
                trail,
            ],
        )
        outcome, code, face_minor, expires_at, state = cursor.fetchone()
    return Taken(outcome, code or "", face_minor or 0, expires_at, state or "")


def left_in(stock: CouponStock) -> int:
    """How many coupons can be claimed: what the sequence has not given out, and what came back.

    For people: not counted are slots that an aborted transaction lost a moment ago.
    """
    return left_in_all([stock])[stock.pk]


def left_in_all(stocks: Sequence[CouponStock]) -> dict[int, int]:
    """The same of many stocks that have been opened, by key, in one statement."""
    if not stocks:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.id, greatest(
                s.size - coalesce(pg_sequence_last_value(('campaigns_slot_' || s.id)::regclass), 0),
                0
            ) + (SELECT count(*) FROM campaigns_freeslot f WHERE f.stock_id = s.id)
            FROM campaigns_couponstock s WHERE s.id = ANY(%s) AND s.state <> 'draft'
            """,
            [[stock.pk for stock in stocks]],
        )
        return dict(cursor.fetchall())
