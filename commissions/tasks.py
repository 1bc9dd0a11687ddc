"""Celery tasks. Each may be delivered twice, late or never: the rows decide, a sweep catches up."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import OperationalError
from django.utils.translation import gettext as _

from alliance.kernel import clock
from alliance.kernel.errors import DomainError, WrongState
from alliance.kernel.limits import within
from alliance.kernel.money import Money
from commissions import pipeline, queries, rails
from commissions.models import Payout, Settlement, VerifyRun, VerifySource, Violation
from commissions.outgoing import delivery
from commissions.reporting.spans import week_start
from commissions.services import (
    awards,
    bank,
    campaigns,
    coupons,
    endpoints,
    funding,
    invoices,
    payouts,
    reporting,
    settlements,
    statements,
    transfers,
    violations,
    write_offs,
)
from commissions.services.standings import standings_refresh
from commissions.services.tasks import offer_lapse
from commissions.services.verification import verification_perform, verification_run
from merchants.feeds import FEEDS, run_feed
from merchants.models import ColumnMapping, ImportKind, ImportRun
from merchants.services.orders import orders_auto_receive
from merchants.tasks import products_import

logger = logging.getLogger(__name__)


@shared_task
def orders_process(order_pks: list[int]) -> None:
    """Attribute, price and book these orders."""
    pipeline.orders_process(order_pks)


@shared_task
def orders_sweep() -> None:
    """Beat: goods that count as received by now, and every order whose message was lost."""
    while orders_auto_receive():  # they are waiting then, like the others
        continue
    after = 0
    while pks := queries.orders_waiting(after=after, limit=pipeline.BATCH):
        _process_apart(pks)
        after = pks[-1]


def _process_apart(pks: list[int]) -> bool:
    """In one batch or, if that fails, one by one: an order at fault must not hold up the others.

    True if there was none.
    """
    try:
        pipeline.orders_process(pks)
    except OperationalError:
        raise  # the database is away, no order at fault
    except Exception:
        if len(pks) == 1:
            logger.exception("order %s cannot be processed", pks[0])
            return False
        return not [pk for pk in pks if not _process_apart([pk])]
    return True


def _apart(step: Callable[..., Any], **what: Any) -> None:
    """One at fault, whatever its fault, must not hold up the others; the next beat tries again."""
    try:
        step(**what)
    except OperationalError:
        raise  # the database is away, nobody's fault
    except WrongState as exc:
        logger.info("%s of %s: not now, or somebody moved first. %s", step.__name__, what, exc)
    except Exception:
        logger.exception("%s failed for %s", step.__name__, what)


@shared_task
def violation_apply(violation_pk: int) -> None:
    """Bring the commissions that a case covers after it: frozen, invalid or free again.

    Begun again after a crash it finds what is left to do, because what follows already is left
    out. An order at fault keeps the case in the queue.
    """
    case = queries.violation_to_apply(violation_pk)
    after, done = 0, True
    while case and (pks := queries.orders_to_follow(case, after=after, limit=pipeline.BATCH)):
        done = _process_apart(pks) and done
        after = pks[-1]
    if case and done:
        violations.violation_applied(violation=case)


@shared_task
def violations_sweep() -> None:
    """Beat: deadlines that have passed, freezes that are over, and cases whose message was lost."""
    for case in queries.violations_thawing():
        _unless_moved(violations.violation_freeze_end, case)
    for case in queries.violations_expired():
        _unless_moved(violations.violation_uphold, case)
    for pk in queries.violations_to_apply():
        violation_apply(pk)


@shared_task
def campaigns_turn() -> None:
    """Beat: campaigns begin and end by the clock; what is over and confirmed is wound up."""
    for campaign in queries.campaigns_to_turn():
        _apart(campaigns.campaign_turn, campaign=campaign)
    for campaign in queries.campaigns_to_wind_up():
        _apart(campaigns.campaign_wind_up, campaign=campaign)


@shared_task
def standings_count() -> None:
    """Beat: where the affiliates of running campaigns stand; for good once the cut-off has passed,
    so that a board is frozen while it is audited."""
    for campaign in queries.campaigns_to_count():
        final = campaign.confirm_until <= clock.now()
        if not final or not campaign.standings.filter(final=True).exists():
            _apart(standings_refresh, campaign=campaign, final=final)


@shared_task
def offers_lapse() -> None:
    """Beat: places of tasks that nobody accepted in time are free again."""
    for pk in queries.offers_lapsed():
        _apart(offer_lapse, enrolment_pk=pk)


@shared_task
def campaigns_evaluate() -> None:
    """Beat: what campaigns past their cut-off earned, and what refunds have changed of it since."""
    for campaign in queries.campaigns_to_evaluate():
        _apart(awards.campaign_evaluate, campaign=campaign)


@shared_task
def awards_pay() -> None:
    """Beat, daily: rewards and prizes whose settlement day has come."""
    if clock.business_day().day < settings.ALLIANCE["SETTLEMENT_DAY"]:
        return
    for pk in queries.awards_due():
        _apart(awards.award_pay, award_pk=pk)


@shared_task
def coupons_turn() -> None:
    """Beat: stocks whose time is over are closed; coupons are paid that nobody came to pay."""
    coupons.stocks_turn()
    coupons.coupons_settle(coupons.coupons_waiting(pipeline.BATCH))


def _unless_moved(service: Callable[..., None], case: Violation) -> None:
    try:
        service(violation=case)
    except WrongState:
        logger.info("%s: somebody else moved first", case.number)


@shared_task
def unfunded_sweep() -> None:
    """Beat: merchants whose wallet has something again, by a top-up or by a void."""
    for merchant_pk in queries.merchants_to_fund():
        merchant_funded(merchant_pk)


@shared_task
def imports_sweep() -> None:
    """Beat: files whose message was lost, or whose worker died, are read again from the start."""
    readers = {ImportKind.ORDERS: orders_import, ImportKind.PRODUCTS: products_import}
    for pk, kind in queries.imports_stalled():
        readers[ImportKind(kind)].delay(pk)


@shared_task
def orders_import(run_pk: int) -> None:
    """Read an uploaded order file, by the layout that it has or else by its merchant's mapping;
    commissions follow batch by batch."""
    run = ImportRun.objects.select_related("merchant", "shop", "actor").get(pk=run_pk)
    mapping = ColumnMapping.objects.filter(merchant=run.merchant, kind=ImportKind.ORDERS).first()

    def on_changed(order_pks: list[int]) -> None:
        orders_process.delay(order_pks)

    try:
        run_feed(FEEDS[run.layout or "orders_csv"], run=run, mapping=mapping, on_changed=on_changed)
    except WrongState:
        logger.info("import %s was read already", run_pk)


@shared_task
def merchant_funded(merchant_pk: int) -> None:
    """After a top-up: book what had to wait for it, and offer the plans again."""
    _process_apart(queries.orders_unfunded(merchant_pk))
    funding.funding_review([merchant_pk])


@shared_task
def funding_review() -> None:
    """Beat: warn merchants whose money runs low, pause and resume their plans."""
    funding.funding_review()


@shared_task
def bank_credits_match() -> None:
    """After a statement, and beat for what was broken off: receive what names a top-up."""
    for merchant_pk in bank.credits_match():
        merchant_funded(merchant_pk)


@shared_task
def invoices_issue() -> None:
    """Beat, daily: the invoices of every month that is settled and has none yet."""
    for month, currency in queries.months_to_invoice():
        try:
            invoices.invoices_issue(month=month, currency=currency)
        except DomainError as exc:
            logger.error("no invoices for %s %s: %s", month, currency, exc)  # noqa: TRY400


@shared_task
def settlement_monthly() -> None:
    """Beat, daily: from the settlement day on, settle the previous month in every currency.

    docs/domain.md §4.4 says the 20th. The days after it catch up if nobody was there on the day
    itself; a month that is settled stays as it is.
    """
    today = clock.business_day()
    if today.day < settings.ALLIANCE["SETTLEMENT_DAY"]:
        return
    month = clock.previous_month(today)
    violations_sweep()  # what is to be frozen must not be settled
    if not (run := verification_run(source=VerifySource.SETTLEMENT)).well:
        logger.error("no settlement: the books do not verify: %s", "; ".join(_said(run)[:5]))
        return
    for currency in settlements.currencies_due(month):
        try:
            closed = settlements.settlement_run(month=month, currency=currency)
        except WrongState:
            logger.info("%s of %s was settled by somebody else meanwhile", currency, month)
        else:
            statements_issue.delay_on_commit(closed.pk)  # type: ignore[attr-defined]


@shared_task
def statements_issue(settlement_pk: int) -> None:
    """After a closing: a signed statement for everybody it concerns."""
    statements.statements_issue(Settlement.objects.get(pk=settlement_pk))


@shared_task
def statements_sweep() -> None:
    """Beat: settlements whose message was lost, or whose worker died in the middle."""
    for settlement in queries.settlements_untold():
        statements.statements_issue(settlement)


@shared_task
def payout_send(payout_pk: int) -> None:
    """One worker wins the claim; the rail recognises the key."""
    payout = payouts.payout_claim(payout_pk=payout_pk)
    if payout is None:
        return
    try:
        ref = rails.get(payout.rail).send(payout, key=rails.key_of(payout.pk))
    except rails.Refused as exc:  # a definite no: the money goes back
        payouts.payout_fail(payout=payout, reason=str(exc))
    except rails.NotSent as exc:  # the rail was never reached: payouts_reconcile tries again
        transfers.payout_not_sent(payout=payout, reason=str(exc))
    except rails.Unclear as exc:  # never guess: payouts_reconcile asks the rail by key
        transfers.transfer_unclear(payout=payout, said=exc)
    else:
        payouts.payout_mark_paid(payout=payout, rail_ref=ref)


@shared_task
def payouts_reconcile() -> None:
    """Beat: send what was released and whose message was lost; look up what is unclear."""
    for pk in queries.payouts_ready():
        _apart(payout_send, payout_pk=pk)
    for payout in queries.payouts_sending():
        _apart(payout_lookup, payout=payout)


def payout_lookup(payout: Payout) -> None:
    """Ask the rail what became of a payout under way, and write down what it says."""
    try:
        ref = rails.get(payout.rail).lookup(key=transfers.name_of(payout))
    except rails.Refused as exc:
        payouts.payout_fail(payout=payout, reason=str(exc))
    except rails.Missing:
        if transfers.transfer_missing(payout=payout):
            payouts.payout_fail(payout=payout, reason=_("The rail never received the transfer."))
    except (rails.Unclear, rails.NotSent) as exc:
        logger.info("payout %s: %s", payout.pk, exc)
    else:
        payouts.payout_mark_paid(payout=payout, rail_ref=ref)


@shared_task
def payouts_auto_release() -> None:
    """Beat: what is small and was held long enough leaves without anybody's hand."""
    for pk in queries.payouts_to_auto_release():
        if payouts.payout_auto_release(payout_pk=pk):
            payout_send(pk)


@shared_task
def deliveries_send() -> None:
    """Messages to other systems that are due: after each commit that tells, and by beat."""
    delivery.deliveries_due_send()


@shared_task
def deliveries_forget() -> None:
    """Beat, nightly: what was sent is kept for thirty days (docs/webhooks.md)."""
    endpoints.deliveries_forget()


@shared_task
def debts_write_off() -> None:
    """Beat, daily: small debts that nobody has repaid for two settlements are let go."""
    for debt in queries.debts_old().filter(within("WRITE_OFF_AUTO_MINOR", "owed_minor__lt")):
        write_offs.write_off_dust(
            affiliate_pk=debt.affiliate_id, amount=Money(debt.owed_minor, debt.currency)
        )


@shared_task
def reports_weekly() -> None:
    """Beat, on Mondays from nine: the week that is over, to each who wants to know of it."""
    week = week_start(clock.business_day()) - timedelta(days=7)
    for pk in queries.weekly_readers():
        _apart(reporting.weekly_tell, user_pk=pk, week=week)


@shared_task
def ledger_verify() -> None:
    """Beat, nightly: say loudly when the books do not verify."""
    for sentence in _said(verification_run(source=VerifySource.NIGHT)):
        logger.error("books: %s", sentence)


@shared_task
def verification_start(run_pk: int) -> None:
    """A verification that somebody asked for at the desk."""
    verification_perform(run_pk)


def _said(run: VerifyRun) -> list[str]:
    return [sentence for result in run.results for sentence in result["sentences"]]
