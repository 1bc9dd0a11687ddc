"""What an affiliate shares of a link: address, share code and words, with the price of this moment.

Where a campaign's coupon can be had for the product, its coupon page is what is shared, unless the
shop's own coupon is worth more (docs/links.md).
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, pgettext

from affiliates.models import Affiliate, Link
from affiliates.pasted import unled
from affiliates.queries import coupons_for_products, share_of, ways_of
from affiliates.services import Made, link_address
from alliance.kernel.money import Money
from campaigns import landing, pictures
from campaigns.coupon_pages import address_of
from campaigns.models import StockMode
from campaigns.posters import Poster
from merchants.models import Coupon, Product
from merchants.plans import explain

WORKS = ("open", "soon")  # states in which a coupon page is worth being shared


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A link, and the facts that are told with it. Without a product it has no price.

    `coupon`: the shop's own code that anybody may use; `offer`: a campaign's coupon, of which
    `offer.left` are left now. `by_coupon_page`: that one is what is shared, because with it the
    buyer pays no more than with the shop's.
    """

    link: Link
    price: Money | None = None
    coupon: Coupon | None = None
    offer: landing.Offer | None = None
    by_coupon_page: bool = False

    @property
    def title(self) -> str:
        """In one line, and without ways of its own: it stands above the affiliate's."""
        product, shop = self.link.product, self.link.shop
        titles = (unled(one.name, settings.PUBLIC_URL) for one in (product, shop) if one)
        return next(filter(None, titles), "")

    @property
    def picture(self) -> bytes:
        """For its poster; empty if there is none, or none yet."""
        product = self.link.product
        return (pictures.known(product.image_url) or b"") if product else b""

    @property
    def picture_awaited(self) -> bool:
        return bool(self.link.product and pictures.on_its_way(self.link.product.image_url))

    @property
    def face(self) -> Money | None:
        """What the coupon takes off, if there is one to be had for certain now."""
        if not self.by_coupon_page:
            return self.coupon.face if self.coupon else None
        offer = self.offer
        return Money(offer.most_face_minor, offer.currency) if offer and certain(offer) else None

    @property
    def varies(self) -> bool:
        """Whether claimers get coupons of different worth: then the best is named as such."""
        offer = self.offer
        return bool(
            self.by_coupon_page
            and offer
            and certain(offer)
            and offer.least_face_minor < offer.most_face_minor
        )

    @property
    def after(self) -> Money | None:
        """What the buyer pays with the coupon, if there is one now."""
        if self.price is None or self.face is None:
            return None
        return Money(max(self.price.minor - self.face.minor, 0), self.price.currency)

    @property
    def address(self) -> str:
        return address_of(self.link) if self.by_coupon_page else link_address(self.link)

    @property
    def second_page(self) -> str:
        """The coupon page, where the shop's own coupon is worth more and is shared first."""
        works = self.offer and self.offer.state in WORKS
        return address_of(self.link) if works and not self.by_coupon_page else ""

    @property
    def short(self) -> str:
        """The address as people write it."""
        return self.address.partition("://")[2]

    @property
    def token(self) -> str:
        """The share code: the link's code between two ￥. It survives where links are cut out."""
        return f"￥{self.link.code}￥"

    @property
    def door(self) -> str:
        """Where a buyer takes a share code."""
        return f"{settings.PUBLIC_URL}{reverse('share_code')}"

    @property
    def words(self) -> str:
        """Text to share, with the link. It says that it is an advertisement: the law in most places
        wants that."""
        return "\n".join([*self._lines(), self.address])

    @property
    def words_with_token(self) -> str:
        """The same with the share code, for places where links are cut out."""
        how = gettext("Copy this message and open %(door)s")
        door = self.door.partition("://")[2]
        return "\n".join([*self._lines(), self.token, how % {"door": door}])

    def _lines(self) -> list[str]:
        facts = {
            "title": self.title,
            "price": self.price.localized() if self.price else "",
            "after": self.after.localized() if self.after else "",
            "code": self.coupon.code if self.coupon else "",
        }
        lines = [gettext("[Ad] %(title)s") % facts]
        if self.varies:
            line = gettext("From %(after)s with a coupon (instead of %(price)s)")
        elif self.after and self.by_coupon_page:
            line = gettext("%(after)s with the coupon behind the link (instead of %(price)s)")
        elif self.after:
            line = gettext("%(after)s with coupon %(code)s (instead of %(price)s)")
        elif self.offer and self.by_coupon_page and self.offer.state == "open":
            line = gettext("%(price)s, and a coupon to be won")
        elif self.by_coupon_page:
            line = gettext("%(price)s, with a coupon soon")
        else:
            line = "%(price)s"
        return [*lines, line % facts] if self.price else lines


@dataclass(frozen=True, slots=True)
class Card:
    """What became of a thing that was pasted, as it is shown: `share` where there is a link."""

    made: Made
    share: Share | None = None
    rate_bps: int = 0
    earning: Money | None = None  # the affiliate's, on one piece, before the service fee

    @property
    def reason(self) -> str:
        """By which plan it earns that, in a sentence; "" where nothing is known."""
        why = self.made.found.why[:1] if self.made.found else ()
        return next(iter(explain(why)), "")

    @property
    def similar(self) -> str:
        """Where products like it are."""
        product = self.made.product
        known = product.category.slug if product and product.category else ""
        return reverse("affiliates:products") + (f"?category={known}" if known else "")


def cards_of(made: Collection[Made], affiliate: Affiliate) -> list[Card]:
    """With prices and the stock of coupons as they are now."""
    shares = {share.link.pk: share for share in shares_of([m.link for m in made if m.link])}
    part = share_of(affiliate)
    cards = []
    for one in made:
        share = shares[one.link.pk] if one.link else None
        paid = (share.after or share.price) if share else None
        rate = one.found.rate_bps if one.found else 0
        cards.append(Card(one, share, rate, paid.share(rate).share(part) if paid else None))
    return cards


def shares_of(links: Collection[Link]) -> list[Share]:
    """What can be shared of the links, which come with product and shop."""
    products = [link.product for link in links if link.product]
    coupons = coupons_for_products(products) if products else {}
    shares = []
    parts = {pk: landing.Part(pk) for pk in {link.affiliate_id for link in links}}
    ways = ways_of(link for link in links if link.product).values()
    open_ways = landing.ways_with_stocks([way for way in ways if not way.closed])
    offers = {way.link_id: landing.offer_of(way, parts[way.affiliate_id]) for way in open_ways}
    for link in links:
        if link.product is None:
            shares.append(Share(link=link))
            continue
        offer = offers.get(link.pk)
        if offer and offer.currency != link.product.currency:
            offer = None
        shares.append(_share(link, link.product, coupons.get(link.product.pk), offer))
    return shares


def certain(offer: landing.Offer) -> bool:
    """Whether who comes now gets a coupon: not before it begins, and not where lots are drawn."""
    return offer.state == "open" and offer.mode != StockMode.DRAW


def _share(
    link: Link, product: Product, coupon: Coupon | None, offer: landing.Offer | None
) -> Share:
    """The coupon with which the buyer pays least; of two that are worth the same the campaign's,
    with which the order is surely the affiliate's."""
    price, by_page = product.price, bool(offer and offer.state in WORKS and not coupon)
    if offer and certain(offer):
        special = Money(offer.price_minor, offer.currency)
        with_page = special - Money(offer.most_face_minor, offer.currency)
        by_page = coupon is None or with_page <= price - coupon.face
        price = special if by_page else price
    return Share(link=link, price=price, coupon=coupon, offer=offer, by_coupon_page=by_page)


def poster_of(share: Share) -> Poster:
    """What its poster says, in the reader's language."""
    price, face = share.after or share.price, share.face
    label = pgettext("price", "From") if share.varies else pgettext("price", "With coupon")
    coupon = gettext("Coupon %(face)s") % {"face": face.localized()} if face else ""
    return Poster(
        title=share.title,
        shop=share.link.shop.name,
        price=price.localized() if price else "",
        before=share.price.localized() if share.after and share.price else "",
        label=label if share.after else "",
        coupon=coupon if share.after else "",
        mark=gettext("Advertisement"),
        call=gettext("Scan it to claim your coupon")
        if share.by_coupon_page
        else gettext("Scan it to see the product")
        if share.price
        else gettext("Scan it to see the shop"),
        address=share.address,
        short=share.short,
    )
