"""Which commission rate counts for a product at a moment, and why (docs/domain.md §2.3).

Of each plan of the merchant that is valid at the moment, the most specific terms speak (product
before category before everything else); of several terms with one scope the last announced that
have begun. The best rate wins. With equal rates a marketing plan goes before the general plan,
then the newer plan. A rate of 0 takes the product out of its plan.

`why` is stored in receipts, so it holds facts; `explain` turns them into the reader's language.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from alliance.kernel.money import percent
from merchants.models import Plan, PlanKind, Terms

Wanted = tuple[int, int | None, int | None, datetime]
_KIND_ORDER = {PlanKind.COMMON: 0, PlanKind.MKT: 1}


@dataclass(frozen=True, slots=True)
class Found:
    """The terms that count. `why`: one dict per plan looked at, the chosen one first, with the keys
    code, plan, kind, scope, rate_bps."""

    plan_id: int
    terms_id: int
    rate_bps: int
    kind: str
    why: tuple[dict[str, Any], ...]


class TermsFacts(NamedTuple):
    id: int
    rate_bps: int
    starts_at: datetime
    announced_at: datetime


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan and its terms by scope: (product, None), (None, category) or (None, None)."""

    id: int
    kind: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    terms: dict[tuple[int | None, int | None], tuple[TermsFacts, ...]]

    def valid_at(self, moment: datetime) -> bool:
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

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


def choose(
    plans: Iterable[PlanFacts],
    product_id: int | None,
    category_id: int | None,
    moment: datetime,
) -> Found | None:
    """The decision itself: pure, from a merchant's plans. None: no plan pays for the product."""
    spoken = []
    for plan in plans:
        speaking = plan.in_force(product_id, category_id, moment) if plan.valid_at(moment) else None
        if speaking:
            spoken.append((plan, *speaking))
    spoken.sort(
        key=lambda one: (
            one[2].rate_bps,
            _KIND_ORDER[PlanKind(one[0].kind)],
            one[0].starts_at,
            one[0].id,
        ),
        reverse=True,
    )
    if not spoken or not spoken[0][2].rate_bps:
        return None
    best, _scope, terms = spoken[0]
    why = tuple(
        {
            "code": _code(plan, other.rate_bps, best, terms.rate_bps),
            "plan": plan.name,
            "kind": plan.kind,
            "scope": scope,
            "rate_bps": other.rate_bps,
        }
        for plan, scope, other in spoken
    )
    return Found(best.id, terms.id, terms.rate_bps, best.kind, why)


def _code(plan: PlanFacts, rate_bps: int, best: PlanFacts, best_bps: int) -> str:
    if plan is best:
        return "chosen"
    if rate_bps == 0:
        return "taken_out"
    return "lower" if rate_bps < best_bps else "same_rate"


def terms_at(wanted: Iterable[Wanted]) -> dict[Wanted, Found | None]:
    """For each (merchant, product or None, category or None, moment): what counted then.

    Two queries, however many are asked for. Terms are never edited, so the answer for a past
    moment stays the same for ever.
    """
    asked = list(dict.fromkeys(wanted))
    if not asked:
        return {}
    plans = _plans(asked)
    return {one: choose(plans.get(one[0], ()), one[1], one[2], one[3]) for one in asked}


class Change(NamedTuple):
    """Terms that nobody has announced: `rate_bps` of a plan for a product, a category, or all."""

    plan_id: int
    rate_bps: int
    product_id: int | None = None
    category_id: int | None = None


def terms_if(wanted: Iterable[Wanted], change: Change) -> dict[Wanted, Found | None]:
    """What would have counted if these had been the plan's last terms all along. Two queries."""
    asked = list(dict.fromkeys(wanted))
    if not asked:
        return {}
    scope = (change.product_id, change.category_id)
    ever = datetime.min.replace(tzinfo=UTC)
    last = datetime.max.replace(tzinfo=UTC)
    plans = {
        merchant_id: [
            replace(
                plan, terms={**plan.terms, scope: (TermsFacts(0, change.rate_bps, ever, last),)}
            )
            if plan.id == change.plan_id
            else plan
            for plan in found
        ]
        for merchant_id, found in _plans(asked).items()
    }
    return {one: choose(plans.get(one[0], ()), one[1], one[2], one[3]) for one in asked}


def _plans(asked: Sequence[Wanted]) -> dict[int, list[PlanFacts]]:
    first, last = min(one[3] for one in asked), max(one[3] for one in asked)
    rows = list(
        Plan.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=first),
            merchant__in={one[0] for one in asked},
            starts_at__lte=last,
        )
    )
    by_plan: dict[int, dict[tuple[int | None, int | None], list[TermsFacts]]] = defaultdict(
        lambda: defaultdict(list)
    )
    terms = Terms.objects.filter(
        Q(product=None) | Q(product__in={one[1] for one in asked} - {None}),
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
    plans: dict[int, list[PlanFacts]] = defaultdict(list)
    for row in rows:
        scopes = {scope: tuple(each) for scope, each in by_plan[row.pk].items()}
        plans[row.merchant_id].append(
            PlanFacts(row.pk, row.kind, row.name, row.starts_at, row.ends_at, scopes)
        )
    return plans


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
        "lower": _("“%(plan)s” offered less: %(rate)s %(scope)s."),
        "same_rate": _("“%(plan)s” offered the same, %(rate)s %(scope)s, and ranks behind."),
        "taken_out": _("“%(plan)s” leaves this out (%(scope)s)."),
    }
    return sentences[fact["code"]] % words
