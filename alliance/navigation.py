"""What the menu of a page shows to whom."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

import affiliates.queries
import merchants.queries
from affiliates.models import Affiliate, AffiliateState
from alliance.kernel import notices
from alliance.kernel.models import MemberRole, User
from merchants.models import Merchant

Entries = list[tuple[str, str, str]]  # label, icon, name of the URL and of others behind it: a|b
Groups = list[tuple[str, Entries]]  # a heading, or none, and what stands under it


@dataclass(frozen=True, slots=True)
class Sides:
    """On which sides of the alliance a person stands: one of each at most in the menu."""

    affiliate: Affiliate | None
    merchant: Merchant | None
    staff: bool
    owns: frozenset[str] = frozenset()  # "affiliate", "merchant": where the person is an owner


@dataclass(frozen=True, slots=True)
class Item:
    label: str
    icon: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """The section in view, and ways over to the other sides. `takeout`: where an owner takes the
    data of the section's organisation away."""

    title: str
    note: str
    groups: list[tuple[str, list[Item]]]
    others: list[Item]
    takeout: str = ""


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the menu (worked out only where it is shown), our version, and
    whether mails go into a folder, as in the demo, so that nobody waits for one."""
    return {
        "menu": SimpleLazyObject(lambda: _menu(request)),
        "unread_count": SimpleLazyObject(lambda: _unread(request)),
        "version": settings.VERSION,
        "mails_stay_here": settings.EMAIL_BACKEND.endswith(".filebased.EmailBackend"),
    }


def _unread(request: HttpRequest) -> int:
    return notices.unread_count(request.user) if isinstance(request.user, User) else 0


def sides_of(request: HttpRequest) -> Sides:
    """Asked once per request; what a view behind a door found out already is not asked again."""
    known: Sides | None = getattr(request, "sides", None)
    if known is None:
        known = request.sides = _sides(request)  # type: ignore[attr-defined]
    return known


def _sides(request: HttpRequest) -> Sides:
    user = request.user
    if not user.is_authenticated:
        return Sides(None, None, False)
    known = getattr(request, "membership", None)  # behind a door: of that side
    member = known if hasattr(request, "affiliate") else affiliates.queries.membership_of(user)
    team = known if hasattr(request, "merchant") else merchants.queries.membership_of(user)
    places = {"affiliate": member, "merchant": team}
    return Sides(
        member.affiliate if member else None,
        team.merchant if team else None,
        user.is_active and user.is_staff,
        frozenset(side for side, one in places.items() if one and one.role == MemberRole.OWNER),
    )


def _menu(request: HttpRequest) -> Menu:
    sides = sides_of(request)
    at_merchant = bool(sides.merchant) and (
        request.path.startswith("/merchant/") or not sides.affiliate
    )
    others: Entries = []
    if sides.affiliate and at_merchant:
        others.append((_("As affiliate"), "speakerphone", "commissions:affiliate_home"))
    if sides.merchant and not at_merchant:
        others.append((_("As merchant"), "building-store", "commissions:merchant_home"))
    if sides.staff:
        others.append((_("Operations desk"), "layout-dashboard", "admin:index"))
    if sides.merchant and at_merchant:
        title, note, groups = _("Merchant"), sides.merchant.name, _merchant_groups()
    elif sides.affiliate:
        title, note, groups = _("Affiliate"), sides.affiliate.name, _affiliate_groups(sides)
    else:
        title, note, groups = "", "", [("", [(_("Take part"), "rocket", "start")])]
    side = "merchant" if at_merchant else "affiliate"
    return Menu(
        title,
        note,
        _marked(request, groups),
        _marked(request, [("", others)])[0][1],
        reverse(f"takeout:{side}") if side in sides.owns else "",
    )


def _marked(request: HttpRequest, groups: Groups) -> list[tuple[str, list[Item]]]:
    """Links of a section; the deepest one that the page lies under is marked."""
    urls = {
        names: [reverse(name) for name in names.split("|")]
        for _heading, entries in groups
        for _label, _icon, names in entries
    }
    under = [url for some in urls.values() for url in some if request.path.startswith(url)]
    here = max(under, key=len, default="")
    return [
        (heading, [Item(label, icon, urls[n][0], here in urls[n]) for label, icon, n in entries])
        for heading, entries in groups
    ]


_FOR_PROGRAMS = (
    "affiliates:keys",
    "commissions:api_apps",
    "commissions:affiliate_endpoints",
    "affiliates:feeds",
    "affiliates:widgets",
    "takeout:affiliate",
)


def _affiliate_groups(sides: Sides) -> Groups:
    if sides.affiliate and sides.affiliate.state == AffiliateState.APPLIED:
        return [("", [(_("Your application"), "hourglass", "affiliates:join")])]
    manages = sides.affiliate and affiliates.queries.manages_channels(sides.affiliate)
    return [
        (
            "",
            [
                (_("Home"), "home", "commissions:affiliate_home"),
                (_("Assistant"), "message-circle", "aiassist:affiliate_assistant"),
                (_("Week plan"), "clock", "aiassist:planner"),
                (_("Your tasks"), "rocket", "aiassist:tasks"),
            ],
        ),
        (
            pgettext("menu", "Choose"),
            [
                (_("Products"), "shopping-bag", "affiliates:products"),
                (_("Campaigns"), "target-arrow", "commissions:campaigns"),
                (_("Targeted plans"), "key", "affiliates:plans"),
                (_("Events"), "calendar", "affiliates:events"),
            ],
        ),
        (
            pgettext("menu", "Share"),
            [
                (_("Make links"), "arrows-exchange", "campaigns:convert"),
                (_("Links"), "link", "affiliates:links"),
                (_("Your texts"), "copy", "aiassist:copies"),
                (_("Check a text"), "clipboard-check", "aiassist:copy_check"),
                (_("Coupon pages"), "ticket", "campaigns:coupon_pages"),
                (_("Your codes"), "speakerphone", "affiliates:codes"),
            ],
        ),
        (
            pgettext("menu", "Earn"),
            [
                (_("Orders"), "receipt", "commissions:affiliate_orders"),
                (_("Reports"), "chart-line", "commissions:affiliate_report"),
                (_("Earnings"), "coins", "commissions:earnings"),
                (_("Withdrawals"), "building-bank", "commissions:withdrawals"),
                (_("Statements"), "file-text", "commissions:affiliate_statements"),
            ],
        ),
        (
            _("Your account"),
            [
                (_("Sites and ad zones"), "world", "affiliates:sites"),
                (_("Partners"), "affiliate", "commissions:partners"),
                *(
                    [(_("Channels and members"), "users", "commissions:channels")]
                    if manages
                    else []
                ),
                (_("Violations"), "scale", "commissions:violations"),
                (_("For programs"), "api", "|".join(_FOR_PROGRAMS)),
            ],
        ),
    ]


def _merchant_groups() -> Groups:
    return [
        (
            "",
            [
                (_("Home"), "home", "commissions:merchant_home"),
                (_("Assistant"), "message-circle", "aiassist:merchant_assistant"),
            ],
        ),
        (
            pgettext("menu", "Offer"),
            [
                (_("Products"), "package", "merchants:products"),
                (_("Imports"), "file-import", "merchants:imports"),
                (_("Plans and rates"), "percentage", "merchants:plans"),
                (_("Autopilot"), "adjustments", "autopilot:home"),
                (_("Coupons"), "ticket", "merchants:coupons"),
            ],
        ),
        (
            pgettext("menu", "Work together"),
            [
                (_("Affiliates"), "users", "commissions:merchant_affiliates"),
                (_("Campaigns"), "rocket", "commissions:merchant_campaigns"),
                (_("Events"), "calendar", "places:events"),
                (_("Agreements"), "clipboard-check", "campaigns:agreements"),
                (_("Codes of affiliates"), "speakerphone", "merchant_codes:bound"),
            ],
        ),
        (
            pgettext("menu", "Sales and money"),
            [
                (_("Orders"), "receipt", "commissions:merchant_orders"),
                (_("Reports"), "chart-line", "commissions:merchant_report"),
                (_("Wallet"), "wallet", "commissions:wallet"),
                (_("Invoices"), "file-text", "commissions:invoices"),
                (_("Statements"), "file-text", "commissions:merchant_statements"),
            ],
        ),
        (_("Your account"), [(_("Settings"), "settings", "merchants:settings|takeout:merchant")]),
    ]
