"""Which commission rate counts for a product at a moment, and why (docs/domain.md §2.3).

Of each plan of the merchant that is valid at the moment, the most specific terms speak (product
before category before everything else); of several terms with one scope the last announced that
have begun. A rate of 0 takes the product out of its plan. Whose plans may count depends on who asks
and through which link (`Asker`). Then

- a link for the general plan only gets that one;
- a link that was made for an event gets the event's plan, while it is valid;
- else the best rate wins. Equal rates: a locked targeted plan before a targeted, a self-chosen, a
  first-pieces, an event, a marketing and the general plan; then the newer plan.

What was bought without a click on it gets the general or a marketing plan only. What an exclusive
plan pays for is nobody's but its members'.

`why` is stored in receipts, so it holds facts; `explain` turns them into the reader's language.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from alliance.kernel.money import percent
from merchants.models import (
    JOINED,
    PastCategory,
    PieceTake,
    Plan,
    PlanKind,
    RateLock,
    Terms,
)

EVERYBODYS = frozenset({PlanKind.COMMON, PlanKind.MKT})  # also for what was not clicked on
_KIND_ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            PlanKind.COMMON,
            PlanKind.MKT,
            PlanKind.EVENT,
            PlanKind.TOPN,
            PlanKind.ZX,
            PlanKind.SP,
        )
    )
}


class Asker(NamedTuple):
    """Who asks, and through which link. The default is what everybody is promised."""

    joined: frozenset[int] = frozenset()  # the targeted and self-chosen plans that they are in
    plan_id: int | None = None  # the event plan that the link was made for
    general: bool = False  # the link is for the general plan only (dx=1)
    clicked: bool = True  # the product is the one that was clicked on


class Wanted(NamedTuple):
    """The question: what counts at a moment for a merchant's product (None: one that we do not
    know), which is in a category now. `pieces` of it; `line_id`: the order line that bought them.
    """

    merchant_id: int
    product_id: int | None
    category_id: int | None
    at: datetime
    by: Asker = Asker()
    pieces: int = 1
    line_id: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The terms that count; false if none do. `why`: one dict per plan looked at, the chosen one
    first, with the keys code, plan, kind, scope, rate_bps."""

    plan_id: int
    terms_id: int
    rate_bps: int
    kind: str
    why: tuple[dict[str, Any], ...]

    def __bool__(self) -> bool:
        return self.rate_bps > 0


class TermsFacts(NamedTuple):
    id: int
    rate_bps: int
    starts_at: datetime
    announced_at: datetime


class LockFacts(NamedTuple):
    product_id: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan and its terms by scope: (product, None), (None, category) or (None, None).

    `left`: how many pieces a plan for the first pieces still pays for.
    """

    id: int
    kind: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    terms: dict[tuple[int | None, int | None], tuple[TermsFacts, ...]]
    exclusive: bool = False
    locks: tuple[LockFacts, ...] = ()
    left: int = 0

    def valid_at(self, moment: datetime) -> bool:
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

    def locked_at(self, product_id: int | None, moment: datetime) -> bool:
        return any(
            lock.product_id in (None, product_id) and lock.starts_at <= moment < lock.ends_at
            for lock in self.locks
        )

    def in_force(
        self, product_id: int | None, category_id: int | None, moment: datetime
    ) -> tuple[str, TermsFacts] | None:
        """The scope's name and the terms that speak for the product at the moment."""
        scopes = (
            ("product", product_id, (product_id, None)),
            ("category", category_id, (None, category_id)),
            ("everything", True, (None, None)),
        )
        for name, known, scope in scopes:
            begun = [t for t in self.terms.get(scope, ()) if t.starts_at <= moment]
            if known is not None and begun:
                return name, max(begun, key=lambda t: (t.announced_at, t.id))
        return None


class _Spoken(NamedTuple):
    """What a plan says of the product. `hurdle`: the code for why it cannot count; "" if it can."""

    plan: PlanFacts
    scope: str
    terms: TermsFacts
    hurdle: str
    locked: bool

    @property
    def place(self) -> tuple[Any, ...]:
        """The greatest wins."""
        kind = PlanKind(self.plan.kind)
        locked = kind == PlanKind.SP and self.locked
        return (
            self.terms.rate_bps,
            locked,
            _KIND_ORDER[kind],
            self.plan.starts_at,
            self.plan.id,
        )


def choose(plans: Iterable[PlanFacts], wanted: Wanted) -> Found:
    """The decision itself: pure, from a merchant's plans."""
    by = wanted.by
    spoken = _spoken(plans, wanted)
    able = [one for one in spoken if not one.hurdle]
    linked = [one for one in able if one.plan.id == by.plan_id] if not by.general else []
    best = max(linked or able, key=lambda one: one.place, default=None)
    ranked = sorted(spoken, key=lambda one: (one is best, *one.place), reverse=True)
    why = tuple(
        {
            "code": one.hurdle or _code(one, best, by),
            "plan": one.plan.name,
            "kind": one.plan.kind,
            "scope": one.scope,
            "rate_bps": one.terms.rate_bps,
        }
        for one in ranked
    )
    if best is None:
        return Found(0, 0, 0, "", why)
    return Found(best.plan.id, best.terms.id, best.terms.rate_bps, best.plan.kind, why)


def _spoken(plans: Iterable[PlanFacts], wanted: Wanted) -> list[_Spoken]:
    """What the plans say that are anything to whoever asks."""
    by, at = wanted.by, wanted.at
    speaking = [
        (plan, *said)
        for plan in plans
        if plan.valid_at(at) and (said := plan.in_force(wanted.product_id, wanted.category_id, at))
    ]
    owners = {plan.id for plan, _scope, terms in speaking if plan.exclusive and terms.rate_bps}
    fenced = bool(owners) and not owners & by.joined
    return [
        _Spoken(
            plan,
            scope,
            terms,
            _hurdle(plan, terms, wanted, fenced=fenced),
            plan.locked_at(wanted.product_id, at),
        )
        for plan, scope, terms in speaking
        if _concerns(plan, by)
    ]


def _concerns(plan: PlanFacts, by: Asker) -> bool:
    """Nobody hears of plans that they are not in, or of events that the link is not for."""
    if plan.kind in EVERYBODYS:
        return True
    if not by.clicked:
        return False
    if plan.kind in JOINED:
        return plan.id in by.joined
    return plan.kind == PlanKind.TOPN or plan.id == by.plan_id


def _hurdle(plan: PlanFacts, terms: TermsFacts, wanted: Wanted, *, fenced: bool) -> str:
    if not terms.rate_bps:
        return "taken_out"
    if fenced:
        return "exclusive"
    if wanted.by.general and plan.kind != PlanKind.COMMON:
        return "general_only"
    if plan.kind == PlanKind.TOPN and plan.left < wanted.pieces:
        return "sold_out"
    return ""


def _code(one: _Spoken, best: _Spoken | None, by: Asker) -> str:
    if best is None or one is best:
        if by.general:
            return "chosen_general"
        return "chosen_link" if one.plan.id == by.plan_id else "chosen"
    if best.plan.id == by.plan_id:
        return "link_first"
    return "lower" if one.terms.rate_bps < best.terms.rate_bps else "same_rate"


def reserved(found: Found) -> bool:
    """Whether nothing pays because the product is for the members of an exclusive plan."""
    return not found and any(one["code"] == "exclusive" for one in found.why)


def terms_at(wanted: Iterable[Wanted]) -> dict[Wanted, Found]:
    """For each question: what counted then. Of first pieces: what is left now, or for a line that
    has had its pieces, that it had them.

    Two queries, however many are asked for; one more each where there are targeted plans, first
    pieces, or rates for categories. Nothing dated is ever edited, so the answer for a past moment
    stays the same for ever.
    """
    asked = list(dict.fromkeys(wanted))
    return _found(asked, plans_for(asked)) if asked else {}


def _found(asked: Sequence[Wanted], plans: dict[int, list[PlanFacts]]) -> dict[Wanted, Found]:
    had, then = _pieces_had(asked, plans), as_filed(asked, plans)
    return {
        one: choose(_as_had(plans.get(one.merchant_id, ()), one, had), then[one]) for one in asked
    }


class Change(NamedTuple):
    """Terms that nobody has announced: `rate_bps` of a plan for a product, a category, or all. With
    `opens` they are those of a plan that nobody has opened yet: its kind and its name; `plan_id`
    is 0 then."""

    plan_id: int
    rate_bps: int
    product_id: int | None = None
    category_id: int | None = None
    opens: tuple[str, str] | None = None


def terms_if(wanted: Iterable[Wanted], change: Change) -> dict[Wanted, Found]:
    """What would have counted if these had been the plan's last terms all along."""
    asked = list(dict.fromkeys(wanted))
    if not asked:
        return {}
    scope = (change.product_id, change.category_id)
    ever = datetime.min.replace(tzinfo=UTC)
    last = datetime.max.replace(tzinfo=UTC)
    changed = (TermsFacts(0, change.rate_bps, ever, last),)
    known = plans_for(asked)
    plans = {
        one.merchant_id: [
            replace(plan, terms={**plan.terms, scope: changed})
            if plan.id == change.plan_id
            else plan
            for plan in known.get(one.merchant_id, ())
        ]
        for one in asked
    }
    if change.opens:
        kind, name = change.opens
        for found in plans.values():
            found.append(PlanFacts(0, kind, name, ever, None, {scope: changed}))
    return _found(asked, plans)


# --- What the database knows of them -------------------------------------------------------------


def plans_for(asked: Sequence[Wanted]) -> dict[int, list[PlanFacts]]:
    """By merchant: the plans that could count for what is asked."""
    first, last = min(one.at for one in asked), max(one.at for one in asked)
    rows = list(
        Plan.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=first),
            merchant__in={one.merchant_id for one in asked},
            starts_at__lte=last,
        ).select_related("stock")
    )
    by_plan: dict[int, dict[tuple[int | None, int | None], list[TermsFacts]]] = defaultdict(
        lambda: defaultdict(list)
    )
    terms = Terms.objects.filter(
        Q(product=None) | Q(product__in={one.product_id for one in asked} - {None}),
        plan__in=rows,
        starts_at__lte=last,
    )
    for (
        plan_id,
        product_id,
        category_id,
        pk,
        rate_bps,
        starts_at,
        announced_at,
    ) in terms.values_list(
        "plan", "product", "category", "id", "rate_bps", "starts_at", "created_at"
    ):
        facts = TermsFacts(pk, rate_bps, starts_at, announced_at)
        by_plan[plan_id][product_id, category_id].append(facts)
    locks = _locks([row for row in rows if row.kind == PlanKind.SP])
    plans: dict[int, list[PlanFacts]] = defaultdict(list)
    for row in rows:
        plans[row.merchant_id].append(
            PlanFacts(
                id=row.pk,
                kind=row.kind,
                name=row.name,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                terms={scope: tuple(each) for scope, each in by_plan[row.pk].items()},
                exclusive=row.exclusive,
                locks=tuple(locks[row.pk]),
                left=row.stock.left if row.kind == PlanKind.TOPN else 0,
            )
        )
    return plans


def as_filed(
    asked: Sequence[Wanted], plans: Mapping[int, Iterable[PlanFacts]]
) -> dict[Wanted, Wanted]:
    """Each question with the category in which its product was at the moment, not now."""
    by_category = any(
        category for each in plans.values() for plan in each for _product, category in plan.terms
    )
    products = {one.product_id for one in asked} - {None}
    if not by_category or not products:
        return {one: one for one in asked}
    left: dict[int, list[tuple[datetime, int | None]]] = defaultdict(list)
    rows = PastCategory.objects.filter(
        product__in=products, until__gt=min(one.at for one in asked)
    ).order_by("until", "pk")
    for product_id, until, category_id in rows.values_list("product", "until", "category"):
        left[product_id].append((until, category_id))
    return {
        one: one._replace(
            category_id=next(
                (was for until, was in left[one.product_id or 0] if one.at < until),
                one.category_id,
            )
        )
        for one in asked
    }


def _locks(plans: Sequence[Plan]) -> dict[int, list[LockFacts]]:
    """Of targeted plans: only there a lock decides anything."""
    found: dict[int, list[LockFacts]] = defaultdict(list)
    if plans:
        rows = RateLock.objects.filter(plan__in=plans)
        for row in rows:
            found[row.plan_id].append(LockFacts(row.product_id, row.starts_at, row.ends_at))
    return found


def _pieces_had(asked: Iterable[Wanted], plans: dict[int, list[PlanFacts]]) -> dict[int, int]:
    """By order line: the plan whose first pieces it has had."""
    lines = {one.line_id for one in asked} - {None}
    if not lines or not any(one.kind == PlanKind.TOPN for each in plans.values() for one in each):
        return {}
    takes = PieceTake.objects.filter(line__in=lines)
    return dict(takes.values_list("line", "stock__plan"))


def _as_had(plans: Sequence[PlanFacts], one: Wanted, had: dict[int, int]) -> Sequence[PlanFacts]:
    """The plans as an order line found them that has been decided on: its pieces were there."""
    if one.line_id is None:
        return plans
    return [
        replace(plan, left=one.pieces if had.get(one.line_id) == plan.id else 0)
        if plan.kind == PlanKind.TOPN
        else plan
        for plan in plans
    ]


# --- In words ------------------------------------------------------------------------------------


def explain(why: Iterable[dict[str, Any]]) -> list[str]:
    """The facts of a `Found.why`, in sentences for people."""
    return [_sentence(fact) for fact in why]


def _sentence(fact: dict[str, Any]) -> str:
    words = {
        "plan": fact["plan"],
        "rate": percent(fact["rate_bps"]),
        "scope": {
            "product": _("for this product"),
            "category": _("for its category"),
            "everything": _("for the whole shop"),
        }[fact["scope"]],
    }
    sentences = {
        "chosen": _("“%(plan)s” counts: %(rate)s %(scope)s, the best rate at that moment."),
        "chosen_link": _(
            "“%(plan)s” counts: %(rate)s %(scope)s, because the link was made for it."
        ),
        "chosen_general": _(
            "“%(plan)s” counts: %(rate)s %(scope)s, because the link asks for the general plan."
        ),
        "lower": _("“%(plan)s” offered less: %(rate)s %(scope)s."),
        "same_rate": _("“%(plan)s” offered the same, %(rate)s %(scope)s, and ranks behind."),
        "link_first": _(
            "“%(plan)s” offered %(rate)s %(scope)s; the link was made for another plan."
        ),
        "general_only": _(
            "“%(plan)s” offered %(rate)s %(scope)s; the link asks for the general plan."
        ),
        "sold_out": _(
            "“%(plan)s” pays %(rate)s for the first pieces only, and not enough were left."
        ),
        "exclusive": _(
            "“%(plan)s” does not count (%(rate)s %(scope)s): "
            "the product is reserved for the members of an exclusive plan."
        ),
        "taken_out": _("“%(plan)s” leaves this out (%(scope)s)."),
    }
    return sentences[fact["code"]] % words
