"""Who is taxed, and the way of the tax withheld to the tax office."""

from datetime import date

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from commissions import chart, ledger, queries
from commissions.ledger import Move
from commissions.models import (
    TaxKind,
    TaxProfile,
    TaxRemittance,
    TaxRemittanceLine,
    TaxRemittanceState,
)
from commissions.services.outsiders import outside_affiliate


@transaction.atomic
def tax_profile_set(
    *, actor: User, affiliate: Affiliate, kind: str, tax_id: str = ""
) -> TaxProfile:
    """Who the affiliate is to the tax office from now on; withdrawals under way stay as they are.

    Raises NotAllowed for whoever belongs to the affiliate, Invalid for a company without number.
    """
    outside_affiliate(actor, affiliate.pk)
    tax_id = "".join(tax_id.split())
    if kind == TaxKind.COMPANY and not tax_id:
        raise Invalid(_("A company has a tax number."), field="tax_id")
    profile = TaxProfile.objects.create(
        affiliate=affiliate, kind=TaxKind(kind), tax_id=tax_id[:40], set_by=actor
    )
    audit.record("affiliate.tax_profile", affiliate, actor=actor, kind=kind, tax_id=profile.masked)
    return profile


@transaction.atomic(durable=True)
def tax_remittance_prepare(*, actor: User, month: date, currency: str) -> TaxRemittance:
    """Collect what was withheld up to the end of a month and is not with the tax office.

    Raises Invalid while the month is not over, WrongState when nothing is owed, or while another
    remittance is prepared.
    """
    month = clock.month_start(month)
    if clock.business_day() < clock.next_month(month):
        raise Invalid(_("The tax of a month can be paid when the month is over."), field="month")
    with connection.cursor() as cursor:  # one at a time, so that no tax is in two
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tax-remittance'))")
    lines = list(queries.tax_to_remit(month, currency).values_list("pk", "owed_minor"))
    total = sum(minor for _pk, minor in lines)
    if total <= 0:
        raise WrongState(_("Nothing is owed to the tax office up to that month."))
    try:
        with transaction.atomic():
            made = TaxRemittance.objects.create(
                month=month, currency=currency, amount_minor=total, prepared_by=actor
            )
    except IntegrityError as exc:
        raise WrongState(_("Another remittance is prepared already.")) from exc
    TaxRemittanceLine.objects.bulk_create(
        TaxRemittanceLine(remittance=made, payout_id=pk, amount_minor=minor) for pk, minor in lines
    )
    audit.record("tax_remittance.prepared", made, actor=actor, amount_minor=total)
    return made


@transaction.atomic(durable=True)
def tax_remittance_confirm(*, actor: User, remittance: TaxRemittance, reference: str) -> None:
    """PREPARED → REMITTED: the transfer was made. Never by whoever prepared it."""
    if remittance.prepared_by_id == actor.pk:
        raise NotAllowed(_("Somebody else must confirm what you prepared."))
    if not reference.strip():
        raise Invalid(_("Enter the reference of the transfer."), field="reference")
    _decide(
        remittance,
        TaxRemittanceState.REMITTED,
        remitted_by=actor,
        reference=reference.strip()[:64],
    )
    ledger.post(
        key=f"tax_remittance:{remittance.pk}:remitted",
        moves=[Move(remittance.amount, debit=chart.TAX_WITHHELD, credit=chart.CASH)],
        actor=actor,
    )
    audit.record("tax_remittance.remitted", remittance, actor=actor, reference=reference.strip())


@transaction.atomic(durable=True)
def tax_remittance_drop(*, actor: User, remittance: TaxRemittance) -> None:
    """PREPARED → DROPPED: nothing was transferred, its payouts wait for another."""
    _decide(remittance, TaxRemittanceState.DROPPED)
    remittance.lines.all().delete()
    audit.record("tax_remittance.dropped", remittance, actor=actor)


def _decide(remittance: TaxRemittance, state: TaxRemittanceState, **changes: object) -> None:
    prepared = TaxRemittance.objects.filter(pk=remittance.pk, state=TaxRemittanceState.PREPARED)
    if not prepared.update(state=state, decided_at=clock.now(), **changes):
        raise WrongState
