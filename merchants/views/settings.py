"""The merchant's own matters: details, shops and domains, the team, API keys."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from alliance.kernel import clock
from alliance.kernel.access import api_key_issue, api_key_revoke
from alliance.kernel.embeds import snippet
from alliance.kernel.key_forms import KeyForm
from merchants import queries
from merchants.access import SCOPES, MerchantRequest, merchant_required
from merchants.forms import MemberForm, MerchantForm, ShopForm
from merchants.services.merchants import (
    member_add,
    member_change,
    member_remove,
    merchant_change,
)
from merchants.services.shops import shop_change, shop_create, shop_key_issue

# What a shop system fills in. The names in braces are ours: each system has its own for them.
POSTBACK = (
    "key={key}&order_id={{order_id}}&click_id={{click_id}}&amount={{amount}}"
    "&currency={{currency}}&coupon={{coupon}}&status={{status}}"
)
# Several forms stand on the page, each with a name in it.
MEMBER, KEY = "member_%s", "key_%s"


def _page(request: MerchantRequest, **more: Any) -> HttpResponse:
    merchant = request.merchant
    context = {
        "details": MerchantForm(
            initial={
                "name": merchant.name,
                "legal_name": merchant.legal_name,
                "contact_email": merchant.contact_email,
                "roi_target": merchant.roi_target,
            }
        ),
        "shops": queries.shops_for(request.user),
        "members": queries.members_for(request.user).filter(merchant=merchant),
        "keys": queries.api_keys_for(request.user),
        "member_form": MemberForm(auto_id=MEMBER),
        "key_form": _key_form(),
        "now": clock.now(),
        "tag": snippet("tag"),
        **more,
    }
    return render(request, "merchants/settings.html", context)


def _key_form(data: Any = None) -> KeyForm:
    return KeyForm(
        data, scopes=SCOPES, usual=["orders:write", "orders:read"], sandbox=True, auto_id=KEY
    )


@require_http_methods(["GET", "POST"])
@merchant_required
def settings(request: MerchantRequest) -> HttpResponse:
    """The page; POST changes the details."""
    if request.method == "GET":
        return _page(request)
    form = MerchantForm(request.POST)
    if form.is_valid() and form.carried_out(
        merchant_change, merchant=request.merchant, actor=request.user, **form.values()
    ):
        messages.success(request, _("Saved."))
        return redirect("merchants:settings")
    return _page(request, details=form)


@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def shop_new(request: MerchantRequest) -> HttpResponse:
    form = ShopForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if form.carried_out(shop_create, merchant=request.merchant, actor=request.user, **values):
            messages.success(request, _("The shop is there."))
            return redirect("merchants:settings")
    return render(request, "merchants/shop.html", {"form": form})


@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def shop(request: MerchantRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(queries.shops_for(request.user), pk=pk)
    initial = {"name": row.name, "domains": "\n".join(row.domains)}
    form = ShopForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if form.carried_out(shop_change, shop=row, actor=request.user, **values):
            messages.success(request, _("Saved."))
            return redirect("merchants:settings")
    return render(request, "merchants/shop.html", {"form": form, "shop": row})


@require_POST
@merchant_required(owner=True)
def member_new(request: MerchantRequest) -> HttpResponse:
    form = MemberForm(request.POST, auto_id=MEMBER)
    if form.is_valid() and form.carried_out(
        member_add, merchant=request.merchant, actor=request.user, **form.cleaned_data
    ):
        messages.success(request, _("Added. We have told them by e-mail."))
        return redirect("merchants:settings")
    return _page(request, member_form=form)


@require_POST
@merchant_required(owner=True)
def member(request: MerchantRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(queries.members_for(request.user), pk=pk)
    member_change(member=row, role=request.POST.get("role", ""), actor=request.user)
    messages.success(request, _("Saved."))
    return redirect("merchants:settings")


@require_POST
@merchant_required(owner=True)
def member_out(request: MerchantRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(queries.members_for(request.user), pk=pk)
    member_remove(member=row, actor=request.user)
    messages.success(request, _("Removed from the team."))
    return redirect("merchants:settings")


@never_cache
@require_POST
@merchant_required(owner=True)
def key_new(request: MerchantRequest) -> HttpResponse:
    """A key, shown this once."""
    form = _key_form(request.POST)
    if not form.is_valid():
        return _page(request, key_form=form)
    key, token = api_key_issue(
        actor=request.user, organisation=f"merchant:{request.merchant.pk}", **form.values()
    )
    return _page(request, fresh_key=key, token=token)


@never_cache
@require_POST
@merchant_required(owner=True)
def postback_new(request: MerchantRequest, pk: int) -> HttpResponse:
    """The address at which the shop's server reports conversions; its key is shown this once."""
    shop = get_object_or_404(queries.shops_for(request.user), pk=pk)
    _key, token = shop_key_issue(actor=request.user, shop=shop)
    address = request.build_absolute_uri(reverse("api:conversions"))
    return _page(request, postback=f"{address}?{POSTBACK.format(key=token)}", postback_shop=shop)


@require_POST
@merchant_required(owner=True)
def key_out(request: MerchantRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(queries.api_keys_for(request.user), pk=pk)
    api_key_revoke(actor=request.user, key=key)
    messages.success(request, _("The key does not work any more."))
    return redirect("merchants:settings")
