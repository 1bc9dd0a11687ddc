"""Invoices: what a settled month cost, numbered without a gap, corrected in the next one."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.money import cny
from commissions import chart, tasks
from commissions.models import Invoice, InvoiceLine, InvoiceRun
from commissions.services import invoices, settlements
from commissions.verify import verify
from merchants.services.merchants import merchant_change
from tests.cast import cast_make
from tests.commissions import test_payees
from tests.commissions.pdf import pages_of
from tests.rows import once

pytestmark = pytest.mark.django_db(transaction=True)

payees = test_payees.cast  # the fixture: an order that several earn by
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)
JULY_20 = datetime(2026, 7, 20, 3, tzinfo=clock.ZONE)
MAY_1, JUNE_1, JULY_1 = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


def traded():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        for number in ("T1", "T2", "T3"):
            made.sold(number)
    with clock.at(MAY + timedelta(days=5)):
        made.received("T1")
        made.received("T2")
    return made


@pytest.fixture
def cast():
    """Received in May: T1, T2; paid only: T3."""
    yield once(traded)
    assert verify() == []


def settled(month, moment):
    with clock.at(moment):
        settlements.settlement_run(month=month, currency="CNY")


def issued(month, moment):
    settled(month, moment)
    with clock.at(moment):
        run = invoices.invoices_issue(month=month, currency="CNY")
    return run.invoices.get() if run.invoices.exists() else None


def lines_of(invoice):
    return [(line.words, line.count, line.amount) for line in invoice.lines.order_by("pk")]


def test_a_settled_month_is_invoiced(cast):
    invoice = issued(MAY_1, JUNE_20)

    assert str(invoice) == "INV-2026-000001"
    assert (invoice.kind, invoice.total) == ("Invoice", cny("47.76"))
    assert lines_of(invoice) == [("Commission", 2, cny("47.76"))]
    assert invoice.issuer == ["Taoke Alliance"]
    assert invoice.recipient[0] == "Chen Home"
    spent = cny("10000.00") - cast.balance(chart.wallet(cast.merchant.pk))
    assert spent == invoice.total + cast.balance(chart.reserved(cast.merchant.pk))


def test_what_is_refunded_in_the_month_stands_apart(cast):
    with clock.at(MAY + timedelta(days=6)):
        cast.refunded("50.00", "T1")
    invoice = issued(MAY_1, JUNE_20)

    assert lines_of(invoice) == [
        ("Commission", 2, cny("47.76")),
        ("Commission given back after refunds and corrections", 1, cny("-6.00")),
    ]
    assert invoice.total == cny("41.76")


def test_a_refund_before_the_receipt_was_never_charged(cast):
    with clock.at(MAY + timedelta(days=6)):
        cast.refunded("50.00", "T3")
        cast.received("T3")
    invoice = issued(MAY_1, JUNE_20)

    assert lines_of(invoice) == [("Commission", 3, cny("65.64"))]


def test_every_kind_of_charge_has_its_line(payees):
    with clock.at(MAY):
        payees.sold()
    with clock.at(MAY + timedelta(days=5)):
        payees.received()
    invoice = issued(MAY_1, JUNE_20)
    lines = [
        ("Commission", 1, cny("19.90")),
        ("Intermediaries' service fee", 1, cny("9.95")),
        ("Special service fee", 1, cny("3.98")),
        ("Your part of subsidies", 1, cny("1.25")),
    ]

    assert lines_of(invoice) == lines
    assert invoice.total == cny("35.08")
    with clock.at(JUNE_20):
        payees.refunded("199.00")
    given_back = issued(JUNE_1, JULY_20)

    assert [amount for _words, _count, amount in lines_of(given_back)] == [
        -amount for _words, _count, amount in lines
    ]


def test_a_later_refund_is_a_credit_note_of_its_own_month(cast):
    first = issued(MAY_1, JUNE_20)
    with clock.at(JUNE_20):
        cast.refunded("199.00", "T1")
        cast.received("T3", received_at=JUNE_20)
        cast.refunded("199.00", "T2", refund="R2")
    second = issued(JUNE_1, JULY_20)

    assert (str(second), second.kind, second.total) == (
        "INV-2026-000002", "Credit note", cny("-23.88"),
    )  # fmt: skip
    assert lines_of(second) == [
        ("Commission", 1, cny("23.88")),
        ("Commission given back after refunds and corrections", 2, cny("-47.76")),
    ]
    first.refresh_from_db()
    assert first.total == cny("47.76")
    spent = cny("10000.00") - cast.balance(chart.wallet(cast.merchant.pk))
    assert spent == first.total + second.total == cny("23.88")


def test_a_month_is_invoiced_once_and_only_when_settled(cast):
    with clock.at(JUNE_20), pytest.raises(Invalid, match="settled before"):
        invoices.invoices_issue(month=MAY_1, currency="CNY")
    issued(MAY_1, JUNE_20)
    with clock.at(JUNE_20), pytest.raises(WrongState):
        invoices.invoices_issue(month=MAY_1, currency="CNY")

    assert Invoice.objects.count() == 1


def test_an_issuer_without_a_name_issues_nothing(cast, settings):
    settled(MAY_1, JUNE_20)
    settings.ALLIANCE = {**settings.ALLIANCE, "LEGAL_NAME": ""}
    with clock.at(JUNE_20):
        tasks.invoices_issue()

    assert not InvoiceRun.objects.exists()


def test_the_night_issues_every_month_that_is_due(cast):
    settled(MAY_1, JUNE_20)
    settled(JUNE_1, JULY_20)  # nothing was received in June: the month is over without a document
    with clock.at(JULY_20):
        tasks.invoices_issue()
        tasks.invoices_issue()

    assert [str(run) for run in InvoiceRun.objects.order_by("month")] == [
        "2026-05 CNY", "2026-06 CNY",
    ]  # fmt: skip
    assert Invoice.objects.count() == 1


def test_numbers_begin_anew_each_year_and_none_is_lost(cast, sql):
    settled(MAY_1, JUNE_20)
    sql("ALTER TABLE commissions_invoiceline ADD CONSTRAINT broken CHECK (false) NOT VALID")
    with clock.at(JUNE_20), pytest.raises(DatabaseError, match="broken"):
        invoices.invoices_issue(month=MAY_1, currency="CNY")
    sql("ALTER TABLE commissions_invoiceline DROP CONSTRAINT broken")
    assert not Invoice.objects.exists()
    with clock.at(JUNE_20):
        run = invoices.invoices_issue(month=MAY_1, currency="CNY")
    with clock.at(JUNE_20):
        cast.received("T3", received_at=JUNE_20)
    new_year = datetime(2027, 1, 2, 3, tzinfo=clock.ZONE)
    later = issued(JUNE_1, new_year)

    assert [str(invoice) for invoice in (run.invoices.get(), later)] == [
        "INV-2026-000001", "INV-2027-000001",
    ]  # fmt: skip


def test_an_invoice_is_never_changed(cast):
    invoice = issued(MAY_1, JUNE_20)
    for rows in (Invoice.objects.all(), InvoiceLine.objects.all()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(id=1_000_000)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        InvoiceLine.objects.all().delete()
    merchant_change(
        merchant=cast.merchant, name="New name", legal_name="", contact_email="", actor=cast.chen
    )

    invoice.refresh_from_db()
    assert invoice.recipient[0] == "Chen Home"


# --- Pages ----------------------------------------------------------------------------------------


@pytest.fixture
def chen(cast):
    client = Client()
    client.force_login(cast.chen)
    return client


def file_of(response):
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text)))


def test_the_merchant_reads_and_downloads_them(cast, chen):
    with clock.at(MAY + timedelta(days=6)):
        cast.refunded("50.00", "T1")
    invoice = issued(MAY_1, JUNE_20)
    page = chen.get(reverse("commissions:invoices")).content.decode()
    one = chen.get(reverse("commissions:invoice", args=[invoice.pk])).content.decode()
    rows = file_of(chen.get(reverse("commissions:invoices_csv")))

    for said in ("INV-2026-000001", "May 2026", cny("41.76").localized()):
        assert said in page
        assert said in one
    assert rows[1:] == [["INV-2026-000001", "Invoice", "2026-05", "2026-06-20", "CNY", "41.76"]]


def test_the_pdf_says_what_the_page_says(cast, chen):
    invoice = issued(MAY_1, JUNE_20)
    response = chen.get(reverse("commissions:invoice_pdf", args=[invoice.pk]))
    (page,) = pages_of(response.content)

    assert response["Content-Type"] == "application/pdf"
    for said in (
        "Invoice INV-2026-000001", "Taoke Alliance", "Chen Home", "May 2026", "June 20, 2026",
        "Commission", "47.76", "nothing is due", "Page 1 of 1",
    ):  # fmt: skip
        assert said in page, said


def test_the_order_lines_of_an_invoice_add_up_to_it(cast, chen):
    with clock.at(MAY + timedelta(days=6)):
        cast.refunded("50.00", "T1")
    invoice = issued(MAY_1, JUNE_20)
    rows = file_of(chen.get(reverse("commissions:invoice_csv", args=[invoice.pk])))[1:]

    assert [(row[1], row[2], row[-1]) for row in rows] == [
        ("T1", "T1-1", "23.88"), ("T2", "T2-1", "23.88"), ("T1", "T1-1", "-6.00"),
    ]  # fmt: skip


def test_the_desk_issues_a_month_by_hand(cast):
    settled(MAY_1, JUNE_20)
    client = Client()
    client.force_login(cast.finance)
    with clock.at(JUNE_20):
        assert "2026-05 CNY" in client.get("/admin/commissions/invoice/issue/").content.decode()
        client.post("/admin/commissions/invoice/issue/")
        again = client.post("/admin/commissions/invoice/issue/").content.decode()

    assert Invoice.objects.count() == 1
    assert "Every settled month has its invoices." in again
