"""What an affiliate's people find: links, ad zones and codes of their own, and what everybody may
promote; and what a merchant's find of the affiliates who promote it."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from affiliates import queries
from affiliates.models import Affiliate
from affiliates.pasted import Kind, Thing, things_in
from alliance.kernel.http import key_in
from alliance.kernel.models import User
from alliance.kernel.search import MOST, Asked, Hit
from merchants.models import Merchant, Product


def found_by_affiliate(user: User, affiliate: Affiliate, asked: Asked) -> Iterator[Hit]:
    things = things_in(asked.text, settings.PUBLIC_URL)
    yield from _links(user, asked, things)
    yield from _zones(user, asked)
    yield from _products(affiliate, asked, things)
    yield from _codes(user, asked)
    yield from _plans_and_events(affiliate, asked)


def found_by_merchant(user: User, merchant: Merchant, asked: Asked) -> Iterator[Hit]:
    """Affiliates who promote the merchant, by name, member id or PID, and codes bound to them."""
    which = Q(pk=_member_of(asked))
    if asked.searches:
        which |= Q(name__icontains=asked.text)
    orders = reverse("commissions:merchant_orders")
    for affiliate in queries.promoters_of(merchant).filter(which)[:MOST]:
        yield Hit(
            what=_("Affiliate"),
            icon="users",
            title=affiliate.name,
            url=f"{orders}?affiliate={affiliate.pk}",
            note=str(affiliate.get_kind_display()),
            exact=affiliate.pk == _member_of(asked),
        )
    bound = queries.codes_bound_for(user).filter(coupon__code__iexact=asked.text)
    for binding in bound[:MOST]:
        yield Hit(
            what=_("Code"),
            icon="speakerphone",
            title=binding.coupon.code,
            url=reverse("merchant_codes:bound"),
            note=binding.affiliate.name,
        )


def _pid(asked: Asked) -> tuple[int, int, int]:
    """Member, site and zone of "mm_1_2_3"; nobody's where it is no PID."""
    head, *parts = asked.text.split("_")
    if head.lower() != "mm" or len(parts) != 3:
        return 0, 0, 0
    member, site, zone = map(key_in, parts)
    return member, site, zone


def _member_of(asked: Asked) -> int:
    return asked.key or _pid(asked)[0]


def _links(user: User, asked: Asked, things: Iterable[Thing]) -> Iterator[Hit]:
    """By its code, its address, or a message with its share code. Another's is not found."""
    codes = {thing.value.lower() for thing in things if thing.kind in (Kind.CODE, Kind.NUMBER)}
    mine = queries.links_for(user).filter(code__in=codes | {asked.text.lower()})
    for link in mine[:MOST]:
        yield Hit(
            what=_("Link"),
            icon="link",
            title=link.product.name if link.product else link.url,
            url=f"{reverse('affiliates:links')}?code={link.code}",
            note=f"{link.code} · {link.zone.name}",
            exact=True,
        )


def _zones(user: User, asked: Asked) -> Iterator[Hit]:
    _member, site, zone = _pid(asked)
    exact = Q(pk=zone, site=site) if zone else Q(pk=0)
    which = exact | Q(name__icontains=asked.text) if asked.searches else exact
    for found in queries.zones_for(user).filter(which)[:MOST]:
        yield Hit(
            what=_("Ad zone"),
            icon="world",
            title=found.name,
            url=f"{reverse('affiliates:sites')}#zone-{found.pk}",
            note=f"{found.site.name} · {found.pid}",
            exact=found.pk == zone,
        )


def _products(affiliate: Affiliate, asked: Asked, things: Iterable[Thing]) -> Iterator[Hit]:
    """By the shop's id, ours, the address in the shop; and by words."""
    known = [thing for thing in things if thing.kind != Kind.CODE]
    for target in queries.targets_of(known, affiliate):
        if isinstance(target, queries.Target) and target.product and not target.link:
            yield _product(target.product, exact=True)
    if asked.searches:
        wish = queries.Wish(words=asked.text)
        for product in queries.products_offered(wish, size=MOST).products:
            yield _product(product)


def _product(product: Product, *, exact: bool = False) -> Hit:
    return Hit(
        what=_("Product"),
        icon="shopping-bag",
        title=product.name,
        url=reverse("affiliates:product", args=[product.pk]),
        note=product.shop.name,
        exact=exact,
    )


def _codes(user: User, asked: Asked) -> Iterator[Hit]:
    for binding in queries.codes_for(user).filter(coupon__code__iexact=asked.text)[:MOST]:
        yield Hit(
            what=_("Code"),
            icon="speakerphone",
            title=binding.coupon.code,
            url=reverse("affiliates:codes"),
            note=binding.coupon.shop.name,
            exact=True,
        )


def _plans_and_events(affiliate: Affiliate, asked: Asked) -> Iterator[Hit]:
    if not asked.searches:
        return
    named = Q(name__icontains=asked.text)
    of_merchant = Q(merchant__name__icontains=asked.text)
    for plan in queries.plans_known(affiliate).filter(named | of_merchant).order_by("pk")[:MOST]:
        yield Hit(
            what=_("Plan"),
            icon="key",
            title=plan.name,
            url=reverse("affiliates:plan", args=[plan.pk]),
            note=plan.merchant.name,
        )
    for event in queries.events_shown().filter(named)[:MOST]:
        yield Hit(
            what=_("Event"),
            icon="calendar",
            title=event.name,
            url=reverse("affiliates:event", args=[event.pk]),
        )
