"""Three thousand products, grown from the facts in `content/`."""

from dataclasses import dataclass
from functools import cache

from alliance.demo.dice import Dice, Urn, shares
from alliance.demo.merchants import DEMO_MERCHANT, Character, MerchantFacts, merchants
from alliance.demo.names import NOTHING, Said, Tone, Words, pack, title
from alliance.demo.prices import CouponFacts, coupon_for, tidy_price
from alliance.demo.shelves import Kind, categories, kinds

PRODUCTS = 3000
ASSORTMENT = {  # how many products a shop has next to others
    Character.FLAGSHIP: 100,
    Character.SMALL: 46,
    Character.FACTORY: 70,
    Character.SUPERMARKET: 190,
}
PRICE_PERCENT = {
    Character.FLAGSHIP: 112,
    Character.SMALL: 100,
    Character.FACTORY: 72,
    Character.SUPERMARKET: 84,
}
PULL = {  # how far up the sales list a shop's products tend to stand
    Character.FLAGSHIP: 1.0,
    Character.SMALL: 0.72,
    Character.FACTORY: 0.86,
    Character.SUPERMARKET: 0.96,
}
PULL_OF_OURS = 1.1  # the shop that visitors can sign in to is a popular one


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """One product as its shop lists it."""

    code: str
    merchant: str
    category: str
    kind: str
    brand: Words
    noun: Words
    title: Words
    tone: Tone
    pack_count: int
    price_minor: int  # fen
    rate_bps: int  # commission rate; the shop's general rate unless `marketed`
    marketed: bool  # True: in the shop's marketing plan, at its own rate
    monthly_sales: int
    months: tuple[int, ...]  # when it sells best; empty: all year
    coupon: CouponFacts | None


@dataclass(frozen=True, slots=True)
class _Draft:
    """A product before it is known how well it sells."""

    merchant: MerchantFacts
    kind: Kind
    title: Words
    tone: Tone
    pack_count: int
    price_minor: int


@cache
def products(count: int = PRODUCTS) -> tuple[ProductFacts, ...]:
    """The catalogue, shop by shop. Titles differ from each other in all three languages."""
    dice, seen, drafts = Dice("catalogue"), set[str](), list[_Draft]()
    shops = list(merchants().values())
    for shop, quota in zip(shops, shares(count, [_appetite(s) for s in shops]), strict=True):
        shelf_weights = [
            (3 if n == 0 else 1) * categories()[c].shelf for n, c in enumerate(shop.shelves)
        ]
        for shelf, part in zip(shop.shelves, shares(quota, shelf_weights), strict=True):
            drafts += _stock(shop, shelf, part, seen, dice)
    sales = _monthly_sales(drafts, Dice("sales"))
    listing = zip(drafts, sales, strict=True)
    return tuple(_listed(n, draft, sold) for n, (draft, sold) in enumerate(listing, 1))


def _appetite(shop: MerchantFacts) -> float:
    return ASSORTMENT[shop.character] * categories()[shop.shelves[0]].shelf


def _stock(shop: MerchantFacts, shelf: str, quota: int, seen: set[str], dice: Dice) -> list[_Draft]:
    """`quota` different products of one shop for one shelf."""
    mine = [kinds()[code] for code in shop.kinds if kinds()[code].category == shelf]
    urn, drafts = Urn(mine, [kind.share for kind in mine]), list[_Draft]()
    while len(drafts) < quota:
        draft = _draft(shop, urn.draw(dice), dice)
        if seen.isdisjoint(draft.title):
            seen.update(draft.title)
            drafts.append(draft)
    return drafts


def _draft(shop: MerchantFacts, kind: Kind, dice: Dice) -> _Draft:
    groups = dice.some(kind.features, dice.pick((1, 2, 2, 2, 3)))
    step = dice.below(len(kind.sizes)) if kind.sizes else 0
    count = dice.pick(kind.pack_counts)
    said = Said(
        brand=shop.brand,
        noun=kind.name,
        also=kind.also,
        style=dice.pick(kind.styles),
        material=dice.pick(kind.materials) if kind.materials else None,
        features=tuple(dice.pick(group) for group in groups),
        audience=dice.pick(kind.audiences) if kind.audiences and dice.chance(8200) else NOTHING,
        size=kind.sizes[step] if kind.sizes else NOTHING,
        pack=pack(kind.pack_unit, count),
        tone=dice.pick(kind.tones),
    )
    price = _price(shop, kind, step, count, dice)
    return _Draft(shop, kind, title(said, dice.below(3)), said.tone, count, price)


def _price(shop: MerchantFacts, kind: Kind, step: int, count: int, dice: Dice) -> int:
    """More often near the low end; larger sizes and packs cost more, though less per piece."""
    luck = dice.roll()
    span = kind.high_yuan - kind.low_yuan
    spread = (
        int(100 * span * luck * luck)
        if len(kind.sizes) < 2
        else int(100 * span * (luck * luck + step / (len(kind.sizes) - 1)) / 2)
    )
    price = (kind.low_yuan * 100 + spread) * PRICE_PERCENT[shop.character] // 100
    if (least := kind.pack_counts[0]) < count:
        price = price * (100 + 55 * min(count - least, 5 * least) // least) // 100
    return tidy_price(price, dice)


def _monthly_sales(drafts: list[_Draft], dice: Dice) -> list[int]:
    """A few sell by the ten thousand, most by the dozen: sales fall with the rank."""
    scores = [
        dice.roll() * _pull(draft.merchant) * 400 / (400 + draft.price_minor / 100)
        for draft in drafts
    ]
    ranked = sorted(range(len(drafts)), key=lambda n: (-scores[n], n))
    sales = [0] * len(drafts)
    for rank, n in enumerate(ranked):
        fall = 900_000 / (rank + 15) * (1 - rank / (len(drafts) * 1.03))
        sales[n] = max(3, int(fall * (0.8 + 0.4 * dice.roll())))
    return sales


def _pull(shop: MerchantFacts) -> float:
    return PULL_OF_OURS if shop.code == DEMO_MERCHANT else PULL[shop.character]


def _listed(number: int, draft: _Draft, monthly_sales: int) -> ProductFacts:
    shop, kind, code = draft.merchant, draft.kind, f"P{number:05d}"
    dice = Dice("listing", code)
    general = dict(shop.general_bps)[kind.category]
    marketed = dice.chance(6200)
    room = categories()[kind.category].high_rate_bps - general
    if shop.character is Character.SUPERMARKET:
        room //= 2
    extra = int(room * (0.1 + 0.9 * dice.roll() * dice.roll()))
    return ProductFacts(
        code=code,
        merchant=shop.code,
        category=kind.category,
        kind=kind.code,
        brand=shop.brand,
        noun=kind.name,
        title=draft.title,
        tone=draft.tone,
        pack_count=draft.pack_count,
        price_minor=draft.price_minor,
        rate_bps=general + (extra // 50 * 50 if marketed else 0),
        marketed=marketed,
        monthly_sales=monthly_sales,
        months=kind.months,
        coupon=coupon_for(draft.price_minor, dice),
    )


@cache
def products_by_shop() -> dict[str, tuple[ProductFacts, ...]]:
    found: dict[str, list[ProductFacts]] = {code: [] for code in merchants()}
    for product in products():
        found[product.merchant].append(product)
    return {code: tuple(listed) for code, listed in found.items()}
