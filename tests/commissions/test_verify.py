"""Each invariant notices its own kind of fault: books are broken on purpose, one way at a time."""

import json
import re
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import tasks
from commissions.models import Account, Balance, Entry, Line, VerifyRun
from commissions.services import (
    bank,
    invoices,
    payouts,
    settlements,
    verification,
    wallets,
)
from commissions.services.statements import statements_issue
from commissions.services.verification import verification_ask
from commissions.services.violations import violation_open
from commissions.verify import INVARIANTS, Result, verify
from tests.cast import cast_make

pytestmark = pytest.mark.django_db

REMITTANCE = (
    "INSERT INTO commissions_taxremittance (month, currency, amount_minor, state, reference,"
    " prepared_by_id, created_at, updated_at) SELECT '2026-06-01', 'CNY', 5, 'prepared', '',"
    " min(id), now(), now() FROM kernel_user"
)
WRITE_OFF = (
    "INSERT INTO commissions_debtwriteoff (affiliate_id, amount_minor, currency, state, reason,"
    " created_at, updated_at)"
    " SELECT min(id), 5, 'CNY', 'done', 'x', now(), now() FROM affiliates_affiliate"
)
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)

AWARD = """
    INSERT INTO commissions_award (campaign_id, affiliate_id, currency, state, amount_minor,
        reserved_minor, booked_minor, revision, due_month, doubts, reason, paid_at, created_at,
        updated_at)
    SELECT c.id, a.id, 'CNY', {state}, 5, {reserved}, {booked}, 1, '2026-05-01', '[]', '',
        {paid_at}, now(), now()
    FROM campaigns_campaign c, affiliates_affiliate a
"""
DUE = AWARD.format(state="'due'", reserved=5, booked=0, paid_at="NULL")
PAID = AWARD.format(state="'paid'", reserved=0, booked=5, paid_at="now()")
STOCK = """
    INSERT INTO campaigns_couponstock (campaign_id, state, mode, size, faces, total_minor, currency,
        valid_minutes, until_end, pause_days, wins, least_wait_seconds, opened_at, set_aside_minor,
        swept_slot, seed, created_at, updated_at)
    SELECT id, 'open', 'first', 1, ARRAY[5], 5, 'CNY', 60, true, 0, false, 0, now(), {aside},
        0, '', now(), now()
    FROM campaigns_campaign
"""
CLAIMED = f"""
    WITH stock AS ({STOCK.format(aside=5)} RETURNING id, campaign_id)
    INSERT INTO campaigns_claim (stock_id, campaign_id, slot, state, code, face_minor, currency,
        buyer_key, network_key, trail, day, link_id, affiliate_id, zone_id, shop_id, claimed_at,
        expires_at, order_id, used_at, worth_minor, paid_minor, paid_revision)
    SELECT stock.id, campaign_id, n, '{{state}}', 'code-' || n, {{face}}, 'CNY', 'buyer-' || n, '',
        true, '2026-06-01', 1, 1, 1, {{shop}}, now(), now(), {{used}}, {{worth}}, {{paid}}, 0
    FROM stock, generate_series(1, {{count}}) AS n
"""
HELD = {
    "state": "held",
    "face": 5,
    "shop": 1,
    "used": "NULL, NULL",
    "count": 1,
    "worth": "NULL",
    "paid": 0,
}
USED = HELD | {
    "state": "used",
    "shop": "(SELECT min(shop_id) FROM merchants_order)",
    "used": "(SELECT min(id) FROM merchants_order WHERE state = 'paid'), now()",
}
PIECES = """
    WITH plan AS (
        INSERT INTO merchants_plan (merchant_id, kind, name, state, starts_at, exclusive,
            rates_shown, by_autopilot, created_at, updated_at)
        SELECT id, 'TOPN', 'First', 'active', now(), false, true, false, now(), now()
        FROM merchants_merchant RETURNING id
    ), stock AS (
        INSERT INTO merchants_piecestock (plan_id, product_id, pieces, taken, created_at,
            updated_at)
        SELECT plan.id, min(product.id), 3, {taken}, now(), now()
        FROM plan, merchants_product product GROUP BY plan.id RETURNING id
    )
    INSERT INTO merchants_piecetake (line_id, stock_id, pieces, taken_at)
    SELECT min(line.id), stock.id, 1, now() FROM stock, merchants_orderline line GROUP BY stock.id
"""
FAULTS = {
    "first_pieces_are_not_oversold": [PIECES.format(taken=2)],
    "first_pieces_are_what_was_bought": [PIECES.format(taken=1)],
    "coupons_are_not_oversold": [
        CLAIMED.format_map(HELD | {"count": 2}),
        CLAIMED.format_map(HELD | {"face": 4}),
    ],
    "coupons_are_set_aside": [STOCK.format(aside=4)],
    "coupons_are_paid_for_orders": [
        CLAIMED.format_map(USED | {"used": "0, now()"}),
        CLAIMED.format_map(USED | {"shop": 0}),
        CLAIMED.format_map(USED | {"worth": 5, "paid": 5}),
    ],
    "coupons_follow_refunds": [
        "UPDATE merchants_orderline SET refunded_minor = amount_minor / 2 WHERE order_id ="
        " (SELECT min(id) FROM merchants_order WHERE state = 'received');"
        + CLAIMED.format_map(
            USED
            | {"worth": 5, "paid": 5}
            | {"used": "(SELECT min(id) FROM merchants_order WHERE state = 'received'), now()"}
        ),
    ],
    "entries_have_lines": [
        "DELETE FROM commissions_line WHERE entry_id = (SELECT max(id) FROM commissions_entry)",
        "DELETE FROM commissions_entry WHERE id = (SELECT max(id) FROM commissions_entry)",
    ],
    "balances_are_sums": [
        "UPDATE commissions_balance SET balance_minor = balance_minor + 1",
        (
            "UPDATE commissions_line SET amount_minor = amount_minor + 1 WHERE id ="
            " (SELECT min(id) FROM commissions_line)"
        ),
    ],
    "books_match_business": [
        "UPDATE commissions_topup SET amount_minor = amount_minor + 1",
        "UPDATE commissions_payout SET amount_minor = amount_minor - 1",
        "UPDATE commissions_payout SET tax_minor = 1",
        WRITE_OFF,
        (
            "INSERT INTO commissions_walletrefund (merchant_id, amount_minor, currency, state,"
            " reference, reason, requested_by_id, created_at, updated_at) SELECT m.id, 5, 'CNY',"
            " 'requested', '', '', min(u.id), now(), now()"
            " FROM merchants_merchant m, kernel_user u GROUP BY m.id"
        ),
        (
            "UPDATE commissions_commission SET platform_minor = platform_minor + 1,"
            " commission_minor = commission_minor + 1 WHERE state = 'estimated'"
        ),
        "UPDATE campaigns_campaign SET budget_minor = budget_minor + 1",
        "UPDATE campaigns_enrolment SET reserved_minor = 5",
        DUE,
        "UPDATE campaigns_campaign SET returned_minor = 1, state = 'settled', closed_at = now()",
    ],
    "awards_follow_standings": [DUE],
    "awards_are_sums": [DUE],
    "tasks_are_funded": [
        "UPDATE campaigns_enrolment SET reserved_minor = 5",
        "UPDATE campaigns_campaign SET kind = 'guaranteed_task'",
    ],
    "grants_are_booked": [
        "UPDATE campaigns_grant SET amount_minor = amount_minor - 1",
        "UPDATE commissions_commission SET subsidies = '[]' WHERE subsidies <> '[]'",
        "DELETE FROM campaigns_grant",
    ],
    "campaigns_keep_their_limits": [
        "UPDATE campaigns_campaign SET budget_minor = 1999",
        "UPDATE campaigns_campaign SET daily_minor = 1999",
        "UPDATE campaigns_campaign SET per_affiliate_minor = 1999",
        "UPDATE campaigns_campaign SET per_affiliate_day_minor = 1999",
        "UPDATE campaigns_campaign SET orders_per_affiliate = 0",
        "UPDATE campaigns_campaign SET pieces = 0",
        "UPDATE commissions_commission SET state = 'void' WHERE subsidies <> '[]'",
    ],
    "affiliates_get_theirs": [
        PAID,
        (
            "UPDATE campaigns_campaign SET sponsor = 'affiliate',"
            " host_id = (SELECT min(id) FROM affiliates_affiliate)"
        ),
        "UPDATE commissions_payout SET amount_minor = amount_minor - 1",
        WRITE_OFF,
        (
            "UPDATE commissions_payout SET state = 'failed', reason = 'x', tax_minor = 2,"
            " tax_back_minor = 1"
        ),
        (
            "UPDATE commissions_commission SET publisher_minor = publisher_minor + 1,"
            " commission_minor = commission_minor + 1, net_minor = net_minor + 1"
            " WHERE id IN (SELECT commission_id FROM commissions_settlementline)"
        ),
    ],
    "commissions_are_sums": [
        "UPDATE commissions_commission SET base_minor = base_minor + 1",
        "DELETE FROM commissions_commissionline WHERE revision = 1",
        "UPDATE commissions_commissionline SET entry_id = 999999",
    ],
    "orders_are_decided": [
        "DELETE FROM commissions_commission WHERE state = 'estimated'",
        (
            "INSERT INTO merchants_orderline (order_id, external_id, product_external_id, title,"
            " quantity, amount_minor, refunded_minor, currency, created_at, updated_at)"
            " SELECT id, 'X', '', '', 1, 1, 0, currency, now(), now() FROM merchants_order"
        ),
    ],
    "settlements_are_sums": [
        (
            "UPDATE commissions_settlementshare SET net_minor = net_minor + 1,"
            " publisher_minor = publisher_minor + 1"
        ),
        "DELETE FROM commissions_settlementline WHERE NOT correction",
        (
            "UPDATE commissions_settlementline SET net_minor = net_minor + 1,"
            " publisher_minor = publisher_minor + 1, commission_minor = commission_minor + 1"
        ),
        "UPDATE commissions_settlementline SET base_minor = base_minor + 1",
        "UPDATE commissions_settlementshare SET corrections = corrections + 1",
    ],
    "settlements_are_told": [
        "DELETE FROM commissions_statementpart; DELETE FROM commissions_statement",
    ],
    "statements_close_as_booked": [
        """UPDATE commissions_statement SET closing = '{"payable": 1}' WHERE kind = 'affiliate'""",
        """UPDATE commissions_statement SET closing = '{"wallet": 1}' WHERE kind = 'merchant'""",
    ],
    "statements_are_chained": [
        "UPDATE commissions_statement SET number = replace(number, '0001', '0002')",
        "UPDATE commissions_statement SET head = repeat('0', 64)",
        "UPDATE commissions_statement SET signature = repeat('0', 128)",
        "DELETE FROM commissions_statementpart",
    ],
    "settled_once": [
        "UPDATE commissions_settlement SET month = '2026-04-01'",
        (
            "UPDATE commissions_settlementline SET net_minor = net_minor + 1,"
            " publisher_minor = publisher_minor + 1, commission_minor = commission_minor + 1"
        ),
        (
            "UPDATE commissions_commission SET settles_in = '2026-05-01'"
            " WHERE settles_in = '2026-06-01'"
        ),
    ],
    "remittances_are_sums": [
        REMITTANCE,
        (
            f"WITH made AS ({REMITTANCE} RETURNING id) INSERT INTO commissions_taxremittanceline"
            " (remittance_id, payout_id, amount_minor)"
            " SELECT made.id, p.id, 5 FROM made, commissions_payout p"
        ),
    ],
    "bank_credits_are_top_ups": [
        "UPDATE commissions_bankcredit SET amount_minor = amount_minor + 1",
        "UPDATE commissions_topup SET state = 'announced'",
    ],
    "invoices_match_books": [
        "UPDATE commissions_invoice SET total_minor = total_minor + 1",
        "DELETE FROM commissions_invoiceline",
        "UPDATE commissions_invoice SET number = number + 1",
        "UPDATE commissions_invoicecounter SET last = last + 1",
        (
            "INSERT INTO commissions_invoicerun (month, currency, issued_at)"
            " VALUES ('2026-06-01', 'CNY', now())"
        ),
    ],
    "touches_lead_somewhere": [
        "UPDATE affiliates_touch SET affiliate_id = 999999",
        "UPDATE affiliates_touch SET shop_id = 999999",
        "UPDATE affiliates_attribution SET touch_id = 999999 WHERE touch_id IS NOT NULL",
    ],
    "touches_lie_in_months": [
        (
            "INSERT INTO affiliates_touch (click_id, kind, affiliate_id, zone_id, shop_id,"
            " touched_at, visitor_key, ip_key, visitor, sub1, sub2, sub3, sub4, sub5)"
            " SELECT 'late', 'click', affiliate_id, zone_id, shop_id, '2090-01-01', '', '',"
            " 'human', '', '', '', '', '' FROM affiliates_touch LIMIT 1"
        ),
    ],
    "closed_periods_stay_closed": [
        "INSERT INTO commissions_period (month, closed_at) VALUES ('2026-05-01', '2026-05-01')",
    ],
    "commissions_follow_orders": [
        "UPDATE merchants_orderline SET refunded_minor = refunded_minor + 100",
        "UPDATE merchants_order SET state = 'void' WHERE state = 'received'",
        "UPDATE commissions_commission SET rate_bps = rate_bps + 100",
        "UPDATE merchants_order SET received_at = received_at + interval '1 month'",
    ],
    "bank_files_hold_their_payouts": [
        (
            "UPDATE commissions_payout SET rail = 'bank_file', state = 'sending',"
            " released_by_id = (SELECT max(id) FROM kernel_user)"
        ),
        (
            "INSERT INTO commissions_bankfile (number, currency, payouts_count, total_minor,"
            " content, sha256, made_at, made_by_id) SELECT 'F', 'CNY', 1, 1, '', '', now(), min(id)"
            " FROM kernel_user"
        ),
    ],
    "held_for_a_case": [
        "UPDATE commissions_commission SET hold = 'frozen' WHERE state = 'estimated'",
        "UPDATE commissions_commission SET hold = 'barred' WHERE state = 'confirmed'",
        "UPDATE commissions_violation SET zone_id = (SELECT min(id) FROM affiliates_adzone)",
    ],
    "cases_have_their_events": [
        "UPDATE commissions_violation SET state = 'released', hold = '', decided_at = now()",
        "DELETE FROM commissions_violationevent",
    ],
    "debt_before_payable": [
        (
            "UPDATE commissions_balance SET floor_minor = NULL, ceiling_minor = NULL,"
            " balance_minor = CASE kind WHEN 'debt' THEN -1 ELSE 1 END"
            " FROM commissions_account a WHERE a.id = account_id AND kind IN ('payable', 'debt')"
        ),
    ],
}


def pay_in(cast):
    """A top-up that a bank statement shows."""
    made = wallets.top_up_announce(actor=cast.chen, merchant=cast.merchant, amount=cny("5.00"))
    content = f"date,amount,text\n2026-06-22,5.00,{made.reference}\n".encode()
    bank.statement_read(actor=cast.finance, content=content, name="june.csv")
    bank.credits_match()


@pytest.fixture(scope="module")
def whole(one_world):
    """Books that verify; the triggers of append-only tables are off in them from then on."""
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make()
    with clock.at(MAY):
        for number in ("T1", "T2", "T3", "T4"):
            cast.sold(number)
    with clock.at(MAY + timedelta(days=5)):
        cast.received("T1")
        cast.received("T2")
        campaign = cast.campaign()
        cast.enrol(campaign)
        cast.publish(campaign)
        cast.sold("T5")
    with clock.at(datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)):
        settled = settlements.settlement_run(month=MAY.date(), currency="CNY")
        statements_issue(settled)
        cast.received("T3")
    with clock.at(JUNE_22):
        invoices.invoices_issue(month=MAY.date().replace(day=1), currency="CNY")
        pay_in(cast)
        payouts.payee_set(
            actor=cast.lin, affiliate=cast.affiliate, holder="L", institution="B", number="12345"
        )
        payouts.payout_request(
            actor=cast.lin,
            affiliate=cast.affiliate,
            amount=cast.balance(f"affiliate:{cast.affiliate.pk}:payable"),
        )
        quiet = cast.affiliate.sites.get().zones.create(name="Quiet")
        case = violation_open(
            actor=cast.finance, target=quiet, reason=25, consequence="invalidate", text="Seen."
        )
        tasks.violation_apply(case.pk)
        cast.refunded("100.00", "T1")  # now a debt exists beside an empty payable account
    assert verify() == []
    tables = (
        "commissions_line",
        "commissions_entry",
        "commissions_commissionline",
        "commissions_settlementline",
        "commissions_violationevent",
        "affiliates_touch",
        "affiliates_attribution",
        "commissions_invoice",
        "commissions_invoiceline",
        "commissions_statement",
        "commissions_statementpart",
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


@pytest.fixture
def broken(whole, db, sql):
    """Break the books in one way, within what a foreign key lets through."""

    def break_it(statement):
        sql(statement)
        sql("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    return break_it


@pytest.mark.parametrize(
    ("name", "statement"),
    [(name, statement) for name, statements in FAULTS.items() for statement in statements],
)
def test_an_invariant_notices_its_fault(broken, name, statement):
    broken(statement)

    assert any(sentence.startswith(f"{name}: ") for sentence in verify())


def test_each_invariant_has_a_fault_here():
    assert set(FAULTS) == {i.name for i in INVARIANTS}


def test_the_command_names_each_invariant_what_it_checked_and_fails_loudly(broken):
    out = StringIO()
    call_command("ledger_verify", stdout=out)
    assert out.getvalue().count("holds") == len(INVARIANTS)
    lines = Line.objects.count() + Entry.objects.count()
    assert re.search(rf"holds +entries_have_lines +{lines} rows", out.getvalue())
    assert VerifyRun.objects.get().well

    broken("UPDATE commissions_balance SET balance_minor = balance_minor + 1")
    with pytest.raises(CommandError, match="do not verify"):
        call_command("ledger_verify", stdout=out)
    assert "BROKEN  balances_are_sums" in out.getvalue()
    assert not VerifyRun.objects.latest().well


def test_the_command_answers_in_json_too(broken):
    broken("UPDATE commissions_balance SET balance_minor = balance_minor + 1")
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("ledger_verify", "--json", stdout=out)

    said = json.loads(out.getvalue())
    named = {invariant["name"]: invariant for invariant in said["invariants"]}
    assert named.keys() == {invariant.name for invariant in INVARIANTS}
    assert named["balances_are_sums"]["checked"] == Account.objects.count()
    assert named["balances_are_sums"]["faults"] == Balance.objects.count()
    assert "its lines say" in named["balances_are_sums"]["sentences"][0]
    assert (said["well"], said["faults"]) == (False, VerifyRun.objects.get().faults)


def test_more_faults_than_anybody_reads_are_counted(sql):
    sql(
        "INSERT INTO commissions_entry (key, digest, effective_on, recorded_at)"
        " SELECT 'top_up:' || n || ':received', '', '2026-05-10', now()"
        " FROM generate_series(1000001, 1001500) n"
    )
    seen = []

    sentences = verify(seen.append)

    (found,) = [result for result in seen if result.faults]
    assert (found.name, found.faults) == ("entries_have_lines", 1500)
    assert len(sentences) == 1000


# --- The history of the books' verification -------------------------------------------------------


def test_the_night_leaves_a_run_with_what_each_invariant_checked(broken):
    tasks.ledger_verify()

    run = VerifyRun.objects.get()
    assert (run.source, run.well, run.asked_by) == ("night", True, None)
    assert [result["name"] for result in run.results] == [one.name for one in INVARIANTS]
    assert run.checked > 100


def test_the_night_says_each_fault_into_the_log(broken, caplog):
    broken("UPDATE commissions_balance SET balance_minor = balance_minor + 1")
    tasks.ledger_verify()

    assert "books: balances_are_sums: balance of" in caplog.text


def test_a_run_is_carried_out_once_however_often_its_message_comes(broken):
    run = verification_ask()
    tasks.verification_start(run.pk)
    first = VerifyRun.objects.get()
    tasks.verification_start(run.pk)

    assert VerifyRun.objects.get().ended_at == first.ended_at


def test_a_run_whose_worker_died_is_begun_anew(broken, monkeypatch):
    run = verification_ask()

    def die(report, *, whole):
        report(Result("entries_have_lines", "", 1, 7, [], 0.1))
        raise KeyboardInterrupt

    monkeypatch.setattr(verification, "verify", die)
    with pytest.raises(KeyboardInterrupt):
        tasks.verification_start(run.pk)
    run.refresh_from_db()
    assert (run.state, run.faults, len(run.results)) == ("running", 7, 1)

    monkeypatch.undo()
    tasks.verification_start(run.pk)

    run.refresh_from_db()
    assert (run.well, len(run.results)) == (True, len(INVARIANTS))


def test_who_asks_while_a_run_is_under_way_gets_that_one():
    run = verification_ask()
    assert verification_ask() == run

    with clock.at(clock.now() + timedelta(minutes=16)):  # its worker is not coming any more
        assert verification_ask() != run
