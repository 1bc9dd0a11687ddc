"""Coupon stock: making, opening and closing it; what comes back is offered again.

Opening and closing move money, which campaigns may not: `commissions.services.coupons` calls these
inside the transaction that sets it aside or gives it back.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from campaigns import faces
from campaigns.facts import CouponTerms
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.draws import drawn
from campaigns.models import (
    Campaign,
    CampaignState,
    Claim,
    ClaimState,
    CouponStock,
    StockMode,
    StockState,
)
from merchants.models import Product

LARGEST = 10_000_000
MOST_SLOTS = 500  # of one campaign
SWEEP_AFTER = timedelta(seconds=30)  # no claim takes as long as this
BATCH = 5_000


@transaction.atomic
def stock_make(
    *,
    actor: User,
    campaign: Campaign,
    size: int,
    product: Product | None = None,
    mode: str = StockMode.FIRST,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
) -> CouponStock:
    """A stock of `size` coupons on the terms of its campaign's rules. Nothing is claimed before it
    opens.

    `opens_at` and `closes_at` are for a later batch or a time slot; `mode`: whether the first get
    one or a draw decides among all who entered. Raises Invalid for what makes no sense, WrongState
    when the campaign is over.
    """
    terms = _terms(campaign)
    if campaign.state in (CampaignState.CLOSED, CampaignState.SETTLED):
        raise WrongState
    if not 1 <= size <= LARGEST:
        raise Invalid(_("A stock has from one to ten million coupons."), field="size")
    if product is not None and product.currency != campaign.currency:
        raise Invalid(_("The product is sold in another currency."), field="product")
    if product is not None and campaign.merchant_id not in (None, product.shop.merchant_id):
        raise Invalid(_("The campaign is for products of another merchant."), field="product")
    opens, closes = opens_at or campaign.starts_at, closes_at or campaign.ends_at
    if not campaign.starts_at <= opens < closes <= campaign.ends_at:
        raise Invalid(_("Coupons are claimed while the campaign runs."), field="opens_at")
    if mode == StockMode.DRAW and closes_at is None:
        raise Invalid(_("Say when entries end and lots are drawn."), field="closes_at")
    seed = secrets.token_hex(32)
    stock = CouponStock.objects.create(
        campaign=campaign,
        product=product,
        mode=mode,
        size=size,
        currency=campaign.currency,
        opens_at=opens_at,
        closes_at=closes_at,
        made_by=actor,
        seed=seed if mode == StockMode.DRAW else "",
        **_promised(terms, size=size, seed=seed),
    )
    audit.record(
        "stock.made", stock, actor=actor, size=size, total_minor=stock.total_minor, mode=mode
    )
    return stock


@transaction.atomic
def stocks_plan(
    *, actor: User, campaign: Campaign, product: Product | None = None
) -> list[CouponStock]:
    """A stock for each time slot that the campaign's rules ask for and that is still to come.

    Slots that are planned for the product already stay as they are. Raises Invalid where the rules
    name no slots or none is left to plan, WrongState when the campaign is over.
    """
    if not (planned := _plan(actor, campaign, product)):
        raise Invalid(_("No time slot is left to plan coupons for."), field="product")
    return planned


def _plan(actor: User, campaign: Campaign, product: Product | None) -> list[CouponStock]:
    mechanic = MECHANICS[campaign.kind]
    if mechanic.batches is None:
        raise Invalid(_("The rules of this campaign name no time slots."), field="campaign")
    batches = mechanic.batches(mechanic.parse(campaign.rules), campaign.starts_at, campaign.ends_at)
    if len(batches) > MOST_SLOTS:
        raise Invalid(
            _("A campaign has at most %(most)d time slots.") % {"most": MOST_SLOTS}, field="slots"
        )
    known = set(campaign.stocks.filter(product=product).values_list("opens_at", flat=True))
    return [
        stock_make(
            actor=actor,
            campaign=campaign,
            size=batch.size,
            product=product,
            mode=StockMode.DRAW if batch.by_lot else StockMode.FIRST,
            opens_at=batch.opens_at,
            closes_at=batch.closes_at,
        )
        for batch in batches
        if batch.closes_at > clock.now() and batch.opens_at not in known
    ]


def _promised(terms: CouponTerms, *, size: int, seed: str) -> dict[str, Any]:
    """What a stock of that size takes over from the rules."""
    wheel = faces.wheel_of(terms.faces, size=size, seed=seed)
    return {
        "faces": wheel,
        "total_minor": faces.worth_of(wheel, size),
        "valid_minutes": int(terms.valid_for.total_seconds()) // 60,
        "until_end": terms.until_end,
        "per_buyer": terms.in_all,
        "pause_days": terms.pause_days,
        "wins": terms.wins,
        "least_wait_seconds": int(terms.least_wait.total_seconds()),
    }


def stocks_renew(*, actor: User, campaign: Campaign) -> None:
    """Rules or time of a draft have changed: what is planned follows. The caller holds its row."""
    planned = campaign.stocks.filter(state=StockState.DRAFT)
    if MECHANICS[campaign.kind].batches is not None:
        products = {stock.product for stock in planned.select_related("product")}
        planned.delete()
        for product in products:
            _plan(actor, campaign, product)
        return
    for stock in planned:
        seed = stock.seed or secrets.token_hex(32)
        for name, value in _promised(_terms(campaign), size=stock.size, seed=seed).items():
            setattr(stock, name, value)
        stock.save()


@transaction.atomic
def stock_discard(*, actor: User, stock: CouponStock) -> None:
    """Planned coupons that are not wanted are gone; the audit trail keeps that they were. Raises
    WrongState once they are open."""
    kept = CouponStock.objects.select_for_update().get(pk=stock.pk)
    if kept.state != StockState.DRAFT:
        raise WrongState
    audit.record("stock.discarded", kept, actor=actor, size=kept.size)
    kept.delete()


def _terms(campaign: Campaign) -> CouponTerms:
    mechanic = MECHANICS[campaign.kind]
    if mechanic.coupon is None:
        raise Invalid(_("A campaign of this kind has no coupons."), field="campaign")
    return mechanic.coupon(mechanic.parse(campaign.rules))


@transaction.atomic
def stock_open(*, stock: CouponStock) -> None:
    """Draft → open: its coupons can be claimed as soon as its campaign lets them.

    The caller has set `stock.total` aside in this transaction. Raises WrongState if it is not a
    draft.
    """
    moved = CouponStock.objects.filter(pk=stock.pk, state=StockState.DRAFT).update(
        state=StockState.OPEN, opened_at=clock.now(), set_aside_minor=stock.total_minor
    )
    if not moved:
        raise WrongState
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SEQUENCE {stock.sequence} AS bigint CACHE 1")
    stock.refresh_from_db()


@transaction.atomic
def stock_close(*, stock: CouponStock) -> bool:
    """Open → closed: nothing more is claimed. Who has a coupon may use it. False if it was."""
    moved = CouponStock.objects.filter(pk=stock.pk, state=StockState.OPEN).update(
        state=StockState.CLOSED, closed_at=clock.now()
    )
    if moved:
        stock.refresh_from_db()
    return bool(moved)


def slots_sweep() -> int:
    """Offer again the slots that aborted transactions took along; returns how many.

    What the sequence had given out when it was last looked at, at least half a minute ago, and
    nobody holds, is lost. Should a claim be slower than that, the unique slot lets one of the two
    win and the other take the next.
    """
    found = 0
    for stock in CouponStock.objects.filter(state=StockState.OPEN, mode=StockMode.FIRST):
        found += _sweep(stock)
    return found


@transaction.atomic
def _sweep(stock: CouponStock) -> int:
    now = clock.now()
    if stock.swept_at is not None and stock.swept_at > now - SWEEP_AFTER:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_sequence_last_value(%s::regclass), 0)", [stock.sequence])
        given = min(cursor.fetchone()[0], stock.size)
        moved = CouponStock.objects.filter(pk=stock.pk, swept_at=stock.swept_at).update(
            swept_slot=given, swept_at=now
        )
        if not moved or not stock.swept_slot:
            return 0
        cursor.execute(
            """
            INSERT INTO campaigns_freeslot (stock_id, slot)
            SELECT %(stock)s, n FROM generate_series(1, %(until)s) n
            WHERE NOT EXISTS (
                SELECT FROM campaigns_claim c
                WHERE c.stock_id = %(stock)s AND c.slot = n AND c.state IN ('held', 'used')
            )
            ON CONFLICT DO NOTHING
            """,
            {"stock": stock.pk, "until": stock.swept_slot},
        )
        lost = int(cursor.rowcount)
        cursor.execute(
            """
            DELETE FROM campaigns_freeslot f USING campaigns_claim c
            WHERE f.stock_id = %s AND c.stock_id = f.stock_id AND c.slot = f.slot
                AND c.state IN ('held', 'used')
            """,
            [stock.pk],
        )
    return lost


def claims_expire() -> int:
    """Coupons that nobody used in time go, and their slots are offered again; returns how many.

    Not before the shops had time to report the last orders with them (COUPON_REPORT_MINUTES).
    """
    until = clock.now() - timedelta(minutes=settings.ALLIANCE["COUPON_REPORT_MINUTES"])
    gone = 0
    while count := _expire(until):
        gone += count
    return gone


@transaction.atomic
def _expire(until: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (
                UPDATE campaigns_claim SET state = 'expired' WHERE id IN (
                    SELECT id FROM campaigns_claim WHERE state = 'held' AND expires_at < %s
                    ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
                ) AND state = 'held'
                RETURNING stock_id, slot
            ), offered AS (
                INSERT INTO campaigns_freeslot (stock_id, slot)
                SELECT g.stock_id, g.slot FROM gone g
                JOIN campaigns_couponstock s ON s.id = g.stock_id AND s.state = 'open'
                    AND s.mode = 'first'
                ON CONFLICT DO NOTHING
            )
            SELECT count(*) FROM gone
            """,
            [until, BATCH],
        )
        return int(cursor.fetchone()[0])


def draws_hold() -> int:
    """Draw the lots of every stock whose entries have ended a moment ago; returns how many drew.

    Who entered is known by the code; the lot of a code follows from the stock's seed, whose hash
    the page has shown from the beginning (campaigns.mechanics.draws).
    """
    until = clock.now() - SWEEP_AFTER  # an entry on its way is written by then
    waiting = CouponStock.objects.filter(
        mode=StockMode.DRAW, drawn_at=None, closes_at__lte=until
    ).exclude(state=StockState.DRAFT)
    count = 0
    for stock in waiting.order_by("pk"):
        count += _draw(stock.pk)
    return count


@transaction.atomic
def _draw(stock_pk: int) -> bool:
    stock = CouponStock.objects.select_for_update().get(pk=stock_pk)
    if stock.drawn_at is not None:
        return False
    now = clock.now()
    entered = Claim.objects.filter(stock=stock, state=ClaimState.ENTERED)
    codes = entered.select_for_update().order_by("pk").values_list("code", flat=True)
    winners = drawn(stock.seed, codes, stock.size)
    until = _terms(stock.campaign).valid_until(now, stock.campaign.ends_at)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE campaigns_claim c SET state = 'held', slot = w.slot, face_minor = w.face_minor,
                   expires_at = %s
            FROM unnest(%s::text[], %s::int[], %s::bigint[]) AS w(code, slot, face_minor)
            WHERE c.code = w.code AND c.state = 'entered'
            """,
            [
                until,
                winners,
                list(range(1, len(winners) + 1)),
                [stock.faces[place % len(stock.faces)] for place in range(len(winners))],
            ],
        )
    entered.update(state=ClaimState.LOST)
    stock.drawn_at = now
    stock.save(update_fields=["drawn_at", "updated_at"])
    audit.record("stock.drawn", stock, entered=len(codes), winners=len(winners))
    return True
