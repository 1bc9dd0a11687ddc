"""The forty shops with their products, plans and coupons, as their owners would set them up."""

from collections.abc import Collection
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from alliance.demo.catalogue import ProductFacts, products_by_shop
from alliance.demo.dice import Dice
from alliance.demo.load.stage import CURRENCY, Seller, Stage
from alliance.demo.merchants import Character, MerchantFacts, merchants
from alliance.demo.prices import tidy_price
from alliance.demo.shelves import categories
from alliance.kernel import clock
from alliance.kernel.bulk import update_many
from alliance.kernel.models import User
from alliance.kernel.money import Money
from commissions.services.wallets import credit_limit_set
from merchants.models import Category, PlanKind
from merchants.services.coupons import coupon_create
from merchants.services.merchants import merchant_apply, merchant_approve
from merchants.services.plans import plan_open
from merchants.services.products import ProductData, products_save
from merchants.services.shops import shop_score
from merchants.services.terms import product_rates_announce, terms_announce

OPENED = timedelta(days=430)  # before today; the first affiliates joined 420 days ago
ON_CREDIT, CREDIT = "qingshang", Money(3_000_00, CURRENCY)


def domains(shop: MerchantFacts) -> list[str]:
    """The shop's own, and one below localhost: browsers find that on this machine without DNS."""
    return [shop.domain, f"{shop.code}.localhost"]


def port() -> str:
    """ ":8000", as the demo's own address has it."""
    number = urlsplit(settings.PUBLIC_URL).port
    return f":{number}" if number else ""


def page_of(shop: str, product: str) -> str:
    """Where the product can be bought: a page of the demo that plays the shop."""
    return f"http://{shop}.localhost{port()}{reverse('demo:product', args=[product])}"


def shops_open(
    stage: Stage,
    users: dict[str, User],
    stocked: Collection[str],
    codes: Collection[str] | None = None,
) -> None:
    """Every shop (or those of these `codes`), with those of its products that are `stocked`."""
    with clock.at(stage.ago(days=OPENED.days + 2)):
        Category.objects.bulk_create(
            Category(slug=c.code, name_zh=c.name.zh, name_en=c.name.en, name_de=c.name.de)
            for c in categories().values()
        )
        shelves = {category.slug: category for category in Category.objects.all()}
    for number, (code, facts) in enumerate(merchants().items()):
        if codes is not None and code not in codes:
            continue
        owner = users["chen" if f"shop-{code}" not in users else f"shop-{code}"]
        morning = clock.day_start(stage.end - OPENED) + timedelta(hours=9)
        with clock.at(morning + timedelta(minutes=11 * number)):
            seller = _open(stage, facts, owner)
            _stock(seller, [p for p in products_by_shop()[code] if p.code in stocked], shelves)
            if code == ON_CREDIT:
                credit_limit_set(
                    actor=stage.staff["finance"], merchant=seller.merchant, limit=CREDIT
                )
        _prices_fall(stage, seller)
        with clock.at(stage.ago(days=40)):
            _coupons(stage, seller, products_by_shop()[code])
        stage.sellers[code] = seller


def _open(stage: Stage, facts: MerchantFacts, owner: User) -> Seller:
    merchant = merchant_apply(
        user=owner,
        name=f"{facts.brand.zh} {facts.brand.en}",
        legal_name=f"{facts.city.zh}{facts.brand.zh}商贸有限公司",
        shop_name=facts.shop.zh,
        domains=domains(facts),
        currency=CURRENCY,
    )
    merchant_approve(merchant=merchant, actor=stage.staff["ops"])
    shop = merchant.shops.select_related("merchant").get()
    shop_score(shop=shop, score_centi=facts.score, actor=stage.staff["ops"])
    return Seller(facts, owner, merchant, shop, {})


def _stock(seller: Seller, stock: list[ProductFacts], shelves: dict[str, Category]) -> None:
    facts, merchant, owner = seller.facts, seller.merchant, seller.user
    (_main, rate_bps), *others = facts.general_bps
    plan = plan_open(merchant=merchant, name="通用计划", rate_bps=rate_bps, actor=owner)
    for shelf, bps in others:
        terms_announce(plan=plan, category=shelves[shelf], rate_bps=bps, actor=owner)
    listed = [_listing(p, facts, _first_price(p)) for p in stock]
    products_save(shop=seller.shop, products=listed, actor=owner)
    rows = seller.shop.products.select_related("shop__merchant")
    seller.products = {product.external_id: product for product in rows}
    plan = plan_open(
        merchant=merchant,
        name="源头工厂高佣计划" if facts.character is Character.FACTORY else "爆款营销计划",
        kind=PlanKind.MKT,
        ends_at=clock.now() + OPENED + timedelta(days=120),
        actor=owner,
    )
    rates = {seller.products[p.code].pk: p.rate_bps for p in stock if p.marketed}
    product_rates_announce(plan=plan, rates=rates, actor=owner)
    for product in stock:  # what it sells elsewhere too; no service knows that
        seller.products[product.code].sales_count = product.monthly_sales
    update_many(seller.products.values(), ["sales_count"])


def _prices_fall(stage: Stage, seller: Seller) -> None:
    """Some of what was dearer until some days ago is what it costs now."""
    known = {product.code: product for product in products_by_shop()[seller.facts.code]}
    dear = [
        known[code]
        for code, product in seller.products.items()
        if product.price_minor != known[code].price_minor
    ]
    for day in (9, 6, 3):
        fallen = [
            _listing(p, seller.facts) for p in dear if Dice("fell", p.code).pick((9, 6, 3)) == day
        ]
        with clock.at(stage.ago(days=day)):
            products_save(shop=seller.shop, products=fallen, actor=seller.user)
    for product in dear:
        seller.products[product.code].price_minor = product.price_minor


def _first_price(product: ProductFacts) -> int:
    """What it was listed at first: one in thirty was dearer, by a tenth to a half."""
    dice = Dice("dear", product.code)
    if not dice.chance(333):
        return product.price_minor
    return tidy_price(product.price_minor * dice.between(112, 150) // 100, dice)


def _listing(
    product: ProductFacts, shop: MerchantFacts, price_minor: int | None = None
) -> ProductData:
    return ProductData(
        external_id=product.code,
        title=product.title.zh,
        title_en=product.title.en,
        title_de=product.title.de,
        category=product.category,
        brand=product.brand.zh,
        price_minor=product.price_minor if price_minor is None else price_minor,
        url=page_of(shop.code, product.code),
        image_url=reverse("demo:picture", args=[product.code]),
        description=shop.line.zh,
    )


def _coupons(stage: Stage, seller: Seller, listed: tuple[ProductFacts, ...]) -> None:
    """In force for some weeks around today."""
    for facts in listed:
        if facts.coupon is None or facts.code not in seller.products:
            continue
        dice, product = Dice("coupon", facts.code), seller.products[facts.code]
        coupon = coupon_create(
            shop=seller.shop,
            product=product,
            code=f"{facts.merchant[:6].upper()}{facts.code[1:]}",
            face_minor=facts.coupon.face_minor,
            threshold_minor=facts.coupon.threshold_minor,
            starts_at=clock.now(),
            ends_at=clock.day_start(stage.end + timedelta(days=dice.between(3, 60))),
            actor=seller.user,
        )
        seller.coupons[facts.code] = coupon.code
