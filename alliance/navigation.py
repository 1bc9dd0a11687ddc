"""What the menu of a page shows to whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from affiliates.models import AffiliateMember
from merchants.models import MerchantMember


@dataclass(slots=True)
class Item:
    label: str
    icon: str
    url: str
    current: bool = False


@dataclass(slots=True)
class Section:
    title: str
    items: list[Item]
    note: str = ""


def _affiliate_items() -> Iterable[tuple[str, str, str]]:
    yield _("Home"), "home", "commissions:affiliate_home"
    yield _("Products"), "shopping-bag", "affiliates:products"
    yield _("Links"), "link", "affiliates:links"
    yield _("Orders"), "receipt", "commissions:affiliate_orders"
    yield _("Earnings"), "coins", "commissions:earnings"
    yield _("Withdrawals"), "building-bank", "commissions:withdrawals"
    yield _("Sites and ad zones"), "world", "affiliates:sites"


def _merchant_items() -> Iterable[tuple[str, str, str]]:
    yield _("Home"), "home", "commissions:merchant_home"
    yield _("Products"), "package", "merchants:products"
    yield _("Plans and rates"), "percentage", "merchants:plans"
    yield _("Orders"), "receipt", "commissions:merchant_orders"
    yield _("Affiliates"), "users", "commissions:merchant_affiliates"
    yield _("Wallet"), "wallet", "commissions:wallet"
    yield _("Coupons"), "ticket", "merchants:coupons"
    yield _("Imports"), "file-import", "merchants:imports"
    yield _("Settings"), "settings", "merchants:settings"


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the menu (only worked out where it is shown) and our version."""
    return {"menu": SimpleLazyObject(lambda: _menu(request)), "version": settings.VERSION}


def _items(entries: Iterable[tuple[str, str, str]]) -> list[Item]:
    items = []
    for label, icon, name in entries:
        try:
            items.append(Item(label, icon, reverse(name)))
        except NoReverseMatch:
            continue
    return items


def _menu(request: HttpRequest) -> list[Section]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    sections = []
    affiliate = AffiliateMember.objects.filter(user=user).select_related("affiliate").first()
    if affiliate:
        sections.append(
            Section(_("Affiliate"), _items(_affiliate_items()), str(affiliate.affiliate))
        )
    merchant = MerchantMember.objects.filter(user=user).select_related("merchant").first()
    if merchant:
        sections.append(Section(_("Merchant"), _items(_merchant_items()), str(merchant.merchant)))
    if user.is_active and user.is_staff:
        sections.append(
            Section(
                _("Staff"), [Item(_("Operations desk"), "layout-dashboard", reverse("admin:index"))]
            )
        )
    return sections
