"""A small cast: one shop with products, affiliates with links, and a moment to start from."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from affiliates.models import AdZone, Affiliate, AffiliateKind, AffiliateMember, Link, Touch
from affiliates.services import (
    Click,
    affiliate_apply,
    affiliate_approve,
    link_create,
    touches_record,
)
from alliance.kernel import clock
from alliance.kernel.models import MemberRole, StaffRole, User
from merchants.models import (
    Category,
    Merchant,
    MerchantState,
    Order,
    OrderLine,
    Plan,
    Product,
    Shop,
    Terms,
)

START = datetime(2026, 6, 1, 4, tzinfo=UTC)  # noon in Shanghai


@pytest.fixture
def now() -> Iterator[Callable[..., datetime]]:
    """The present stands at START; `now(days=1)` moves it to a day after START."""
    with ExitStack() as travels:
        travels.enter_context(clock.at(START))

        def travel(**delta) -> datetime:
            travels.enter_context(clock.at(START + timedelta(**delta)))
            return clock.now()

        yield travel


_serial = count(1)


@pytest.fixture
def make_user(db) -> Callable[..., User]:
    def make(**fields) -> User:
        return User.objects.create_user(f"person{next(_serial)}@example.org", "secret", **fields)

    return make


@pytest.fixture
def ops(make_user) -> User:
    return make_user(is_staff=True, staff_roles=[StaffRole.OPS])


@pytest.fixture
def make_shop(db) -> Callable[..., Shop]:
    def make(domain: str = "shop.example", **merchant) -> Shop:
        merchant = Merchant.objects.create(
            name=f"Merchant of {domain}", **{"state": MerchantState.ACTIVE, **merchant}
        )
        return Shop.objects.create(
            merchant=merchant, name=f"Shop {domain}", domains=[domain], score_centi=480
        )

    return make


@pytest.fixture
def shop(make_shop) -> Shop:
    return make_shop()


@pytest.fixture
def category(db) -> Category:
    return Category.objects.create(slug="tea", name_zh="茶", name_en="Tea", name_de="Tee")


@pytest.fixture
def make_product(shop) -> Callable[..., Product]:
    def make(**fields) -> Product:
        serial = next(_serial)
        at = fields.get("shop", shop)
        return Product.objects.create(
            **{
                "shop": at,
                "external_id": f"P{serial}",
                "title": f"茶 {serial}",
                "title_en": f"Tea {serial}",
                "url": f"https://{at.domains[0]}/p/{serial}",
                "price_minor": 19_900,
                "currency": "CNY",
                "rate_bps": 1_200,
                **fields,
            }
        )

    return make


@pytest.fixture
def product(make_product) -> Product:
    return make_product()


@pytest.fixture
def make_affiliate(make_user, ops) -> Callable[..., Affiliate]:
    """An active affiliate with its first zone (`affiliate.zone`) and owner (`affiliate.owner`)."""

    def make(kind: str = AffiliateKind.SMALL, **fields) -> Affiliate:
        owner = make_user()
        affiliate = affiliate_apply(user=owner, kind=kind, name=f"Affiliate {owner.pk}")
        if kind != AffiliateKind.SMALL:
            affiliate_approve(actor=ops, affiliate=affiliate)
        if fields:
            Affiliate.objects.filter(pk=affiliate.pk).update(**fields)
            affiliate.refresh_from_db()
        affiliate.owner = owner
        affiliate.zone = AdZone.objects.get(site__affiliate=affiliate)
        return affiliate

    return make


@pytest.fixture
def affiliate(make_affiliate) -> Affiliate:
    return make_affiliate()


@pytest.fixture
def viewer(make_user, affiliate) -> User:
    """A member of the affiliate who may only look."""
    user = make_user()
    AffiliateMember.objects.create(affiliate=affiliate, user=user, role=MemberRole.VIEWER)
    return user


@pytest.fixture
def make_link() -> Callable[..., Link]:
    def make(affiliate: Affiliate, product: Product | None = None, **fields) -> Link:
        return link_create(
            actor=affiliate.owner,
            affiliate=affiliate,
            zone=affiliate.zone,
            product=product,
            **fields,
        )

    return make


@pytest.fixture
def link(make_link, affiliate, product) -> Link:
    return make_link(affiliate, product)


@pytest.fixture
def make_plan(db) -> Callable[..., Terms]:
    """The merchant's general plan at one rate for everything, from 60 days before START on."""

    def make(merchant: Merchant, rate_bps: int = 1_200, since=START - timedelta(days=60)) -> Terms:
        plan, _made = Plan.objects.get_or_create(
            merchant=merchant, kind="COMMON", defaults={"name": "General", "starts_at": since}
        )
        return Terms.objects.create(plan=plan, rate_bps=rate_bps, starts_at=since, created_at=since)

    return make


@pytest.fixture
def terms(shop, make_plan) -> Terms:
    return make_plan(shop.merchant, 1_200)


@pytest.fixture
def click(now) -> Callable[..., Touch]:
    """A click through a link, `ago` before START."""

    def make(link, ago: timedelta = timedelta(hours=1), **facts) -> Touch:
        (touch,) = touches_record([Click.through(link, touched_at=START - ago, **facts)])
        return touch

    return make


@pytest.fixture
def sell(shop, product, now) -> Callable[..., OrderLine]:
    """An order placed at START, with one line; `click_id` as the shop reported it."""

    def make(click_id: str = "", bought=product, at=shop, **order) -> OrderLine:
        made = Order.objects.create(
            **{
                "merchant": at.merchant,
                "shop": at,
                "external_id": f"O{next(_serial)}",
                "state": "placed",
                "currency": "CNY",
                "placed_at": START,
                "reported_at": START,
                "click_id": click_id,
                **order,
            }
        )
        return line_of(made, bought)

    return make


def line_of(order: Order, bought) -> OrderLine:
    return OrderLine.objects.create(
        order=order,
        external_id=f"L{next(_serial)}",
        product=bought,
        amount_minor=19_900,
        currency="CNY",
    )
