"""What the clock does with coupons: each may run twice or late, the rows decide. And pictures for
posters, which are fetched while a page is on its way."""

import logging
from datetime import timedelta

from celery import shared_task
from kombu.exceptions import OperationalError

from campaigns import pictures, redemption
from campaigns.services import boards, stock
from merchants.models import Product

logger = logging.getLogger(__name__)


@shared_task
def claims_turn() -> None:
    """Beat: unused coupons and lost slots are offered again, lots drawn, claims made touches."""
    stock.claims_expire()
    stock.slots_sweep()
    stock.draws_hold()
    redemption.touches_of_claims(since=timedelta(minutes=10))


@shared_task
def claims_sweep() -> None:
    """Beat: claims that no worker was there for in their time become touches, too."""
    redemption.touches_of_claims(since=timedelta(days=2))


@shared_task
def boards_make() -> None:
    """Beat, hourly: which products rise, earn most, and were never so cheap."""
    logger.info("%s products stand on boards", boards.boards_make())


@shared_task
def picture_fetch(product_pk: int) -> None:
    """Fetch the product's picture for its posters. Twice is harmless: it is only kept anew."""
    product = Product.objects.filter(pk=product_pk).first()
    if product and pictures.known(product.image_url) is None:
        pictures.bring(product.image_url)


def picture_ask(product: Product | None) -> None:
    """Have the picture fetched if it is not here. Without a broker posters are drawn without it."""
    if product and pictures.ask_for(product.image_url):
        try:
            picture_fetch.delay(product.pk)
        except OperationalError as exc:
            logger.warning("no picture for product %s: %s", product.pk, exc)
