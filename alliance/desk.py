"""The operations desk's menu and its first page: what a role may see, and what waits for it."""

import functools
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.db.models import Model
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from affiliates.models import (
    Affiliate,
    Attribution,
    AttributionPolicy,
    Channel,
    CodeBinding,
    Intermediation,
    Link,
    PlanMember,
    Relation,
    Site,
    StandDown,
    Touch,
)
from aiassist.models import (
    AnomalyNote,
    Autopilot,
    AutopilotDecision,
    PromptRun,
    RiskPolicy,
    RiskReview,
)
from aiassist.queries.anomalies import notes_open
from aiassist.queries.odds import odds_judged
from aiassist.queries.risk import reviews_open
from alliance.kernel import clock
from alliance.kernel.access import has_role
from alliance.kernel.columns import Text
from alliance.kernel.desk import QUEUES_CACHE
from alliance.kernel.models import ApiKey, AuditEvent, Endpoint, StaffRole, User
from alliance.kernel.money import percent
from campaigns.models import Campaign, CouponStock, Enrolment, Grant, Season, SlateItem, Subsidy
from commissions import figures
from commissions.admin.verification import SEES_BOOKS, results_context
from commissions.models import (
    Account,
    ApiApp,
    Award,
    BankCredit,
    BankFile,
    BankStatement,
    Commission,
    Debt,
    DebtWriteOff,
    Difference,
    Entry,
    Invoice,
    PayeeAccount,
    Payout,
    Period,
    RailFile,
    Settlement,
    Statement,
    TaxProfile,
    TaxRemittance,
    TopUp,
    VerifyRun,
    Violation,
    WalletRefund,
)
from merchants.models import (
    Category,
    Coupon,
    Event,
    ImportRun,
    Merchant,
    Order,
    Plan,
    Product,
    Refund,
    Shop,
)

FIGURES_CACHE, FIGURES_SECONDS = "desk:days", 60
QUEUES_SECONDS = 20
ODDS_CACHE, ODDS_SECONDS = "desk:odds", 3600
ODDS_LEAST = 30  # fewer chances of a tenth say nothing


@dataclass(frozen=True, slots=True)
class Queue:
    """Something that waits for people of certain roles: a list of the desk, narrowed down."""

    name: str  # see figures.WAITING
    label: Text
    icon: str
    model: type[Model]
    narrowed: str
    roles: tuple[StaffRole, ...]


OPS, RISK, FINANCE = (StaffRole.OPS,), (StaffRole.RISK,), (StaffRole.FINANCE,)
CASES = (StaffRole.RISK, StaffRole.OPS)
CAMPAIGNS = (StaffRole.OPS, StaffRole.FINANCE)  # who may publish one
DRAFT = "state__exact=draft"
UNOPENED = f"{DRAFT}&campaign__state__in=scheduled,live,paused"
APPLIED, SUBMITTED, ANNOUNCED, OPEN, REQUESTED, PREPARED, UNMATCHED, UNFUNDED, REVIEW, PROPOSED = (
    f"state__exact={state}"
    for state in (
        "applied",
        "submitted",
        "announced",
        "open",
        "requested",
        "prepared",
        "unmatched",
        "unfunded",
        "review",
        "proposed",
    )
)
BY_HAND = "state__exact=sending&rail=manual"
BY_FILE = "state__exact=ready&rail=bank_file"
QUEUES = (
    Queue("affiliates", _("Affiliates to approve"), "group_add", Affiliate, APPLIED, OPS),
    Queue("merchants", _("Merchants to approve"), "add_business", Merchant, APPLIED, OPS),
    Queue("sites", _("Sites to review"), "language", Site, SUBMITTED, OPS),
    Queue("drafts", _("Campaigns to publish"), "campaign", Campaign, DRAFT, CAMPAIGNS),
    Queue("raises", _("Budgets to raise"), "savings", Campaign, "raise_minor__gt=0", CAMPAIGNS),
    Queue("stocks", _("Coupons to open"), "confirmation_number", CouponStock, UNOPENED, OPS),
    Queue("proposals", _("Products proposed"), "checklist", SlateItem, PROPOSED, OPS),
    Queue("enrolments", _("Enrolments to decide"), "how_to_reg", Enrolment, APPLIED, OPS),
    Queue("refunds", _("Refunds without order"), "join_inner", Refund, UNMATCHED, OPS),
    Queue("appeals", _("Appeals to answer"), "gavel", Violation, "appeal=waiting", CASES),
    Queue("reviews", _("Affiliates to look at"), "policy_alert", RiskReview, OPEN, CASES),
    Queue("notes", _("Figures that stand out"), "troubleshoot", AnomalyNote, OPEN, CASES),
    Queue("awards", _("Campaign rewards to look at"), "trophy", Award, REVIEW, RISK),
    Queue("top_ups", _("Top-ups to confirm"), "savings", TopUp, ANNOUNCED, FINANCE),
    Queue("transfers", _("Transfers to look at"), "contact_support", BankCredit, OPEN, FINANCE),
    Queue("payouts_to_release", _("Payouts to release"), "send_money", Payout, REQUESTED, FINANCE),
    Queue("payouts_to_confirm", _("Transfers to make"), "task_alt", Payout, BY_HAND, FINANCE),
    Queue("bank_file", _("Payouts for a bank file"), "upload_file", Payout, BY_FILE, FINANCE),
    Queue("differences", _("Differences with the rails"), "difference", Difference, OPEN, FINANCE),
    Queue("wallet_refunds", _("Wallets to pay back"), "undo", WalletRefund, REQUESTED, FINANCE),
    Queue("write_offs", _("Write-offs to decide"), "money_off", DebtWriteOff, REQUESTED, FINANCE),
    Queue(
        "debts", _("Debts of two settlements"), "hourglass_bottom", Debt, "standing=old", FINANCE
    ),
    Queue("taxes", _("Tax to pay on"), "assured_workload", TaxRemittance, PREPARED, FINANCE),
    # These two go on by themselves; a number that stays says that something is wrong.
    Queue("unfunded", _("Unfunded commissions"), "money_off", Commission, UNFUNDED, ()),
    Queue("orders", _("Orders in the pipeline"), "hourglass_top", Order, "pipeline=waiting", ()),
)

TITLES: dict[type[Model], Text] = {Account: _("Accounts"), Entry: _("Entries")}

BOOKS = _("Books")
# title of the group, (model, icon)
MENU: tuple[tuple[Text, tuple[tuple[type[Model], str], ...]], ...] = (
    (
        _("Partners"),
        (
            (Affiliate, "groups"),
            (Site, "language"),
            (Relation, "handshake"),
            (Intermediation, "diversity_3"),
            (Channel, "account_tree"),
            (ApiApp, "extension"),
            (Endpoint, "webhook"),
            (Merchant, "storefront"),
            (Shop, "store"),
        ),
    ),
    (
        _("Goods"),
        (
            (Product, "inventory_2"),
            (Category, "category"),
            (Plan, "percent"),
            (PlanMember, "vpn_key"),
            (Autopilot, "flight"),
            (AutopilotDecision, "rule"),
            (Event, "event"),
            (Coupon, "confirmation_number"),
            (CodeBinding, "sell"),
            (ImportRun, "upload_file"),
        ),
    ),
    (
        _("Season"),
        (
            (Season, "calendar_month"),
            (Campaign, "campaign"),
            (AnomalyNote, "troubleshoot"),
            (SlateItem, "checklist"),
            (CouponStock, "confirmation_number"),
            (Enrolment, "how_to_reg"),
            (Grant, "add_card"),
            (Award, "trophy"),
            (Subsidy, "redeem"),
        ),
    ),
    (
        _("Orders"),
        (
            (Order, "receipt_long"),
            (Refund, "undo"),
            (Commission, "payments"),
            (RiskReview, "policy_alert"),
            (RiskPolicy, "tune"),
            (Violation, "gavel"),
            (Attribution, "alt_route"),
            (AttributionPolicy, "policy"),
            (StandDown, "bolt"),
            (Link, "link"),
            (Touch, "ads_click"),
        ),
    ),
    (
        _("Money"),
        (
            (TopUp, "savings"),
            (BankStatement, "account_balance_wallet"),
            (BankCredit, "move_to_inbox"),
            (Invoice, "request_quote"),
            (Settlement, "event_available"),
            (Statement, "description"),
            (Payout, "send_money"),
            (PayeeAccount, "account_balance"),
            (BankFile, "request_quote"),
            (RailFile, "contract"),
            (Difference, "difference"),
            (TaxProfile, "badge"),
            (TaxRemittance, "assured_workload"),
            (Debt, "hourglass_bottom"),
            (DebtWriteOff, "money_off"),
            (WalletRefund, "undo"),
        ),
    ),
    (
        BOOKS,
        (
            (Account, "account_tree"),
            (Entry, "menu_book"),
            (Period, "lock_clock"),
            (VerifyRun, "verified"),
        ),
    ),
    (
        _("Staff and safety"),
        (
            (User, "badge"),
            (ApiKey, "key"),
            (AuditEvent, "history"),
            (PromptRun, "smart_toy"),
        ),
    ),
)


def may_see(request: HttpRequest, model: type[Model]) -> bool:
    return admin.site.get_model_admin(model).has_view_permission(request)


def url_of(model: type[Model], narrowed: str = "") -> str:
    path = _list_of(model, get_script_prefix())
    return f"{path}?{narrowed}" if narrowed else path


@functools.cache
def _list_of(model: type[Model], _prefix: str) -> str:
    """Kept, since a page of the desk names all of them several times."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def counts() -> dict[str, int]:
    """How many wait, at most twenty seconds old; a decision at the desk renews it."""
    return cache.get_or_set(QUEUES_CACHE, _count, QUEUES_SECONDS) or {}


def _count() -> dict[str, int]:
    return {**figures.waiting(), "reviews": reviews_open().count(), "notes": notes_open().count()}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu: what this person may see, with how much waits there and which page is open."""
    waiting: dict[type[Model], int] = {}
    count = counts()
    for queue in QUEUES:
        if queue.roles and has_role(request.user, *queue.roles):
            waiting[queue.model] = waiting.get(queue.model, 0) + count[queue.name]
    home = reverse("admin:index")
    groups: list[dict[str, Any]] = [
        {"items": [{"title": _("Today"), "icon": "wb_twilight", "link": home}]}
    ]
    for title, entries in MENU:
        items: list[dict[str, Any]] = [
            {
                "title": TITLES.get(model) or capfirst(model._meta.verbose_name_plural),
                "icon": icon,
                "link": url_of(model),
                "badge": str(waiting[model]) if waiting.get(model) else "",
                "badge_variant": "warning",
            }
            for model, icon in entries
            if may_see(request, model)
        ]
        if title is BOOKS and has_role(request.user, *SEES_BOOKS):
            page = {"title": _("Finance"), "icon": "monitoring", "link": reverse("desk_finance")}
            items.insert(0, page)
        if items:
            groups.append({"title": title, "separator": False, "items": items})
    for item in (item for group in groups for item in group["items"]):
        link, path = item["link"], request.path
        item["has_permission"] = True
        item["active"] = path == link if link == home else path.startswith(link)
    return groups


def waits(request: HttpRequest) -> dict[str, Any]:
    """Context of the desk's pages: whether who looks works here, and how much waits for them."""
    if not request.path.startswith(reverse("admin:index")):
        return {}
    waiting = functools.cache(functools.partial(_waiting, request))
    return {"at_desk": has_role(request.user, *StaffRole), "desk_waits": waiting}


def _waiting(request: HttpRequest) -> int:
    """In all queues that this person decides, each no more often than it is counted anyway. Asked
    only by a template that shows it: many small ones make a page."""
    count = counts()
    mine = (one for one in QUEUES if one.roles and has_role(request.user, *one.roles))
    return sum(count[one.name] for one in mine)


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Above the list that is open: all rows, and those of each state."""
    found = []
    for model in (model for _title, entries in MENU for model, _icon in entries):
        field = getattr(admin.site.get_model_admin(model), "tabs_by", "")
        if not field or not request.path.startswith(url_of(model)):
            continue
        parameter = f"{field}__exact"
        now = request.GET.get(parameter, "")
        choices = [("", _("All")), *model._meta.get_field(field).choices]  # type: ignore[union-attr, misc]
        items: list[dict[str, Any]] = [
            {
                "title": label,
                "link": url_of(model, f"{parameter}={value}" if value else ""),
                "active": value == now,
            }
            for value, label in choices
        ]
        found.append({"models": [model._meta.label_lower], "items": items})
    return found


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Django admin's first page, as a morning's briefing."""
    staff = has_role(request.user, *StaffRole)
    context.update({"title": _("Today"), "briefing": staff, "today": clock.business_day()})
    if not staff:
        return context
    days = cache.get_or_set(FIGURES_CACHE, figures.days, FIGURES_SECONDS) or []
    context.update(
        {
            "currency": settings.ALLIANCE["CURRENCY"],
            "figure_today": days[-1],
            "figure_yesterday": days[-2],
            "bars": _bars(days),
            "queues": _queues(request),
        }
    )
    if has_role(request.user, *OPS):
        judged = cache.get_or_set(ODDS_CACHE, odds_judged, ODDS_SECONDS) or []
        context["odds"] = [
            {"said": percent(_whole(one.said)), "came": percent(_whole(one.came)),
             "times": one.times}
            for one in judged
            if one.times >= ODDS_LEAST
        ]  # fmt: skip
    if may_see(request, Settlement):
        context["calendar"] = figures.calendar()
    if has_role(request.user, *SEES_BOOKS):
        context["books"] = results_context(VerifyRun.objects.order_by("-pk").first())
    if may_see(request, AuditEvent):
        events = AuditEvent.objects.select_related("actor").order_by("-at", "-pk")
        context["events"] = events.exclude(actor=None)[:8]
    return context


def _whole(share: float) -> int:
    """Whole percent in basis points."""
    return round(share * 100) * 100


def _queues(request: HttpRequest) -> list[dict[str, Any]]:
    """What waits and may be seen; what this person can decide comes first."""
    count = counts()
    found = [
        {
            "label": queue.label,
            "icon": queue.icon,
            "count": count[queue.name],
            "url": url_of(queue.model, queue.narrowed),
            "mine": bool(queue.roles) and has_role(request.user, *queue.roles),
        }
        for queue in QUEUES
        if may_see(request, queue.model)
    ]
    return sorted(found, key=lambda queue: not queue["mine"])


def _bars(days: list[figures.Day]) -> list[dict[str, Any]]:
    """Heights in percent of the best day."""
    best = max(day.sales_minor for day in days) or 1
    return [
        {
            "day": day,
            "height": max(day.sales_minor, 0) * 100 // best,
            "weekend": day.day.weekday() >= 5,
        }
        for day in days
    ]
