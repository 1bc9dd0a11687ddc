"""An affiliate's earnings by month, and the way out of the alliance for the money."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.models import AffiliateState
from alliance.kernel import clock
from alliance.kernel.exports import csv_response
from alliance.kernel.money import Money
from commissions import queries, rails, receipts
from commissions.forms import PayeeForm, WithdrawalForm
from commissions.services import payouts
from commissions.views.affiliate import PER_PAGE, currency_of

CLAWBACKS = 20


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


@require_http_methods(["GET", "POST"])
@affiliate_required
def withdrawals(request: AffiliateRequest) -> HttpResponse:
    """What can be withdrawn and what limits it; asking for it; what became of earlier ones."""
    currency, currencies = currency_of(request, request.affiliate)
    form = WithdrawalForm(request.POST or None, currency=currency)
    if request.method == "POST" and form.is_valid():
        return _request(request, form.cleaned_data["amount"])
    balances = queries.balances_of(request.affiliate, currency)
    found = queries.payouts_for(request.user).filter(affiliate=request.affiliate, currency=currency)
    context = {
        "currency": currency,
        "currencies": currencies,
        "balances": balances,
        "minimum": Money(settings.ALLIANCE["WITHDRAWAL_MIN_MINOR"], currency),
        "settlement_day": settings.ALLIANCE["SETTLEMENT_DAY"],
        "payee": queries.payee_of(request.affiliate),
        "blocked": _blocked(request, currency, balances),
        "form": form,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "commissions/withdrawals.html", context)


@affiliate_required(change=True)
def _request(request: AffiliateRequest, amount: Money) -> HttpResponse:
    payouts.payout_request(actor=request.user, affiliate=request.affiliate, amount=amount)
    messages.success(request, _("Requested. Somebody of the alliance releases it by hand."))
    return redirect(request.get_full_path())


def _blocked(request: AffiliateRequest, currency: str, balances: queries.Balances) -> str:
    """Why nothing can be withdrawn just now; "" if it can. The service decides again."""
    if request.affiliate.state != AffiliateState.ACTIVE:
        return _("Withdrawals are closed while your account is not active.")
    if balances.debt:
        return _("A debt from refunds is open; it is repaid from your next settlement.")
    if balances.in_flight:
        return _("A withdrawal is under way. You can ask for the next one when it has arrived.")
    if clock.business_day().day == settings.ALLIANCE["SETTLEMENT_DAY"]:
        return _("Today is settlement day, the books are being reconciled. Come back tomorrow.")
    minimum = Money(settings.ALLIANCE["WITHDRAWAL_MIN_MINOR"], currency)
    if balances.payable < minimum:
        return _("The smallest withdrawal is %(amount)s, and you do not have that much yet.") % {
            "amount": minimum.localized()
        }
    return ""


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
