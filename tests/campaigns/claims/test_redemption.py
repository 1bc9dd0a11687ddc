"""From a claim to the merchant's money: the order is the claimer's affiliate's, the face is paid
when the goods are received, and what comes to nothing goes back."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from affiliates.models import AdZone, Attribution, Touch
from affiliates.queries import way_of
from affiliates.services import affiliate_apply, link_create
from affiliates.tasks import touches_turn
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import StaffRole
from alliance.kernel.money import Money, cny
from campaigns import claims, landing, tasks
from campaigns.mechanics.draws import drawn
from campaigns.models import Campaign, Claim, ClaimState, CouponStock
from campaigns.services.slates import slate_add
from campaigns.services.stock import claims_expire, draws_hold, stock_make
from commissions import chart, ledger, pipeline
from commissions.ledger import InsufficientFunds
from commissions.services import coupons
from commissions.services.campaigns import campaign_close, campaign_wind_up
from commissions.tasks import coupons_turn
from commissions.verify import verify
from merchants.models import OrderLine, Product
from merchants.services.merchants import merchant_apply
from merchants.services.orders import orders_record
from tests.campaigns.claims.world import EVENING, rules_of, through
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class Season:
    """A funded super coupon of 20 × 30.00, opened through the services; another affiliate, Mo."""

    def __init__(self, **changes):
        self.cast = cast_make()
        rules = rules_of((3000, 1), **changes.pop("rules", {}))
        facts = {"kind": "super_coupon", "rules": rules, **changes}
        self.campaign = self.cast.publish(self.cast.campaign(**facts))
        self.ops = staff_make(StaffRole.OPS)
        self.stock = stock_make(
            actor=self.ops, campaign=self.campaign, size=20, product=self.cast.product
        )
        coupons.stock_open(actor=self.ops, stock=self.stock)
        mo = user_make("mo@test.example")
        self.mo = affiliate_apply(user=mo, kind="small", name="Mo's deals")
        zone = AdZone.objects.get(site__affiliate=self.mo)
        self.mos_link = link_create(
            actor=mo, affiliate=self.mo, zone=zone, product=self.cast.product
        )

    def claim(self, buyer: str = "ada", link=None) -> str:
        taken = claims.claim(
            stock_id=self.stock.pk,
            buyer_key=buyer,
            request_key=f"{buyer} {clock.now()}",
            through=through(link or self.mos_link),
        )
        assert taken.outcome == "claimed"
        return taken.code

    def sold(self, number: str, code: str, **changes):
        """An order with the coupon: 199.00 less 30.00, a minute after the present."""
        facts = {"click_id": "", "coupon_code": code, "amount_minor": 16900, **changes}
        with clock.at(clock.now() + MINUTE):
            self.cast.record(self.cast.report(number, **facts))

    def attribution(self, number: str) -> Attribution:
        return Attribution.objects.get(line__order__external_id=number)

    def money(self) -> tuple[str, str]:
        """What lies in the budget and aside for coupons."""
        codes = chart.budget(self.campaign.pk), chart.coupons(self.campaign.pk)
        return tuple(ledger.balance(code, "CNY").plain for code in codes)


@pytest.fixture
def season():
    with clock.at(EVENING):
        yield Season()


def test_opening_sets_the_whole_stock_aside(season):
    assert season.money() == ("400.00", "600.00")
    assert verify() == []


def test_a_stock_beyond_the_budget_is_not_opened(season):
    stock = stock_make(actor=season.ops, campaign=season.campaign, size=14)
    with pytest.raises(InsufficientFunds) as refusal:
        coupons.stock_open(actor=season.ops, stock=stock)
    assert "the budget has CN¥400.00 left" in str(refusal.value)

    assert CouponStock.objects.get(pk=stock.pk).state == "draft"
    assert season.money() == ("400.00", "600.00")


def test_a_draft_campaign_opens_no_stock(season):
    draft = season.cast.campaign("super_coupon", rules=rules_of((3000, 1)))
    stock = stock_make(actor=season.ops, campaign=draft, size=1)
    with pytest.raises(WrongState):
        coupons.stock_open(actor=season.ops, stock=stock)


def test_the_order_with_the_coupon_is_the_claimers_affiliates_whatever_was_clicked(season):
    code = season.claim()
    click = season.cast.click(at=EVENING + timedelta(seconds=30), visitor_key="ada")
    season.sold("S1", code, click_id=click)

    decision = season.attribution("S1")
    assert (decision.rule, decision.affiliate) == ("coupon", season.mo)
    assert decision.touch.click_id == code
    assert [row["why"] for row in decision.receipt["looked_at"]] == ["coupon", "coupon_won"]
    assert decision.receipt["identity"] == "coupon"
    commission = season.cast.commission("S1")
    assert commission.affiliate == season.mo
    assert commission.base_minor == 16900
    assert Claim.objects.get().state == ClaimState.USED
    assert verify() == []


def test_however_the_shop_writes_the_code(season):
    code = season.claim()
    season.sold("S1", f" {code[:8]}-{code[8:]} ".lower())

    assert season.attribution("S1").rule == "coupon"


def test_without_the_coupon_the_claim_is_a_click(season):
    code = season.claim()
    season.sold("S1", "", click_id=code)

    assert (season.attribution("S1").rule, season.attribution("S1").affiliate) == (
        "same_product", season.mo,
    )  # fmt: skip
    assert Claim.objects.get().state == ClaimState.HELD


@pytest.mark.django_db  # it drops a month
@pytest.mark.parametrize("named", ["coupon_code", "click_id"])
def test_a_claim_of_a_month_that_was_dropped_is_not_written_down_anew(season, named):
    code = season.claim()
    with clock.at(EVENING + 460 * DAY):
        touches_turn()
        at = EVENING + MINUTE
        names = {"click_id": "", "coupon_code": "", named: code}
        season.cast.record(season.cast.report("S1", placed_at=at, paid_at=at, **names))
        assert season.attribution("S1").affiliate is None
        assert not Touch.objects.exists()
        assert verify() == []


def test_where_the_campaign_does_not_promise_it_the_last_click_counts(season):
    CouponStock.objects.update(wins=False)
    code = season.claim()
    click = season.cast.click(at=EVENING + timedelta(seconds=30), visitor_key="ada")
    season.sold("S1", code, click_id=click)

    assert season.attribution("S1").affiliate == season.cast.affiliate
    assert Claim.objects.get().state == ClaimState.USED


def test_an_expired_coupon_does_not_decide(season):
    code = season.claim()
    with clock.at(EVENING + DAY + HOUR):
        click = season.cast.click(visitor_key="bo")
        season.sold("S1", code, click_id=click)

    decision = season.attribution("S1")
    assert (decision.rule, decision.affiliate) == ("same_product", season.cast.affiliate)
    assert {row["why"] for row in decision.receipt["looked_at"]} == {
        "same_product", "coupon_expired",
    }  # fmt: skip
    assert Claim.objects.get().state == ClaimState.HELD


def test_a_coupon_is_used_once(season):
    code = season.claim()
    season.sold("S1", code)
    season.sold("S2", code)

    assert season.attribution("S1").rule == "coupon"
    assert season.attribution("S2").rule != "coupon"
    assert Claim.objects.get().order.external_id == "S1"


def test_faster_than_a_person_is_a_machine(season):
    code = season.claim()
    with clock.at(EVENING + timedelta(seconds=2)):
        season.cast.record(season.cast.report("S1", coupon_code=code))

    assert Claim.objects.get().state == ClaimState.HELD


def test_the_face_is_paid_to_the_merchant_with_the_receipt_and_back_on_a_void(season):
    wallet = season.cast.balance(chart.wallet(season.cast.merchant.pk))
    code = season.claim()
    season.sold("S1", code)
    assert season.money() == ("400.00", "600.00")

    with clock.at(EVENING + 2 * HOUR):
        season.cast.received("S1", coupon_code=code)
        commission = season.cast.commission("S1")
        assert season.money() == ("400.00", "570.00")
        now = season.cast.balance(chart.wallet(season.cast.merchant.pk))
        assert now - wallet == cny("30.00") - Money(commission.cost_minor, "CNY")
        assert verify() == []
        season.cast.refunded("169.00", "S1", coupon_code=code)
        assert season.money() == ("400.00", "600.00")
        assert season.cast.balance(chart.wallet(season.cast.merchant.pk)) == wallet
        assert verify() == []
    claim = Claim.objects.get()  # it is the buyer's again, for as long as it was good
    assert (claim.state, claim.order, claim.paid_minor) == ("held", None, 0)
    with clock.at(EVENING + 3 * HOUR):
        season.sold("S2", code)
    assert Claim.objects.get().order.external_id == "S2"
    assert season.attribution("S2").rule == "coupon"


@pytest.mark.parametrize(
    ("refunded", "keeps"),
    [
        ("0.01", "30.00"),  # 30.00 × 168.99 / 169.00 = 29.998…
        ("84.50", "15.00"),
        ("84.49", "15.00"),  # 15.0017…
        ("84.47", "15.01"),  # 15.0053…: half up
        ("168.99", "0.00"),  # 0.0017…; all but a cent leaves nothing
    ],
)
def test_the_merchant_keeps_of_the_face_what_the_buyer_keeps_of_the_order(season, refunded, keeps):
    code = season.claim()
    season.sold("S1", code)
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=code)
        assert season.money() == ("400.00", "570.00")
        season.cast.refunded(refunded, "S1", coupon_code=code)

        claim = Claim.objects.get()
        assert (claim.state, claim.face_minor, claim.worth_minor) == ("used", 3000, 3000)
        assert Money(claim.paid_minor, "CNY").plain == keeps
        assert season.money() == ("400.00", (cny("600.00") - cny(keeps)).plain)
        coupons_turn()
        assert Claim.objects.get().paid_revision == claim.paid_revision
        assert verify() == []


def test_a_refund_before_the_receipt_counts_as_one_after_it(season):
    code = season.claim()
    season.sold("S1", code)
    with clock.at(EVENING + HOUR):
        season.cast.refunded("84.50", "S1", coupon_code=code)
        assert season.money() == ("400.00", "600.00")
        season.cast.received("S1", coupon_code=code)
        assert season.money() == ("400.00", "585.00")
        assert verify() == []


def test_a_refund_that_fails_after_all_gives_the_merchant_its_part_again(season):
    code = season.claim()
    season.sold("S1", code)
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=code)
        season.cast.refunded("84.50", "S1", coupon_code=code)
        coupons.stock_close(actor=season.ops, stock=season.stock)
    with clock.at(EVENING + HOUR + MINUTE):
        coupons_turn()  # the stock is closed, and keeps the whole face as long as goods may come
        assert season.money() == ("970.00", "15.00")
        season.cast.refunded("84.50", "S1", said="failed", coupon_code=code)
        assert season.money() == ("970.00", "0.00")
        assert Claim.objects.get().paid_minor == 3000
        assert verify() == []


def test_what_refunds_took_off_goes_back_to_the_budget_when_the_campaign_winds_up(season):
    code = season.claim()
    season.sold("S1", code)
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=code)
        season.cast.refunded("84.50", "S1", coupon_code=code)
        campaign_close(actor=season.ops, campaign=season.campaign, reason="enough")
        coupons_turn()
    with clock.at(season.campaign.confirm_until + DAY):
        coupons_turn()
        assert season.money() == ("985.00", "0.00")
        assert verify() == []
        assert campaign_wind_up(campaign=season.campaign) == cny("985.00")
        # Whatever is heard of the refund now: the money for it is gone.
        season.cast.refunded("84.50", "S1", said="failed", coupon_code=code)
        assert Claim.objects.get().paid_minor == 1500
        assert verify() == []


def test_an_order_that_falls_apart_after_the_season_gives_its_coupon_to_nobody(season):
    code = season.claim()
    season.sold("S1", code)
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=code)
        campaign_close(actor=season.ops, campaign=season.campaign, reason="enough")
        coupons_turn()
    with clock.at(season.campaign.confirm_until + DAY):
        coupons_turn()
        assert season.money() == ("970.00", "0.00")
        season.cast.refunded("169.00", "S1", coupon_code=code)
        claim = Claim.objects.get()
        assert (claim.state, claim.order, claim.paid_minor) == ("expired", None, 0)
        coupons_turn()
        assert season.money() == ("1000.00", "0.00")
        assert verify() == []


def test_for_an_order_of_nothing_only_a_coupon_that_covers_the_price_is_paid(season):
    code = season.claim()
    season.sold("S1", code, amount_minor=0)  # 199.00 of goods, 30.00 of coupon
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=code)
        coupons_turn()
        assert season.money() == ("400.00", "600.00")
        assert (Claim.objects.get().state, Claim.objects.get().worth_minor) == ("used", 0)
        assert verify() == []
        # The shop had forgotten the amount.
        season.cast.record(
            season.cast.report(
                "S1",
                state="received",
                received_at=clock.now(),
                coupon_code=code,
                amount_minor=16900,
                placed_at=EVENING + MINUTE,
            )
        )
        assert season.money() == ("400.00", "570.00")
        assert verify() == []


def test_a_coupon_that_covers_the_price_is_paid_in_full_for_an_order_of_nothing(season):
    Product.objects.update(price_minor=2500)
    code = season.claim()
    season.sold("S1", code, amount_minor=0)
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=code)
        assert season.money() == ("400.00", "575.00")  # not more than the goods cost
        Product.objects.update(price_minor=1000)
        season.cast.received("S1", coupon_code=code)
        assert season.money() == ("400.00", "575.00")
        assert verify() == []


def test_a_merchant_that_keeps_too_much_is_found(season, sql):
    code = season.claim()
    season.sold("S1", code)
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=code)
        line = OrderLine.objects.get()
        OrderLine.objects.filter(pk=line.pk).update(refunded_minor=8450)
        faults = [fault for fault in verify() if fault.startswith("coupons_follow_refunds")]
    said = f"claim {code} was paid 3000, and 1500 is due for what is left of order {line.order_id}"
    assert faults == [f"coupons_follow_refunds: {said}"]


def test_a_void_order_gives_the_coupon_back_and_expiry_offers_its_slot_again(season):
    code = season.claim()
    season.sold("S1", code)
    with clock.at(EVENING + HOUR):
        season.cast.record(season.cast.report("S1", state="void", lines=(), coupon_code=code))
    assert Claim.objects.get().state == ClaimState.HELD
    with clock.at(EVENING + DAY + 2 * HOUR):
        assert claims_expire() == 1
        assert claims.left_in(season.stock) == 20
        assert verify() == []


def test_what_is_left_goes_back_when_the_campaign_closes_and_winds_up(season):
    used, held = season.claim("ada"), season.claim("bo")
    season.sold("S1", used)
    with clock.at(EVENING + HOUR):
        campaign_close(actor=season.ops, campaign=season.campaign, reason="enough")
        coupons_turn()
        assert season.money() == ("400.00", "600.00")
    with clock.at(EVENING + HOUR + MINUTE):
        coupons_turn()
        assert season.money() == ("940.00", "60.00")
        assert verify() == []
        season.cast.received("S1", coupon_code=used)
        assert season.money() == ("940.00", "30.00")
    assert held
    with clock.at(EVENING + 2 * DAY):
        claims_expire()
        coupons_turn()
        assert season.money() == ("970.00", "0.00")
        assert verify() == []
    with clock.at(season.campaign.confirm_until + DAY):
        assert campaign_wind_up(campaign=season.campaign) == cny("970.00")
        assert verify() == []


def test_a_coupon_of_one_merchants_campaign_pays_for_no_order_of_another(season):
    code = season.claim()
    other = merchant_apply(
        user=user_make(), name="Other", shop_name="Other", domains=["other.example"]
    )
    Campaign.objects.filter(pk=season.campaign.pk).update(merchant=other)
    season.sold("S1", code)
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=code)

    assert Claim.objects.get().state == ClaimState.HELD
    assert season.money() == ("400.00", "600.00")
    season.campaign.refresh_from_db()
    assert landing.offer_of(way_of(season.mos_link.code)) is None
    with pytest.raises(Invalid):
        stock_make(actor=season.ops, campaign=season.campaign, size=1, product=season.cast.product)
    assert (
        slate_add(actor=season.ops, campaign=season.campaign, products=Product.objects.all()) == 0
    )


def test_an_order_uses_one_coupon_whatever_its_shop_reports_next(season):
    first, second = season.claim("ada"), season.claim("bob")
    season.sold("S1", first)
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=second)

    assert Claim.objects.get(code=first).state == ClaimState.USED
    assert Claim.objects.get(code=second).state == ClaimState.HELD
    assert season.money() == ("400.00", "570.00")  # one face of 30.00
    assert verify() == []


def test_of_two_orders_reported_at_once_the_first_has_the_coupon(season):
    code = season.claim()
    with clock.at(EVENING + MINUTE):
        facts = {"click_id": "", "coupon_code": code, "amount_minor": 16900}
        reports = [
            season.cast.report("S1", **facts, placed_at=clock.now()),
            season.cast.report("S2", **facts, placed_at=clock.now() - timedelta(seconds=20)),
        ]
        done = orders_record(shop=season.cast.shop, reports=reports)
        pipeline.orders_process([one.order_pk for one in done])

    assert season.attribution("S2").rule == "coupon"
    # Known by the code as by a click, but not before all clicks.
    second = season.attribution("S1")
    assert second.rule == "same_product"
    assert [row["why"] for row in second.receipt["looked_at"]] == ["same_product"]
    assert Claim.objects.get().order.external_id == "S2"
    assert verify() == []


def test_a_claim_on_its_way_while_the_stock_closes_keeps_its_money(season):
    taken, closed = Event(), Event()

    def buyer():
        with clock.at(EVENING), transaction.atomic():
            season.claim("ada")
            taken.set()
            closed.wait(60)
        connection.close()

    thread = Thread(target=buyer)
    thread.start()
    assert taken.wait(60)
    coupons.stock_close(actor=season.ops, stock=season.stock)
    closed.set()
    thread.join()
    assert season.money() == ("400.00", "600.00")

    with clock.at(EVENING + MINUTE):
        coupons_turn()
    assert season.money() == ("970.00", "30.00")
    assert verify() == []


def test_a_reimbursement_that_was_broken_off_is_made_up_for(season, monkeypatch):
    code = season.claim()
    season.sold("S1", code)
    monkeypatch.setattr(pipeline, "coupons_settle", lambda pks: 0)  # the worker was killed here
    with clock.at(EVENING + HOUR):
        season.cast.received("S1", coupon_code=code)
        assert season.money() == ("400.00", "600.00")
        coupons_turn()
        coupons_turn()
    assert season.money() == ("400.00", "570.00")
    assert verify() == []


def test_the_desk_shows_nobody_the_coupon_of_a_buyer(season, client):
    code = season.claim("ada")
    click = season.cast.click(at=EVENING)
    tasks.claims_turn()
    client.force_login(staff_make(StaffRole.SUPPORT))
    touch = Touch.objects.get(click_id=code)
    pages = [
        client.get(path).content.decode()
        for path in (
            "/admin/affiliates/touch/",
            f"/admin/affiliates/touch/?q={code[:4]}",
            f"/admin/affiliates/touch/{touch.pk}/change/",
        )
    ]

    assert not any(code in page for page in pages)
    assert click in pages[0]
    assert f"{code[:4]}…" in pages[0]
    # Who is told the code by the buyer still finds it.
    assert f"{code[:4]}…" in client.get(f"/admin/affiliates/touch/?q={code}").content.decode()


def test_claims_become_touches_once(season):
    season.claim("ada")
    season.claim("bo")
    tasks.claims_turn()
    tasks.claims_sweep()

    touches = Touch.objects.filter(kind="claim")
    assert touches.count() == 2
    assert {touch.affiliate for touch in touches} == {season.mo}
    assert {touch.expires_at for touch in touches} == {EVENING + DAY}


def lottery(season, campaign) -> tuple[CouponStock, list[str]]:
    """Three coupons of the campaign, drawn in an hour, and the codes of ten who entered."""
    stock = stock_make(
        actor=season.ops, campaign=campaign, size=3, mode="draw", closes_at=EVENING + HOUR
    )
    coupons.stock_open(actor=season.ops, stock=stock)
    way = through(season.mos_link)
    codes = []
    for number in range(10):
        taken = claims.claim(
            stock_id=stock.pk, buyer_key=f"b{number}", request_key=f"r{number}", through=way
        )
        assert (taken.outcome, taken.state) == ("claimed", "entered")
        codes.append(taken.code)
    return stock, codes


def test_lots_are_drawn_once_and_anybody_can_draw_them_again(season):
    freebie = season.cast.publish(
        season.cast.campaign("freebie", rules={"most_price_minor": 5000, "mode": "draw"})
    )
    stock, codes = lottery(season, freebie)
    with clock.at(EVENING + HOUR):
        assert draws_hold() == 0
    with clock.at(EVENING + HOUR + MINUTE):
        assert draws_hold() == 1
        assert draws_hold() == 0
    won = Claim.objects.filter(stock=stock, state="held")
    assert set(won.values_list("code", flat=True)) == set(drawn(stock.seed, codes, 3))
    assert sorted(won.values_list("slot", "face_minor")) == [(1, 5000), (2, 5000), (3, 5000)]
    assert Claim.objects.filter(stock=stock, state="lost").count() == 7
    assert verify() == []


def test_what_lies_aside_for_a_draw_stays_until_the_lots_are_drawn(season):
    stock, _codes = lottery(season, season.campaign)
    with clock.at(EVENING + 10 * MINUTE):
        coupons.stock_close(actor=season.ops, stock=stock)
    with clock.at(EVENING + HOUR + MINUTE):
        coupons_turn()
        assert season.money() == ("310.00", "690.00")
        assert draws_hold() == 1
        coupons_turn()
    assert season.money() == ("310.00", "690.00")
    with clock.at(EVENING + 3 * DAY):
        claims_expire()
        coupons_turn()
    assert season.money() == ("400.00", "600.00")  # for the other stock
    assert verify() == []


def test_what_is_won_by_lot_is_good_no_longer_than_its_campaign(season):
    campaign = season.cast.campaign(
        "super_coupon", rules=rules_of((3000, 1), until_end=True), ends_at=EVENING + 2 * HOUR
    )
    stock, _codes = lottery(season, season.cast.publish(campaign))
    with clock.at(EVENING + HOUR + MINUTE):
        draws_hold()

    won = Claim.objects.filter(stock=stock, state="held")
    assert {claim.expires_at for claim in won} == {EVENING + 2 * HOUR}
