"""The money of coupons: set aside when a stock opens, paid to the merchant when it is used.

budget → coupons with the opening (every coupon of the stock); coupons → wallet when the goods of
an order that used one are received, and back when it comes to nothing; what no coupon can need any
more goes back to the budget. Each step posts the difference (docs/claims.md).
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Case, F, Q, Sum, When
from django.utils.translation import gettext as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import WrongState
from alliance.kernel.models import User
from alliance.kernel.money import Money
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
    Campaign.objects.select_for_update(no_key=True).get(pk=stock.campaign_id)
    if stocks.stock_close(stock=stock):
        audit.record("stock.closed", stock, actor=actor)
    _give_back(stock)


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


def _give_back(stock: CouponStock) -> None:
    """coupons → budget: all but the faces of coupons in buyers' hands, and what was paid."""
    stock = CouponStock.objects.select_for_update().get(pk=stock.pk)
    if stock.closed_at is None or stock.closed_at > clock.now() - stocks.SWEEP_AFTER:
        return
    if stock.mode == StockMode.DRAW and stock.drawn_at is None:
        return  # nobody knows yet how many have one
    needs = Case(When(paid_minor__gt=0, then="paid_minor"), default="face_minor")
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


@transaction.atomic
def coupons_settle(order_pks: Collection[int]) -> int:
    """Pay merchants for the coupons that these orders used, take back what came to nothing, and
    return such coupons to their buyers. Returns how many claims changed.

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
        Claim.objects.select_for_update().filter(order__in=orders, state="used").order_by("pk")
    )
    worth = _worth_of(orders.values())
    due = {claim.pk: _due(claim, orders[claim.order_id or 0], worth) for claim in claims}
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
        if not claim.paid_minor and _came_to_nothing(orders[claim.order_id or 0], worth)
    ]
    Claim.objects.filter(pk__in=[claim.pk for claim in free]).update(
        state=ClaimState.HELD, order=None, used_at=None
    )
    return len(paid) + len(free)


def coupons_waiting(limit: int) -> list[int]:
    """Orders whose coupons are not paid as they should be: a process died, a wallet was empty."""
    used = Claim.objects.filter(state=ClaimState.USED)
    received = Order.objects.filter(pk__in=used.filter(paid_minor=0).values("order"))
    unpaid = received.filter(state=OrderState.RECEIVED)
    void = Order.objects.filter(pk__in=used.values("order"), state=OrderState.VOID)
    refunded = OrderLine.objects.filter(
        order__in=used.values("order"), refunded_minor__gt=0, refunded_minor=F("amount_minor")
    )
    pks = {*unpaid.values_list("pk", flat=True)[:limit], *void.values_list("pk", flat=True)[:limit]}
    pks |= set(refunded.values_list("order", flat=True)[:limit])
    return sorted(pks)


def _worth_of(orders: Iterable[Order]) -> dict[int, tuple[int, int | None]]:
    """By order: what is left of it after refunds, and what its products cost without a coupon
    (None: not known of all)."""
    left: dict[int, int] = defaultdict(int)
    price: dict[int, int | None] = {}
    lines = OrderLine.objects.filter(order__in=[order.pk for order in orders])
    for line in lines.select_related("product"):
        left[line.order_id] += line.amount_minor - line.refunded_minor
        before = price.get(line.order_id, 0)
        known = before is not None and line.product is not None
        price[line.order_id] = (
            (before or 0) + line.product.price_minor * line.quantity  # type: ignore[union-attr]
            if known
            else None
        )
    return {pk: (left[pk], price[pk]) for pk in price}


def _due(claim: Claim, order: Order, worth: dict[int, tuple[int, int | None]]) -> int:
    """The face, at most what the goods cost, once they are received and not given back."""
    if order.state != OrderState.RECEIVED or _came_to_nothing(order, worth):
        return 0
    if claim.paid_minor:
        return claim.paid_minor  # prices change; what was paid stays
    _left, price = worth.get(order.pk, (0, None))
    return claim.face_minor if price is None else min(claim.face_minor, price)


def _came_to_nothing(order: Order, worth: dict[int, tuple[int, int | None]]) -> bool:
    """Void, or paid and refunded in full. (A free order has nothing to refund.)"""
    if order.state == OrderState.VOID:
        return True
    refunded = OrderLine.objects.filter(order=order, refunded_minor__gt=0).exists()
    return refunded and worth.get(order.pk, (0, None))[0] == 0


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
