"""A merchant with products and affiliates with links to them, made through the public services."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from affiliates.models import AdZone, Link
from affiliates.services import Click, affiliate_apply, link_create
from alliance.kernel import clock
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money
from commissions.services.wallets import top_up_book, top_up_receive
from merchants.models import Merchant, Product, Shop
from merchants.services.merchants import merchant_apply, merchant_approve
from merchants.services.orders import LineReport, OrderReport
from merchants.services.plans import plan_open
from merchants.services.products import ProductData, products_save

LINES = 2  # per order
FUNDS = Money(10**12, "CNY")


@dataclass
class World:
    """One merchant's shop. `sales(n)` are n orders as they come: click, then report."""

    merchant: Merchant
    shop: Shop
    products: list[Product]
    links: list[Link]
    chance: random.Random = field(default_factory=lambda: random.Random(618))
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def sales(self, orders: int) -> list[tuple[Click, OrderReport]]:
        now = clock.now()
        return [self._sale(f"B{next(self.numbers)}", now) for _order in range(orders)]

    def _sale(self, number: str, now: datetime) -> tuple[Click, OrderReport]:
        click = Click.through(
            self.chance.choice(self.links),
            touched_at=now - timedelta(minutes=1),  # a person who fills a basket
            visitor_key=uuid4().hex,
        )
        lines = tuple(
            LineReport(str(i), product.external_id, product.title, 1, product.price_minor)
            for i, product in enumerate(self.chance.choices(self.products, k=LINES))
        )
        return click, OrderReport(
            external_id=number,
            state="paid",
            currency="CNY",
            placed_at=now,
            paid_at=now,
            reported_at=now,
            click_id=click.click_id,
            lines=lines,
        )


def world_make(*, products: int = 50, affiliates: int = 20) -> World:
    domain = f"{uuid4().hex}.example"
    owner = _person()
    finance, finance2 = (_person(is_staff=True, staff_roles=[StaffRole.FINANCE]) for _n in (1, 2))
    with clock.at(clock.now() - timedelta(hours=1)):  # the terms stand before the first click
        merchant = merchant_apply(user=owner, name="Bench", shop_name="Bench", domains=[domain])
        merchant_approve(merchant=merchant, actor=finance)
        shop = merchant.shops.get()
        plan_open(merchant=merchant, name="General", rate_bps=1200, actor=owner)
        products_save(
            shop=shop,
            products=[
                ProductData(f"P{i}", f"商品 {i}", f"https://{domain}/{i}", 1990 + 137 * i)
                for i in range(products)
            ],
            actor=owner,
        )
    top_up = top_up_book(actor=finance2, merchant=merchant, amount=FUNDS, receipt="bench")
    top_up_receive(actor=finance, top_up=top_up)
    on_sale = list(Product.objects.filter(shop=shop).select_related("shop__merchant"))
    links = []
    for i in range(affiliates):
        user = _person()
        affiliate = affiliate_apply(user=user, kind="small", name=f"Affiliate {i}")
        zone = AdZone.objects.select_related("site").get(site__affiliate=affiliate)
        links += [
            link_create(actor=user, affiliate=affiliate, zone=zone, product=product)
            for product in on_sale[:: max(1, products // 5)]
        ]
    return World(merchant, shop, on_sale, links)


def _person(**fields: Any) -> User:
    return User.objects.create_user(f"{uuid4().hex}@bench.example", **fields)
