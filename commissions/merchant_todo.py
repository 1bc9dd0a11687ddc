"""What waits for a merchant: to be decided, mended or seen to, each in a sentence that leads there.

Counted are at most MANY of anything.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from affiliates.models import Intermediation, PlanMember, PlanMemberState
from affiliates.queries import events_open
from alliance.kernel import clock
from alliance.kernel.templatetags.alliance import number
from campaigns.models import CampaignState, Subsidy
from campaigns.queries import campaigns_of, slate_items_to_agree
from commissions.queries.merchant import WalletState
from merchants.models import (
    ImportIssue,
    ImportRun,
    ImportState,
    Merchant,
    Plan,
    PlanKind,
    PlanState,
    ProductFeed,
    Refund,
    RefundState,
)

MANY = 100
RECENT = timedelta(days=7)  # imports whose faults are still of interest
SOON = timedelta(days=7)  # plans that end
WALLET_DAYS = 14


class Todo(NamedTuple):
    text: str
    icon: str
    url: str


def todo_of(merchant: Merchant, wallet: WalletState) -> list[Todo]:
    """The most pressing first. A dozen short statements."""
    looks = (_asked, _agreements, _applications, _feeds, _imports, _refunds, _plans, _events)
    found = [_wallet(wallet), *(look(merchant) for look in looks)]
    return [todo for todo in found if todo is not None]


def _counted(
    rows: QuerySet[Any], words: Callable[[int], str], icon: str, route: str
) -> Todo | None:
    count = rows.order_by()[:MANY].count()
    if not count:
        return None
    shown = number(count) if count < MANY else _("%(count)s or more") % {"count": number(count)}
    return Todo(words(count) % {"count": shown}, icon, reverse(route))


def _wallet(wallet: WalletState) -> Todo | None:
    """What the page's alert says already is not said again."""
    if wallet.low or wallet.days is None or wallet.days >= WALLET_DAYS:
        return None
    text = ngettext(
        "Your wallet lasts about %(days)s day at the present pace.",
        "Your wallet lasts about %(days)s days at the present pace.",
        wallet.days,
    ) % {"days": wallet.days}
    return Todo(text, "wallet", reverse("commissions:wallet"))


def _asked(merchant: Merchant) -> Todo | None:
    """What operations propose: a part to pay, a rate of a product to stand by."""
    parts = campaigns_of(merchant).filter(
        merchant=merchant, merchant_bps__gt=0, agreed_at=None, state=CampaignState.DRAFT
    )
    count = (
        parts.order_by()[:MANY].count() + slate_items_to_agree(merchant).order_by()[:MANY].count()
    )
    if not count:
        return None
    text = ngettext(
        "%(count)s proposal of a campaign waits for your word.",
        "%(count)s proposals of campaigns wait for your word.",
        count,
    ) % {"count": number(count)}
    return Todo(text, "rocket", reverse("commissions:merchant_campaigns"))


def _agreements(merchant: Merchant) -> Todo | None:
    offers = Intermediation.objects.filter(plan__merchant=merchant, starts_at=None, ends_at=None)
    subsidies = Subsidy.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=clock.now()),
        merchant=merchant,
        merchant_bps__gt=0,
        agreed_at=None,
    )
    count = offers[:MANY].count() + subsidies[:MANY].count()
    if not count:
        return None
    text = ngettext(
        "%(count)s agreement is offered to you: a service fee or a subsidy.",
        "%(count)s agreements are offered to you: service fees or subsidies.",
        count,
    ) % {"count": number(count)}
    return Todo(text, "clipboard-check", reverse("campaigns:agreements"))


def _applications(merchant: Merchant) -> Todo | None:
    return _counted(
        PlanMember.objects.filter(plan__merchant=merchant, state=PlanMemberState.PENDING),
        lambda count: ngettext(
            "%(count)s affiliate has applied for a targeted plan.",
            "%(count)s affiliates have applied for targeted plans.",
            count,
        ),
        "users",
        "places:applications",
    )


def _feeds(merchant: Merchant) -> Todo | None:
    feed = ProductFeed.objects.filter(shop__merchant=merchant, active=True).exclude(trouble="")
    first = feed.select_related("shop").first()
    if first is None:
        return None
    text = _("The product feed of %(shop)s is in trouble: %(why)s") % {
        "shop": first.shop.name,
        "why": first.why,
    }
    return Todo(text, "alert-triangle", reverse("merchants:feed", args=[first.shop_id]))


def _imports(merchant: Merchant) -> Todo | None:
    """Uploads and fetches of the last days that failed, refused rows, or ask something."""
    refused = ImportIssue.objects.filter(run=OuterRef("pk"))
    faulty = ImportRun.objects.filter(
        Q(state=ImportState.FAILED) | Q(missing="asked") | Exists(refused),
        merchant=merchant,
        created_at__gte=clock.now() - RECENT,
    )
    return _counted(
        faulty,
        lambda count: ngettext(
            "%(count)s import of the last days has faults.",
            "%(count)s imports of the last days have faults.",
            count,
        ),
        "file-import",
        "merchants:imports",
    )


def _refunds(merchant: Merchant) -> Todo | None:
    return _counted(
        Refund.objects.filter(shop__merchant=merchant, state=RefundState.UNMATCHED),
        lambda count: ngettext(
            "%(count)s refund fits no order. Say which one it belongs to.",
            "%(count)s refunds fit no order. Say which ones they belong to.",
            count,
        ),
        "receipt-refund",
        "commissions:merchant_refunds",
    )


def _plans(merchant: Merchant) -> Todo | None:
    """Those of events end with them, and nobody prolongs those."""
    now = clock.now()
    ending = Plan.objects.filter(
        merchant=merchant, state=PlanState.ACTIVE, ends_at__gt=now, ends_at__lte=now + SOON
    ).exclude(kind=PlanKind.EVENT)
    return _counted(
        ending,
        lambda count: ngettext(
            "%(count)s plan ends within a week.", "%(count)s plans end within a week.", count
        ),
        "percentage",
        "merchants:plans",
    )


def _events(merchant: Merchant) -> Todo | None:
    """Those that it has not joined; nobody has to."""
    mine = Plan.objects.filter(merchant=merchant, event=OuterRef("pk"), state=PlanState.ACTIVE)
    return _counted(
        events_open().exclude(Exists(mine)),
        lambda count: ngettext(
            "%(count)s event takes products now.", "%(count)s events take products now.", count
        ),
        "calendar",
        "places:events",
    )
