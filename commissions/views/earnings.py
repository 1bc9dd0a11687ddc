"""An affiliate's earnings by month, and where its money goes."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from affiliates.access import AffiliateRequest, affiliate_required
from alliance.kernel.exports import csv_response
from alliance.kernel.money import Money
from commissions import queries, rails, receipts
from commissions.forms import PayeeForm
from commissions.services import payouts
from commissions.views.affiliate import PER_PAGE, currency_of

CLAWBACKS = 20
AWARDS = 20


@require_GET
@affiliate_required
def earnings(request: AffiliateRequest) -> HttpResponse:
    """Month by month what was settled, and what was taken back afterwards."""
    affiliate = request.affiliate
    currency, currencies = currency_of(request, affiliate)
    shares = queries.shares_for(request.user).filter(
        affiliate=affiliate, settlement__currency=currency
    )
    page = Paginator(shares, PER_PAGE).get_page(request.GET.get("page"))
    settles_on, month = receipts.next_settlement()
    context = {
        "currency": currency,
        "currencies": currencies,
        "balances": queries.balances_of(affiliate, currency),
        "page": page,
        "months": [(share, receipts.month_words(share.settlement.month)) for share in page],
        "clawbacks": queries.clawbacks_for(request.user).filter(
            affiliate=affiliate, commission__currency=currency
        )[:CLAWBACKS],
        "awards": queries.awards_for(request.user).filter(affiliate=affiliate, currency=currency)[
            :AWARDS
        ],
        "settles_on": settles_on,
        "settles_month": receipts.month_words(month),
    }
    return render(request, "commissions/earnings.html", context)


@require_GET
@affiliate_required
def earnings_csv(request: AffiliateRequest) -> HttpResponse:
    currency, _currencies = currency_of(request, request.affiliate)
    shares = queries.shares_for(request.user).filter(
        affiliate=request.affiliate, settlement__currency=currency
    )
    header = (
        _("Month"), _("Settled at"), _("Order lines"), _("Currency"), _("Your share"),
        _("Service fee"), _("Net"), _("Debt repaid"), _("Became available"),
    )  # fmt: skip
    rows = (
        (
            f"{share.settlement.month:%Y-%m}",
            share.settlement.closed_at,
            share.commissions,
            currency,
            *(
                Money(minor, currency)
                for minor in (
                    share.publisher_minor,
                    share.tech_fee_minor,
                    share.net_minor,
                    share.debt_repaid_minor,
                    share.net_minor - share.debt_repaid_minor,
                )
            ),
        )
        for share in shares
    )
    return csv_response("earnings", header, rows)


@require_GET
@affiliate_required
def awards_csv(request: AffiliateRequest) -> HttpResponse:
    """Every reward of a campaign, newest first."""
    currency, _currencies = currency_of(request, request.affiliate)
    awards = queries.awards_for(request.user).filter(affiliate=request.affiliate, currency=currency)
    header = (
        _("Number"), _("Campaign"), _("Place"), _("State"), _("Currency"), _("Amount"),
        pgettext("award", "Paid"), _("Settles with"), pgettext("award", "Paid at"), _("Reason"),
    )  # fmt: skip
    rows = (
        (
            award.number,
            award.campaign.name,
            award.rank or "",
            award.get_state_display(),
            currency,
            award.amount,
            Money(award.booked_minor, currency),
            f"{award.due_month:%Y-%m}",
            award.paid_at,
            award.reason,
        )
        for award in awards
    )
    return csv_response("rewards", header, rows)


@require_http_methods(["GET", "POST"])
@affiliate_required(change=True)
def payee(request: AffiliateRequest) -> HttpResponse:
    """Where the money goes. The number is shown in full only while it is being typed."""
    now = queries.payee_of(request.affiliate)
    ways = rails.offered(currency_of(request, request.affiliate)[1])
    asked = request.GET.get("rail") or (now.rail if now else "")
    rail = asked if asked in ways else ways[0]
    form = PayeeForm(request.POST or None, rail=rail)
    if request.method == "POST" and form.is_valid():
        payouts.payee_set(actor=request.user, affiliate=request.affiliate, **form.cleaned_data)
        messages.success(request, _("Saved. Your next withdrawal goes there."))
        return redirect("commissions:withdrawals")
    context = {
        "form": form,
        "payee": now,
        "rail": rail,
        "ways": [(way, rails.OFFERS[way].label) for way in ways],
    }
    return render(request, "commissions/payee.html", context)
