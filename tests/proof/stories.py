"""What every task has to do once: the moment, and the messages that tell it to."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from affiliates.services import Click
from affiliates.services.places import plan_apply
from affiliates.spool import spool
from alliance.kernel import clock
from alliance.kernel.idempotency import once
from alliance.kernel.models import Endpoint, IdempotentCall, User
from alliance.kernel.money import cny
from alliance.kernel.notice_kinds import Group
from alliance.takeout.models import Takeout
from alliance.takeout.services import takeout_ask
from commissions import rails
from commissions import tasks as jobs
from commissions.models import Payout, Settlement, Violation
from commissions.services import bank, endpoints, payouts, settlements, wallets
from commissions.services.tasks import task_accept, task_offer
from commissions.services.verification import verification_ask
from commissions.services.violations import violation_open
from merchants.services.orders import orders_record
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
