"""What the menu of a page shows to whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from affiliates.models import Affiliate
from merchants.models import Merchant

Entries = Iterable[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Sides:
    """On which sides of the alliance a person stands: one of each at most in the menu."""

    affiliate: Affiliate | None
    merchant: Merchant | None
    staff: bool


@dataclass(frozen=True, slots=True)
class Item:
    label: str
    icon: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """The section in view, and ways over to the other sides."""

    title: str
    note: str
    items: list[Item]
    others: list[Item]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the menu (worked out only where it is shown) and our version."""
    return {"menu": SimpleLazyObject(lambda: _menu(request)), "version": settings.VERSION}


def sides_of(request: HttpRequest) -> Sides:
    user = request.user
    if not user.is_authenticated:
        return Sides(None, None, False)
    return Sides(
        Affiliate.objects.filter(members__user=user).order_by("members__pk").first(),
        Merchant.objects.filter(members__user=user).order_by("members__pk").first(),
        user.is_active and user.is_staff,
    )


def _menu(request: HttpRequest) -> Menu:
    sides = sides_of(request)
    at_merchant = request.path.startswith("/merchant/") or not sides.affiliate
    affiliate = _affiliate_entries() if sides.affiliate else ()
    merchant = _merchant_entries() if sides.merchant else ()
    others: list[Item] = []
    if sides.affiliate and sides.merchant:
        if at_merchant:
            others += _items(
                request, [(_("As affiliate"), "speakerphone", next(iter(affiliate))[2])]
            )
        else:
            others += _items(
                request, [(_("As merchant"), "building-store", next(iter(merchant))[2])]
            )
    if sides.staff:
        others += _items(request, [(_("Operations desk"), "layout-dashboard", "admin:index")])
    if at_merchant and sides.merchant:
        return Menu(_("Merchant"), sides.merchant.name, _items(request, merchant), others)
    if sides.affiliate:
        return Menu(_("Affiliate"), sides.affiliate.name, _items(request, affiliate), others)
    return Menu("", "", _items(request, [(_("Take part"), "rocket", "start")]), others)


def _items(request: HttpRequest, entries: Entries) -> list[Item]:
    """Links of a section; the deepest one that the page lies under is marked."""
    found = []
    for label, icon, name in entries:
        try:
            found.append((label, icon, reverse(name)))
        except NoReverseMatch:
            continue
    under = [url for _label, _icon, url in found if request.path.startswith(url)]
    here = max(under, key=len, default="")
    return [Item(label, icon, url, url == here) for label, icon, url in found]


def _affiliate_entries() -> Entries:
    return [
        (_("Home"), "home", "commissions:affiliate_home"),
        (_("Products"), "shopping-bag", "affiliates:products"),
        (_("Links"), "link", "affiliates:links"),
        (_("Orders"), "receipt", "commissions:affiliate_orders"),
        (_("Earnings"), "coins", "commissions:earnings"),
        (_("Withdrawals"), "building-bank", "commissions:withdrawals"),
        (_("Sites and ad zones"), "world", "affiliates:sites"),
    ]


def _merchant_entries() -> Entries:
    return [
        (_("Home"), "home", "commissions:merchant_home"),
        (_("Products"), "package", "merchants:products"),
        (_("Plans and rates"), "percentage", "merchants:plans"),
        (_("Orders"), "receipt", "commissions:merchant_orders"),
        (_("Affiliates"), "users", "commissions:merchant_affiliates"),
        (_("Wallet"), "wallet", "commissions:wallet"),
        (_("Coupons"), "ticket", "merchants:coupons"),
        (_("Imports"), "file-import", "merchants:imports"),
        (_("Settings"), "settings", "merchants:settings"),
    ]
