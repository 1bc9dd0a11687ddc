"""Affiliates are matched to products here, all at once, and served from what was matched.

Taken is what an affiliate's links brought clicks or orders for, in ninety days. Who has taken
something is matched by those alike; who has not, by what its own kind of affiliates takes most.
Then commission may move a product up, as far as the order loses two per cent of its worth at most.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db import transaction
from scipy import sparse

from affiliates.models import Affiliate, AffiliateState, ClickDay
from aiassist.matching import GraphFilter
from aiassist.models import Dismissal, Matches
from alliance.kernel import clock
from commissions.models import Commission, CommissionState, PayeeRole
from merchants.models import MerchantState, Product, ProductState

DAYS = 90  # of clicks and orders
PLACES = 40
PER_MERCHANT = 8  # so that nobody is shown one shop
CANDIDATES = 200  # that commission may reorder
LOSS = 0.02  # of the discounted relevance of the first PLACES, at most
WEIGHTS = (4.0, 2.0, 1.0, 0.5, 0.25, 0.1)  # of commission beside relevance, tried from the first
BATCH = 500  # affiliates at a time


@dataclass(frozen=True, slots=True)
class _Goods:
    """What can be promoted now: by product its merchant, and the commission on one in minor units
    times ten thousand."""

    merchant: dict[int, int]
    worth: dict[int, int]


@dataclass(frozen=True, slots=True)
class _Candidate:
    product: int
    relevance: float  # 1 for the best of an affiliate, 0 for what is only taken by many


def matches_make() -> int:
    """Match every active affiliate anew; returns how many have something to see.

    The same facts give the same matches, so twice is as good as once.
    """
    goods, taken = _goods(), _taken()
    dismissed = defaultdict[int, set[int]](set)
    for affiliate, product in Dismissal.objects.values_list("affiliate", "product"):
        dismissed[affiliate].add(product)
    active = Affiliate.objects.filter(state=AffiliateState.ACTIVE)
    kinds = dict(active.order_by("pk").values_list("pk", "kind"))
    alike, popular = _Alike(taken), _popular(taken, kinds)
    made = 0
    affiliates = list(kinds)
    for start in range(0, len(affiliates), BATCH):
        some = affiliates[start : start + BATCH]
        found = {}
        for affiliate, near in zip(some, alike.near(some), strict=True):
            without = taken.get(affiliate, set()) | dismissed[affiliate]
            common = (_Candidate(pk, 0.0) for pk in popular[kinds[affiliate]])
            fitting = _fitting([*near, *common], without, goods)
            found[affiliate] = [
                {
                    "product": product,
                    "because": alike.speaks_most(affiliate, product),
                    "raised": raised,
                }
                for product, raised in _places(fitting, goods)
            ]
        made += sum(bool(places) for places in found.values())
        _keep(found)
    Matches.objects.exclude(affiliate__in=affiliates).delete()
    return made


@transaction.atomic
def _keep(found: dict[int, list[dict[str, int | None]]]) -> None:
    made_at = clock.now()
    Matches.objects.bulk_create(
        [Matches(affiliate_id=pk, places=places, made_at=made_at) for pk, places in found.items()],
        update_conflicts=True,
        unique_fields=["affiliate"],
        update_fields=["places", "made_at"],
    )


# --- What is known ---


def _goods() -> _Goods:
    rows = Product.objects.filter(
        state=ProductState.ON_SALE,
        rate_bps__gt=0,
        shop__merchant__state=MerchantState.ACTIVE,
        shop__merchant__funding_paused_at=None,
    ).values_list("pk", "shop__merchant", "price_minor", "rate_bps")
    goods = _Goods({}, {})
    for pk, merchant, price, rate in rows.iterator(chunk_size=10_000):
        goods.merchant[pk], goods.worth[pk] = merchant, price * rate
    return goods


def _taken() -> dict[int, set[int]]:
    """By affiliate the products that its links brought people's clicks or orders for."""
    since = clock.now() - timedelta(days=DAYS)
    clicked = ClickDay.objects.filter(
        link__product__isnull=False, clicks__gt=0, day__gte=clock.business_day(since)
    ).values_list("link__affiliate", "link__product")
    sold = (
        Commission.objects.filter(
            role=PayeeRole.AFFILIATE, placed_at__gte=since, line__product__isnull=False
        )
        .exclude(state=CommissionState.VOID)
        .values_list("affiliate", "line__product")
    )
    taken = defaultdict[int, set[int]](set)
    for rows in (clicked, sold):
        for affiliate, product in rows.distinct().iterator(chunk_size=10_000):
            taken[affiliate].add(product)
    return dict(taken)


def _popular(taken: dict[int, set[int]], kinds: dict[int, str]) -> dict[str, list[int]]:
    """By kind of affiliate what most of that kind take, then what most of all do."""
    of_all, of_kind = Counter[int](), defaultdict[str, Counter[int]](Counter)
    for affiliate, products in taken.items():
        of_all.update(products)
        if affiliate in kinds:
            of_kind[kinds[affiliate]].update(products)

    def first(counts: Counter[int]) -> list[int]:
        return sorted(counts, key=lambda pk: (-counts[pk], pk))[: CANDIDATES * 2]

    everywhere = first(of_all)
    return {
        kind: list(dict.fromkeys([*first(of_kind[kind]), *everywhere]))
        for kind in set(kinds.values())
    }


class _Alike:
    """What those alike take."""

    def __init__(self, taken: dict[int, set[int]]) -> None:
        self._taken = taken
        self._products = sorted(set().union(*taken.values()))
        self._place = {pk: place for place, pk in enumerate(self._products)}
        self._filter = GraphFilter(self._matrix(sorted(taken))) if len(taken) > 1 else None

    def near(self, affiliates: Sequence[int]) -> Iterator[list[_Candidate]]:
        """For each affiliate the products that go best with what it has taken."""
        if self._filter is None:
            yield from ([] for _affiliate in affiliates)
            return
        rows = self._matrix(affiliates)
        for row, scores in enumerate(self._filter.scores(rows)):
            own = rows[row].indices
            scores[own] = 0
            best = np.argsort(-scores, kind="stable")[:CANDIDATES]
            best = best[scores[best] > scores.max(initial=0) * 1e-4]
            yield [
                _Candidate(self._products[item], float(scores[item] / scores[best[0]]))
                for item in best
            ]

    def speaks_most(self, affiliate: int, product: int) -> int | None:
        """Which product of the affiliate's speaks most for this one; None if none does."""
        own = self._taken.get(affiliate)
        if self._filter is None or not own or product not in self._place:
            return None
        items = np.array([self._place[pk] for pk in sorted(own)])
        spoken = self._filter.speaks_most(items, self._place[product])
        return None if spoken is None else self._products[spoken]

    def _matrix(self, affiliates: Sequence[int]) -> sparse.csr_matrix:
        items = [
            [self._place[pk] for pk in sorted(self._taken.get(affiliate, ()))]
            for affiliate in affiliates
        ]
        starts = np.cumsum([0, *map(len, items)])
        columns = np.array([item for row in items for item in row], dtype=np.int32)
        values = np.ones(len(columns), np.float32)
        return sparse.csr_matrix(
            (values, columns, starts), shape=(len(affiliates), len(self._products))
        )


# --- The order they are shown in ---


def _fitting(wanted: Sequence[_Candidate], without: set[int], goods: _Goods) -> list[_Candidate]:
    """Each product once, if it can be promoted now and is not among those `without`."""
    seen = set(without)
    fitting = []
    for one in wanted:
        if one.product in goods.merchant and one.product not in seen:
            seen.add(one.product)
            fitting.append(one)
    return fitting[:CANDIDATES]


def _places(candidates: Sequence[_Candidate], goods: _Goods) -> list[tuple[int, int]]:
    """The first PLACES, no merchant too often, commission weighed as far as it may be; and by how
    many places that raised each."""
    relevance = np.array([one.relevance for one in candidates])
    order = _reordered(relevance, np.array([goods.worth[one.product] for one in candidates]))
    shown: list[tuple[int, int]] = []
    of_merchant = Counter[int]()
    for now, before in enumerate(order):
        product = candidates[before].product
        merchant = goods.merchant[product]
        if of_merchant[merchant] < PER_MERCHANT and len(shown) < PLACES:
            of_merchant[merchant] += 1
            shown.append((product, int(before) - now))
    return shown


def _reordered(relevance: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """The order by relevance and commission together: with the greatest weight of commission
    that costs no more than LOSS of the relevance, each place discounted as usual (nDCG)."""
    plain = np.arange(len(relevance))
    if not relevance.any():
        return plain
    rank = worth.argsort(kind="stable").argsort(kind="stable") / max(len(worth) - 1, 1)
    discounts = 1 / np.log2(np.arange(2, len(relevance) + 2))
    discounts[PLACES:] = 0
    best = (relevance * discounts).sum()
    for weight in WEIGHTS:
        order = np.argsort(-(relevance * (1 + weight * rank)), kind="stable")
        if (relevance[order] * discounts).sum() >= (1 - LOSS) * best:
            return order
    return plain
