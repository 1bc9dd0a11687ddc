"""Finding products among a million: words, filters, five orders, pages by key (docs/search.md).

There are two ways to a page. One *walks* down the index of the wanted order and keeps what fits:
fast where much fits. The other *gathers* everything that fits, from its most selective side, and
sorts it: fast where little fits. PostgreSQL chooses badly between them, since it thinks of a word's
rarity and of the page's length apart. So it is only asked how many products each part of the wish
would leave; then a short walk is tried, which tells whether a longer one would do, and a gathering
ends where it turns out that much fits: then only a *band* of the order is gathered.

Words are looked for in the products' column `words`, which the database writes (migration 0002).
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.db import connection

from alliance.kernel import clock
from merchants.models import Category, Product

WORDS = 8  # of a search; more do not narrow it, they only cost
# A first walk reads so many products, and a further one so many, if what the first has found lets
# expect a page in them. Of the index alone, where that suffices, one walk reads so many entries.
LOOKED, LOOKED_MOST = 2_000, 15_000
READ = 100_000
WORTH = 3  # a walk is tried where it may find so many
# What is expected to be no more is gathered at once. Of a word, gathering ends after so many
# products looked at; if then many are left to look at and many will fit, only a band of the order
# is gathered, so many pages wide.
FEW = 500
GATHERED = 8_000
LEFT, FIT = 10_000, 600
PAGES = 2
# Where no word narrows it, the bands of what is expected to be many end at these shares of all.
MANY = 5_000
BANDS = (0.03, 0.15)
SAMPLE = 1_000
# What an entry costs in the index of words, and in another, where looking at a product costs 1.
POSTING, ENTRY = 0.05, 0.1


class Order(NamedTuple):
    """What products are sorted by, and whether the greatest comes first. Indexed in this form."""

    by: str
    falls: bool


ORDERS = {
    "sales": Order("p.sales_count", falls=True),
    "rate": Order("p.rate_bps", falls=True),
    "earning": Order("(p.price_minor * p.rate_bps)", falls=True),
    "price": Order("p.price_minor", falls=False),
    "-price": Order("p.price_minor", falls=True),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for. Each word must occur in one of the titles. `category` is a slug,
    Rates are basis points of the public plan, prices minor units, both ends included,
    `score_from` a shop's score times 100. `sort`: a key of ORDERS; an unknown one is "sales"."""

    words: str = ""
    category: str = ""
    rate_from: int = 0
    price_from: int | None = None
    price_to: int | None = None
    coupon_only: bool = False
    score_from: int = 0
    rate_to: int | None = None
    sort: str = "sales"

    @property
    def order(self) -> Order:
        return ORDERS.get(self.sort, ORDERS["sales"])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a product stands in an order: its value there, and its key."""

    value: int
    key: int

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """As it stands in an address; None if it makes no sense."""
        value, _dot, key = text.partition(".")
        if not (value.isdecimal() and key.isdecimal() and len(value) < 19 and len(key) < 19):
            return None
        return cls(int(value), int(key))

    def __str__(self) -> str:
        return f"{self.value}.{self.key}"


@dataclass(frozen=True, slots=True)
class Found:
    """A page of products, the places that its neighbours begin at, and how many there are in all.

    `total` is None where nobody counted them; `about` then is the order of magnitude.
    """

    products: list[Product]
    before: Place | None = None
    after: Place | None = None
    total: int | None = None
    about: int = 0


@dataclass(slots=True)
class _Sql:
    """A piece of a statement and what belongs in it."""

    text: str = ""
    values: list[Any] = field(default_factory=list)

    def __add__(self, other: "_Sql") -> "_Sql":
        return _Sql(self.text + other.text, [*self.values, *other.values])


# The indexes of the orders hold these and no others.
_PICKABLE = "p.state = 'on_sale' AND p.rate_bps > 0"
# So the planner does not read one of them whole, only because it holds these.
_PICKABLE_LOOKED = "p.state = 'on_sale' AND p.rate_bps + 0 > 0"
# A code that is bound to an affiliate is only for that one to tell.
_LIVE = """c.starts_at <= %s AND c.ends_at > %s AND NOT EXISTS (
    SELECT FROM affiliates_codebinding b WHERE b.coupon_id = c.id AND b.ends_at IS NULL)"""
_USABLE = f"""{_LIVE} AND c.currency = p.currency
    AND c.threshold_minor <= p.price_minor AND c.face_minor < p.price_minor"""
# The shops with coupons for everything are known at once, so most products are looked up once only.
_COUPON_EACH = f"""(
    EXISTS (SELECT FROM merchants_coupon c WHERE c.product_id = p.id AND {_USABLE})
    OR p.shop_id IN (SELECT c.shop_id FROM merchants_coupon c WHERE c.product_id IS NULL)
    AND EXISTS (SELECT FROM merchants_coupon c
        WHERE c.product_id IS NULL AND c.shop_id = p.shop_id AND {_USABLE}))"""  # noqa: S608
_COUPON_ALL = f"""p.id IN (
    SELECT p.id FROM merchants_coupon c JOIN merchants_product p ON p.id = c.product_id
    WHERE {_USABLE}
    UNION ALL
    SELECT p.id FROM merchants_coupon c JOIN merchants_product p ON p.shop_id = c.shop_id
    WHERE c.product_id IS NULL AND {_USABLE})"""  # noqa: S608


_NOTHING = _Sql()
_WORDS = _Sql(" AND p.words")
# So the planner sees no index of words: for those that most of the products have.
_PLAIN_WORDS = _Sql(" AND (p.words || '')")
# What the indexes of the orders hold, and what else a product is looked at for.
_INDEXED = "p.id, p.price_minor, p.rate_bps, p.category_id, p.shop_id"
_LOOKED_AT = f"{_INDEXED}, p.words, p.currency"
# Few merchants are closed or out of money: cheaper to know their shops than to join all.
_OPEN = _Sql(
    """p.shop_id NOT IN (SELECT s.id FROM merchants_shop s JOIN merchants_merchant m
    ON m.id = s.merchant_id WHERE m.state <> 'active' OR m.funding_paused_at IS NOT NULL)"""
)
# Roughly: of comparisons between two tables the planner knows nothing.
_COUPONED = f"""p.id IN (
    SELECT c.product_id FROM merchants_coupon c WHERE {_LIVE}
    UNION ALL
    SELECT p.id FROM merchants_coupon c JOIN merchants_product p ON p.shop_id = c.shop_id
    WHERE c.product_id IS NULL AND {_LIVE})"""  # noqa: S608


def products_offered(
    wish: Wish, *, size: int, after: Place | None = None, before: Place | None = None
) -> Found:
    """What can be promoted now, in the wish's order: on sale, of an active merchant who can pay,
    with a rate above 0. The page after a place, or before one, or the first.

    A handful of statements, whatever is wanted and however many products there are.
    """
    backwards = before is not None and after is None
    search = _search(wish, backwards=backwards)
    if search is None:
        return Found([], total=0)
    rows, total = search.page(before if backwards else after, size + 1)
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    kept = Product.objects.select_related("shop__merchant", "category").in_bulk(
        [place.key for place in rows]
    )
    return Found(
        products=[kept[place.key] for place in rows],
        before=first if (more if backwards else after is not None) else None,
        after=last if (backwards or more) else None,
        total=total,
        about=round(search.about, 2 - len(str(search.about))),  # 66,269 is about 66,000
    )


def places_offered(wish: Wish, *, count: int, after: Place | None = None) -> list[Place]:
    """The next so many places of the same, without the products: for who jumps over pages."""
    search = _search(wish)
    return search.page(after, count)[0] if search else []


def _search(wish: Wish, *, backwards: bool = False) -> "_Search | None":
    """None where nobody knows the category."""
    category = None
    if wish.category:
        category = Category.objects.filter(slug=wish.category).values_list("pk", flat=True).first()
        if category is None:
            return None
    return _Search(wish, category, backwards=backwards)


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the things that are wished for: as an index finds it, as a product is only looked at
    for it, and how many products PostgreSQL expects it to leave."""

    sought: _Sql
    looked: _Sql
    entry: float = ENTRY
    is_word: bool = False
    in_order: bool = False  # in an index that holds nothing but what is pickable
    count: float = 0


class _Guess:
    """How many products PostgreSQL expects in all, and with each part of the wish alone."""

    def __init__(self, everything: float, parts: "Sequence[_Part]") -> None:
        self.everything = everything
        self.parts = sorted(parts, key=lambda part: part.count * max(part.entry, 1))
        words = [part.count for part in self.parts if part.is_word]
        others = [part.count for part in self.parts if not part.is_word]
        self.about = self._together(others, 1) * self._together(words, 0.5) / everything
        self.at_best = self._together(sorted(part.count for part in self.parts), 0.5)

    def _together(self, counts: Sequence[float], company: float) -> float:
        """With all of them: words keep company (a phone *case*), so each further one is taken to
        narrow less than by chance, the second by the root of its share, the third by the fourth."""
        found = self.everything
        for place, count in enumerate(counts):
            found *= (count / self.everything) ** (company**place)
        return found


@dataclass(frozen=True, slots=True)
class _Gathered:
    """Places in the wanted order; how many there are in all. Where it ended before all were looked
    at: which share of them was, and the values of those that fit."""

    places: list[Place]
    total: int
    share: float = 1
    values: list[int] = field(default_factory=list)


class _Search:
    """One wish on its way through the database, in one direction of reading."""

    def __init__(self, wish: Wish, category: int | None, *, backwards: bool) -> None:
        self.order = wish.order
        self.likes = _likes(wish.words)
        self.by_column = _columns(wish, category)
        self.now = clock.now()
        self.coupon_only = wish.coupon_only
        # A walk needs the products themselves, and not only the index, for words and coupons.
        self.looks = bool(self.likes or wish.coupon_only)
        self.falls = self.order.falls != backwards
        self.about = 0

    def page(self, place: Place | None, size: int) -> tuple[list[Place], int | None]:
        """The places of the page's products, in the direction of reading; how many there are in
        all, where that is known."""
        guess = self._estimates()
        self.about = round(guess.about)
        if rows := self._walked(guess, place, size):
            return rows, None
        if guess.about > FEW and guess.parts and guess.parts[0].is_word:
            seen = self._gather(guess, place, size, most=GATHERED)
            if seen.share == 1:
                return seen.places, seen.total
            self.about = round(seen.total / seen.share)
            if self.about > FIT and GATHERED / seen.share > LEFT:
                return self._by_bands(guess, self._edges_seen(seen, place, size), place, size), None
        elif guess.about > MANY:
            return self._by_bands(guess, self._edges_sampled(guess, place), place, size), None
        found = self._gather(guess, place, size)
        return found.places, found.total

    # --- Down the order ---

    def _walked(self, guess: _Guess, place: Place | None, size: int) -> list[Place]:
        """The page, if it can be had by walking."""
        first, most = (LOOKED, LOOKED_MOST) if self.looks else (READ, READ)
        if guess.everything < first or guess.at_best * first < WORTH * guess.everything:
            return []  # all are looked at sooner
        found = self._walk(place, size, first)
        # Half as many again: what was found may have been luck.
        if len(found) < size and size * first * 1.5 < len(found) * most:
            found = self._walk(place, size, most)
        return found if len(found) == size else []

    def _walk(self, place: Place | None, size: int, reach: int) -> list[Place]:
        """Down the index of the order. Fewer than `size`: no more fit within its reach.

        The filters stand outside of a LIMIT, so the planner has no other way than the index, which
        holds all columns that are wanted here but for words and coupons.
        """
        by = self.order.by
        kept = _LOOKED_AT if self.looks else _INDEXED
        entries = (
            _Sql(f"SELECT {by} AS value, {kept} FROM merchants_product p WHERE {_PICKABLE}")  # noqa: S608
            + self.by_column.get(by, _Sql()) + self._beyond(place, by, "p.id")
            + _Sql(f" ORDER BY {self._ordered(by, 'p.id')} LIMIT {reach}")
        )  # fmt: skip
        wanted = (
            _Sql("SELECT p.value, p.id FROM (") + entries + _Sql(") p WHERE ") + _OPEN
            + sum((_WORDS + like for like in self.likes), _Sql())
            + sum(self.by_column.values(), _Sql()) + self._coupon(_COUPON_EACH)
            + _Sql(f" ORDER BY {self._ordered('p.value', 'p.id')} LIMIT {size}")
        )  # fmt: skip
        return [Place(*row) for row in _rows(wanted)]

    # --- All that fits ---

    def _gather(
        self,
        guess: _Guess,
        place: Place | None,
        size: int,
        *,
        most: int | None = None,
        band: _Sql = _NOTHING,
    ) -> _Gathered:
        """What fits, counted, then the page of it: of a band, if one is given. If `most` are given
        and there are more to look at, it ends and tells what was seen."""
        sought, looked, pickable = self._fits(guess)
        if band.text:
            pickable = _PICKABLE
        kept = _LOOKED_AT if self.looks else _INDEXED
        at = "p.ctid" if most else "NULL::tid"  # which no index holds
        kept = f"{self.order.by} AS value, {at} AS place, {kept}"
        inner = (
            _Sql(f"SELECT {kept} FROM merchants_product p WHERE {pickable}")  # noqa: S608
            + sought + band
        )  # fmt: skip
        if most:
            inner += _Sql(f" LIMIT {most + 1}")
        wanted = (
            _Sql("WITH found AS MATERIALIZED (SELECT p.value, p.id, p.place, ")
            + _OPEN + looked + _Sql(" AS fits FROM (") + inner + _Sql(") p)")
            + _Sql(", facts AS (SELECT count(*) AS seen, count(*) FILTER (WHERE fits) AS total")
            + _Sql(", max(place) AS last FROM found)")
            + _Sql(" (SELECT value, id, NULL, NULL FROM found WHERE fits")
            + self._beyond(place, "value", "id")
            + _Sql(f" ORDER BY {self._ordered('value', 'id')} LIMIT {size})")
            + _Sql(" UNION ALL SELECT total, NULL, CASE WHEN seen > %s THEN", [most])
            + _Sql(" (SELECT coalesce(array_agg(value), '{}') FROM found WHERE fits) END")
            + _Sql(", (last::text::point)[0] * current_setting('block_size')::int")
            + _Sql(" / greatest(pg_relation_size('merchants_product'), 1) FROM facts")
        )  # fmt: skip
        *rows, (total, _key, values, upto) = _rows(wanted)
        share = 1 if values is None else min(max(upto, 0.001), 0.999)
        return _Gathered([Place(*row[:2]) for row in rows], total, share, values or [])

    def _fits(self, guess: _Guess) -> tuple[_Sql, _Sql, str]:
        """What a product must have: what is sought in indexes, what it is only looked at for. From
        the index of what leaves the fewest; from another where reading that costs less than
        looking at what is left for it."""
        sought, looked, pickable, left = _Sql(), _Sql(), _PICKABLE_LOOKED, guess.everything
        for part in guess.parts:
            share = part.count / guess.everything
            if left == guess.everything or part.count * part.entry < left * (1 - share):
                sought, left = sought + part.sought, left * share
                pickable = _PICKABLE if part.in_order else pickable
            else:
                looked += part.looked
        return sought, looked, pickable

    def _by_bands(
        self, guess: _Guess, edges: Iterable[int], place: Place | None, size: int
    ) -> list[Place]:
        """The page out of the first band of the order, which ends at the first edge; what is
        missing then out of the next, and at last of all the rest."""
        by, within, past = self.order.by, *((">=", "<") if self.falls else ("<=", ">"))
        rows: list[Place] = []
        band = self._beyond(place, by, "p.id")
        for edge in (*edges, None):
            upto = _Sql() if edge is None else _Sql(f" AND {by} {within} %s", [edge])
            rows += self._gather(guess, None, size - len(rows), band=band + upto).places
            if len(rows) == size or edge is None:
                break
            band = _Sql(f" AND {by} {past} %s", [edge])
        return rows

    def _edges_seen(self, seen: _Gathered, place: Place | None, size: int) -> list[int]:
        """Where some pages of what fits lie, and four times as many, by a part that was seen."""
        values = sorted(seen.values, reverse=self.falls)
        if place is not None:
            values = [v for v in values if (v <= place.value if self.falls else v >= place.value)]
        step = round(PAGES * size * seen.share) + 1
        return sorted({values[n] for n in (step, 4 * step) if n < len(values)}, reverse=self.falls)

    def _edges_sampled(self, guess: _Guess, place: Place | None) -> list[int]:
        """Up to which value of the order a share of all products reaches, by a sample of them."""
        by = self.order.by
        percent = min(100 * SAMPLE / guess.everything, 100)
        sampled = (
            _Sql(f"SELECT {by} FROM merchants_product p TABLESAMPLE SYSTEM (%s)", [percent])  # noqa: S608
            + _Sql(f" WHERE {_PICKABLE}")
            + self._beyond(place, by, "p.id")
            + _Sql(f" ORDER BY {self._ordered(by, 'p.id')}")
        )
        values = [value for (value,) in _rows(sampled)]
        ends = (int(SAMPLE * band) for band in BANDS)
        return sorted({values[end] for end in ends if end < len(values)}, reverse=self.falls)

    # --- Parts of statements ---

    def _estimates(self) -> _Guess:
        parts = [
            _Part(_WORDS + like, _PLAIN_WORDS + like, POSTING, is_word=True) for like in self.likes
        ]
        parts += self._column_parts()
        asked = _Sql(f"SELECT FROM merchants_product p WHERE {_PICKABLE}")
        each = [_Sql(), *(part.sought for part in parts)]
        if self.coupon_only:
            parts.append(_Part(self._coupon(_COUPON_ALL), self._coupon(_COUPON_EACH), 3))
            each.append(self._coupon(_COUPONED))
        # Everything twice: of a single query the plan would be no list of plans.
        statement = _Sql("EXPLAIN (FORMAT JSON) (") + asked + _Sql(")")
        for part in each:
            statement += _Sql(" UNION ALL (") + asked + part + _Sql(")")
        (plan,) = _rows(statement)[0][0]
        _first, everything, *counts = (max(one["Plan Rows"], 1) for one in plan["Plan"]["Plans"])
        return _Guess(
            everything,
            [
                replace(part, count=min(count, everything))
                for part, count in zip(parts, counts, strict=True)
            ],
        )

    def _column_parts(self) -> Iterator[_Part]:
        """Category and price have an index together."""
        wanted = dict(self.by_column)
        if category := wanted.pop("p.category_id", None):
            category += wanted.pop("p.price_minor", _NOTHING)
            yield _Part(category, _unindexed(category))
        for column, asked in wanted.items():
            yield _Part(asked, _unindexed(asked), in_order=column != "p.shop_id")

    def _coupon(self, how: str) -> _Sql:
        return _Sql(f" AND {how}", [self.now] * 4) if self.coupon_only else _Sql()

    def _ordered(self, by: str, key: str) -> str:
        way = "DESC" if self.falls else "ASC"
        return f"{by} {way}, {key} {way}"

    def _beyond(self, place: Place | None, by: str, key: str) -> _Sql:
        if place is None:
            return _Sql()
        return _Sql(
            f" AND ({by}, {key}) {'<' if self.falls else '>'} (%s, %s)", [place.value, place.key]
        )


def _unindexed(asked: _Sql) -> _Sql:
    """The same of columns, so that the planner sees no index for it."""
    return _Sql(re.sub(r"p\.\w+", r"(\g<0> + 0)", asked.text), asked.values)


def _likes(said: str) -> list[_Sql]:
    """Each word as a part of the titles, as the database writes both (`searchable`)."""
    found = []
    # Wide signs become plain ones first: else a wide % would be a wildcard after it was escaped.
    for word in list(dict.fromkeys(unicodedata.normalize("NFKC", said).lower().split()))[:WORDS]:
        escaped = "".join("\\" + c if c in "%_\\" else c for c in word)
        found.append(_Sql(" LIKE '%%' || searchable(%s) || '%%'", [escaped]))
    return found


def _columns(wish: Wish, category: int | None) -> dict[str, _Sql]:
    found = defaultdict[str, _Sql](_Sql)
    if wish.rate_from > 0:
        found["p.rate_bps"] += _Sql(" AND p.rate_bps >= %s", [wish.rate_from])
    if wish.rate_to is not None:
        found["p.rate_bps"] += _Sql(" AND p.rate_bps <= %s", [wish.rate_to])
    if category is not None:
        found["p.category_id"] += _Sql(" AND p.category_id = %s", [category])
    if wish.price_from is not None:
        found["p.price_minor"] += _Sql(" AND p.price_minor >= %s", [wish.price_from])
    if wish.price_to is not None:
        found["p.price_minor"] += _Sql(" AND p.price_minor <= %s", [wish.price_to])
    if wish.score_from > 0:
        scored = " AND p.shop_id IN (SELECT s.id FROM merchants_shop s WHERE s.score_centi >= %s)"
        found["p.shop_id"] += _Sql(scored, [wish.score_from])
    return found


def _rows(asked: _Sql) -> Sequence[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(asked.text, asked.values)
        return cursor.fetchall()
