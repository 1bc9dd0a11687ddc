"""The shared cast, made through the public services: one merchant, one affiliate, their road.

`Cast.sold()` is an order as its shop reports it, brought to the books; the amounts are those of
docs/road-of-an-order.md: 199.00 at 12 %, share 90 %, fee 10 %.
"""

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from affiliates.models import AdZone, Affiliate, Link
from affiliates.services import Click, affiliate_apply, link_create, touches_record
from alliance.kernel import clock
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import Money, cny
from campaigns.models import Campaign, Enrolment, EnrolmentState
from commissions import ledger, pipeline
from commissions.models import Commission
from commissions.services import wallets
from commissions.services.campaigns import campaign_publish
from merchants.models import Merchant, Product, Shop
from merchants.services.merchants import merchant_apply, merchant_approve
from merchants.services.orders import LineReport, OrderReport, RefundReport, orders_record
from merchants.services.plans import plan_open
from merchants.services.products import ProductData, product_save
from tests.rows import once

PASSWORD = "a-long-enough-password"
_numbers = itertools.count(1)


def user_make(email: str = "", **fields) -> User:
    """A person with a verified e-mail address, who can sign in with PASSWORD."""
    user = User.objects.create_user(
        email or f"person{next(_numbers)}@test.example", PASSWORD, **fields
    )
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def staff_make(*roles: StaffRole, email: str = "") -> User:
    """Operations staff with these roles."""
    return user_make(email, is_staff=True, staff_roles=list(roles))


@dataclass
class Cast:
    """Who is who. Made by `cast_make`."""

    lin: User
    affiliate: Affiliate
    zone: AdZone
    chen: User
    merchant: Merchant
    shop: Shop
    product: Product
    link: Link
    finance: User
    finance2: User
    moment: datetime = field(default_factory=clock.now)

    def click(self, *, link: Link | None = None, at: datetime | None = None, **facts) -> str:
        """A buyer's click; returns its click id."""
        made = Click.through(
            link or self.link, touched_at=at or clock.now() - timedelta(hours=1), **facts
        )
        return touches_record([made])[0].click_id

    def report(self, number: str, **changes) -> OrderReport:
        """A paid order of the product, as its shop reports it, placed and paid now."""
        now = clock.now()
        line = LineReport(
            external_id=f"{number}-1",
            product_external_id=self.product.external_id,
            title=self.product.title,
            quantity=1,
            amount_minor=changes.pop("amount_minor", self.product.price_minor),
        )
        plain = OrderReport(
            external_id=number,
            state="paid",
            currency=self.merchant.currency,
            placed_at=now,
            paid_at=now,
            reported_at=now,
            lines=(line,),
        )
        return replace(plain, **changes)

    def record(self, *reports: OrderReport) -> list[int]:
        """Report and process; returns the primary keys of the orders that changed."""
        outcomes = orders_record(shop=self.shop, reports=reports)
        assert not [outcome for outcome in outcomes if outcome.error], outcomes
        pks = [o.order_pk for o in outcomes if o.change in ("created", "changed")]
        pipeline.orders_process(pks)
        return pks

    def sold(self, number: str = "T1", **changes) -> Commission:
        """A paid order that came through the affiliate's link; its commission."""
        changes.setdefault("click_id", self.click())
        self.record(self.report(number, **changes))
        return self.commission(number)

    def received(self, number: str = "T1", **changes) -> Commission:
        """The buyer has the goods."""
        now = clock.now()
        changes = {"state": "received", "received_at": now, "lines": (), **changes}
        self.record(self.report(number, **changes))
        return self.commission(number)

    def refunded(
        self,
        amount: str,
        number: str = "T1",
        refund: str = "R1",
        said: str = "succeeded",
        **changes,
    ):
        """The buyer got money back, whatever state the order is in; unless otherwise is `said`."""
        report = RefundReport(
            external_id=refund,
            line_external_id=f"{number}-1",
            amount_minor=cny(amount).minor,
            refunded_at=clock.now(),
            state=said,
        )
        order = self.shop.orders.get(external_id=number)
        now = {
            "state": order.state,
            "placed_at": order.placed_at,
            "paid_at": order.paid_at,
            "received_at": order.received_at,
        }
        self.record(self.report(number, lines=(), refunds=(report,), **{**now, **changes}))
        return self.commission(number)

    def commission(self, number: str = "T1") -> Commission:
        rows = Commission.objects.standing().filter(role="affiliate")
        return rows.get(line__order__external_id=number)

    def balance(self, code: str) -> Money:
        return ledger.balance(code, self.merchant.currency)

    def campaign(self, kind: str = "double_commission", **changes) -> Campaign:
        """A draft for all products, from an hour ago on for a week, with a budget of 1,000.00."""
        now = clock.now()
        plain = {
            "name": "618",
            "currency": self.merchant.currency,
            "budget_minor": 1_000_00,
            "starts_at": now - timedelta(hours=1),
            "ends_at": now + timedelta(days=7),
            "confirm_until": now + timedelta(days=22),
            "all_products": True,
        }
        return Campaign.objects.create(kind=kind, **{**plain, **changes})

    def publish(self, campaign: Campaign) -> Campaign:
        """Published, by somebody who has not made it; its budget is paid in."""
        campaign_publish(actor=self.finance2, campaign=campaign)
        campaign.refresh_from_db()
        return campaign

    def enrol(self, campaign: Campaign, affiliate: Affiliate | None = None) -> Enrolment:
        """The affiliate takes part from now on."""
        return Enrolment.objects.create(
            campaign=campaign,
            affiliate=affiliate or self.affiliate,
            state=EnrolmentState.ACCEPTED,
            accepted_at=clock.now(),
        )

    def top_up(self, amount: str) -> None:
        made = wallets.top_up_announce(actor=self.chen, merchant=self.merchant, amount=cny(amount))
        wallets.top_up_receive(actor=self.finance, top_up=made)


def cast_make(*, wallet: str = "10000.00", price: str = "199.00", rate_bps: int = 1200) -> Cast:
    """The whole cast, ready to sell. Its services work a third of a second: see `once`."""
    make = _cast_make if clock._travelled.get() is None else partial(once, _cast_make)
    return make(wallet, price, rate_bps)


def _cast_make(wallet: str, price: str, rate_bps: int) -> Cast:
    lin, chen = user_make("lin@test.example"), user_make("chen@test.example")
    finance = staff_make(StaffRole.FINANCE, email="finance@test.example")
    finance2 = staff_make(StaffRole.FINANCE, email="finance2@test.example")
    ops = staff_make(StaffRole.OPS, email="ops@test.example")
    merchant = merchant_apply(
        user=chen, name="Chen Home", shop_name="Chen's shop", domains=["shop.chen.example"]
    )
    merchant_approve(merchant=merchant, actor=ops)
    merchant.refresh_from_db()
    shop = merchant.shops.get()
    plan_open(merchant=merchant, name="General plan", rate_bps=rate_bps, actor=chen)
    product = product_save(
        shop=shop,
        data=ProductData(
            external_id="P1",
            title="保温杯 500ml",
            title_en="Vacuum flask 500 ml",
            url="https://shop.chen.example/p/1?ref=home",
            price_minor=cny(price).minor,
        ),
        actor=chen,
    )
    affiliate = affiliate_apply(user=lin, kind="small", name="Lin's picks")
    affiliate.refresh_from_db()
    zone = AdZone.objects.get(site__affiliate=affiliate)
    link = link_create(actor=lin, affiliate=affiliate, zone=zone, product=product)
    cast = Cast(lin, affiliate, zone, chen, merchant, shop, product, link, finance, finance2)
    if cny(wallet):
        cast.top_up(wallet)
    return cast
