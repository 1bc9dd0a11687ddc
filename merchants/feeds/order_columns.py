"""Which column of an order file means what, and what its cells say: from text to typed rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.kernel.errors import DomainError, Invalid
from alliance.kernel.money import Money
from merchants.feeds.runs import RowFault
from merchants.feeds.table import EXTRA
from merchants.models import OrderState

if TYPE_CHECKING:
    import pandas as pd

# Our field → what people call it, and the headers it usually has (compared without case, spaces
# and punctuation). The order is the order of the form.
FIELDS: dict[str, tuple[Any, str]] = {
    "order": (
        gettext_lazy("Order number"),
        (
            "orderid ordernumber orderno invoiceno invoice name 订单编号 订单号"
            " bestellnummer bestellnr bestellid auftragsnummer auftragsnr rechnungsnummer"
        ),
    ),
    "placed_at": (
        gettext_lazy("Placed at"),
        (
            "placedat createdat orderdate invoicedate date 订单创建时间 下单时间"
            " bestelldatum bestelltam auftragsdatum rechnungsdatum datum"
        ),
    ),
    "product": (
        gettext_lazy("Product id"),
        (
            "productid stockcode sku itemid lineitemsku 商品编号 商品id 宝贝id"
            " artikelnummer artikelnr artikelid produktnummer produktid"
        ),
    ),
    "line": (gettext_lazy("Line number"), "lineid linenumber 子订单编号 positionsnummer position"),
    "title": (
        gettext_lazy("Product title"),
        (
            "title description productname lineitemname 宝贝标题 商品标题 商品名称 标题"
            " bezeichnung artikelbezeichnung artikelname produktname artikel produkt"
        ),
    ),
    "quantity": (
        gettext_lazy("Quantity"),
        "quantity qty lineitemquantity 宝贝总数量 购买数量 数量 menge anzahl stückzahl stück",
    ),
    "unit_price": (
        gettext_lazy("Price of one piece"),
        "unitprice price lineitemprice 单价 einzelpreis stückpreis preis",
    ),
    "total": (
        gettext_lazy("Amount paid for the line"),
        (
            "linetotal amount total 买家实际支付金额 实付金额"
            " betrag summe gesamtbetrag gesamtpreis gesamtsumme zeilenbetrag"
        ),
    ),
    "deposit": (
        gettext_lazy("Deposit of a pre-sale line"),
        "deposit depositprice 定金 定金金额 anzahlung",
    ),
    "currency": (gettext_lazy("Currency"), "currency ordercurrency 币种 währung"),
    "state": (
        gettext_lazy("State"),
        "state status orderstatus financialstatus 订单状态 状态 bestellstatus zustand",
    ),
    "deposit_paid_at": (
        gettext_lazy("Deposit paid at"),
        "depositpaidat deposittime 定金付款时间",
    ),
    "paid_at": (
        gettext_lazy("Paid at"),
        "paidat paiddate 订单付款时间 付款时间 bezahltam zahlungsdatum",
    ),
    "received_at": (
        gettext_lazy("Received at"),
        "receivedat deliveredat fulfilledat 确认收货时间 erhaltenam zugestelltam",
    ),
    "updated_at": (gettext_lazy("Last change at"), "updatedat modifiedat 修改时间 geändertam"),
    # Other networks' names for it, but for those that mean a payment in the exports of shops.
    "click_id": (gettext_lazy("Click id"), "clickid irclickid awc dubid klickid"),
    "coupon": (
        gettext_lazy("Coupon code"),
        "couponcode coupon discountcode 优惠券 gutscheincode gutschein rabattcode",
    ),
    "customer": (
        gettext_lazy("Buyer (to find what a return undoes; never stored)"),
        "customerid customer buyerid 买家会员名 kundennummer kundennr käufer kunde",
    ),
    "refund_of": (
        gettext_lazy("Order that a refund undoes"),
        "refundof originalorder 原订单编号 ursprungsbestellung",
    ),
}
REQUIRED = ("order", "placed_at")
_MOMENTS = ("placed_at", "deposit_paid_at", "paid_at", "received_at", "updated_at")
_UNREADABLE = -1  # of a deposit
_AWARE = r"(?:Z|[+-]\d\d:?\d\d)$"
# No exponents: "1e999999999" is no price, and would fill the memory.
_NUMBER = re.compile(r"[+-]?(?=\.?\d)\d{0,15}(\.\d{0,12})?", re.ASCII)
_CURRENCY_MARKS = re.compile(r"[¥￥£€$\s\u00a0]|[A-Z]{3}$|^[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Options:
    """How to read the cells. Kept as JSON with the mapping."""

    encoding: str = ""  # "": found out
    date_format: str = ""  # strptime; "": ISO 8601
    zone: str = field(default_factory=lambda: settings.TIME_ZONE)
    decimal: str = "."
    currency: str = ""  # "": the merchant's
    states: Mapping[str, str] = field(default_factory=dict)  # the file's word → ours
    state: str = "paid"  # where the file says nothing
    refunds: str = "none"  # none | negative | prefix: how a refund row is recognised
    refund_prefix: str = ""  # of the order number
    refund_match: str = "order"  # order | customer: how what it undoes is found
    not_products: Sequence[str] = ()  # codes that are freight, fees, corrections

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Options":
        """From JSON; unknown names are left out. Raises Invalid for values that make no sense."""
        options = cls(**{k: v for k, v in stored.items() if k in cls.__slots__})
        try:
            ZoneInfo(options.zone)
            "".encode(options.encoding or "utf-8")
        except (LookupError, ValueError, OSError):
            raise Invalid(_("There is no such time zone or encoding."), field="zone") from None
        if options.decimal not in {".", ","} or not {
            options.state,
            *options.states.values(),
        } <= set(OrderState.values):
            raise Invalid(_("The states or the decimal mark are not known."), field="states")
        if options.refunds not in {"none", "negative", "prefix"} or (
            options.refunds == "prefix" and not options.refund_prefix
        ):
            raise Invalid(_("Say by what a refund row is recognised."), field="refunds")
        return options


@dataclass(slots=True)
class Row:
    """One row of the file. `minor` is signed; a row with `fault` is refused for it."""

    number: int
    order: str
    line: str
    product: str
    title: str
    quantity: int
    unit: Decimal
    minor: int
    deposit: int | None
    is_refund: bool
    key: tuple[str, str] | None  # what a refund is matched by: (buyer or order, product)
    state: str
    placed_at: datetime | None
    deposit_paid_at: datetime | None
    paid_at: datetime | None
    received_at: datetime | None
    updated_at: datetime | None
    click_id: str
    coupon: str
    refund_of: str
    header: Sequence[str]
    cells: Sequence[str]
    fault: DomainError | None = None

    @property
    def raw(self) -> dict[str, str]:
        """The row as it is in the file, by the names of its columns."""
        return dict(zip(self.header, self.cells, strict=True))


def suggest(header: Sequence[str]) -> dict[str, str]:
    """Our field → the column that looks like it."""
    plain = {re.sub(r"[\W_]+", "", name.casefold()): name for name in reversed(header)}
    found: dict[str, str] = {}
    for name, (_label, usual) in FIELDS.items():
        for word in (name.replace("_", ""), *usual.split()):
            if word in plain and plain[word] not in found.values():
                found[name] = plain[word]
                break
    return found


class OrderColumns:
    """A mapping, made ready to read chunks of one file with."""

    def __init__(
        self,
        columns: Mapping[str, str],
        options: Mapping[str, Any],
        *,
        header: Sequence[str],
        currency: str,
    ) -> None:
        self.options = Options.of(options)
        self.columns = {name: column for name, column in columns.items() if column}
        self.currency = currency
        self.foreign = self.options.currency not in {"", currency}
        self.zone = ZoneInfo(self.options.zone)
        self.states = {word.strip().casefold(): ours for word, ours in self.options.states.items()}
        self.states = {state: state for state in OrderState.values} | self.states
        self.not_products = {code.strip().casefold() for code in self.options.not_products}
        missing = [column for column in self.columns.values() if column not in header]
        if missing:
            raise Invalid(
                _("The file has no column “%(column)s”.") % {"column": missing[0]}, field="columns"
            )
        for name in REQUIRED:
            if name not in self.columns:
                raise Invalid(
                    _("Say which column holds: %(what)s.") % {"what": FIELDS[name][0]}, field=name
                )
        if "total" not in self.columns and not {"quantity", "unit_price"} <= set(self.columns):
            raise Invalid(
                _("The amount of a line comes from its own column, or from quantity and price."),
                field="total",
            )

    def keys(self, frame: "pd.DataFrame") -> Iterator[tuple[int, str, tuple[str, str] | None]]:
        """Row number, order number and, for refunds, the key: enough for a first look."""
        names = ("order", "product", "customer", "refund_of", "quantity", "total", "unit_price")
        cells = zip(frame.index, *(self._column(frame, name) for name in names), strict=True)
        for number, order, product, customer, refund_of, *amounts in cells:
            is_refund = self._is_refund(order, amounts)
            key = self._key(order, product, customer, refund_of) if is_refund else None
            yield number, order, key

    def rows(self, frame: "pd.DataFrame") -> Iterator[Row]:
        """The chunk's rows, typed; what a row is refused for is in its `fault`."""
        moments = {name: self._moments(self._column(frame, name)) for name in _MOMENTS}
        texts = {name: self._column(frame, name) for name in FIELDS if name not in moments}
        plain = frame.drop(columns=EXTRA)
        header, extras = [str(name) for name in plain.columns], frame[EXTRA].tolist()
        written = {name: self._column(frame, name) for name in moments}
        for at, (number, cells) in enumerate(
            zip(frame.index, plain.to_numpy().tolist(), strict=True)
        ):
            text = {name: column[at] for name, column in texts.items()}
            row = self._row(number, text, header, cells)
            for name, column in moments.items():
                setattr(row, name, column[at])
            unread = [n for n in moments if written[n][at] and moments[n][at] is None]
            row.fault = self._fault(row, text, extras[at], unread)
            yield row

    def _row(
        self, number: int, text: dict[str, str], header: Sequence[str], cells: Sequence[str]
    ) -> Row:
        is_refund = self._is_refund(
            text["order"], [text["quantity"], text["total"], text["unit_price"]]
        )
        quantity, unit, minor = self._amounts(text)
        return Row(
            number=number,
            order=text["order"],
            line=text["line"],
            product=text["product"],
            title=text["title"],
            quantity=quantity,
            unit=unit,
            minor=minor,
            deposit=self._deposit(text["deposit"]),
            is_refund=is_refund,
            key=self._key(text["order"], text["product"], text["customer"], text["refund_of"]),
            state=self.states.get(text["state"].casefold(), "") if text["state"] else "",
            placed_at=None,
            deposit_paid_at=None,
            paid_at=None,
            received_at=None,
            updated_at=None,
            click_id=text["click_id"],
            coupon=text["coupon"],
            refund_of=text["refund_of"],
            header=header,
            cells=cells,
        )

    def _fault(
        self, row: Row, text: dict[str, str], extra: str, unread: Sequence[str]
    ) -> RowFault | None:
        if extra:
            return RowFault("too_many_cells", _("The row has more cells than the header."))
        if not row.order:
            return RowFault("no_order", _("The row has no order number."))
        if unread or row.placed_at is None:
            what = FIELDS[unread[0] if unread else "placed_at"][0]
            return RowFault("bad_moment", _("%(what)s: not a readable date.") % {"what": what})
        if self.foreign or text["currency"].upper() not in {"", self.currency}:
            return RowFault("other_currency", _("The merchant does not trade in this currency."))
        if text["state"] and not row.state:
            return RowFault("unknown_state", _("The state “%s” is not mapped.") % text["state"])
        if row.product.casefold() in self.not_products:
            return RowFault("not_a_product", _("“%s” is not a product.") % row.product)
        return self._amount_fault(row)

    def _amount_fault(self, row: Row) -> RowFault | None:
        if row.unit.is_nan():
            return RowFault("bad_amount", _("Quantity or amount is not a number."))
        if row.unit < 0:
            return RowFault("negative_price", _("The price is below zero."))
        if row.minor == 0:
            return RowFault("zero_amount", _("Nothing was paid for it."))
        if row.minor < 0 and not row.is_refund:
            return RowFault("negative_amount", _("The amount is below zero, but is no refund."))
        if row.deposit is not None and not (row.is_refund or 0 <= row.deposit <= row.minor):
            return RowFault("bad_deposit", _("The deposit is not a part of the amount."))
        if not 1 <= abs(row.quantity) <= 1_000_000:
            return RowFault("bad_quantity", _("The quantity is not at least one."))
        return None

    def _is_refund(self, order: str, amounts: Sequence[str]) -> bool:
        if self.options.refunds == "prefix":
            return order.startswith(self.options.refund_prefix)
        return self.options.refunds == "negative" and any(a.startswith("-") for a in amounts)

    def _key(
        self, order: str, product: str, customer: str, refund_of: str
    ) -> tuple[str, str] | None:
        who = customer if self.options.refund_match == "customer" else refund_of or order
        return (who, product) if who and product else None

    def _amounts(self, text: dict[str, str]) -> tuple[int, Decimal, int]:
        """Quantity, price apiece, amount in minor units (rounded once per row). NaN: unreadable."""
        try:
            quantity = self._number(text["quantity"]) if text["quantity"] else Decimal(1)
            if "total" in self.columns:
                total = self._number(text["total"])
                unit = abs(total / quantity) if quantity else abs(total)
            else:
                unit = self._number(text["unit_price"])
                total = unit * quantity
            minor = Money.parse(str(total), self.currency).minor
        except ValueError:
            return 0, Decimal("NaN"), 0
        return (int(quantity), unit, minor) if quantity == int(quantity) else (0, unit, minor)

    def _deposit(self, text: str) -> int | None:
        if not text:
            return None
        try:
            return Money.parse(str(self._number(text)), self.currency).minor
        except ValueError:
            return _UNREADABLE

    def _number(self, text: str) -> Decimal:
        text = _CURRENCY_MARKS.sub("", text)
        text = text.replace("," if self.options.decimal == "." else ".", "").replace("'", "")
        text = text.replace(",", ".")
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        return Decimal(text)

    def _column(self, frame: "pd.DataFrame", name: str) -> list[str]:
        column = self.columns.get(name)
        return frame[column].tolist() if column else [""] * len(frame)

    def _moments(self, cells: list[str]) -> list[datetime | None]:
        """Aware moments; None where the cell is empty or not readable."""
        if not any(cells):
            return [None] * len(cells)
        import pandas as pd

        text = pd.Series(cells, dtype=str)
        how = self.options.date_format or "ISO8601"
        aware = text.str.contains(_AWARE)
        if self.options.date_format:
            aware = pd.Series("%z" in how, index=text.index)
        plain = pd.to_datetime(text.where(~aware), format=how, errors="coerce")
        local = plain.dt.tz_localize(
            self.zone, ambiguous=np.ones(len(text), dtype=bool), nonexistent="shift_forward"
        ).dt.tz_convert("UTC")
        zoned = pd.to_datetime(text.where(aware), format=how, errors="coerce", utc=True)
        return [None if pd.isna(m) else m.to_pydatetime() for m in local.fillna(zoned)]
