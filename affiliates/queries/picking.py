"""Finding products among a million: words, filters, five orders, pages by key (docs/search.md).

There are two ways to a page. One *walks* down the index of the wanted order and keeps what fits:
fast where much fits. The other *gathers* everything that fits, from its most selective side, and
sorts it: fast where little fits. PostgreSQL chooses badly between them, since it thinks of a word's
rarity and of the page's length apart; so it is only asked how many products each part of the wish
would leave, and we choose. A walk that was chosen wrongly ends soon; where much fits and lies far
down the order, it is gathered in bands of it.

Words are looked for in the products' column `words`, which the database writes (migration 0002).
"""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection

from alliance.kernel import clock
from merchants.models import Category, Product

WORDS = 8  # of a search; more do not narrow it, they only cost
# A walk ends after so many products looked at, or entries of the index read where those suffice.
LOOKED, READ = 6_000, 100_000
ENTRY = 0.2  # what reading an entry costs, where looking at a product, or gathering it, costs 1
POSTING = 0.05  # what reading one product of a word in the index of words costs
# More than these are gathered band by band of the order, until one fills the page.
MANY = 5_000
BANDS = (0.03, 0.15)  # where they end, as shares of all
SAMPLE = 1_000


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
    `rate_from` basis points, prices minor units, both ends included. `sort`: a key of ORDERS; an
    unknown one is "sales"."""

    words: str = ""
    category: str = ""
    rate_from: int = 0
    price_from: int | None = None
    price_to: int | None = None
    coupon_only: bool = False
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
# A code that is bound to an affiliate is only for that one to tell.
_LIVE = """c.starts_at <= %s AND c.ends_at > %s AND NOT EXISTS (
    SELECT FROM affiliates_codebinding b WHERE b.coupon_id = c.id AND b.ends_at IS NULL)"""
_USABLE = f"""{_LIVE} AND c.currency = p.currency
    AND c.threshold_minor <= p.price_minor AND c.face_minor < p.price_minor"""
_COUPON_EACH = f"""(
    EXISTS (SELECT FROM merchants_coupon c WHERE c.product_id = p.id AND {_USABLE})
    OR EXISTS (SELECT FROM merchants_coupon c
        WHERE c.product_id IS NULL AND c.shop_id = p.shop_id AND {_USABLE}))"""  # noqa: S608
_COUPON_ALL = f"""p.id IN (
    SELECT p.id FROM merchants_coupon c JOIN merchants_product p ON p.id = c.product_id
    WHERE {_USABLE}
    UNION ALL
    SELECT p.id FROM merchants_coupon c JOIN merchants_product p ON p.shop_id = c.shop_id
    WHERE c.product_id IS NULL AND {_USABLE})"""  # noqa: S608


_WORDS = _Sql(" AND p.words")
# So the planner sees no index of words: for those that most of the products have.
_PLAIN_WORDS = _Sql(" AND (p.words || '')")
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
    category = None
    if wish.category:
        category = Category.objects.filter(slug=wish.category).values_list("pk", flat=True).first()
        if category is None:
            return Found([], total=0)
    search = _Search(wish, category)
    backwards = before is not None and after is None
    rows, total = search.page(before if backwards else after, size + 1, backwards=backwards)
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    kept = Product.objects.select_related("shop__merchant").in_bulk([place.key for place in rows])
    return Found(
        products=[kept[place.key] for place in rows],
        before=first if (more if backwards else after is not None) else None,
        after=last if (backwards or more) else None,
        total=total,
        about=round(search.about, 2 - len(str(search.about))),  # 66,269 is about 66,000
    )


class _Guess:
    """How many products PostgreSQL expects in all, and with parts of the wish alone."""

    def __init__(self, everything: float, columns: float, coupons: float, *words: float) -> None:
        self.everything, self.columns, self.coupons = everything, columns, coupons
        self.each_word = words

    @property
    def words(self) -> float:
        """With all of the words, which keep company (a phone *case*): each further one is taken to
        narrow less than by chance, the second by the root of its share, the third by the fourth."""
        found = self.everything
        for place, one in enumerate(sorted(self.each_word)):
            found *= (one / self.everything) ** (0.5**place)
        return found


class _Search:
    """One wish on its way through the database."""

    def __init__(self, wish: Wish, category: int | None) -> None:
        self.order = wish.order
        self.likes = _likes(wish.words)
        self.by_column = _columns(wish, category)
        self.columns = sum(self.by_column.values(), _Sql())
        self.each_coupon = self.all_coupons = self.couponed = _Sql()
        if wish.coupon_only:
            now = clock.now()
            self.each_coupon = _Sql(f" AND {_COUPON_EACH}", [now] * 4)
            self.all_coupons = _Sql(f" AND {_COUPON_ALL}", [now] * 4)
            self.couponed = _Sql(f" AND {_COUPONED}", [now] * 4)
        # A walk needs the products themselves, and not only the index, for words and coupons.
        self.looks = bool(self.likes or wish.coupon_only)
        self.about = 0

    def page(
        self, place: Place | None, size: int, *, backwards: bool
    ) -> tuple[list[Place], int | None]:
        """The places of the page's products, in the direction of reading; how many there are in
        all, where that is known."""
        guess = self._estimates()
        share = guess.columns * guess.words * guess.coupons / guess.everything**3
        self.about = round(guess.everything * share)
        reach, entry = (LOOKED, 1.0) if self.looks else (READ, ENTRY)
        least = min(guess.columns, guess.words, guess.coupons)
        if size / share < min(reach, least / entry):
            rows = self._walk(place, size, reach, backwards=backwards)
            if len(rows) == size:
                return rows, None
        if self.about > MANY:
            for band, edge in self._edges(guess, place, backwards=backwards):
                fits = self._fits(guess, band) + self._up_to(edge, backwards=backwards)
                rows, _total = self._gather(fits, place, size, backwards=backwards)
                if len(rows) == size:
                    return rows, None
        return self._gather(self._fits(guess), place, size, backwards=backwards)

    def _fits(self, guess: "_Guess", band: float = 1.0) -> _Sql:
        """What a product in that share of the order must have, so that it is found cheaply."""
        fits, left = self.columns, min(guess.columns, guess.coupons, guess.everything * band)
        few_coupons = guess.coupons * 3 < min(guess.columns, guess.words)
        fits += self.all_coupons if few_coupons else self.each_coupon
        for like, count in sorted(zip(self.likes, guess.each_word, strict=True), key=itemgetter(1)):
            if count * POSTING < left:
                fits, left = fits + _WORDS + like, left * count / guess.everything
            else:
                fits += _PLAIN_WORDS + like
        return fits

    def _edges(
        self, guess: "_Guess", place: Place | None, *, backwards: bool
    ) -> list[tuple[float, int]]:
        """Up to which value of the order a band of it reaches, by a sample of a thousand."""
        by = self.order.by
        percent = min(100 * SAMPLE / guess.everything, 100)
        sampled = (
            _Sql(f"SELECT {by} FROM merchants_product p TABLESAMPLE SYSTEM (%s)", [percent])  # noqa: S608
            + _Sql(f" WHERE {_PICKABLE}")
            + self._beyond(place, by, "p.id", backwards=backwards)
            + _Sql(f" ORDER BY {self._ordered(by, 'p.id', backwards=backwards)}")
        )
        values = [value for (value,) in _rows(sampled)]
        return [(band, values[int(SAMPLE * band)]) for band in BANDS if SAMPLE * band < len(values)]

    def _up_to(self, edge: int, *, backwards: bool) -> _Sql:
        sign = ">=" if self.order.falls != backwards else "<="
        return _Sql(f" AND {self.order.by} {sign} %s", [edge])

    def _estimates(self) -> "_Guess":
        asked = _Sql()
        words = (_WORDS + like for like in self.likes)
        for part in (_Sql(), self.columns, self.couponed, *words):
            asked += _Sql(" UNION ALL (" if asked.text else "(")
            asked += _Sql(f"SELECT FROM merchants_product p WHERE {_PICKABLE}") + part + _Sql(")")
        (plan,) = _rows(_Sql("EXPLAIN (FORMAT JSON) ") + asked)[0][0]
        everything, *parts = (max(each["Plan Rows"], 1) for each in plan["Plan"]["Plans"])
        return _Guess(everything, *(min(part, everything) for part in parts))

    def _walk(self, place: Place | None, size: int, reach: int, *, backwards: bool) -> list[Place]:
        """Down the index of the order. Fewer than `size`: no more fit within its reach.

        The filters stand outside of a LIMIT, so the planner has no other way than the index, which
        holds all columns that are wanted here but for words and coupons.
        """
        by = self.order.by
        kept = "p.id, p.price_minor, p.rate_bps, p.category_id, p.shop_id"
        if self.looks:
            kept += ", p.words, p.currency"
        entries = (
            _Sql(f"SELECT {by} AS value, {kept} FROM merchants_product p WHERE {_PICKABLE}")  # noqa: S608
            + self.by_column.get(by, _Sql())
            + self._beyond(place, by, "p.id", backwards=backwards)
            + _Sql(f" ORDER BY {self._ordered(by, 'p.id', backwards=backwards)}")
            + _Sql(f" LIMIT {reach}")
        )  # fmt: skip
        wanted = (
            _Sql("SELECT p.value, p.id FROM (") + entries + _Sql(") p WHERE ") + _OPEN
            + sum((_WORDS + like for like in self.likes), self.columns) + self.each_coupon
            + _Sql(f" ORDER BY {self._ordered('p.value', 'p.id', backwards=backwards)}")
            + _Sql(f" LIMIT {size}")
        )  # fmt: skip
        return [Place(*row) for row in _rows(wanted)]

    def _gather(
        self, fits: _Sql, place: Place | None, size: int, *, backwards: bool
    ) -> tuple[list[Place], int]:
        """Everything that fits, counted, then the page of it."""
        wanted = (
            _Sql(f"WITH found AS MATERIALIZED (SELECT {self.order.by} AS value, p.id")
            + _Sql(f" FROM merchants_product p WHERE {_PICKABLE} AND ") + _OPEN + fits
            + _Sql(") SELECT value, id, (SELECT count(*) FROM found) FROM found WHERE true")
            + self._beyond(place, "value", "id", backwards=backwards)
            + _Sql(f" ORDER BY {self._ordered('value', 'id', backwards=backwards)} LIMIT {size}")
        )  # fmt: skip
        rows = _rows(wanted)
        return [Place(value, key) for value, key, _total in rows], rows[0][2] if rows else 0

    def _ordered(self, by: str, key: str, *, backwards: bool) -> str:
        way = "DESC" if self.order.falls != backwards else "ASC"
        return f"{by} {way}, {key} {way}"

    def _beyond(self, place: Place | None, by: str, key: str, *, backwards: bool) -> _Sql:
        if place is None:
            return _Sql()
        sign = "<" if self.order.falls != backwards else ">"
        return _Sql(f" AND ({by}, {key}) {sign} (%s, %s)", [place.value, place.key])


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
    if category is not None:
        found["p.category_id"] += _Sql(" AND p.category_id = %s", [category])
    if wish.price_from is not None:
        found["p.price_minor"] += _Sql(" AND p.price_minor >= %s", [wish.price_from])
    if wish.price_to is not None:
        found["p.price_minor"] += _Sql(" AND p.price_minor <= %s", [wish.price_to])
    return found


def _rows(asked: _Sql) -> Sequence[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(asked.text, asked.values)
        return cursor.fetchall()
