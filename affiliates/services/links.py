"""Links: one short code for each way from an ad zone to a product or page of a shop."""

import re
import secrets
from collections.abc import Collection, Mapping, Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from affiliates.destinations import host_of, in_domains, without_click_id
from affiliates.models import AdZone, Affiliate, Link
from affiliates.pasted import ALPHABET, CODE_LENGTH
from affiliates.queries import shop_at, shops_near
from affiliates.services.standing import (
    affiliate_must_be_active,
    event_must_take,
    links_must_be_open,
    product_must_be_on_sale,
    products_must_be_open,
    refusals_of,
    shop_must_sell,
    site_must_stand,
    zone_must_not_be_frozen,
)
from alliance.kernel import audit, clock
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.models import User
from merchants.models import Plan, Product, Shop

SUBS = ("sub1", "sub2", "sub3", "sub4", "sub5")
SUB_LENGTH = 100
NO_SHOP = _("No shop of the alliance is at this address.")
_TRIES = 5
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # and halves of pairs, out of JSON


def sub_clean(value: str) -> str:
    """A sub-id as we keep it: trimmed, printable, at most 100 characters."""
    return _CONTROL.sub("", value).strip()[:SUB_LENGTH]


def link_address(link: Link) -> str:
    """The short address that affiliates share."""
    return f"{settings.PUBLIC_URL}{reverse('follow', args=[link.code])}"


@transaction.atomic
def link_create(
    *,
    actor: User | None,
    affiliate: Affiliate,
    zone: AdZone,
    product: Product | None = None,
    url: str = "",
    subs: Mapping[str, str] | None = None,
    plan: Plan | None = None,
    dx: bool = False,
) -> Link:
    """The link from `zone` to a product, to a page of a shop, or to a page for a product.

    With a product alone the link leads to the product's page; `url` must lie within the shop's
    registered domains. Without a product the shop is found by the address, and so is the product
    if the address is its page. `subs` holds sub1 … sub5. With the `plan` of an event the link earns
    what the product earns there; with `dx` what the general plan pays, and no more. Asking again
    for the same way returns the same link, and resumes it if it was paused.

    Raises Invalid (address, sub-id, a product that is not in the event), WrongState (affiliate or
    merchant not active, site rejected, zone frozen, no new links because of violation points,
    product withdrawn, event not published or over) and says which.
    """
    affiliate_must_be_active(affiliate)
    if zone.site.affiliate_id != affiliate.pk:
        raise Invalid(_("This ad zone is not yours."), field="zone")
    site_must_stand(zone.site)
    zone_must_not_be_frozen(zone)
    product, shop, url = _target(product, url.strip())
    shop_must_sell(shop)
    if product:
        product_must_be_on_sale(product)
        products_must_be_open(affiliate, [product])
    if plan:
        if dx:
            raise Invalid(
                _("A link is for an event or for the general plan, not both."), field="dx"
            )
        event_must_take(plan, product)
    way = {"zone": zone, "product": product, "url": url, "plan": plan, "dx": dx}
    way |= _subs(subs or {})

    AdZone.objects.select_for_update(no_key=True).get(pk=zone.pk)  # one at a time per zone
    link = Link.objects.filter(**way).order_by("pk").first()
    if link is None:
        links_must_be_open(affiliate)
        link = _insert(Link(affiliate=affiliate, shop=shop, **way))
        audit.record("link.created", link, actor=actor, code=link.code, zone=zone.pid)
    elif link.paused_at:
        link_resume(actor=actor, link=link)
    return link


@transaction.atomic
def link_first_followed(
    *, zone: AdZone, product: Product, subs: Mapping[str, str], plan: Plan | None = None
) -> Link:
    """The link of a way that a tool was given before there was one: made when somebody first
    follows it. One that the affiliate has paused stays so. Raises as `link_create` does."""
    way = {"zone": zone, "product": product, "url": product.url, "plan": plan, "dx": False}
    held = Link.objects.filter(**way, **_subs(subs)).order_by("pk").first()
    affiliate = zone.site.affiliate
    return held or link_create(
        actor=None, affiliate=affiliate, zone=zone, product=product, subs=subs, plan=plan
    )


@transaction.atomic
def links_make(
    *,
    actor: User | None,
    affiliate: Affiliate,
    zone: AdZone,
    products: Collection[Product],
    subs: Mapping[str, str] | None = None,
    plans: Mapping[int, Plan] | None = None,
    dx: bool = False,
) -> dict[int, Link | DomainError]:
    """`link_create` from one ad zone to the own pages of many products: by product its link, or why
    there is none. `plans`: by merchant that of an event. Products come with shop and merchant.

    A constant number of statements, beside one for each link that was paused. Raises what concerns
    all: Invalid (zone, sub-id), WrongState (affiliate, site, zone).
    """
    affiliate_must_be_active(affiliate)
    if zone.site.affiliate_id != affiliate.pk:
        raise Invalid(_("This ad zone is not yours."), field="zone")
    site_must_stand(zone.site)
    zone_must_not_be_frozen(zone)
    marks, plans = _subs(subs or {}), plans or {}
    found: dict[int, Link | DomainError] = dict(
        refusals_of(affiliate, products, plans, _leads_to_own_page)
    )
    AdZone.objects.select_for_update(no_key=True).get(pk=zone.pk)  # one at a time per zone
    wanted = [product for product in products if product.pk not in found]
    same = Link.objects.filter(zone=zone, product__in=wanted, dx=dx, **marks)
    held = {(one.product_id, one.plan_id, one.url): one for one in same.order_by("-pk")}
    fresh: list[Link] = []
    closed = _closed(affiliate)
    for product in wanted:
        plan = plans.get(product.shop.merchant_id)
        link = held.get((product.pk, plan.pk if plan else None, product.url))
        if link is None and closed:
            found[product.pk] = closed
            continue
        if link is None:
            link = Link(
                affiliate=affiliate, zone=zone, shop=product.shop, product=product,
                url=product.url, plan=plan, dx=dx, code=_code(), **marks,
            )  # fmt: skip
            fresh.append(link)
        elif link.paused_at:
            link_resume(actor=actor, link=link)
        link.product, link.shop, link.zone = product, product.shop, zone
        found[product.pk] = link
    Link.objects.bulk_create(fresh)
    audit.record_many("link.created", fresh, actor=actor, zone=zone.pid)
    return found


@transaction.atomic
def links_shown(*, zone: AdZone, products: Collection[Product], sub: str) -> dict[int, Link]:
    """By product the link under which a list shows it to buyers, made where there is none yet.
    Left out: what is refused, and what the affiliate has paused. Raises as `links_make` does."""
    same = Link.objects.filter(zone=zone, product__in=products, plan=None, dx=False, sub1=sub)
    paused = set(same.filter(paused_at__isnull=False).values_list("product", flat=True))
    made = links_make(
        actor=None,
        affiliate=zone.site.affiliate,
        zone=zone,
        products=[product for product in products if product.pk not in paused],
        subs={"sub1": sub},
    )
    return {pk: link for pk, link in made.items() if isinstance(link, Link)}


def _leads_to_own_page(product: Product) -> None:
    _target(product, "")
    shop_must_sell(product.shop)
    product_must_be_on_sale(product)


def _closed(affiliate: Affiliate) -> WrongState | None:
    """Why the affiliate makes no new links."""
    try:
        links_must_be_open(affiliate)
    except WrongState as refusal:
        return refusal
    return None


@transaction.atomic
def links_create(
    *, actor: User, affiliate: Affiliate, ways: Sequence[tuple[AdZone, Product]]
) -> list[Link]:
    """`link_create` for many pairs of ad zone and product, without sub-ids; links in their order.

    A constant number of statements. What one pair is refused for refuses them all. Zones come with
    their site, products with their shop and its merchant.
    """
    affiliate_must_be_active(affiliate)
    for zone in {zone.pk: zone for zone, _product in ways}.values():
        if zone.site.affiliate_id != affiliate.pk:
            raise Invalid(_("This ad zone is not yours."), field="zone")
        site_must_stand(zone.site)
        zone_must_not_be_frozen(zone)
    products = {product.pk: product for _zone, product in ways}
    for product in products.values():
        _target(product, "")
        shop_must_sell(product.shop)
        product_must_be_on_sale(product)
    products_must_be_open(affiliate, products.values())

    zones = {zone.pk for zone, _product in ways}
    list(AdZone.objects.select_for_update(no_key=True).filter(pk__in=zones).order_by("pk"))
    goods = {product.pk for _zone, product in ways}
    plain = Link.objects.filter(zone__in=zones, product__in=goods, plan=None, dx=False, **_subs({}))
    held: dict[tuple[int, int | None, str], Link] = {}
    for link in plain.order_by("-pk"):
        held[link.zone_id, link.product_id, link.url] = link
    fresh: dict[tuple[int, int | None, str], Link] = {}
    for zone, product in ways:
        way = (zone.pk, product.pk, product.url)
        if way not in held:
            shop = product.shop
            made = Link(affiliate=affiliate, zone=zone, shop=shop, product=product, url=way[2])
            made.code = _code()
            held[way] = fresh[way] = made
    if fresh:
        links_must_be_open(affiliate)
        Link.objects.bulk_create(fresh.values(), batch_size=2000)
        audit.record("links.created", affiliate, actor=actor, count=len(fresh))
    links = [held[zone.pk, product.pk, product.url] for zone, product in ways]
    for link in {link.pk: link for link in links if link.paused_at}.values():
        link_resume(actor=actor, link=link)
    return links


@transaction.atomic
def link_pause(*, actor: User, link: Link) -> None:
    """The link leads nowhere and earns nothing until it is resumed. WrongState if it is paused."""
    moment = clock.now()
    if not Link.objects.filter(pk=link.pk, paused_at=None).update(
        paused_at=moment, updated_at=moment
    ):
        raise WrongState(_("This link is paused already."))
    link.paused_at = moment
    audit.record("link.paused", link, actor=actor)


@transaction.atomic
def link_resume(*, actor: User | None, link: Link) -> None:
    """The link leads to the shop again. WrongState if it was not paused."""
    rows = Link.objects.filter(pk=link.pk, paused_at__isnull=False)
    if not rows.update(paused_at=None, updated_at=clock.now()):
        raise WrongState(_("This link is not paused."))
    link.paused_at = None
    audit.record("link.resumed", link, actor=actor)


def _target(product: Product | None, url: str) -> tuple[Product | None, Shop, str]:
    """What the link leads to: (product if one is known, shop, address)."""
    url = without_click_id(url)
    if len(url) > 1000:
        raise Invalid(_("This address is too long."), field="url")
    if product:
        shop = product.shop
        if not in_domains(url or product.url, shop.domains):
            raise Invalid(_outside(shop) if url else _broken(), field="url")
        return product, shop, url or product.url
    if not url:
        raise Invalid(_("Choose a product or give an address."), field="url")
    shop = _shop_of(url)
    known = Product.objects.filter(shop=shop, url=url).select_related("shop__merchant").first()
    return known, shop, url


def _shop_of(url: str) -> Shop:
    if not host_of(url):
        raise Invalid(_("Please give a full web address: https://…"), field="url")
    shop = shop_at(url, shops_near([url]))
    if shop is None:
        raise Invalid(NO_SHOP, field="url")
    return shop


def _outside(shop: Shop) -> str:
    return gettext("This address is outside the shop's own domains (%(domains)s).") % {
        "domains": ", ".join(shop.domains)
    }


def _broken() -> str:
    return gettext("The shop has given this product an address outside its own domains.")


def _subs(given: Mapping[str, str]) -> dict[str, str]:
    if unknown := set(given) - set(SUBS):
        raise Invalid(
            _("Unknown sub-id: %(names)s") % {"names": ", ".join(sorted(unknown))}, field="subs"
        )
    for name, value in given.items():
        if len(value.strip()) > SUB_LENGTH:
            raise Invalid(
                _("A sub-id has at most %(length)d characters.") % {"length": SUB_LENGTH},
                field=name,
            )
    return {name: sub_clean(given.get(name, "")) for name in SUBS}


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _i in range(CODE_LENGTH))


def _insert(link: Link) -> Link:
    """Save under a code that nobody has. A clash is a chance of one in millions: try again."""
    for _attempt in range(_TRIES):
        link.code = _code()
        try:
            with transaction.atomic():
                link.save(force_insert=True)
        except IntegrityError as exc:
            if "code" not in str(exc):
                raise
        else:
            return link
    raise RuntimeError("no free link code in several tries: the source of chance is broken")
