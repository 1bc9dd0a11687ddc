"""What stands behind things that were pasted (affiliates.pasted): a product, a shop, nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from django.db.models import Q

from affiliates.destinations import (
    domain_suffixes,
    host_of,
    in_domains,
    without_tracking,
)
from affiliates.models import Affiliate, Link
from affiliates.pasted import Kind, Thing, addresses_within
from affiliates.queries.products import products_known
from merchants.models import MerchantState, Product, Shop
from merchants.models.catalogue import PAGE

SAME_NUMBER = 3  # products of several shops with one number that are told of


class Missing(NamedTuple):
    """Nothing is there."""

    thing: Thing


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link can lead: a product, or a page of a shop. `url`: the page, where it is not the
    product's own. `link`: it was read out of a link of ours, whoever made it."""

    thing: Thing
    shop: Shop
    product: Product | None = None
    url: str = ""
    link: Link | None = None


Sight = Target | Missing


def targets_of(things: Sequence[Thing], affiliate: Affiliate) -> list[Sight]:
    """What the things are, each target once, in their order. Four statements, however many.

    Of things that can be something else (a word with a dot, one number among many) those with
    nothing behind them are left out, unless all are.
    """
    seen = _sights(things, affiliate)
    found: dict[tuple[int | None, int, str], Sight] = {}
    missing: list[Sight] = []
    for thing in things:
        for sight in seen[thing]:
            if isinstance(sight, Target):
                product = sight.product.pk if sight.product else None
                found.setdefault((product, sight.shop.pk, sight.url), sight)
            elif thing.sure:
                found[None, -len(found) - 1, thing.value] = sight
            else:
                missing.append(sight)
    return list(found.values()) or missing


def targets_apart(things: Sequence[Thing], affiliate: Affiliate) -> list[Sight]:
    """What each of the things is as if it stood alone: of several the first. As few statements as
    for one text, but a product's page here and a number are looked up apart: among others the one
    says what the other means."""
    pages = [thing for thing in things if thing.kind == Kind.PRODUCT]
    others = [thing for thing in things if thing.kind != Kind.PRODUCT]
    seen = _sights(pages, affiliate) | _sights(others, affiliate)
    return [seen[thing][0] for thing in things]


def _sights(things: Sequence[Thing], affiliate: Affiliate) -> dict[Thing, list[Sight]]:
    """What each may be, one at least."""
    links = _links({thing.value for thing in things if thing.kind in (Kind.CODE, Kind.NUMBER)})
    own = {int(thing.value) for thing in things if thing.kind == Kind.PRODUCT}
    numbers = {thing.value for thing in things if thing.kind == Kind.NUMBER}
    by_number = _by_number(numbers, own)
    by_address = _Addresses(thing for thing in things if thing.kind == Kind.ADDRESS)

    seen: dict[Thing, list[Sight]] = {}
    for thing in things:
        sights: list[Sight]
        if thing.kind == Kind.ADDRESS:
            sights = [by_address.sight(thing)]
        elif link := links.get(thing.value.lower()):
            sights = [_behind(thing, link, affiliate)]
        else:
            products = by_number.get(thing.value, [])
            sights = [Target(thing, product.shop, product) for product in products]
        seen[thing] = sights or [Missing(thing)]
    return seen


def shop_at(url: str, shops: Iterable[Shop]) -> Shop | None:
    """Which of the shops the address lies in: the closest domain wins, so a shop on its own
    subdomain comes before the platform that it is on."""
    host = host_of(url)
    suffixes = domain_suffixes(host) if host else []
    found = [shop for shop in shops if in_domains(url, shop.domains)]
    # Anybody may apply with any domain, and who left keeps the name: they take no link from whoever
    # trades there.
    trading = {MerchantState.ACTIVE, MerchantState.FROZEN}
    found = [shop for shop in found if shop.merchant.state in trading] or found
    return min(
        found,
        key=lambda shop: min(suffixes.index(d) for d in shop.domains if d in suffixes),
        default=None,
    )


def shops_near(urls: Iterable[str]) -> list[Shop]:
    """Shops whose domains cover one of the addresses, with their merchants, the oldest first."""
    suffixes = {
        suffix for url in urls if (host := host_of(url)) for suffix in domain_suffixes(host)
    }
    shops = Shop.objects.filter(domains__overlap=list(suffixes)).select_related("merchant")
    return list(shops.order_by("pk")) if suffixes else []


def _links(codes: Collection[str]) -> dict[str, Link]:
    codes = {code.lower() for code in codes}
    links = Link.objects.filter(code__in=codes).select_related(
        "product__shop__merchant", "product__category", "shop__merchant"
    )
    return {link.code: link for link in links} if codes else {}


def _behind(thing: Thing, link: Link, affiliate: Affiliate) -> Target:
    """Where a link of ours leads. Somebody else's marks in its address stay behind."""
    url = link.url
    if link.product and url == link.product.url:
        url = ""
    elif link.affiliate_id != affiliate.pk:
        url = _beyond(url, link.product) if link.product else without_tracking(url)
    return Target(thing, link.shop, link.product, url, link)


def _by_number(numbers: Collection[str], own: set[int]) -> dict[str, list[Product]]:
    """By number: the products that have it in their shop, else the one that has it here."""
    here = own | {int(number) for number in numbers if number.isdecimal() and len(number) < 19}
    if not (numbers or here):
        return {}
    rows = products_known().filter(
        # Shop by shop, as the index of numbers is.
        Q(shop__in=Shop.objects.all(), external_id__in=numbers) | Q(pk__in=here)
    )
    found: dict[str, list[Product]] = {}
    at_home: dict[str, Product] = {}
    for product in rows.order_by("state", "pk"):
        at_home[str(product.pk)] = product
        if product.external_id in numbers:
            found.setdefault(product.external_id, []).append(product)
    for number in own:
        found.pop(str(number), None)
    return {number: [product] for number, product in at_home.items()} | {
        number: products[:SAME_NUMBER] for number, products in found.items()
    }


class _Addresses:
    """The addresses of one text, looked up together."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self.read = {thing: _readings(thing) for thing in things}
        every = {url for urls in self.read.values() for url in urls}
        self.shops = shops_near(every)
        self.products: dict[tuple[int, str], list[Product]] = {}
        pages = {page for url in every for page in _pages(url)}
        if self.shops and pages:
            rows = products_known().alias(page=PAGE).filter(shop__in=self.shops, page__in=pages)
            for product in rows.order_by("pk"):
                page = product.url.partition("?")[0]
                self.products.setdefault((product.shop_id, page), []).append(product)

    def sight(self, thing: Thing) -> Sight:
        """A product before a page, and the address itself before one that it carries."""
        lies = [(url, shop) for url in self.read[thing] if (shop := shop_at(url, self.shops))]
        for url, shop in lies:
            if product := self._product(shop, url):
                return Target(thing, shop, product, _beyond(url, product))
        if lies:
            url, shop = lies[0]
            return Target(thing, shop, url=without_tracking(url))
        return Missing(thing)

    def _product(self, shop: Shop, url: str) -> Product | None:
        """The product on whose page the address is: all that the product's own address asks for is
        asked for in it. The one that asks for most."""
        asked = set(_pairs(url))
        fitting = [
            (len(_pairs(product.url)), product)
            for page in _pages(url)
            for product in self.products.get((shop.pk, page), [])
            if asked.issuperset(_pairs(product.url))
        ]
        return max(fitting, key=lambda one: one[0])[1] if fitting else None


def _readings(thing: Thing) -> list[str]:
    """The addresses that may be meant, the likeliest first."""
    urls = [thing.value, thing.longer, *addresses_within(thing.value)]
    return list(dict.fromkeys(url for url in urls if host_of(url)))


def _pages(url: str) -> list[str]:
    """How a product's address may begin, up to its query, for this one to be its page."""
    page = url.partition("?")[0]
    parts = urlsplit(page)
    plain = host_of(url) + (f":{parts.port}" if parts.port else "")
    ways = {
        parts._replace(scheme=scheme, netloc=netloc, fragment=fragment).geturl()
        for scheme in ("https", "http")
        for netloc in (parts.netloc, plain)
        for fragment in (parts.fragment, "")
    }
    return [*ways, *(way.removesuffix("/") if way.endswith("/") else f"{way}/" for way in ways)]


def _pairs(url: str) -> list[tuple[str, str]]:
    query = url.partition("#")[0].partition("?")[2]
    return parse_qsl(query, keep_blank_values=True)


def _beyond(url: str, product: Product) -> str:
    """What of the address is more than the product's own: a colour, a size. Empty: nothing."""
    plain = without_tracking(url).partition("#")[0]
    more = set(_pairs(plain)) - set(_pairs(product.url))
    return plain if more else ""
