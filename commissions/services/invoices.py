"""Invoices: issued once per settled month, numbered without a gap, never changed."""

from collections import defaultdict
from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from commissions import documents, notices, queries
from commissions.models import Invoice, InvoiceCounter, InvoiceLine, InvoiceRun
from commissions.queries import Charge
from merchants.models import Merchant

SERIES = "INV"


@transaction.atomic(durable=True)
def invoices_issue(*, month: date, currency: str, actor: User | None = None) -> InvoiceRun:
    """The invoices of all merchants for a calendar month (its first day), in one go.

    Raises Invalid while the month is not settled or the alliance has no name to issue them in,
    WrongState if they were issued before.
    """
    if not settings.ALLIANCE["LEGAL_NAME"]:
        raise Invalid(_("Set ALLIANCE_LEGAL_NAME: an invoice names who issues it."))
    today = clock.business_day()
    counter = _locked_counter(today.year)
    if InvoiceRun.objects.filter(month=month, currency=currency).exists():
        raise WrongState(_("The invoices of that month were issued before."))
    if (month, currency) not in queries.months_to_invoice():
        raise Invalid(_("The month must be settled before its invoices are issued."), field="month")
    run = InvoiceRun.objects.create(month=month, currency=currency, issued_by=actor)
    due: dict[int, list[Charge]] = defaultdict(list)
    for charge in queries.charges_of(month):
        if charge.currency == currency:
            due[charge.merchant_id].append(charge)
    invoices = _numbered(run, due, counter, today)
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice, kind=charge.kind, count=charge.count, amount_minor=charge.amount_minor
        )
        for invoice in invoices
        for charge in due[invoice.merchant_id]
    )
    audit.record("invoices.issued", run, actor=actor, count=len(invoices))
    for invoice in invoices:
        notices.invoice_tell(invoice)
    return run


def _locked_counter(year: int) -> InvoiceCounter:
    """Held until the invoices are written or the transaction is undone: no number is lost."""
    InvoiceCounter.objects.get_or_create(series=SERIES, year=year)
    return InvoiceCounter.objects.select_for_update().get(series=SERIES, year=year)


def _numbered(
    run: InvoiceRun, due: dict[int, list[Charge]], counter: InvoiceCounter, today: date
) -> list[Invoice]:
    with translation.override(settings.LANGUAGE_CODE):
        issuer = documents.issuer()
        recipients = {
            merchant.pk: _recipient(merchant) for merchant in Merchant.objects.filter(pk__in=due)
        }
    invoices = Invoice.objects.bulk_create(
        Invoice(
            run=run,
            merchant_id=merchant_pk,
            series=counter.series,
            year=counter.year,
            number=counter.last + place,
            month=run.month,
            currency=run.currency,
            total_minor=sum(charge.amount_minor for charge in due[merchant_pk]),
            issued_on=today,
            issuer=issuer,
            recipient=recipients[merchant_pk],
        )
        for place, merchant_pk in enumerate(sorted(due), 1)
    )
    counter.last += len(invoices)
    counter.save(update_fields=["last"])
    return invoices


def _recipient(merchant: Merchant) -> list[str]:
    known = (
        merchant.legal_name or merchant.name,
        merchant.name if merchant.legal_name not in ("", merchant.name) else "",
        gettext("Member number: %(number)d") % {"number": merchant.pk},
        merchant.contact_email,
    )
    return [line for line in known if line]
