"""What a feed says of a product, whatever its format."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from affiliates.queries import Offer
from alliance.kernel.money import Money, percent
from merchants.models import Coupon, Product

# Neither XML nor a line of a table may hold them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Channel:
    """The feed itself. `home` is our own address; `since` when the feed was made."""

    name: str
    description: str
    home: str
    language: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """An offer with the affiliate's own `link`. `home`: what addresses of pictures may lack."""

    offer: Offer
    link: str
    home: str

    @property
    def product(self) -> Product:
        return self.offer.product

    @property
    def coupon(self) -> Coupon | None:
        return self.offer.coupon

    @property
    def number(self) -> str:
        return str(self.product.pk)

    @property
    def title(self) -> str:
        return plain(self.product.name)

    @property
    def text(self) -> str:
        return plain(self.product.description) or self.title

    @property
    def picture(self) -> str:
        """Its full address; "" if there is none that a browser would fetch."""
        address = urljoin(f"{self.home}/", self.product.image_url)
        shown = self.product.image_url and address.startswith(("https://", "http://"))
        return plain(address) if shown else ""

    @property
    def price(self) -> Money:
        """Before the coupon."""
        return self.product.price

    @property
    def category(self) -> str:
        return plain(self.product.category.name) if self.product.category else ""

    @property
    def rate(self) -> str:
        return percent(self.offer.rate_bps)


def plain(text: str) -> str:
    return _UNPRINTABLE.sub("", text).strip()
