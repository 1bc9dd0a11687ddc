"""Many products changed in one go: first seen, then done exactly as it was seen.

`bulk_look` says what would become of each product and changes nothing. `bulk_begin` takes the same
wish with the mark of what was seen; if anything came out differently now, nothing is done and a
person looks again. The lines that it writes are the work left, which `bulk_go_on` does some at a
time: it may be called twice, late, or after a worker died.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.kernel import audit, clock
from alliance.kernel.bulk import insert_many, update_many
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import (
    BulkDeed,
    BulkEdit,
    BulkLine,
    BulkLineState,
    BulkState,
    Category,
    EventState,
    Merchant,
    Plan,
    Product,
    ProductState,
    Terms,
)
from merchants.notices import bulk_tell
from merchants.services.locks import moves_locked
from merchants.services.products import products_file, products_restore, products_withdraw
from merchants.services.terms import plan_held, product_rates_announce, product_rates_foresee

MOST = 20_000  # products of one change
SLICE = 1_000  # that are looked at, or changed, together
AT_ONCE = 3  # changes of a merchant that are under way
KEPT = timedelta(days=90)  # what became of each product
UNDONE_WITHIN = timedelta(days=30)
STALLED = timedelta(minutes=2)
GIVEN_UP = timedelta(hours=1)  # it was tried thirty times since
_BACK = {
    BulkDeed.PAUSE: BulkDeed.RESUME,
    BulkDeed.RESUME: BulkDeed.PAUSE,
    BulkDeed.CATEGORY: BulkDeed.CATEGORY,
}


class TooMany(DomainError):
    """The list is longer than one change may be."""

    code = "too_many"
    message = gettext_lazy("At most 20,000 products are changed at a time: narrow the list.")


class SeenOtherwise(DomainError):
    """What would happen now is not what the person saw."""

    code = "seen_otherwise"
    message = gettext_lazy("Something has changed meanwhile. Look at the preview again.")


class StillAtWork(DomainError):
    """So many changes of the merchant are under way that no further one may begin."""

    code = "still_at_work"
    message = gettext_lazy("Earlier changes are still at work. Begin this one when they are done.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be done. With a plan its rates are: `way` is "set" to `bps` basis points, or
    "raise" or "lower" by them."""

    deed: str
    plan: Plan | None = None
    way: str = "set"
    bps: int = 0
    category: Category | None = None

    def rate(self, _product: Product, held: int) -> int:
        """The rate that follows from one. Invalid where a plan pays nothing that could move."""
        if self.way == "set":
            return self.bps
        if not held:
            raise Invalid(_("The plan pays nothing for it that could be raised or lowered."))
        return held + self.bps if self.way == "raise" else held - self.bps


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a product; nothing where neither `changes` nor `why` it is refused.
    `announced`: the rate of its own whose place a new one takes."""

    product: Product
    changes: bool
    before: int | None = None
    after: int | None = None
    starts_at: datetime | None = None
    why: str = ""
    announced: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What would become of all of them. `in_events`: of those to be paused, how many affiliates
    promote in a published event."""

    fates: Sequence[Fate]
    in_events: int = 0

    @property
    def changing(self) -> list[Fate]:
        return [fate for fate in self.fates if fate.changes]

    @property
    def unchanged(self) -> int:
        return sum(not fate.changes and not fate.why for fate in self.fates)

    @property
    def refusals(self) -> list[tuple[str, int]]:
        """Why some are refused, and how many, the most first."""
        return Counter(fate.why for fate in self.fates if fate.why).most_common()

    @property
    def moments(self) -> list[tuple[datetime, int]]:
        """From when new rates would count, and of how many products."""
        found = Counter(fate.starts_at for fate in self.changing if fate.starts_at)
        return sorted(found.items())

    @property
    def mark(self) -> str:
        """The same as long as the same would happen."""
        said = hashlib.sha256()
        for fate in self.fates:
            if fate.changes or fate.why:
                facts = (fate.product.pk, fate.before, fate.after, fate.announced, fate.why)
                said.update(f"{facts};".encode())
        return said.hexdigest()[:32]


def bulk_look(*, merchant: Merchant, products: QuerySet[Product], wish: Wish) -> Look:
    """What the wish would make of each of the merchant's products. Raises TooMany, Invalid."""
    fates: list[Fate] = []
    for rows in _slices(merchant, products):
        fates += _fates(merchant, wish, rows)
        if len(fates) > MOST:
            raise TooMany
    in_events = 0
    if wish.deed == BulkDeed.PAUSE:
        in_events = _in_events(fate.product.pk for fate in fates if fate.changes)
    return Look(fates, in_events)


def _slices(merchant: Merchant, products: QuerySet[Product]) -> Iterable[list[Product]]:
    names = ("external_id", "title", "title_en", "title_de", "state", "held_back", "category")
    rows = products.filter(shop__merchant=merchant).select_related(None).only(*names)
    last = 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:SLICE]):
        yield found
        last = found[-1].pk


def _fates(merchant: Merchant, wish: Wish, rows: Sequence[Product]) -> list[Fate]:
    if wish.plan is not None:
        seen = product_rates_foresee(plan=wish.plan, products=rows, rate_of=wish.rate)
        return [
            Fate(
                one.product,
                one.changes,
                one.before_bps,
                one.after_bps,
                one.starts_at,
                one.why,
                one.announced_bps,
            )
            for one in seen
        ]
    if wish.deed == BulkDeed.CATEGORY:
        after = wish.category.pk if wish.category else None
        into = {row.pk: after for row in rows}
        barred = moves_locked(merchant_pk=merchant.pk, products=rows, into=into)
        return [
            Fate(
                row,
                row.category_id != after and row.pk not in barred,
                row.category_id,
                after,
                why=barred.get(row.pk, ""),
            )
            for row in rows
        ]
    moving = ProductState.ON_SALE if wish.deed == BulkDeed.PAUSE else ProductState.WITHDRAWN
    after = int(wish.deed == BulkDeed.PAUSE)
    return [Fate(row, row.state == moving, int(row.held_back), after) for row in rows]


def _in_events(products: Iterable[int]) -> int:
    published = Terms.objects.filter(
        product__in=list(products),
        rate_bps__gt=0,
        plan__event__state=EventState.PUBLISHED,
        plan__event__ends_at__gt=clock.now(),
    )
    return published.order_by().values("product").distinct().count()


@transaction.atomic
def bulk_begin(
    *, merchant: Merchant, products: QuerySet[Product], wish: Wish, seen: str, actor: User | None
) -> BulkEdit:
    """What was seen (`Look.mark`) is to be done; what is refused is written down with its reason.

    Raises SeenOtherwise if it would come out differently now, Invalid if nothing would change,
    StillAtWork while AT_ONCE others are under way.
    """
    _must_have_room(merchant.pk)
    look = bulk_look(merchant=merchant, products=products, wish=wish)
    if look.mark != seen:
        raise SeenOtherwise
    fates = [fate for fate in look.fates if fate.changes or fate.why]
    return _opened(
        BulkEdit(merchant=merchant, deed=wish.deed, plan=wish.plan, actor=actor),
        [(fate.product.pk, fate.before, fate.after, fate.why) for fate in fates],
    )


@transaction.atomic
def bulk_undo(*, edit: BulkEdit, actor: User | None) -> BulkEdit:
    """Take it back, for the products that are still as it left them; a change of its own.

    Raises WrongState: rates are promises and are announced anew, not taken back; once only, and
    within thirty days; StillAtWork as beginning.
    """
    edit = BulkEdit.objects.select_for_update().get(pk=edit.pk)
    if not undoable(edit):
        raise WrongState(_("This change cannot be taken back."))
    _must_have_room(edit.merchant_id)
    done = edit.lines.filter(state=BulkLineState.DONE).order_by("pk")
    return _opened(
        BulkEdit(
            merchant_id=edit.merchant_id, deed=_BACK[BulkDeed(edit.deed)], actor=actor, undoes=edit
        ),
        [(pk, now, was, "") for pk, was, now in done.values_list("product", "before", "after")],
    )


def _must_have_room(merchant_pk: int) -> None:
    """A form that is sent many times would else leave twenty thousand lines each time."""
    Merchant.objects.select_for_update(no_key=True).only("pk").get(pk=merchant_pk)
    running = BulkEdit.objects.filter(merchant=merchant_pk, state=BulkState.RUNNING)
    if running.count() >= AT_ONCE:
        raise StillAtWork


def undoable(edit: BulkEdit) -> bool:
    return (
        edit.deed in _BACK
        and edit.state == BulkState.DONE
        and edit.done > 0
        and edit.created_at > clock.now() - UNDONE_WITHIN
        and not BulkEdit.objects.filter(undoes=edit).exists()
    )


def _opened(edit: BulkEdit, lines: Sequence[tuple[int, int | None, int | None, str]]) -> BulkEdit:
    edit.total = len(lines)
    edit.refused = sum(bool(why) for *_facts, why in lines)
    if edit.refused == edit.total:
        raise Invalid(_("Nothing would change."), field="product")
    edit.save()
    state = {False: BulkLineState.WAITING, True: BulkLineState.REFUSED}
    insert_many(
        BulkLine(
            edit=edit, product_id=pk, before=was, after=shall, state=state[bool(why)], why=why[:300]
        )
        for pk, was, shall, why in lines
    )
    audit.record(
        "products.bulk",
        edit,
        actor=edit.actor,
        deed=edit.deed,
        plan=edit.plan_id,
        products=edit.total - edit.refused,
        undoes=edit.undoes_id,
    )
    return edit


def bulk_go_on(*, edit_pk: int) -> None:
    """Do what is left of it, some products at a time, each some for good."""
    while _some_done(edit_pk):
        pass


@transaction.atomic(durable=True)
def _some_done(edit_pk: int) -> bool:
    """One slice of it; False when nothing is left. Who holds the row works, others wait."""
    edit = BulkEdit.objects.select_for_update(of=("self",), no_key=True).get(pk=edit_pk)
    if edit.state != BulkState.RUNNING:
        return False
    edit = BulkEdit.objects.select_related("plan", "actor").get(pk=edit_pk)
    lines = list(edit.lines.filter(state=BulkLineState.WAITING).order_by("pk")[:SLICE])
    if not lines:
        _finish(edit, BulkState.DONE)
        return False
    try:
        with transaction.atomic():
            refusals = _do(edit, {line.product_id: line for line in lines})
    except DomainError as exc:  # the plan has ended, say: what is done stays
        _finish(edit, BulkState.FAILED, str(exc))
        return False
    for line in lines:
        line.why = refusals.get(line.product_id, "")[:300]
        line.state = BulkLineState.REFUSED if line.why else BulkLineState.DONE
    update_many(lines, ("state", "why"))
    BulkEdit.objects.filter(pk=edit_pk).update(
        done=F("done") + len(lines) - len(refusals),
        refused=F("refused") + len(refusals),
        updated_at=clock.now(),
    )
    return True


def _finish(edit: BulkEdit, state: BulkState, failure: str = "") -> None:
    edit.state, edit.failure = state, failure[:300]
    edit.save(update_fields=["state", "failure", "updated_at"])
    if state == BulkState.FAILED:
        bulk_tell(edit)


def _do(edit: BulkEdit, lines: Mapping[int, BulkLine]) -> dict[int, str]:
    """Change these products; by key why some could not be."""
    keys = list(lines)
    if edit.deed == BulkDeed.RATE:
        return _announce(edit, lines)
    if edit.deed == BulkDeed.CATEGORY:
        return _file(edit, lines)
    if edit.deed == BulkDeed.PAUSE:
        # One that a feed had withdrawn, and a change had put on sale, is the feed's again.
        loose = [pk for pk in keys if lines[pk].after == 0]
        held = [pk for pk in keys if lines[pk].after != 0]
        moved = products_withdraw(products=held, actor=edit.actor)
        moved |= products_withdraw(products=loose, actor=edit.actor, held_back=False)
        why = _("It was not on sale any more.")
    else:
        moved = products_restore(products=keys, actor=edit.actor)
        why = _("It was on sale already.")
    return dict.fromkeys((pk for pk in keys if pk not in moved), why)


def _file(edit: BulkEdit, lines: Mapping[int, BulkLine]) -> dict[int, str]:
    """Into their categories, those that are still where they were seen; a lock may have been taken
    since."""
    rows = Product.objects.filter(pk__in=lines).only("category").order_by("pk")
    into = {pk: line.after for pk, line in lines.items()}
    refused = moves_locked(merchant_pk=edit.merchant_id, products=list(rows), into=into)
    filed = {pk: (lines[pk].before, into[pk]) for pk in into if pk not in refused}
    moved = products_file(categories=filed, actor=edit.actor)
    why = _("It was put into another category meanwhile.")
    return refused | {pk: why for pk in filed if pk not in moved}


def _announce(edit: BulkEdit, lines: Mapping[int, BulkLine]) -> dict[int, str]:
    """The rates that were seen. One that a person announced another rate for meanwhile is left to
    that one's word, also where it only counts from tomorrow."""
    plan = plan_held(edit.plan)  # type: ignore[arg-type] # so nobody announces any in between
    later = Terms.objects.filter(plan=plan, product__in=lines, created_at__gt=edit.created_at)
    taken = set(later.values_list("product", flat=True))

    def seen(product: Product, held: int) -> int:
        line = lines[product.pk]
        if held != line.before or product.pk in taken:
            raise WrongState(_("Another rate was announced for it meanwhile."))
        return line.after or 0

    rows = list(Product.objects.filter(pk__in=lines).select_related("shop"))
    fates = product_rates_foresee(plan=plan, products=rows, rate_of=seen)
    if rates := {one.product.pk: one.after_bps for one in fates if one.changes}:
        product_rates_announce(plan=plan, rates=rates, actor=edit.actor)
    return {one.product.pk: one.why for one in fates if one.why}


def bulk_stalled() -> list[int]:
    """Keys of changes that nobody gets on with: their message was lost, or their worker."""
    waiting = BulkEdit.objects.filter(state=BulkState.RUNNING, updated_at__lt=clock.now() - STALLED)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:100])


def bulk_give_up() -> None:
    """Stop what has not moved for an hour, however often it was tried: the fault is ours, and its
    team is told rather than left to wait. What was done stays."""
    waiting = BulkEdit.objects.filter(
        state=BulkState.RUNNING, updated_at__lt=clock.now() - GIVEN_UP
    )
    for pk in waiting.order_by("pk").values_list("pk", flat=True)[:100]:
        with transaction.atomic():
            edit = waiting.select_for_update(of=("self",), no_key=True, skip_locked=True)
            if found := edit.filter(pk=pk).first():
                _finish(found, BulkState.FAILED, _("It could not go on, by a fault of ours."))


def bulk_forget() -> None:
    """What became of single products, after ninety days."""
    BulkLine.objects.filter(created_at__lt=clock.now() - KEPT).delete()
