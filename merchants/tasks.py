"""Celery tasks of the merchant side. Each may come twice; the rows decide."""

import logging
from datetime import timedelta
from http import HTTPStatus
from tempfile import TemporaryFile

from celery import shared_task

from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from alliance.kernel.outbound import NotFetched
from merchants import queries
from merchants.feeds import FEEDS, run_feed
from merchants.models import ImportRun
from merchants.services import bulk, hooks, imports, prices, product_feeds, products, rates, sales

logger = logging.getLogger(__name__)


@shared_task
def products_import(run_pk: int) -> None:
    """Read an uploaded product file."""
    run = ImportRun.objects.select_related("merchant", "shop", "actor", "feed").get(pk=run_pk)
    try:
        run_feed(FEEDS["products"], run=run)
    except WrongState:
        logger.info("import %s was read already", run_pk)
        return
    except Exception:
        product_feeds.feed_read(run=run)  # or its server would say that nothing is new
        raise
    product_feeds.feed_read(run=run)


@shared_task
def feeds_fetch() -> None:
    """Beat: product feeds that are due."""
    for pk in queries.feeds_due():
        feed_fetch.delay(pk)


@shared_task
def feed_fetch(feed_pk: int) -> None:
    """Fetch a product feed and read what came. One worker wins the claim."""
    feed = product_feeds.feed_claim(feed_pk=feed_pk)
    if feed is None:
        return
    with TemporaryFile() as body:
        try:
            answer = product_feeds.feed_fetch(feed, body)
        except NotFetched as exc:
            product_feeds.feed_failed(
                feed=feed, trouble=exc.trouble, status=exc.facts.get("status")
            )
            return
        if answer.status == HTTPStatus.NOT_MODIFIED:
            product_feeds.feed_unchanged(feed=feed)
            return
        body.seek(0)
        run = product_feeds.feed_brought(feed=feed, answer=answer, body=body)
    products_import(run.pk)


@shared_task
def rates_refresh(*, everything: bool = False) -> None:
    """Beat: rates that were announced for a moment count from it on; looked at are merchants of
    whom something began or ended in the last day. Once a night `everything`, whatever was missed.
    """
    since = None if everything else clock.now() - timedelta(days=1)
    logger.info("%s products have another rate now", rates.rates_refresh(since=since))


@shared_task
def products_end() -> None:
    """Beat: products that their shops' feeds do not list any more, when their time has come."""
    logger.info("%s products ended", products.products_end())


@shared_task
def sales_count() -> None:
    """Beat, nightly: what was sold of each product in the last 30 days."""
    logger.info("%s products have another count of sales now", sales.sales_count())


@shared_task
def bulk_go_on(edit_pk: int) -> None:
    """Do what is left of a change of many products."""
    bulk.bulk_go_on(edit_pk=edit_pk)


@shared_task
def bulk_sweep() -> None:
    """Beat: changes of many products that nobody gets on with, and that nobody could."""
    bulk.bulk_give_up()
    for pk in bulk.bulk_stalled():
        bulk_go_on.delay(pk)


@shared_task
def imports_forget() -> None:
    """Beat, nightly: what runs and changes of many said of single rows and products, after ninety
    days; what webhooks delivered, after thirty; past prices, after a hundred and twenty."""
    imports.imports_forget()
    bulk.bulk_forget()
    prices.prices_forget()
    hooks.deliveries_forget()
