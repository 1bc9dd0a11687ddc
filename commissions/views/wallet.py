"""A merchant's wallet: what is in it, how to fill it, and what every line of it means."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from alliance.kernel.exports import csv_response
from alliance.kernel.money import Money
from commissions import chart, queries
from commissions.forms import TopUpForm
from commissions.models import Line
from commissions.services import wallets
from merchants.access import MerchantRequest, merchant_required

PER_PAGE = 25
TOP_UPS = 10


@require_http_methods(["GET", "POST"])
@merchant_required
def wallet(request: MerchantRequest) -> HttpResponse:
    merchant = request.merchant
    form = TopUpForm(request.POST or None, currency=merchant.currency)
    if request.method == "POST" and form.is_valid():
        top_up = wallets.top_up_announce(
            actor=request.user, merchant=merchant, amount=form.cleaned_data["amount"]
        )
        messages.success(
            request,
            _("Announced. Transfer %(amount)s and write “%(reference)s” as the reason.")
            % {"amount": top_up.amount.localized(), "reference": top_up.reference},
        )
        return redirect("commissions:wallet")
    page = Paginator(queries.wallet_lines(merchant), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "wallet": queries.wallet_of(merchant),
        "form": form,
        "top_ups": queries.top_ups_for(request.user).filter(merchant=merchant)[:TOP_UPS],
        "page": page,
        "rows": [(line, words(line, merchant.pk)) for line in page],
        "currency": merchant.currency,
    }
    return render(request, "commissions/wallet.html", context)


def words(line: Line, merchant_pk: int) -> str:
    """What a line of the wallet means, by the account on the other side."""
    arrives = line.credit.code == chart.wallet(merchant_pk)
    other = line.debit if arrives else line.credit
    if other.code == chart.CASH:
        return _("Top-up received")
    if other.code == chart.reserved(merchant_pk):
        if arrives:
            return _("Given back from the reserve: orders were called off or refunded")
        return _("Reserved for the commission of paid orders")
    kind = {"tech_fee": _("service fee"), "share": _("the alliance's share")}.get(
        other.kind, _("the affiliate's part")
    )
    if arrives:
        return _("Given back after a refund: %(part)s") % {"part": kind}
    return _("Commission of received orders: %(part)s") % {"part": kind}


@require_GET
@merchant_required
def wallet_csv(request: MerchantRequest) -> HttpResponse:
    merchant = request.merchant
    header = (
        _("Business day"), _("Recorded at"), _("What"), _("Ledger entry"), _("Currency"),
        _("Amount"), _("Balance"),
    )  # fmt: skip
    rows = (
        (
            line.entry.effective_on,
            line.entry.recorded_at,
            words(line, merchant.pk),
            line.entry.key,
            line.currency,
            Money(line.delta_minor, line.currency),
            Money(line.balance_minor, line.currency),
        )
        for line in queries.wallet_lines(merchant).iterator(chunk_size=2000)
    )
    return csv_response("wallet", header, rows)
