"""Who plays: shops, affiliates and staff of the demo, a part of them, as they were an hour ago."""

from collections.abc import Callable
from dataclasses import dataclass, field

from affiliates.services import links_create, policy_set
from alliance.demo.catalogue import ProductFacts, products_by_shop
from alliance.demo.dice import Dice, Urn
from alliance.demo.load.accounts import accounts_make
from alliance.demo.load.promoters import promoters_join
from alliance.demo.load.shops import shops_open
from alliance.demo.load.stage import CURRENCY, Seller, Stage
from alliance.demo.merchants import DEMO_MERCHANT, merchants
from alliance.demo.people import DEMO_AFFILIATE, Role, affiliates
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.money import Money
from commissions.services import payouts, wallets
from merchants.models import Product

WALLET = Money(1_000_000_00, CURRENCY)
PRODUCTS = 6  # of each shop, the best sold
SHOPS = (  # those that the campaigns name come first
    "stridewild", "tangerly", "tuanyuan", "voltchi", "mosslin", "qingzhi", "lumnook", "nuanova",
    "greenplot", "hobbypony", "velunna",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    shops: int = 12
    affiliates: int = 36


@dataclass(frozen=True, slots=True)
class Way:
    """A link as buyers meet it: whose, to what, and under which code."""

    code: str
    affiliate: str
    product: str
    shop: str
    price_minor: int


@dataclass
class World:
    stage: Stage
    ways: dict[tuple[str, str], Way] = field(default_factory=dict)  # affiliate, product
    tokens: dict[str, str] = field(default_factory=dict)  # of each shop's key for the API

    def shopping(self, dice: Dice) -> Way:
        """Where a buyer comes by: an affiliate by reach, a product by what sells."""
        return self.ways[self._reach.draw(dice), self._sales.draw(dice).code]

    def __post_init__(self) -> None:
        self.products: dict[str, ProductFacts] = {}

    def best(self) -> Product:
        """What sells best tonight."""
        code = max(self.products.values(), key=lambda p: (p.monthly_sales, p.code)).code
        return next(
            seller.products[code]
            for seller in self.stage.sellers.values()
            if code in seller.products
        )

    def ready(self) -> None:
        """The links are there: who brings whom to what."""
        codes = list(self.stage.promoters)
        self._reach = Urn(codes, [affiliates()[code].reach for code in codes])
        goods = list(self.products.values())
        self._sales = Urn(goods, [min(p.monthly_sales, 4_000) + 500 for p in goods])


def world_make(size: Size, say: Callable[[str], None]) -> World:
    """Through the public services, into an empty database."""
    stage = Stage(clock.now(), say)
    stage.staff = accounts_make(stage.ago(days=440))
    world = World(stage)
    shops = _shops(size.shops)
    for code in shops:
        best = sorted(products_by_shop()[code], key=lambda p: (-p.monthly_sales, p.code))
        world.products |= {product.code: product for product in best[:PRODUCTS]}
    say("shops")
    shops_open(stage, stage.staff, world.products.keys(), shops)
    for seller in stage.sellers.values():
        _fund(stage, seller)
        world.tokens[seller.facts.code] = _key(seller)
    say("affiliates and their links")
    promoters_join(stage, stage.staff, _affiliates(size.affiliates))
    stage.agenda.run()
    # An evening in minutes: here people do order within a second of their click.
    policy_set(
        actor=stage.staff["ops"], window_days=15, precedence="code_first", stand_down_seconds=0
    )
    _links(world)
    world.ready()
    return world


def _shops(count: int) -> list[str]:
    """The demo's own one, and others in their order."""
    known = [DEMO_MERCHANT, *SHOPS, *merchants()]
    return list(dict.fromkeys(known))[:count]


def _affiliates(count: int) -> list[str]:
    """Some of each role, the greatest first; the demo's own one among them."""
    able = [one for one in affiliates().values() if not one.waiting]
    lines = [
        sorted((one for one in able if one.role is role), key=lambda one: -one.reach)
        for role in (Role.SMALL, Role.KA, Role.SMALL, Role.TRAFFIC, Role.TUANZHANG, Role.CHANNEL)
    ]
    chosen = [DEMO_AFFILIATE]
    for place in range(max(map(len, lines))):
        chosen += [line[place].code for line in lines if place < len(line)]
    return list(dict.fromkeys(chosen))[:count]


def _fund(stage: Stage, seller: Seller) -> None:
    made = wallets.top_up_announce(actor=seller.user, merchant=seller.merchant, amount=WALLET)
    wallets.top_up_receive(actor=stage.staff["finance"], top_up=made)


def _key(seller: Seller) -> str:
    _row, token = api_key_issue(
        actor=seller.user,
        organisation=f"merchant:{seller.merchant.pk}",
        name="shop",
        scopes=["orders:write", "orders:read"],
    )
    return token


def _links(world: World) -> None:
    """Everybody promotes everything, from their first ad zone; and says where their money goes."""
    stage = world.stage
    goods = [
        (code, product)
        for code, seller in stage.sellers.items()
        for product in seller.products.values()
    ]
    for promoter in stage.promoters.values():
        zone = promoter.zones[0][0]
        made = links_create(
            actor=promoter.user,
            affiliate=promoter.affiliate,
            ways=[(zone, product) for _code, product in goods],
        )
        for link, (shop, product) in zip(made, goods, strict=True):
            way = Way(
                code=link.code,
                affiliate=promoter.facts.code,
                product=product.external_id,
                shop=shop,
                price_minor=product.price_minor,
            )
            world.ways[way.affiliate, way.product] = way
        payouts.payee_set(
            actor=promoter.user,
            affiliate=promoter.affiliate,
            holder=promoter.facts.name,
            institution="支付宝",
            number=promoter.facts.email,
            rail="manual",
        )
