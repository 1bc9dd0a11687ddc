"""A merchant's wallet: what is in it, how to fill it, and what every line of it means."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alliance.kernel.exports import csv_response
from alliance.kernel.money import Money
from commissions import chart, queries
from commissions.forms import TopUpForm, WarningForm
from commissions.models import Line
from commissions.services import funding, wallets
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
    return _page(request, form=form)


@require_POST
@merchant_required
def warning(request: MerchantRequest) -> HttpResponse:
    """From where on the team gets a mail."""
    form = WarningForm(request.POST, currency=request.merchant.currency)
    if not form.is_valid():
        return _page(request, warning=form)
    funding.low_balance_set(
        actor=request.user, merchant=request.merchant, threshold=form.cleaned_data["threshold"]
    )
    messages.success(request, _("Saved."))
    return redirect("commissions:wallet")


def _page(request: MerchantRequest, **more: Any) -> HttpResponse:
    merchant, currency = request.merchant, request.merchant.currency
    page = Paginator(queries.wallet_lines(merchant), PER_PAGE).get_page(request.GET.get("page"))
    below = merchant.low_balance_minor
    threshold = None if below is None else Money(below, currency).decimal
    context = {
        "wallet": queries.wallet_of(merchant),
        "merchant": merchant,
        "form": TopUpForm(currency=currency),
        "warning": WarningForm(currency=currency, initial={"threshold": threshold}),
        "bank_details": settings.ALLIANCE["BANK_DETAILS"],
        "top_ups": queries.top_ups_for(request.user).filter(merchant=merchant)[:TOP_UPS],
        "credit_changes": queries.credit_changes(merchant),
        "page": page,
        "rows": [(line, words(line, merchant.pk)) for line in page],
        "currency": currency,
        **more,
    }
    return render(request, "commissions/wallet.html", context)


# By the kind of the account on the other side: what it means that money comes from there, and goes.
_ARRIVES = {
    "cash": gettext_lazy("Top-up received"),
    "in_flight": gettext_lazy("The refund of your wallet did not go through"),
    "reserved": gettext_lazy("Given back from the reserve: orders were called off or refunded"),
    "budget": gettext_lazy("Left of the budget of a campaign"),
    "coupons": gettext_lazy("Coupons of campaigns that buyers used"),
}
_LEAVES = {
    "in_flight": gettext_lazy("What was left in your wallet, on its way back to you"),
    "reserved": gettext_lazy("Reserved for the commission of paid orders"),
    "budget": gettext_lazy("Paid into the budget of a campaign"),
    "coupons": gettext_lazy("Coupons paid back after refunds"),
    "debt": gettext_lazy("An affiliate's debt that you bear"),
}
_PARTS = {
    "tech_fee": gettext_lazy("service fee"),
    "share": gettext_lazy("the alliance's share"),
    "special_fee": gettext_lazy("special service fee"),
    "subsidy": gettext_lazy("your part of a subsidy"),
}


def words(line: Line, merchant_pk: int) -> str:
    """What a line of the wallet means, by the account on the other side."""
    arrives = line.credit.code == chart.wallet(merchant_pk)
    kind = (line.debit if arrives else line.credit).kind
    said = (_ARRIVES if arrives else _LEAVES).get(kind)
    if said:
        return str(said)
    part = _PARTS.get(kind, gettext_lazy("the affiliate's part"))
    if arrives:
        return _("Given back after a refund: %(part)s") % {"part": part}
    return _("Commission of received orders: %(part)s") % {"part": part}


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
