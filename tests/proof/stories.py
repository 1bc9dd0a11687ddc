"""What every task has to do once: the moment, and the messages that tell it to."""

import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from affiliates.services import Click
from affiliates.services.places import plan_apply
from affiliates.spool import spool
from aiassist.models import Autopilot, AutopilotMode, CopyRun, GroupKind, PlannedPost
from aiassist.services.autopilot.kept import Holder, rate_set
from aiassist.services.autopilot.policies import Limits, PolicyWish, policy_sign
from aiassist.services.copies import copy_run_begin
from aiassist.services.planner import reminders_choose
from alliance.kernel import clock
from alliance.kernel.idempotency import once
from alliance.kernel.models import Endpoint, IdempotentCall, User
from alliance.kernel.money import cny
from alliance.kernel.notice_kinds import Group
from alliance.takeout.models import Takeout
from alliance.takeout.services import takeout_ask
from campaigns.models import Campaign
from commissions import rails
from commissions import tasks as jobs
from commissions.models import Payout, Settlement, Violation
from commissions.services import bank, endpoints, payouts, settlements, wallets
from commissions.services.tasks import task_accept, task_offer
from commissions.services.verification import verification_ask
from commissions.services.violations import violation_open
from merchants.feeds import FEEDS, run_feed
from merchants.models import BulkEdit, ImportRun, Product, ProductFeed
from merchants.services.bulk import Wish, bulk_begin, bulk_look
from merchants.services.imports import import_begin, mapping_save
from merchants.services.orders import orders_record
from merchants.services.product_feeds import feed_save
from merchants.services.products import ProductData, products_let_end, products_save
from merchants.services.terms import terms_announce
from tests.aiassist.risk.world import among_peers
from tests.cast import Cast

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
INSIDE = "https://127.0.0.1/"  # what was set up before such addresses were refused
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JUNE_24 = datetime(2026, 6, 24, 9, tzinfo=clock.ZONE)  # the hold of a new account is over
AUGUST_21 = datetime(2026, 8, 21, 9, tzinfo=clock.ZONE)  # a debt of June is old
# Small withdrawals are released by the system, old small debts let go.
POLICY = {
    "PAYEE_HOLD_HOURS": 72,
    "RELEASE_LIMIT_MINOR": 10_000,
    "WRITE_OFF_AUTO_MINOR": 10_000,
}

Messages = list[tuple[Any, ...]]
Story = Callable[[Cast], tuple[datetime, Messages]]
STORIES: dict[str, Story] = {}


def story_of(*names: str) -> Callable[[Story], Story]:
    """The story that gives these tasks something to do: when, and the messages (arguments)."""

    def register(story: Story) -> Story:
        STORIES.update(dict.fromkeys(names, story))
        return story

    return register


class Bank:
    """A rail whose every transfer is a line in a file that all processes write to."""

    book: Path

    def send(self, payout: Payout, *, key: str) -> str:
        with self.book.open("a") as book:
            book.write(f"{key} {payout.amount_minor}\n")
        return key.upper()

    def lookup(self, *, key: str) -> str:
        if f"{key} " not in self.book.read_text():
            raise rails.Refused("never heard of it")
        return key.upper()


def reported(cast: Cast, numbers: Sequence[int], **facts: Any) -> list[int]:
    """Paid orders that nobody has processed yet."""
    with clock.at(MAY):
        reports = [cast.report(f"T{n}", click_id=cast.click(), **facts) for n in numbers]
        return [outcome.order_pk for outcome in orders_record(shop=cast.shop, reports=reports)]


@story_of("affiliates.tasks.clicks_count")
def clicks_wait_to_be_counted(cast: Cast):
    for key in ("a", "a", "b"):
        cast.click(at=MAY, visitor_key=key)
    return MAY, [()]


@story_of("affiliates.tasks.touches_turn")
def a_month_began_that_nobody_had_made(cast: Cast):
    january = datetime(2027, 1, 15, 12, tzinfo=clock.ZONE)
    cast.click(at=january)
    return january, [()]


@story_of("affiliates.tasks.clicks_drain")
def a_web_process_died_and_left_its_clicks(cast: Cast):
    for _click in range(3):
        spool.write(Click.through(cast.link, touched_at=MAY))
    return MAY, [()]


@story_of("commissions.tasks.orders_process")
def orders_wait(cast: Cast):
    return MAY, [([pk],) for pk in reported(cast, range(5))]


@story_of("commissions.tasks.orders_sweep")
def orders_wait_and_goods_count_as_received(cast: Cast):
    with clock.at(MAY):
        cast.sold("T9")
    reported(cast, range(5))
    return MAY + timedelta(days=16), [()]


@story_of("commissions.tasks.merchant_funded")
def orders_wait_for_money(cast: Cast):
    with clock.at(MAY):
        for n in range(3):
            cast.sold(f"T{n}", amount_minor=50_000_00)  # 6,000.00 each, of 10,000.00
        cast.top_up("10000.00")
    return MAY, [(cast.merchant.pk,)]


@story_of("commissions.tasks.unfunded_sweep")
def money_came_and_nobody_said_so(cast: Cast):
    moment, _messages = orders_wait_for_money(cast)
    return moment, [()]


@story_of("commissions.tasks.settlement_monthly")
def a_month_is_due(cast: Cast):
    with clock.at(MAY):
        for n in range(3):
            cast.sold(f"T{n}")
            cast.received(f"T{n}")
    return JUNE_20, [()]


@story_of("commissions.tasks.invoices_issue")
def a_month_was_settled(cast: Cast):
    a_month_is_due(cast)
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
    return JUNE_20, [()]


@story_of("commissions.tasks.statements_issue")
def a_settlement_has_to_be_told(cast: Cast):
    a_month_was_settled(cast)
    return JUNE_20, [(Settlement.objects.get().pk,)]


@story_of("commissions.tasks.statements_sweep")
def nobody_was_told_to_tell_a_settlement(cast: Cast):
    a_month_was_settled(cast)
    return JUNE_20, [()]


def withdrawal(cast: Cast) -> Payout:
    """All of May's 58.02, by the bank; held until the 23rd, because the account is new."""
    a_month_was_settled(cast)
    with clock.at(JUNE_20):
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
    with clock.at(JUNE_20 + timedelta(days=1)):
        payout = payouts.payout_request(
            actor=cast.lin, affiliate=cast.affiliate, amount=cny("58.02")
        )
    Payout.objects.filter(pk=payout.pk).update(rail="bank")
    return payout


@story_of("commissions.tasks.payouts_auto_release")
def the_hold_of_a_small_withdrawal_is_over(cast: Cast):
    withdrawal(cast)
    return JUNE_24, [()]


@story_of("commissions.tasks.payout_send")
def a_withdrawal_is_released(cast: Cast):
    payout = withdrawal(cast)
    with clock.at(JUNE_24):
        payouts.payout_release(actor=cast.finance, payout=payout)
    return JUNE_24, [(payout.pk,)]


@story_of("commissions.tasks.payouts_reconcile")
def nobody_heard_what_became_of_a_withdrawal(cast: Cast):
    a_withdrawal_is_released(cast)
    with clock.at(JUNE_24):
        claimed = payouts.payout_claim(payout_pk=Payout.objects.get().pk)
        rails.get("bank").send(claimed, key=rails.key_of(claimed.pk))
    return JUNE_24 + timedelta(days=1), [()]


@story_of("commissions.tasks.debts_write_off")
def a_small_debt_is_old(cast: Cast):
    nobody_heard_what_became_of_a_withdrawal(cast)
    with clock.at(JUNE_24):
        payouts.payout_mark_paid(payout=Payout.objects.get(), rail_ref="B1")
        cast.refunded("50.00", "T1")
    return AUGUST_21, [()]


@story_of("commissions.tasks.bank_credits_match")
def a_transfer_is_on_the_statement(cast: Cast):
    with clock.at(MAY):
        top_up = wallets.top_up_announce(
            actor=cast.chen, merchant=cast.merchant, amount=cny("500.00")
        )
        row = f"2026-05-10,500.00,CNY,{top_up.reference},B-1"
        content = f"date,amount,currency,text,bank reference\n{row}".encode()
        bank.statement_read(actor=cast.finance2, content=content, name="may.csv", account="")
    return MAY, [()]


@story_of("commissions.tasks.funding_review")
def a_wallet_has_run_dry(cast: Cast):
    with clock.at(MAY):
        for n in range(2):
            cast.sold(f"T{n}", amount_minor=40_000_00)  # 4,800.00 each, of 10,000.00
    return MAY, [()]


@story_of("commissions.tasks.verification_start")
def somebody_asked_whether_the_books_verify(cast: Cast):
    a_month_is_due(cast)
    with clock.at(MAY):
        return MAY, [(verification_ask(actor=cast.finance).pk,)]


def case_of(cast: Cast) -> Violation:
    """Against one of three received orders, with nobody told yet."""
    a_month_is_due(cast)
    with clock.at(MAY):
        return violation_open(
            actor=cast.finance,
            target=cast.commission("T1"),
            reason=25,
            consequence="invalidate",
            text="Seen in the log.",
        )


@story_of("commissions.tasks.violation_apply")
def an_order_is_looked_into(cast: Cast):
    return MAY, [(case_of(cast).pk,)]


@story_of("commissions.tasks.violations_sweep")
def nobody_appealed(cast: Cast):
    return case_of(cast).appeal_until, [()]


ORDERS = """number,state,placed,product,paid,click
A1,paid,2026-05-10 10:00,P1,199.00,{click}
A2,paid,2026-05-10 10:05,P1,99.00,{click}
A3,paid,2026-05-10 10:05,P1,nothing,{click}
"""
COLUMNS = {
    "order": "number",
    "state": "state",
    "placed_at": "placed",
    "product": "product",
    "amount": "paid",
    "click_id": "click",
}


def orders_file(cast: Cast) -> ImportRun:
    with clock.at(MAY):
        mapping_save(
            merchant=cast.merchant, kind="orders", columns=COLUMNS, options={}, actor=cast.chen
        )
        file = io.BytesIO(ORDERS.format(click=cast.click()).encode())
        return import_begin(
            shop=cast.shop, kind="orders", filename="orders.csv", file=file, actor=cast.chen
        )


@story_of("commissions.tasks.orders_import")
def an_order_file_came(cast: Cast):
    return MAY, [(orders_file(cast).pk,)]


@story_of("commissions.tasks.imports_sweep")
def a_worker_died_over_a_file(cast: Cast):
    run = orders_file(cast)
    ImportRun.objects.filter(pk=run.pk).update(counts={"rows": 0}, updated_at=MAY)
    return MAY + timedelta(hours=1), [()]


PRODUCTS = b"""id,title,link,price
P1,Vacuum flask,https://shop.chen.example/p/1,189.00 CNY
P2,Teapot,https://shop.chen.example/p/2,no price
P3,Kettle,https://shop.chen.example/p/3,259.00 CNY
"""


@story_of("merchants.tasks.products_import")
def a_product_file_came(cast: Cast):
    run = import_begin(
        shop=cast.shop, kind="products", filename="p.csv", file=io.BytesIO(PRODUCTS), actor=None
    )
    return MAY, [(run.pk,)]


@story_of("merchants.tasks.feed_fetch")
def a_feed_is_due(cast: Cast):
    """Its address, an old one, leads inside, so nothing is asked, and that is written down once."""
    with clock.at(MAY):
        feed = feed_save(
            shop=cast.shop,
            url="https://shop.chen.example/p.csv",
            every_hours=6,
            full=True,
            username="",
            password=None,
            actor=None,
        )
    ProductFeed.objects.filter(pk=feed.pk).update(url=f"{INSIDE}p.csv")
    return MAY, [(feed.pk,)]


@story_of("merchants.tasks.feeds_fetch")
def feeds_are_due(cast: Cast):
    moment, _messages = a_feed_is_due(cast)
    return moment, [()]


@story_of("merchants.tasks.products_end")
def a_feed_listed_them_no_more(cast: Cast):
    with clock.at(MAY):
        outcomes = products_save(
            shop=cast.shop,
            products=[
                ProductData(f"E{n}", "Kettle", f"https://shop.chen.example/e/{n}", 100)
                for n in range(3)
            ],
            actor=None,
        )
        gone = [outcome.product_pk for outcome in outcomes[1:] if outcome.product_pk]
        products_let_end(products=gone, at=MAY + timedelta(days=1))
    return MAY + timedelta(days=1), [()]


@story_of("merchants.tasks.sales_count")
def some_were_sold(cast: Cast):
    with clock.at(MAY):
        cast.sold("T1")
    return MAY, [()]


@story_of("campaigns.tasks.boards_make")
def it_sells_more_than_before(cast: Cast):
    with clock.at(MAY):
        for number in range(12):
            cast.sold(f"T{number}")
    return MAY + timedelta(days=1), [()]


@story_of("aiassist.tasks.matches_make")
def others_are_promoted_too(cast: Cast):
    with clock.at(MAY):
        for number in range(3):
            cast.sold(f"T{number}")
    return MAY + timedelta(days=1), [()]


@story_of("aiassist.tasks.task_odds_wake")
@story_of("aiassist.tasks.task_odds_catch_up")
def a_task_is_open_to_somebody_who_sells(cast: Cast):
    _task_open(cast)
    return MAY + timedelta(days=1), [()]


@story_of("aiassist.tasks.task_odds_make")
def a_night_asks_for_a_task(cast: Cast):
    return MAY + timedelta(days=1), [(_task_open(cast).pk,)]


def _task_open(cast: Cast) -> Campaign:
    with clock.at(MAY):
        made = cast.publish(cast.campaign("guaranteed_task"))
        cast.sold("T1")
    return made


@story_of("aiassist.tasks.posts_remind")
def a_post_is_due_of_which_somebody_is_to_be_told(cast: Cast):
    PlannedPost.objects.create(
        affiliate=cast.affiliate,
        zone=cast.zone,
        product=cast.product,
        at=MAY + timedelta(minutes=10),
        channel="web",
    )
    reminders_choose(actor=cast.lin, affiliate=cast.affiliate, wanted=True)
    return MAY, [()]


@story_of("aiassist.tasks.autopilots_wake")
def an_autopilot_was_signed(cast: Cast):
    with clock.at(MAY):
        _signed(cast)
    return MAY + timedelta(days=1), [()]


@story_of("aiassist.tasks.autopilot_night")
def an_autopilot_is_woken(cast: Cast):
    with clock.at(MAY):
        made = _signed(cast)
    return MAY + timedelta(days=1), [(made.pk,)]


def _signed(cast: Cast) -> Autopilot:
    """One that pays an affiliate more, and has to stop tonight: its budget is spent."""
    cast.sold("T1")
    made = policy_sign(
        merchant=cast.merchant,
        wish=PolicyWish(
            mode=AutopilotMode.ACT,
            roi_target_centi=700,
            roi_floor_centi=500,
            budget_day_minor=1_00,
            budget_minor=1_00,
            ends_on=clock.business_day() + timedelta(days=30),
            limits=[Limits(GroupKind.SHOP, 800, 2_000)],
        ),
        actor=cast.chen,
    )
    rate_set(
        autopilot=made,
        holder=Holder(affiliate=cast.affiliate.pk),
        group=made.policy.groups.get(),
        rate_bps=1_300,
        actor=cast.chen,
    )
    return made


@story_of("aiassist.tasks.risk_scores_make")
def one_of_ten_sells_to_itself(cast: Cast):
    return among_peers(cast), [()]


@story_of("aiassist.tasks.anomalies_look")
def an_hour_is_over(cast: Cast):
    with clock.at(MAY):
        cast.sold("T1")
    return MAY + timedelta(hours=1), [()]


@story_of("merchants.tasks.imports_forget")
def an_import_is_old(cast: Cast):
    moment, [(pk,)] = a_product_file_came(cast)
    with clock.at(moment):
        run_feed(FEEDS["products"], run=ImportRun.objects.get(pk=pk))
    return moment + timedelta(days=91), [()]


def _to_write(cast: Cast) -> CopyRun:
    """A text for the product is to be written, and nobody has begun."""
    facts = {"actor": cast.lin, "affiliate": cast.affiliate, "zone": cast.zone}
    return copy_run_begin(products=[cast.product], channel="web", language="en", **facts)


@story_of("aiassist.tasks.copy_run_go_on")
def a_text_is_to_be_written(cast: Cast):
    with clock.at(MAY):
        return MAY, [(_to_write(cast).pk,)]


@story_of("aiassist.tasks.copy_runs_sweep")
def nobody_gets_on_with_writing(cast: Cast):
    with clock.at(MAY):
        _to_write(cast)
    return MAY + timedelta(minutes=5), [()]


def _paused(cast: Cast) -> BulkEdit:
    """Three products are to be paused, and nobody has begun."""
    data = [ProductData(f"B{n}", "Tea", "https://shop.chen.example/b", 100) for n in range(3)]
    products_save(shop=cast.shop, products=data, actor=cast.chen)
    rows, wish = Product.objects.filter(external_id__startswith="B"), Wish("pause")
    seen = bulk_look(merchant=cast.merchant, products=rows, wish=wish).mark
    return bulk_begin(merchant=cast.merchant, products=rows, wish=wish, seen=seen, actor=cast.chen)


@story_of("merchants.tasks.bulk_go_on")
def many_products_are_to_be_paused(cast: Cast):
    with clock.at(MAY):
        return MAY, [(_paused(cast).pk,)]


@story_of("merchants.tasks.bulk_sweep")
def nobody_gets_on_with_pausing(cast: Cast):
    with clock.at(MAY):
        _paused(cast)
    return MAY + timedelta(minutes=5), [()]


@story_of("merchants.tasks.rates_refresh")
def a_cut_was_announced_for_today(cast: Cast):
    with clock.at(MAY):
        terms_announce(plan=cast.merchant.plans.get(), rate_bps=800, actor=cast.chen)
    return MAY + timedelta(days=1), [()]


@story_of("affiliates.tasks.applications_lapse")
def nobody_answers_an_application(cast: Cast):
    with clock.at(MAY):
        plan = cast.merchant.plans.create(name="Friends", kind="SP")
        plan_apply(actor=cast.lin, affiliate=cast.affiliate, plan=plan)
    return MAY + timedelta(days=31), [()]


@story_of("alliance.kernel.tasks.idempotent_calls_forget")
def calls_are_remembered(_cast: Cast):
    for number, moment in enumerate((MAY, MAY + timedelta(days=40))):
        with clock.at(moment):
            once(scope="s", key=f"K{number}", content={}, call=lambda: (200, {}))
        IdempotentCall.objects.filter(key=f"K{number}").update(created_at=moment)
    return MAY + timedelta(days=41), [()]


@story_of("alliance.kernel.tasks.mails_send")
def somebody_waits_for_a_mail(cast: Cast):
    nobody_answers_an_application(cast)  # yet: the merchant is told that somebody applies
    return MAY, [()]


@story_of("commissions.tasks.deliveries_send")
def a_message_waits_for_a_server_that_nobody_may_ask(cast: Cast):
    _heard_at(cast, MAY)
    return MAY, [()]


@story_of("commissions.tasks.deliveries_forget")
def what_was_sent_is_old(cast: Cast):
    _heard_at(cast, MAY)
    return MAY + timedelta(days=31), [()]


@story_of("alliance.takeout.tasks.takeout_make")
def an_archive_is_asked_for(cast: Cast):
    with clock.at(MAY):
        takeout = takeout_ask(actor=cast.lin, organisation=f"affiliate:{cast.affiliate.pk}")
    return MAY, [(takeout.pk,)]


@story_of("alliance.takeout.tasks.takeouts_sweep")
def an_archive_was_left_by_its_worker(cast: Cast):
    _moment, [(pk,)] = an_archive_is_asked_for(cast)
    Takeout.objects.filter(pk=pk).update(state="running", updated_at=MAY)
    return MAY + timedelta(hours=4), [()]


def _heard_at(cast: Cast, moment: datetime) -> None:
    made, _secret = endpoints.webhook_open(
        actor=cast.lin,
        organisation=f"affiliate:{cast.affiliate.pk}",
        name="Ours",
        url="https://hook.example/",
        kinds=["commission.estimated"],
    )
    Endpoint.objects.filter(pk=made.pk).update(url=f"{INSIDE}hook")
    made.refresh_from_db()
    with clock.at(moment):
        endpoints.endpoint_try(endpoint=made)


@story_of("alliance.kernel.tasks.notifications_forget")
def what_was_told_is_old(cast: Cast):
    nobody_answers_an_application(cast)
    return MAY + timedelta(days=181), [()]


@story_of("commissions.tasks.reports_weekly")
def a_week_is_over_and_somebody_wants_to_know(cast: Cast):
    User.objects.filter(pk=cast.lin.pk).update(mail_choices={Group.REPORTS.value: True})
    with clock.at(MAY):
        cast.sold("T1")
    return datetime(2026, 5, 11, 9, 30, tzinfo=clock.ZONE), [()]  # a Monday


@story_of("campaigns.tasks.picture_fetch")
def a_poster_waits_for_a_picture_that_nobody_may_fetch(cast: Cast):
    cast.product.image_url = f"{INSIDE}picture.png"
    cast.product.save()
    return MAY, [(cast.product.pk,)]


@story_of("commissions.tasks.ledger_verify")
def nothing_is_to_do(cast: Cast):
    a_month_is_due(cast)
    return MAY, [()]


def task_runs(cast: Cast, *, offered: bool = False) -> None:
    """A guaranteed task of four days, accepted; six orders of it, received in May."""
    with clock.at(MAY):
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
        campaign = cast.publish(
            cast.campaign(
                "guaranteed_task",
                rules={"least_age_days": 0, "one_shop_bps": 0},
                ends_at=MAY + timedelta(days=4),
                confirm_until=MAY + timedelta(days=12),
            )
        )
        if offered:
            task_offer(actor=cast.finance, campaign=campaign, affiliates=[cast.affiliate])
            return
        task_accept(actor=cast.lin, campaign=campaign, affiliate=cast.affiliate)
    for n in range(6):
        moment = MAY + timedelta(hours=n + 2)
        with clock.at(moment):
            cast.sold(f"T{n}")
            cast.received(f"T{n}", placed_at=moment, paid_at=moment)


@story_of("commissions.tasks.standings_count")
def a_task_runs(cast: Cast):
    task_runs(cast)
    return MAY + timedelta(days=1), [()]


@story_of("commissions.tasks.offers_lapse")
def nobody_accepts_an_offer(cast: Cast):
    task_runs(cast, offered=True)
    return MAY + timedelta(days=3), [()]


@story_of("commissions.tasks.campaigns_evaluate")
def a_task_is_over_and_then_refunds_come(cast: Cast):
    task_runs(cast)
    with clock.at(MAY + timedelta(days=13)):
        cast.refunded("199.00", "T1", refund="R1")
    return MAY + timedelta(days=14), [()]


@story_of("commissions.tasks.awards_pay")
def a_reward_is_due(cast: Cast):
    task_runs(cast)
    with clock.at(MAY + timedelta(days=14)):
        jobs.campaigns_evaluate()
    return JUNE_20, [()]
