"""The way out of the alliance for an affiliate's money."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from affiliates.access import AffiliateRequest, affiliate_required
from alliance.kernel import clock
from alliance.kernel.exports import csv_response
from alliance.kernel.http import page_or_part
from alliance.kernel.limits import limit
from alliance.kernel.money import Money, percent
from commissions import queries, tasks, tax
from commissions.forms import WithdrawalForm
from commissions.models import PayoutState
from commissions.obstacles import stop_of
from commissions.services import payouts
from commissions.views.affiliate import PER_PAGE, currency_of


@require_http_methods(["GET", "POST"])
@affiliate_required
def withdrawals(request: AffiliateRequest) -> HttpResponse:
    """What can be withdrawn and what limits it, what would arrive; asking for it; the history.

    With an amount in the address: what would arrive of it.
    """
    affiliate = request.affiliate
    currency, currencies = currency_of(request, affiliate)
    rule = queries.tax_rule_of(affiliate)
    balances = queries.balances_of(affiliate, currency)
    form = WithdrawalForm(
        request.POST or None,
        initial={"amount": balances.payable.decimal},  # most people want all of it
        currency=currency,
        invoice=rule == tax.COMPANY,
        address=request.get_full_path(),
    )
    if request.method == "POST" and form.is_valid():
        return _request(request, **form.cleaned_data)
    blocked = stop_of(affiliate, currency, balances, rule)
    found = queries.payouts_for(request.user).filter(affiliate=affiliate, currency=currency)
    context = {
        "currency": currency,
        "currencies": currencies,
        "balances": balances,
        "payee": queries.payee_of(affiliate),
        "blocked": blocked,
        "quote": None if blocked else _quote(request, balances.payable),
        "taxed": rule not in ("none", tax.COMPANY),
        "form": form,
        "rules": _rules(currency, rule),
        "now": clock.now(),
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
    }
    return page_or_part(request, "commissions/withdrawals.html", context, part="quote")


@affiliate_required(change=True)
def _request(request: AffiliateRequest, amount: Money, invoice_number: str = "") -> HttpResponse:
    payout = payouts.payout_request(
        actor=request.user,
        affiliate=request.affiliate,
        amount=amount,
        invoice_number=invoice_number,
    )
    if payout.state == PayoutState.READY:
        tasks.payout_send.delay_on_commit(payout.pk)  # type: ignore[attr-defined]
        messages.success(request, _("Requested and released: the money is on its way."))
    else:
        messages.success(request, _("Requested. Somebody of the alliance releases it by hand."))
    return redirect(request.get_full_path())


def _quote(request: AffiliateRequest, payable: Money) -> queries.Quote:
    """Of the amount in the address, if it is one; else of everything."""
    form = WithdrawalForm(request.GET, currency=payable.currency)
    amount = form.cleaned_data["amount"] if form.is_valid() else payable
    payee = queries.payee_of(request.affiliate)
    return queries.withdrawal_quote(request.affiliate, payee, amount or payable)


def _rules(currency: str, rule: str) -> list[str]:
    """The alliance's rules for withdrawals, in sentences."""
    chosen = settings.ALLIANCE

    minimum, alone = queries.withdrawal_minimum(currency), limit("RELEASE_LIMIT_MINOR", currency)
    said = [
        _("The smallest withdrawal is %(amount)s. There is no fee.")
        % {"amount": minimum.localized()},
        _("One withdrawal at a time."),
        _(
            "On day %(day)d of each month the books are settled and withdrawals are closed; the "
            "day after they are open again."
        )
        % {"day": chosen["SETTLEMENT_DAY"]},
    ]
    if chosen["PAYEE_HOLD_HOURS"]:
        said.append(
            _("Withdrawals to a new account, your first one too, wait for %(hours)d hours.")
            % {"hours": chosen["PAYEE_HOLD_HOURS"]}
        )
    said.append(
        _(
            "Up to %(amount)s a day leave by themselves. Above that two people of the alliance "
            "look at each payout: one releases it, another confirms the transfer."
        )
        % {"amount": alone.localized()}
        if alone
        else _(
            "Two people of the alliance look at each payout: one releases it, another confirms "
            "the transfer."
        )
    )
    return said + [_tax_words(rule)] * (rule != "none")


def _tax_words(rule: str) -> str:
    if rule == tax.COMPANY:
        return _("You are a company: nothing is withheld, and each withdrawal needs your invoice.")
    if rule == "flat":
        return _("Tax of %(rate)s is withheld and paid to the tax office for you.") % {
            "rate": percent(settings.ALLIANCE["TAX_FLAT_BPS"])
        }
    return _(
        "Tax on labour remuneration is withheld and paid to the tax office for you. All "
        "withdrawals of a calendar month count as one: up to %(amount)s there is none."
    ) % {"amount": tax.FREE.localized()}


@require_GET
@affiliate_required
def withdrawals_csv(request: AffiliateRequest) -> HttpResponse:
    """Every withdrawal, with its tax, as the page shows it."""
    currency, _currencies = currency_of(request, request.affiliate)
    found = queries.payouts_for(request.user).filter(affiliate=request.affiliate, currency=currency)
    header = (
        _("Number"), _("Requested at"), pgettext("account", "To"), _("Currency"), _("Amount"),
        _("Tax withheld"), _("Sent"), _("Tax given back"), _("State"), _("Finished at"),
        _("Reference"), _("Reason"), _("Invoice"),
    )  # fmt: skip
    rows = (
        (
            payout.pk,
            payout.created_at,
            payout.payee,
            currency,
            payout.amount,
            payout.tax,
            payout.net,
            Money(payout.tax_back_minor, currency),
            payout.get_state_display(),
            payout.finished_at,
            payout.rail_ref,
            payout.reason,
            payout.invoice_number,
        )
        for payout in found
    )
    return csv_response("withdrawals", header, rows)
