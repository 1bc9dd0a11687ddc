"""Webhooks of a shop: the addresses, their secrets, and what was delivered lately."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from merchants import queries
from merchants.access import MerchantRequest, merchant_required
from merchants.forms import HookForm
from merchants.services.hooks import hook_close, hook_open, hook_secret

LAST = 25  # deliveries that are shown


@never_cache
@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def hooks(request: MerchantRequest, pk: int) -> HttpResponse:
    """The doors of a shop (`pk`) with their secrets; POST opens one, or changes its secret."""
    shop = get_object_or_404(queries.shops_for(request.user), pk=pk)
    form = HookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if form.carried_out(hook_open, shop=shop, actor=request.user, **values):
            messages.success(request, _("The door is open."))
            return redirect("merchants:hooks", pk)
    rows = queries.hooks_for(request.user).filter(shop=shop)
    doors = [
        {
            "hook": hook,
            "secret": hook_secret(hook),
            "address": settings.PUBLIC_URL + reverse("commissions:hook", args=[hook.token]),
        }
        for hook in rows
    ]
    deliveries = queries.deliveries_for(request.user).filter(hook__shop=shop)[:LAST]
    context = {"shop": shop, "form": form, "doors": doors, "deliveries": deliveries}
    return render(request, "merchants/hooks.html", context)


@require_POST
@merchant_required(change=True)
def close(request: MerchantRequest, pk: int) -> HttpResponse:
    """Nothing comes through the door of a system (`kind`) any more."""
    mine = queries.hooks_for(request.user).filter(shop=pk)
    hook_close(hook=get_object_or_404(mine, kind=request.POST.get("kind", "")), actor=request.user)
    messages.success(request, _("The door is closed."))
    return redirect("merchants:hooks", pk)
