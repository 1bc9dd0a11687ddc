"""What a merchant has to do before affiliates sell for it, and how far it is.

Each step is read from what is there (products, plans, orders, the wallet), so nobody ticks anything
off, and what is lacking is said in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.kernel import clock
from alliance.kernel.models import ApiKey
from alliance.kernel.money import percent
from alliance.kernel.templatetags.alliance import ago, number
from campaigns.queries import campaigns_of, campaigns_open_to
from commissions.models import Commission, TopUp, TopUpState
from commissions.queries.merchant import WalletState, wallet_of
from merchants.models import (
    HookDelivery,
    HookResult,
    ImportKind,
    ImportRun,
    ImportState,
    Merchant,
    MerchantState,
    Order,
    Plan,
    PlanKind,
    PlanState,
    Product,
    ProductFeed,
    ProductState,
    Shop,
)
from merchants.services.terms import rates_held

MANY = 1_000  # products; beyond that nobody counts them for this


@dataclass(frozen=True, slots=True)
class Step:
    """`said`: how it stands, and what is lacking. `waits`: for somebody else, so the merchant goes
    on with another. What is not `needed` may stay undone."""

    name: str
    icon: str
    title: str
    done: bool
    said: str
    url: str
    button: str
    needed: bool = True
    waits: bool = False


@dataclass(frozen=True, slots=True)
class FirstSteps:
    steps: Sequence[Step]

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def ready(self) -> bool:
        """Affiliates can sell: nothing that is needed is lacking."""
        return all(step.done for step in self.steps if step.needed)

    @property
    def over(self) -> bool:
        return all(step.done for step in self.steps)

    @property
    def next(self) -> Step | None:
        """What the merchant does next; what only others can do is left out."""
        return next((step for step in self.steps if not step.done and not step.waits), None)


def first_steps_of(merchant: Merchant, wallet: WalletState | None = None) -> FirstSteps:
    """A handful of short statements; `wallet` if it is known already."""
    return FirstSteps(
        (
            _shop(merchant),
            _products(merchant),
            _plan(merchant),
            _orders(merchant),
            _wallet(merchant, wallet or wallet_of(merchant)),
            _campaign(merchant),
        )
    )


def first_steps_shown(merchant: Merchant, wallet: WalletState) -> FirstSteps | None:
    """For the merchant's home: None once all is done, or was put away."""
    if merchant.first_steps_hidden_at is not None:
        return None
    steps = first_steps_of(merchant, wallet)
    return None if steps.over else steps


def _shop(merchant: Merchant) -> Step:
    rows = Shop.objects.filter(merchant=merchant).order_by("pk")
    domains = ", ".join(domain for shop in rows for domain in shop.domains)
    waits = merchant.state == MerchantState.APPLIED
    if waits:
        said = _(
            "We are looking at %(name)s: a person checks that %(domains)s is yours. You get a "
            "message, and can do everything else meanwhile."
        ) % {"name": merchant.name, "domains": domains}
    else:
        said = _("Checked. Buyers are only ever sent to %(domains)s.") % {"domains": domains}
    return Step(
        "shop",
        "building-store",
        _("Your shop"),
        not waits,
        said,
        reverse("merchants:settings"),
        _("Look at your shop"),
        waits=waits,
    )


def _products(merchant: Merchant) -> Step:
    on_sale = Product.objects.filter(shop__merchant=merchant, state=ProductState.ON_SALE)
    count = on_sale.order_by()[:MANY].count()
    url, button = reverse("merchants:imports"), _("Bring products")
    if count:
        promotable = on_sale.filter(rate_bps__gt=0).order_by()[:MANY].count()
        said = ngettext(
            "%(shown)s product is on sale, %(promotable)s can be promoted now.",
            "%(shown)s products are on sale, %(promotable)s can be promoted now.",
            count,
        ) % {"shown": _many(count), "promotable": _many(promotable)}
    else:
        said = _products_lacking(merchant)
    return Step("products", "package", _("Products"), bool(count), said, url, button)


def _many(count: int) -> str:
    shown = number(count)
    return _("%(count)s or more") % {"count": shown} if count == MANY else shown


def _products_lacking(merchant: Merchant) -> str:
    feed = ProductFeed.objects.filter(shop__merchant=merchant).exclude(trouble="").first()
    if feed is not None:
        return _("Your feed could not be read: %(why)s") % {"why": feed.why}
    runs = ImportRun.objects.filter(merchant=merchant, kind=ImportKind.PRODUCTS)
    last = runs.order_by("-pk").first()
    if last is not None and last.state == ImportState.RUNNING:
        return _("Your file is being read. Its products are here in a moment.")
    if last is not None:
        return _("Your last file brought no product that is on sale. Its import says why.")
    return _(
        "Affiliates need something to pick: name the address of a feed, upload a file, or write "
        "down a first product."
    )


def _plan(merchant: Merchant) -> Step:
    now = clock.now()
    active = Plan.objects.filter(merchant=merchant, state=PlanState.ACTIVE)
    general = active.filter(kind=PlanKind.COMMON, starts_at__lte=now).first()
    url, button = reverse("merchants:plans"), _("Look at your plans")
    if general is not None:
        (bps,) = rates_held(general, [(None, None)], now)
        said = _("“%(plan)s” pays %(rate)s for the whole shop.") % {
            "plan": general.name,
            "rate": percent(bps),
        }
        return Step("plan", "percentage", _("Commission"), True, said, url, button)
    if active.filter(starts_at__lte=now).exists():
        said = _("Your plans pay for some products. A general plan pays for the whole shop.")
        return Step("plan", "percentage", _("Commission"), True, said, url, button)
    said = _(
        "No plan pays a commission yet, so affiliates see none of your products. You are shown "
        "what they would earn before you decide."
    )
    url, button = reverse("merchants:plan_new", args=["common"]), _("Promise a commission")
    return Step("plan", "percentage", _("Commission"), False, said, url, button)


def _orders(merchant: Merchant) -> Step:
    last = Order.objects.filter(merchant=merchant).order_by("-placed_at").first()
    if last is not None:
        said = _("The latest order was placed %(ago)s: %(number)s.") % {
            "ago": ago(last.placed_at),
            "number": last.external_id,
        }
    else:
        said = _orders_lacking(merchant)
    url, button = reverse("merchants:settings"), _("Connect your shop")
    title = _("Report of orders")
    return Step("orders", "receipt", title, last is not None, said, f"{url}#keys", button)


def _orders_lacking(merchant: Merchant) -> str:
    """What came near it: a webhook that was refused, a key that was used, a file that failed."""
    heard = HookDelivery.objects.filter(hook__shop__merchant=merchant).order_by("-pk").first()
    if heard is not None and heard.result == HookResult.REFUSED:
        return _("Your shop's webhook came %(ago)s, but could not be taken: %(why)s") % {
            "ago": ago(heard.created_at),
            "why": heard.note,
        }
    if heard is not None:
        return _("Your shop's webhook came %(ago)s, but it was no order: place one as a test.") % {
            "ago": ago(heard.created_at)
        }
    shops = Shop.objects.filter(merchant=merchant).values_list("pk", flat=True)
    owners = [f"merchant:{merchant.pk}", *(f"shop:{pk}" for pk in shops)]
    used = ApiKey.objects.filter(organisation__in=owners, last_used_at__isnull=False)
    key = used.order_by("-last_used_at").first()
    if key is not None:
        return _("Your key “%(key)s” was used %(ago)s, but no order was taken.") % {
            "key": key.name,
            "ago": ago(key.last_used_at),
        }
    return _(
        "Nothing has arrived yet. Let your shop report an order, any one: by webhook, API, "
        "postback or file. One that no affiliate brought costs nothing."
    )


def _wallet(merchant: Merchant, wallet: WalletState) -> Step:
    """Once commissions were booked a low wallet is no first step any more, but an alarm."""
    left = wallet.spendable
    booked = Commission.objects.filter(merchant=merchant).exists()
    done = booked or (left.minor > 0 and not wallet.low)
    announced = TopUp.objects.filter(merchant=merchant, state=TopUpState.ANNOUNCED).first()
    if done:
        said = _("%(left)s are there for commissions.") % {"left": left.localized()}
    elif announced is not None:
        said = _(
            "Your transfer of %(amount)s is announced. It is in your wallet as soon as our bank "
            "reports it."
        ) % {"amount": announced.amount.localized()}
    elif left.minor > 0:
        said = _("%(left)s are left, less than the %(below)s where your warning begins.") % {
            "left": left.localized(),
            "below": wallet.warn_below.localized(),
        }
    else:
        said = _("It is empty. Your products are only offered while it can pay commissions.")
    return Step(
        "wallet",
        "wallet",
        _("Wallet"),
        done,
        said,
        reverse("commissions:wallet"),
        _("Top up"),
        waits=announced is not None and not done,
    )


def _campaign(merchant: Merchant) -> Step:
    mine = campaigns_of(merchant).first()
    if mine is not None:
        said = _("You are in “%(campaign)s”.") % {"campaign": mine.name}
    elif count := campaigns_open_to(merchant)[:50].count():
        said = ngettext(
            "%(count)d campaign takes products now: propose some of yours.",
            "%(count)d campaigns take products now: propose some of yours.",
            count,
        ) % {"count": count}
    else:
        said = _("No campaign takes products at the moment. You get a message when one does.")
    return Step(
        "campaign",
        "rocket",
        _("First campaign"),
        mine is not None,
        said,
        reverse("commissions:merchant_campaigns"),
        _("Look at the campaigns"),
        needed=False,
    )
