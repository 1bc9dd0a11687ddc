"""Products out of a file of any layout (`product_files`): saved in batches, with what changed.

A file that says it is the shop's whole assortment also ends what it does not list, with the next
business day; unless it broke off, or lists so much less than before that a person is asked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money
from merchants.feeds.product_files import Entry, product_file
from merchants.feeds.product_rows import REQUIRED, Offer, ProductRows
from merchants.feeds.runs import OnChanged, RowFault, Tally
from merchants.models import (
    Category,
    ChangeKind,
    ColumnMapping,
    ImportChange,
    ImportKind,
    Plan,
    PlanKind,
    PlanState,
    Product,
    ProductState,
)
from merchants.services.imports import import_missing, newer_than
from merchants.services.products import Fields, ProductOutcome, products_save
from merchants.services.terms import plan_held, product_rates_announce

KIND = ImportKind.PRODUCTS
LABEL = gettext_lazy("Products")

BATCH = 1000
LARGEST_BATCH = 16 << 20  # characters: a batch of large entries ends sooner
MOST = 1_000_000  # entries of a file
LONGEST_ID = 64
MOST_MISSING = 2  # more than one in so many: a person is asked
_SHOWN = 200  # of a text that changed, so much is kept


@dataclass(slots=True)
class _Row:
    entry: Entry
    offer: Offer


def read(
    tally: Tally, file: BinaryIO, mapping: ColumnMapping | None, on_changed: OnChanged
) -> None:
    """Create or change the file's products.

    Counts: rows, which are created, changed, back, withdrawn, unchanged or refused; rates; missing
    (products that a full file does not list). Raises Invalid if a table lacks a required column or
    the file breaks off or has too many rows; what came before is kept, and nothing ends.
    `on_changed` gets product keys.
    """
    with product_file(file) as found:
        tally.run.layout = found.layout
        tally.watch(found.body)
        missing = [name for name in REQUIRED if found.names is not None and name not in found.names]
        if missing:
            raise Invalid(_("The file has no column “%(column)s”.") % {"column": missing[0]})
        reader = _Reader(tally, on_changed)
        broken: list[Invalid] = []
        entries = _until_broken(found.entries, broken)
        for batch in _batches(entries):
            reader.take(batch)
            if tally.counts["rows"] > MOST:
                raise Invalid(_("A file may have at most %(most)d products.") % {"most": MOST})
        if broken:
            raise broken[0]
        reader.end()


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """A thousand entries at a time, and fewer of large ones: a small packed file can hold many."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += sum(len(name) + len(text) for name, text in entry.raw.items())
        if len(batch) == BATCH or size > LARGEST_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _until_broken(entries: Iterator[Entry], broken: list[Invalid]) -> Iterator[Entry]:
    """The entry after which the file breaks is in the last batch, and that batch is taken."""
    try:
        yield from entries
    except Invalid as exc:
        broken.append(exc)


class _Reader:
    def __init__(self, tally: Tally, on_changed: OnChanged) -> None:
        self.tally, self.run = tally, tally.run
        self.on_changed = on_changed
        self.currency = self.run.merchant.currency
        self.plan = Plan.objects.filter(
            merchant=self.run.merchant, kind=PlanKind.COMMON, state=PlanState.ACTIVE
        ).first()
        self.rows = ProductRows(currency=self.currency, has_plan=self.plan is not None)
        self.categories = dict(Category.objects.values_list("pk", "slug"))
        self.listed: dict[str, int] = {}  # the shop's id → where it stands
        self.nameless = False

    def take(self, entries: Iterable[Entry]) -> None:
        """One batch, in a handful of statements."""
        good = []
        for entry in entries:
            self.tally.counts["rows"] += 1
            try:
                good.append(_Row(entry, self._offer(entry)))
            except Invalid as fault:
                self._refuse(entry, fault)
        with transaction.atomic():
            if self.plan and any(row.offer.rate_bps is not None for row in good):
                plan_held(self.plan)  # before its products, as whoever announces a rate does
            outcomes = products_save(
                shop=self.run.shop,
                products=[row.offer.data for row in good],
                actor=self.run.actor,
                listed=True,
            )
            changes = list(self._changes(good, outcomes))
            self.tally.save(changes)
        self.on_changed([change.product_id for change in changes])

    def _offer(self, entry: Entry) -> Offer:
        number = entry.values.get("id", "")
        self.nameless |= not number
        known = 0 < len(number) <= LONGEST_ID  # a longer one is refused: we need not remember it
        first = self.listed.setdefault(number, entry.number) if known else entry.number
        if entry.fault:
            raise entry.fault
        if first != entry.number:
            raise RowFault("id_again", _("This id came before, in row %s.") % first, field="id")
        return self.rows.offer(entry.values)

    def _refuse(self, entry: Entry, fault: Invalid) -> None:
        number = entry.values.get("id", "")
        self.tally.refuse(entry.number, fault, entry.raw, external_id=number)

    def _changes(self, good: list[_Row], outcomes: list[ProductOutcome]) -> Iterator[ImportChange]:
        rates: dict[int, int] = {}
        for row, outcome in zip(good, outcomes, strict=True):
            if outcome.error or outcome.product_pk is None:
                self._refuse(row.entry, outcome.error or Invalid())  # type: ignore[arg-type]
                continue
            if turns_at := row.offer.turns_at:
                self.run.turns_at = min(self.run.turns_at or turns_at, turns_at)
            if row.offer.rate_bps is not None:
                rates[outcome.product_pk] = row.offer.rate_bps
            kind = _kind(outcome)
            self.tally.counts[_COUNTED.get(kind, kind)] += 1
            if kind != "unchanged":
                yield ImportChange(
                    run=self.run,
                    product_id=outcome.product_pk,
                    external_id=outcome.external_id,
                    kind=kind,
                    fields=self._fields(outcome.fields),
                )
        if self.plan and rates:
            terms = product_rates_announce(plan=self.plan, rates=rates, actor=self.run.actor)
            self.tally.counts["rates"] += len(terms)

    def _fields(self, fields: Fields) -> dict[str, list[str]]:
        return {
            name.removesuffix("_minor").removesuffix("_id"): [
                self._said(name, value) for value in pair
            ]
            for name, pair in fields.items()
        }

    def _said(self, name: str, value: Any) -> str:
        if name == "price_minor":
            return Money(value, self.currency).plain
        if name == "category_id":
            return self.categories.get(value, "")
        return str(value.isoformat() if isinstance(value, datetime) else value or "")[:_SHOWN]

    def end(self) -> None:
        """The file was read to its end: what a full one does not list comes to its own."""
        if not self.run.full or self.nameless:  # a product may stand in a line without an id
            return
        if newer_than(self.run).filter(full=True).exists():  # read late: that one has the say
            return
        on_sale = Product.objects.filter(
            shop=self.run.shop, state=ProductState.ON_SALE, ends_at=None
        ).values_list("pk", "external_id")
        count, missing = 0, {}
        for pk, number in on_sale.iterator():
            count += 1
            if number not in self.listed:
                missing[pk] = number
        if missing:
            ask = len(missing) * MOST_MISSING > count
            self.tally.counts["missing"] = len(missing)
            import_missing(run=self.run, products=missing, ask=ask)


_COUNTED = {"new": "created"}


def _kind(outcome: ProductOutcome) -> str:
    if outcome.change == "created":
        return ChangeKind.NEW
    if outcome.change == "unchanged":
        return "unchanged"
    if "state" not in outcome.fields:
        return ChangeKind.BACK if "ends_at" in outcome.fields else ChangeKind.CHANGED
    on_sale = outcome.fields["state"][1] == ProductState.ON_SALE
    return ChangeKind.BACK if on_sale else ChangeKind.WITHDRAWN
