"""The coupon pages that an affiliate can share: its stock, its links, and their QR codes."""

from dataclasses import dataclass
from io import BytesIO

import qrcode
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from qrcode.image.svg import SvgPathImage

from affiliates.models import Link
from alliance.kernel.money import Money
from campaigns.models import CouponStock


@dataclass(frozen=True, slots=True)
class CouponPage:
    """A stock, how much is left of it, and the affiliate's link to its product, if it has one."""

    stock: CouponStock
    left: int
    link: Link | None

    @property
    def most(self) -> Money:
        return Money(max(self.stock.faces), self.stock.currency)

    @property
    def least(self) -> Money:
        return Money(min(self.stock.faces), self.stock.currency)

    @property
    def address(self) -> str:
        """What the affiliate shares; empty without a link."""
        return address_of(self.link) if self.link else ""

    @property
    def qr(self) -> SafeString:
        return qr_of(self.address)


def address_of(link: Link) -> str:
    """The address of the coupon page behind a link."""
    return f"{settings.PUBLIC_URL}{reverse('coupon', args=[link.code])}"


def qr_of(address: str) -> SafeString:
    """The address as a QR code: an SVG to be put into a page."""
    drawn = BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, border=2).save(drawn)
    # Ours from end to end: the library draws squares, and the address is in them only.
    return mark_safe(drawn.getvalue().decode().partition("?>")[2].strip())  # noqa: S308
