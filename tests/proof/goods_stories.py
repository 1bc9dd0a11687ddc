"""What the tasks of files, feeds and products have to do once."""

import io
from datetime import timedelta

from alliance.kernel import clock
from merchants.feeds import FEEDS, run_feed
from merchants.models import BulkEdit, ImportRun, Product, ProductFeed
from merchants.services.bulk import Wish, bulk_begin, bulk_look
from merchants.services.imports import import_begin, mapping_save
from merchants.services.product_feeds import feed_save
from merchants.services.products import ProductData, products_let_end, products_save
from merchants.services.terms import terms_announce
from tests.cast import Cast
from tests.proof.stories import INSIDE, MAY, story_of

ORDERS = """number,state,placed,product,paid,click
A1,paid,2026-05-10 10:00,P1,199.00,{click}
A2,paid,2026-05-10 10:05,P1,99.00,{click}
A3,paid,2026-05-10 10:05,P1,nothing,{click}
"""
COLUMNS = {
    "order": "number",
    "state": "state",
    "placed_at": "placed",
    "product": "product",
    "amount": "paid",
    "click_id": "click",
}


def orders_file(cast: Cast) -> ImportRun:
    with clock.at(MAY):
        mapping_save(
            merchant=cast.merchant, kind="orders", columns=COLUMNS, options={}, actor=cast.chen
        )
        file = io.BytesIO(ORDERS.format(click=cast.click()).encode())
        return import_begin(
            shop=cast.shop, kind="orders", filename="orders.csv", file=file, actor=cast.chen
        )


@story_of("commissions.tasks.orders_import")
def an_order_file_came(cast: Cast):
    return MAY, [(orders_file(cast).pk,)]


@story_of("commissions.tasks.imports_sweep")
def a_worker_died_over_a_file(cast: Cast):
    run = orders_file(cast)
    ImportRun.objects.filter(pk=run.pk).update(counts={"rows": 0}, updated_at=MAY)
    return MAY + timedelta(hours=1), [()]


PRODUCTS = b"""id,title,link,price
P1,Vacuum flask,https://shop.chen.example/p/1,189.00 CNY
P2,Teapot,https://shop.chen.example/p/2,no price
P3,Kettle,https://shop.chen.example/p/3,259.00 CNY
"""


@story_of("merchants.tasks.products_import")
def a_product_file_came(cast: Cast):
    run = import_begin(
        shop=cast.shop, kind="products", filename="p.csv", file=io.BytesIO(PRODUCTS), actor=None
    )
    return MAY, [(run.pk,)]


@story_of("merchants.tasks.feed_fetch")
def a_feed_is_due(cast: Cast):
    """Its address, an old one, leads inside, so nothing is asked, and that is written down once."""
    with clock.at(MAY):
        feed = feed_save(
            shop=cast.shop,
            url="https://shop.chen.example/p.csv",
            every_hours=6,
            full=True,
            username="",
            password=None,
            actor=None,
        )
    ProductFeed.objects.filter(pk=feed.pk).update(url=f"{INSIDE}p.csv")
    return MAY, [(feed.pk,)]


@story_of("merchants.tasks.feeds_fetch")
def feeds_are_due(cast: Cast):
    moment, _messages = a_feed_is_due(cast)
    return moment, [()]


@story_of("merchants.tasks.products_end")
def a_feed_listed_them_no_more(cast: Cast):
    with clock.at(MAY):
        outcomes = products_save(
            shop=cast.shop,
            products=[
                ProductData(f"E{n}", "Kettle", f"https://shop.chen.example/e/{n}", 100)
                for n in range(3)
            ],
            actor=None,
        )
        gone = [outcome.product_pk for outcome in outcomes[1:] if outcome.product_pk]
        products_let_end(products=gone, at=MAY + timedelta(days=1))
    return MAY + timedelta(days=1), [()]


@story_of("merchants.tasks.sales_count")
def some_were_sold(cast: Cast):
    with clock.at(MAY):
        cast.sold("T1")
    return MAY, [()]


@story_of("campaigns.tasks.boards_make")
def it_sells_more_than_before(cast: Cast):
    with clock.at(MAY):
        for number in range(12):
            cast.sold(f"T{number}")
    return MAY + timedelta(days=1), [()]


@story_of("merchants.tasks.imports_forget")
def an_import_is_old(cast: Cast):
    moment, [(pk,)] = a_product_file_came(cast)
    with clock.at(moment):
        run_feed(FEEDS["products"], run=ImportRun.objects.get(pk=pk))
    return moment + timedelta(days=91), [()]


def _paused(cast: Cast) -> BulkEdit:
    """Three products are to be paused, and nobody has begun."""
    data = [ProductData(f"B{n}", "Tea", "https://shop.chen.example/b", 100) for n in range(3)]
    products_save(shop=cast.shop, products=data, actor=cast.chen)
    rows, wish = Product.objects.filter(external_id__startswith="B"), Wish("pause")
    seen = bulk_look(merchant=cast.merchant, products=rows, wish=wish).mark
    return bulk_begin(merchant=cast.merchant, products=rows, wish=wish, seen=seen, actor=cast.chen)


@story_of("merchants.tasks.bulk_go_on")
def many_products_are_to_be_paused(cast: Cast):
    with clock.at(MAY):
        return MAY, [(_paused(cast).pk,)]


@story_of("merchants.tasks.bulk_sweep")
def nobody_gets_on_with_pausing(cast: Cast):
    with clock.at(MAY):
        _paused(cast)
    return MAY + timedelta(minutes=5), [()]


@story_of("merchants.tasks.rates_refresh")
def a_cut_was_announced_for_today(cast: Cast):
    with clock.at(MAY):
        terms_announce(plan=cast.merchant.plans.get(), rate_bps=800, actor=cast.chen)
    return MAY + timedelta(days=1), [()]
