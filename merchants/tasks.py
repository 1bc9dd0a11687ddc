"""Celery tasks of the merchant side. Each may come twice; the rows decide."""

import logging

from celery import shared_task

from alliance.kernel.errors import WrongState
from merchants.feeds import FEEDS, run_feed
from merchants.models import ImportRun
from merchants.services import plans

logger = logging.getLogger(__name__)


@shared_task
def products_import(run_pk: int) -> None:
    """Read an uploaded product file."""
    run = ImportRun.objects.select_related("merchant", "shop", "actor").get(pk=run_pk)
    try:
        run_feed(FEEDS["products_csv"], run=run)
    except WrongState:
        logger.info("import %s was read already", run_pk)


@shared_task
def rates_refresh() -> None:
    """Beat, at the start of each business day: rates that were announced for it count now."""
    logger.info("%s products have another rate today", plans.rates_refresh())
