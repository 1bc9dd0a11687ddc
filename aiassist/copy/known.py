"""What may be said of a product through a link at this moment, in figures and as slots' values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from aiassist.copy.check import CouponFacts, Facts, neutralised
from aiassist.copy.drafts import texts
from alliance.kernel.clock import ZONE
from alliance.kernel.money import Money
from campaigns.sharing import Share, certain
from merchants.models import Coupon, Product

LOCALES = {"zh": "zh-hans", "de": "de", "en": "en"}
LONG = {"zh": 24, "de": 60, "en": 60}  # characters of a short title
SOLD_LEAST = 20  # pieces: fewer are no reason to trust
DESCRIBED = 2_000  # characters of a description that may back a claim
_SEASONS = ("winter", "spring", "summer", "autumn")
_APART = " -–—·,，.、/|(（[【&+"  # what stands between two phrases of a title
_CODE = re.compile(r"[\w-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Known:
    """`facts` for the check; `values` for the slots, only of what is known."""

    facts: Facts
    values: Mapping[str, str]

    @property
    def ends(self) -> list[str]:
        """What would take a text with these facts back, in sentences."""
        coupon = self.facts.coupon
        ways = [_("The price changes, or the product is no longer on sale.")]
        if coupon:
            when = coupon.ends_at.astimezone(ZONE)
            ways.append(_("The coupon ends, on %(when)s.") % {"when": f"{when:%Y-%m-%d %H:%M}"})
        if coupon and coupon.left is not None:
            ways.append(_("The coupons are used up: %(left)d are left.") % {"left": coupon.left})
        return ways


def known_of(share: Share, product: Product, language: str, at: datetime) -> Known:
    """As of `at`, in the words of the text's language."""
    price = share.price or product.price
    coupon = _coupon(share)
    if coupon and coupon.face.minor >= price.minor:  # nobody pays nothing: what is left is not said
        coupon = None
    hosts = {urlsplit(settings.PUBLIC_URL).netloc, urlsplit(settings.PUBLIC_URL).hostname or ""}
    code = share.coupon.code if coupon and share.coupon and not share.by_coupon_page else ""
    facts = Facts(
        title=product.title,
        price=price,
        as_of=at,
        coupon=coupon,
        attributes=backing(product, code, str(share.offer.campaign) if share.offer else ""),
        sold=product.sales_count,
        hosts=frozenset(hosts),
        codes=frozenset({share.link.code}),
    )
    with override(LOCALES[language]):
        values = _of_product(product, language, at) | _of_money(facts, code, language)
        if share.offer and share.by_coupon_page:
            values["campaign"] = _plain(share.offer.campaign)
        values |= {
            "link": share.address,
            "share_code": share.token,
            "door": _door(share),
        }
    return Known(facts, {name: said for name, said in values.items() if said})


def _door(share: Share) -> str:
    """As people write it; one with a port is not known for an address without its beginning."""
    return share.door if urlsplit(share.door).port else share.door.partition("://")[2]


def _coupon(share: Share) -> CouponFacts | None:
    """One that is to be had for certain, and is worth the same to everybody."""
    if share.by_coupon_page:
        offer = share.offer
        if share.face is None or share.varies or offer is None or not certain(offer):
            return None
        return CouponFacts(share.face, offer.opens_at, offer.closes_at, left=offer.left)
    return coupon_facts(share.coupon) if share.coupon else None


def coupon_facts(coupon: Coupon) -> CouponFacts:
    """A merchant's coupon, as the check asks for it."""
    threshold = Money(coupon.threshold_minor, coupon.currency) if coupon.threshold_minor else None
    return CouponFacts(coupon.face, coupon.starts_at, coupon.ends_at, threshold)


def backing(product: Product, *more: str) -> tuple[str, ...]:
    """What is said of a product anyway, and so may be claimed of it; with `more` such words."""
    category = product.category
    names = (category.name_zh, category.name_en, category.name_de) if category else ()
    said = (product.title_en, product.title_de, product.brand, product.description[:DESCRIBED])
    return tuple(filter(None, (*said, *names, product.shop.name, *more)))


def _of_product(product: Product, language: str, at: datetime) -> dict[str, str]:
    category, month = product.category, at.astimezone(ZONE).month
    shop, shelf = _plain(product.shop.name), _plain(category.name) if category else ""
    sold = product.sales_count
    return {
        "title_short": short(_plain(product.name), LONG[language]) or shelf or shop,
        "shop": shop,
        "category": shelf,
        "brand": _plain(product.brand),
        "season": texts(language)["seasons"][_SEASONS[month % 12 // 3]],
        "sold_30d": format_decimal(_below(sold), locale=language) if sold >= SOLD_LEAST else "",
    }


def _of_money(facts: Facts, code: str, language: str) -> dict[str, str]:
    values = {"price": facts.price.localized()}
    if facts.coupon is None or not facts.coupon.usable(facts.as_of):
        return values
    # One that ends at midnight ends on the day before.
    last = (facts.coupon.ends_at - timedelta(seconds=1)).astimezone(ZONE)
    return values | {
        "price_after_coupon": facts.after.localized(),
        "coupon_amount": facts.coupon.face.localized(),
        "coupon_code": code if _CODE.fullmatch(code) else "",
        "coupon_end": format_skeleton("MMMMd", last, locale=language),
    }


def _below(sold: int) -> int:
    """A round number below it, of two digits: stays true while more are sold."""
    step = 10 ** max(len(str(sold)) - 2, 1)
    return (sold - 1) // step * step


def _plain(words: str) -> str:
    """A name as data: harmless, and without what looks like a slot."""
    return neutralised(words).translate({ord("{"): None, ord("}"): None}).strip()


def short(title: str, most: int) -> str:
    """Cut where no word and no number is cut in two. Where words stand without a space between, as
    in Chinese, that is between phrases, if one ends in the second half."""
    if len(title) <= most:
        return title
    cut = title[: most + 1]
    while len(cut) > 1 and _joined(cut[-2], cut[-1]):
        cut = cut[:-1]
    cut, after = cut[:-1], cut[-1]
    if not cut[-1:].isascii() and after.isalnum():
        ends = range(len(cut) - 1, most // 2 - 1, -1)
        phrase = (at for at in ends if cut[at] in _APART and not _joined(cut[at - 1], cut[at]))
        cut = cut[: next(phrase, None)]
    return cut.rstrip(_APART) or title[:most]


def _joined(before: str, after: str) -> bool:
    return all(sign.isascii() and (sign.isalnum() or sign in ".-") for sign in (before, after)) or (
        before.isdigit() or (before.isalpha() and after.isalpha() and after.islower())
    )
