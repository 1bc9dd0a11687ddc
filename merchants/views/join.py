"""Becoming a merchant, and waiting for it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from merchants import queries
from merchants.forms import JoinForm
from merchants.models import MerchantState
from merchants.services.merchants import merchant_apply


@require_http_methods(["GET", "POST"])
@login_required
def join(request: HttpRequest) -> HttpResponse:
    """The application; after it, how it stands. Who is in already goes to the products."""
    member = queries.membership_of(request.user)
    if member is not None:
        if member.merchant.state != MerchantState.APPLIED:
            return redirect("merchants:products")
        context = {"merchant": member.merchant, "shops": member.merchant.shops.all()}
        return render(request, "merchants/applied.html", context)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        domains = [values.pop("domain")]
        if form.carried_out(merchant_apply, user=request.user, domains=domains, **values):
            return redirect("merchants:join")
    return render(request, "merchants/join.html", {"form": form})
