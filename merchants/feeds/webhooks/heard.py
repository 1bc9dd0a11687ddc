"""What a webhook says of an order, and how its JSON is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money
from merchants.feeds.layouts.sale import Sale
from merchants.services.orders import RefundReport


@dataclass(slots=True)
class Heard:
    """`object_id` is the shop system's own id of the order, `number` the one people know: some
    topics say only the former. Without a `sale` it brings refunds, or the order is `gone`.
    `products`: line → ids under which our feed may know its product, the likeliest first."""

    object_id: str
    number: str = ""
    updated_at: datetime | None = None
    sale: Sale | None = None
    products: dict[str, Sequence[str]] | None = None
    refunds: Sequence[RefundReport] = ()
    gone: bool = False


def text(value: Any) -> str:
    plain = "" if value is None or isinstance(value, (dict, list)) else str(value)
    return plain.replace("\x00", "").strip()


def minor(value: Any, currency: str) -> int:
    """Minor units of "12.50"; nothing said is nothing. Invalid."""
    try:
        return Money.parse(text(value) or "0", currency).minor
    except ValueError:
        raise Invalid(_("“%s” is not an amount.") % text(value)[:40]) from None


def count(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Invalid(_("The quantity is not at least one.")) from None


def moment(value: Any) -> datetime | None:
    """ISO 8601; without a zone it is UTC (the names of such fields say so). Invalid."""
    if not text(value):
        return None
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError:
        raise Invalid(_("“%s” is not a moment.") % text(value)[:40]) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def needed(value: Any) -> datetime:
    found = moment(value)
    if found is None:
        raise Invalid(_("“%s” is not a moment.") % "")
    return found


def paid_back(value: Any) -> list[dict[str, Any]]:
    """The refunds of an order. Invalid for what is no list of them: money that went back is
    not overlooked. Nothing said is none."""
    found = objects(value)
    if value and (not isinstance(value, list) or len(found) < len(value)):
        raise Invalid(_("The refunds are no list of refunds."), field="refunds")
    return found


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; whatever else was sent is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
