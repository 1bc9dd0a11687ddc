"""What is withheld: the law's vectors, a month as one payment, the way to the tax office."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliates.models import AffiliateMember
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, MemberRole
from alliance.kernel.money import Money, cny
from commissions import chart, tasks, tax
from commissions.ledger import InsufficientFunds
from commissions.models import Payout, TaxRemittance
from commissions.services import payouts, returns, settlements, taxes
from commissions.verify import verify
from tests.cast import cast_make
from tests.rows import once

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)
JULY_1 = datetime(2026, 7, 1, 9, tzinfo=clock.ZONE)
AUGUST_1 = datetime(2026, 8, 1, 9, tzinfo=clock.ZONE)


def withheld(*steps, rule="cn_labour"):
    """Withdrawals of one month, one after the other; -n: the n-th came back, however late."""
    alive, kept = [], Money(0, "CNY")
    for step in steps:
        gross = Money(sum(alive), "CNY")
        if step > 0:
            due = tax.due(rule, amount=Money(step, "CNY"), before=gross, withheld=kept)
            assert 0 <= due.minor <= step
            alive, kept = [*alive, step], kept + due
        elif alive:
            alive.pop(step % len(alive))
            kept -= tax.back(rule, left=Money(sum(alive), "CNY"), withheld=kept)
    return kept, Money(sum(alive), "CNY")


@pytest.mark.parametrize(
    ("gross", "due"),
    [
        ("800.00", "0.00"), ("900.00", "20.00"), ("4000.00", "640.00"), ("5000.00", "800.00"),
        ("25000.00", "4000.00"), ("30000.00", "5200.00"), ("62500.00", "13000.00"),
        ("100000.00", "25000.00"), ("800.02", "0.00"), ("800.03", "0.01"), ("4000.03", "640.00"),
        ("4000.04", "640.01"),
    ],
)  # fmt: skip
def test_the_labour_rule_says_what_the_law_says(gross, due):
    assert tax.cn_labour(cny(gross)) == cny(due)


def test_a_flat_rate_rounds_half_up(settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "TAX_FLAT_BPS": 1000}

    assert tax.flat(cny("100.05")) == cny("10.01")
    assert tax.none(cny("100.05")) == cny("0.00")


def test_every_rule_that_the_settings_name_is_there(settings):
    assert set(tax.RULES) == {"none", "flat", "cn_labour"}


def test_a_company_pays_its_own_taxes():
    assert withheld(10_000_000, 5, -1, rule=tax.COMPANY)[0] == cny("0.00")


def test_yuan_only():
    euros = Money(90_000, "EUR")
    with pytest.raises(Invalid, match="EUR"):
        tax.due("cn_labour", amount=euros, before=euros, withheld=euros)


@given(st.lists(st.integers(1, 6_000_000) | st.integers(-12, -1), max_size=12))
def test_any_withdrawals_and_failures_of_a_month_bear_the_tax_of_one(steps):
    kept, left = withheld(*steps)

    assert kept == tax.cn_labour(left)


@given(st.lists(st.integers(1, 6_000_000), min_size=1, max_size=8), st.randoms())
def test_the_order_of_withdrawals_does_not_matter(amounts, dice):
    shuffled = list(amounts)
    dice.shuffle(shuffled)

    assert withheld(*amounts) == withheld(*shuffled)


# --- In the books ---------------------------------------------------------------------------------

in_books = pytest.mark.django_db(transaction=True)


def settled():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make(wallet="100000.00", price="61728.40")
    with clock.at(MAY):
        made.sold()
        made.received()
    with clock.at(JUNE_22):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
        payouts.payee_set(
            actor=made.lin, affiliate=made.affiliate, holder="L", institution="B", number="12345"
        )
    return made


@pytest.fixture
def cast(settings):
    """An affiliate with 6,000.00 payable under the labour rule, on 22 June."""
    settings.ALLIANCE = {**settings.ALLIANCE, "TAX_STRATEGY": "cn_labour"}
    made = once(settled)
    with clock.at(JUNE_22):
        yield made
    assert verify() == []


def request(cast, amount):
    return payouts.payout_request(actor=cast.lin, affiliate=cast.affiliate, amount=cny(amount))


def paid(cast, amount):
    payout = request(cast, amount)
    payouts.payout_release(actor=cast.finance, payout=payout)
    tasks.payout_send(payout.pk)
    payouts.payout_mark_paid(payout=payout, rail_ref="R", actor=cast.finance2)
    payout.refresh_from_db()
    return payout


def payable(cast):
    return cast.balance(chart.payable(cast.affiliate.pk))


@in_books
def test_the_tax_is_kept_back_at_the_request_and_the_rest_is_sent(cast):
    before = payable(cast)
    payout = request(cast, "900.00")

    assert (payout.tax, payout.net, payout.tax_rule) == (cny("20.00"), cny("880.00"), "cn_labour")
    assert payable(cast) == before - cny("900.00")
    assert cast.balance(chart.IN_FLIGHT) == cny("880.00")
    assert cast.balance(chart.TAX_WITHHELD) == cny("20.00")


@in_books
def test_only_the_net_leaves_the_bank(cast):
    cash = cast.balance(chart.CASH)
    paid(cast, "900.00")

    assert cast.balance(chart.CASH) == cash + cny("880.00")
    assert cast.balance(chart.IN_FLIGHT) == cny("0.00")
    assert cast.balance(chart.TAX_WITHHELD) == cny("20.00")


@in_books
def test_a_second_withdrawal_of_the_month_bears_the_difference(cast):
    paid(cast, "900.00")
    second = paid(cast, "900.00")

    assert second.tax == cny("180.00")
    assert cast.balance(chart.TAX_WITHHELD) == tax.cn_labour(cny("1800.00"))


@in_books
def test_a_new_month_begins_anew(cast):
    paid(cast, "900.00")
    with clock.at(JULY_1):
        assert paid(cast, "900.00").tax == cny("20.00")


@in_books
def test_the_month_turns_at_midnight_of_the_alliance(cast):
    with clock.at(datetime(2026, 6, 30, 23, 59, tzinfo=clock.ZONE)):
        assert paid(cast, "900.00").month == JUNE_22.date().replace(day=1)
    with clock.at(datetime(2026, 7, 1, 0, 0, tzinfo=clock.ZONE)):
        assert paid(cast, "900.00").month == JULY_1.date()


@in_books
def test_a_failed_one_gives_its_tax_back(cast):
    before = payable(cast)
    paid(cast, "900.00")
    failed = request(cast, "3100.00")
    assert failed.tax == cny("620.00")
    payouts.payout_fail(payout=failed, reason="wrong number", actor=cast.finance)

    assert payable(cast) == before - cny("900.00")
    assert cast.balance(chart.TAX_WITHHELD) == cny("20.00")
    assert paid(cast, "3100.00").tax == cny("620.00")


@in_books
def test_what_a_failed_one_gives_back_repays_a_debt_first(cast):
    payout = request(cast, str(payable(cast).decimal))
    cast.refunded("61728.40")
    owed = -cast.balance(chart.debt(cast.affiliate.pk))
    assert owed == payout.amount
    payouts.payout_fail(payout=payout, reason="wrong number", actor=cast.finance)

    assert cast.balance(chart.debt(cast.affiliate.pk)) == cny("0.00")
    assert payable(cast) == cny("0.00")
    assert cast.balance(chart.TAX_WITHHELD) == cny("0.00")


@in_books
def test_nothing_left_after_tax_is_refused_and_nothing_moves(cast, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "TAX_STRATEGY": "flat", "TAX_FLAT_BPS": 1000}
    paid(cast, "1000.00")
    settings.ALLIANCE = {**settings.ALLIANCE, "TAX_FLAT_BPS": 9000}
    before = payable(cast)
    with pytest.raises(Invalid, match="nothing would be left"):
        request(cast, "1.00")

    assert payable(cast) == before


# --- Companies ------------------------------------------------------------------------------------


@pytest.fixture
def company(cast):
    taxes.tax_profile_set(
        actor=cast.finance, affiliate=cast.affiliate, kind="company", tax_id="91330100MA2B 7X8Y9Z"
    )
    return cast


@in_books
def test_a_companys_money_leaves_untaxed_once_its_invoice_is_noted(company):
    payout = request(company, "900.00")
    assert (payout.tax, payout.tax_rule) == (cny("0.00"), "company")
    with pytest.raises(WrongState, match="invoice"):
        payouts.payout_release(actor=company.finance, payout=payout)

    payouts.payout_invoice_note(actor=company.finance2, payout=payout, number="INV-7")
    payouts.payout_release(actor=company.finance, payout=payout)
    payout.refresh_from_db()
    assert (payout.state, payout.invoice_number) == ("ready", "INV-7")


@in_books
def test_an_invoice_is_for_companies_only(cast):
    payout = request(cast, "900.00")
    with pytest.raises(WrongState):
        payouts.payout_invoice_note(actor=cast.finance, payout=payout, number="INV-7")


@in_books
def test_what_was_taxed_before_it_became_a_company_does_not_count_against_it(cast):
    paid(cast, "900.00")
    taxes.tax_profile_set(
        actor=cast.finance, affiliate=cast.affiliate, kind="company", tax_id="91330"
    )
    request(cast, "900.00")

    assert cast.balance(chart.TAX_WITHHELD) == cny("20.00")


@in_books
def test_the_profile_is_on_record_without_its_number(company):
    event = AuditEvent.objects.get(verb="affiliate.tax_profile")

    assert event.actor == company.finance
    assert event.data == {"kind": "company", "tax_id": "…8Y9Z"}


@in_books
def test_a_company_without_number_and_a_profile_of_ones_own_are_refused(cast):
    with pytest.raises(Invalid, match="tax number"):
        taxes.tax_profile_set(actor=cast.finance, affiliate=cast.affiliate, kind="company")
    AffiliateMember.objects.create(
        affiliate=cast.affiliate, user=cast.finance, role=MemberRole.VIEWER
    )
    with pytest.raises(NotAllowed):
        taxes.tax_profile_set(
            actor=cast.finance, affiliate=cast.affiliate, kind="company", tax_id="9133"
        )


# --- To the tax office ----------------------------------------------------------------------------


def prepared(cast):
    return taxes.tax_remittance_prepare(actor=cast.finance, month=JUNE_22.date(), currency="CNY")


@in_books
def test_a_months_tax_goes_to_the_tax_office_seen_by_four_eyes(cast):
    paid(cast, "900.00")
    paid(cast, "900.00")
    with clock.at(JULY_1):
        request(cast, "900.00")
        cash = cast.balance(chart.CASH)
        remittance = prepared(cast)
        assert remittance.amount == cny("200.00")
        with pytest.raises(NotAllowed):
            taxes.tax_remittance_confirm(actor=cast.finance, remittance=remittance, reference="T-1")
        taxes.tax_remittance_confirm(actor=cast.finance2, remittance=remittance, reference="T-1")
        with pytest.raises(WrongState):
            taxes.tax_remittance_confirm(
                actor=cast.finance2, remittance=remittance, reference="T-1"
            )
        with pytest.raises(WrongState, match="Nothing is owed"):
            prepared(cast)

    assert cast.balance(chart.CASH) == cash + cny("200.00")
    assert cast.balance(chart.TAX_WITHHELD) == cny("20.00")  # July's


@in_books
def test_the_tax_of_a_running_month_is_not_remitted(cast):
    paid(cast, "900.00")
    with pytest.raises(Invalid, match="over"):
        prepared(cast)


@in_books
def test_what_is_paid_later_goes_into_the_next_remittance(cast):
    paid(cast, "900.00")
    late = request(cast, "900.00")
    with clock.at(JULY_1):
        taxes.tax_remittance_confirm(
            actor=cast.finance2, remittance=prepared(cast), reference="T-1"
        )
        payouts.payout_release(actor=cast.finance, payout=late)
        tasks.payout_send(late.pk)
        payouts.payout_mark_paid(payout=late, rail_ref="R", actor=cast.finance2)
        remittance = prepared(cast)

    assert remittance.amount == cny("180.00")
    assert [line.payout for line in remittance.lines.all()] == [late]


@in_books
def test_a_dropped_remittance_frees_its_payouts(cast):
    paid(cast, "900.00")
    with clock.at(JULY_1):
        first = prepared(cast)
        with pytest.raises(WrongState):
            prepared(cast)
        taxes.tax_remittance_drop(actor=cast.finance, remittance=first)
        assert prepared(cast).amount == cny("20.00")

    assert sorted(TaxRemittance.objects.values_list("state", flat=True)) == ["dropped", "prepared"]


@in_books
def test_more_than_is_payable_is_refused_whatever_the_tax(cast):
    with pytest.raises(InsufficientFunds):
        request(cast, "6100.00")

    assert not Payout.objects.exists()


@in_books
def test_what_comes_back_after_its_tax_was_paid_on_makes_the_next_remittance_smaller(cast):
    first, _second = paid(cast, "900.00"), paid(cast, "900.00")
    before = payable(cast)
    with clock.at(JULY_1):
        taxes.tax_remittance_confirm(
            actor=cast.finance2, remittance=prepared(cast), reference="T-1"
        )
        returns.payout_return(payout=first, reason="account closed", actor=cast.finance2)
        first.refresh_from_db()
        # Of the month 900.00 remain, whose tax is 20.00: 180.00 of the 200.00 are given back.
        assert (first.tax_minor, first.tax_back_minor) == (20_00, 180_00)
        assert payable(cast) == before + cny("1060.00")
        assert cast.balance(chart.TAX_WITHHELD) == cny("-180.00")
        with pytest.raises(WrongState, match="Nothing is owed"):
            prepared(cast)
        paid(cast, "4000.00")
    with clock.at(AUGUST_1):
        remittance = taxes.tax_remittance_prepare(
            actor=cast.finance, month=JULY_1.date(), currency="CNY"
        )

    assert remittance.amount == cny("460.00")
    lines = remittance.lines.order_by("pk").values_list("amount_minor", flat=True)
    assert list(lines) == [-180_00, 640_00]
