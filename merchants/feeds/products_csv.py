"""Products in a CSV file, with the names of Google's product specification and three of our own.

Columns: id, title, link, price ("12.00 CNY"); and if you like description, image_link,
availability, brand, product_type, category (slug or name), title_en, title_de, commission_rate
(percent, announced in the general plan). Others are left alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money, percent
from merchants.feeds.runs import OnChanged, RowFault, Tally
from merchants.feeds.table import EXTRA, Table
from merchants.models import Category, ColumnMapping, ImportKind, Plan, PlanKind, PlanState
from merchants.services.plans import product_rates_announce
from merchants.services.products import ProductData, products_save

KIND = ImportKind.PRODUCTS
LABEL = gettext_lazy("Products (CSV)")

REQUIRED = ("id", "title", "link", "price")
COLUMNS = (
    *REQUIRED,
    "description",
    "image_link",
    "availability",
    "brand",
    "product_type",
    "category",
    "title_en",
    "title_de",
    "commission_rate",
)
BATCH = 1000
_PRICE = re.compile(r"([A-Z]{3})?\s*(\d{1,12}(?:[.,]\d{1,6})?)\s*([A-Z]{3})?", re.ASCII)
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,2})?", re.ASCII)
_ON_SALE = {"", "in_stock", "preorder", "backorder", "有货"}
_SOLD_OUT = {"out_of_stock", "缺货"}


@dataclass(slots=True)
class _Row:
    number: int
    raw: dict[str, str]
    data: ProductData
    rate_bps: int | None


def read(
    tally: Tally, file: BinaryIO, mapping: ColumnMapping | None, on_changed: OnChanged
) -> None:
    """Create or change the file's products. Products that are not in it stay as they are.

    Counts: rows, created, changed, unchanged, refused, rates. Raises Invalid if a required column
    is missing. `on_changed` gets product keys.
    """
    table = Table(file)
    names = {_plain(name): name for name in reversed(table.header)}
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise Invalid(_("The file has no column “%(column)s”.") % {"column": missing[0]})
    reader = _Reader(tally, {name: names[name] for name in COLUMNS if name in names}, on_changed)
    for frame in table.chunks(BATCH):
        tally.counts["rows"] += len(frame)
        cells = zip(frame.index, frame.to_dict("records"), strict=True)
        reader.take((number, {str(k): v for k, v in raw.items()}) for number, raw in cells)


class _Reader:
    def __init__(self, tally: Tally, names: Mapping[str, str], on_changed: OnChanged) -> None:
        self.tally = tally
        self.names = names
        self.on_changed = on_changed
        self.shop = tally.run.shop
        self.currency = tally.run.merchant.currency
        self.categories = _categories()
        self.rows_by_id: dict[str, int] = {}
        self.plan = Plan.objects.filter(
            merchant=tally.run.merchant, kind=PlanKind.COMMON, state=PlanState.ACTIVE
        ).first()

    def take(self, rows: Iterator[tuple[int, dict[str, str]]]) -> None:
        """One chunk, in a handful of statements."""
        good = []
        for number, raw in rows:
            extra = raw.pop(EXTRA)
            try:
                good.append(self._row(number, raw, extra))
            except Invalid as fault:
                self.tally.refuse(number, fault, raw)
        outcomes = products_save(
            shop=self.shop, products=[row.data for row in good], actor=self.tally.run.actor
        )
        rates: dict[int, int] = {}
        for row, outcome in zip(good, outcomes, strict=True):
            if outcome.error or outcome.product_pk is None:
                self.tally.refuse(row.number, outcome.error or Invalid(), row.raw)
                continue
            self.tally.counts[outcome.change] += 1
            if row.rate_bps is not None:
                rates[outcome.product_pk] = row.rate_bps
        if self.plan and rates:
            terms = product_rates_announce(plan=self.plan, rates=rates, actor=self.tally.run.actor)
            self.tally.counts["rates"] += len(terms)
        self.tally.save()
        self.on_changed(
            [o.product_pk for o in outcomes if o.product_pk and o.change != "unchanged"]
        )

    def _row(self, number: int, raw: dict[str, str], extra: str) -> _Row:
        if extra:
            raise RowFault("too_many_cells", _("The row has more cells than the header."))
        cell = {name: raw[self.names[name]] if name in self.names else "" for name in COLUMNS}
        first = self.rows_by_id.setdefault(cell["id"], number)
        if first != number:
            raise RowFault("id_again", _("This id came before, in row %s.") % first)
        data = ProductData(
            external_id=cell["id"],
            title=cell["title"],
            url=cell["link"],
            price_minor=self._price(cell["price"]),
            title_en=cell["title_en"],
            title_de=cell["title_de"],
            description=cell["description"],
            category=self._category(cell["category"], cell["product_type"]),
            brand=cell["brand"],
            image_url=cell["image_link"],
            on_sale=_availability(cell["availability"]),
        )
        return _Row(number, raw, data, self._rate(cell["commission_rate"]))

    def _price(self, text: str) -> int:
        found = _PRICE.fullmatch(text.strip().upper())
        if not found:
            raise RowFault("bad_price", _("“%s” is not a price such as 12.00 CNY.") % text[:40])
        if (found[1] or found[3] or self.currency) != self.currency:
            raise RowFault("other_currency", _("The merchant does not trade in this currency."))
        return Money.parse(found[2].replace(",", "."), self.currency).minor

    def _category(self, named: str, product_type: str) -> str:
        """Our slug. A name of ours must be right; somebody else's product type may not be one."""
        if named:
            if named.casefold() not in self.categories:
                raise RowFault("no_category", _("There is no category “%s”.") % named[:60])
            return self.categories[named.casefold()]
        last = product_type.rpartition(">")[2].strip()
        return self.categories.get(last.casefold(), "")

    def _rate(self, text: str) -> int | None:
        text = text.strip().rstrip("%").strip().replace(",", ".")
        if not text:
            return None
        low, high = settings.ALLIANCE["RATE_MIN_BPS"], settings.ALLIANCE["RATE_MAX_BPS"]
        bps = int(Decimal(text) * 100) if _PERCENT.fullmatch(text) else -1
        if bps and not low <= bps <= high:
            raise RowFault(
                "bad_rate",
                _("A commission rate lies between %(low)s and %(high)s.")
                % {"low": percent(low), "high": percent(high)},
            )
        if self.plan is None:
            raise RowFault("no_plan", _("Open a general plan before you give products a rate."))
        return bps


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold().removeprefix("g:"))


def _availability(text: str) -> bool:
    word = _plain(text)
    if word in _SOLD_OUT:
        return False
    if word not in _ON_SALE:
        raise RowFault("bad_availability", _("“%s” is no availability.") % text[:40])
    return True


def _categories() -> dict[str, str]:
    """Slugs by slug and by each of the three names."""
    found: dict[str, str] = {}
    for slug, *names in Category.objects.values_list("slug", "name_zh", "name_en", "name_de"):
        for name in (*names, slug):
            found[name.casefold()] = slug
    return found
