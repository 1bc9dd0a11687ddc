"""The money of coupons: set aside when a stock opens, paid to the merchant when it is used.

budget → coupons with the opening (every coupon of the stock); coupons → wallet when the goods of
an order that used one are received, and back as far as the buyer gets the money back; what no
coupon can need any more goes back to the budget. Each step posts the difference (docs/claims.md).
"""

# ruff: noqa: S608 - nothing but our own constants is put into the SQL

import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, F, Q, Sum, When
from django.utils.translation import gettext as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import WrongState
from alliance.kernel.models import User
from alliance.kernel.money import Money, half_up
from campaigns.models import (
    Campaign,
    CampaignState,
    Claim,
    ClaimState,
    CouponStock,
    StockMode,
    StockState,
)
from campaigns.services import stock as stocks
from commissions import chart, ledger
from commissions.ledger import InsufficientFunds, Move
from merchants.models import Merchant, Order, OrderLine, OrderState

logger = logging.getLogger(__name__)

# Of the order `o`: what was paid, and what is left of it; of its claim `c` what is due.
KEPT = """
    SELECT coalesce(sum(l.amount_minor), 0) AS paid,
           coalesce(sum(l.amount_minor - l.refunded_minor), 0) AS kept
    FROM merchants_orderline l WHERE l.order_id = o.id
"""
DUE = """
    CASE WHEN k.paid = 0 THEN c.worth_minor
         ELSE round(c.worth_minor::numeric * k.kept / k.paid) END
"""


@transaction.atomic(durable=True)
def stock_open(*, actor: User, stock: CouponStock) -> None:
    """Draft → open: the worth of the whole stock is set aside out of its campaign's budget.

    Raises WrongState if the campaign is not published or over, InsufficientFunds if its budget
    does not reach.
    """
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=stock.campaign_id)
    if campaign.state not in (CampaignState.SCHEDULED, CampaignState.LIVE, CampaignState.PAUSED):
        raise WrongState
    left = ledger.balance(chart.budget(campaign.pk), stock.currency)
    if stock.total > left:  # the books would refuse too, but not say how much is missing
        said = _("The coupons are worth %(worth)s, and the budget has %(left)s left.")
        raise InsufficientFunds(said % {"worth": stock.total.localized(), "left": left.localized()})
    stocks.stock_open(stock=stock)
    ledger.post(
        key=f"stock:{stock.pk}:opened",
        moves=[
            Move(stock.total, debit=chart.budget(campaign.pk), credit=chart.coupons(campaign.pk))
        ],
        actor=actor,
    )
    audit.record("stock.opened", stock, actor=actor, total_minor=stock.total_minor)


@transaction.atomic(durable=True)
def stock_close(*, actor: User | None, stock: CouponStock) -> None:
    """Open → closed; what its coupons do not need goes back to the budget, when a claim that was
    on its way meanwhile is written (the beat closes it again). Closing again is harmless."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=stock.campaign_id)
    if stocks.stock_close(stock=stock):
        audit.record("stock.closed", stock, actor=actor)
    _give_back(stock, campaign)


def stocks_turn() -> None:
    """Beat: close the stocks whose time is over, and give back what closed ones need no more."""
    now = clock.now()
    over = Q(closes_at__lte=now) | Q(campaign__ends_at__lte=now) | Q(
        campaign__state__in=[CampaignState.CLOSED, CampaignState.SETTLED]
    )  # fmt: skip
    for stock in CouponStock.objects.filter(over, state=StockState.OPEN).order_by("pk"):
        stock_close(actor=None, stock=stock)
    holding = CouponStock.objects.filter(state=StockState.CLOSED, set_aside_minor__gt=0)
    for stock in holding.order_by("pk"):
        stock_close(actor=None, stock=stock)


def _give_back(stock: CouponStock, campaign: Campaign) -> None:
    """coupons → budget: all but the faces of coupons that may still be used or change, and what
    was paid for the others."""
    stock = CouponStock.objects.select_for_update().get(pk=stock.pk)
    if stock.closed_at is None or stock.closed_at > clock.now() - stocks.SWEEP_AFTER:
        return
    if stock.mode == StockMode.DRAW and stock.drawn_at is None:
        return  # nobody knows yet how many have one
    until = clock.now() - stocks.SWEEP_AFTER
    final = Q(state=ClaimState.USED, worth_minor__isnull=False, expires_at__lt=until - _to_report())
    over = campaign.confirm_until < until
    needs = Case(When(final, then="paid_minor"), default="face_minor") if over else F("face_minor")
    live = Claim.objects.filter(stock=stock, state__in=[ClaimState.HELD, ClaimState.USED])
    needed = live.aggregate(minor=Sum(needs))["minor"] or 0
    back = stock.set_aside_minor - needed
    if back <= 0:
        return
    CouponStock.objects.filter(pk=stock.pk).update(set_aside_minor=needed)
    campaign_id = stock.campaign_id
    ledger.post(
        key=f"stock:{stock.pk}:needs-{needed}",
        moves=[
            Move(
                Money(back, stock.currency),
                debit=chart.coupons(campaign_id),
                credit=chart.budget(campaign_id),
            )
        ],
    )


@dataclass(slots=True)
class Kept:
    """An order in minor units: what was paid, what is left of it after refunds, and what its
    products cost without a coupon (None: not known of all)."""

    paid: int = 0
    left: int = 0
    price: int | None = 0

    @property
    def given_back(self) -> bool:
        """Paid, and refunded in full. (A free order has nothing to refund.)"""
        return self.paid > 0 and self.left == 0


@transaction.atomic
def coupons_settle(order_pks: Collection[int]) -> int:
    """Pay merchants for the coupons that these orders used, take back what refunds took off them,
    and return the coupons of orders that came to nothing to their buyers. Returns how many claims
    changed.

    Safe to repeat. What a wallet cannot give back waits for the next time (`coupons_waiting`).
    """
    orders = {
        order.pk: order
        for order in Order.objects.select_for_update(of=("self",))
        .select_related("merchant")
        .filter(pk__in=order_pks)
        .order_by("pk")
    }
    claims = list(
        Claim.objects.select_for_update(of=("self",))
        .select_related("campaign")
        .filter(order__in=orders, state="used")
        .order_by("pk")
    )
    kept = _kept_of(orders)
    due = {
        claim.pk: _due(claim, orders[claim.order_id or 0], kept[claim.order_id or 0])
        for claim in claims
    }
    moving = [claim for claim in claims if due[claim.pk] != claim.paid_minor]
    balances = ledger.lock(
        {
            (code, claim.currency)
            for claim in moving
            for code in (
                chart.coupons(claim.campaign_id),
                chart.wallet(orders[claim.order_id or 0].merchant_id),
            )
        }
    )
    moves, paid = [], []
    for claim in moving:
        merchant = orders[claim.order_id or 0].merchant
        if move := _move(claim, due[claim.pk], merchant, balances):
            moves.append(move)
            paid.append(claim)
    if moves:
        facts = ",".join(f"{claim.pk}.{claim.paid_revision + 1}" for claim in paid)
        digest = hashlib.sha256(facts.encode()).hexdigest()[:32]
        ledger.post(key=f"coupons:{digest}:paid", moves=ledger.net(moves))
    for claim in paid:
        claim.paid_minor, claim.paid_revision = due[claim.pk], claim.paid_revision + 1
        claim.save(update_fields=["paid_minor", "paid_revision"])
    free = [
        claim
        for claim in claims
        if not claim.paid_minor
        and _came_to_nothing(orders[claim.order_id or 0], kept[claim.order_id or 0])
    ]
    for claim in free:
        claim.state = ClaimState.EXPIRED if _final(claim) else ClaimState.HELD
        claim.order, claim.used_at, claim.worth_minor = None, None, None
        claim.save(update_fields=["state", "order", "used_at", "worth_minor"])
    return len(paid) + len(free)


def coupons_waiting(limit: int) -> list[int]:
    """Orders whose coupons are not paid as they should be: a process died, a wallet was empty."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT o.id FROM campaigns_claim c
            JOIN merchants_order o ON o.id = c.order_id
            CROSS JOIN LATERAL ({KEPT}) k
            WHERE c.state = 'used' AND (
                o.state = 'void' OR k.paid > 0 AND k.kept = 0
                OR o.state = 'received' AND (c.worth_minor IS NULL OR c.paid_minor <> {DUE})
            )
            ORDER BY o.id LIMIT %s
            """,
            [limit],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _kept_of(orders: Mapping[int, Order]) -> dict[int, Kept]:
    found = {pk: Kept() for pk in orders}
    for line in OrderLine.objects.filter(order__in=found).select_related("product"):
        kept = found[line.order_id]
        kept.paid += line.amount_minor
        kept.left += line.amount_minor - line.refunded_minor
        if line.product is None or kept.price is None:
            kept.price = None
        else:
            kept.price += line.product.price_minor * line.quantity
    return found


def _due(claim: Claim, order: Order, kept: Kept) -> int:
    """What the coupon was worth, in proportion to what is left of what was paid."""
    if order.state != OrderState.RECEIVED:
        return 0
    final = claim.worth_minor is not None and _final(claim)
    if not (claim.worth_minor or final):
        _look_at(claim, kept)
    due = claim.worth_minor or 0
    if kept.paid:
        due = half_up(due * kept.left, kept.paid)
    # What a coupon did not need at the end has gone back to the budget.
    return min(due, claim.paid_minor) if final else due


def _look_at(claim: Claim, kept: Kept) -> None:
    """Fix what the shop gave for the coupon; prices change, and that stays.

    The face, at most what the goods cost. Where nothing was paid, only a coupon that covers the
    whole price explains it; of any other the shop has shown nothing that it was taken off from.
    """
    price = claim.face_minor if kept.price is None else kept.price
    covered = kept.price is not None and kept.price <= claim.face_minor
    worth = min(claim.face_minor, price) if kept.paid or covered else 0
    if claim.worth_minor != worth:
        claim.worth_minor = worth
        claim.save(update_fields=["worth_minor"])


def _final(claim: Claim) -> bool:
    """Its time and that of its campaign's orders are over."""
    return clock.now() > max(claim.campaign.confirm_until, claim.expires_at + _to_report())


def _to_report() -> timedelta:
    return timedelta(minutes=settings.ALLIANCE["COUPON_REPORT_MINUTES"])


def _came_to_nothing(order: Order, kept: Kept) -> bool:
    return order.state == OrderState.VOID or kept.given_back


def _move(
    claim: Claim, due: int, merchant: Merchant, balances: dict[tuple[str, str], int]
) -> Move | None:
    """coupons → wallet, or back; None if the wallet has not enough for the way back."""
    coupons, wallet = chart.coupons(claim.campaign_id), chart.wallet(merchant.pk)
    more, currency = due - claim.paid_minor, claim.currency
    if more > 0:
        balances[wallet, currency] += more
        return Move(Money(more, currency), debit=coupons, credit=wallet)
    if balances[wallet, currency] + merchant.credit_limit_minor < -more:
        logger.warning("claim %s: wallet of merchant %s is too empty", claim.pk, merchant.pk)
        return None
    balances[wallet, currency] += more
    return Move(Money(-more, currency), debit=wallet, credit=coupons)
