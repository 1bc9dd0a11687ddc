"""Celery tasks of the merchant side. Each may come twice; the rows decide."""

import logging

from celery import shared_task

from alliance.kernel.errors import WrongState
from merchants.feeds import FEEDS, run_feed
from merchants.models import ImportRun
from merchants.services import imports, plans, products

logger = logging.getLogger(__name__)


@shared_task
def products_import(run_pk: int) -> None:
    """Read an uploaded product file."""
    run = ImportRun.objects.select_related("merchant", "shop", "actor").get(pk=run_pk)
    try:
        run_feed(FEEDS["products"], run=run)
    except WrongState:
        logger.info("import %s was read already", run_pk)


@shared_task
def rates_refresh() -> None:
    """Beat, at the start of each business day: rates that were announced for it count now."""
    logger.info("%s products have another rate today", plans.rates_refresh())


@shared_task
def products_end() -> None:
    """Beat: products that their shops' feeds do not list any more, when their time has come."""
    logger.info("%s products ended", products.products_end())


@shared_task
def imports_forget() -> None:
    """Beat, nightly: what runs said of single rows and products, after ninety days."""
    imports.imports_forget()
