"""What comes through the doors of shops' systems. All of it ends in `orders_record`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from alliance.kernel import clock
from alliance.kernel.errors import DomainError
from merchants import queries
from merchants.feeds.orders_known import report_of
from merchants.feeds.webhooks import WEBHOOKS
from merchants.feeds.webhooks.heard import Heard
from merchants.models import (
    HookDelivery,
    HookOrder,
    HookResult,
    OrderState,
    Product,
    Shop,
    ShopHook,
)
from merchants.queries import OrderHeld
from merchants.services.orders import (
    LineReport,
    OrderReport,
    RefundReport,
    orders_record,
    refunds_keep,
)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # a refund alone outvotes nothing that was said


@dataclass(frozen=True, slots=True)
class Hearing:
    """What became of a delivery; `order_pk` is for the commission pipeline."""

    result: HookResult
    number: str = ""
    note: str = ""
    order_pk: int | None = None


def hook_hear(
    *, hook: ShopHook, topic: str, delivery_id: str, payload: Mapping[str, Any]
) -> Hearing | None:
    """Take a delivery whose signature was checked; None if it was heard before.

    Whatever is wrong with it is written down for the merchant and not raised: the shop's system
    would send it again and again, and then stop sending anything.
    """
    deliveries = HookDelivery.objects.filter(hook=hook)
    if deliveries.filter(delivery_id=delivery_id[:100]).exists():
        return None
    try:
        hearing = _hear(hook, topic, dict(payload))
    except DomainError as exc:
        hearing = Hearing(HookResult.REFUSED, note=str(exc))
    row = HookDelivery(
        hook=hook,
        delivery_id=delivery_id[:100],
        topic=topic[:60],
        number=hearing.number[:64],
        result=hearing.result,
        note=hearing.note[:300],
    )
    HookDelivery.objects.bulk_create([row], ignore_conflicts=True)
    ShopHook.objects.filter(pk=hook.pk).update(heard_at=clock.now())
    return hearing


def _hear(hook: ShopHook, topic: str, payload: dict[str, Any]) -> Hearing:
    currency = hook.shop.merchant.currency
    heard = WEBHOOKS[hook.kind].hear(topic, payload, currency)
    if heard is None:
        return Hearing(HookResult.IGNORED)
    number = _number(hook, heard)
    held = queries.orders_held(hook.shop, [number]).get(number) if number else None
    if heard.sale is None and held is None:
        return _strange(hook, heard)
    report = _report(hook.shop, number, heard, held, currency)
    outcome = orders_record(shop=hook.shop, reports=[report])[0]
    if outcome.error:
        return Hearing(HookResult.REFUSED, number, str(outcome.error))
    result = {
        "created": HookResult.TAKEN,
        "changed": HookResult.TAKEN,
        "unchanged": HookResult.UNCHANGED,
        "stale": HookResult.STALE,
    }[outcome.change]
    taken = outcome.order_pk if result == HookResult.TAKEN else None
    return Hearing(result, number, order_pk=taken)


def _number(hook: ShopHook, heard: Heard) -> str:
    """The order's number for people, remembered for topics that say only the system's own id."""
    orders = HookOrder.objects.filter(hook=hook, object_id=heard.object_id[:64])
    if not heard.number:
        return orders.values_list("number", flat=True).first() or ""
    HookOrder.objects.bulk_create(
        [HookOrder(hook=hook, object_id=heard.object_id[:64], number=heard.number[:64])],
        ignore_conflicts=True,
    )
    return heard.number


def _strange(hook: ShopHook, heard: Heard) -> Hearing:
    """An order that we never heard of: its refunds wait for a person."""
    facts = {"system_order": heard.object_id}
    refunds = [replace(one, line_external_id="", facts=facts) for one in heard.refunds]
    if not refunds:
        return Hearing(HookResult.IGNORED, note=str(_("We do not know this order.")))
    refunds_keep(shop=hook.shop, refunds=refunds)
    return Hearing(HookResult.TAKEN, note=str(_("We do not know this order: kept for review.")))


def _report(
    shop: Shop, number: str, heard: Heard, held: OrderHeld | None, currency: str
) -> OrderReport:
    lines = held.lines if held else ()
    if heard.sale is None:
        assert held is not None  # noqa: S101 - the caller knows
        return OrderReport(
            external_id=number,
            state=OrderState.VOID if heard.gone else OrderState.PLACED,
            currency=currency,
            placed_at=held.placed_at,
            reported_at=clock.now() if heard.gone else _LONG_AGO,
            void_reason=str(_("Deleted in the shop")) if heard.gone else "",
            refunds=_refunds(heard, lines),
        )
    heard.sale.lines = _with_products(shop, heard)
    report = report_of(
        number, heard.sale, held, currency=currency, at=heard.updated_at or clock.now()
    )
    own = {*lines, *(line.external_id for line in report.lines)}
    return replace(report, refunds=_refunds(heard, own))


def _refunds(heard: Heard, lines: Collection[str]) -> tuple[RefundReport, ...]:
    """Of lines that another door named otherwise, the order as a whole."""
    return tuple(
        one if not one.line_external_id or one.line_external_id in lines
        else replace(one, line_external_id="")
        for one in heard.refunds
    )  # fmt: skip


def _with_products(shop: Shop, heard: Heard) -> list[LineReport]:
    """The lines, each with the first of its ids under which the shop has a product."""
    candidates = heard.products or {}
    asked = {number for numbers in candidates.values() for number in numbers if number}
    rows = Product.objects.filter(shop=shop, external_id__in=asked)
    known = set(rows.values_list("external_id", flat=True))
    assert heard.sale is not None  # noqa: S101 - the caller knows
    lines = []
    for line in heard.sale.lines:
        numbers = [number for number in candidates.get(line.external_id, ()) if number]
        number = next((one for one in numbers if one in known), numbers[0] if numbers else "")
        lines.append(replace(line, product_external_id=number[:64]))
    return lines
