"""Orders that an affiliate invents for its own links, to try its program, webhooks and postbacks
with. Nothing here touches an order, a commission or the books."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, Attribution, Link, Touch, TouchKind
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.outbox import happened, stamp
from commissions.models import Commission, CommissionState, SaleState, SandboxSale
from commissions.services.sandbox import KEPT, MOST
from commissions.targets import parts_of, target_of
from commissions.trial import usual_rates
from merchants.models import Order, OrderLine, OrderState, Product
from merchants.services.order_reports import OverRefund

_ROAD = (SaleState.PLACED, SaleState.PAID, SaleState.RECEIVED, SaleState.SETTLED)


@transaction.atomic
def sale_pretend(*, affiliate: Affiliate, wish: Mapping[str, Any]) -> tuple[SandboxSale, str]:
    """The order as it is now said to be, and whether it was created, changed or left unchanged.

    `wish` has external_id and state; what it is for at its first time (link: a code, or click_id;
    product: a key, if the link is for none) and amount_minor; refunded_minor. The affiliate's
    sandbox endpoints hear of it. Raises Invalid with the field, OverRefund, WrongState.
    """
    Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)  # one at a time
    mine = SandboxSale.objects.filter(affiliate=affiliate)
    mine.filter(updated_at__lt=clock.now() - KEPT).delete()
    sale = mine.filter(external_id=wish["external_id"]).first()
    before = as_commission(sale) if sale else None
    if sale is None:
        if mine.count() >= MOST:
            raise WrongState(
                _("The sandbox is full. What is thirty days old makes room by itself.")
            )
        sale = SandboxSale(
            affiliate=affiliate, external_id=wish["external_id"], **_for(affiliate, wish)
        )
        sale.rate_bps = sale.product.rate_bps
    elif "link" in wish or "click_id" in wish:
        _same(sale, _for(affiliate, wish))
    if not _moved(sale, wish):
        return sale, "unchanged"
    sale.revision += 1
    sale.save()
    _tell(sale, before)
    return sale, "changed" if before else "created"


def as_commission(sale: SandboxSale) -> Commission:
    """What would stand in the books if it were real: an unsaved row with all that is said of one,
    at the alliance's usual share and fee."""
    product, now = sale.product, clock.now()
    settled = sale.state == SaleState.SETTLED
    state = OrderState.RECEIVED if settled else OrderState(sale.state)
    currency, rates = product.shop.merchant.currency, usual_rates(sale.rate_bps)
    order = Order(
        merchant=product.shop.merchant, shop=product.shop, external_id=sale.external_id,
        state=state, currency=currency, placed_at=sale.created_at,
        paid_at=sale.paid_at, received_at=sale.received_at, click_id=sale.click_id,
    )  # fmt: skip
    line = OrderLine(
        order=order, external_id="1", product=product, title=product.title, currency=currency,
        amount_minor=sale.amount_minor, refunded_minor=sale.refunded_minor,
    )  # fmt: skip
    touch = Touch(click_id=sale.click_id)
    row = Commission(
        pk=sale.pk, line=line, affiliate=sale.affiliate, merchant=product.shop.merchant,
        attribution=Attribution(zone=sale.zone, touch=touch, subs=sale.subs),
        currency=currency, revision=sale.revision, rate_bps=rates.commission_bps,
        share_bps=rates.share_bps, tech_fee_bps=rates.tech_fee_bps,
        tech_fee_base=rates.tech_fee_base, placed_at=sale.created_at,
        confirmed_at=sale.received_at, updated_at=sale.updated_at,
    )  # fmt: skip
    before = CommissionState.PLACED
    if sale.received_at:
        before = CommissionState.SETTLED if settled else CommissionState.CONFIRMED
    standing, due = target_of(row, line, order, before)
    for name, value in parts_of(due).items():
        setattr(row, name, value)
    row.standing, row.state = standing.value, standing.value
    row.settled_month = clock.month_start(clock.business_day(now)) if settled else None
    row.settled_at = sale.updated_at if settled else None
    return row


# --- Parts ----------------------------------------------------------------------------------------


def _for(affiliate: Affiliate, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Which way the buyer came, and what was bought."""
    if "click_id" in wish:
        clicks = Touch.objects.filter(
            affiliate=affiliate, click_id=wish["click_id"], kind=TouchKind.CLICK
        )
        touch: Any = clicks.order_by("-touched_at").first()
        if touch is None:
            raise Invalid(_("There is no such click of your links."), field="click_id")
        way = touch
    else:
        way = Link.objects.filter(affiliate=affiliate, code=wish.get("link", "")).first()
        if way is None:
            raise Invalid(_("There is no such link of yours."), field="link")
    products = Product.objects.select_related("shop__merchant").filter(shop=way.shop_id)
    product = products.filter(pk=wish.get("product", way.product_id)).first()
    if product is None:
        raise Invalid(_("Name a product of the link's shop."), field="product")
    subs = [getattr(way, f"sub{n}") for n in range(1, 6)]
    return {
        "zone": way.zone,
        "product": product,
        "click_id": wish.get("click_id", ""),
        "subs": subs if any(subs) else [],
    }


def _same(sale: SandboxSale, asked: Mapping[str, Any]) -> None:
    now = {name: value for name, value in asked.items() if getattr(sale, name) != value}
    if now:
        raise Invalid(
            _("This order came another way. Give a new one another number."), field="link"
        )


def _moved(sale: SandboxSale, wish: Mapping[str, Any]) -> bool:
    """Carry the word into the row; False if it is no news."""
    old = (sale.state, sale.amount_minor, sale.refunded_minor)
    state = SaleState(wish["state"])
    if sale.state and not _may(SaleState(sale.state), state):
        raise WrongState(_("An order only moves forward."))
    if "amount_minor" not in wish and sale.amount_minor is None:
        raise Invalid(_("Say what the buyer paid."), field="amount_minor")
    sale.state = state
    sale.amount_minor = wish.get("amount_minor", sale.amount_minor)
    sale.refunded_minor = wish.get("refunded_minor", sale.refunded_minor)
    if sale.refunded_minor > sale.amount_minor:
        raise OverRefund(field="refunded_minor")
    if state in _ROAD[1:]:
        sale.paid_at = sale.paid_at or clock.now()
    if state in _ROAD[2:]:
        sale.received_at = sale.received_at or clock.now()
    return (sale.state, sale.amount_minor, sale.refunded_minor) != old


def _may(old: SaleState, new: SaleState) -> bool:
    if SaleState.VOID in (old, new):
        return old == new or (new == SaleState.VOID and old != SaleState.SETTLED)
    return _ROAD.index(new) >= _ROAD.index(old)


def _tell(sale: SandboxSale, before: Commission | None) -> None:
    """As `happenings.commissions_tell` does of real ones, in the same words, marked as a test."""
    row = as_commission(sale)
    moved = before is None or before.standing != row.standing
    kind = f"commission.{row.standing if moved else 'corrected'}"
    line, site = row.line, sale.zone.site_id
    data = {
        "commission": sale.pk, "revision": sale.revision, "role": row.role, "state": row.standing,
        "why": row.standing if moved else "refund", "order": sale.external_id,
        "line": line.external_id, "shop": line.order.shop_id, "product": sale.product_id,
        "title": line.title, "quantity": line.quantity, "currency": row.currency,
        "sale_minor": line.base.minor, "rate_bps": row.rate_bps,
        "placed_at": stamp(row.placed_at), "confirmed_at": stamp(row.confirmed_at),
        "net_minor": row.net_minor, "publisher_minor": row.publisher_minor,
        "subsidy_minor": row.subsidy_minor, "tech_fee_minor": row.tech_fee_minor,
        "site": site, "zone": sale.zone_id, "click_id": sale.click_id, "subs": sale.subs,
        "test": True,
    }  # fmt: skip
    happened(
        kind, whom=[f"affiliate:{sale.affiliate_id}"], data=data, sandbox=True,
        places=[f"site:{site}", f"zone:{sale.zone_id}"],
    )  # fmt: skip
