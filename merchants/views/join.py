"""Becoming a merchant."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from merchants import queries
from merchants.forms import JoinForm
from merchants.services.merchants import merchant_apply


@require_http_methods(["GET", "POST"])
@login_required
def join(request: HttpRequest) -> HttpResponse:
    """The application; whoever is in a team already goes on to its first steps."""
    if queries.membership_of(request.user) is not None:
        return redirect("commissions:first_steps")
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        domains = [values.pop("domain")]
        if form.carried_out(merchant_apply, user=request.user, domains=domains, **values):
            return redirect("commissions:first_steps")
    return render(request, "merchants/join.html", {"form": form})
