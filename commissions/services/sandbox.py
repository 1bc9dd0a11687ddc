"""What becomes of orders that a sandbox key reports: the checks and formulas of real ones, and a
row of their own. Nothing here touches an order, a commission or the books."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.errors import DomainError, WrongState
from alliance.kernel.money import Money
from alliance.kernel.outbox import happened, stamp
from commissions.formulas import worth
from commissions.models import CommissionState, SandboxOrder
from commissions.trial import usual_rates
from merchants.models import OrderState, Product, Shop
from merchants.services.order_reports import (
    OrderReport,
    Outcome,
    OverRefund,
    as_meant,
    check_creation,
    check_report,
)

KEPT = timedelta(days=30)
MOST = 5_000  # of a shop at a time
_MOMENTS = ("placed_at", "deposit_paid_at", "paid_at", "received_at", "void_at", "reported_at")
_STATES = {
    OrderState.PLACED: CommissionState.PLACED,
    OrderState.PAID: CommissionState.ESTIMATED,
    OrderState.RECEIVED: CommissionState.CONFIRMED,
    OrderState.VOID: CommissionState.VOID,
}


@transaction.atomic
def orders_pretend(*, shop: Shop, reports: Sequence[OrderReport]) -> list[Outcome]:
    """One outcome for each report, in their order; one that is refused hurts no other. What is
    older than thirty days is forgotten. Raises WrongState where a shop has too many."""
    Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)  # one at a time
    mine = SandboxOrder.objects.filter(shop=shop)
    mine.filter(updated_at__lt=clock.now() - KEPT).delete()
    if mine.count() + len(reports) > MOST:
        raise WrongState(_("The sandbox is full. What is thirty days old makes room by itself."))
    return [_outcome(shop, report) for report in reports]


def _outcome(shop: Shop, report: OrderReport) -> Outcome:
    try:
        return _pretended(shop, as_meant(report))
    except DomainError as refusal:
        return Outcome(report.external_id, None, "refused", refusal)


def _pretended(shop: Shop, report: OrderReport) -> Outcome:
    check_report(report, currency=shop.merchant.currency, now=clock.now())
    held = SandboxOrder.objects.filter(shop=shop, external_id=report.external_id).first()
    if held is None:
        check_creation(report)
    elif datetime.fromisoformat(held.facts["reported_at"]) > report.reported_at:
        return Outcome(report.external_id, None, "stale")
    before = held.facts if held else {}
    facts = _facts(shop, report, before)
    if _said(before) == _said(facts):
        return Outcome(report.external_id, None, "unchanged")
    facts["revision"] = before.get("revision", 0) + 1
    SandboxOrder.objects.update_or_create(
        shop=shop, external_id=report.external_id, defaults={"facts": facts}
    )
    change: Literal["created", "changed"] = "changed" if held else "created"
    _tell(shop, f"order.{change}", facts)
    return Outcome(report.external_id, None, change)


def _said(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Without the moment of the report, which alone is no news."""
    return {name: value for name, value in facts.items() if name not in ("reported_at", "revision")}


def _tell(shop: Shop, kind: str, facts: Mapping[str, Any]) -> None:
    """The merchant's sandbox endpoints, as `happenings.orders_tell` does of real ones."""
    moments = ("placed_at", "paid_at", "received_at", "void_at")
    data = {
        "order": facts["external_id"],
        **{name: facts[name] for name in ("shop", "state", "revision", "currency", "void_reason")},
        "amount_minor": sum(line["amount_minor"] for line in facts["lines"]),
        "refunded_minor": sum(line["refunded_minor"] for line in facts["lines"]),
        **{
            name: stamp(datetime.fromisoformat(facts[name])) if facts[name] else None
            for name in moments
        },
        "test": True,
    }
    happened(kind, whom=[f"merchant:{shop.merchant_id}"], data=data, sandbox=True)


def _facts(shop: Shop, report: OrderReport, before: Mapping[str, Any]) -> dict[str, Any]:
    """The order in the words of its own call (`reports.OrderOut`)."""
    moments = {name: getattr(report, name) for name in _MOMENTS}
    known = {name: value.isoformat() for name, value in moments.items() if value}
    facts: dict[str, Any] = {
        **dict.fromkeys(_MOMENTS),
        "void_reason": "",
        "click_id": "",
        **before,
        **known,
        "external_id": report.external_id,
        "shop": shop.pk,
        "state": report.state,
        "currency": report.currency,
        "processed": True,
    }
    facts |= {
        name: value for name in ("void_reason", "click_id") if (value := getattr(report, name))
    }
    refunds = {**before.get("refunds", {}), **_refunds(report)}
    lines = {line["external_id"]: line for line in before.get("lines", [])}
    lines |= {line.external_id: _line(line) for line in report.lines}
    left = {number: line["amount_minor"] for number, line in lines.items()}
    for number, amount in refunds.values():
        _take(left, [number] if number else list(left), amount)
    products = Product.objects.filter(
        shop=shop, external_id__in=[line["product_external_id"] for line in lines.values()]
    )
    rates = dict(products.values_list("external_id", "rate_bps"))
    for number, line in lines.items():
        line["refunded_minor"] = line["amount_minor"] - left[number]
        line.update(_owed(facts, left[number], rates.get(line["product_external_id"], 0)))
    return {**facts, "refunds": refunds, "lines": list(lines.values())}


def _take(left: dict[str, int], lines: Sequence[str], amount: int) -> None:
    """Off these lines, one after the other. Raises OverRefund."""
    for number in lines:
        taken = min(amount, left.get(number, 0))
        left[number] = left.get(number, 0) - taken
        amount -= taken
    if amount:
        raise OverRefund(field="refunds")


def _refunds(report: OrderReport) -> dict[str, list[Any]]:
    """By their numbers: of which line, and how much was taken off."""
    return {
        refund.external_id: [
            refund.line_external_id, refund.amount_minor if refund.state == "succeeded" else 0,
        ]
        for refund in report.refunds
    }  # fmt: skip


def _line(line: Any) -> dict[str, Any]:
    names = ("external_id", "product_external_id", "title", "quantity", "amount_minor")
    facts = {name: getattr(line, name) for name in names}
    total = line.amount_minor if line.deposit_minor is not None else None
    return {**facts, "deposit_minor": line.deposit_minor, "total_minor": total}


def _owed(facts: Mapping[str, Any], left_minor: int, rate_bps: int) -> dict[str, Any]:
    """By the formulas of the books, at the rate that everybody is promised now."""
    if not facts["click_id"]:
        return {
            "commission": None,
            "attribution": [gettext("Sandbox: without a click id nobody's.")],
        }
    void = facts["state"] == OrderState.VOID
    base = Money(0 if void else left_minor, facts["currency"])
    due = worth(base, usual_rates(rate_bps))
    return {
        "commission": {
            "state": _STATES[OrderState(facts["state"])].value,
            "affiliate": {"id": 0, "name": "Sandbox"},
            "rate_bps": rate_bps,
            "base_minor": base.minor,
            "commission_minor": due.commission.minor,
        },
        "attribution": [gettext("Sandbox: any click id is an invented affiliate's.")],
    }
